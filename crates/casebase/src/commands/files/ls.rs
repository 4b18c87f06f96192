//! `casebase files ls`

use anyhow::bail;
use casebase_supabase::rows::CaseNumber;
use serde_json::Value;

use crate::{
    commands::table::{self, Told},
    session::Session,
};

/// The options of `casebase files ls`.
#[derive(Debug, clap::Args)]
pub struct Ls {
    /// Of this case
    #[arg(long, value_name = "CASE")]
    case: CaseNumber,
    #[command(flatten)]
    told: Told,
}

const SHOWN: &[&str] = &[
    "id",
    "original_name",
    "file_size",
    "content_type",
    "state",
    "visible_to_client",
    "interaction_id",
    "uploaded_at",
];

impl Ls {
    pub async fn run(self) -> anyhow::Result<()> {
        // The table itself, which frontends read too: its policies say which rows there are.
        let session = Session::open()?;
        let case = session.from("cases").await?;
        let case = case.select("case_files(*)").eq("case_id", self.case);
        let Some(case) = case.one::<Value>().await? else {
            bail!("there is no case {}, or you may not see it", self.case);
        };
        let mut files = case["case_files"].as_array().cloned().unwrap_or_default();
        files.sort_by_key(|file| file["id"].as_i64());
        Ok(table::print(&files, SHOWN, self.told.form())?)
    }
}
