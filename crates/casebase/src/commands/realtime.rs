//! `casebase realtime`: live notices over Supabase's Realtime, on or off. What that makes in the database, and who may hear
//! what, stands in `supabase/schemas/history/notices.sql`.

use std::io::Write as _;

use anyhow::Context as _;
use clap::Subcommand;
use sqlx::Executor as _;

use super::owner::Database;
use crate::terminal;

/// The options of `casebase realtime`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send notices from now on: policies on realtime.messages and two triggers; twice is as good as once
    Enable(Database),
    /// Send none any more, and take back what `enable` made
    Disable(Database),
}

/// Runs one, in a transaction: all of it is done, or nothing.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let (database, statement, done) = match args.command {
        Command::Enable(database) => (
            database,
            "select casebase.enable_realtime()",
            "live notices are on",
        ),
        Command::Disable(database) => (
            database,
            "select casebase.disable_realtime()",
            "live notices are off",
        ),
    };
    let mut connection = database.connect_to_casebase().await?;
    let told = connection.execute(statement).await;
    told.map_err(said)
        .context("live notices stay as they were")?;
    writeln!(terminal::stdout(), "{done}")?;
    Ok(())
}

/// What the database said, and what it advises.
fn said(error: sqlx::Error) -> anyhow::Error {
    let hint = error
        .as_database_error()
        .and_then(|e| e.try_downcast_ref::<sqlx::postgres::PgDatabaseError>())
        .and_then(|e| e.hint())
        .map(|hint| format!("\nhint: {hint}"));
    anyhow::anyhow!(
        "{}{}",
        casebase_postgres::said(&error),
        hint.unwrap_or_default()
    )
}
