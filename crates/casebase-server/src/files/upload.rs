//! `POST /v1/cases/{case_id}/files`

use axum::{
    body::Body,
    extract::{self, RawQuery},
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
};
use casebase_files::{Fields, NewFile, storage::Bytestream};
use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, CaseNumber, FileId, FileState},
};
use futures::{StreamExt as _, TryStreamExt as _};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{AllOfBuilder, ObjectBuilder, Ref, RefOr, Schema, Type},
};

use super::{
    digests,
    fields::{self, Given},
    form,
};
use crate::{
    State,
    body::Plain,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    idempotency::{self, Asked, Kept, Key, Turn},
    path::{CaseInPath, Segment},
};

/// What a body can't say of itself.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read beside the fields; this documents it")]
pub(crate) struct Name {
    /// The file's name. Only a form whose part `file` has a name of its own, as browsers give it, does
    /// without; beside one, this is the name. The database keeps it composed (NFC), without marks that change
    /// the direction of reading and without blanks at its ends, and refuses names of programs.
    #[param(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^/\\\x00-\x1f\x7f-\x9f]*[^/\\.\s\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
}

/// The parts of a form, read as a stream; this documents them.
pub(crate) struct UploadForm;

impl PartialSchema for UploadForm {
    fn schema() -> RefOr<Schema> {
        // What is quoted in a part's head without an escape.
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r#"^[^"\\\x00-\x1f\x7f]*$"#));
        let file = ObjectBuilder::new()
            .property("file", Ref::from_schema_name(FileBytes::name()))
            .required("file")
            .property_names(Some(name.build()));
        AllOfBuilder::new()
            .item(Ref::from_schema_name(Fields::name()))
            .item(file)
            .description(Some(
                "`file` is the last part: the others say where it goes.",
            ))
            .into()
    }
}

impl ToSchema for UploadForm {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Fields::name().into(), Fields::schema()));
        schemas.push((FileBytes::name().into(), FileBytes::schema()));
    }
}

/// A file's content.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary, min_length = 1)]
#[expect(dead_code, reason = "the bytes are a stream; this documents them")]
pub(crate) struct FileBytes(Vec<u8>);

/// Adds a file to a case.
///
/// `multipart/form-data`, or the file itself as the body. The bytes go to the bucket as they come and are checked on
/// their way; the answer is the file's row. A `Content-MD5`, `Digest`, `Repr-Digest` or `Content-Digest` (md5, sha-256,
/// sha-512) of the body, or of the part `file`, has to be that of what came.
#[utoipa::path(post, path = "/v1/cases/{case_id}/files", tag = "files", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path), Name, Fields, idempotency::Header),
    request_body(content((UploadForm = "multipart/form-data"), (FileBytes = "application/octet-stream"))),
    responses(
        (status = CREATED, body = CaseFile), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn upload(
    state: extract::State<State>,
    Segment(case): Segment,
    RawQuery(query): RawQuery,
    Caller(user): Caller,
    headers: HeaderMap,
    Plain(body): Plain,
) -> Result<Kept, ApiError> {
    let query = query.unwrap_or_default();
    is_utf8(&query)?;
    let key = Key::of(&headers)?;
    let (name, given) = parameters(&query)?;
    given.read()?;
    // One whose length nobody knows may be as long as any.
    let coming = length(&headers).unwrap_or(state.max_file_bytes);
    let held = state.limits.hold(&user, coming)?;
    let request = Request {
        case: case.parse().map_err(|_| ApiError::case_not_found(&case))?,
        given,
        name,
        headers,
        body,
    };
    let storing = request.store(state.0.clone(), user, key);
    state
        .to_the_end(async move {
            let _held = held;
            storing.await
        })
        .await
}

fn length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Decoded all the same, a name in another character set would be kept with signs for what can't be read.
fn is_utf8(query: &str) -> Result<(), ApiError> {
    let decoded = percent_decode_str(query).decode_utf8();
    decoded.map(drop).map_err(|_| {
        let message = "the query is not UTF-8";
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", message)
            .hint("write names like ?name=Gr%C3%B6%C3%9Fe.pdf")
    })
}

/// The name and the fields of a query. What is misspelt would be lost, so it is refused.
fn parameters(query: &str) -> Result<(Option<String>, Given), ApiError> {
    let wrong = |message| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", message);
    let (mut name, mut given) = (None, Given::default());
    for (key, text) in form_urlencoded::parse(query.as_bytes()) {
        let before = match &*key {
            "name" => name.replace(text.into_owned()),
            key => given.set(key, &text).map_err(|unknown| {
                let known = fields::names().join("`, `");
                wrong(format!(
                    "there is no parameter `{unknown}`; there are `name`, `{known}`"
                ))
            })?,
        };
        if before.is_some() {
            return Err(wrong(format!("the parameter `{key}` is there twice")));
        }
    }
    Ok((name, given))
}

struct Request {
    case: CaseNumber,
    given: Given,
    name: Option<String>,
    headers: HeaderMap,
    body: Body,
}

impl Request {
    async fn store(self, state: State, user: UserToken, key: Key) -> Result<Kept, ApiError> {
        let (file, body) = match form::boundary(&self.headers)? {
            Some(boundary) => {
                digests::none_of_form(&self.headers)?;
                self.read_form(boundary).await?
            }
            None => self.read_raw_body()?,
        };
        let asked = Asked::to("add a file")
            .with(file.case.to_string())
            .with(file.name.as_str())
            .with(serde_json::to_vec(&file.fields)?);
        match idempotency::turn(&state, &user, key, asked).await? {
            Turn::Answered(kept) => kept.if_content_is(&state.files.hash(&user, body).await?),
            Turn::Mine(work) => {
                let (claim, made) = (work.claim(), work.made());
                let file = NewFile { claim, ..file };
                work.done(store(&state, &user, file, body, made)).await
            }
        }
    }

    async fn read_form(self, boundary: String) -> Result<(NewFile, Bytestream), ApiError> {
        let form = form::Form {
            length: length(&self.headers),
            body: self.body,
            boundary,
        };
        let part = form::read(form, self.given).await?;
        let name = self.name.or(part.name).ok_or_else(no_name)?;
        let mut file = new_file(self.case, part.fields, name, part.length)?;
        file.claims = part.claims;
        Ok((file, part.body))
    }

    fn read_raw_body(self) -> Result<(NewFile, Bytestream), ApiError> {
        let name = self.name.ok_or_else(no_name)?;
        let length = length(&self.headers);
        let bytes = self.body.into_data_stream().map_err(form::interruption);
        let mut file = new_file(self.case, self.given.read()?, name, length)?;
        file.claims = digests::claims(&self.headers)?;
        Ok((file, bytes.boxed()))
    }
}

/// `made`: by a request under the same key, which then had no answer.
async fn store(
    state: &State,
    user: &UserToken,
    file: NewFile,
    body: Bytestream,
    made: Option<i64>,
) -> Result<Kept, ApiError> {
    match found_before(state, user, made).await? {
        Some(row) if row.state == FileState::Available => {
            let content = state.files.hash(user, body).await?;
            return answer(&row)?.if_content_is(&content);
        }
        Some(row) => state.files.delete(user, row.id).await?,
        None => {}
    }
    let under_a_key = file.claim.is_some();
    let uploaded = state.files.upload(user, file, body).await;
    answer(&uploaded.map_err(|error| match under_a_key {
        // It is safe to ask again, whatever was made.
        true => error.into(),
        false => ApiError::of_upload(error),
    })?)
}

pub(super) async fn found_before(
    state: &State,
    user: &UserToken,
    made: Option<i64>,
) -> Result<Option<CaseFile>, ApiError> {
    let Some(id) = made else { return Ok(None) };
    match state.files.find(user, FileId(id)).await {
        Err(casebase_files::Error::FileNotFound(_)) => Ok(None),
        found => Ok(found.map(Some)?),
    }
}

fn answer(row: &CaseFile) -> Result<Kept, ApiError> {
    let location = format!("/v1/files/{}", row.id);
    let kept = Kept::created(location, serde_json::to_string(row)?);
    Ok(kept.of_content(row.sha256.clone()))
}

fn no_name() -> ApiError {
    ApiError::field("name", "missing_name", "the file has no name").hint(
        "send it as ?name=…, or send the file as multipart/form-data with the name in its part",
    )
}

pub(super) fn new_file(
    case: CaseNumber,
    fields: Fields,
    name: String,
    length: Option<u64>,
) -> Result<NewFile, ApiError> {
    // The database judges names, but its texts can't hold this one.
    if name.contains('\0') {
        let message = "the file's name has a NUL in it";
        return Err(ApiError::field("name", "invalid_name", message));
    }
    Ok(NewFile {
        case,
        fields,
        name,
        length,
        claims: Vec::new(),
        claim: None,
    })
}
