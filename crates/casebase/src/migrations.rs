//! The migrations, carried in the binary, and how they are applied.
//!
//! Each ends with the statement that records it in `casebase.migrations`, so whoever runs the file (the Supabase CLI, psql or
//! `casebase migrate`) leaves the same record. The CLI's own record is the CLI's: it is neither read nor written.

use std::{borrow::Cow, time::Duration};

use include_dir::{Dir, include_dir};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection, Executor, FromRow, PgConnection, postgres::PgDatabaseError};

use crate::preflight::{self, InTheWay, Severity};

static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../migrations");

/// How the last statement of each migration begins.
const RECORDING: &str =
    "insert into casebase.migrations (version, name, release, checksum)\nvalues (";

/// How long a run waits for another one, and for each lock on a table, unless it is told otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A migration, as its own recording statement says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Fourteen digits, in the order of which migrations are applied, e.g. `20261121000100`.
    pub version: String,
    /// What it is called, e.g. `casebase`.
    pub name: String,
    /// The release of Casebase that it came with.
    pub release: String,
    /// SHA-256, in hex, of the text before the recording statement.
    pub checksum: String,
    /// The whole text.
    pub sql: Cow<'static, str>,
}

impl Migration {
    /// A text that ends with a recording statement; others are none of ours. It may have been changed since:
    /// [`Self::is_whole`].
    pub fn read(sql: impl Into<Cow<'static, str>>) -> Option<Self> {
        let sql = lines_ended_once(sql.into());
        let at = sql.rfind(RECORDING)?;
        let values = sql[at + RECORDING.len()..]
            .trim_end()
            .strip_suffix("');")?
            .strip_prefix('\'')?;
        let mut values = values.split("', '").map(str::to_owned);
        let mut next = || values.next().filter(|value| !value.contains('\''));
        let (version, name, release, checksum) = (next()?, next()?, next()?, next()?);
        values.next().is_none().then_some(Self {
            version,
            name,
            release,
            checksum,
            sql,
        })
    }

    /// This text as a migration: with the statement that records it at its end.
    pub fn recording(version: &str, name: &str, release: &str, text: &str) -> Self {
        let checksum = checksum(text);
        let sql =
            format!("{text}{RECORDING}'{version}', '{name}', '{release}', '{checksum}');\n").into();
        Self {
            version: version.to_owned(),
            name: name.to_owned(),
            release: release.to_owned(),
            checksum,
            sql,
        }
    }

    /// What stands before the recording statement.
    pub fn text(&self) -> &str {
        self.sql
            .rfind(RECORDING)
            .map_or(&*self.sql, |at| &self.sql[..at])
    }

    /// Whether the text is the one that the recording statement was written for.
    pub fn is_whole(&self) -> bool {
        checksum(self.text()) == self.checksum
    }
}

/// Under Windows git may end lines in its own way; what they say is the same.
fn lines_ended_once(sql: Cow<'static, str>) -> Cow<'static, str> {
    match sql.contains("\r\n") {
        true => sql.replace("\r\n", "\n").into(),
        false => sql,
    }
}

fn checksum(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// All migrations, oldest first.
pub fn all() -> Vec<Migration> {
    let texts = FOLDER.files().filter_map(include_dir::File::contents_utf8);
    let mut migrations: Vec<_> = texts.filter_map(Migration::read).collect();
    migrations.sort_by(|a, b| a.version.cmp(&b.version));
    migrations
}

/// What kept migrations from being applied. Nothing of the run was kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused a statement.
    #[error("migration {migration} was refused{}: {}{}", line_of(.source, .sql), casebase_postgres::said(.source), hint_of(.source))]
    Refused {
        /// `version_name`.
        migration: String,
        /// Its text, to find the line.
        sql: Cow<'static, str>,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Somebody held a table that a migration changes.
    #[error(
        "another session held a lock that migration {0} waited for, longer than it was to wait: nothing was applied\n\
         hint: Try again when less is going on, or wait longer with --lock-timeout."
    )]
    Locked(String),
    /// Another run was at work all the time.
    #[error(
        "another run is applying migrations to this database\nhint: Try again when it has ended."
    )]
    Busy,
    /// The connection ended in the middle.
    #[error(
        "the connection to the database broke off while migrations were being applied: nothing was applied\n\
         hint: Run it again."
    )]
    Lost(#[source] sqlx::Error),
    /// The connection ended when everything was done, before the database had said so.
    #[error(
        "the connection to the database broke off at the last step: all was applied, or nothing\n\
         hint: casebase migrate --dry-run says which."
    )]
    Unknown(#[source] sqlx::Error),
    /// A replica.
    #[error(
        "the database is a read-only replica: nothing can be applied to it\nhint: Connect to its primary."
    )]
    Replica,
    /// The session may not write.
    #[error(
        "the database takes nothing from this session, which is read-only (default_transaction_read_only)\n\
         hint: A hosted project is read-only when its disk is full. Otherwise: alter role … reset default_transaction_read_only."
    )]
    ReadOnly,
    /// Somebody changed what was applied, or it was another file of the same name.
    #[error(
        "the database was made by another text of migration {version}_{name} than this casebase ({ours}) has: its record \
         says release {release}, checksum {checksum}\n\
         hint: Use the casebase of that release. A schema from before 0.1.0-rc.1 can't be upgraded."
    )]
    Changed {
        /// The migration's version.
        version: String,
        /// Its name here.
        name: String,
        /// The release here.
        ours: String,
        /// The release there.
        release: String,
        /// The checksum there.
        checksum: String,
    },
    /// Made by a newer casebase.
    #[error(
        "the database has migration {version}_{name} of release {release}, which this casebase doesn't know\n\
         hint: Use casebase {release} or a newer one."
    )]
    Newer {
        /// The migration's version.
        version: String,
        /// Its name there.
        name: String,
        /// Its release.
        release: String,
    },
    /// A later one was applied.
    #[error(
        "the record casebase.migrations lacks {missing}, though it has {later}, which comes after it\n\
         hint: Was the row deleted? insert it again as the last statement of that migration does."
    )]
    Gap {
        /// `version_name` of the one without a record.
        missing: String,
        /// The version of a later one.
        later: String,
    },
    /// What an installation would collide with, or what it needs and isn't there.
    #[error("{0}")]
    InTheWay(InTheWay),
    /// Made before there was a record.
    #[error(
        "the database has Casebase's schema without a record of its migrations (casebase.migrations)\n\
         hint: A schema from before 0.1.0-rc.1 can't be upgraded: install into a project without it."
    )]
    Unrecorded,
    /// Reading the record failed.
    #[error(
        "the record of applied migrations (casebase.migrations) can't be read: {}",
        casebase_postgres::said(.0)
    )]
    Record(#[source] sqlx::Error),
}

impl Error {
    fn of_statement(source: sqlx::Error, migration: &Migration) -> Self {
        let name = named(migration);
        match code(&source).as_deref() {
            // lock_not_available
            Some("55P03") => Self::Locked(name),
            _ if is_lost(&source) => Self::Lost(source),
            _ => Self::Refused {
                migration: name,
                sql: migration.sql.clone(),
                source,
            },
        }
    }
}

fn named(migration: &Migration) -> String {
    format!("{}_{}", migration.version, migration.name)
}

fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// Whether there is no connection any more: it broke off, or the server ended it (57P01 to 57P05, XX000 never).
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        _ => code(error).is_some_and(|code| code.starts_with("57P")),
    }
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

/// A row of `casebase.migrations`.
#[derive(FromRow)]
struct Recorded {
    version: String,
    name: String,
    release: String,
    checksum: String,
}

/// Those of `known` (oldest first) that the database has no record of, oldest first. Changes nothing.
pub async fn pending<'a>(
    connection: &mut PgConnection,
    known: &'a [Migration],
) -> Result<Vec<&'a Migration>, Error> {
    let recorded = recorded(connection).await?;
    for row in &recorded {
        let Some(ours) = known.iter().find(|m| m.version == row.version) else {
            return Err(Error::Newer {
                version: row.version.clone(),
                name: row.name.clone(),
                release: row.release.clone(),
            });
        };
        if ours.checksum != row.checksum {
            return Err(Error::Changed {
                version: row.version.clone(),
                name: ours.name.clone(),
                ours: ours.release.clone(),
                release: row.release.clone(),
                checksum: row.checksum.clone(),
            });
        }
    }
    let is_recorded = |m: &&Migration| recorded.iter().any(|row| row.version == m.version);
    let pending: Vec<_> = known.iter().filter(|m| !is_recorded(m)).collect();
    let later = recorded.iter().map(|row| &row.version).max();
    if let (Some(first), Some(later)) = (pending.first(), later)
        && first.version < *later
    {
        return Err(Error::Gap {
            missing: named(first),
            later: later.clone(),
        });
    }
    Ok(pending)
}

async fn recorded(connection: &mut PgConnection) -> Result<Vec<Recorded>, Error> {
    // The function is older than the record.
    let (has_record, has_schema): (bool, bool) = sqlx::query_as(
        "select to_regclass('casebase.migrations') is not null, to_regprocedure('casebase.is_staff()') is not null",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(Error::Record)?;
    let rows: Vec<Recorded> = match has_record {
        true => sqlx::query_as(
            "select version, name, release, checksum from casebase.migrations order by version",
        )
        .fetch_all(connection)
        .await
        .map_err(Error::Record)?,
        false => Vec::new(),
    };
    match has_schema && rows.is_empty() {
        true => Err(Error::Unrecorded),
        false => Ok(rows),
    }
}

/// Whether what is pending of `known` is an installation, not an upgrade.
pub fn begins(pending: &[&Migration], known: &[Migration]) -> bool {
    !pending.is_empty() && pending.len() == known.len()
}

/// Applies what is pending of `known`, all of it in one transaction: all or nothing. Another run is waited for, and so is
/// each lock on a table, for as long as `patience` (by default [`PATIENCE`]). Returns what was applied.
pub async fn apply<'a>(
    connection: &mut PgConnection,
    known: &'a [Migration],
    patience: Duration,
) -> Result<Vec<&'a Migration>, Error> {
    let mut transaction = connection.begin().await.map_err(Error::Record)?;
    be_alone(&mut transaction, patience).await?;
    let pending = pending(&mut transaction, known).await?;
    if let [first, ..] = pending[..]
        && begins(&pending, known)
    {
        // The first migration would say the same, if an old server understood all of it.
        let findings = preflight::findings(&mut transaction).await;
        let mut findings = findings.map_err(|source| Error::of_statement(source, first))?;
        findings.retain(|finding| finding.severity == Severity::Error);
        if !findings.is_empty() {
            return Err(Error::InTheWay(InTheWay(findings)));
        }
    }
    for migration in &pending {
        transaction
            .execute(sqlx::raw_sql(AssertSqlSafe(migration.sql.to_string())))
            .await
            .map_err(|source| Error::of_statement(source, migration))?;
    }
    let ended = transaction.commit().await;
    ended.map_err(|source| match pending.last() {
        Some(last) if !is_lost(&source) => Error::of_statement(source, last),
        _ => Error::Unknown(source),
    })?;
    Ok(pending)
}

/// Nothing of this that waits keeps others waiting behind it for long.
async fn be_alone(transaction: &mut PgConnection, patience: Duration) -> Result<(), Error> {
    let (is_replica, is_read_only): (bool, bool) = sqlx::query_as(
        "select pg_is_in_recovery(), current_setting('transaction_read_only')::boolean",
    )
    .fetch_one(&mut *transaction)
    .await
    .map_err(Error::Record)?;
    match (is_replica, is_read_only) {
        (true, _) => return Err(Error::Replica),
        (false, true) => return Err(Error::ReadOnly),
        (false, false) => {}
    }
    let milliseconds = patience.as_millis();
    // What the preflight warns of, whoever runs it has heard.
    let settings =
        format!("set local lock_timeout = {milliseconds}; set local client_min_messages = error");
    let set = transaction.execute(sqlx::raw_sql(AssertSqlSafe(settings)));
    set.await.map_err(Error::Record)?;
    let locked = transaction
        .execute("select pg_advisory_xact_lock(hashtext('casebase.migrations'))")
        .await;
    locked
        .map(drop)
        .map_err(|error| match code(&error).as_deref() {
            Some("55P03") => Error::Busy,
            _ if is_lost(&error) => Error::Lost(error),
            _ => Error::Record(error),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_says_of_itself_what_it_is() {
        let migrations = all();
        assert!(!migrations.is_empty());
        let files: Vec<_> = FOLDER.files().map(|file| file.path().to_owned()).collect();
        let names: Vec<_> = migrations
            .iter()
            .map(|m| format!("{}.sql", named(m)).into())
            .collect::<Vec<std::path::PathBuf>>();
        assert_eq!(files, names);
        for pair in migrations.windows(2) {
            let version = &pair[1].version;
            assert!(pair[0].version < *version, "{version} comes twice");
        }
        for migration in migrations {
            assert_eq!(migration.version.len(), 14, "{}", migration.version);
            assert!(migration.version.chars().all(|c| c.is_ascii_digit()));
            assert!(
                migration.is_whole(),
                "{} is not the text that its last statement was written for",
                named(&migration)
            );
        }
    }

    #[test]
    fn a_migration_is_read_as_it_was_written_whoever_ended_its_lines() {
        let written = Migration::recording(
            "20990101000000",
            "next",
            "0.2.0",
            "select 1;\n\nselect 2;\n",
        );
        assert!(written.is_whole());
        assert_eq!(written.text(), "select 1;\n\nselect 2;\n");
        assert_eq!(
            Migration::read(written.sql.clone()).as_ref(),
            Some(&written)
        );
        let windows = written.sql.replace('\n', "\r\n");
        assert_eq!(Migration::read(windows), Some(written));
    }

    #[test]
    fn another_text_is_seen_and_what_is_not_recorded_is_none_of_ours() {
        let written = Migration::recording("20990101000000", "next", "0.2.0", "select 1;\n");
        let changed = Migration::read(written.sql.replace("select 1", "select 2"));
        assert_eq!(changed.map(|m| m.is_whole()), Some(false));
        for sql in [
            "select 1;\n".to_owned(),
            written.sql.replace("');", "', 'more');"),
            written.sql.replace("', '0.2.0", ""),
            written.sql.replace("next", "ne''xt"),
            format!("{}select 2;\n", written.sql),
        ] {
            assert_eq!(Migration::read(sql.clone()), None, "{sql}");
        }
    }
}
