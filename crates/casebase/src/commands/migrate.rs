//! `casebase migrate`: apply what the database has no record of.

use std::io::Write;

use sqlx::Connection;

use super::owner::Database;
use crate::{migrations, terminal};

/// The options of `casebase migrate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: Database,
    /// Print what would be applied and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Applies the pending migrations and names each on standard output.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut connection = args.database.connect().await?;
    let mut out = terminal::stdout();
    let pending = migrations::pending(&mut connection).await?;
    if pending.is_empty() {
        writeln!(out, "nothing to apply: the database is up to date")?;
        return Ok(());
    }
    if args.dry_run {
        for migration in pending {
            writeln!(out, "would apply {} {}", migration.version, migration.name)?;
        }
        return Ok(());
    }
    migrations::apply(&mut connection, |migration| {
        let _ = writeln!(out, "applied {} {}", migration.version, migration.name);
    })
    .await?;
    connection.close().await?;
    Ok(())
}
