//! The migrations, carried in the binary, and how they are applied.
//!
//! They are recorded where the Supabase CLI records its own, so `supabase db push` and `casebase migrate` agree.

use include_dir::{Dir, include_dir};
use sqlx::{Connection, Executor, PgConnection, postgres::PgDatabaseError};

static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../migrations");

/// One file of `migrations/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// The digits before the first `_`, e.g. `20261121000100`.
    pub version: &'static str,
    /// What follows it, without `.sql`.
    pub name: &'static str,
    /// The file's text.
    pub sql: &'static str,
}

impl Migration {
    fn from_file(file: &'static include_dir::File) -> Option<Self> {
        let stem = file.path().file_name()?.to_str()?.strip_suffix(".sql")?;
        let (version, name) = stem.split_once('_')?;
        Some(Self {
            version,
            name,
            sql: file.contents_utf8()?,
        })
    }
}

/// What kept a migration from being applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused a statement; nothing of this migration was kept.
    #[error("migration {migration} was refused{}: {}{}", line_of(.source, .sql), casebase_postgres::said(.source), hint_of(.source))]
    Refused {
        /// `version_name`.
        migration: String,
        /// Its text, to find the line.
        sql: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Reading or making the record of what was applied failed.
    #[error(
        "the record of applied migrations (supabase_migrations.schema_migrations) can't be used: {}",
        casebase_postgres::said(.0)
    )]
    Record(#[source] sqlx::Error),
}

fn database_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn line_of(error: &sqlx::Error, sql: &str) -> String {
    let position = database_error(error).and_then(PgDatabaseError::position);
    match position {
        Some(sqlx::postgres::PgErrorPosition::Original(character)) => {
            let line = sql.chars().take(character).filter(|c| *c == '\n').count() + 1;
            format!(" at line {line}")
        }
        _ => String::new(),
    }
}

fn hint_of(error: &sqlx::Error) -> String {
    let hint = database_error(error).and_then(PgDatabaseError::hint);
    hint.map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default()
}

/// All migrations, oldest first.
pub fn all() -> Vec<Migration> {
    let mut migrations: Vec<_> = FOLDER.files().filter_map(Migration::from_file).collect();
    migrations.sort_by_key(|m| m.version);
    migrations
}

/// The migrations that the database has no record of, oldest first. Changes nothing.
pub async fn pending(connection: &mut PgConnection) -> Result<Vec<Migration>, Error> {
    let recorded: bool = sqlx::query_scalar(
        "select to_regclass('supabase_migrations.schema_migrations') is not null",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(Error::Record)?;
    let applied: Vec<String> = if recorded {
        sqlx::query_scalar("select version from supabase_migrations.schema_migrations")
            .fetch_all(connection)
            .await
            .map_err(Error::Record)?
    } else {
        Vec::new()
    };
    Ok(all()
        .into_iter()
        .filter(|m| !applied.iter().any(|v| v == m.version))
        .collect())
}

/// Applies what is pending, each migration in a transaction of its own together with its record.
/// Two runs at once wait for each other. Calls `applied` after each.
pub async fn apply(
    connection: &mut PgConnection,
    mut applied: impl FnMut(&Migration),
) -> Result<(), Error> {
    prepare(connection).await.map_err(Error::Record)?;
    let result = apply_pending(connection, &mut applied).await;
    let unlocked = sqlx::query("select pg_advisory_unlock(hashtext('casebase.migrations'))")
        .execute(connection)
        .await;
    result.and(unlocked.map(drop).map_err(Error::Record))
}

async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection
        .execute("select pg_advisory_lock(hashtext('casebase.migrations'))")
        .await?;
    connection
        .execute(sqlx::raw_sql(
            "set client_min_messages = warning;
             create schema if not exists supabase_migrations;
             create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
             alter table supabase_migrations.schema_migrations add column if not exists statements text[];
             alter table supabase_migrations.schema_migrations add column if not exists name text;
             reset client_min_messages;",
        ))
        .await?;
    Ok(())
}

async fn apply_pending(
    connection: &mut PgConnection,
    applied: &mut impl FnMut(&Migration),
) -> Result<(), Error> {
    for migration in pending(connection).await? {
        apply_one(connection, &migration)
            .await
            .map_err(|source| Error::Refused {
                migration: format!("{}_{}", migration.version, migration.name),
                sql: migration.sql,
                source,
            })?;
        applied(&migration);
    }
    Ok(())
}

async fn apply_one(
    connection: &mut PgConnection,
    migration: &Migration,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute(sqlx::raw_sql(migration.sql)).await?;
    sqlx::query(
        "insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, array[$3])",
    )
    .bind(migration.version)
    .bind(migration.name)
    .bind(migration.sql)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn versions_are_the_supabase_clis_timestamps_and_unique() {
        let migrations = all();
        assert!(!migrations.is_empty());
        for pair in migrations.windows(2) {
            assert!(
                pair[0].version < pair[1].version,
                "{} comes twice",
                pair[1].version
            );
        }
        for migration in migrations {
            assert_eq!(migration.version.len(), 14, "{}", migration.version);
            assert!(migration.version.chars().all(|c| c.is_ascii_digit()));
        }
    }
}
