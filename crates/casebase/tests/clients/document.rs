//! The service's `/openapi.json`, held by schemathesis to what the service does.
#![expect(clippy::print_stderr, reason = "the seed is for whoever runs it again")]

use std::sync::Arc;

use casebase::commands::demo::person::{Person, Place};
use casebase_server::{Config, Service};
use regex::Regex;
use reqwest::Method;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    dev::Dev,
    programs::{folder, python, succeed},
};

const SEED: u64 = 3;
/// For each operation and phase; all of a run takes some 20 s then.
const MOST_EXAMPLES: &str = "5";

/// Who calls, and what is tried. The client's member is first: she can't delete the file that she reads.
const RUNS: [(&str, &str); 2] = [
    ("carla@example.com", "examples,fuzzing"),
    ("ada@example.com", "examples,coverage,fuzzing,stateful"),
];

// The service answers while schemathesis is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let Some(_) = python() else { return };
    let settings = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(settings.path(), &[]);
    let (service, _stop) = unhurried_service(&dev).await;
    let place = Place::new(
        &dev.settings["SUPABASE_URL"],
        &dev.settings["SUPABASE_ANON_KEY"],
    );
    let place = Arc::new(place.expect("dev's settings").with_service(&service));
    // Before anything runs: a connection that has lain idle meanwhile may be closed as it is used.
    let mut callers = Vec::new();
    for (email, phases) in RUNS {
        callers.push((sign_in(&place, email).await, phases));
    }
    upload(&callers[1].0).await;
    let seed = std::env::var("CASEBASE_TEST_SEED").unwrap_or(SEED.to_string());
    eprintln!("again: CASEBASE_TEST_SEED={seed}");
    for (caller, phases) in callers {
        // It leaves folders of its own where it runs.
        let scratch = tempfile::tempdir().expect("a folder");
        let mut run = python().expect("it was there before");
        run.current_dir(scratch.path())
            .args(["-m", "schemathesis.cli", "--no-color", "--config-file"])
            .arg(folder().join("schemathesis.toml"))
            .args(["run", &format!("{service}/openapi.json")])
            .args(["--phases", phases, "--max-examples", MOST_EXAMPLES])
            .args([
                "--seed",
                &seed,
                "--continue-on-failure",
                "--request-timeout",
                "30",
            ])
            .env("NO_PROXY", "127.0.0.1")
            .env("CASEBASE_TEST_TOKEN", caller.token())
            .env("SCHEMATHESIS_HOOKS", folder().join("schemathesis_hooks.py"));
        let said = succeed(&mut run);
        assert!(said.contains("27 selected / 27 total"), "{said}");
    }
}

/// A service of dev's project that lets one person ask as often as they like, and where it answers.
async fn unhurried_service(dev: &Dev) -> (String, DropGuard) {
    let config = Config::from_variables(|name| match name {
        "CASEBASE_REQUESTS_PER_MINUTE" => Some("0".into()),
        name => dev.settings.get(name).cloned(),
    });
    let service = Service::new(&config.expect("dev's settings")).expect("the same");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    tokio::spawn(service.serve(listener, stop.clone()));
    (format!("http://{address}"), stop.drop_guard())
}

async fn sign_in(place: &Arc<Place>, email: &str) -> Person {
    let person = Person::sign_in(place, email, "casebase").await;
    person.expect("the password of the sample data")
}

/// The file that the document's example reads. Its type is none that a file without one would have.
async fn upload(person: &Person) {
    let path = "/v1/cases/CASE-0001/files?name=a.json&visible_to_client=true";
    let answer = person.service(Method::POST, path).body("{}").send().await;
    let answer = answer.expect("the service answers").error_for_status();
    let row: Value = answer.expect("it is taken").json().await.expect("a row");
    assert_eq!(row["id"], 1, "the document's example names another");
}

/// What the document says of human text is what the database takes: at the beginning, in the middle, at the end, alone.
#[tokio::test]
async fn text_is_in_the_document_as_the_database_judges_it() {
    let settings = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(settings.path(), &[]);
    let document = reqwest::get(format!("{}/openapi.json", dev.settings["CASEBASE_URL"])).await;
    let document: Value = document.expect("an answer").json().await.expect("JSON");
    let properties = &document["components"]["schemas"]["NewCase"]["properties"];
    let pattern = |field: &str| {
        let pattern = properties[field]["pattern"].as_str().expect("a pattern");
        Regex::new(pattern).expect("an expression")
    };
    let (title, description) = (pattern("title"), pattern("description"));

    let database = PgConnection::connect(&dev.settings["DATABASE_URL"]).await;
    let mut database = database.expect("a connection");
    let judged = sqlx::query_as::<_, (String, bool, bool)>(
        "select text, casebase.is_line(text), text = '' or casebase.is_text(text)
         from generate_series(1, 1114111) code,
              lateral (select case when code between 55296 and 57343 then '-' else chr(code) end) c (one),
              unnest(array[one, one || 'a', 'a' || one || 'a', 'a' || one, 'a' || one || E'\\n']) text
         where code < 131072 or code between 917504 and 921600 or code % 65536 >= 65500
         union all select '', false, true",
    );
    let judged = judged
        .fetch_all(&mut database)
        .await
        .expect("the query runs");
    assert!(judged.iter().any(|(_, line, text)| *text && !line));
    for (text, is_line, is_text) in judged {
        assert_eq!(title.is_match(&text), is_line, "title {text:?}");
        assert_eq!(description.is_match(&text), is_text, "description {text:?}");
    }
}
