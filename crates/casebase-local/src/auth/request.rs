//! Reading requests the way Auth does: JSON whatever the content type, null and "" alike.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::error::AuthError;

/// The largest request body Auth reads, in bytes.
pub(super) const BODY_LIMIT: usize = 1 << 20;

/// A body whose form depends on the query: to be read with [`parse`].
pub(super) struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = AuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AuthError> {
        match Bytes::from_request(request, state).await {
            Ok(body) => Ok(Self(body)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let message = format!("Request body too large (max {BODY_LIMIT} bytes)");
                Err(AuthError::new(
                    rejection.status(),
                    "request_entity_too_large",
                    message,
                ))
            }
            Err(_) => Err(AuthError::internal("Could not read the request body")),
        }
    }
}

/// A JSON body.
pub(super) struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Params<T> {
    type Rejection = AuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AuthError> {
        let Body(body) = Body::from_request(request, state).await?;
        parse(&body).map(Self)
    }
}

/// A JSON body that may be left out.
pub(super) struct OptionalParams<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalParams<T> {
    type Rejection = AuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AuthError> {
        let Body(body) = Body::from_request(request, state).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        parse(&body).map(Self)
    }
}

/// Reads a body as JSON.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, AuthError> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("Could not parse request body as JSON: {error}");
        AuthError::bad_request("bad_json", message)
    })
}

/// For `deserialize_with`: null and "" mean that the field was not given.
pub(super) fn filled<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()))
}

/// For `deserialize_with`: null means false.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(from)?.unwrap_or_default())
}

/// What a session remembers of the browser that started it.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(value.to_owned())
}
