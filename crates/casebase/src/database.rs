//! The project's database over its REST interface, asked by whoever is signed in: for what the service has no route. What it
//! refuses is told as the service would tell it.

use anyhow::anyhow;
use casebase_supabase::postgrest::{ApiError, Error, Query};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{session::Session, terminal::describe};

/// As many rows as PostgREST gives at a time.
const MOST: usize = 1000;

impl Session {
    /// Calls a function that changes nothing, with named arguments; what it returns.
    pub async fn call<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &impl Serialize,
    ) -> anyhow::Result<T> {
        let called = self.rpc(function).await?.call(arguments).await;
        called.map_err(|error| self.told(error))
    }

    /// Calls a function that changes something; what it returns.
    pub async fn change<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &impl Serialize,
    ) -> anyhow::Result<T> {
        let called = self.rpc(function).await?.call(arguments).await;
        called.map_err(|error| self.told_of_change(error))
    }

    /// Every row of a table or view that `narrow` leaves, however many: in the order of `key`, which differs from row to row
    /// and is among the columns.
    pub async fn all(
        &self,
        table: &str,
        key: &str,
        narrow: impl Fn(Query) -> Query,
    ) -> anyhow::Result<Vec<Value>> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let last = all.last().map(|row| match &row[key] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            let page = narrow(self.from(table).await?).page(key, last, MOST);
            let page: Vec<Value> = page.rows().await.map_err(|error| self.told(error))?;
            let more = page.len() == MOST;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }

    /// Writes a row; the row as the database completed it.
    pub async fn insert(&self, table: &str, row: &impl Serialize) -> anyhow::Result<Value> {
        let inserted = self.from(table).await?.insert(row).await;
        inserted.map_err(|error| self.told_of_change(error))
    }

    /// Changes the rows that `narrow` leaves; those that were changed.
    pub async fn update(
        &self,
        table: &str,
        narrow: impl FnOnce(Query) -> Query,
        to: &impl Serialize,
    ) -> anyhow::Result<Vec<Value>> {
        let updated = narrow(self.from(table).await?).update(to).await;
        updated.map_err(|error| self.told_of_change(error))
    }

    /// Deletes the rows that `narrow` leaves; those that were deleted.
    pub async fn delete(
        &self,
        table: &str,
        narrow: impl FnOnce(Query) -> Query,
    ) -> anyhow::Result<Vec<Value>> {
        let deleted = narrow(self.from(table).await?).delete().await;
        deleted.map_err(|error| self.told_of_change(error))
    }

    /// Whoever does not answer may have made the change all the same.
    fn told_of_change(&self, error: Error) -> anyhow::Error {
        let unknown = matches!(
            error,
            Error::Timeout | Error::Unreachable(_) | Error::UnexpectedAnswer { .. }
        );
        let told = self.told(error);
        match unknown {
            true => {
                let said = describe(&told);
                anyhow!("{said}\nhint: look whether it was done before you try again")
            }
            false => told,
        }
    }

    fn told(&self, error: Error) -> anyhow::Error {
        match error {
            Error::Api(refusal) => anyhow!(words(&refusal)),
            Error::Token(_) => {
                anyhow!("{error}\nhint: `casebase login` begins another session")
            }
            Error::Unreachable(_) | Error::Timeout | Error::UnexpectedAnswer { .. } => {
                let project = &self.place().supabase;
                anyhow::Error::new(error)
                    .context(format!("the project at {project} does not answer"))
            }
            other => other.into(),
        }
    }
}

/// A refusal for a person: without codes, and without the policy's and the table's names.
pub fn words(refusal: &ApiError) -> String {
    let hidden = ["row-level security", "permission denied"];
    let hidden = hidden.iter().any(|words| refusal.message.contains(words));
    if refusal.code == "42501" && hidden {
        return "you may not do this\nhint: `casebase whoami` says who you are here".to_owned();
    }
    let message = match refusal.violation() {
        Some(violation) => violation.sentence,
        None => &refusal.message,
    };
    match &refusal.hint {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message.to_owned(),
    }
}
