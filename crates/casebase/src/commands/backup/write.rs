//! `casebase backup`: rows as they were at one moment, then the objects that they name.
//!
//! Dies in between: the same command again writes the rows anew and gets the objects that are not there.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use casebase_files::storage::OwnerStore;
use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use super::{
    Manifest, ObjectFile, TableFile, recorded,
    tables::{self, Table},
};
use crate::{
    commands::{
        folder::{self, Got},
        project::{Project, object},
    },
    terminal::{self, Progress},
};

/// How often somebody may delete a file between the rows and its bytes.
const ROUNDS: u32 = 5;

/// The options of `casebase backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The folder is for its owner alone to read: all that everybody wrote is in it, and the secrets that sign webhooks.
Accounts are not: docs/operate.md says how they go along. Stopped, or failed, the same command goes on where it was.
Exit codes: 0 done; 1 failed; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(flatten)]
    project: Project,
    /// The folder: a new or empty one, or one that a backup began
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

/// An object that a row of ours names.
#[derive(Debug, sqlx::FromRow)]
struct Named {
    bucket: String,
    path: String,
    content_type: String,
    /// Once it was checked.
    sha256: Option<String>,
    /// Whether it is there.
    is_there: bool,
}

/// All that lies, or should lie, in the buckets. What goes is left to go.
const NAMED: &str = "
    select f.bucket_id as bucket, f.object_path as path, coalesce(o.metadata ->> 'mimetype', f.content_type) as content_type,
           f.sha256, o.id is not null as is_there
    from (
      select c.bucket_id, c.object_path, c.content_type, c.sha256, c.state from public.case_files c
      union all
      select d.bucket_id, d.object_path, d.content_type, d.sha256, d.state from public.client_documents d
    ) f
    left join storage.objects o on o.bucket_id = f.bucket_id and o.name = f.object_path
    where f.state = 'available' or f.state in ('pending', 'uploaded') and o.id is not null
    order by 1, 2";

/// Writes it.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    let storage = args.project.storage()?;
    let mut database = args.project.database.connect().await?;
    let mut manifest = begin(&args.to, &mut database).await?;
    let progress = Progress::new();
    for round in 1.. {
        let named = write_rows(&mut database, &args.to, &mut manifest, &progress).await?;
        let is_last = round == ROUNDS;
        if get_objects(
            &storage,
            &args.to,
            &named,
            &mut manifest,
            is_last,
            &progress,
        )
        .await?
        {
            break;
        }
    }
    database.close().await?;
    drop(progress);
    keep_only(&args.to, &manifest.objects)?;
    manifest.complete = true;
    folder::write_json(&args.to.join(Manifest::NAME), &manifest)?;
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let bytes: u64 = manifest.objects.iter().map(|object| object.bytes).sum();
    writeln!(
        terminal::stdout(),
        "{}: {rows} rows, {} objects, {bytes} bytes",
        args.to.display(),
        manifest.objects.len()
    )?;
    for missing in &manifest.missing {
        terminal::say(missing);
    }
    Ok(())
}

/// The folder, with a manifest that says that not all is there.
async fn begin(to: &Path, database: &mut PgConnection) -> anyhow::Result<Manifest> {
    let migrations = recorded(database).await?;
    folder::make(to)?;
    let id = match Manifest::read(to)? {
        Some(there) if there.complete => bail!(
            "{} has a whole backup, of {}\nhint: say a new folder",
            to.display(),
            there.made_at
        ),
        Some(begun) => begun.id,
        None => {
            for entry in fs::read_dir(to).with_context(|| to.display().to_string())? {
                let name = entry?.file_name();
                if !name.to_string_lossy().starts_with(folder::UNFINISHED) {
                    bail!("{} is not empty\nhint: say a new folder", to.display());
                }
            }
            Uuid::new_v4()
        }
    };
    let manifest = Manifest {
        id,
        complete: false,
        made_at: String::new(),
        migrations,
        tables: Vec::new(),
        sequences: Vec::new(),
        outside: Vec::new(),
        buckets: Vec::new(),
        objects: Vec::new(),
        missing: Vec::new(),
        live_notices: false,
    };
    folder::write_json(&to.join(Manifest::NAME), &manifest)?;
    Ok(manifest)
}

/// All of one moment; the objects that they name.
async fn write_rows(
    database: &mut PgConnection,
    to: &Path,
    manifest: &mut Manifest,
    progress: &Progress,
) -> anyhow::Result<Vec<Named>> {
    let folder = to.join("rows");
    folder::remove(&folder)?;
    folder::make(&folder)?;
    let mut at_once = database.begin().await?;
    at_once
        .execute(
            "set transaction isolation level repeatable read, read only; set local statement_timeout = 0",
        )
        .await?;
    manifest.made_at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    manifest.tables.clear();
    for table in Table::all(&mut at_once).await? {
        progress.says(format_args!("rows of {}", table.name));
        let written = write_table(&mut at_once, &table, &folder).await;
        manifest
            .tables
            .push(written.with_context(|| table.name.clone())?);
    }
    manifest.outside = tables::outside(&mut at_once).await?;
    manifest.live_notices =
        sqlx::query_scalar("select exists (select from pg_trigger where tgname = 'send_notices')")
            .fetch_one(&mut *at_once)
            .await?;
    manifest.buckets = sqlx::query_as(
        "select b.id, b.file_size_limit, b.allowed_mime_types
         from storage.buckets b
         where b.id in ('admin-bucket', 'client-bucket')
         order by b.id",
    )
    .fetch_all(&mut *at_once)
    .await?;
    let named = sqlx::query_as(NAMED).fetch_all(&mut *at_once).await?;
    // After the rows: numbers are given out outside of transactions.
    manifest.sequences = tables::sequences(&mut at_once).await?;
    at_once.rollback().await?;
    Ok(named)
}

async fn write_table(
    database: &mut PgConnection,
    table: &Table,
    folder: &Path,
) -> anyhow::Result<TableFile> {
    let at = folder.join(&table.name);
    let mut file = BufWriter::new(File::create(&at).with_context(|| at.display().to_string())?);
    let copy = format!("copy ({}) to stdout", table.select());
    let mut rows = database.copy_out_raw(&copy).await?;
    let (mut sha256, mut count) = (Sha256::new(), 0);
    while let Some(piece) = rows.try_next().await? {
        sha256.update(&piece);
        // In COPY's text a line is a row: line breaks within are written as \n.
        count += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        file.write_all(&piece)?;
    }
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(TableFile {
        name: table.name.clone(),
        columns: table.columns.clone(),
        rows: count,
        sha256: hex::encode(sha256.finalize()),
    })
}

/// Where it lies in the folder.
pub fn place(folder: &Path, bucket: &str, path: &str) -> PathBuf {
    folder.join("objects").join(bucket).join(path)
}

/// Whether all are there. If one went meanwhile, the rows are of a moment too early: unless it is the last time.
async fn get_objects(
    storage: &OwnerStore,
    to: &Path,
    named: &[Named],
    manifest: &mut Manifest,
    is_last: bool,
    progress: &Progress,
) -> anyhow::Result<bool> {
    manifest.objects.clear();
    manifest.missing.clear();
    for (done, named) in named.iter().enumerate() {
        progress.says(format_args!("{done} objects"));
        let said = format!("{}/{}", named.bucket, named.path);
        let at = place(to, &named.bucket, &named.path);
        if !named.is_there {
            manifest
                .missing
                .push(format!("{said} has no bytes: its object is not there"));
            continue;
        }
        let path = object(&named.bucket, &named.path)?;
        let got = folder::download(storage, &path, named.sha256.as_deref(), &at).await;
        match got.with_context(|| said.clone())? {
            Got::Whole { sha256, bytes } => manifest.objects.push(ObjectFile {
                bucket: named.bucket.clone(),
                path: named.path.clone(),
                content_type: named.content_type.clone(),
                sha256,
                bytes,
            }),
            Got::Other => manifest.missing.push(format!(
                "{said} has no bytes: its object is not what was checked"
            )),
            Got::Nothing if is_last => manifest
                .missing
                .push(format!("{said} has no bytes: Storage has no such object")),
            Got::Nothing => return Ok(false),
        }
    }
    Ok(true)
}

/// What an earlier try got of files that are gone since is not kept.
fn keep_only(to: &Path, objects: &[ObjectFile]) -> anyhow::Result<()> {
    let kept: BTreeSet<_> = objects
        .iter()
        .map(|object| place(to, &object.bucket, &object.path))
        .collect();
    let mut folders = vec![to.join("objects")];
    while let Some(folder) = folders.pop() {
        if !folder.exists() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if !kept.contains(&entry.path()) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}
