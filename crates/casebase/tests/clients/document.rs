//! The service's `/openapi.json`, held by schemathesis to what the service does.
#![expect(clippy::print_stderr, reason = "the seed is for whoever runs it again")]

use std::sync::Arc;

use casebase::commands::demo::person::{Person, Place};
use reqwest::Method;
use serde_json::Value;

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

#[tokio::test]
async fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let Some(_) = python() else { return };
    let settings = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(settings.path(), &[]);
    let service = &dev.settings["CASEBASE_URL"];
    let place = Place::new(
        &dev.settings["SUPABASE_URL"],
        &dev.settings["SUPABASE_ANON_KEY"],
    );
    let place = Arc::new(place.expect("dev's settings").with_service(service));
    upload(&sign_in(&place, "ada@example.com").await).await;
    let seed = std::env::var("CASEBASE_TEST_SEED").unwrap_or(SEED.to_string());
    eprintln!("again: CASEBASE_TEST_SEED={seed}");
    for (email, phases) in RUNS {
        let caller = sign_in(&place, email).await;
        // It leaves folders of its own where it runs.
        let scratch = tempfile::tempdir().expect("a folder");
        let mut run = python().expect("it was there before");
        run.current_dir(scratch.path())
            .args(["-m", "schemathesis.cli", "--no-color", "--config-file"])
            .arg(folder().join("schemathesis.toml"))
            .args(["run", &format!("{service}/openapi.json")])
            .args([
                "--header",
                &format!("Authorization: Bearer {}", caller.token()),
            ])
            .args(["--phases", phases, "--max-examples", MOST_EXAMPLES])
            .args([
                "--seed",
                &seed,
                "--continue-on-failure",
                "--request-timeout",
                "30",
            ])
            .env("NO_PROXY", "127.0.0.1");
        let said = succeed(&mut run);
        assert!(said.contains("10 selected / 10 total"), "{said}");
    }
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
