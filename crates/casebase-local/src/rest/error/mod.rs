//! Refusals and failures, with PostgREST's codes and statuses.
//!
//! The first digit says where an error comes from: `PGRST0xx` the connection, `1xx` the request,
//! `2xx` the schema cache, `3xx` the token. Errors of PostgreSQL keep their SQLSTATE.

mod database;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::api_request::media_type::MediaType;
use super::schema_cache::{Cardinality, Qi, Relationship, Routine, SchemaCache};
use super::similar;

/// An answer that is no success.
#[derive(Debug)]
pub struct Error(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
    details: Value,
    hint: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Names in hints have to be at least this similar.
const CLOSE: f64 = 0.75;
const VAGUE: f64 = 0.33;

impl Error {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Refusal {
            status,
            code: code.to_owned(),
            message: message.into(),
            details: Value::Null,
            hint: None,
            headers: Vec::new(),
        }))
    }

    fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn details(mut self, details: impl Into<Value>) -> Self {
        self.0.details = details.into();
        self
    }

    fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.0.hint = hint.into();
        self
    }

    /// The object did not exist when the schema was last read; it may by now.
    pub fn may_be_stale(&self) -> bool {
        self.0.code.starts_with("PGRST2")
    }

    /// PostgreSQL ended the transaction for the sake of another one: the same again may succeed.
    pub fn is_lost_race(&self) -> bool {
        matches!(self.0.code.as_str(), "40001" | "40P01")
    }

    /// The body.
    pub fn body(&self) -> Bytes {
        json!({
            "code": self.0.code,
            "details": self.0.details,
            "hint": self.0.hint,
            "message": self.0.message,
        })
        .to_string()
        .into()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Ok(value) = HeaderValue::try_from(format!("PostgREST; error={}", self.0.code)) {
            headers.insert("proxy-status", value);
        }
        headers.extend(self.0.headers);
        response
    }
}

/// Errors of the request: `PGRST1xx`.
impl Error {
    pub fn query_parameter(message: String, details: String) -> Self {
        Self::bad_request("PGRST100", message).details(details)
    }

    pub fn invalid_rpc_method(method: &str) -> Self {
        let message = format!("Cannot use the {method} method on RPC");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "PGRST101", message)
    }

    pub fn invalid_body(message: String) -> Self {
        Self::bad_request("PGRST102", message)
    }

    fn invalid_range(details: String) -> Self {
        let message = "Requested range not satisfiable";
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "PGRST103", message).details(details)
    }

    pub fn negative_limit() -> Self {
        Self::invalid_range("Limit should be greater than or equal to zero.".to_owned())
    }

    pub fn range_upside_down() -> Self {
        Self::invalid_range(
            "The lower boundary must be lower than or equal to the upper boundary in the Range header."
                .to_owned(),
        )
    }

    pub fn offset_out_of_bounds(offset: i128, total: i64) -> Self {
        Self::invalid_range(format!(
            "An offset of {offset} was requested, but there are only {total} rows."
        ))
    }

    pub fn put_filters() -> Self {
        let message = "Filters must include all and only primary key columns with 'eq' operators";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "PGRST105", message)
    }

    pub fn unacceptable_schema(schema: &str, exposed: &[String]) -> Self {
        let message = format!("Invalid schema: {schema}");
        let hint = format!(
            "Only the following schemas are exposed: {}",
            exposed.join(", ")
        );
        Self::new(StatusCode::NOT_ACCEPTABLE, "PGRST106", message).hint(hint)
    }

    pub fn media_type(accepted: &[MediaType]) -> Self {
        let names: Vec<&str> = accepted.iter().map(MediaType::name).collect();
        let message = format!(
            "None of these media types are available: {}",
            names.join(", ")
        );
        Self::new(StatusCode::NOT_ACCEPTABLE, "PGRST107", message)
    }

    pub fn not_embedded(name: &str) -> Self {
        let message = format!("'{name}' is not an embedded resource in this request");
        let hint = format!("Verify that '{name}' is included in the 'select' query parameter.");
        Self::bad_request("PGRST108", message).hint(hint)
    }

    pub fn response_headers() -> Self {
        let message = "response.headers guc must be a JSON array composed of objects with a single key and a string value";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "PGRST111", message)
    }

    pub fn response_status() -> Self {
        let message = "response.status guc must be a valid status code";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "PGRST112", message)
    }

    pub fn limit_with_put() -> Self {
        let message = "limit/offset querystring parameters are not allowed for PUT";
        Self::bad_request("PGRST114", message)
    }

    pub fn put_mismatch() -> Self {
        let message = "Payload values do not match URL in primary key column(s)";
        Self::bad_request("PGRST115", message)
    }

    pub fn not_singular(rows: i64) -> Self {
        let message = "Cannot coerce the result to a single JSON object";
        Self::new(StatusCode::NOT_ACCEPTABLE, "PGRST116", message)
            .details(format!("The result contains {rows} rows"))
    }

    pub fn unsupported_method(method: &str) -> Self {
        let message = format!("Unsupported HTTP method: {method}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "PGRST117", message)
    }

    pub fn related_order_not_to_one(origin: &str, target: &str) -> Self {
        let message = format!("A related order on '{target}' is not possible");
        let details = format!(
            "'{origin}' and '{target}' do not form a many-to-one or one-to-one relationship"
        );
        Self::bad_request("PGRST118", message).details(details)
    }

    fn unreadable_raise(details: String, hint: &str) -> Self {
        let message = "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "PGRST121", message)
            .details(details)
            .hint(hint.to_owned())
    }

    pub fn invalid_preferences(preferences: &[String]) -> Self {
        Self::bad_request("PGRST122", "Invalid preferences given with handling=strict")
            .details(format!("Invalid preferences: {}", preferences.join(", ")))
    }

    pub fn aggregates_not_allowed() -> Self {
        Self::bad_request("PGRST123", "Use of aggregate functions is not allowed")
    }

    pub fn max_affected(rows: i64) -> Self {
        let message = "Query result exceeds max-affected preference constraint";
        Self::bad_request("PGRST124", message).details(format!("The query affects {rows} rows"))
    }

    pub fn invalid_path() -> Self {
        let message = "Invalid path specified in request URL";
        Self::new(StatusCode::NOT_FOUND, "PGRST125", message)
    }

    pub fn max_affected_single() -> Self {
        let message = "Function must return SETOF or TABLE when max-affected preference is used with handling=strict";
        Self::bad_request("PGRST128", message)
    }
}

/// Errors of the schema cache: `PGRST2xx`.
impl Error {
    pub fn no_relationship(
        origin: &str,
        target: &str,
        hint: Option<&str>,
        schema: &str,
        cache: &SchemaCache,
    ) -> Self {
        let message = format!(
            "Could not find a relationship between '{origin}' and '{target}' in the schema cache"
        );
        let using = hint.map_or(String::new(), |h| format!(" using the hint '{h}'"));
        let details = format!(
            "Searched for a foreign key relationship between '{origin}' and '{target}'{using} in the schema '{schema}', but no matches were found."
        );
        let targets = cache.relationships_from(&Qi::new(schema, origin));
        let meant = if targets.is_empty() {
            let parents = cache.related_names(schema);
            similar::closest(origin, parents.into_iter(), VAGUE).map(|name| (name, origin))
        } else {
            let names = targets.iter().map(|r| r.foreign_table.name.as_str());
            similar::closest(target, names, VAGUE)
                .filter(|name| *name != target)
                .map(|name| (name, target))
        };
        Self::bad_request("PGRST200", message)
            .details(details)
            .hint(
                meant.map(|(name, given)| {
                    format!("Perhaps you meant '{name}' instead of '{given}'.")
                }),
            )
    }

    pub fn ambiguous_relationship(
        origin: &str,
        target: &str,
        candidates: &[&Relationship],
    ) -> Self {
        let message = format!(
            "Could not embed because more than one relationship was found for '{origin}' and '{target}'"
        );
        let names: Vec<String> = candidates
            .iter()
            .filter_map(|r| Some(format!("'{}!{}'", r.foreign_table.name, hint_of(r)?)))
            .collect();
        let hint = format!(
            "Try changing '{target}' to one of the following: {}. Find the desired relationship in the 'details' key.",
            names.join(", ")
        );
        let details: Vec<Value> = candidates.iter().map(|r| described(r)).collect();
        Self::new(StatusCode::MULTIPLE_CHOICES, "PGRST201", message)
            .details(details)
            .hint(hint)
    }

    pub fn no_function(
        function: &Qi,
        keys: &BTreeSet<String>,
        content_type: &MediaType,
        is_post: bool,
        cache: &SchemaCache,
    ) -> Self {
        let name = format!("{}.{}", function.schema, function.name);
        let list = keys
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let body_type = match content_type {
            MediaType::Text if is_post => Some("text"),
            MediaType::Xml if is_post => Some("xml"),
            MediaType::OctetStream if is_post => Some("bytea"),
            _ => None,
        };
        let (short, long) = match (body_type, keys.len()) {
            (Some(body), _) => (
                String::new(),
                format!(" with a single unnamed {body} parameter"),
            ),
            (None, 0) => (
                " without parameters".to_owned(),
                " without parameters".to_owned(),
            ),
            (None, 1) => (format!("({list})"), format!(" with parameter {list}")),
            (None, _) => (format!("({list})"), format!(" with parameters {list}")),
        };
        let or_body = if is_post && *content_type == MediaType::Json {
            " or with a single unnamed json/jsonb parameter"
        } else {
            ""
        };
        let message = format!("Could not find the function {name}{short} in the schema cache");
        let details = format!(
            "Searched for the function {name}{long}{or_body}, but no matches were found in the schema cache."
        );
        let hint = body_type
            .is_none()
            .then(|| meant_function(function, &list, cache));
        Self::new(StatusCode::NOT_FOUND, "PGRST202", message)
            .details(details)
            .hint(hint.flatten())
    }

    pub fn ambiguous_function(candidates: &[&Routine]) -> Self {
        let signature = |routine: &&Routine| {
            let parameters: Vec<String> = routine
                .parameters
                .iter()
                .map(|p| format!("{} => {}", p.name, p.type_name))
                .collect();
            let Qi { schema, name } = &routine.qi;
            format!("{schema}.{name}({})", parameters.join(", "))
        };
        let names: Vec<String> = candidates.iter().map(signature).collect();
        let message = format!(
            "Could not choose the best candidate function between: {}",
            names.join(", ")
        );
        let hint = "Try renaming the parameters or the function itself in the database so function overloading can be resolved";
        Self::new(StatusCode::MULTIPLE_CHOICES, "PGRST203", message).hint(hint.to_owned())
    }

    pub fn column_not_found(table: &str, column: &str) -> Self {
        let message =
            format!("Could not find the '{column}' column of '{table}' in the schema cache");
        Self::bad_request("PGRST204", message)
    }

    pub fn table_not_found(relation: &Qi, cache: &SchemaCache) -> Self {
        let Qi { schema, name } = relation;
        let message = format!("Could not find the table '{schema}.{name}' in the schema cache");
        let names = cache.tables.keys().filter(|qi| qi.schema == *schema);
        let meant = similar::closest(name, names.map(|qi| qi.name.as_str()), CLOSE);
        Self::new(StatusCode::NOT_FOUND, "PGRST205", message)
            .hint(meant.map(|meant| format!("Perhaps you meant the table '{schema}.{meant}'")))
    }
}

/// Errors of the token: `PGRST3xx`.
impl Error {
    /// The token could not be read or verified.
    pub fn token(message: &str, details: Option<&str>) -> Self {
        Self::unauthorized("PGRST301", message).details(details.map_or(Value::Null, Value::from))
    }

    /// The token is genuine, but its claims stand against it.
    pub fn claims(message: &str) -> Self {
        Self::unauthorized("PGRST303", message)
    }

    fn unauthorized(code: &str, message: &str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, code, message);
        let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{message}\"");
        if let Ok(value) = HeaderValue::try_from(challenge) {
            error.0.headers.push((header::WWW_AUTHENTICATE, value));
        }
        error
    }
}

/// The hint that picks out a relationship.
fn hint_of(relationship: &Relationship) -> Option<&str> {
    match &relationship.cardinality {
        Cardinality::ManyToMany(junction) => Some(&junction.table.name),
        _ => relationship.foreign_key().map(|(constraint, _)| constraint),
    }
}

/// A relationship as the details of an ambiguity give it.
fn described(relationship: &Relationship) -> Value {
    let (origin, target) = (&relationship.table.name, &relationship.foreign_table.name);
    let list = |columns: Vec<&String>| {
        let names: Vec<&str> = columns.into_iter().map(String::as_str).collect();
        format!("({})", names.join(", "))
    };
    let cardinality = match &relationship.cardinality {
        Cardinality::ManyToOne { .. } => "many-to-one",
        Cardinality::OneToMany { .. } => "one-to-many",
        Cardinality::OneToOne { .. } => "one-to-one",
        Cardinality::ManyToMany(_) => "many-to-many",
        Cardinality::Computed { .. } => return json!({}),
    };
    let how = match (&relationship.cardinality, relationship.foreign_key()) {
        (Cardinality::ManyToMany(junction), _) => {
            let inner = |columns: &'_ [(String, String)]| {
                list(columns.iter().map(|(_, inner)| inner).collect())
            };
            format!(
                "{} using {}{} and {}{}",
                junction.table.name,
                junction.origin_constraint,
                inner(&junction.origin_columns),
                junction.target_constraint,
                inner(&junction.target_columns),
            )
        }
        (_, Some((constraint, columns))) => format!(
            "{constraint} using {origin}{} and {target}{}",
            list(columns.iter().map(|(own, _)| own).collect()),
            list(columns.iter().map(|(_, foreign)| foreign).collect()),
        ),
        _ => String::new(),
    };
    json!({
        "cardinality": cardinality,
        "embedding": format!("{origin} with {target}"),
        "relationship": how,
    })
}

/// A function that may have been meant: one with the same name and other parameters, or one with
/// a similar name.
fn meant_function(function: &Qi, list: &str, cache: &SchemaCache) -> Option<String> {
    let Qi { schema, name } = function;
    let meant = match cache.routines.get(function) {
        Some(overloads) => {
            let signatures: Vec<String> = overloads
                .iter()
                .map(|routine| {
                    let mut names: Vec<&str> =
                        routine.parameters.iter().map(|p| p.name.as_str()).collect();
                    names.sort_unstable();
                    format!("({})", names.join(", "))
                })
                .collect();
            let candidates = signatures.iter().map(String::as_str);
            let closest = similar::closest(&format!("({list})"), candidates, VAGUE)?;
            format!("{name}{closest}")
        }
        None => {
            let names = cache.routines.keys().filter(|qi| qi.schema == *schema);
            similar::closest(name, names.map(|qi| qi.name.as_str()), CLOSE)?.to_owned()
        }
    };
    Some(format!(
        "Perhaps you meant to call the function {schema}.{meant}"
    ))
}
