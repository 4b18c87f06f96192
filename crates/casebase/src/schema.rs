//! Whether the schema in the database is the one that this casebase was built with.

use sqlx::{Executor, Postgres};

use crate::migrations::Migration;

/// Why the service doesn't run on this schema.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Misfit {
    /// There is none.
    #[error(
        "the database has no schema of Casebase's\n\
         hint: As the project's owner: casebase migrate."
    )]
    Missing,
    /// Migrations are still to be applied.
    #[error(
        "the database's schema is of release {found}; this casebase needs the one of {needed}\n\
         hint: As the project's owner: casebase migrate."
    )]
    TooOld {
        /// The release of the migration that was applied last.
        found: String,
        /// The release of the newest migration here.
        needed: String,
    },
    /// A newer casebase has applied its own.
    #[error(
        "the database's schema is of release {found}, which this casebase doesn't know: its newest is {newest}\n\
         hint: Use casebase {found} or a newer one."
    )]
    TooNew {
        /// The release of the migration that was applied last.
        found: String,
        /// The release of the newest migration here.
        newest: String,
    },
}

/// What the database says of its schema.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is the one that `known` makes.
    Fits,
    /// It is not.
    Misfit(Misfit),
    /// This role may not ask.
    Withheld,
}

/// Asks the database for its release, `casebase.schema_version()`, and compares with `known`, oldest first. What is an
/// error then says nothing of the schema.
pub async fn check(
    database: impl Executor<'_, Database = Postgres>,
    known: &[Migration],
) -> Result<Answer, sqlx::Error> {
    let found = sqlx::query_scalar::<_, Option<String>>("select casebase.schema_version()");
    let found = match found.fetch_one(database).await {
        Ok(found) => found,
        Err(error) => match error.as_database_error().and_then(|e| e.code()).as_deref() {
            // undefined_function, invalid_schema_name, undefined_table
            Some("42883" | "3F000" | "42P01") => None,
            // insufficient_privilege
            Some("42501") => return Ok(Answer::Withheld),
            _ => return Err(error),
        },
    };
    Ok(match compare(found, known) {
        Ok(()) => Answer::Fits,
        Err(misfit) => Answer::Misfit(misfit),
    })
}

/// A release that no migration here has can only be a later one: earlier migrations are never taken out.
fn compare(found: Option<String>, known: &[Migration]) -> Result<(), Misfit> {
    let found = found.ok_or(Misfit::Missing)?;
    let newest = known.last().map(|m| m.release.clone()).unwrap_or_default();
    if found == newest {
        return Ok(());
    }
    Err(match known.iter().any(|m| m.release == found) {
        true => Misfit::TooOld {
            found,
            needed: newest,
        },
        false => Misfit::TooNew { found, newest },
    })
}
