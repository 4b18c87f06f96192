//! `casebase restore`: rows in one transaction, then the objects that they name, one by one.
//!
//! Dies in between: of the rows there are all or none; which objects are missing the project itself knows
//! (`casebase.objects_to_restore`), and the same command goes on with them.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use casebase_files::storage::{NewObject, OwnerStore, StreamError, with_idle_limit};
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio_util::io::ReaderStream;

use super::{
    Manifest, ObjectFile, Outside, Recorded, recorded,
    tables::{Table, quoted},
    write::place,
};
use crate::{
    commands::{
        folder,
        project::{Project, object},
    },
    migrations,
    terminal::{self, Progress},
};

/// Tables that are empty as long as nobody has worked with a project.
const IN_USE: [&str; 5] = [
    "public.staff_members",
    "public.client_members",
    "public.invitations",
    "public.cases",
    "casebase.webhook_endpoints",
];

/// How many objects are noted at a time.
const AT_ONCE: usize = 100;

/// The options of `casebase restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The project is one in which nobody has worked with Casebase yet: `casebase migrate` applied it, or this command does. Accounts
have to be there before: docs/operate.md says how. What was set up in it before is replaced.
Stopped, or failed, the same command goes on where it was.
Exit codes: 0 done; 1 failed; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(flatten)]
    project: Project,
    /// The folder that `casebase backup` wrote
    #[arg(value_name = "DIR")]
    from: PathBuf,
    /// Leave webhook endpoints as they were: this project takes the other's place [default: they are switched off, and
    /// nothing is sent until an admin switches them on]
    #[arg(long)]
    webhooks_on: bool,
}

/// Brings it back.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    let storage = args.project.storage()?;
    let manifest = whole(&args.from)?;
    let mut database = args.project.database.connect().await?;
    if !is_begun(&mut database, &manifest).await? {
        is_ready(&mut database, &manifest).await?;
        restore_rows(&mut database, &args.from, &manifest, args.webhooks_on).await?;
    }
    let restored = restore_objects(&mut database, &storage, &args.from, &manifest).await;
    let restored = restored.context("the rows are restored, and not all objects")?;
    database.close().await?;
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    writeln!(
        terminal::stdout(),
        "restored the backup of {}: {rows} rows, {restored} objects",
        manifest.made_at
    )?;
    for missing in &manifest.missing {
        terminal::say(missing);
    }
    let endpoints = manifest.tables.iter();
    let endpoints = endpoints.filter(|table| table.name == "casebase.webhook_endpoints");
    if endpoints.map(|table| table.rows).sum::<u64>() > 0 && !args.webhooks_on {
        terminal::say(
            "webhook endpoints are switched off: an admin switches them on (`casebase webhooks enable`)",
        );
    }
    if manifest.live_notices {
        terminal::say(
            "live notices were on there: `casebase realtime enable` switches them on here",
        );
    }
    Ok(())
}

/// What the folder has, all of it as it was written.
fn whole(from: &Path) -> anyhow::Result<Manifest> {
    let said = from.display();
    let Some(manifest) = Manifest::read(from)? else {
        bail!("{said} has no backup: there is no {}", Manifest::NAME);
    };
    if !manifest.complete {
        bail!("the backup in {said} is not whole\nhint: `casebase backup {said}` goes on with it");
    }
    for table in &manifest.tables {
        let at = from.join("rows").join(&table.name);
        let is = folder::hash_of(&at)?.map(|(sha256, _)| sha256);
        if is.as_ref() != Some(&table.sha256) {
            bail!("{} is not as it was written", at.display());
        }
    }
    for object in &manifest.objects {
        let at = place(from, &object.bucket, &object.path);
        let bytes = at.metadata().map(|file| file.len()).ok();
        if bytes != Some(object.bytes) {
            bail!("{} is not as it was written", at.display());
        }
    }
    Ok(manifest)
}

/// Whether this backup's rows are there, and some of its objects not yet.
async fn is_begun(database: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<bool> {
    let table: bool =
        sqlx::query_scalar("select to_regclass('casebase.objects_to_restore') is not null")
            .fetch_one(&mut *database)
            .await?;
    if !table {
        return Ok(false);
    }
    let begun = sqlx::query_scalar(
        "select exists (select from casebase.objects_to_restore r where r.backup_id = $1)",
    );
    Ok(begun.bind(manifest.id).fetch_one(database).await?)
}

/// That the project takes these rows.
async fn is_ready(database: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<()> {
    let there: bool = sqlx::query_scalar("select to_regclass('casebase.migrations') is not null")
        .fetch_one(&mut *database)
        .await?;
    if !there {
        let known = migrations::all();
        let of_the_backup: Vec<_> = known
            .into_iter()
            .filter(|m| {
                let is_it = |r: &Recorded| r.version == m.version && r.checksum == m.checksum;
                manifest.migrations.iter().any(is_it)
            })
            .collect();
        if of_the_backup.len() != manifest.migrations.len() {
            bail!("{}", of_others(manifest));
        }
        migrations::apply(database, &of_the_backup, migrations::PATIENCE).await?;
    }
    if recorded(database).await? != manifest.migrations {
        bail!("{}", of_others(manifest));
    }
    let source = "select s.is_ours from casebase.client_source s";
    let is_ours: bool = sqlx::query_scalar(source).fetch_one(&mut *database).await?;
    let was_ours = manifest.tables.iter().any(|t| t.name == "public.clients");
    if is_ours != was_ours {
        let (there, here) = match was_ours {
            true => ("Casebase's", "the project's own"),
            false => ("the project's own", "Casebase's"),
        };
        bail!("public.clients is {here}, and where the backup is from it was {there}");
    }
    for table in IN_USE {
        let any = format!("select exists (select from {table})");
        let any: bool = sqlx::query_scalar(AssertSqlSafe(any))
            .fetch_one(&mut *database)
            .await?;
        if any {
            bail!(
                "the project is in use: there are rows in {table}\n\
                 hint: restore into a new project, or `casebase uninstall` first"
            );
        }
    }
    for outside in &manifest.outside {
        are_there(database, outside).await?;
    }
    Ok(())
}

fn of_others(manifest: &Manifest) -> String {
    let newest = manifest.migrations.last();
    format!(
        "the backup is of a project with other migrations, up to {}\n\
         hint: restore it into a project without Casebase, with a release that has them: it applies those of the backup. \
         Then `casebase migrate`",
        newest.map_or("none", |newest| &newest.version)
    )
}

/// That the rows are there that ours refer to.
async fn are_there(database: &mut PgConnection, outside: &Outside) -> anyhow::Result<()> {
    let Outside {
        table,
        column,
        keys,
    } = outside;
    let missing = format!(
        "select k.key from unnest($1::text[]) as k (key)
         where not exists (select from {table} t where t.{column}::text = k.key)"
    );
    let missing = sqlx::query_scalar(AssertSqlSafe(missing));
    let missing: Vec<String> = missing.bind(keys).fetch_all(database).await?;
    if let [first, ..] = &missing[..] {
        bail!(
            "{} of {} rows of {table} that Casebase's rows refer to are not in this project, e.g. {column} {first}\n\
             hint: bring them over first, under the same {column}: docs/operate.md says how",
            missing.len(),
            keys.len()
        );
    }
    Ok(())
}

/// Triggers of ours, or of the project's on our tables, that sleep until the transaction ends: what they would do, they did
/// where the rows are from.
struct Asleep(Vec<(String, String)>);

impl Asleep {
    async fn lull(database: &mut PgConnection, tables: &[String]) -> anyhow::Result<Self> {
        let triggers = sqlx::query_as(
            "select t.tgrelid::regclass::text, quote_ident(t.tgname)
             from unnest($1::text[]) as wanted (name)
             join pg_trigger t on t.tgrelid = wanted.name::regclass
             where not t.tgisinternal
               and t.tgenabled = 'O'
               and (t.tgrelid, t.tgname) <> ('casebase.webhook_secrets'::regclass, 'keep_secret')
             order by 1, 2",
        );
        let triggers = Self(triggers.bind(tables).fetch_all(&mut *database).await?);
        triggers.are(database, "disable").await?;
        Ok(triggers)
    }

    async fn wake(self, database: &mut PgConnection) -> anyhow::Result<()> {
        self.are(database, "enable").await
    }

    async fn are(&self, database: &mut PgConnection, what: &str) -> anyhow::Result<()> {
        for (table, trigger) in &self.0 {
            let alter = format!("alter table {table} {what} trigger {trigger}");
            database.execute(AssertSqlSafe(alter)).await?;
        }
        Ok(())
    }
}

/// All of them, or none.
async fn restore_rows(
    database: &mut PgConnection,
    from: &Path,
    manifest: &Manifest,
    webhooks_on: bool,
) -> anyhow::Result<()> {
    let mut at_once = database.begin().await?;
    let written = write_rows(&mut at_once, from, manifest, webhooks_on).await;
    written.context("nothing was restored")?;
    at_once.commit().await.context(
        "the connection broke off at the last step: all rows are restored, or none\nhint: the same command says which",
    )?;
    // For the planner, which would learn of them in a while by itself.
    let names: Vec<_> = manifest.tables.iter().map(|t| t.name.as_str()).collect();
    let analyze = format!("analyze {}", names.join(", "));
    let analyzed = database.execute(AssertSqlSafe(analyze)).await;
    analyzed.map(drop).context("the rows are restored")
}

async fn write_rows(
    database: &mut PgConnection,
    from: &Path,
    manifest: &Manifest,
    webhooks_on: bool,
) -> anyhow::Result<()> {
    // Whoever works meanwhile is waited for, and not for long; the rows take what they take.
    database
        .execute(
            "set local lock_timeout = '10s'; set local statement_timeout = 0;
             set local search_path = pg_catalog, pg_temp",
        )
        .await?;
    let names: Vec<_> = manifest.tables.iter().map(|t| t.name.clone()).collect();
    let here = Table::all(database).await?;
    if here.len() != names.len() || !here.iter().all(|table| names.contains(&table.name)) {
        bail!("the backup has other tables than this project");
    }
    let asleep = Asleep::lull(database, &names).await?;
    for name in names.iter().rev() {
        let emptied = format!("delete from {name}");
        let emptied = database.execute(AssertSqlSafe(emptied)).await;
        emptied.with_context(|| name.clone())?;
    }
    let progress = Progress::new();
    for table in &manifest.tables {
        progress.says(format_args!("rows of {}", table.name));
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(column)).collect();
        let copy = format!("copy {} ({}) from stdin", table.name, columns.join(", "));
        let read = copy_in(database, &copy, &from.join("rows").join(&table.name)).await;
        let read = read.with_context(|| table.name.clone())?;
        if read != table.rows {
            bail!("{}: {read} rows of {} were taken", table.name, table.rows);
        }
    }
    set_what_is_beside(database, manifest).await?;
    if !webhooks_on {
        switch_webhooks_off(database, &manifest.made_at).await?;
    }
    wait_for_objects(database, manifest).await?;
    asleep.wake(database).await
}

/// Where numbers go on, and what the buckets take.
async fn set_what_is_beside(
    database: &mut PgConnection,
    manifest: &Manifest,
) -> Result<(), sqlx::Error> {
    for sequence in &manifest.sequences {
        sqlx::query("select setval(pg_get_serial_sequence($1, $2), $3, false)")
            .bind(&sequence.table)
            .bind(&sequence.column)
            .bind(sequence.next)
            .execute(&mut *database)
            .await?;
    }
    for bucket in &manifest.buckets {
        sqlx::query(
            "update storage.buckets b set file_size_limit = $2, allowed_mime_types = $3 where b.id = $1",
        )
        .bind(&bucket.id)
        .bind(bucket.file_size_limit)
        .bind(&bucket.allowed_mime_types)
        .execute(&mut *database)
        .await?;
    }
    Ok(())
}

async fn copy_in(database: &mut PgConnection, copy: &str, from: &Path) -> anyhow::Result<u64> {
    let mut file = File::open(from).with_context(|| from.display().to_string())?;
    let mut to = database.copy_in_raw(copy).await?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(to.finish().await?);
        }
        to.send(&piece[..read]).await?;
    }
}

/// A copy of a project that goes on sending would tell receivers of the other one what happens in it. What waits to be
/// sent waits on.
async fn switch_webhooks_off(database: &mut PgConnection, made_at: &str) -> anyhow::Result<()> {
    sqlx::query(
        "update casebase.webhook_endpoints endpoint
         set enabled = false, disabled_reason = 'restored from the backup of ' || $1
         where endpoint.enabled",
    )
    .bind(made_at)
    .execute(&mut *database)
    .await?;
    database
        .execute("delete from casebase.webhook_subscriptions")
        .await?;
    Ok(())
}

async fn wait_for_objects(database: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<()> {
    let column = |of: fn(&ObjectFile) -> &String| -> Vec<String> {
        manifest
            .objects
            .iter()
            .map(|object| of(object).clone())
            .collect()
    };
    sqlx::query(
        "insert into casebase.objects_to_restore (bucket_id, object_path, backup_id)
         select o.bucket, o.path, $3 from unnest($1::text[], $2::text[]) as o (bucket, path)",
    )
    .bind(column(|object| &object.bucket))
    .bind(column(|object| &object.path))
    .bind(manifest.id)
    .execute(database)
    .await?;
    Ok(())
}

/// How many there are.
async fn restore_objects(
    database: &mut PgConnection,
    storage: &OwnerStore,
    from: &Path,
    manifest: &Manifest,
) -> anyhow::Result<usize> {
    let waiting = sqlx::query_as(
        "select r.bucket_id, r.object_path from casebase.objects_to_restore r where r.backup_id = $1",
    );
    let waiting: Vec<(String, String)> =
        waiting.bind(manifest.id).fetch_all(&mut *database).await?;
    let waiting: std::collections::BTreeSet<_> = waiting.into_iter().collect();
    let waiting: Vec<_> = manifest
        .objects
        .iter()
        .filter(|o| waiting.contains(&(o.bucket.clone(), o.path.clone())))
        .collect();
    let progress = Progress::new();
    let before = manifest.objects.len() - waiting.len();
    for (n, some) in waiting.chunks(AT_ONCE).enumerate() {
        let mut back = Vec::new();
        for (m, object) in some.iter().enumerate() {
            let done = before + n * AT_ONCE + m;
            progress.says(format_args!("{done} of {} objects", manifest.objects.len()));
            let version = restore_object(database, storage, from, object).await;
            let version = version.with_context(|| format!("{}/{}", object.bucket, object.path))?;
            back.push((*object, version));
        }
        note_versions(database, &back).await?;
    }
    Ok(manifest.objects.len())
}

/// Its version: of bytes that were read back. What a try before this one left there is kept if it is whole.
async fn restore_object(
    database: &mut PgConnection,
    storage: &OwnerStore,
    from: &Path,
    file: &ObjectFile,
) -> anyhow::Result<String> {
    let path = object(&file.bucket, &file.path)?;
    let at = place(from, &file.bucket, &file.path);
    if version(database, file).await?.is_some()
        && folder::hash_of_object(storage, &path).await?.as_ref() != Some(&file.sha256)
    {
        storage.delete(&path).await?;
    }
    if version(database, file).await?.is_none() {
        if folder::hash_of(&at)?.is_none_or(|(sha256, _)| sha256 != file.sha256) {
            bail!("{} is not as it was written", at.display());
        }
        let bytes = ReaderStream::new(tokio::fs::File::open(&at).await?);
        let new = NewObject {
            content_type: file.content_type.clone(),
            length: Some(file.bytes),
            body: with_idle_limit(bytes.map_err(StreamError::broken).boxed()),
        };
        storage.put(&path, new).await?;
    }
    // Before the bytes: whoever swaps them makes another version.
    let Some(version) = version(database, file).await? else {
        bail!(
            "Storage took it, and it is not there\nhint: are DATABASE_URL and SUPABASE_URL of the same project?"
        );
    };
    if folder::hash_of_object(storage, &path).await?.as_ref() != Some(&file.sha256) {
        bail!("it did not come back as it was sent\nhint: the same command tries again");
    }
    Ok(version)
}

async fn version(
    database: &mut PgConnection,
    file: &ObjectFile,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select casebase.object_version($1, $2)")
        .bind(&file.bucket)
        .bind(&file.path)
        .fetch_one(database)
        .await
}

/// From now on others read them. A version that is not there any more is not noted, and its object waited for still.
async fn note_versions(
    database: &mut PgConnection,
    back: &[(&ObjectFile, String)],
) -> anyhow::Result<()> {
    let mut at_once = database.begin().await?;
    at_once.execute("set local lock_timeout = '10s'").await?;
    let tables = ["public.case_files", "public.client_documents"].map(str::to_owned);
    let asleep = Asleep::lull(&mut at_once, &tables).await?;
    let column = |of: fn(&ObjectFile) -> &String| -> Vec<String> {
        back.iter().map(|(object, _)| of(object).clone()).collect()
    };
    let versions: Vec<_> = back.iter().map(|(_, version)| version.clone()).collect();
    const BACK: &str = "
        from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as back (bucket, path, sha256, version)
        where (f.bucket_id, f.object_path) = (back.bucket, back.path)
          and casebase.object_version(back.bucket, back.path) = back.version";
    for statement in [
        format!(
            "update public.case_files f set object_version = back.version {BACK}
             and f.state = 'available' and f.sha256 = back.sha256"
        ),
        format!(
            "update public.client_documents f set object_version = back.version {BACK}
             and f.state = 'available' and f.sha256 = back.sha256"
        ),
        format!(
            "delete from casebase.objects_to_restore f using {}",
            BACK.trim_start().trim_start_matches("from ")
        ),
    ] {
        sqlx::query(AssertSqlSafe(statement))
            .bind(column(|object| &object.bucket))
            .bind(column(|object| &object.path))
            .bind(column(|object| &object.sha256))
            .bind(&versions)
            .execute(&mut *at_once)
            .await?;
    }
    asleep.wake(&mut at_once).await?;
    at_once.commit().await?;
    Ok(())
}
