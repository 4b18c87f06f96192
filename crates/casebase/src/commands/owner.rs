//! The database as the project's owner, for the commands that work on it directly.

use std::{io, time::Duration};

use anyhow::Context as _;
use casebase_server::database_url::{self, DatabaseUrl};
use clap::error::ErrorKind;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

use crate::preflight;

/// How long the database may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(15);

/// Which database.
#[derive(Debug, clap::Args)]
pub struct Database {
    /// The database, as the project's owner: `postgresql://postgres:…@…:5432/postgres`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
}

impl Database {
    /// Connects to it, whatever is in it.
    pub async fn connect(&self) -> anyhow::Result<PgConnection> {
        connect(&self.database_url).await
    }

    /// Connects to it as one session from beginning to end: a pooler that gives each transaction another one is refused.
    pub async fn connect_in_session(&self) -> anyhow::Result<PgConnection> {
        let database = parse(&self.database_url)?;
        let mut connection = open(&database).await?;
        let is_pooled = is_hosted_transaction_pooler(&database)
            || preflight::is_pooled_by_transaction(&mut connection, &database).await?;
        anyhow::ensure!(
            !is_pooled,
            "what answers at {}:{} is a pooler that gives each transaction another session (--database-url, DATABASE_URL)\n\
             hint: Take the URL of the session pooler (port 5432), or of the database itself (Connect).",
            database.get_host(),
            database.get_port()
        );
        Ok(connection)
    }

    /// Connects to it, where Casebase is in it.
    pub async fn connect_to_casebase(&self) -> anyhow::Result<PgConnection> {
        connect_to_casebase(&self.database_url).await
    }
}

/// The shared pooler and each project's own both have this port for it.
fn is_hosted_transaction_pooler(database: &PgConnectOptions) -> bool {
    let host = database.get_host();
    database.get_port() == 6543
        && [".supabase.com", ".supabase.co"]
            .iter()
            .any(|domain| host.ends_with(domain))
}

/// Which database, said before or behind the name of a subcommand.
#[derive(Debug, clap::Args)]
pub struct AnywhereDatabase {
    // An option that may stand anywhere can't be a required one.
    /// The database, as the project's owner: `postgresql://postgres:…@…:5432/postgres`
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true
    )]
    database_url: Option<String>,
}

impl AnywhereDatabase {
    /// Connects to it, where Casebase is in it.
    pub async fn connect_to_casebase(&self) -> anyhow::Result<PgConnection> {
        let Some(url) = &self.database_url else {
            return Err(super::usage(
                ErrorKind::MissingRequiredArgument,
                "the following required arguments were not provided:\n  --database-url <URL>",
            ));
        };
        connect_to_casebase(url).await
    }
}

async fn connect_to_casebase(url: &str) -> anyhow::Result<PgConnection> {
    let mut connection = connect(url).await?;
    let has_casebase =
        sqlx::query_scalar("select to_regprocedure('casebase.is_staff()') is not null");
    match has_casebase.fetch_one(&mut connection).await {
        Ok(true) => Ok(connection),
        Ok(false) => anyhow::bail!(
            "Casebase is not in this database (--database-url, DATABASE_URL)\n\
             hint: `casebase migrate` applies its migrations."
        ),
        Err(error) => Err(error).context("the database can't be asked whether Casebase is in it"),
    }
}

/// Connects to the database at this URL, whatever is in it.
pub async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    open(&parse(url)?).await
}

fn parse(url: &str) -> anyhow::Result<PgConnectOptions> {
    let DatabaseUrl(database) = url.parse().map_err(|error: database_url::Error| {
        anyhow::anyhow!(
            "--database-url (DATABASE_URL) is malformed: {error}\n\
             hint: it takes postgresql://postgres:<password>@<host>:5432/postgres"
        )
    })?;
    Ok(database)
}

async fn open(database: &PgConnectOptions) -> anyhow::Result<PgConnection> {
    match timeout(PATIENCE, PgConnection::connect_with(database)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(unreached(database, &error)),
        Err(_) => Err(unreached(database, &silence().into())),
    }
}

fn silence() -> io::Error {
    io::Error::other(format!("no answer within {} seconds", PATIENCE.as_secs()))
}

/// Why there is no connection, and what may help.
fn unreached(database: &PgConnectOptions, error: &sqlx::Error) -> anyhow::Error {
    const OPTION: &str = "(--database-url, DATABASE_URL)";
    let place = match database.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", database.get_host(), database.get_port()),
    };
    let said = casebase_postgres::said(error);
    let why = match error {
        sqlx::Error::Database(_) => {
            return anyhow::anyhow!(
                "the database at {place} refused the connection {OPTION}: {said}{}",
                hint(database, error)
            );
        }
        sqlx::Error::Protocol(_) => {
            "what answers there does not speak as PostgreSQL does".to_owned()
        }
        sqlx::Error::Io(error) => error.to_string(),
        _ => said,
    };
    anyhow::anyhow!(
        "the database can't be reached {OPTION}: {place}: {why}{}",
        hint(database, error)
    )
}

/// What is known of Supabase's own addresses.
fn hint(database: &PgConnectOptions, error: &sqlx::Error) -> &'static str {
    let host = database.get_host();
    let is_direct = host.starts_with("db.") && host.ends_with(".supabase.co");
    match error.as_database_error().and_then(|e| e.code()).as_deref() {
        // invalid_password, invalid_authorization_specification
        Some("28P01" | "28000") => {
            "\nhint: The password is the database's (Settings, Database), not an account's; over the pooler the user is \
             postgres.<project's reference>."
        }
        None if is_direct => {
            "\nhint: This address answers over IPv6 alone: without it, take the URL of the session pooler (Connect)."
        }
        _ => "",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn said(url: &str) -> String {
        crate::terminal::describe(&connect(url).await.unwrap_err())
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_named() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        assert_eq!(
            said(&format!("postgresql://postgres:secret@{address}/postgres")).await,
            format!(
                "the database can't be reached (--database-url, DATABASE_URL): {address}: Connection refused (os error 111)"
            )
        );
    }

    #[tokio::test]
    async fn a_server_that_is_no_postgresql_is_said_to_be_none() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
            let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = server.local_addr().unwrap();
            let answers = tokio::spawn(async move {
                let (mut caller, _) = server.accept().await.unwrap();
                let _ = caller.read(&mut [0; 100]).await;
                let _ = caller.write_all(answer).await;
            });
            let said = said(&format!("postgresql://postgres:x@{address}/postgres")).await;
            answers.await.unwrap();
            assert!(said.contains(&address.to_string()), "{said}");
            assert!(
                said.ends_with("does not speak as PostgreSQL does"),
                "{said}"
            );
        }
    }

    #[test]
    fn the_transaction_poolers_of_hosted_projects_are_known_by_their_address() {
        for (url, is_pooler) in [
            (
                "postgresql://postgres.abc:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
                true,
            ),
            (
                "postgresql://postgres:x@db.abc.supabase.co:6543/postgres",
                true,
            ),
            (
                "postgresql://postgres.abc:x@aws-0-eu-central-1.pooler.supabase.com:5432/postgres",
                false,
            ),
            ("postgresql://postgres:x@127.0.0.1:6543/postgres", false),
        ] {
            assert_eq!(
                is_hosted_transaction_pooler(&parse(url).unwrap()),
                is_pooler,
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_known_of_supabases_addresses_is_said() {
        let database: PgConnectOptions = "postgresql://postgres:x@db.abc.supabase.co:5432/postgres"
            .parse()
            .unwrap();
        let unreachable = io::Error::from(io::ErrorKind::NetworkUnreachable);
        let said = unreached(&database, &unreachable.into()).to_string();
        assert!(
            said.contains("db.abc.supabase.co:5432: network unreachable\nhint: This address"),
            "{said}"
        );
        let said = unreached(&database, &silence().into()).to_string();
        assert!(said.contains("no answer within 15 seconds"), "{said}");
    }
}
