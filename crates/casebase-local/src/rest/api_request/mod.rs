//! What a request asks for: the URL, the headers and the body as one value.

pub mod media_type;
pub mod parser;
pub mod payload;
pub mod preferences;
pub mod query_params;
pub mod range;
pub mod types;

use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use self::media_type::MediaType;
use self::payload::Payload;
use self::preferences::Preferences;
use self::query_params::QueryParams;
use self::range::RowRange;
use crate::rest::error::Error;
use crate::rest::schema_cache::Qi;

/// What is done to a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    Create,
    Update,
    SingleUpsert,
    Delete,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invocation {
    /// GET or HEAD: in a transaction that may not write.
    Read {
        head: bool,
    },
    Post,
}

/// What the request is about and what it wants of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Read {
        relation: Qi,
        head: bool,
    },
    Mutate {
        relation: Qi,
        mutation: Mutation,
    },
    Call {
        function: Qi,
        invocation: Invocation,
    },
    Inspect {
        head: bool,
    },
    RelationInfo(Qi),
    FunctionInfo(Qi),
    SchemaInfo,
}

/// A request that was understood.
#[derive(Debug)]
pub struct ApiRequest {
    pub action: Action,
    pub schema: String,
    /// Whether the answer names the schema, as it must when there are several.
    pub schema_negotiated: bool,
    pub query: QueryParams,
    /// The range of the root, from the query and the `Range` header.
    pub range: RowRange,
    pub payload: Option<Payload>,
    pub preferences: Preferences,
    pub accept: Vec<MediaType>,
    pub content_type: MediaType,
}

/// The parts of an HTTP request that the interpretation needs.
pub struct HttpRequest<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub query: &'a [(String, Option<String>)],
    pub headers: &'a HeaderMap,
    pub body: Bytes,
}

impl ApiRequest {
    /// Interprets a request to a server that exposes `schemas`.
    pub fn interpret(
        http: HttpRequest<'_>,
        schemas: &[String],
        timezones: &HashSet<String>,
    ) -> Result<Self, Error> {
        let resource = Resource::from_path(http.path)?;
        let (schema, schema_negotiated) = choose_schema(&http, schemas)?;
        let action = resource.action(http.method, &schema)?;
        let is_read_call = matches!(
            action,
            Action::Call {
                invocation: Invocation::Read { .. },
                ..
            }
        );
        let query = QueryParams::parse(http.query, is_read_call)?;
        let range = root_range(&http, &query)?;
        let content_type = match header(http.headers, "content-type") {
            Some(text) => MediaType::parse(&text),
            None => MediaType::Json,
        };
        let payload = read_payload(http.body, &content_type, &query, &action)?;
        Ok(Self {
            action,
            schema,
            schema_negotiated,
            range,
            payload,
            preferences: Preferences::parse(prefer_headers(http.headers), timezones),
            accept: match header(http.headers, "accept") {
                Some(text) => MediaType::parse_accept(&text),
                None => vec![MediaType::Any],
            },
            content_type,
            query,
        })
    }

    /// The columns (or arguments) that the payload writes.
    pub fn payload_keys(&self) -> BTreeSet<String> {
        self.payload.as_ref().map(Payload::keys).unwrap_or_default()
    }
}

/// Every `Prefer` header.
pub fn prefer_headers(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|v| v.to_str().ok())
}

/// A header's text; headers may hold UTF-8.
pub fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// What a path names.
enum Resource {
    Schema,
    Relation(String),
    Function(String),
}

impl Resource {
    fn from_path(path: &str) -> Result<Self, Error> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let decode = |s: &str| percent_decode_str(s).decode_utf8_lossy().into_owned();
        let segments: Vec<String> = path.split('/').map(decode).collect();
        match segments.as_slice() {
            [root] if root.is_empty() => Ok(Self::Schema),
            [relation] => Ok(Self::Relation(relation.clone())),
            [rpc, function] if rpc == "rpc" => Ok(Self::Function(function.clone())),
            _ => Err(Error::invalid_path()),
        }
    }

    fn action(self, method: &Method, schema: &str) -> Result<Action, Error> {
        let head = method == Method::HEAD;
        let qi = |name| Qi::new(schema, name);
        Ok(match (self, method.as_str()) {
            (Self::Function(name), "GET" | "HEAD") => Action::Call {
                function: qi(&name),
                invocation: Invocation::Read { head },
            },
            (Self::Function(name), "POST") => Action::Call {
                function: qi(&name),
                invocation: Invocation::Post,
            },
            (Self::Function(name), "OPTIONS") => Action::FunctionInfo(qi(&name)),
            (Self::Function(_), other) => return Err(Error::invalid_rpc_method(other)),
            (Self::Relation(name), "GET" | "HEAD") => Action::Read {
                relation: qi(&name),
                head,
            },
            (Self::Relation(name), "OPTIONS") => Action::RelationInfo(qi(&name)),
            (Self::Relation(name), other) => Action::Mutate {
                relation: qi(&name),
                mutation: match other {
                    "POST" => Mutation::Create,
                    "PATCH" => Mutation::Update,
                    "PUT" => Mutation::SingleUpsert,
                    "DELETE" => Mutation::Delete,
                    _ => return Err(Error::unsupported_method(other)),
                },
            },
            (Self::Schema, "GET" | "HEAD") => Action::Inspect { head },
            (Self::Schema, "OPTIONS") => Action::SchemaInfo,
            (Self::Schema, other) => return Err(Error::unsupported_method(other)),
        })
    }
}

/// The schema that `Accept-Profile` (or, for writes, `Content-Profile`) names, or the first.
fn choose_schema(http: &HttpRequest<'_>, schemas: &[String]) -> Result<(String, bool), Error> {
    let name = match http.method.as_str() {
        "POST" | "PATCH" | "PUT" | "DELETE" => "content-profile",
        _ => "accept-profile",
    };
    match header(http.headers, name) {
        Some(profile) if schemas.contains(&profile) => Ok((profile, true)),
        Some(profile) => Err(Error::unacceptable_schema(&profile, schemas)),
        None => {
            let default = schemas.first().cloned().unwrap_or_default();
            Ok((default, schemas.len() > 1))
        }
    }
}

/// The `Range` header counts for GET only.
fn root_range(http: &HttpRequest<'_>, query: &QueryParams) -> Result<RowRange, Error> {
    let header_range = match header(http.headers, "range") {
        Some(text) if http.method == Method::GET => RowRange::from_header(&text),
        _ => RowRange::ALL,
    };
    let limit = query.root_range();
    let range = limit.with_header(header_range);
    if range.is_empty() && !limit.is_limit_zero() {
        return Err(if header_range.is_empty() {
            Error::range_upside_down()
        } else {
            Error::negative_limit()
        });
    }
    if http.method == Method::PUT && range != RowRange::ALL {
        return Err(Error::limit_with_put());
    }
    Ok(range)
}

fn read_payload(
    body: Bytes,
    content_type: &MediaType,
    query: &QueryParams,
    action: &Action,
) -> Result<Option<Payload>, Error> {
    let (columns, is_call) = match action {
        Action::Mutate {
            mutation: Mutation::Create | Mutation::Update,
            ..
        } => (query.columns.as_ref(), false),
        Action::Mutate {
            mutation: Mutation::SingleUpsert,
            ..
        } => (None, false),
        Action::Call {
            invocation: Invocation::Post,
            ..
        } => (query.columns.as_ref(), true),
        _ => return Ok(None),
    };
    Payload::parse(body, content_type, columns, is_call).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    /// Text in which what means something to the grammars is frequent.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "select",
            "order",
            "limit",
            "offset",
            "columns",
            "on_conflict",
            "and",
            "or",
            "not",
            "=",
            "&",
            ";",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ",",
            ".",
            "..",
            "...",
            ":",
            "::",
            "!",
            "!inner",
            "->",
            "->>",
            "'",
            "\"",
            "\\",
            "$1",
            "$$",
            "--",
            "/*",
            "%00",
            "%ff",
            "%",
            "+",
            "-1",
            "99999999999999999999999999999999999999999999",
            "eq.",
            "in.(",
            "is.null",
            "fts(",
            "any",
            "count()",
            "*",
            "id",
            "\u{0}",
            "\u{1f98a}",
            " ",
            "\t",
            "\\ud800",
            "null",
            "0-9",
        ]);
        let piece = prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => ".{0,8}"];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_panics(
            method in prop::sample::select(vec!["GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]),
            path in "(/|/rpc/|/t/)?.{0,12}",
            query in hostile(),
            body in hostile(),
            content_type in prop::sample::select(vec![
                "application/json", "text/csv", "application/x-www-form-urlencoded", "text/plain", "x",
            ]),
            header in hostile(),
        ) {
            let mut headers = HeaderMap::new();
            for name in ["accept", "prefer", "range", "accept-profile"] {
                if let Ok(value) = HeaderValue::from_bytes(header.as_bytes()) {
                    headers.insert(name, value);
                }
            }
            headers.insert("content-type", HeaderValue::from_static(content_type));
            let method: Method = method.parse().unwrap_or_default();
            if let Ok(query) = query_params::decode(&query) {
                let http = HttpRequest {
                    method: &method,
                    path: &path,
                    query: &query,
                    headers: &headers,
                    body: body.into(),
                };
                let _ = ApiRequest::interpret(http, &["public".to_owned()], &HashSet::new());
            }
        }
    }
}
