//! `casebase backup` and `casebase restore`: all that Casebase keeps in a project, as a folder.
//!
//! ```text
//! backup.json    what is in it, and of which release; complete: true at the very end
//! rows/          a file for each table, as COPY writes it
//! objects/       as they lie in the buckets: objects/client-bucket/<client>/cases/CASE-0001/…
//! ```
//!
//! Policies, triggers, functions and grants are not in it: the migrations make them. Accounts (auth.users) and a project's own
//! public.clients are the project's: a backup names which of their rows ours refer to.

mod restore;
mod tables;
mod write;

use std::{fs, io, path::Path};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

pub use restore::Args as RestoreArgs;
pub use write::Args;

use super::unless_stopped;

/// `casebase backup`
pub async fn backup(args: Args) -> anyhow::Result<()> {
    unless_stopped(write::run(&args)).await
}

/// `casebase restore`
pub async fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    unless_stopped(restore::run(&args)).await
}

/// What `backup.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// Of this backup alone.
    id: Uuid,
    /// Whether all is there.
    complete: bool,
    /// When the rows were read, all at one moment.
    made_at: String,
    /// The migrations of the project, which a project that takes these rows has to have.
    migrations: Vec<Recorded>,
    /// In an order in which each comes after those that it refers to.
    tables: Vec<TableFile>,
    /// Where the numbers of new rows go on.
    sequences: Vec<Sequence>,
    /// Rows that ours refer to and that are not Casebase's.
    outside: Vec<Outside>,
    /// What the owner has set for the two buckets.
    buckets: Vec<Bucket>,
    objects: Vec<ObjectFile>,
    /// What has no bytes, and why.
    missing: Vec<String>,
    /// Whether `casebase realtime` was on.
    live_notices: bool,
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
struct Recorded {
    version: String,
    checksum: String,
}

/// The rows of a table.
#[derive(Debug, Serialize, Deserialize)]
struct TableFile {
    /// With its schema, as SQL has it; the file is named after it.
    name: String,
    columns: Vec<String>,
    rows: u64,
    sha256: String,
}

/// Of an identity column.
#[derive(Debug, Serialize, Deserialize, sqlx::FromRow)]
struct Sequence {
    table: String,
    column: String,
    /// What the next row gets.
    next: i64,
}

/// Of a table that is not Casebase's.
#[derive(Debug, Serialize, Deserialize)]
struct Outside {
    table: String,
    column: String,
    keys: Vec<String>,
}

/// What a bucket takes.
#[derive(Debug, Serialize, Deserialize, sqlx::FromRow)]
struct Bucket {
    id: String,
    file_size_limit: Option<i64>,
    allowed_mime_types: Option<Vec<String>>,
}

/// The bytes of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ObjectFile {
    bucket: String,
    path: String,
    content_type: String,
    sha256: String,
    bytes: u64,
}

impl Manifest {
    const NAME: &str = "backup.json";

    /// What is there; none: nothing was begun.
    fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let at = folder.join(Self::NAME);
        let text = match fs::read(&at) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| at.display().to_string())?,
        };
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .with_context(|| format!("{} says of no backup what is in it", at.display()))
    }
}

/// The project's record of migrations, oldest first.
async fn recorded(database: &mut PgConnection) -> anyhow::Result<Vec<Recorded>> {
    let is_there: bool =
        sqlx::query_scalar("select to_regclass('casebase.migrations') is not null")
            .fetch_one(&mut *database)
            .await?;
    if !is_there {
        bail!(
            "there is no Casebase in this database\nhint: `casebase migrate` brings it there; a wrong --database-url \
             (DATABASE_URL) leads to another database"
        );
    }
    let recorded = sqlx::query_as(
        "select m.version, m.checksum from casebase.migrations m order by m.version",
    );
    Ok(recorded.fetch_all(database).await?)
}
