//! What people are told when the database refuses what they write: by the service, and in a frontend by the table that is
//! handed to it.

use std::sync::Arc;

use casebase::commands::demo::person::{Person, Place};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    dev::Dev,
    programs::{folder, node, succeed},
};

const PAGE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/frontend.md"
));
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

async fn sign_in(dev: &Dev, email: &str) -> Person {
    let settings = &dev.settings;
    let place = Place::new(&settings["SUPABASE_URL"], &settings["SUPABASE_ANON_KEY"]);
    let place = place
        .expect("dev's settings")
        .with_service(&settings["CASEBASE_URL"]);
    let person = Person::sign_in(&Arc::new(place), email, "casebase").await;
    person.expect("the password of the sample data")
}

/// The service's answer to a request that it must refuse.
async fn refusal(person: &Person, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = person.service(method, path).json(body).send().await;
    let answer = request.expect("the service answers");
    let status = answer.status().as_u16();
    let mut body: Value = answer.json().await.expect("JSON");
    (status, body["error"].take())
}

#[tokio::test]
async fn the_service_says_once_which_field_was_refused_and_what_would_be_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let (ada, carla) = (
        sign_in(&dev, "ada@example.com").await,
        sign_in(&dev, "carla@example.com").await,
    );
    let clients: Vec<Value> = carla
        .rpc("my_clients")
        .call(&json!({}))
        .await
        .expect("hers");
    let client = &clients[0]["id"];
    let title = "The title must be one line of at most 200 characters: not blank, without spaces at its ends, and \
                 without control characters or others that reorder text.";
    for text in [
        "",
        "\u{a0}\u{a0}",
        "ding\u{7}",
        "a\u{202e}b",
        " a",
        "a\nb",
        &"x".repeat(201),
    ] {
        let (status, error) = refusal(
            &ada,
            Method::POST,
            "/v1/cases",
            &json!({"client_id": client, "title": text}),
        )
        .await;
        assert_eq!(
            (status, error),
            (
                422,
                json!({
                    "code": "refused_by_database",
                    "message": title,
                    "field": "title",
                    "constraint": "cases_title_check",
                })
            ),
            "{text:?}"
        );
    }
    for (body, status, told) in [
        (
            json!({"client_id": NOBODY, "title": "t"}),
            409,
            json!({"code": "conflict", "message": "There is no such client, or you may not see it.",
                   "field": "client_id", "constraint": "cases_client_id_fkey"}),
        ),
        (
            json!({"client_id": "x", "title": "t"}),
            422,
            json!({"code": "invalid_body", "field": "client_id",
                   "message": "client_id is `x`; it has to be a UUID, like 7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10"}),
        ),
        (
            json!({"client_id": client}),
            422,
            json!({"code": "invalid_body", "message": "missing field `title`", "field": "title"}),
        ),
        (
            json!({"client_id": client, "title": "t", "priority": "asap"}),
            422,
            json!({"code": "invalid_body", "field": "priority",
                   "message": "priority is `asap`; it has to be one of `low`, `medium`, `high`, `urgent`"}),
        ),
        (
            json!({"client_id": client, "title": "a\u{0}b"}),
            422,
            json!({"code": "refused_by_database", "message": "text cannot hold the character U+0000"}),
        ),
    ] {
        let got = refusal(&ada, Method::POST, "/v1/cases", &body).await;
        assert_eq!(got, (status, told), "{body}");
    }
    // Of a client that there is not and of one that is not hers she hears the same.
    let others: Vec<Value> = ada.from("clients").rows().await.expect("every client");
    let other = others
        .iter()
        .find(|row| row["id"] != *client)
        .expect("another");
    let mut heard = Vec::new();
    for id in [&other["id"], &json!(NOBODY)] {
        let body = json!({"client_id": id, "title": "t"});
        heard.push(refusal(&carla, Method::POST, "/v1/cases", &body).await);
    }
    assert_eq!(heard[0].0, 403);
    assert_eq!(heard[0], heard[1]);
    // A query.
    let (_, error) = refusal(&ada, Method::GET, "/v1/cases?page_size=ten", &json!({})).await;
    assert_eq!(
        error["message"],
        "page_size is `ten`; it has to be a whole number from 1 to 1000"
    );
    assert_eq!(error["field"], "page_size");
}

/// The page's script, compiled in strict TypeScript beside the table, and run as it stands there.
#[test]
fn a_frontend_finds_the_words_for_what_postgrest_refused() {
    let Some(mut node) = node() else { return };
    let settings = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(settings.path(), &[]);
    // Below the packages, so that supabase-js is found.
    let place = tempfile::tempdir_in(folder()).expect("the folder is ours");
    let script = PAGE
        .split("```ts\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    std::fs::write(place.path().join("words.ts"), script.expect("a script")).expect("written");
    std::fs::write(
        place.path().join("globals.d.ts"),
        "declare const process: { env: Record<string, string | undefined> }\n",
    )
    .expect("written");
    let table = folder().join("../../types/constraints.ts");
    std::fs::copy(table, place.path().join("constraints.ts")).expect("copied");
    let files = ["words.ts", "constraints.ts", "globals.d.ts"];
    crate::programs::compile(place.path(), &files);
    let said = succeed(
        node.arg("--experimental-websocket")
            .arg(place.path().join("words.js"))
            .envs(&dev.settings),
    );
    assert_eq!(
        said,
        "title The title must be one line of at most 200 characters: not blank, without spaces at its ends, and without \
         control characters or others that reorder text.\n200\n"
    );
}
