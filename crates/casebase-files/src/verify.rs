//! How an uploaded file becomes available.
//!
//! The bytes are read back with the caller's token, then the database is told what they are,
//! together with the version of the object that was read: it refuses when the object was replaced
//! meanwhile, and lets others read that version only.

use casebase_supabase::{
    jwt::UserToken,
    rows::{FileRow, FileState},
};
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::{
    check::{self, Accepted, Inspection},
    error::Error,
    files::{Files, object_of},
    ledger::Verified,
    name,
    passage::Passage,
    scan::Scan,
    storage::{self, Bytestream, StreamError, at_most},
};

impl Files {
    /// Says that a file's bytes are there, which its uploader wrote without this service, and verifies it. Dies in between:
    /// an `uploaded` row, and the same call again goes on.
    pub async fn complete<R: FileRow>(&self, user: &UserToken, row: R) -> Result<R, Error> {
        let file = row.stored();
        if file.state == FileState::Pending {
            let announced = u64::try_from(file.file_size).unwrap_or_default();
            self.mark_uploaded(user, &row, announced).await?;
        }
        self.verify(user, row).await
    }

    /// Verifies a file that its uploader wrote without this service. One that is available already
    /// is given as it is; one that is refused is deleted.
    pub async fn verify<R: FileRow>(&self, user: &UserToken, row: R) -> Result<R, Error> {
        if row.stored().state == FileState::Available {
            return Ok(row);
        }
        let verified = self.verify_bytes(user, &row, None).await;
        match &verified {
            // Another call verified it meanwhile.
            Err(Error::WrongState(_)) => {
                let now: Option<R> = self.row(user, row.id()).await?;
                let available = |row: &R| row.stored().state == FileState::Available;
                if let Some(now) = now.filter(available) {
                    return Ok(now);
                }
            }
            Err(Error::Infected(_)) => self.remove_object(user, &row).await,
            Err(error) if error.condemns() => self.take_back(user, &row).await,
            _ => {}
        }
        verified
    }

    /// `sent`: what this service itself wrote a moment ago, which has to come back unchanged.
    pub(crate) async fn verify_bytes<R: FileRow>(
        &self,
        user: &UserToken,
        row: &R,
        sent: Option<&Inspection>,
    ) -> Result<R, Error> {
        let candidate = self.ledger.begin(row.key()).await?;
        let (stored, accepted) = match self.check(user, row, sent).await {
            Ok(checked) => checked,
            Err(refusal) => return Err(self.refuse(row, refusal).await),
        };
        let verified = Verified {
            object_version: candidate.object_version,
            sha256: stored.sha256,
            file_size: i64::try_from(stored.size).map_err(|_| Error::Corrupted)?,
            content_type: accepted.content_type,
            notes: accepted.notes,
        };
        read_row(self.ledger.finish(row.key(), verified).await?)
    }

    /// The database is told of what holds for good. What the caller hears.
    pub(crate) async fn refuse(&self, row: &impl FileRow, refusal: Error) -> Error {
        if !refusal.condemns() {
            return refusal;
        }
        let told = self.ledger.reject(row.key(), &refusal.to_string()).await;
        told.map_or_else(Error::from, |()| refusal)
    }

    /// A way through the virus scanner, if there is one.
    pub(crate) async fn scan(&self) -> Result<Option<Scan>, Error> {
        Ok(match &self.scanner {
            Some(scanner) => Some(scanner.begin().await?),
            None => None,
        })
    }

    async fn check(
        &self,
        user: &UserToken,
        row: &impl FileRow,
        sent: Option<&Inspection>,
    ) -> Result<(Inspection, Accepted), Error> {
        let (stored, stored_type) = self.read_back(user, row).await?;
        if sent.is_some_and(|sent| !sent.is_same(&stored)) {
            return Err(Error::Corrupted);
        }
        let accepted = self.accept(row, &stored, &stored_type)?;
        Ok((stored, accepted))
    }

    pub(crate) fn accept(
        &self,
        row: &impl FileRow,
        stored: &Inspection,
        stored_type: &str,
    ) -> Result<Accepted, Error> {
        self.judge(&row.stored().original_name, stored, stored_type)
    }

    /// Whether bytes are taken under this name, stored as that.
    pub(crate) fn judge(
        &self,
        name: &str,
        stored: &Inspection,
        stored_type: &str,
    ) -> Result<Accepted, Error> {
        if stored.size == 0 {
            return Err(Error::Empty);
        }
        check::check_stored_type(stored_type)?;
        let extension = name::extension(name);
        Ok(self.rules.judge(extension.as_deref(), stored)?)
    }

    async fn read_back(
        &self,
        user: &UserToken,
        row: &impl FileRow,
    ) -> Result<(Inspection, String), Error> {
        let object = self.store.get(user, &object_of(row)?, None).await?;
        let stored_type = object.content_type.clone();
        let bytes = self.read(object).await?;
        Ok((
            bytes,
            stored_type.unwrap_or_else(|| row.stored().content_type.clone()),
        ))
    }

    /// All of an object, past the virus scanner if there is one.
    pub(crate) async fn read(&self, object: storage::Object) -> Result<Inspection, Error> {
        let limit = self.max_bytes;
        if object.length.is_some_and(|length| length > limit) {
            return Err(Error::TooLarge { limit });
        }
        passed(object.body, limit, Passage::back(self.scan().await?)).await
    }

    /// Bytes that were checked before.
    pub(crate) async fn inspect(&self, body: Bytestream, limit: u64) -> Result<Inspection, Error> {
        passed(body, limit, Passage::back(None)).await
    }
}

/// The length is what Storage says; what comes counts.
async fn passed(body: Bytestream, limit: u64, mut passage: Passage) -> Result<Inspection, Error> {
    let mut body = at_most(limit, body);
    while let Some(bytes) = body.try_next().await.map_err(broken)? {
        passage.update(&bytes).await?;
    }
    Ok(passage.finish().await?.file)
}

/// A row as the ledger gives it.
pub(crate) fn read_row<R: FileRow>(row: Value) -> Result<R, Error> {
    serde_json::from_value(row).map_err(|error| Error::LedgerUnavailable(error.to_string()))
}

/// Here it is Storage that sends.
fn broken(error: StreamError) -> Error {
    match error {
        StreamError::AboveLimit { .. } => error.into(),
        other => Error::Storage(storage::Error::Unavailable(other.to_string())),
    }
}
