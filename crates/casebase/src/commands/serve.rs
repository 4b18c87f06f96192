//! `casebase serve`.
use casebase_local::Stack;
/// The options.
#[derive(Debug, clap::Args)]
pub struct Args {}
/// x
pub struct Running;
impl Running {
    /// x
    pub async fn start_beside(_: &Stack) -> anyhow::Result<Self> {
        Ok(Self)
    }
    /// x
    pub fn url(&self) -> &str {
        ""
    }
    /// x
    pub async fn stop(self) {}
}

/// Not in this build yet.
pub async fn run(_: Args) -> anyhow::Result<()> {
    anyhow::bail!("not in this build yet")
}
