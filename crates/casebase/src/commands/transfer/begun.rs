//! What is known of an upload that was begun, so that the same command goes on with it.
//!
//! A record lies beside the session and is locked while somebody works on it. Each step adds a line, and the last line that
//! is whole counts, so a record is never half of something. It goes with the upload's end; what is older than Storage's and
//! the service's own memory, a day, is of no use and goes too.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Storage and the service forget at this age.
const USEFUL: Duration = Duration::from_secs(20 * 3600);

/// How far it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begun {
    /// The `Idempotency-Key` of what the service is asked.
    pub key: Uuid,
    /// The row, where the bytes go past the service.
    pub reserved: Option<Reserved>,
    /// Where Storage takes the pieces.
    pub url: Option<String>,
    /// All of them are there.
    #[serde(default)]
    pub written: bool,
}

/// What the service answered to the announcement: the row, and what writes its object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reserved {
    pub file: Map<String, Value>,
    pub upload: Link,
}

impl Reserved {
    /// A column of the row.
    pub fn text(&self, column: &str) -> &str {
        self.file
            .get(column)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// What writes its object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub resumable: Resumable,
}

/// In pieces.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resumable {
    pub endpoint: String,
    pub metadata: BTreeMap<String, String>,
    pub chunk_size: u64,
}

impl Begun {
    fn now() -> Self {
        Self {
            key: Uuid::new_v4(),
            reserved: None,
            url: None,
            written: false,
        }
    }
}

/// The record of one upload.
pub struct Record {
    /// None of a pipe, which can't be sent again.
    kept: Option<(PathBuf, File)>,
    begun: Begun,
}

impl Record {
    /// Of what is not kept.
    pub fn of_a_pipe() -> Self {
        Self {
            kept: None,
            begun: Begun::now(),
        }
    }

    /// Of this upload: what was begun, or a beginning. `what` is all that makes it this one.
    pub fn open(folder: &Path, what: &str) -> anyhow::Result<Self> {
        forget_old(folder);
        let path = folder.join(hex::encode(Sha256::digest(what)));
        let file = File::options()
            .create(true)
            .append(true)
            .read(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| path.display().to_string())?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => bail!("another command sends it now"),
            locked => locked.map_err(std::io::Error::from)?,
        }
        let lines = BufReader::new(&file).lines().map_while(Result::ok);
        let last = lines.filter_map(|line| serde_json::from_str(&line).ok());
        let begun = last.last();
        let mut record = Self {
            begun: begun.clone().unwrap_or_else(Begun::now),
            kept: Some((path, file)),
        };
        // Before anything is asked under its key.
        if begun.is_none() {
            record.change(|_| {})?;
        }
        Ok(record)
    }

    /// How far it is.
    pub fn begun(&self) -> &Begun {
        &self.begun
    }

    /// It is further now.
    pub fn change(&mut self, change: impl FnOnce(&mut Begun)) -> anyhow::Result<()> {
        change(&mut self.begun);
        let Some((path, file)) = &mut self.kept else {
            return Ok(());
        };
        let line = serde_json::to_string(&self.begun)?;
        // A line that broke off is ended first.
        let written = write!(file, "\n{line}\n").and_then(|()| file.sync_data());
        written.with_context(|| path.display().to_string())
    }

    /// It is over: done, or refused for good.
    pub fn forget(self) {
        if let Some((path, _lock)) = self.kept
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), %error, "the record of an upload is left");
        }
    }
}

/// By their age alone: a record that somebody works on is younger.
fn forget_old(folder: &Path) {
    let records = fs::read_dir(folder).into_iter().flatten().flatten();
    for record in records {
        let changed = record.metadata().and_then(|data| data.modified());
        let age = changed.ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > USEFUL) {
            let _ = fs::remove_file(record.path());
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_record_goes_on_where_it_stopped_and_a_line_that_broke_off_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Record::open(folder.path(), "a file").unwrap();
        let key = first.begun().key;
        first
            .change(|begun| begun.url = Some("there".into()))
            .unwrap();
        let (path, mut file) = first.kept.take().unwrap();
        write!(file, "{{\"key\": \"half").unwrap();
        drop(file);
        let mut second = Record::open(folder.path(), "a file").unwrap();
        assert_eq!(second.begun().key, key);
        assert_eq!(second.begun().url.as_deref(), Some("there"));
        second.change(|begun| begun.written = true).unwrap();
        drop(second);
        let third = Record::open(folder.path(), "a file").unwrap();
        assert!(third.begun().written);
        third.forget();
        assert!(!path.exists());
        assert_ne!(
            Record::open(folder.path(), "a file").unwrap().begun().key,
            key
        );
    }

    #[test]
    fn two_do_not_send_the_same_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Record::open(folder.path(), "a file").unwrap();
        let second = Record::open(folder.path(), "a file").err().unwrap();
        assert_eq!(second.to_string(), "another command sends it now");
        Record::open(folder.path(), "another file").unwrap();
    }
}
