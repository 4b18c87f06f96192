//! The recorded answers of a real PostgREST, replayed against the local one.
//!
//! The recordings are read from `../shared/truth/postgrest` beside the repository (or where
//! `CASEBASE_TRUTH` points); the format is described in the README there. Without them the test
//! says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failing test may panic, and a skipped one says so"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use casebase_local::jwt::Keys;
use casebase_local::{JWT_SECRET, Options, Stack, rest};
use serde::Deserialize;
use serde_json::{Map, Value};
use tower::ServiceExt;

/// Hosted projects of old grant everything to everybody by default; the recordings had no such defaults.
const WITHOUT_DEFAULT_PRIVILEGES: &str = "
    alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
    alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
    alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;";

#[derive(Deserialize)]
struct Request {
    id: String,
    #[serde(default)]
    mutates: bool,
    #[serde(flatten)]
    ask: Ask,
    then: Option<Ask>,
    #[serde(default)]
    loose: Vec<String>,
    only: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Ask {
    r#as: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Deserialize, Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
    then: Option<Box<Answer>>,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_stack_answers_as_postgrest_did() {
    let folder = truth();
    if !folder.exists() {
        eprintln!("skipped: no recordings at {}", folder.display());
        return;
    }
    let stack = Stack::start(Options::default()).await.unwrap();
    let superuser = connect(&stack.database_url("supabase_admin")).await;
    superuser
        .batch_execute(WITHOUT_DEFAULT_PRIVILEGES)
        .await
        .unwrap();
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    superuser.batch_execute(&schema).await.unwrap();
    let replay = Replay {
        router: router(&stack).await,
        tokens: tokens(&folder),
    };

    let wanted: BTreeMap<String, Answer> = lines::<Value>(&folder.join("answers.jsonl"))
        .into_iter()
        .map(|v| {
            (
                v["id"].as_str().unwrap().to_owned(),
                serde_json::from_value(v).unwrap(),
            )
        })
        .collect();
    let (writers, readers): (Vec<Request>, Vec<Request>) = lines(&folder.join("requests.jsonl"))
        .into_iter()
        .partition(|r: &Request| r.mutates);
    let mut different = Vec::new();
    for request in readers.iter().chain(&writers) {
        if request.mutates {
            superuser
                .batch_execute("select fixture.reset()")
                .await
                .unwrap();
        }
        let got = replay.answer(request).await;
        let differences = compare(&wanted[&request.id], &got, &request.loose);
        if !differences.is_empty() {
            let Ask { method, path, .. } = &request.ask;
            different.push(format!(
                "{} {method} {path}\n    {}",
                request.id,
                differences.join("\n    ")
            ));
        }
    }
    stack.stop().await;
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        wanted.len(),
        different.join("\n")
    );
}

fn truth() -> PathBuf {
    let root = match std::env::var_os("CASEBASE_TRUTH") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/truth"),
    };
    root.join("postgrest")
}

fn lines<T: for<'de> Deserialize<'de>>(file: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

/// As the recorded server was configured.
async fn router(stack: &Stack) -> Router {
    rest::router(rest::Config {
        database: stack.database_url("authenticator").parse().unwrap(),
        keys: Arc::new(Keys::hs256(JWT_SECRET)),
        schemas: vec!["public".into()],
        extra_search_path: vec!["public".into()],
        anon_role: "anon".into(),
        max_rows: Some(1000),
    })
    .await
    .unwrap()
}

/// The bearer token of each identity, if it has one.
fn tokens(folder: &Path) -> BTreeMap<String, Option<String>> {
    let text = std::fs::read_to_string(folder.join("identities.json")).unwrap();
    let identities: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    identities
        .into_iter()
        .map(|(name, identity)| (name, token(&identity)))
        .collect()
}

fn token(identity: &Value) -> Option<String> {
    let claims = identity["claims"].as_object()?;
    if identity["alg"] == "none" {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let payload = Value::Object(claims.clone()).to_string();
        return Some(format!(
            "{}.{}.",
            part(r#"{"alg":"none","typ":"JWT"}"#),
            part(&payload)
        ));
    }
    let secret = identity["secret"].as_str().unwrap_or(JWT_SECRET);
    Some(Keys::hs256(secret).sign(claims).unwrap())
}

struct Replay {
    router: Router,
    tokens: BTreeMap<String, Option<String>>,
}

impl Replay {
    async fn answer(&self, request: &Request) -> Answer {
        let mut answer = self.send(&request.ask).await;
        if let Some(then) = &request.then {
            answer.then = Some(Box::new(self.send(then).await));
        }
        if let Some(keys) = &request.only {
            let document: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let kept: Map<String, Value> = keys
                .iter()
                .map(|key| {
                    let value = key.split('.').fold(&document, |value, part| &value[part]);
                    (key.clone(), value.clone())
                })
                .collect();
            answer.body = Value::Object(kept).to_string();
        }
        answer
    }

    async fn send(&self, ask: &Ask) -> Answer {
        let mut request = http::Request::builder()
            .method(ask.method.as_str())
            .uri(&ask.path);
        let names: BTreeSet<String> = ask.headers.keys().map(|name| name.to_lowercase()).collect();
        if let Some(token) = self.tokens[&ask.r#as]
            .as_ref()
            .filter(|_| !names.contains("authorization"))
        {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &ask.headers {
            request = request.header(name, value.as_bytes());
        }
        let body = Body::from(ask.body.clone().unwrap_or_default());
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let headers = head.headers.iter().map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        });
        Answer {
            status: head.status.as_u16(),
            headers: headers.collect(),
            // the server that a router runs in leaves out the body of an answer to HEAD
            body: match ask.method.as_str() {
                "HEAD" => String::new(),
                _ => String::from_utf8_lossy(&body).into_owned(),
            },
            then: None,
        }
    }
}

/// The headers that count, and whether their value is a set.
const HEADERS: [(&str, bool); 13] = [
    ("content-type", false),
    ("content-range", false),
    ("location", false),
    ("preference-applied", true),
    ("allow", true),
    ("www-authenticate", false),
    ("proxy-status", false),
    ("access-control-allow-origin", false),
    ("access-control-allow-methods", true),
    ("access-control-allow-headers", true),
    ("access-control-max-age", false),
    ("access-control-expose-headers", true),
    ("access-control-allow-credentials", false),
];

fn compare(wanted: &Answer, got: &Answer, loose: &[String]) -> Vec<String> {
    let (later, now): (Vec<&str>, Vec<&str>) = loose
        .iter()
        .map(String::as_str)
        .partition(|item| item.starts_with("then.") || item.starts_with("sorted:then."));
    let mut differences = compare_one(wanted, got, &now);
    if let (Some(wanted), Some(got)) = (&wanted.then, &got.then) {
        let later: Vec<String> = later
            .iter()
            .map(|item| item.replacen("then.", "", 1))
            .collect();
        let later: Vec<&str> = later.iter().map(String::as_str).collect();
        let then = compare_one(wanted, got, &later);
        differences.extend(
            then.into_iter()
                .map(|difference| format!("then {difference}")),
        );
    }
    differences
}

fn compare_one(wanted: &Answer, got: &Answer, loose: &[&str]) -> Vec<String> {
    let mut differences = Vec::new();
    if wanted.status != got.status && !loose.contains(&"status") {
        differences.push(format!(
            "status: want {}, got {}",
            wanted.status, got.status
        ));
    }
    for (name, is_set) in HEADERS {
        let is_loose =
            loose.contains(&"headers") || loose.contains(&format!("headers.{name}").as_str());
        let (want, have) = (wanted.headers.get(name), got.headers.get(name));
        if !is_loose && want.map(|v| plain(v, is_set)) != have.map(|v| plain(v, is_set)) {
            differences.push(format!("{name}: want {want:?}, got {have:?}"));
        }
    }
    if wanted.body != got.body && !loose.contains(&"body") {
        let is_json = wanted
            .headers
            .get("content-type")
            .is_none_or(|t| t.contains("json"));
        let parse = |text: &str| serde_json::from_str::<Value>(text).ok().filter(|_| is_json);
        let alike = match (parse(&wanted.body), parse(&got.body)) {
            (Some(want), Some(have)) => loosened(want, loose) == loosened(have, loose),
            _ => false,
        };
        if !alike {
            differences.push(format!("body: want {}, got {}", wanted.body, got.body));
        }
    }
    differences
}

/// A header's value without what does not matter in it.
fn plain(value: &str, is_set: bool) -> Vec<String> {
    if !is_set {
        return vec![value.replace("; ", ";")];
    }
    let mut items: Vec<String> = value
        .split(',')
        .map(|item| item.trim().to_lowercase())
        .collect();
    items.sort();
    items
}

/// The document without its loose parts, inner lists sorted before outer ones.
fn loosened(mut document: Value, loose: &[&str]) -> Value {
    let mut loose = loose.to_vec();
    loose.sort_by_key(|item| std::cmp::Reverse(item.matches('.').count()));
    for item in loose {
        if let Some(path) = item.strip_prefix("sorted:body") {
            let path: Vec<&str> = path.split('.').filter(|key| !key.is_empty()).collect();
            change(&mut document, &path, &|value| {
                if let Value::Array(items) = value {
                    items.sort_by_key(sorted_text);
                }
            });
        } else if let Some(path) = item.strip_prefix("body.") {
            let path: Vec<&str> = path.split('.').collect();
            change(&mut document, &path, &|value| *value = Value::Null);
        }
    }
    document
}

/// Applies `edit` to what the path leads to; `*` stands for every element.
fn change(value: &mut Value, path: &[&str], edit: &dyn Fn(&mut Value)) {
    match (path, value) {
        ([], value) => edit(value),
        (["*", rest @ ..], Value::Array(items)) => {
            items.iter_mut().for_each(|item| change(item, rest, edit));
        }
        ([key, rest @ ..], Value::Object(object)) => {
            if let Some(value) = object.get_mut(*key) {
                change(value, rest, edit);
            }
        }
        _ => {}
    }
}

/// A text that is the same for equal values, whatever the order of their keys.
fn sorted_text(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&String, String> = object
                .iter()
                .map(|(key, value)| (key, sorted_text(value)))
                .collect();
            format!("{sorted:?}")
        }
        Value::Array(items) => {
            format!("{:?}", items.iter().map(sorted_text).collect::<Vec<_>>())
        }
        other => other.to_string(),
    }
}
