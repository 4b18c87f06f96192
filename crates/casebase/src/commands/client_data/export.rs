//! `casebase export-client`: a folder with all that is kept of a client.
//!
//! ```text
//! manifest.json   whose it is, from when, how much of what, which files had no bytes; complete: true at the very end
//! SHA256SUMS      of every other file, as `sha256sum -c` takes it
//! rows/           a file for each table, a JSON object a line
//! files/          as they lie in the buckets: files/client-bucket/<client>/cases/CASE-0001/…
//! ```
//!
//! Every file has its name once it is whole. Dies in between: the same command again writes the rows anew and gets the files
//! that are not there.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use casebase_files::storage::OwnerStore;
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use super::{Counts, find, nobody};
use crate::{
    commands::{
        folder::{self, Got},
        project::{Project, object},
        unless_stopped,
    },
    terminal::{self, Progress},
};

/// The options of `casebase export-client`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The folder is for its owner alone to read. Stopped, or failed, the same command goes on where it was.
Exit codes: 0 done; 1 failed; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(flatten)]
    project: Project,
    /// The client's id, or its exact name
    #[arg(value_name = "CLIENT")]
    client: String,
    /// The folder: a new or empty one, or one that an export of this client began
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What `manifest.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    client_id: Uuid,
    /// Whether all is there.
    complete: bool,
    /// When the rows were read, all at one moment.
    exported_at: String,
    /// Rows by table.
    rows: Counts,
    files: u64,
    bytes: u64,
    /// Files without bytes, and why.
    missing: Vec<String>,
}

/// A file's row, as far as it says where its bytes are.
#[derive(Deserialize)]
struct Row {
    bucket_id: String,
    object_path: String,
    sha256: Option<String>,
    state: String,
}

/// Writes it.
pub async fn run(args: Args) -> anyhow::Result<()> {
    unless_stopped(export(&args)).await
}

async fn export(args: &Args) -> anyhow::Result<()> {
    let storage = args.project.storage()?;
    let mut database = args.project.database.connect_to_casebase().await?;
    let (client, _) = find(&mut database, &args.client)
        .await?
        .ok_or_else(|| nobody(&args.client))?;
    let mut manifest = begin(&args.out, client)?;
    manifest.rows = write_rows(&mut database, client, &args.out).await?;
    database.close().await?;
    get_files(&storage, &args.out, &mut manifest).await?;
    write_sums(&args.out)?;
    manifest.complete = true;
    folder::write_json(&args.out.join("manifest.json"), &manifest)?;
    let rows: i64 = manifest.rows.values().sum();
    writeln!(
        terminal::stdout(),
        "{}: {rows} rows, {} files, {} bytes",
        args.out.display(),
        manifest.files,
        manifest.bytes
    )?;
    for missing in &manifest.missing {
        terminal::say(missing);
    }
    Ok(())
}

/// The folder, with a manifest that says whose it is and that not all is there.
fn begin(out: &Path, client: Uuid) -> anyhow::Result<Manifest> {
    let folder = || out.display().to_string();
    folder::make(out)?;
    let at = out.join("manifest.json");
    match fs::read(&at) {
        Ok(text) => {
            let began: Manifest = serde_json::from_slice(&text)
                .with_context(|| format!("{} is no manifest of an export", at.display()))?;
            if began.client_id != client {
                bail!(
                    "--out {} has the export of another client, {}\nhint: say another folder",
                    folder(),
                    began.client_id
                );
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // What died before its manifest was there.
            let ours =
                |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(folder::UNFINISHED);
            for entry in fs::read_dir(out).with_context(folder)? {
                if !ours(&entry?.file_name()) {
                    bail!("--out {} is not empty\nhint: say a new folder", folder());
                }
            }
        }
        Err(error) => return Err(error).with_context(|| at.display().to_string()),
    }
    let manifest = Manifest {
        client_id: client,
        complete: false,
        exported_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        rows: Counts::new(),
        files: 0,
        bytes: 0,
        missing: Vec::new(),
    };
    folder::write_json(&at, &manifest)?;
    Ok(manifest)
}

/// All of one moment. The folder takes the old one's place when it is whole.
async fn write_rows(
    database: &mut PgConnection,
    client: Uuid,
    out: &Path,
) -> anyhow::Result<Counts> {
    let part = out.join("rows.part");
    folder::remove(&part)?;
    fs::create_dir(&part).with_context(|| part.display().to_string())?;
    let mut files: BTreeMap<String, (BufWriter<File>, i64)> = BTreeMap::new();
    let mut at_once = database.begin().await?;
    at_once
        .execute("set transaction isolation level repeatable read, read only")
        .await?;
    let progress = Progress::new();
    let records =
        sqlx::query_as("select r.kind, r.record::text from casebase.client_records($1) r");
    let mut records = records.bind(client).fetch(&mut *at_once);
    let mut had: u64 = 0;
    while let Some((kind, record)) = records.try_next().await? {
        let (kind, record): (String, String) = (kind, record);
        if !files.contains_key(&kind) {
            let file = File::create(part.join(format!("{kind}.jsonl")))?;
            files.insert(kind.clone(), (BufWriter::new(file), 0));
        }
        if let Some((file, count)) = files.get_mut(&kind) {
            writeln!(file, "{record}")?;
            *count += 1;
        }
        had += 1;
        if had.is_multiple_of(1000) {
            progress.says(format_args!("{had} rows"));
        }
    }
    drop(records);
    at_once.rollback().await?;
    let mut counts = Counts::new();
    for (kind, (mut file, count)) in files {
        file.flush()?;
        file.get_ref().sync_all()?;
        counts.insert(kind, count);
    }
    let rows = out.join("rows");
    folder::remove(&rows)?;
    fs::rename(&part, &rows).with_context(|| rows.display().to_string())?;
    Ok(counts)
}

/// Gets the bytes of every file whose row was written.
async fn get_files(
    storage: &OwnerStore,
    out: &Path,
    manifest: &mut Manifest,
) -> anyhow::Result<()> {
    let of = |kind| manifest.rows.get(kind).copied().unwrap_or(0);
    let all = of("case_files") + of("client_documents");
    let progress = Progress::new();
    for kind in ["case_files", "client_documents"] {
        let rows = match File::open(out.join(format!("rows/{kind}.jsonl"))) {
            Ok(rows) => rows,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        for line in BufReader::new(rows).lines() {
            let row: Row = serde_json::from_str(&line?)?;
            match get_file(storage, out, &row).await? {
                Some(bytes) => {
                    manifest.files += 1;
                    manifest.bytes += bytes;
                }
                None => manifest.missing.push(format!(
                    "{}/{} has no bytes: it is {}",
                    row.bucket_id, row.object_path, row.state
                )),
            }
            let done = manifest.files + manifest.missing.len() as u64;
            progress.says(format_args!(
                "{done} of {all} files, {} bytes",
                manifest.bytes
            ));
        }
    }
    Ok(())
}

/// How many bytes it has; none: there is no such object.
async fn get_file(storage: &OwnerStore, out: &Path, row: &Row) -> anyhow::Result<Option<u64>> {
    let path = object(&row.bucket_id, &row.object_path)?;
    let to = out
        .join("files")
        .join(&row.bucket_id)
        .join(&row.object_path);
    let said = || format!("{}/{}", row.bucket_id, row.object_path);
    let got = folder::download(storage, &path, row.sha256.as_deref(), &to).await;
    match got.with_context(said)? {
        Got::Whole { bytes, .. } => Ok(Some(bytes)),
        Got::Nothing => Ok(None),
        Got::Other => bail!(
            "{} did not arrive as it was checked\nhint: the same command tries again; `casebase files check` says whether \
             the object is what it should be",
            said()
        ),
    }
}

fn write_sums(out: &Path) -> anyhow::Result<()> {
    let mut sums = folder::unfinished(out)?;
    for folder in ["files", "rows"] {
        sum(out, Path::new(folder), &mut sums)?;
    }
    folder::finished(sums, &out.join("SHA256SUMS"))
}

/// Of what is below this folder, in the order of the names. What died half-way is nobody's.
fn sum(out: &Path, folder: &Path, sums: &mut impl Write) -> anyhow::Result<()> {
    let entries = match fs::read_dir(out.join(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| folder.display().to_string())?,
    };
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            sum(out, &path, sums)?;
        } else if entry
            .file_name()
            .to_string_lossy()
            .starts_with(folder::UNFINISHED)
        {
            fs::remove_file(entry.path())?;
        } else if let Some((sha256, _)) = folder::hash_of(&entry.path())? {
            writeln!(sums, "{sha256}  {}", path.display())?;
        }
    }
    Ok(())
}
