//! `casebase serve`.

/// The options.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Not in this build yet.
pub async fn run(_: Args) -> anyhow::Result<()> {
    anyhow::bail!("not in this build yet")
}
