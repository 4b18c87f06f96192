//! README's JavaScript, run as it stands there against `casebase dev` and its sample data.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    dev::Dev,
    programs::{folder, node, succeed},
};

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));

/// The code block that has this text in it.
fn block(marker: &str) -> &'static str {
    README
        .split("```js\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .find(|block| block.contains(marker))
        .unwrap_or_else(|| panic!("README has no block with {marker}"))
}

/// A script beside the installed packages, removed at the end.
struct Script(std::path::PathBuf);

impl Script {
    fn write(name: &str, text: &str) -> Self {
        let path = folder().join(format!(".{name}-{}.mjs", std::process::id()));
        std::fs::write(&path, text).expect("the folder is ours");
        Self(path)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_frontend_of_the_readme_works_as_written() {
    let Some(mut node) = node() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let page = block("signInWithPassword")
        .replace("http://127.0.0.1:54321", &dev.settings["SUPABASE_URL"])
        .replace("http://127.0.0.1:8787", &dev.settings["CASEBASE_URL"]);
    // Browsers have a WebSocket, which supabase-js wants; Node.js before 22 has none.
    let script = Script::write(
        "frontend",
        &format!("globalThis.WebSocket ??= class {{}}\n{page}"),
    );
    let said = succeed(node.arg(&script.0).envs(&dev.settings));
    assert!(
        said.contains("Badge reader refuses the night shift"),
        "{said}"
    );
    assert!(said.contains("/cases/CASE-0004/CASE-0004-"), "{said}");
    assert!(
        said.contains(r#"filename="badge.txt""#) && said.contains("badge no. 1234"),
        "{said}"
    );
}

#[tokio::test]
async fn the_receiver_of_the_readme_verifies_what_the_worker_sends() {
    let Some(mut node) = node() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let port = free_port();

    let admin = sign_in(&dev, "ada@example.com").await;
    let created = block("create_webhook_endpoint");
    assert!(created.contains("event_types: ['case.status_changed', 'interaction.*']"));
    let endpoint = rest(
        &dev,
        &admin,
        reqwest::Method::POST,
        "rpc/create_webhook_endpoint",
        json!({
            "url": format!("http://127.0.0.1:{port}/webhooks/casebase"),
            "event_types": ["case.status_changed", "interaction.*"],
        }),
    )
    .await;
    let secret = endpoint[0]["secret"].as_str().expect("a secret");

    let script = Script::write("receiver", block("webhook.verify"));
    let mut receiver = node
        .arg(&script.0)
        .env("CASEBASE_WEBHOOK_SECRET", secret)
        .env("PORT", port.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    wait_for(port).await;

    let staff = sign_in(&dev, "sam@example.com").await;
    rest(
        &dev,
        &staff,
        reqwest::Method::PATCH,
        "cases?case_id=eq.CASE-0003",
        json!({"status": "in_progress"}),
    )
    .await;
    let mut line = String::new();
    BufReader::new(receiver.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("readable");
    receiver.kill().expect("it runs");
    receiver.wait().expect("it ends");
    assert!(line.starts_with("case.status_changed CASE-0003"), "{line}");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn wait_for(port: u16) {
    let patience = Instant::now() + Duration::from_secs(20);
    while tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_err()
    {
        assert!(Instant::now() < patience, "the receiver does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn sign_in(dev: &Dev, email: &str) -> String {
    let session: Value = reqwest::Client::new()
        .post(format!(
            "{}/auth/v1/token?grant_type=password",
            dev.settings["SUPABASE_URL"]
        ))
        .header("apikey", &dev.settings["SUPABASE_ANON_KEY"])
        .json(&json!({"email": email, "password": "casebase"}))
        .send()
        .await
        .expect("Auth answers")
        .json()
        .await
        .expect("JSON");
    session["access_token"]
        .as_str()
        .expect("a session")
        .to_owned()
}

async fn rest(dev: &Dev, token: &str, method: reqwest::Method, path: &str, body: Value) -> Value {
    let response = reqwest::Client::new()
        .request(
            method,
            format!("{}/rest/v1/{path}", dev.settings["SUPABASE_URL"]),
        )
        .header("apikey", &dev.settings["SUPABASE_ANON_KEY"])
        .header("Prefer", "return=representation")
        .bearer_auth(token)
        .json(&body)
        .send()
        .await
        .expect("PostgREST answers");
    assert!(
        response.status().is_success(),
        "{}",
        response.text().await.unwrap_or_default()
    );
    response.json().await.expect("JSON")
}
