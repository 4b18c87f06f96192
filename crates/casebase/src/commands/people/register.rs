//! A table of things with names that admins keep.

use serde_json::{Map, Value};

use crate::{
    commands::{
        fail_for_some,
        naming::Kind,
        table::{self, Told},
        usage,
    },
    session::Session,
    terminal,
};

/// Which.
pub struct Register {
    /// What its rows are.
    pub kind: Kind,
    /// The table.
    pub table: &'static str,
    /// Its key.
    pub key: &'static str,
    /// What is shown of a row.
    pub shown: &'static [&'static str],
}

impl Register {
    /// Prints all of them.
    pub async fn list(&self, told: Told) -> anyhow::Result<()> {
        let mut rows = Session::open()?.all(self.table, self.key, |it| it).await?;
        rows.sort_by_key(|row| row["name"].as_str().map(str::to_lowercase));
        Ok(table::print(&rows, self.shown, told.form())?)
    }

    /// Adds one.
    pub async fn add(&self, session: &Session, row: Value, told: Told) -> anyhow::Result<()> {
        let row = session.insert(self.table, &row).await?;
        Ok(table::print(&[row], self.shown, told.form())?)
    }

    /// Changes the one that is called so.
    pub async fn change(
        &self,
        session: &Session,
        text: &str,
        to: &Map<String, Value>,
    ) -> anyhow::Result<Value> {
        let id = self.kind.find(session, text).await?;
        let changed = session
            .update(self.table, |it| it.eq(self.key, id), to)
            .await?;
        match changed.into_iter().next() {
            Some(row) => Ok(row),
            None => Err(self.none(text, "change")),
        }
    }

    /// [`Self::change`], and prints it.
    pub async fn change_and_tell(
        &self,
        text: &str,
        to: Map<String, Value>,
        told: Told,
    ) -> anyhow::Result<()> {
        if to.is_empty() {
            return Err(nothing_to_change());
        }
        let row = self.change(&Session::open()?, text, &to).await?;
        Ok(table::print(&[row], self.shown, told.form())?)
    }

    /// Deletes those that are called so, one after the other.
    pub async fn delete(&self, texts: &[String]) -> anyhow::Result<()> {
        let session = Session::open()?;
        let mut failed = 0;
        for text in texts {
            match self.delete_one(&session, text).await {
                Ok(()) => terminal::say(format_args!("deleted {text}")),
                Err(error) if texts.len() == 1 => return Err(error),
                Err(error) => {
                    terminal::say_error(&error);
                    failed += 1;
                }
            }
        }
        fail_for_some(failed, texts.len(), "deleted")
    }

    async fn delete_one(&self, session: &Session, text: &str) -> anyhow::Result<()> {
        let id = self.kind.find(session, text).await?;
        match session.delete(self.table, |it| it.eq(self.key, id)).await?[..] {
            [] => Err(self.none(text, "delete")),
            _ => Ok(()),
        }
    }

    /// The database tells a row that is missing from one that is not the caller's to change as little as this.
    fn none(&self, text: &str, change: &str) -> anyhow::Error {
        let kind = self.kind.words();
        anyhow::anyhow!(
            "there is no {kind} `{text}`, or you may not {change} it\nhint: admins do; `casebase whoami` says who you are here"
        )
    }
}

/// Nothing was said.
pub fn nothing_to_change() -> anyhow::Error {
    let message = "nothing says what is to change";
    usage(clap::error::ErrorKind::MissingRequiredArgument, message)
}

/// What was given, by its column.
pub fn given<const N: usize>(columns: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = columns
        .into_iter()
        .filter_map(|(column, value)| Some((column.to_owned(), value?)));
    given.collect()
}
