//! The version of a case as an `ETag`, and `If-Match`, by which a change is made from what was read, or not at all.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use casebase_supabase::rows::CaseId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Row;
use crate::error::ApiError;

/// A case as it was read, with its `ETag`.
pub(crate) struct Tagged {
    row: Row,
    key: Versioned,
}

#[derive(Deserialize)]
struct Versioned {
    id: CaseId,
    version: i32,
}

impl Tagged {
    pub(crate) fn of(row: Row) -> Result<Self, ApiError> {
        let key = serde_json::from_str(row.get())?;
        Ok(Self { row, key })
    }

    pub(crate) fn id(&self) -> CaseId {
        self.key.id
    }

    pub(crate) fn version(&self) -> i32 {
        self.key.version
    }

    pub(crate) fn into_row(self) -> Row {
        self.row
    }

    /// With the id: the number of a duplicate leads to the case that it was merged into.
    pub(crate) fn etag(&self) -> String {
        format!("\"{}.{}\"", self.key.id, self.key.version)
    }
}

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        let etag = HeaderValue::try_from(self.etag());
        let mut response = axum::Json(self.row).into_response();
        if let Ok(etag) = etag {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

/// From which version a change is made (RFC 9110, 13.1.1).
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct IfMatch {
    /// The `ETag` that came with the case, or several, or `*`.
    #[param(rename = "If-Match", value_type = Option<String>, example = "\"1.7\"")]
    wanted: Vec<String>,
}

impl IfMatch {
    /// That of a request, where it has one.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let mut wanted = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let tags = value.to_str().map_err(|_| unreadable())?.split(',');
            for tag in tags.map(str::trim).filter(|tag| !tag.is_empty()) {
                let opaque = tag.strip_prefix("W/").unwrap_or(tag);
                let quoted = opaque.len() > 1 && opaque.starts_with('"') && opaque.ends_with('"');
                if !quoted && tag != "*" {
                    return Err(unreadable());
                }
                wanted.push(tag.to_owned());
            }
        }
        match headers.contains_key(header::IF_MATCH) {
            true if wanted.is_empty() => Err(unreadable()),
            true => Ok(Some(Self { wanted })),
            false => Ok(None),
        }
    }

    /// A weak tag, as a proxy that compresses makes of ours, matches nothing: that is what `If-Match` asks for.
    pub(crate) fn matches(&self, read: &Tagged) -> bool {
        let etag = read.etag();
        self.wanted.iter().any(|tag| tag == "*" || *tag == etag)
    }
}

fn unreadable() -> ApiError {
    let message =
        "If-Match has to be `*`, or the ETag that came with the case, in its quotation marks";
    ApiError::of_header(
        StatusCode::BAD_REQUEST,
        "invalid_if_match",
        "If-Match",
        message,
    )
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn matched(header: &str) -> Option<bool> {
        let row = r#"{"id": 1, "version": 7}"#;
        let row = serde_json::from_str(row).expect("a row");
        let read = Tagged::of(row).expect("with its key");
        let header = HeaderValue::from_str(header).expect("a header");
        let headers = HeaderMap::from_iter([(header::IF_MATCH, header)]);
        let wanted = IfMatch::of(&headers).ok()?.expect("it is there");
        Some(wanted.matches(&read))
    }

    #[test]
    fn a_change_is_made_from_what_was_read_or_not_at_all() {
        for (header, expected) in [
            ("\"1.7\"", Some(true)),
            ("\"1.6\", \"1.7\"", Some(true)),
            ("*", Some(true)),
            ("\"1.6\"", Some(false)),
            ("\"2.7\"", Some(false)),
            ("W/\"1.7\"", Some(false)),
            ("1.7", None),
            ("\"1.7", None),
            ("", None),
            ("\"", None),
        ] {
            assert_eq!(matched(header), expected, "{header}");
        }
        assert!(IfMatch::of(&HeaderMap::new()).expect("readable").is_none());
    }
}
