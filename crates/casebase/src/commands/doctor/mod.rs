//! `casebase doctor`: is a project still what Casebase needs, from its catalogue to its keys. It changes nothing, unless it
//! is told to mend what is safe.

mod catalogue;
mod database;
mod project;
mod references;
mod report;

use std::io::Write as _;

use self::report::Report;
pub use self::report::Unwell;
use super::owner;
use crate::terminal;

/// The database's part, as it is called where nothing of it could be looked at.
const DATABASE: &str = "the database";

/// The options of `casebase doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each part is checked with what it needs, and what is not given is said. Nothing is changed without --fix.

Exit status: 0: nothing found (notes don't count); 1: there are errors or warnings, or the command failed;
2: nothing found, but something that was given could not be checked.

Environment (also read from .env), as `casebase serve` takes it:
  DATABASE_URL                     the database as the project's owner: the catalogue
  SUPABASE_URL                     the project: Auth, PostgREST, Storage
  SUPABASE_ANON_KEY                its public key
  CASEBASE_DATABASE_URL            the database as the service's role
  CASEBASE_URL                     the running service
and every other variable of the service, whose values are tried. A user's token is tried where somebody is signed
in (`casebase login`).")]
pub struct Args {
    /// The database, as the project's owner: `postgresql://postgres:…@…:5432/postgres`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Mend what is safe: grants, policies, triggers and buckets of Casebase's, as the migrations made them
    #[arg(long)]
    fix: bool,
    /// Print a JSON object: findings, made, not_made, fixed
    #[arg(long)]
    json: bool,
}

/// Looks, mends if told to, and says what there is.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let given = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let mut report = Report::default();
    match args
        .database_url
        .as_deref()
        .filter(|url| !url.trim().is_empty())
    {
        Some(url) => {
            let largest = given("CASEBASE_MAX_FILE_BYTES");
            look_into(url, args.fix, largest.as_deref(), &mut report).await?;
        }
        None if args.fix => anyhow::bail!(
            "--fix works on the database\nhint: it needs --database-url (DATABASE_URL)"
        ),
        None => report.lacks(
            DATABASE,
            "there is no address of it",
            "--database-url (DATABASE_URL)",
        ),
    }
    let read = |name: &'static str| match name {
        "DATABASE_URL" => args.database_url.clone(),
        _ => given(name),
    };
    references::examine(&read, &mut report);
    project::examine(&read, &mut report).await;
    report.finish();

    let mut out = terminal::stdout();
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string(&report)?)?,
        false => report.print(&mut out)?,
    }
    Ok(report.outcome()?)
}

/// The database's part, and what there is of it once it was mended.
async fn look_into(
    url: &str,
    fix: bool,
    largest: Option<&str>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut connection = match owner::connect(url).await {
        Ok(connection) => connection,
        Err(error) => {
            report.failed(DATABASE, terminal::describe(&error));
            return Ok(());
        }
    };
    let examined = database::examine(&mut connection, largest, report).await;
    if let Err(error) = examined {
        report.failed(DATABASE, terminal::describe(&error));
        return Ok(());
    }
    if fix {
        let fixed = database::fix(&mut connection, report).await?;
        if !fixed.is_empty() {
            *report = Report {
                fixed,
                ..Report::default()
            };
            database::examine(&mut connection, largest, report).await?;
        }
    }
    Ok(())
}
