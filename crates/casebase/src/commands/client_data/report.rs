//! What an erasure did, as a file that is written while it goes on, and as text.

use std::{fs, io, path::Path};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Counts;

/// The report: ids and numbers, none of the client's words.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// Of this client.
    pub client_id: Uuid,
    /// When it was confirmed.
    pub begun_at: String,
    /// When nothing was left; null: not yet.
    pub finished_at: Option<String>,
    /// Rows by table and objects, before.
    pub before: Counts,
    /// And when it was finished.
    pub after: Counts,
    /// Objects that were deleted, and asked for again: each answered that it is not there. One at which the command was
    /// killed is not counted; that there is none left stands in `after`.
    pub objects_answered_404: u64,
    /// What is kept, and why.
    pub kept: Vec<String>,
}

impl Report {
    /// What was begun; none: nothing was.
    pub fn read(from: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read(from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| from.display().to_string())?,
        };
        let report = serde_json::from_slice(&text);
        let report =
            report.with_context(|| format!("{} is no report of an erasure", from.display()))?;
        Ok(Some(report))
    }

    /// That it is of this client.
    pub fn is_of(&self, client: Uuid, at: &Path) -> anyhow::Result<()> {
        if self.client_id != client {
            bail!(
                "{} is the report of another client, {}\nhint: say another file with --report",
                at.display(),
                self.client_id
            );
        }
        Ok(())
    }

    /// For a person.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("erased client {}", self.client_id)];
        let width = self.before.keys().map(String::len).max().unwrap_or(0);
        for (kind, before) in &self.before {
            let after = self.after.get(kind).copied().unwrap_or(0);
            lines.push(format!("  {kind:width$}  {before} before, {after} now"));
        }
        lines.push(format!(
            "  of the objects, {} were asked for again: not there",
            self.objects_answered_404
        ));
        lines.push("kept:".into());
        lines.extend(self.kept.iter().map(|kept| format!("  - {kept}")));
        lines.join("\n")
    }
}
