//! Bodies as they are: this service takes no coding off, and stores and reads what it gets.

use axum::{
    Json,
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderName, header::CONTENT_ENCODING},
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{State, error::ApiError, misread};

/// What a part of a form may say of itself; RFC 7578 only advises against it.
const CONTENT_TRANSFER_ENCODING: HeaderName = HeaderName::from_static("content-transfer-encoding");

/// A request's body that is not encoded.
pub(crate) struct Plain(pub(crate) Body);

impl FromRequest<State> for Plain {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &State) -> Result<Self, ApiError> {
        refuse(request.headers(), &CONTENT_ENCODING, &["identity"])?;
        Ok(Self(request.into_body()))
    }
}

/// A JSON body that is not encoded.
pub(crate) struct PlainJson<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<State> for PlainJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &State) -> Result<Self, ApiError> {
        refuse(request.headers(), &CONTENT_ENCODING, &["identity"])?;
        let Json(whole) = Json::<Box<RawValue>>::from_request(request, state).await?;
        misread::object(whole.get()).map(Self)
    }
}

/// The same of a form's part: a reader of forms takes no coding off either.
pub(crate) fn plain_part(headers: &HeaderMap) -> Result<(), ApiError> {
    refuse(headers, &CONTENT_ENCODING, &["identity"])?;
    let as_it_is = ["7bit", "8bit", "binary"];
    refuse(headers, &CONTENT_TRANSFER_ENCODING, &as_it_is)
}

fn refuse(headers: &HeaderMap, name: &HeaderName, taken: &[&str]) -> Result<(), ApiError> {
    let values = headers.get_all(name).iter();
    let codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    for coding in codings.map(|coding| coding.trim_ascii()) {
        let is = |taken: &&str| coding.eq_ignore_ascii_case(taken.as_bytes());
        if !coding.is_empty() && !taken.iter().any(is) {
            return Err(encoded(name, coding, taken));
        }
    }
    Ok(())
}

fn encoded(name: &HeaderName, coding: &[u8], taken: &[&str]) -> ApiError {
    let (coding, taken) = (String::from_utf8_lossy(coding), taken.join("`, `"));
    let message = format!("`{name}: {coding}` is not taken, only `{taken}`");
    ApiError::coding(message).hint(format!("send it as it is, without `{name}`"))
}
