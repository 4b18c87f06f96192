//! A project as its owner has it: the database, and Storage with a secret key.

use anyhow::Context as _;
use casebase_files::storage::{ObjectPath, OwnerStore};
use casebase_supabase::SecretKey;
use url::Url;

use super::owner::Database;

/// The project, as its owner.
#[derive(Debug, clap::Args)]
pub struct Project {
    #[command(flatten)]
    pub database: Database,
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
    /// Its buckets.
    pub fn storage(&self) -> anyhow::Result<OwnerStore> {
        storage(&self.supabase_url, &self.secret_key)
    }
}

/// The buckets of the project at this URL.
pub fn storage(supabase_url: &str, secret_key: &str) -> anyhow::Result<OwnerStore> {
    let url: Url = (supabase_url.trim().parse().ok())
        .filter(|url: &Url| matches!(url.scheme(), "http" | "https"))
        .context("it takes a URL that begins with http:// or https://")
        .context("--supabase-url (SUPABASE_URL)")?;
    let key: SecretKey =
        (secret_key.trim().parse()).context("--secret-key (CASEBASE_SECRET_KEY)")?;
    Ok(OwnerStore::new(&url, key)?)
}

/// An object of ours.
pub fn object(bucket: &str, path: &str) -> anyhow::Result<ObjectPath> {
    ObjectPath::new(bucket, path).with_context(|| format!("{bucket}/{path}"))
}
