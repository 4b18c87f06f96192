//! From what the database gave to the HTTP answer.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::api_request::preferences::{Count, Preferences, Representation, Resolution};
use super::api_request::range::content_range;
use super::api_request::{ApiRequest, Invocation, Mutation};
use super::error::Error;
use super::plan::mutate::MutatePlan;
use super::plan::{CrudPlan, Operation};
use super::schema_cache::{Routine, Table, Volatility};
use super::transaction::ResultSet;

/// Builds the answer to a query.
pub fn crud(
    request: &ApiRequest,
    plan: &CrudPlan,
    result: ResultSet,
    max_rows: Option<u64>,
) -> Result<Response, Error> {
    let mut answer = match &plan.operation {
        Operation::Read { relation, head } => {
            let mut answer = rows(request, &result, total(request, &result, max_rows), *head);
            answer.set(
                header::CONTENT_LOCATION,
                &content_location(&relation.name, request),
            );
            answer
        }
        Operation::Call { plan, invocation } => {
            let head = *invocation == Invocation::Read { head: true };
            let answer = rows(request, &result, result.total, head);
            if plan.routine.returns_void() {
                answer.without_body(StatusCode::NO_CONTENT)
            } else {
                answer
            }
        }
        Operation::Mutate {
            relation,
            mutation,
            plan,
        } => written(request, *mutation, plan, &relation.name, &result),
    };
    if answer.has_content_type {
        answer.set(header::CONTENT_TYPE, &plan.media.content_type());
        if request.schema_negotiated {
            answer.set(HeaderName::from_static("content-profile"), &request.schema);
        }
    }
    if let Some(applied) = applied_preferences(request, plan).applied() {
        answer.set(HeaderName::from_static("preference-applied"), &applied);
    }
    answer.set(header::VARY, "Accept, Prefer, Range");
    answer.overridden(&result)
}

/// An answer being put together.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    has_content_type: bool,
}

impl Answer {
    fn new(status: StatusCode, body: Bytes) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body,
            has_content_type: true,
        }
    }

    fn without_body(mut self, status: StatusCode) -> Self {
        self.status = status;
        self.body = Bytes::new();
        self.has_content_type = false;
        self
    }

    fn set(&mut self, name: HeaderName, value: &str) {
        // names of relations may hold any character, so this is UTF-8 rather than ASCII
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.insert(name, value);
        }
    }

    /// Applies the status and the headers that the statement itself asked for.
    fn overridden(mut self, result: &ResultSet) -> Result<Response, Error> {
        if let Some(status) = &result.status {
            let digits = status.split(|c: char| !c.is_ascii_digit()).next();
            let number = digits.and_then(|digits| digits.parse::<u16>().ok());
            self.status = number
                .and_then(|n| StatusCode::from_u16(n).ok())
                .ok_or_else(Error::response_status)?;
        }
        for (name, value) in response_headers(result.headers.as_deref())? {
            if let Ok(name) = name.parse() {
                self.set(name, &value);
            }
        }
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}

/// `[{"Name": "value"}, …]`
fn response_headers(setting: Option<&str>) -> Result<Vec<(String, String)>, Error> {
    let Some(text) = setting else {
        return Ok(Vec::new());
    };
    let objects: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|_| Error::response_headers())?;
    objects
        .into_iter()
        .map(|object| {
            let mut pairs = object.into_iter();
            match (pairs.next(), pairs.next()) {
                (Some((name, Value::String(value))), None) => Ok((name, value)),
                _ => Err(Error::response_headers()),
            }
        })
        .collect()
}

/// The total that the preferences ask for.
fn total(request: &ApiRequest, result: &ResultSet, max_rows: Option<u64>) -> Option<i64> {
    let beyond_limit =
        |total: i64| max_rows.is_some_and(|max| total > i64::try_from(max).unwrap_or(i64::MAX));
    match request.preferences.count {
        Some(Count::Planned) => result.estimate,
        Some(Count::Estimated) => match (result.total, result.estimate) {
            (Some(total), Some(estimate)) if beyond_limit(total) => Some(total.max(estimate)),
            _ => result.total,
        },
        _ => result.total,
    }
}

/// Rows that were read or returned by a function.
fn rows(request: &ApiRequest, result: &ResultSet, total: Option<i64>, head: bool) -> Answer {
    let first = request.range.offset;
    let last = first + i128::from(result.rows) - 1;
    let all = total.map(i128::from);
    let status = match all {
        Some(all) if first > all => StatusCode::RANGE_NOT_SATISFIABLE,
        Some(all) if i128::from(result.rows) < all => StatusCode::PARTIAL_CONTENT,
        _ => StatusCode::OK,
    };
    let body = match (head, status) {
        (true, _) => Bytes::new(),
        (false, StatusCode::RANGE_NOT_SATISFIABLE) => {
            Error::offset_out_of_bounds(first, total.unwrap_or(0)).body()
        }
        (false, _) => result.body.clone(),
    };
    let mut answer = Answer::new(status, body);
    answer.set(header::CONTENT_RANGE, &content_range(first, last, total));
    answer
}

fn written(
    request: &ApiRequest,
    mutation: Mutation,
    plan: &MutatePlan,
    relation: &str,
    result: &ResultSet,
) -> Answer {
    let preferences = &request.preferences;
    let total = preferences.counts_rows().then_some(result.rows);
    let inserted = result.inserted.unwrap_or(0);
    let with_body = preferences.representation == Some(Representation::Full);
    let (status, status_without_body, range) = match mutation {
        Mutation::Create => {
            let merged = plan.is_merge() && result.inserted.is_none_or(|n| n <= 0);
            let status = if merged {
                StatusCode::OK
            } else {
                StatusCode::CREATED
            };
            (status, status, Some(content_range(1, 0, total)))
        }
        Mutation::Update => {
            let last = i128::from(result.rows) - 1;
            let range = content_range(0, last, total);
            (StatusCode::OK, StatusCode::NO_CONTENT, Some(range))
        }
        Mutation::SingleUpsert if inserted > 0 => {
            (StatusCode::CREATED, StatusCode::NO_CONTENT, None)
        }
        Mutation::SingleUpsert => (StatusCode::OK, StatusCode::NO_CONTENT, None),
        Mutation::Delete => {
            let range = content_range(1, 0, total);
            (StatusCode::OK, StatusCode::NO_CONTENT, Some(range))
        }
    };
    let mut answer = if with_body {
        Answer::new(status, result.body.clone())
    } else {
        Answer::new(status, Bytes::new()).without_body(status_without_body)
    };
    if let Some(range) = range {
        answer.set(header::CONTENT_RANGE, &range);
    }
    if let Some(location) = &result.location {
        answer.set(header::LOCATION, &location_url(relation, location));
    }
    answer
}

/// What RFC 3986 calls unreserved needs no encoding.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// `/relation?key=eq.value`
fn location_url(relation: &str, pairs: &[String]) -> String {
    let encode = |text| utf8_percent_encode(text, QUERY).to_string();
    let encoded: Vec<String> = pairs
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    format!("/{relation}?{}", encoded.join("&"))
}

fn content_location(relation: &str, request: &ApiRequest) -> String {
    match request.query.canonical.as_str() {
        "" => format!("/{relation}"),
        query => format!("/{relation}?{query}"),
    }
}

/// Of the preferences, those that mean something for this operation.
fn applied_preferences(request: &ApiRequest, plan: &CrudPlan) -> Preferences {
    let asked = &request.preferences;
    let mut applied = Preferences {
        count: asked.count,
        handling: asked.handling,
        timezone: asked.timezone.clone(),
        ..Preferences::default()
    };
    match &plan.operation {
        Operation::Read { .. } => {}
        Operation::Call { .. } => applied.max_affected = asked.max_affected,
        Operation::Mutate { mutation, plan, .. } => {
            applied.representation = asked.representation;
            if matches!(mutation, Mutation::Create | Mutation::Update) {
                applied.missing = asked.missing;
            }
            if matches!(mutation, Mutation::Update | Mutation::Delete) {
                applied.max_affected = asked.max_affected;
            }
            if *mutation == Mutation::Create {
                applied.resolution = applied_resolution(request, plan);
            }
        }
    }
    applied
}

/// Without a key to conflict on there is nothing to resolve.
fn applied_resolution(request: &ApiRequest, plan: &MutatePlan) -> Option<Resolution> {
    let has_key = !plan.primary_key.is_empty() || request.query.on_conflict.is_some();
    request.preferences.resolution.filter(|_| has_key)
}

/// The answer to OPTIONS on a relation.
pub fn relation_info(table: &Table) -> Response {
    let has_key = !table.primary_key.is_empty();
    let methods = [
        ("OPTIONS,GET,HEAD", true),
        ("POST", table.insertable),
        ("PUT", table.insertable && table.updatable && has_key),
        ("PATCH", table.updatable),
        ("DELETE", table.deletable),
    ];
    let allowed: Vec<&str> = methods
        .into_iter()
        .filter_map(|(name, allowed)| allowed.then_some(name))
        .collect();
    info(&allowed.join(","))
}

/// The answer to OPTIONS on a function.
pub fn function_info(routine: &Routine) -> Response {
    match routine.volatility {
        Volatility::Volatile => info("OPTIONS,POST"),
        Volatility::Stable | Volatility::Immutable => info("OPTIONS,GET,HEAD,POST"),
    }
}

/// The answer to OPTIONS on the root.
pub fn schema_info() -> Response {
    info("OPTIONS,GET,HEAD")
}

fn info(allowed: &str) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let any = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    if let Ok(value) = HeaderValue::from_str(allowed) {
        headers.insert(header::ALLOW, value);
    }
    response
}
