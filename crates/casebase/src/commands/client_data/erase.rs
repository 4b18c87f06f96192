//! `casebase erase-client`: objects first, through Storage's API, then the rows, then what is left of both.
//!
//! Dies in between: what is left is still the client's, and the same command finds it. What there was at the beginning stands
//! in the report, which is written before anything goes.

use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use casebase_files::storage::{self, OwnerStore};
use clap::error::ErrorKind;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{counts, find, nobody, report::Report};
use crate::{
    commands::{
        folder::write_json,
        project::{Project, object},
        unless_stopped, usage,
    },
    terminal::{self, Progress},
};

/// How many cases go in one transaction: with all that hangs on them, a second or so.
const CASES_AT_ONCE: i32 = 100;
/// How often somebody may upload something for the client while it goes.
const ROUNDS: u32 = 5;

/// The options of `casebase erase-client`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It can't be undone: `casebase export-client` before it, if anything is to be kept. Stopped, or failed, the same command with
the same report goes on where it was.
Exit codes: 0 done; 1 failed, or something is left; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(flatten)]
    project: Project,
    /// The client's id, or its exact name
    #[arg(value_name = "CLIENT")]
    client: String,
    /// Don't ask for the client's name
    #[arg(long)]
    yes: bool,
    /// Where the report goes, in JSON [default: casebase-erasure-<the client's id>.json]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Erases it, and prints the report.
pub async fn run(args: Args) -> anyhow::Result<()> {
    unless_stopped(erase(&args)).await
}

async fn erase(args: &Args) -> anyhow::Result<()> {
    let storage = args.project.storage()?;
    let mut database = args.project.database.connect_to_casebase().await?;
    let (mut report, at) = begin(args, &mut database).await?;
    if report.finished_at.is_none() {
        take_away(&mut database, &storage, &mut report, &at).await?;
        report.after = counts(&mut database, report.client_id).await?;
        report.kept = kept(&mut database).await?;
        let left: Vec<_> = report
            .after
            .iter()
            .filter(|(kind, _)| *kind != "clients")
            .collect();
        if !left.is_empty() {
            write_json(&at, &report)?;
            bail!("something is left or came meanwhile: {left:?}\nhint: the same command goes on");
        }
        report.finished_at = Some(now());
        write_json(&at, &report)?;
    }
    writeln!(
        terminal::stdout(),
        "{}\nreport: {}",
        report.text(),
        at.display()
    )?;
    Ok(())
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The report that is there, or, once the client is confirmed, a new one.
async fn begin(args: &Args, database: &mut PgConnection) -> anyhow::Result<(Report, PathBuf)> {
    let found = find(database, &args.client).await?;
    let id = match &found {
        Some((id, _)) => *id,
        // Whose row is gone already has an id still.
        None => args.client.parse().map_err(|_| nobody(&args.client))?,
    };
    let at = args.report.clone();
    let at = at.unwrap_or_else(|| PathBuf::from(format!("casebase-erasure-{id}.json")));
    if let Some(report) = Report::read(&at)? {
        report.is_of(id, &at)?;
        return Ok((report, at));
    }
    let Some((_, name)) = found else {
        return Err(nobody(&args.client));
    };
    let report = Report {
        client_id: id,
        begun_at: now(),
        finished_at: None,
        before: counts(database, id).await?,
        after: Default::default(),
        objects_answered_404: 0,
        kept: Vec::new(),
    };
    if !args.yes {
        confirm(&name, &report)?;
    }
    write_json(&at, &report)?;
    Ok((report, at))
}

fn confirm(name: &str, report: &Report) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(usage(
            ErrorKind::MissingRequiredArgument,
            "nobody is there to be asked\n\nhint: --yes erases without asking",
        ));
    }
    let counted = report.before.iter();
    let counted: Vec<_> = counted
        .map(|(kind, n)| format!("{n} {}", kind.replace('_', " ")))
        .collect();
    terminal::say(format_args!("{name}: {}", counted.join(", ")));
    terminal::say("Nothing of it can be brought back. Type the client's name to erase it:");
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    if typed.trim() != name {
        bail!("that is not its name: nothing was erased");
    }
    Ok(())
}

/// Objects and rows, in turn: who was there when it began may upload once more.
async fn take_away(
    database: &mut PgConnection,
    storage: &OwnerStore,
    report: &mut Report,
    at: &Path,
) -> anyhow::Result<()> {
    let mut refused = None;
    for _ in 0..ROUNDS {
        delete_objects(database, storage, report, at).await?;
        match delete_rows(database, report.client_id).await {
            Ok(()) => return Ok(()),
            Err(error) if is_of_an_object(&error) => refused = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    Err(refused.map_or_else(|| anyhow::anyhow!("not tried"), anyhow::Error::from))
        .context("files keep coming\nhint: the same command goes on")
}

fn is_of_an_object(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    code.is_some_and(|code| code == "PT409")
}

async fn delete_objects(
    database: &mut PgConnection,
    storage: &OwnerStore,
    report: &mut Report,
    at: &Path,
) -> anyhow::Result<()> {
    let progress = Progress::new();
    loop {
        let objects = sqlx::query_as(
            "select o.bucket_id, o.name
             from storage.objects o
             where o.bucket_id in ('admin-bucket', 'client-bucket') and o.name like $1 || '/%'
             order by o.bucket_id, o.name
             limit 1000",
        );
        let objects: Vec<(String, String)> = objects
            .bind(report.client_id.to_string())
            .fetch_all(&mut *database)
            .await?;
        if objects.is_empty() {
            return Ok(());
        }
        for (bucket, path) in objects {
            delete_object(storage, &bucket, &path)
                .await
                .with_context(|| format!("{bucket}/{path} can't be deleted"))?;
            report.objects_answered_404 += 1;
            write_json(at, report)?;
            progress.says(format_args!(
                "{} objects deleted",
                report.objects_answered_404
            ));
        }
    }
}

/// Deletes it, and asks for it again.
async fn delete_object(storage: &OwnerStore, bucket: &str, path: &str) -> anyhow::Result<()> {
    let path = object(bucket, path)?;
    storage.delete(&path).await?;
    match storage.get(&path).await {
        Err(storage::Error::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => bail!("Storage still has it"),
    }
}

async fn delete_rows(database: &mut PgConnection, client: Uuid) -> Result<(), sqlx::Error> {
    let progress = Progress::new();
    let mut cases = 0;
    loop {
        let step = sqlx::query_scalar("select casebase.erase_client($1, $2)");
        let step = step.bind(client).bind(CASES_AT_ONCE);
        if step.fetch_one(&mut *database).await? {
            return Ok(());
        }
        cases += CASES_AT_ONCE;
        progress.says(format_args!("up to {cases} cases erased"));
    }
}

async fn kept(database: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let is_ours = sqlx::query_scalar("select s.is_ours from casebase.client_source s");
    let is_ours: bool = is_ours.fetch_one(database).await?;
    let theirs = (!is_ours).then_some(
        "the client's row in public.clients: that table is the project's own, and so is everything else of the project \
         that refers to it",
    );
    let kept = [
        "the accounts of its members (auth.users), which may be of use elsewhere: Authentication deletes them",
        "what receivers of webhooks, readers of mails and whoever downloaded a file already have; receivers are sent \
         case.deleted for each case. What is still to be sent has ids and says that it was erased",
        "what others wrote about it in cases of other clients, and the names of its members in the history of those",
        "backups, until they end, and the logs of Supabase, the database and the service: ids, addresses and paths, no texts",
        "parts of uploads that nobody finished, which Storage drops after a day; and earlier versions of objects, where a \
         later Storage keeps some",
    ];
    Ok(theirs.into_iter().chain(kept).map(str::to_owned).collect())
}
