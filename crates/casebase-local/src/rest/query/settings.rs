//! The settings of a transaction: the role, its claims and what is known of the request.

use http::HeaderMap;
use serde_json::{Map, Value};

use crate::rest::auth::Caller;

use super::sql::Sql;

/// What the settings are made from.
pub struct Request<'a> {
    pub caller: &'a Caller,
    pub method: &'a str,
    pub path: &'a str,
    pub headers: &'a HeaderMap,
    pub search_path: Vec<&'a str>,
    pub timezone: Option<&'a str>,
    /// Of the role, then of the function.
    pub more: Vec<(&'a str, &'a str)>,
}

/// The statement that makes the settings, for this transaction only.
pub fn statement(request: &Request<'_>) -> Sql {
    let mut search_path = Sql::default();
    search_path.list(&request.search_path, ", ", |sql, schema| {
        sql.ident(schema);
    });
    let claims = Value::Object(request.caller.claims.clone()).to_string();
    let headers = Value::Object(plain_headers(request.headers)).to_string();
    let cookies = Value::Object(cookies(request.headers)).to_string();
    // the role comes after the settings that it might not be allowed to make itself
    let (before, after) = (
        [("search_path", search_path.text.as_str())],
        [
            ("role", request.caller.role.as_str()),
            ("request.jwt.claims", claims.as_str()),
            ("request.method", request.method),
            ("request.path", request.path),
            ("request.headers", headers.as_str()),
            ("request.cookies", cookies.as_str()),
        ],
    );
    let timezone = request.timezone.map(|zone| ("timezone", zone));
    let all = before
        .into_iter()
        .chain(request.more.iter().copied())
        .chain(after)
        .chain(timezone);
    let mut sql = Sql::default();
    sql.push("SELECT ").list(all, ", ", |sql, (name, value)| {
        sql.push("set_config(")
            .value(name)
            .push(", ")
            .value(value)
            .push(", true)");
    });
    sql
}

/// The headers but cookies, by their names in lower case.
fn plain_headers(headers: &HeaderMap) -> Map<String, Value> {
    headers
        .iter()
        .filter(|(name, _)| *name != http::header::COOKIE)
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), Value::String(text))
        })
        .collect()
}

fn cookies(headers: &HeaderMap) -> Map<String, Value> {
    headers
        .get_all(http::header::COOKIE)
        .iter()
        .flat_map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let pairs: Vec<(String, Value)> = text
                .split(';')
                .filter_map(|pair| pair.trim().split_once('='))
                .map(|(name, value)| (name.to_owned(), Value::String(value.to_owned())))
                .collect();
            pairs
        })
        .collect()
}
