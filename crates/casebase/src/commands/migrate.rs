//! `casebase migrate`: apply what the database has no record of.

use std::{io::Write, time::Duration};

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
    /// How long to wait for another run, and for each lock on a table
    #[arg(long, value_name = "SECONDS", default_value_t = migrations::PATIENCE.as_secs())]
    lock_timeout: u64,
}

/// Applies the pending migrations, all or none, and names each on standard output.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut connection = args.database.connect().await?;
    let mut out = terminal::stdout();
    let known = migrations::all();
    let pending = migrations::pending(&mut connection, &known).await?;
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
    let patience = Duration::from_secs(args.lock_timeout);
    for migration in migrations::apply(&mut connection, &known, patience).await? {
        writeln!(out, "applied {} {}", migration.version, migration.name)?;
    }
    connection.close().await?;
    Ok(())
}
