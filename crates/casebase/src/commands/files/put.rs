//! `casebase files put`

use casebase_supabase::rows::{CaseNumber, InteractionId};
use serde_json::Map;

use crate::commands::transfer::{self, Kind, Target};

/// The options of `casebase files put`.
#[derive(Debug, clap::Args)]
#[command(after_help = transfer::AFTER_HELP)]
pub struct Put {
    #[command(flatten)]
    files: transfer::Uploads,
    /// Of this case
    #[arg(long, value_name = "CASE")]
    case: CaseNumber,
    /// Of this interaction of the case
    #[arg(long, value_name = "ID")]
    interaction: Option<InteractionId>,
    /// Only staff may see them; without it the client may, too
    #[arg(long)]
    internal: bool,
}

const SHOWN: &[&str] = &[
    "id",
    "original_name",
    "file_size",
    "content_type",
    "state",
    "visible_to_client",
];

impl Put {
    pub async fn run(self) -> anyhow::Result<()> {
        let mut fields = Map::new();
        fields.insert("visible_to_client".into(), (!self.internal).into());
        if let Some(InteractionId(interaction)) = self.interaction {
            fields.insert("interaction_id".into(), interaction.into());
        }
        let target = Target {
            kind: Kind::File,
            adds: true,
            path: format!("/v1/cases/{}/files", self.case),
            fields,
            shown: SHOWN,
        };
        self.files.run(target).await
    }
}
