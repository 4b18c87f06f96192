//! The receivers of `docs/webhooks.md`, as they stand there, get what the worker's own sender sends.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use casebase_webhooks::{Egress, Outcome, Sender, outbox::Delivery};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    programs::{node, python, succeed},
    readme::Script,
};

#[path = "../../examples/webhook_receiver.rs"]
#[expect(dead_code, reason = "its main is for who runs the example")]
mod webhook_receiver;

const PAGE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/webhooks.md"
));
const EXAMPLE: &str = include_str!("../../examples/webhook_receiver.rs");
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ANOTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &str = r#"{"type":"case.status_changed","timestamp":"2026-11-28T12:00:00Z",
  "data":{"case_id":"CASE-0003","changes":{"status":{"from":"open","to":"in_progress"}}}}"#;

/// The code of the page in this language.
fn code(language: &str) -> &'static str {
    let begun = PAGE
        .split_once(&format!("```{language}\n"))
        .expect("it is there")
        .1;
    begun.split_once("```").expect("it ends").0
}

/// What is answered to a webhook that this secret signs.
async fn answer(port: u16, secret: &str) -> u16 {
    let egress = Egress {
        allow_private: true,
        ..Egress::default()
    };
    let sender = Sender::new(Duration::from_secs(20), egress).expect("a sender");
    let delivery = Delivery {
        delivery_id: 1,
        lease_token: Uuid::nil(),
        attempt: 1,
        endpoint_id: Uuid::nil(),
        url: format!("http://127.0.0.1:{port}/webhooks/casebase"),
        message_id: "msg_1".to_owned(),
        body: BODY.to_owned(),
        secrets: vec![secret.to_owned()].into(),
        retry_waits: None,
        headers: Json(BTreeMap::new()),
    };
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        match sender.send(&delivery).await.outcome {
            Outcome::Answered { status, .. } => return status,
            // It is about to listen.
            other => assert!(Instant::now() < patience, "{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A port that is free, and still is when a program comes to listen there: none of those that the system gives to whoever
/// asks for any, and none that was given here before.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).expect("small");
    loop {
        let port = first + GIVEN.fetch_add(1, Ordering::Relaxed);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Stops the receiver, whatever becomes of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Takes what its secret signs, refuses what another does, and says what came.
async fn receives(command: &mut Command) -> String {
    let port = free_port();
    let receiver = command
        .env("CASEBASE_WEBHOOK_SECRET", SECRET)
        .env("PORT", port.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut receiver = Running(receiver);
    assert_eq!(answer(port, SECRET).await, 204);
    assert_eq!(answer(port, ANOTHER).await, 400);
    let mut line = String::new();
    BufReader::new(receiver.0.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("readable");
    line
}

/// The one in TypeScript as Node.js runs it. Types are erased; those of the events are checked below.
pub fn in_typescript(node: &mut Command, name: &str) -> Script {
    let compiled = succeed(
        node.args(["--input-type=commonjs", "--eval"])
            .arg(
                "const ts = require('typescript');
                 const module = ts.ModuleKind.ESNext, target = ts.ScriptTarget.ES2022;
                 console.log(ts.transpile(process.env.SOURCE, { module, target }))",
            )
            .env("SOURCE", code("ts")),
    );
    Script::write(name, &compiled)
}

#[tokio::test]
async fn the_one_in_typescript() {
    let Some(mut node_to_compile) = node() else {
        return;
    };
    let script = in_typescript(&mut node_to_compile, "receiver-of-typescript");
    let line = receives(node().expect("it was there").arg(script.path())).await;
    assert_eq!(line, "case.status_changed CASE-0003 in_progress\n");
}

#[test]
fn the_types_of_the_events_are_typescript() {
    let Some(mut node) = node() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let types = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/webhook-events.ts"
    ));
    std::fs::write(folder.path().join("webhook-events.ts"), types).expect("written");
    let reader = "
        import type { WebhookEvent } from './webhook-events.ts'
        export function to(event: WebhookEvent): string | undefined {
          // @ts-expect-error there is no such field
          event.data.nothing
          if (event.type === 'case.status_changed' && 'changes' in event.data) return event.data.changes.status?.to
        }";
    std::fs::write(folder.path().join("reader.ts"), reader).expect("written");
    let options = [
        "--noEmit",
        "--strict",
        "--allowImportingTsExtensions",
        "--target",
        "es2022",
        "--moduleResolution",
        "bundler",
        "--module",
        "esnext",
    ];
    succeed(
        node.arg("node_modules/typescript/bin/tsc")
            .args(options)
            .arg(folder.path().join("reader.ts")),
    );
}

#[tokio::test]
async fn the_one_in_python() {
    let Some(mut python) = python() else { return };
    let line = receives(python.args(["-c", code("python")])).await;
    assert_eq!(line, "case.status_changed CASE-0003\n");
}

#[tokio::test]
async fn the_one_in_rust() {
    let lines = EXAMPLE.split_inclusive('\n');
    let example: String = lines.filter(|line| !line.starts_with("#![")).collect();
    assert_eq!(code("rust"), example, "the page has the example as it is");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let receiver = webhook_receiver::receiver(SECRET).expect("a secret");
    let served = tokio::spawn(async move { axum::serve(listener, receiver).await });
    assert_eq!(answer(port, SECRET).await, 204);
    assert_eq!(answer(port, ANOTHER).await, 400);
    served.abort();
}
