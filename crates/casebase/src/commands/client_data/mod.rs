//! All that is kept of a client: given away (`casebase export-client`) and erased (`casebase erase-client`), by the project's
//! owner. Which rows those are, and how they go, stands in `supabase/schemas/client_data.sql`.

pub mod erase;
pub mod export;
mod report;

use std::{
    collections::BTreeMap, fs::Permissions, io::Write as _, os::unix::fs::PermissionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use casebase_files::storage::{ObjectPath, OwnerStore};
use casebase_supabase::SecretKey;
use sqlx::PgConnection;
use tempfile::NamedTempFile;
use url::Url;
use uuid::Uuid;

use super::owner::Database;

/// The project, as its owner.
#[derive(Debug, clap::Args)]
struct Project {
    #[command(flatten)]
    database: Database,
    /// The project's URL, for Storage: `https://<ref>.supabase.co`
    #[arg(long, env = "SUPABASE_URL", hide_env_values = true, value_name = "URL")]
    supabase_url: String,
    /// A secret key of the project, for Storage: `sb_secret_…`, or the legacy service_role key
    #[arg(
        long,
        env = "CASEBASE_SECRET_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    secret_key: String,
}

impl Project {
    fn storage(&self) -> anyhow::Result<OwnerStore> {
        let url: Url = (self.supabase_url.trim().parse().ok())
            .filter(|url: &Url| matches!(url.scheme(), "http" | "https"))
            .context("it takes a URL that begins with http:// or https://")
            .context("--supabase-url (SUPABASE_URL)")?;
        let key: SecretKey =
            (self.secret_key.trim().parse()).context("--secret-key (CASEBASE_SECRET_KEY)")?;
        Ok(OwnerStore::new(&url, key)?)
    }
}

/// How many rows there are of each table, and objects.
type Counts = BTreeMap<String, i64>;

async fn counts(database: &mut PgConnection, client: Uuid) -> anyhow::Result<Counts> {
    let counted = sqlx::query_as(
        "select r.kind, count(*) from casebase.client_records($1) r group by r.kind",
    );
    let counted: Vec<(String, i64)> = counted.bind(client).fetch_all(database).await?;
    Ok(counted.into_iter().collect())
}

/// The client of this id or exact name.
async fn find(database: &mut PgConnection, wanted: &str) -> anyhow::Result<Option<(Uuid, String)>> {
    let found = sqlx::query_as(
        "select c.id, coalesce(casebase.client_name(c.id), c.id::text)
         from public.clients c
         where c.id = $1 or casebase.client_name(c.id) = $2
         order by c.id",
    );
    let id: Option<Uuid> = wanted.parse().ok();
    let mut found: Vec<(Uuid, String)> = found.bind(id).bind(wanted).fetch_all(database).await?;
    if found.len() > 1 {
        let ids: Vec<_> = found.iter().map(|(id, _)| id.to_string()).collect();
        anyhow::bail!(
            "{} clients are called `{wanted}`\nhint: say which by its id: {}",
            ids.len(),
            ids.join(", ")
        );
    }
    Ok(found.pop())
}

fn nobody(wanted: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "there is no client `{wanted}`\nhint: it takes a client's id, or its name exactly as it is written"
    )
}

/// An object of the client's.
fn object(bucket: &str, path: &str) -> anyhow::Result<ObjectPath> {
    ObjectPath::new(bucket, path).with_context(|| format!("{bucket}/{path}"))
}

/// A file of the owner's alone, which has its name once it is whole.
fn unfinished(folder: &Path) -> anyhow::Result<NamedTempFile> {
    let file = tempfile::Builder::new()
        .prefix(".casebase-")
        .suffix(".part")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder);
    file.with_context(|| folder.display().to_string())
}

/// Gives it its name, in the place of what had it.
fn finished(mut file: NamedTempFile, to: &Path) -> anyhow::Result<()> {
    file.flush()?;
    file.as_file().sync_all()?;
    let named = file.persist(to).map_err(|error| error.error);
    named.map(drop).with_context(|| to.display().to_string())
}

/// The same, for JSON.
fn write_json(to: &Path, value: &impl serde::Serialize) -> anyhow::Result<()> {
    let folder = to.parent().filter(|folder| *folder != Path::new(""));
    let mut file = unfinished(folder.unwrap_or(Path::new(".")))?;
    serde_json::to_writer_pretty(&mut file, value)?;
    writeln!(file)?;
    finished(file, to)
}
