//! README's JavaScript, run as it stands there against `casebase dev` and its sample data; what it leads on to, too.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use casebase::commands::demo::person::{Person, Place};
use serde_json::{Value, json};

use crate::{
    dev::Dev,
    programs::{self, node, succeed},
    webhook_receivers::{free_port, in_typescript},
};

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));

pub const FILES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/files.md"));

fn block(marker: &str) -> &'static str {
    block_of(README, marker)
}

/// The code block of a page that has this text in it.
pub fn block_of(page: &'static str, marker: &str) -> &'static str {
    page.split("```js\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .find(|block| block.contains(marker))
        .unwrap_or_else(|| panic!("the page has no block with {marker}"))
}

/// How README runs a script with Node.js: the options between `node` and its name.
fn node_options(script: &str) -> Vec<&'static str> {
    let command = README.lines().find_map(|line| {
        let (options, _) = line.strip_prefix("node ")?.split_once(script)?;
        Some(options.split_whitespace().collect())
    });
    command.unwrap_or_else(|| panic!("README does not run {script}"))
}

/// A script beside the installed packages, removed at the end; no other of these tests has one of this name.
pub struct Script(std::path::PathBuf);

impl Script {
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }

    pub fn write(name: &str, text: &str) -> Self {
        let path = programs::folder().join(format!(".{name}-{}.mjs", std::process::id()));
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
    let script = Script::write("frontend", &page);
    let installed = programs::folder().join("node_modules/ws");
    assert!(
        !installed.exists(),
        "a plain install of supabase-js has no ws"
    );
    let options = node_options("frontend.mjs");
    let key = &dev.settings["SUPABASE_ANON_KEY"];
    let said = succeed(
        node.args(options)
            .arg(&script.0)
            .env("SUPABASE_ANON_KEY", key),
    );
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
async fn an_endpoint_as_the_readme_makes_it_reaches_the_receiver_of_the_page_on_webhooks() {
    let (Some(mut compiler), Some(mut node)) = (node(), node()) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let port = free_port();

    let place = Place::new(
        &dev.settings["SUPABASE_URL"],
        &dev.settings["SUPABASE_ANON_KEY"],
    );
    let place = Arc::new(place.expect("dev's settings"));
    let admin = sign_in(&place, "ada@example.com").await;
    let created = block("create_webhook_endpoint");
    assert!(created.contains("event_types: ['case.status_changed', 'interaction.*']"));
    let endpoint: Value = admin
        .rpc("create_webhook_endpoint")
        .call(&json!({
            "url": format!("http://127.0.0.1:{port}/webhooks/casebase"),
            "event_types": ["case.status_changed", "interaction.*"],
        }))
        .await
        .expect("the endpoint is made");
    let secret = endpoint[0]["secret"].as_str().expect("a secret");

    let script = in_typescript(&mut compiler, "receiver-of-readme");
    let mut receiver = node
        .arg(script.path())
        .env("CASEBASE_WEBHOOK_SECRET", secret)
        .env("PORT", port.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    wait_for(port).await;

    let staff = sign_in(&place, "alan@example.com").await;
    let cases = staff.from("cases").eq("case_id", "CASE-0003");
    let changed: Vec<Value> = cases
        .update(&json!({"status": "in_progress"}))
        .await
        .expect("the status changes");
    assert_eq!(changed.len(), 1);
    let mut line = String::new();
    BufReader::new(receiver.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("readable");
    receiver.kill().expect("it runs");
    receiver.wait().expect("it ends");
    assert!(line.starts_with("case.status_changed CASE-0003"), "{line}");
}

async fn wait_for(port: u16) {
    let patience = Instant::now() + Duration::from_secs(60);
    while tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_err()
    {
        assert!(Instant::now() < patience, "the receiver does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Somebody of the sample data.
async fn sign_in(place: &Arc<Place>, email: &str) -> Person {
    let person = Person::sign_in(place, email, "casebase").await;
    person.expect("the password of the sample data")
}
