//! `casebase migrate`: apply what the database has no record of.

use std::io::Write;

use anyhow::Context;
use casebase_server::database_url::{self, DatabaseUrl};
use sqlx::{Connection, PgConnection};

use crate::{migrations, terminal};

/// The options of `casebase migrate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The database, as the project's owner: `postgresql://postgres:…@…:5432/postgres`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
    /// Print what would be applied and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Applies the pending migrations and names each on standard output.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let DatabaseUrl(database) =
        args.database_url
            .parse()
            .map_err(|error: database_url::Error| {
                anyhow::anyhow!(
                    "--database-url (DATABASE_URL) is malformed: {error}\n\
             hint: it takes postgresql://postgres:<password>@<host>:5432/postgres"
                )
            })?;
    let mut connection = PgConnection::connect_with(&database)
        .await
        .context("the database can't be reached (--database-url, DATABASE_URL)")?;
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
