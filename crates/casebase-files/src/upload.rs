//! How a file gets into a case.
//!
//! The row is reserved first, then the object written, so there is never an object that no row
//! names; others see the row only when its bytes were read back and checked. What stops half-way is
//! taken back under the caller's token, and where that is not taken any more, a row without an object
//! by the service's own role. An object that nobody could delete keeps its row, `deleting`, for who may
//! delete it.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, CaseKey, CaseNumber, FileState, InteractionId},
};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    case_files::{CaseFiles, object_of},
    check::{self, HEAD, Inspection, Inspector},
    error::Error,
    name::{self, FileName, OriginalName},
    storage::{Bytestream, NewObject, at_most, with_idle_limit, within},
};

/// ` (2)`, ` (3)` … are tried this far: more files of one name in one second is no accident.
const NAME_CHOICES: u32 = 50;

/// A file to be added to a case.
pub struct NewFile {
    /// The case.
    pub case: CaseNumber,
    /// What its uploader says of it.
    pub fields: Fields,
    /// Its name where it came from.
    pub name: OriginalName,
    /// How many bytes are coming, if known.
    pub length: Option<u64>,
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

/// The columns that the uploader sets; the database sets the others.
#[derive(Serialize)]
struct Reservation<'a> {
    case_id: i64,
    file_name: String,
    original_name: &'a str,
    content_type: &'a str,
    file_size: u64,
    #[serde(flatten)]
    fields: &'a Fields,
}

impl CaseFiles {
    /// Adds a file to a case and gives its row, `available`.
    ///
    /// Dropping the future half-way leaves the reservation behind: run it in a task of its own.
    pub async fn upload(
        &self,
        user: &UserToken,
        file: NewFile,
        body: Bytestream,
    ) -> Result<CaseFile, Error> {
        let case = self.find_case(user, file.case).await?;
        if let Some(interaction) = file.fields.interaction_id {
            self.check_interaction(user, &case, interaction).await?;
        }
        let body = self.open(user, &file, body).await?;
        let row = self.reserve(user, &case, &file).await?;
        let written = self.write_and_verify(user, &row, file.length, body).await;
        if let Err(error) = &written {
            tracing::warn!(file = %row.id, %error, "taking an upload back");
            self.take_back(user, &row).await;
        }
        written
    }

    async fn find_case(&self, user: &UserToken, case: CaseNumber) -> Result<CaseKey, Error> {
        let query = self.db.from("cases", user).select("id,case_id");
        let found = query.eq("case_id", case).one().await?;
        found.ok_or(Error::CaseNotFound(case))
    }

    async fn check_interaction(
        &self,
        user: &UserToken,
        case: &CaseKey,
        interaction: InteractionId,
    ) -> Result<(), Error> {
        let query = self.db.from("interactions", user).select("id");
        let query = query.eq("id", interaction).eq("case_id", case.id);
        let found: Option<Value> = query.one().await?;
        found
            .map(drop)
            .ok_or(Error::InteractionNotFound(interaction))
    }

    /// Reads the beginning and refuses what need not be tried, before anything is reserved. Gives
    /// all of the bytes, the beginning again included.
    ///
    /// They end while the token leaves time to finish, or to take back what was begun: Storage looks at it when an upload
    /// begins, and PostgREST when it is over.
    async fn open(
        &self,
        user: &UserToken,
        file: &NewFile,
        body: Bytestream,
    ) -> Result<Bytestream, Error> {
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
        check::check_content(name::extension(file.name.as_str()).as_deref(), head)?;
        let beginning = stream::iter([Ok(beginning.freeze())]);
        Ok(beginning.chain(body).boxed())
    }

    /// Writes the `pending` row. Dies afterwards: the row stays, seen by its uploader only.
    async fn reserve(
        &self,
        user: &UserToken,
        case: &CaseKey,
        file: &NewFile,
    ) -> Result<CaseFile, Error> {
        let now = Utc::now().timestamp();
        let names = FileName::new(case.case_id, file.fields.interaction_id, now, &file.name);
        let content_type = check::content_type(name::extension(file.name.as_str()).as_deref());
        for n in 1..=NAME_CHOICES {
            let row = Reservation {
                case_id: case.id.0,
                file_name: names.choice(n),
                original_name: file.name.as_str(),
                content_type: &content_type,
                file_size: file.length.unwrap_or(0),
                fields: &file.fields,
            };
            match self
                .db
                .from("case_files", user)
                .claimed(file.claim)
                .insert(&row)
                .await
            {
                Err(error) if error.api().is_some_and(is_name_taken) => {}
                other => return Ok(other?),
            }
        }
        Err(Error::NameTaken)
    }

    /// Dies after the object is written: a `pending` row with its object. Dies before the end of
    /// verification: an `uploaded` row, which its uploader can have verified later.
    async fn write_and_verify(
        &self,
        user: &UserToken,
        row: &CaseFile,
        length: Option<u64>,
        body: Bytestream,
    ) -> Result<CaseFile, Error> {
        let sent = self.write(user, row, length, body).await?;
        self.mark_uploaded(user, row, sent.size).await?;
        self.verify_bytes(user, row, Some(&sent)).await
    }

    async fn write(
        &self,
        user: &UserToken,
        row: &CaseFile,
        length: Option<u64>,
        body: Bytestream,
    ) -> Result<Inspection, Error> {
        let body = self.within_bucket_limit(row, length, body).await?;
        let (body, inspector) = inspected(body);
        let object = NewObject {
            content_type: row.content_type.clone(),
            length,
            body,
        };
        self.store.put(user, &object_of(row)?, object).await?;
        let inspector = std::mem::take(&mut *lock(&inspector));
        Ok(inspector.finish())
    }

    /// Storage holds a body to the bucket's limit where it knows its length beforehand.
    async fn within_bucket_limit(
        &self,
        row: &CaseFile,
        length: Option<u64>,
        body: Bytestream,
    ) -> Result<Bytestream, Error> {
        if length.is_some() {
            return Ok(body);
        }
        let limit = self.ledger.bucket_limit(&row.bucket_id).await?;
        Ok(match limit {
            Some(limit) => at_most(limit, body),
            None => body,
        })
    }

    async fn mark_uploaded(
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

fn is_name_taken(error: &casebase_supabase::postgrest::ApiError) -> bool {
    error.violates("case_files_object_path_key")
}

/// The stream, with an inspector that has seen what passed.
fn inspected(body: Bytestream) -> (Bytestream, Arc<Mutex<Inspector>>) {
    let inspector = Arc::new(Mutex::new(Inspector::default()));
    let seen = Arc::clone(&inspector);
    let body = body.inspect_ok(move |bytes: &Bytes| lock(&seen).update(bytes));
    (body.boxed(), inspector)
}

/// An inspector is only ever added to, so one left by a panicking thread is as good as any.
fn lock(inspector: &Mutex<Inspector>) -> std::sync::MutexGuard<'_, Inspector> {
    inspector.lock().unwrap_or_else(PoisonError::into_inner)
}
