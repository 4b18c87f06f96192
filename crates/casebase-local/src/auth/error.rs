//! What Auth answers when it refuses: one error type, shaped for the API version the caller asked for.

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

const API_VERSION: &str = "x-supabase-api-version";
/// The version since which errors are `{code, message}` with a textual code.
const VERSION_2024: &str = "2024-01-01";

/// A refusal: HTTP status, Auth's documented error code, and a sentence.
#[derive(Debug, Clone)]
pub(super) struct AuthError {
    status: StatusCode,
    code: &'static str,
    message: String,
    weak_password: Vec<&'static str>,
    postgres: Option<Box<PostgresError>>,
}

/// An error that the database meant for the caller: raised by a trigger or hook, or a violated constraint.
#[derive(Debug, Clone)]
struct PostgresError {
    status: StatusCode,
    code: String,
    message: String,
    hint: Option<String>,
    detail: Option<String>,
}

impl AuthError {
    /// Any status; a refusal without a code of its own is `unknown`.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            weak_password: Vec::new(),
            postgres: None,
        }
    }

    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::bad_request("validation_failed", message)
    }

    pub fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "unexpected_failure", message)
    }

    /// Something Supabase Auth can do and this stack cannot. Not 501: auth-js would try again and hide the code.
    pub fn not_offered(message: impl Into<String>) -> Self {
        Self::unprocessable("feature_disabled", message)
    }

    /// Status, code and sentence, where they go into a redirection.
    pub fn parts(&self) -> (StatusCode, &'static str, &str) {
        (self.status, self.code, &self.message)
    }

    /// A password refused for `reasons` (`length`), which clients show beside the field.
    pub fn weak_password(message: impl Into<String>, reasons: Vec<&'static str>) -> Self {
        Self {
            weak_password: reasons,
            ..Self::unprocessable("weak_password", message)
        }
    }

    /// For `map_err`: the caller reads `message`, the log reads the cause.
    pub fn database(message: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let message = message.into();
        move |error| {
            if let Some(refusal) = Self::not_storable(&error) {
                return refusal;
            }
            tracing::warn!(%error, cause = ?error.as_db_error(), "{message}");
            Self {
                postgres: PostgresError::meant_for_the_caller(&error).map(Box::new),
                ..Self::internal(message)
            }
        }
    }

    /// Text that PostgreSQL takes into no column: with a zero byte, or too long. Auth itself fails over it.
    fn not_storable(error: &tokio_postgres::Error) -> Option<Self> {
        let db = error.as_db_error()?;
        ["22001", "22021", "22P05"]
            .contains(&db.code().code())
            .then(|| Self::invalid(format!("A value cannot be stored: {}", db.message())))
    }

    fn render(self, headers: &HeaderMap) -> Response {
        let code = HeaderValue::from_static(self.code);
        let mut response = if asks_for_2024(headers) {
            let version = HeaderValue::from_static(VERSION_2024);
            ([(API_VERSION, version)], self.in_2024_shape()).into_response()
        } else {
            self.in_first_shape()
        };
        response.headers_mut().insert("x-sb-error-code", code);
        response
    }

    fn in_2024_shape(self) -> Response {
        let mut body = json!({ "code": self.code, "message": self.message });
        if !self.weak_password.is_empty() {
            body["weak_password"] = json!({ "reasons": self.weak_password });
        }
        (self.status, Json(body)).into_response()
    }

    fn in_first_shape(self) -> Response {
        if let Some(postgres) = self.postgres {
            return (postgres.status, Json(postgres.body())).into_response();
        }
        let mut body = json!({
            "code": self.status.as_u16(),
            "error_code": self.code,
            "msg": self.message,
        });
        if !self.weak_password.is_empty() {
            body["weak_password"] = json!({ "reasons": self.weak_password });
        }
        (self.status, Json(body)).into_response()
    }
}

impl PostgresError {
    /// `raise exception`, constraint violations, and `PTnnn` codes, which choose their own status.
    fn meant_for_the_caller(error: &tokio_postgres::Error) -> Option<Self> {
        let db = error.as_db_error()?;
        let code = db.code().code();
        let status = match code {
            "P0001" | "23000" | "23001" | "23502" | "23503" | "23505" | "23514" | "23P01" => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::from_bytes(code.strip_prefix("PT")?.as_bytes()).ok()?,
        };
        Some(Self {
            status,
            code: code.to_owned(),
            message: db.message().to_owned(),
            hint: db.hint().map(str::to_owned),
            detail: db.detail().map(str::to_owned),
        })
    }

    fn body(self) -> Value {
        let mut body = Map::new();
        body.insert("code".into(), self.code.into());
        body.insert("message".into(), self.message.into());
        for (name, text) in [("hint", self.hint), ("detail", self.detail)] {
            if let Some(text) = text {
                body.insert(name.into(), text.into());
            }
        }
        Value::Object(body)
    }
}

/// The shape depends on the request, so the response only carries the error until [`render_errors`].
impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives refusals their body.
pub(super) async fn render_errors(request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<AuthError>() {
        Some(error) => error.render(&headers),
        None => response,
    }
}

/// A malformed date counts as no version at all.
fn asks_for_2024(headers: &HeaderMap) -> bool {
    headers
        .get(API_VERSION)
        .and_then(|value| value.to_str().ok())
        .and_then(|date| chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").ok())
        .is_some_and(|date| date.format("%Y-%m-%d").to_string().as_str() >= VERSION_2024)
}
