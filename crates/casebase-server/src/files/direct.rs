//! `POST /v1/cases/{case_id}/files/direct`, and how any file is announced.

use axum::extract;
use casebase_files::{DirectUpload, Fields, Home, InCase, NewFile};
use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, CaseNumber, FileRow as _, FileState, InteractionId},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Number;
use utoipa::ToSchema;

use super::{
    Addressed,
    upload::{found_before, new_file},
};
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    idempotency::{self, Asked, Kept, Key, Turn},
    path::{CaseInPath, Segment},
};

/// What is said of bytes that say nothing of themselves.
const BYTES: &str = "application/octet-stream";

/// The file's name.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(
    min_length = 1,
    max_length = 255,
    pattern = r"^[^/\\\x00-\x1f\x7f-\x9f]*[^/\\.\s\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]*$"
)]
pub(crate) struct Name(String);

/// How many bytes it has.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(minimum = 1, maximum = 5_368_709_120_u64)]
pub(crate) struct Size(#[serde(deserialize_with = "whole_number")] u64);

/// What Storage is to keep it as; left out, `application/octet-stream`. The row says what the bytes are, once they are
/// verified.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "application/pdf", max_length = 255)]
pub(crate) struct StoredAs(String);

/// A file of a case that is to be written to Storage directly.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announced {
    #[schema(inline)]
    name: Name,
    #[schema(inline)]
    size: Size,
    #[schema(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<StoredAs>,
    /// The interaction it belongs to; none: the case itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction_id: Option<InteractionId>,
    /// `true`: the client sees it; `false`: it is internal.
    #[serde(skip_serializing_if = "Option::is_none")]
    visible_to_client: Option<bool>,
}

/// However JSON writes one: `5.0` is `5`.
fn whole_number<'de, D: Deserializer<'de>>(number: D) -> Result<u64, D::Error> {
    let number = Number::deserialize(number)?;
    let whole = number
        .as_f64()
        .filter(|float| float.fract() == 0.0 && (0.0..MOST_EXACT).contains(float));
    let whole = whole.and_then(|float| format!("{float:.0}").parse().ok());
    let whole = number.as_u64().or(whole);
    whole.ok_or_else(|| D::Error::custom("it has to be a whole number of bytes, like 1048576"))
}

/// Below it a float is exact.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reserves a file of a case that its uploader writes to Storage directly.
///
/// For large files: the bytes don't pass through this service. Write them to `upload.signed_url` in one `PUT`, or in
/// pieces to `upload.resumable` with a client of the TUS protocol, then `POST /v1/files/{id}/complete`. Until then nobody
/// but its uploader sees the file.
#[utoipa::path(post, path = "/v1/cases/{case_id}/files/direct", tag = "files", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path), idempotency::Header),
    request_body = Announced,
    responses(
        (status = CREATED, body = DirectUpload<CaseFile>), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn direct(
    state: extract::State<State>,
    Segment(case): Segment,
    key: Key,
    Caller(user): Caller,
    PlainJson(announced): PlainJson<Announced>,
) -> Result<Kept, ApiError> {
    let case_number: CaseNumber = case.parse().map_err(|_| ApiError::case_not_found(&case))?;
    let fields = Fields {
        interaction_id: announced.interaction_id,
        visible_to_client: announced.visible_to_client,
    };
    let home = InCase {
        case_number,
        fields,
    };
    let Announced {
        name,
        size,
        content_type,
        ..
    } = announced;
    let asked = Asked::to("announce a file");
    announce(&state, user, key, asked, home, (name, size, content_type)).await
}

/// Reserves what is announced, and says where its bytes go.
pub(crate) async fn announce<H: Home<Row: Addressed> + 'static>(
    state: &State,
    user: UserToken,
    key: Key,
    asked: Asked,
    home: H,
    (Name(name), Size(size), stored_as): (Name, Size, Option<StoredAs>),
) -> Result<Kept, ApiError> {
    let content_type = stored_as.map_or(BYTES.to_owned(), |StoredAs(text)| text);
    let asked = asked
        .with(&name)
        .with(size.to_string())
        .with(&content_type)
        .with(serde_json::to_vec(&home)?);
    let doing = state.clone();
    let announcing = async move {
        match idempotency::turn(&doing, &user, key, asked).await? {
            Turn::Answered(kept) => Ok(kept),
            Turn::Mine(work) => {
                let (claim, made) = (work.claim(), work.made());
                let file = NewFile {
                    claim,
                    ..new_file(home, name, Some(size))?
                };
                work.done(reserve(&doing, &user, &file, &content_type, made))
                    .await
            }
        }
    };
    state.to_the_end(announcing).await
}

/// `made`: by a request under the same key, which then had no answer.
async fn reserve<H: Home<Row: Addressed>>(
    state: &State,
    user: &UserToken,
    file: &NewFile<H>,
    content_type: &str,
    made: Option<i64>,
) -> Result<Kept, ApiError> {
    let direct = match found_before::<H::Row>(state, user, made).await? {
        Some(row) if row.stored().state == FileState::Pending => DirectUpload {
            upload: state.links.to_write(user, &row).await?,
            file: row,
        },
        Some(_) | None => {
            let files = &state.files;
            let reserved = files.reserve_direct(user, &state.links, file, content_type);
            reserved.await.map_err(of_announcement)?
        }
    };
    let location = direct.file.address();
    Ok(Kept::created(location, serde_json::to_string(&direct)?))
}

/// There are no bytes yet: what is wrong with them is what was said of them.
fn of_announcement(error: casebase_files::Error) -> ApiError {
    use casebase_files::Error as E;
    let field = match &error {
        E::Empty | E::TooLarge { .. } => "size",
        E::Content(_) => "content_type",
        _ => return error.into(),
    };
    ApiError::from(error).naming(field)
}
