//! The database as the project's owner, for the commands that work on it directly.

use anyhow::Context;
use casebase_server::database_url::{self, DatabaseUrl};
use sqlx::{Connection, PgConnection};

/// Which database.
#[derive(Debug, clap::Args)]
pub struct Database {
    /// The database, as the project's owner: `postgresql://postgres:…@…:5432/postgres`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
}

impl Database {
    /// Connects to it.
    pub async fn connect(&self) -> anyhow::Result<PgConnection> {
        connect(&self.database_url).await
    }
}

/// Connects to the database at this URL.
pub async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let DatabaseUrl(database) = url.parse().map_err(|error: database_url::Error| {
        anyhow::anyhow!(
            "--database-url (DATABASE_URL) is malformed: {error}\n\
             hint: it takes postgresql://postgres:<password>@<host>:5432/postgres"
        )
    })?;
    PgConnection::connect_with(&database)
        .await
        .context("the database can't be reached (--database-url, DATABASE_URL)")
}
