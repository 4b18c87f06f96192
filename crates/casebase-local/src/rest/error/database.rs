//! Errors of PostgreSQL, and answers that functions raise as errors.

use std::collections::BTreeMap;

use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::Error;

/// The SQLSTATE with which a function takes the whole answer into its hands.
const RAISED_RESPONSE: &str = "PGRST";

/// Errors of the database.
impl Error {
    /// `authenticated`: the request does not run as the anonymous role.
    pub fn postgres(error: &tokio_postgres::Error, authenticated: bool) -> Self {
        let Some(db) = error.as_db_error() else {
            tracing::warn!(%error, "the database connection failed");
            let message = "Database client error. Retrying the connection.";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "PGRST001", message)
                .details(error.to_string());
        };
        let code = db.code().code();
        if code == RAISED_RESPONSE {
            return Self::raised(db.message(), db.detail()).unwrap_or_else(|error| error);
        }
        let status = status_of(code, db.message(), authenticated);
        let error = Self::new(status, code, db.message())
            .details(db.detail().map_or(Value::Null, Value::from))
            .hint(db.hint().map(str::to_owned));
        match status {
            StatusCode::UNAUTHORIZED => error.challenged(),
            _ => error,
        }
    }

    /// With the challenge that a 401 carries.
    fn challenged(mut self) -> Self {
        let challenge = HeaderValue::from_static("Bearer");
        self.0.headers.push((header::WWW_AUTHENTICATE, challenge));
        self
    }

    /// A role that no token may name is answered as one that does not exist.
    pub fn unknown_role(role: &str) -> Self {
        let message = format!("role \"{role}\" does not exist");
        Self::new(StatusCode::UNAUTHORIZED, "22023", message).challenged()
    }

    /// No connection could be made.
    pub fn no_connection(error: &tokio_postgres::Error) -> Self {
        let message = "Database connection error. Retrying the connection.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "PGRST000", message).details(error.to_string())
    }

    fn raised(message: &str, detail: Option<&str>) -> Result<Self, Self> {
        const DETAIL_HINT: &str = "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'.";
        let raised: RaisedMessage = serde_json::from_str(message).map_err(|_| {
            Self::unreadable_raise(
                format!("Invalid JSON value for MESSAGE: '{message}'"),
                "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
            )
        })?;
        let detail = detail.ok_or_else(|| {
            let missing = "DETAIL is missing in the RAISE statement".to_owned();
            Self::unreadable_raise(missing, DETAIL_HINT)
        })?;
        let response: RaisedResponse = serde_json::from_str(detail).map_err(|_| {
            let invalid = format!("Invalid JSON value for DETAIL: '{detail}'");
            Self::unreadable_raise(invalid, DETAIL_HINT)
        })?;
        let status =
            StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut error = Self::new(status, &raised.code, raised.message)
            .details(raised.details.map_or(Value::Null, Value::from))
            .hint(raised.hint);
        for (name, value) in response.headers {
            if let (Ok(name), Ok(value)) = (name.parse(), HeaderValue::try_from(value)) {
                error.0.headers.push((name, value));
            }
        }
        Ok(error)
    }
}

/// What MESSAGE of a raised response holds.
#[derive(Deserialize)]
struct RaisedMessage {
    code: String,
    message: String,
    details: Option<String>,
    hint: Option<String>,
}

/// What DETAIL of a raised response holds.
#[derive(Deserialize)]
struct RaisedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
}

/// The status of an SQLSTATE.
fn status_of(code: &str, message: &str, authenticated: bool) -> StatusCode {
    if let Some(status) = code.strip_prefix("PT") {
        let status = status
            .parse()
            .ok()
            .and_then(|n| StatusCode::from_u16(n).ok());
        return status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let unknown_role = message.starts_with("role") && message.ends_with("does not exist");
    match (code, code.get(..2).unwrap_or_default()) {
        ("23503" | "23505", _) => StatusCode::CONFLICT,
        ("25006", _) => StatusCode::METHOD_NOT_ALLOWED,
        ("21000", _) if message.ends_with("requires a WHERE clause") => StatusCode::BAD_REQUEST,
        ("22023", _) if unknown_role => StatusCode::UNAUTHORIZED,
        ("53400", _) => StatusCode::INTERNAL_SERVER_ERROR,
        ("57P01", _) => StatusCode::SERVICE_UNAVAILABLE,
        ("P0001", _) => StatusCode::BAD_REQUEST,
        ("42883", _) if message.starts_with("function xmlagg(") => StatusCode::NOT_ACCEPTABLE,
        ("42883" | "42P01", _) => StatusCode::NOT_FOUND,
        ("42501", _) if authenticated => StatusCode::FORBIDDEN,
        ("42501", _) => StatusCode::UNAUTHORIZED,
        (_, "0L" | "0P" | "28") => StatusCode::FORBIDDEN,
        (_, "08" | "53") => StatusCode::SERVICE_UNAVAILABLE,
        ("21000" | "42P17", _)
        | (
            _,
            "09" | "25" | "2D" | "38" | "39" | "3B" | "40" | "54" | "55" | "57" | "58" | "F0"
            | "HV" | "P0" | "XX",
        ) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_follow_the_sqlstate() {
        let status = |code: &str| status_of(code, "role x does not exist", true).as_u16();
        for (code, expected) in [
            ("23505", 409),
            ("23514", 400),
            ("42501", 403),
            ("22023", 401),
            ("42P01", 404),
            ("25006", 405),
            ("25000", 500),
            ("53300", 503),
            ("53400", 500),
            ("PT418", 418),
            ("PTxyz", 500),
            ("ZX123", 400),
        ] {
            assert_eq!(status(code), expected, "{code}");
        }
        assert_eq!(status_of("42501", "", false), StatusCode::UNAUTHORIZED);
    }
}
