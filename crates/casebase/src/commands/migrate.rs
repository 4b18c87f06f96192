//! `casebase migrate`: apply what the database has no record of.

use std::{io::Write, time::Duration};

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, raw_sql};

use super::owner::Database;
use crate::{
    migrations,
    preflight::{self, Severity},
    terminal,
};

/// The options of `casebase migrate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: Database,
    /// Print what stands in the way, what would be applied and what that locks, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How long to wait for another run, and for each lock on a table
    #[arg(long, value_name = "SECONDS", default_value_t = migrations::PATIENCE.as_secs())]
    lock_timeout: u64,
}

/// Applies the pending migrations, all or none, and names each on standard output.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut connection = args.database.connect_in_session().await?;
    let patience = Duration::from_secs(args.lock_timeout);
    // Looking waits no longer than applying does.
    let setting = format!("set lock_timeout = {}", patience.as_millis());
    connection.execute(raw_sql(AssertSqlSafe(setting))).await?;
    let mut out = terminal::stdout();
    let known = migrations::all();
    let pending = migrations::pending(&mut connection, &known).await?;
    if pending.is_empty() {
        writeln!(out, "nothing to apply: the database is up to date")?;
        return Ok(());
    }
    let begins = migrations::begins(&pending, &known);
    if args.dry_run {
        let findings = match begins {
            true => looked_at(preflight::findings(&mut connection).await)?,
            false => Vec::new(),
        };
        let is_refused = findings.iter().any(|f| f.severity == Severity::Error);
        for finding in findings {
            writeln!(out, "{finding}")?;
        }
        for migration in &pending {
            writeln!(out, "would apply {} {}", migration.version, migration.name)?;
        }
        for lock in looked_at(preflight::locks(&mut connection, &pending).await)? {
            writeln!(out, "{lock}")?;
        }
        anyhow::ensure!(
            !is_refused,
            "nothing would be applied before each error above is out of the way"
        );
        return Ok(());
    }
    if begins {
        for finding in looked_at(preflight::findings(&mut connection).await)? {
            if finding.severity == Severity::Warning {
                terminal::say(finding);
            }
        }
    }
    let applied = migrations::apply(&mut connection, &known, patience).await?;
    if applied.is_empty() {
        writeln!(out, "nothing to apply: another run was first")?;
    }
    for migration in applied {
        writeln!(out, "applied {} {}", migration.version, migration.name)?;
    }
    connection.close().await?;
    Ok(())
}

fn looked_at<T>(seen: Result<T, sqlx::Error>) -> anyhow::Result<T> {
    seen.context("what stands in the way can't be found out: nothing was applied")
}
