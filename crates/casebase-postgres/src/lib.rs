//! What PostgreSQL says, in its own words.

/// What the database or the way to it says, for a log or a person.
///
/// sqlx prints a refusal with words of its own before it and the line of PostgreSQL's source that
/// raised it behind it (`error returned from database: … at line 3891`): neither helps whoever reads.
pub fn said(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(refusal) => refusal.message().to_owned(),
        None => error.to_string(),
    }
}
