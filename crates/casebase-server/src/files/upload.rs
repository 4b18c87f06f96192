//! `POST /v1/cases/{case_id}/files`, and how any file is received.

use axum::{
    body::Body,
    extract::{self, RawQuery},
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
};
use casebase_files::{Fields, Home, InCase, NewFile, storage::Bytestream};
use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, CaseNumber, FileRow, FileState},
};
use futures::{StreamExt as _, TryStreamExt as _};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{AllOfBuilder, ObjectBuilder, Ref, RefOr, Schema, Type},
};

use super::{
    Addressed, digests,
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
        AllOfBuilder::new()
            .item(Ref::from_schema_name(Fields::name()))
            .item(file_part())
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

/// The part of a form, where everything else is in the path and the query; this documents it.
pub(crate) struct FileForm;

impl PartialSchema for FileForm {
    fn schema() -> RefOr<Schema> {
        file_part().build().into()
    }
}

impl ToSchema for FileForm {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((FileBytes::name().into(), FileBytes::schema()));
    }
}

fn file_part() -> ObjectBuilder {
    // What is quoted in a part's head without an escape.
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(r#"^[^"\\\x00-\x1f\x7f]*$"#));
    ObjectBuilder::new()
        .property("file", Ref::from_schema_name(FileBytes::name()))
        .required("file")
        .property_names(Some(name.build()))
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
    let sent = Sent {
        query: query.unwrap_or_default(),
        headers,
        body,
    };
    let case = || case.parse().map_err(|_| ApiError::case_not_found(&case));
    sent.receive("add a file", &state, user, || {
        let case_number: CaseNumber = case()?;
        Ok(move |fields: Fields| InCase {
            case_number,
            fields,
        })
    })
    .await
}

/// A file as it is sent.
pub(crate) struct Sent {
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Sent {
    /// Takes the file in, at the place that its fields and the path say. `operation`: its name among requests that may come
    /// again.
    pub(crate) async fn receive<F, H, P>(
        self,
        operation: &'static str,
        state: &State,
        user: UserToken,
        place: impl FnOnce() -> Result<P, ApiError>,
    ) -> Result<Kept, ApiError>
    where
        F: DeserializeOwned + Send + 'static,
        H: Home<Row: Addressed> + 'static,
        P: FnOnce(F) -> H + Send + 'static,
    {
        is_utf8(&self.query)?;
        let key = Key::of(&self.headers)?;
        let (name, given) = parameters::<F>(&self.query)?;
        given.check()?;
        // One whose length nobody knows may be as long as any.
        let coming = length(&self.headers).unwrap_or(state.max_file_bytes);
        let held = state.limits.hold(&user, coming)?;
        let request = Request {
            place: place()?,
            given,
            name,
            headers: self.headers,
            body: self.body,
        };
        let storing = request.store(operation, state.clone(), user, key);
        state
            .to_the_end(async move {
                let _held = held;
                storing.await
            })
            .await
    }
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
fn parameters<F: DeserializeOwned>(query: &str) -> Result<(Option<String>, Given<F>), ApiError> {
    let wrong = |message| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", message);
    let (mut name, mut given) = (None, Given::default());
    for (key, text) in form_urlencoded::parse(query.as_bytes()) {
        let before = match &*key {
            "name" => name.replace(text.into_owned()),
            key => given.set(key, &text).map_err(|unknown| {
                let known = [&["name"], fields::names::<F>()].concat().join("`, `");
                wrong(format!(
                    "there is no parameter `{unknown}`; there is `{known}`"
                ))
            })?,
        };
        if before.is_some() {
            return Err(wrong(format!("the parameter `{key}` is there twice")));
        }
    }
    Ok((name, given))
}

struct Request<F, P> {
    place: P,
    given: Given<F>,
    name: Option<String>,
    headers: HeaderMap,
    body: Body,
}

impl<F, H, P> Request<F, P>
where
    F: DeserializeOwned,
    H: Home<Row: Addressed>,
    P: FnOnce(F) -> H,
{
    async fn store(
        self,
        operation: &'static str,
        state: State,
        user: UserToken,
        key: Key,
    ) -> Result<Kept, ApiError> {
        let (file, body) = match form::boundary(&self.headers)? {
            Some(boundary) => {
                digests::none_of_form(&self.headers)?;
                self.read_form(boundary).await?
            }
            None => self.read_raw_body()?,
        };
        let asked = Asked::to(operation)
            .with(file.name.as_str())
            .with(serde_json::to_vec(&file.home)?);
        match idempotency::turn(&state, &user, key, asked).await? {
            Turn::Answered(kept) => kept.if_content_is(&state.files.hash(&user, body).await?),
            Turn::Mine(work) => {
                let (claim, made) = (work.claim(), work.made());
                let file = NewFile { claim, ..file };
                work.done(store(&state, &user, file, body, made)).await
            }
        }
    }

    async fn read_form(self, boundary: String) -> Result<(NewFile<H>, Bytestream), ApiError> {
        let form = form::Form {
            length: length(&self.headers),
            body: self.body,
            boundary,
        };
        let part = form::read(form, self.given).await?;
        let name = self.name.or(part.name).ok_or_else(no_name)?;
        let mut file = new_file((self.place)(part.fields), name, part.length)?;
        file.claims = part.claims;
        Ok((file, part.body))
    }

    fn read_raw_body(self) -> Result<(NewFile<H>, Bytestream), ApiError> {
        let name = self.name.ok_or_else(no_name)?;
        let length = length(&self.headers);
        let bytes = self.body.into_data_stream().map_err(form::interruption);
        let mut file = new_file((self.place)(self.given.read()?), name, length)?;
        file.claims = digests::claims(&self.headers)?;
        Ok((file, bytes.boxed()))
    }
}

/// `made`: by a request under the same key, which then had no answer.
async fn store<H: Home<Row: Addressed>>(
    state: &State,
    user: &UserToken,
    file: NewFile<H>,
    body: Bytestream,
    made: Option<i64>,
) -> Result<Kept, ApiError> {
    match found_before::<H::Row>(state, user, made).await? {
        Some(row) if row.stored().state == FileState::Available => {
            let content = state.files.hash(user, body).await?;
            return answer(&row)?.if_content_is(&content);
        }
        Some(row) => state.files.delete(user, &row).await?,
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

pub(super) async fn found_before<R: FileRow>(
    state: &State,
    user: &UserToken,
    made: Option<i64>,
) -> Result<Option<R>, ApiError> {
    match made {
        Some(id) => Ok(state.files.row(user, id).await?),
        None => Ok(None),
    }
}

fn answer(row: &impl Addressed) -> Result<Kept, ApiError> {
    let kept = Kept::created(row.address(), serde_json::to_string(row)?);
    Ok(kept.of_content(row.stored().sha256.clone()))
}

fn no_name() -> ApiError {
    ApiError::field("name", "missing_name", "the file has no name").hint(
        "send it as ?name=…, or send the file as multipart/form-data with the name in its part",
    )
}

pub(super) fn new_file<H>(
    home: H,
    name: String,
    length: Option<u64>,
) -> Result<NewFile<H>, ApiError> {
    // The database judges names, but its texts can't hold this one.
    if name.contains('\0') {
        let message = "the file's name has a NUL in it";
        return Err(ApiError::field("name", "invalid_name", message));
    }
    Ok(NewFile {
        home,
        name,
        length,
        claims: Vec::new(),
        claim: None,
    })
}
