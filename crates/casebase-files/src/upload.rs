//! How a file gets where it belongs: into a case, or to a client's documents.
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
    rows::{CaseFile, CaseNumber, ClientDocument, DocumentId, FileRow, FileState, InteractionId},
};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    check::{Accepted, HEAD},
    digest::{Claim, Tags},
    error::Error,
    files::{Files, no_document, object_of},
    ledger::Sent,
    name::{self, FileName},
    passage::Passage,
    storage::{Bytestream, NewObject, at_most, with_idle_limit, within},
    verify::read_row,
};

/// Where a file is to go. Serialised, it is what the database's function that reserves the place is told of it.
pub trait Home: Serialize + Send + Sync {
    /// The row of a file there.
    type Row: FileRow;

    /// The function.
    const RESERVE: &'static str;

    /// How its object is called.
    fn object_name(&self, unix_seconds: i64, original: &str) -> String;

    /// The error for an argument that names what is not there, or not for this user. `hint`: what is.
    fn not_found(&self, argument: &str, hint: Option<&str>) -> Option<Error>;
}

/// A case, or one of its interactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InCase {
    /// The case.
    pub case_number: CaseNumber,
    /// What its uploader says of the file.
    #[serde(flatten)]
    pub fields: Fields,
}

impl Home for InCase {
    type Row = CaseFile;

    const RESERVE: &'static str = "reserve_case_file";

    fn object_name(&self, unix_seconds: i64, original: &str) -> String {
        let interaction = self.fields.interaction_id;
        FileName::new(self.case_number, interaction, unix_seconds, original).to_string()
    }

    fn not_found(&self, argument: &str, _: Option<&str>) -> Option<Error> {
        match argument {
            "case_number" => Some(Error::CaseNotFound(self.case_number)),
            "interaction_id" => self.fields.interaction_id.map(Error::InteractionNotFound),
            _ => None,
        }
    }
}

/// The documents of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfClient {
    /// The client.
    pub client_id: Uuid,
    /// What its uploader says of the document.
    #[serde(flatten)]
    pub fields: DocumentFields,
}

impl Home for OfClient {
    type Row = ClientDocument;

    const RESERVE: &'static str = "reserve_client_document";

    fn object_name(&self, _: i64, original: &str) -> String {
        name::plain(original)
    }

    fn not_found(&self, argument: &str, hint: Option<&str>) -> Option<Error> {
        match argument {
            "client_id" => Some(Error::ClientNotFound(self.client_id)),
            "category" => Some(Error::CategoryNotFound {
                category: self.fields.category.clone(),
                hint: hint.map(str::to_owned),
            }),
            _ => None,
        }
    }
}

/// The versions of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OfDocument {
    /// The document.
    pub document_id: DocumentId,
}

impl Home for OfDocument {
    type Row = ClientDocument;

    const RESERVE: &'static str = OfClient::RESERVE;

    fn object_name(&self, _: i64, original: &str) -> String {
        name::plain(original)
    }

    fn not_found(&self, argument: &str, _: Option<&str>) -> Option<Error> {
        (argument == "document_id").then(|| no_document(self.document_id))
    }
}

/// A file to be added.
pub struct NewFile<H> {
    /// Where.
    pub home: H,
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

/// The same of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct DocumentFields {
    /// What the document is: the code of one of `document_categories`.
    #[param(example = "policies")]
    #[schema(example = "policies")]
    pub category: String,
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

/// The arguments of [`Home::RESERVE`].
#[derive(Serialize)]
struct Reservation<'a, H> {
    file_name: String,
    original_name: &'a str,
    content_type: &'a str,
    file_size: u64,
    #[serde(flatten)]
    home: &'a H,
}

/// What it answers.
#[derive(Deserialize)]
pub(crate) struct Reserved<R> {
    pub(crate) file: R,
    size_limit: Option<u64>,
}

impl<R> Reserved<R> {
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

impl Files {
    /// Adds a file and gives its row, `available`. Reserving it, writing it and finishing it are one round trip
    /// each, unless Storage can't prove what it has.
    ///
    /// Dropping the future half-way leaves the reservation behind: run it in a task of its own.
    pub async fn upload<H: Home>(
        &self,
        user: &UserToken,
        mut file: NewFile<H>,
        body: Bytestream,
    ) -> Result<H::Row, Error> {
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
            tracing::warn!(file = %row.key(), %error, "taking an upload back");
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
    async fn open<H>(
        &self,
        user: &UserToken,
        file: &NewFile<H>,
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
    pub(crate) async fn reserve<H: Home>(
        &self,
        user: &UserToken,
        file: &NewFile<H>,
        content_type: &str,
    ) -> Result<Reserved<H::Row>, Error> {
        let now = Utc::now().timestamp();
        let reservation = Reservation {
            file_name: file.home.object_name(now, &file.name),
            original_name: &file.name,
            content_type,
            file_size: file.length.unwrap_or(0),
            home: &file.home,
        };
        let call = self.db.rpc(H::RESERVE, user);
        let call = call.claimed(file.claim).call(&reservation);
        call.await.map_err(|error| not_found(error, &file.home))
    }

    /// Dies after the object is written: a `pending` row with its object, which its uploader can still delete.
    async fn write_and_finish<R: FileRow>(
        &self,
        user: &UserToken,
        row: &R,
        length: Option<u64>,
        body: Bytestream,
        passage: Passage,
    ) -> Result<R, Error> {
        let passed = self.write(user, row, length, body, passage).await?;
        let checked = match passed.finish().await {
            Ok(passed) => self
                .accept(row, &passed.file, &row.stored().content_type)
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
        let finished = self.ledger.finish_sent(row.key(), sent).await?;
        self.tags.learn(finished.etag.as_deref(), passed.file.size);
        if let Some(available) = finished.file {
            return read_row(available);
        }
        tracing::debug!(file = %row.key(), "Storage's record does not prove the bytes; they are read back");
        self.mark_uploaded(user, row, passed.file.size).await?;
        self.verify_bytes(user, row, Some(&passed.file)).await
    }

    /// The passage, once all bytes went through it and Storage has said that it has them.
    async fn write(
        &self,
        user: &UserToken,
        row: &impl FileRow,
        length: Option<u64>,
        body: Bytestream,
        passage: Passage,
    ) -> Result<Passage, Error> {
        let passage = passage.share();
        let object = NewObject {
            content_type: row.stored().content_type.clone(),
            length,
            body: passage.over(body),
        };
        self.store.put(user, &object_of(row)?, object).await?;
        Ok(passage.take().await)
    }

    pub(crate) async fn mark_uploaded(
        &self,
        user: &UserToken,
        row: &impl FileRow,
        size: u64,
    ) -> Result<(), Error> {
        let query = self.query(user, row);
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
fn not_found(error: postgrest::Error, home: &impl Home) -> Error {
    let named = error.api().and_then(|refusal| {
        let argument = match refusal.code.as_str() {
            "PT404" => refusal.details.as_deref(),
            // What no function looks up a foreign key does.
            "23503" => refusal.violation().and_then(|violation| violation.field),
            _ => None,
        };
        home.not_found(argument?, refusal.hint.as_deref())
    });
    named.unwrap_or_else(|| error.into())
}
