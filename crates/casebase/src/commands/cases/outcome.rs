//! What became of each of several cases.

use casebase_supabase::{postgrest::ApiError, rows::CaseNumber};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    commands::{
        fail_for_some,
        table::{self, Form, Told},
    },
    database::words,
    terminal::describe,
};

const SHOWN: &[&str] = &["case_id", "result", "error"];

/// What was done to which cases, and what was not.
#[derive(Default)]
pub struct Outcomes {
    rows: Vec<Value>,
    failed: usize,
}

/// What `rpc/update_cases` says of a case.
#[derive(Deserialize)]
pub struct Changed {
    id: u64,
    result: String,
    error: Option<Refused>,
    events: Option<Value>,
}

#[derive(Deserialize)]
struct Refused {
    code: String,
    message: String,
    hint: Option<String>,
}

impl Outcomes {
    /// Does it to one after the other; what fails for one stops no other.
    pub async fn of_each(
        cases: &[CaseNumber],
        work: impl AsyncFn(CaseNumber) -> anyhow::Result<Value>,
    ) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for &case in cases {
            match work(case).await {
                Ok(more) => {
                    let mut row = json!({"case_id": case, "result": "done"});
                    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
                        row.extend(more);
                    }
                    all.rows.push(row);
                }
                Err(error) if cases.len() == 1 => return Err(error),
                Err(error) => all
                    .fail(json!({"case_id": case, "result": "refused", "error": describe(&error)})),
            }
        }
        Ok(all)
    }

    /// As the database answered.
    pub fn of_changes(changed: Vec<Changed>) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for one in changed {
            let case: CaseNumber = one.id.to_string().parse()?;
            let mut row = json!({"case_id": case, "result": one.result});
            let error = match (one.error, one.result.as_str()) {
                (Some(refused), _) => Some(refused.words()),
                (None, "not_visible") => {
                    Some("there is no such case, or you may not see it".to_owned())
                }
                (None, _) => None,
            };
            if let Some(events) = one.events.filter(|events| !events.is_null()) {
                row["events"] = events;
            }
            match error {
                Some(error) => {
                    row["error"] = error.into();
                    all.fail(row);
                }
                None => all.rows.push(row),
            }
        }
        Ok(all)
    }

    /// These, too.
    pub fn extend(&mut self, more: Self) {
        self.rows.extend(more.rows);
        self.failed += more.failed;
    }

    fn fail(&mut self, row: Value) {
        self.rows.push(row);
        self.failed += 1;
    }

    /// Prints them; an error if one failed.
    pub fn tell(mut self, told: Told, done: &str) -> anyhow::Result<()> {
        if let [row] = &self.rows[..]
            && self.failed == 1
        {
            let said = row["error"].as_str().unwrap_or_default();
            anyhow::bail!("{}: {said}", row["case_id"].as_str().unwrap_or_default());
        }
        for row in &mut self.rows {
            let error = row["error"].as_str().map(|said| said.replace('\n', "; "));
            if let Some(error) = error {
                row["error"] = error.into();
            }
        }
        let shown = match (told.form(), self.failed) {
            // Where nothing failed, there is no why.
            (Form::Table, 0) => &SHOWN[..2],
            _ => SHOWN,
        };
        table::print(&self.rows, shown, told.form())?;
        fail_for_some(self.failed, self.rows.len(), done)
    }
}

impl Refused {
    fn words(self) -> String {
        words(&ApiError {
            status: 400,
            code: self.code,
            message: self.message,
            details: None,
            hint: self.hint,
        })
    }
}
