//! What is left half-way is ended or taken away, by the service's own role and a secret key: nobody asked for it, and nobody's
//! token is there. Never in the request of a user.
//!
//! Every step is one of the database's (`supabase/schemas/files/sweeping.sql`), refused when somebody else did it meanwhile;
//! so several may sweep at once, and a sweep that dies is begun again.

use std::sync::Arc;

use casebase_supabase::{
    SecretKey, SettingError,
    rows::{FileId, FileKey},
};
use url::Url;

use crate::{
    check::{Accepted, Inspection},
    error::Error,
    files::Files,
    ledger::{LedgerError, Verified},
    storage::{self, ObjectPath, OwnerStore},
};

/// What is to be done about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its object is there: it is checked, and becomes available or goes.
    Verify,
    /// Nobody ends it any more: it goes.
    Remove,
    /// It is to lie in the other bucket.
    Move,
    /// It has moved, and its old object is left.
    Clear,
}

/// A file that was left half-way, of a case or a document.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// Which.
    pub key: FileKey,
    /// What is to be done.
    pub step: Step,
    /// Its bucket and path.
    pub place: (String, String),
    /// Where else it lies, or is to lie.
    pub other_place: Option<(String, String)>,
    /// The name it had where it came from.
    pub original_name: String,
    /// What it is said to be.
    pub content_type: String,
    /// Its bytes, once checked.
    pub file_size: i64,
    /// Their SHA-256, once checked.
    pub sha256: Option<String>,
}

impl Unfinished {
    /// Only files of cases move.
    fn moving(&self) -> FileId {
        FileId(self.key.id)
    }
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// It was checked and is available.
    Verified,
    /// It, or what was left of it, is gone.
    Removed,
    /// It was checked and refused; its bytes are gone, its row says why.
    Refused,
    /// It lies where it is to lie.
    Moved,
    /// Somebody else was quicker.
    Meanwhile,
    /// It needs a secret key, and there is none.
    NeedsKey,
}

/// The database's functions that only a sweep asks for; the others are those of the ledger.
#[async_trait::async_trait]
pub trait SweepLedger: Send + Sync {
    /// What was left half-way, oldest first.
    async fn unfinished(&self) -> Result<Vec<Unfinished>, LedgerError>;
    /// Says that a pending file's object is there.
    async fn complete(&self, file: FileKey) -> Result<(), LedgerError>;
}

/// Sweeps one project.
#[derive(Clone)]
pub struct Sweeper {
    files: Files,
    ledger: Arc<dyn SweepLedger>,
    store: Option<OwnerStore>,
}

impl Sweeper {
    /// `files`: what is taken, and what scans it. Without a key only rows go that have no object.
    pub fn new(
        files: Files,
        ledger: Arc<dyn SweepLedger>,
        supabase_url: &Url,
        key: Option<SecretKey>,
    ) -> Result<Self, SettingError> {
        let store = key
            .map(|key| OwnerStore::new(supabase_url, key))
            .transpose()?;
        Ok(Self {
            files,
            ledger,
            store,
        })
    }

    /// What was left half-way, oldest first.
    pub async fn unfinished(&self) -> Result<Vec<Unfinished>, Error> {
        Ok(self.ledger.unfinished().await?)
    }

    /// Does what is to be done about one. An error: another time, perhaps.
    pub async fn sweep(&self, file: &Unfinished) -> Result<Swept, Error> {
        let swept = match (file.step, &self.store) {
            (Step::Remove, store) => self.remove(file, store.as_ref()).await,
            (_, None) => Ok(Swept::NeedsKey),
            (Step::Verify, Some(store)) => self.verify(file, store).await,
            (Step::Move, Some(store)) => self.finish_move(file, store).await,
            (Step::Clear, Some(store)) => self.clear(file, store).await,
        };
        match swept {
            Err(Error::WrongState(_)) => Ok(Swept::Meanwhile),
            swept => swept,
        }
    }

    /// The row is marked, the objects deleted, then the row. Dies in between: a `deleting` row, which the next sweep finds.
    async fn remove(&self, file: &Unfinished, store: Option<&OwnerStore>) -> Result<Swept, Error> {
        if self.files.ledger.withdraw(file.key).await? {
            return Ok(Swept::Removed);
        }
        let Some(store) = store else {
            return Ok(Swept::NeedsKey);
        };
        for place in [Some(&file.place), file.other_place.as_ref()]
            .into_iter()
            .flatten()
        {
            store.delete(&path(place)?).await?;
        }
        match self.files.ledger.withdraw(file.key).await? {
            true => Ok(Swept::Removed),
            false => Ok(Swept::Meanwhile),
        }
    }

    /// As the service verifies for an uploader. What is refused loses its bytes; its row says why, until a later sweep.
    async fn verify(&self, file: &Unfinished, store: &OwnerStore) -> Result<Swept, Error> {
        self.ledger.complete(file.key).await?;
        let ledger = &self.files.ledger;
        let object_version = ledger.begin(file.key).await?.object_version;
        let checked = self.check(file, store).await;
        let (bytes, accepted) = match checked {
            Ok(checked) => checked,
            Err(refusal) if refusal.condemns() => {
                ledger.reject(file.key, &refusal.to_string()).await?;
                store.delete(&path(&file.place)?).await?;
                return Ok(Swept::Refused);
            }
            Err(error) => return Err(error),
        };
        let verified = Verified {
            object_version,
            sha256: bytes.sha256,
            file_size: i64::try_from(bytes.size).map_err(|_| Error::Corrupted)?,
            content_type: accepted.content_type,
            notes: accepted.notes,
        };
        ledger.finish(file.key, verified).await?;
        Ok(Swept::Verified)
    }

    async fn check(
        &self,
        file: &Unfinished,
        store: &OwnerStore,
    ) -> Result<(Inspection, Accepted), Error> {
        let object = store.get(&path(&file.place)?).await?;
        let stored_type = object.content_type.clone();
        let bytes = self.files.read(object).await?;
        let stored_type = stored_type.as_deref().unwrap_or(&file.content_type);
        let accepted = self.files.judge(&file.original_name, &bytes, stored_type)?;
        Ok((bytes, accepted))
    }

    async fn finish_move(&self, file: &Unfinished, store: &OwnerStore) -> Result<Swept, Error> {
        let Some(to) = &file.other_place else {
            return Ok(Swept::Meanwhile);
        };
        let switched = self.copy_and_switch(file, store, &path(to)?).await;
        if let Err(Error::Corrupted | Error::Refused(_) | Error::TooLarge { .. }) = &switched {
            self.files.ledger.move_give_up(file.moving()).await?;
            return self.clear(file, store).await;
        }
        switched?;
        // What was its place is its second one now.
        let moved = Unfinished {
            other_place: Some(file.place.clone()),
            ..file.clone()
        };
        self.clear(&moved, store).await
    }

    async fn copy_and_switch(
        &self,
        file: &Unfinished,
        store: &OwnerStore,
        to: &ObjectPath,
    ) -> Result<(), Error> {
        store.copy(&path(&file.place)?, to).await?;
        let version = self.files.ledger.move_copied(file.moving()).await?;
        let copy = store.get(to).await?;
        let copy = self
            .files
            .inspect(copy.body, file.file_size.unsigned_abs())
            .await?;
        if Some(&copy.sha256) != file.sha256.as_ref() {
            return Err(Error::Corrupted);
        }
        let ledger = &self.files.ledger;
        ledger
            .move_finish(file.moving(), &version, &copy.sha256)
            .await?;
        Ok(())
    }

    async fn clear(&self, file: &Unfinished, store: &OwnerStore) -> Result<Swept, Error> {
        if let Some(place) = &file.other_place {
            store.delete(&path(place)?).await?;
        }
        self.files.ledger.move_end(file.moving()).await?;
        Ok(Swept::Moved)
    }
}

fn path((bucket, path): &(String, String)) -> Result<ObjectPath, storage::Error> {
    ObjectPath::new(bucket, path)
}
