//! Runs pgTAP's files and reads what they say.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row, raw_sql};

/// What one file said.
#[derive(Default)]
pub struct Outcome {
    planned: Option<usize>,
    passed: usize,
    /// Failed assertions with their diagnostics, or the error that ended the file.
    complaints: Vec<String>,
}

impl Outcome {
    pub fn read(&mut self, line: &str) {
        if let Some(planned) = line.strip_prefix("1..") {
            self.planned = planned.trim().parse().ok();
        } else if line.starts_with("ok ") {
            self.passed += 1;
        } else if line.starts_with("not ok ") || line.starts_with('#') {
            self.complaints.push(line.to_owned());
        }
    }

    pub fn failure(&self, file: &str) -> Option<String> {
        let complete = self.planned == Some(self.passed);
        if complete && self.complaints.is_empty() {
            return None;
        }
        let planned = self.planned.map_or("no".into(), |n| n.to_string());
        Some(format!(
            "{file}: {} of {planned} planned passed\n{}",
            self.passed,
            self.complaints.join("\n")
        ))
    }
}

/// Runs a file as the superuser whose connection this is; where `until_the_first` failure, no further.
pub async fn run_file(connection: &mut PgConnection, sql: &str, until_the_first: bool) -> Outcome {
    let mut outcome = Outcome::default();
    if let Err(e) = connection
        .execute("set search_path = public, extensions")
        .await
    {
        outcome.complaints.push(format!("did not begin: {e}"));
        return outcome;
    }
    let mut rows = raw_sql(AssertSqlSafe(sql.to_owned())).fetch(connection);
    loop {
        match rows.try_next().await {
            Ok(Some(row)) => {
                // Assertions answer with one text; everything else is the story between them.
                let text: Option<String> = row.try_get_unchecked(0).unwrap_or_default();
                text.unwrap_or_default()
                    .lines()
                    .for_each(|line| outcome.read(line));
                if until_the_first && !outcome.complaints.is_empty() {
                    return outcome;
                }
            }
            Ok(None) => return outcome,
            Err(e) => {
                outcome.complaints.push(format!("ended by an error: {e}"));
                return outcome;
            }
        }
    }
}
