//! Files that go.

use std::io::Write as _;

use reqwest::Method;
use serde_json::json;

use super::{Kind, Told};
use crate::{commands::fail_for_some, service::Service, terminal};

/// Which are deleted.
#[derive(Debug, clap::Args)]
pub struct Rm {
    /// Their ids, as `ls` shows them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
    #[command(flatten)]
    told: Told,
}

impl Rm {
    /// Stopped half-way, the same command goes on.
    pub async fn run(self, kind: Kind) -> anyhow::Result<()> {
        let service = Service::open()?;
        let mut failed = 0;
        for &id in &self.ids {
            let path = kind.path(id);
            match service.ask(Method::DELETE, &path, async |it| Ok(it)).await {
                Ok(_) if self.told.json => {
                    writeln!(
                        terminal::stdout(),
                        "{}",
                        json!({kind.id(): id, "deleted": true})
                    )?;
                }
                Ok(_) => terminal::say(format_args!("deleted {id}")),
                Err(error) if self.ids.len() == 1 => return Err(error),
                Err(error) => {
                    terminal::say_error(&error);
                    failed += 1;
                }
            }
        }
        fail_for_some(failed, self.ids.len(), "deleted")
    }
}
