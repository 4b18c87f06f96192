//! `casebase webhooks`, from an endpoint's beginning to its end. There may be a worker of another test: what is to be
//! seen here is fetched, or switched off.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

mod support;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use sqlx::{Connection, PgConnection};
use support::project;
use tokio::sync::Mutex;

/// One at a time: each hears of every case.
static TURN: Mutex<()> = Mutex::const_new(());

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
    command
        .arg("webhooks")
        .args(arguments)
        .env("DATABASE_URL", project().setting("DATABASE_URL"));
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("it runs")
}

/// What a command that must succeed printed, a line each.
fn rows(arguments: &[&str]) -> Vec<Value> {
    let output = run(&[arguments, &["--json"]].concat());
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn refusal(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().expect("text")
}

/// A case is opened.
async fn something_happens() {
    let mut database = PgConnection::connect(project().setting("DATABASE_URL"))
        .await
        .expect("a connection");
    sqlx::query(
        "with client as (insert into public.clients (name) values ('Acme') returning id)
         insert into public.cases (client_id, title) select id, 'Broken stairs' from client",
    )
    .execute(&mut database)
    .await
    .expect("a case is opened");
}

#[tokio::test]
async fn an_endpoint_lives_and_goes() {
    let _turn = TURN.lock().await;
    let made = rows(&[
        "add",
        "--polled",
        "--description",
        "cli",
        "--events",
        "case.*",
        "--header",
        "X-Tenant: 7",
        "--signature",
        "v1a",
    ]);
    let id = text(&made[0], "id").to_owned();
    assert!(
        text(&made[0], "public_key").starts_with("whpk_"),
        "{made:?}"
    );
    let again = rows(&[
        "add",
        "--polled",
        "--description",
        "cli",
        "--events",
        "case.*",
        "--header",
        "X-Tenant: 7",
        "--signature",
        "v1a",
    ]);
    assert_eq!(
        (&again[0]["id"], &again[0]["secret"]),
        (&made[0]["id"], &Value::Null)
    );

    let edited = rows(&["edit", &id, "--events", "case.created", "--rate-limit", "5"]);
    assert_eq!(edited[0]["rate_limit"], 5);
    assert_eq!(
        edited[0]["event_types"],
        serde_json::json!(["case.created"])
    );
    assert_eq!(
        edited[0]["headers"]["X-Tenant"], "7",
        "what is left out stays"
    );
    let rotated = rows(&["rotate", &id]);
    assert!(text(&rotated[0], "secret").starts_with("whsk_"));

    something_happens().await;
    rows(&["test", &id]);
    let sample = rows(&["trigger", "case.status_changed", "--endpoint", &id]);
    let listed = rows(&["deliveries", "--endpoint", &id]);
    let types: Vec<_> = listed.iter().map(|row| text(row, "event_type")).collect();
    assert_eq!(
        types,
        ["case.status_changed", "webhook.test", "case.created"]
    );
    assert_eq!(listed[0]["id"], sample[0]["delivery_id"]);
    let status = rows(&["status"]);
    let status = status
        .iter()
        .find(|row| row["endpoint_id"] == *id)
        .expect("it is there");
    assert_eq!(status["unfinished"], 3);

    let event = listed[2]["id"].to_string();
    rows(&["skip", &event, "--reason", "Its receiver has a bug."]);
    assert!(rows(&["attempts", &event]).is_empty());
    assert_eq!(rows(&["recover", &id])[0]["replayed"], 1);
    assert_eq!(rows(&["recover", &id])[0]["replayed"], 0);
    rows(&["retry", &id]);
    assert_eq!(rows(&["disable", &id])[0]["enabled"], false);
    assert!(refusal(&["replay", &event]).contains("is disabled: nothing would be sent"));
    assert_eq!(rows(&["enable", &id])[0]["enabled"], true);
    rows(&["replay", &event]);
    rows(&["rm", &id]);
    assert!(refusal(&["rm", &id]).contains("There is no webhook endpoint"));
}

#[tokio::test]
async fn what_is_refused_is_told_in_the_databases_words() {
    let said = refusal(&["add", "https://example.com:99999/"]);
    assert!(said.contains("99999 is no port from 1 to 65535"), "{said}");
    assert!(said.contains("\nhint: It takes e.g. https://"), "{said}");
    let said = refusal(&["add", "https://example.com/", "--header", "nothing"]);
    assert!(
        said.contains("--header is NAME: VALUE, not `nothing`"),
        "{said}"
    );
    let said = refusal(&[
        "add",
        "https://example.com/",
        "--events",
        "nothing.happened",
    ]);
    assert!(
        said.contains("there is no event type nothing.happened"),
        "{said}"
    );
}

#[tokio::test]
async fn who_listens_hears_what_happens_and_leaves_nothing_behind() {
    let _turn = TURN.lock().await;
    let mut listener = command(&["listen", "--events", "case.created"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut told = BufReader::new(listener.stderr.take().expect("piped")).lines();
    let first = told.next().expect("a line").expect("UTF-8");
    assert!(first.starts_with("listening"), "{first}");
    something_happens().await;
    let mut heard = BufReader::new(listener.stdout.take().expect("piped")).lines();
    let line = heard.next().expect("a line").expect("UTF-8");
    assert!(line.contains("  case.created  CASE-"), "{line}");

    let pid = i32::try_from(listener.id()).expect("a process");
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGTERM,
    )
    .expect("it runs");
    assert!(listener.wait().expect("it ends").success());
    let left = rows(&["list"]);
    let left = left
        .iter()
        .filter(|row| text(row, "description").starts_with("casebase webhooks listen"));
    assert_eq!(left.count(), 0);
}
