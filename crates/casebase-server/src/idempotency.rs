//! Requests that may come again (draft-ietf-httpapi-idempotency-key-header): one way for every POST.
//!
//! A request with an `Idempotency-Key` has its effect once. Whose turn it is, what was made and what was answered is kept in
//! the database under the caller's own token, so it holds for every service before it and survives each of them:
//! `supabase/schemas/idempotency_keys.sql` says how.

use std::{convert::Infallible, future::Future, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, LOCATION},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use casebase_supabase::{
    jwt::UserToken,
    postgrest::{self, PostgrestClient},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{State, error::ApiError};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A claim that nobody hears of for a minute is taken over.
const KEEP_EVERY: Duration = Duration::from_secs(20);

/// The header, as a POST may bring it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by `Key`; this documents it")]
pub(crate) struct Header {
    /// Any text of the caller's, better a long random one. The same request under the same key, within a day, gets the
    /// first one's answer and changes nothing again; another request under it is refused with 422, and one that comes
    /// while the first is still running with 409.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        pattern = r#"^("[ !#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$"#,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )]
    idempotency_key: Option<String>,
}

/// The key of a request, if it has one.
pub(crate) struct Key(Option<String>);

impl FromRequestParts<State> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, ApiError> {
        Self::of(&parts.headers)
    }
}

impl Key {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut brought = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(first) = brought.next() else {
            return Ok(Self(None));
        };
        let key = first.to_str().ok().and_then(key);
        key.filter(|_| brought.next().is_none())
            .map(|key| Self(Some(key.to_owned())))
            .ok_or_else(malformed)
    }
}

/// A string of a structured field (RFC 8941), which the draft has, or what is between its quotes, which most callers send.
fn key(text: &str) -> Option<&str> {
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let blank = |c| c == ' ' && quoted.is_some();
    let plain = |c: char| blank(c) || (c.is_ascii_graphic() && c != '"' && c != '\\');
    let key = quoted.unwrap_or(text);
    ((1..=255).contains(&key.len()) && key.chars().all(plain)).then_some(key)
}

fn malformed() -> ApiError {
    let message = "Idempotency-Key has to be one key of 1 to 255 ASCII characters";
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key", message)
        .hint("e.g. `Idempotency-Key: \"8e03978e-40d5-43e8-bc93-6894a57f9324\"`")
}

/// What is asked for, as far as it is known before any of it is done: a hash of its parts.
pub(crate) struct Asked(Sha256);

impl Asked {
    /// `operation`: its name, the same for every way to spell the path.
    pub(crate) fn to(operation: &str) -> Self {
        Self(Sha256::new()).with(operation)
    }

    /// Of what, with what.
    pub(crate) fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        // With its length, so that no two lists of parts are one text.
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }
}

/// What is answered: to the request itself, and to whoever asks again.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    status: StatusCode,
    location: Option<String>,
    /// JSON.
    body: String,
    /// The SHA-256 of the bytes that came with the request.
    content: Option<String>,
}

impl Kept {
    pub(crate) fn ok(body: String) -> Self {
        Self {
            status: StatusCode::OK,
            location: None,
            body,
            content: None,
        }
    }

    /// What has no address of its own.
    pub(crate) fn added(body: String) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(body)
        }
    }

    pub(crate) fn created(location: String, body: String) -> Self {
        Self {
            location: Some(location),
            ..Self::added(body)
        }
    }

    /// Of these bytes.
    pub(crate) fn of_content(self, content: Option<String>) -> Self {
        Self { content, ..self }
    }

    /// Where the bytes that came now are those that came then.
    pub(crate) fn if_content_is(self, content: &str) -> Result<Self, ApiError> {
        match self.content.as_deref() == Some(content) {
            true => Ok(self),
            false => Err(another_request()),
        }
    }
}

impl IntoResponse for Kept {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            headers.insert(LOCATION, location);
        }
        response
    }
}

/// What a request finds.
pub(crate) enum Turn {
    /// It was answered.
    Answered(Kept),
    /// It is its turn.
    Mine(Work),
}

/// Work that is to be done, under a key or without.
pub(crate) struct Work(Option<Claim>);

struct Claim {
    db: PostgrestClient,
    user: UserToken,
    id: Uuid,
    made: Option<i64>,
}

/// What the database says.
#[derive(Deserialize)]
#[serde(tag = "turn", rename_all = "snake_case")]
enum Told {
    Mine {
        claim: Uuid,
        made_id: Option<i64>,
    },
    Answered {
        status: u16,
        location: Option<String>,
        body: String,
        content: Option<String>,
    },
    Running,
    Other,
}

/// Whose turn it is. Without a key, always the request's.
pub(crate) async fn turn(
    state: &State,
    user: &UserToken,
    Key(key): Key,
    Asked(asked): Asked,
) -> Result<Turn, ApiError> {
    let Some(key) = key else {
        return Ok(Turn::Mine(Work(None)));
    };
    let claim = state.db.rpc("claim_idempotency_key", user);
    let asked = hex::encode(asked.finalize());
    let told = claim.call(&json!({"key": key, "asked": asked})).await?;
    match told {
        Told::Mine { claim, made_id } => Ok(Turn::Mine(Work(Some(Claim {
            db: state.db.clone(),
            user: user.clone(),
            id: claim,
            made: made_id,
        })))),
        Told::Answered {
            status,
            location,
            body,
            content,
        } => Ok(Turn::Answered(Kept {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            location,
            body,
            content,
        })),
        Told::Running => {
            let message = "the first request with this Idempotency-Key is still running";
            Err(
                ApiError::new(StatusCode::CONFLICT, "request_running", message)
                    .may_be_tried_again(),
            )
        }
        Told::Other => Err(another_request()),
    }
}

fn another_request() -> ApiError {
    let message = "this Idempotency-Key came with another request";
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        message,
    )
    .hint("a new request needs a new key")
}

impl Work {
    /// What to write under.
    pub(crate) fn claim(&self) -> Option<Uuid> {
        self.0.as_ref().map(|claim| claim.id)
    }

    /// The id of what was made by a request that was not answered.
    pub(crate) fn made(&self) -> Option<i64> {
        self.0.as_ref()?.made
    }

    /// Does the work and keeps its answer. One that fails lets go of the key: whatever of it may still be under way makes
    /// nothing any more. Dies in between: the next request under the key has its turn within a minute.
    pub(crate) async fn done(
        self,
        work: impl Future<Output = Result<Kept, ApiError>>,
    ) -> Result<Kept, ApiError> {
        let Some(claim) = self.0 else {
            return work.await;
        };
        let done = tokio::select! {
            done = work => done,
            never = claim.keep_alive() => match never {},
        };
        let noted = match &done {
            Ok(kept) => claim.answer(kept).await,
            Err(_) => claim.release().await,
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "how a request under an Idempotency-Key ended could not be kept");
        }
        done
    }
}

impl Claim {
    async fn keep_alive(&self) -> Infallible {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            let keep = self.db.rpc("keep_idempotency_key", &self.user);
            match keep.call(&json!({"claim": self.id})).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!("another request under the same Idempotency-Key has taken over")
                }
                Err(error) => tracing::debug!(%error, "a claim was not kept alive"),
            }
        }
    }

    async fn answer(&self, kept: &Kept) -> Result<(), postgrest::Error> {
        let answer = self.db.rpc("answer_idempotency_key", &self.user);
        let answered = json!({
            "claim": self.id,
            "status": kept.status.as_u16(),
            "location": kept.location,
            "body": kept.body,
            "content": kept.content,
        });
        answer.call::<Value>(&answered).await.map(drop)
    }

    async fn release(&self) -> Result<(), postgrest::Error> {
        let release = self.db.rpc("release_idempotency_key", &self.user);
        release.call(&json!({"claim": self.id})).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_quotes_and_without() {
        for (text, expected) in [
            ("abc", Some("abc")),
            ("\"abc\"", Some("abc")),
            ("\"a c\"", Some("a c")),
            (
                "8e03978e-40d5-43e8-bc93-6894a57f9324",
                Some("8e03978e-40d5-43e8-bc93-6894a57f9324"),
            ),
            ("", None),
            ("\"\"", None),
            ("a c", None),
            ("\"abc", None),
            ("a\"c", None),
            ("\"a\\c\"", None),
            ("ä", None),
        ] {
            assert_eq!(key(text), expected, "{text}");
        }
        assert!(key(&"a".repeat(255)).is_some() && key(&"a".repeat(256)).is_none());
    }

    #[test]
    fn what_is_asked_is_more_than_its_text() {
        let hash = |asked: Asked| asked.0.finalize();
        let one = Asked::to("open").with("ab").with("c");
        let other = Asked::to("open").with("a").with("bc");
        assert_ne!(hash(one), hash(other));
    }
}
