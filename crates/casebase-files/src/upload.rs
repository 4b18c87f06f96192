//! How a file gets into a case.
//!
//! The row is reserved first, then the object written, so there is never an object that no row names; others see the row
//! only when its bytes were checked. They are checked as they pass: where Storage's own record of the object proves that
//! they arrived whole, they are not read back. What stops half-way is taken back under the caller's token, and where that
//! is not taken any more, a row without an object by the service's own role. An object that nobody could delete keeps its
//! row, `deleting`, for who may delete it.

use std::str::FromStr;

use bytes::BytesMut;
use casebase_supabase::{
    jwt::UserToken,
    postgrest,
    rows::{CaseFile, CaseNumber, FileState, InteractionId},
};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    case_files::{CaseFiles, object_of},
    check::{Accepted, HEAD},
    digest::{Claim, Tags},
    error::Error,
    ledger::Sent,
    name::{self, FileName},
    passage::Passage,
    storage::{Bytestream, NewObject, at_most, with_idle_limit, within},
};

/// A file to be added to a case.
pub struct NewFile {
    /// The case.
    pub case: CaseNumber,
    /// What its uploader says of it.
    pub fields: Fields,
    /// Its name where it came from, as it was given: the database judges it.
    pub name: String,
    /// How many bytes are coming, if known.
    pub length: Option<u64>,
    /// The digests that came along.
    pub claims: Vec<Claim>,
    /// Under which claim, where the request may come again.
    pub claim: Option<Uuid>,
}

/// What an uploader says of a file beside its name and bytes, under the names of the columns: requests are read into
/// it, the row is written from it, and it documents both. Left out, the database decides.
#[derive(
    Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema,
)]
#[into_params(parameter_in = Query)]
pub struct Fields {
    /// The interaction it belongs to; none: the case itself.
    #[serde(
        default,
        deserialize_with = "interaction",
        skip_serializing_if = "Option::is_none"
    )]
    #[param(value_type = Option<i64>)]
    #[schema(value_type = i64, required = false)]
    pub interaction_id: Option<InteractionId>,
    /// `true`: the client sees it; `false`: it is internal.
    #[serde(
        default,
        deserialize_with = "yes_or_no",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = bool, required = false)]
    pub visible_to_client: Option<bool>,
}

fn interaction<'de, D: Deserializer<'de>>(text: D) -> Result<Option<InteractionId>, D::Error> {
    parsed(text, "the number of an interaction, like 7")
}

fn yes_or_no<'de, D: Deserializer<'de>>(text: D) -> Result<Option<bool>, D::Error> {
    parsed(text, "true or false")
}

/// Queries and forms say everything as text. The error is what the text should have been.
fn parsed<'de, D, T>(text: D, wanted: &str) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    let parsed = String::deserialize(text)?.parse();
    parsed.map(Some).map_err(|_| D::Error::custom(wanted))
}

/// The arguments of `reserve_case_file`.
#[derive(Serialize)]
struct Reservation<'a> {
    case_number: CaseNumber,
    file_name: String,
    original_name: &'a str,
    content_type: &'a str,
    file_size: u64,
    #[serde(flatten)]
    fields: &'a Fields,
}

/// What it answers.
#[derive(Deserialize)]
pub(crate) struct Reserved {
    pub(crate) file: CaseFile,
    size_limit: Option<u64>,
}

impl Reserved {
    /// Whether the bucket takes so many bytes.
    pub(crate) fn takes(&self, length: Option<u64>) -> Result<(), Error> {
        match self.size_limit {
            Some(limit) if length.is_some_and(|length| length > limit) => {
                Err(Error::TooLarge { limit })
            }
            _ => Ok(()),
        }
    }

    /// Storage holds a body to the bucket's limit where it knows its length beforehand; here every body is.
    fn within_limit(&self, length: Option<u64>, body: Bytestream) -> Result<Bytestream, Error> {
        self.takes(length)?;
        Ok(match self.size_limit {
            Some(limit) => at_most(limit, body),
            None => body,
        })
    }
}

impl CaseFiles {
    /// Adds a file to a case and gives its row, `available`. Reserving it, writing it and finishing it are one round trip
    /// each, unless Storage can't prove what it has.
    ///
    /// Dropping the future half-way leaves the reservation behind: run it in a task of its own.
    pub async fn upload(
        &self,
        user: &UserToken,
        mut file: NewFile,
        body: Bytestream,
    ) -> Result<CaseFile, Error> {
        let claims = std::mem::take(&mut file.claims);
        let (expected, body) = self.open(user, &file, body).await?;
        let passage = Passage::out(Tags::new(self.tags.get()), claims, self.scan().await?);
        let reserved = self.reserve(user, &file, &expected.content_type).await?;
        let row = &reserved.file;
        let body = reserved.within_limit(file.length, body);
        let written = match body {
            Ok(body) => {
                self.write_and_finish(user, row, file.length, body, passage)
                    .await
            }
            Err(too_large) => Err(too_large),
        };
        if let Err(error) = &written {
            tracing::warn!(file = %row.id, %error, "taking an upload back");
            match error {
                Error::Infected(_) => self.remove_object(user, row).await,
                _ => self.take_back(user, row).await,
            }
        }
        written
    }

    /// Reads the beginning and refuses what need not be tried, before anything is reserved. Gives what the file is as far
    /// as that says, and all of the bytes, the beginning again included.
    ///
    /// They end while the token leaves time to finish, or to take back what was begun: Storage looks at it when an upload
    /// begins, and PostgREST when it is over.
    async fn open(
        &self,
        user: &UserToken,
        file: &NewFile,
        body: Bytestream,
    ) -> Result<(Accepted, Bytestream), Error> {
        let limit = self.max_bytes;
        if file.length.is_some_and(|length| length > limit) {
            return Err(Error::TooLarge { limit });
        }
        let mut body = with_idle_limit(at_most(limit, within(user.time_to_work(), body)));
        let mut beginning = BytesMut::new();
        while beginning.len() < HEAD {
            match body.try_next().await? {
                Some(bytes) => beginning.extend_from_slice(&bytes),
                None => break,
            }
        }
        if beginning.is_empty() {
            return Err(Error::Empty);
        }
        let head = beginning.get(..HEAD).unwrap_or(&beginning);
        let extension = name::extension(&file.name);
        let expected = self.rules.judge_head(extension.as_deref(), head)?;
        let beginning = stream::iter([Ok(beginning.freeze())]);
        Ok((expected, beginning.chain(body).boxed()))
    }

    /// Writes the `pending` row; the database gives it a number where its name is taken. Dies afterwards: the row stays,
    /// seen by its uploader only.
    pub(crate) async fn reserve(
        &self,
        user: &UserToken,
        file: &NewFile,
        content_type: &str,
    ) -> Result<Reserved, Error> {
        let now = Utc::now().timestamp();
        let names = FileName::new(file.case, file.fields.interaction_id, now, &file.name);
        let reservation = Reservation {
            case_number: file.case,
            file_name: names.to_string(),
            original_name: &file.name,
            content_type,
            file_size: file.length.unwrap_or(0),
            fields: &file.fields,
        };
        let call = self.db.rpc("reserve_case_file", user);
        let call = call.claimed(file.claim).call(&reservation);
        call.await.map_err(|error| not_found(error, file))
    }

    /// Dies after the object is written: a `pending` row with its object, which its uploader can still delete.
    async fn write_and_finish(
        &self,
        user: &UserToken,
        row: &CaseFile,
        length: Option<u64>,
        body: Bytestream,
        passage: Passage,
    ) -> Result<CaseFile, Error> {
        let passed = self.write(user, row, length, body, passage).await?;
        let checked = match passed.finish().await {
            Ok(passed) => self
                .accept(row, &passed.file, &row.content_type)
                .map(|accepted| (passed, accepted)),
            Err(refusal) => Err(refusal),
        };
        let (passed, accepted) = match checked {
            Ok(checked) => checked,
            Err(refusal) => return Err(self.refuse(row, refusal).await),
        };
        let sent = Sent {
            etags: passed.etags,
            sha256: passed.file.sha256.clone(),
            file_size: i64::try_from(passed.file.size).map_err(|_| Error::Corrupted)?,
            content_type: accepted.content_type,
            notes: accepted.notes,
        };
        let finished = self.ledger.finish_sent(row.id, sent).await?;
        self.tags.learn(finished.etag.as_deref(), passed.file.size);
        if let Some(available) = finished.file {
            return Ok(available);
        }
        tracing::debug!(file = %row.id, "Storage's record does not prove the bytes; they are read back");
        self.mark_uploaded(user, row, passed.file.size).await?;
        self.verify_bytes(user, row, Some(&passed.file)).await
    }

    /// The passage, once all bytes went through it and Storage has said that it has them.
    async fn write(
        &self,
        user: &UserToken,
        row: &CaseFile,
        length: Option<u64>,
        body: Bytestream,
        passage: Passage,
    ) -> Result<Passage, Error> {
        let passage = passage.share();
        let object = NewObject {
            content_type: row.content_type.clone(),
            length,
            body: passage.over(body),
        };
        self.store.put(user, &object_of(row)?, object).await?;
        Ok(passage.take().await)
    }

    pub(crate) async fn mark_uploaded(
        &self,
        user: &UserToken,
        row: &CaseFile,
        size: u64,
    ) -> Result<(), Error> {
        let query = self
            .db
            .from("case_files", user)
            .select("id")
            .eq("id", row.id);
        let change = json!({"state": FileState::Uploaded, "file_size": size});
        let changed: Vec<Value> = query.update(&change).await?;
        if changed.is_empty() {
            return Err(Error::WrongState(
                "the reservation of this file is gone".into(),
            ));
        }
        Ok(())
    }
}

/// Which of what the reservation names is not there, or not for this user.
fn not_found(error: postgrest::Error, file: &NewFile) -> Error {
    let refusal = error.api().filter(|refusal| refusal.code == "PT404");
    match refusal.and_then(|refusal| refusal.details.as_deref()) {
        Some("case_number") => Error::CaseNotFound(file.case),
        Some("interaction_id") => match file.fields.interaction_id {
            Some(interaction) => Error::InteractionNotFound(interaction),
            None => error.into(),
        },
        _ => error.into(),
    }
}
