//! `casebase login` and `casebase files`, as somebody types them, against a service that may stop answering.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, BodyDataStream},
    extract::Request,
    http::StatusCode,
    response::Response,
};
use casebase::commands::demo::person::{PASSWORD, Person};
use futures::{StreamExt as _, stream};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::Notify};

use crate::{desk::Desk, support::project};

/// Somebody at a terminal of their own: a folder to work in, and one for configuration.
pub struct Terminal {
    pub here: TempDir,
    pub config: TempDir,
}

impl Terminal {
    pub fn new() -> Self {
        Self {
            here: tempfile::tempdir().unwrap(),
            config: tempfile::tempdir().unwrap(),
        }
    }

    /// Where this person is signed in, with their password in the environment.
    pub fn of(person: &Person, service: &str) -> Self {
        let terminal = Self::new();
        let signed_in = terminal
            .login(person.email(), service)
            .env("CASEBASE_PASSWORD", PASSWORD)
            .output();
        succeeded(signed_in.unwrap());
        terminal
    }

    pub fn casebase(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
        command
            .args(arguments)
            .env_clear()
            .env("XDG_CONFIG_HOME", self.config.path())
            .current_dir(self.here.path())
            .stdin(Stdio::null());
        command
    }

    fn login(&self, email: &str, service: &str) -> Command {
        let mut command = self.casebase(&["login", email]);
        command
            .env("SUPABASE_URL", project().setting("SUPABASE_URL"))
            .env("SUPABASE_ANON_KEY", project().setting("SUPABASE_ANON_KEY"))
            .env("CASEBASE_URL", service);
        command
    }

    /// In a thread of its own: the service answers from this process.
    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.casebase(arguments);
        let ran = tokio::task::spawn_blocking(move || command.output());
        ran.await.unwrap().unwrap()
    }

    pub async fn succeeds(&self, arguments: &[&str]) -> String {
        succeeded(self.run(arguments).await)
    }

    pub async fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        self.rows_of(&[arguments, &["--json"]].concat()).await
    }

    /// What is JSON by itself.
    pub async fn rows_of(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.succeeds(arguments).await;
        let rows = said.lines().map(|line| serde_json::from_str(line).unwrap());
        rows.collect()
    }

    /// What it says when it fails, on standard error.
    pub async fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.here.path().join(name), bytes).unwrap();
    }

    pub fn session(&self) -> PathBuf {
        self.config.path().join("casebase/session.json")
    }

    pub fn kept(&self) -> Value {
        serde_json::from_slice(&fs::read(self.session()).unwrap()).unwrap()
    }

    /// The session as it is once its token's time is over.
    fn expire(&self, token: String) {
        let mut kept = self.kept();
        kept["access_token"] = token.into();
        fs::write(self.session(), kept.to_string()).unwrap();
    }

    fn records(&self) -> usize {
        let records = self.config.path().join("casebase/uploads");
        fs::read_dir(records).map_or(0, Iterator::count)
    }

    /// As if the uploads that were begun were begun before Storage's tokens ended.
    fn age_the_records(&self) {
        let records = self.config.path().join("casebase/uploads");
        for record in fs::read_dir(records).unwrap() {
            let path = record.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let mut last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            last["reserved"]["upload"]["expires_at"] = "2026-01-01T00:00:00Z".into();
            last["reserved"]["upload"]["token"] = "over".into();
            fs::write(path, last.to_string()).unwrap();
        }
    }

    pub fn files_here(&self) -> BTreeSet<String> {
        let files = fs::read_dir(self.here.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

pub fn succeeded(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Before a server: passes everything on but one request, of which it holds the body back, or loses the answer.
pub struct Gate {
    pub url: String,
    /// That request has begun to arrive.
    reached: Arc<Notify>,
    /// Who sent it is gone.
    gone: Arc<Notify>,
}

#[derive(Clone, Copy)]
pub enum Fate {
    /// Its body is held back.
    Holds,
    /// Its answer is lost.
    Loses,
    /// Its token is said to be over.
    Expires,
}

impl Gate {
    pub async fn before(server: String, fate: Fate, which: fn(&Request) -> bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (reached, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let waits = (Arc::clone(&reached), Arc::clone(&gone));
        let (armed, own) = (Arc::new(AtomicBool::new(true)), url.clone());
        let router = Router::new().fallback(async move |request: Request| {
            let meant = which(&request) && armed.swap(false, Ordering::SeqCst);
            let held = meant.then(|| Held {
                fate,
                reached: Arc::clone(&waits.0),
                gone: Arc::clone(&waits.1),
            });
            pass(request, &server, &own, held).await
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, reached, gone }
    }

    /// Ctrl-C once the request is on its way; how it ended.
    async fn interrupts(&self, mut child: Child) -> Output {
        tokio::select! {
            () = self.reached.notified() => {}
            () = ended(&mut child) => panic!("too early: {:?}", child.wait_with_output()),
        }
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
        ended(&mut child).await;
        self.gone.notify_one();
        child.wait_with_output().unwrap()
    }
}

async fn ended(child: &mut Child) {
    while child.try_wait().unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Passes a request on to the server, and its answer back, with the gate's own address in the place of the server's.
async fn pass(request: Request, server: &str, own: &str, held: Option<Held>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().unwrap().as_str();
    let mut headers = parts.headers;
    headers.remove("host");
    let sending = reqwest::Client::new().request(parts.method, format!("{server}{path}"));
    let sending = sending.headers(headers);
    let bytes = body.into_data_stream();
    let body = match &held {
        Some(held) if matches!(held.fate, Fate::Holds) => held.hold(bytes).await,
        _ => reqwest::Body::wrap_stream(bytes),
    };
    if held
        .as_ref()
        .is_some_and(|held| matches!(held.fate, Fate::Expires))
    {
        let said = json!({"error": {"code": "expired_token", "message": "the token has expired"}});
        let mut response = Response::new(Body::from(said.to_string()));
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return response;
    }
    let answer = sending.body(body).send().await;
    let mut response = Response::new(Body::empty());
    match answer {
        Ok(answer) if held.is_none() => {
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            let headers = response.headers_mut();
            headers.remove("transfer-encoding");
            if let Some(location) = headers.get("location").cloned() {
                let location = location.to_str().unwrap().replace(server, own);
                headers.insert("location", location.parse().unwrap());
            }
            *response.body_mut() = Body::from_stream(answer.bytes_stream());
        }
        _ => *response.status_mut() = StatusCode::BAD_GATEWAY,
    }
    response
}

/// What becomes of the one request.
struct Held {
    fate: Fate,
    reached: Arc<Notify>,
    gone: Arc<Notify>,
}

impl Held {
    /// The first bytes, then nothing until who sends them is gone.
    async fn hold(&self, mut bytes: BodyDataStream) -> reqwest::Body {
        let first = bytes.next().await.unwrap();
        let (reached, gone) = (Arc::clone(&self.reached), Arc::clone(&self.gone));
        let rest = async move {
            reached.notify_one();
            gone.notified().await;
            Err(axum::Error::new(std::io::Error::other("gone")))
        };
        let all = stream::once(async move { first }).chain(stream::once(rest));
        reqwest::Body::wrap_stream(all)
    }
}

pub fn at(desk: &Desk) -> String {
    format!("http://{}", desk.service)
}

/// A note of so many bytes, no two parts of which are the same.
fn long(bytes: usize) -> String {
    let mut text: String = (0..bytes / 8).map(|n| format!("{n:7}\n")).collect();
    text.truncate(bytes);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_its_owners_goes_on_by_itself_and_ends() {
    let desk = Desk::new("rest").await;
    let terminal = Terminal::new();
    let email = desk.client.email();
    assert!(
        terminal
            .fails(1, &["whoami"])
            .await
            .contains("hint: casebase login")
    );

    // The wrong password in the environment, then the right one piped in.
    let mut login = terminal.login(email, &at(&desk));
    let refused = login.env("CASEBASE_PASSWORD", "guessed").output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("Invalid login credentials"), "{said}");
    assert!(!terminal.session().exists());
    let mut login = terminal.login(email, &at(&desk));
    let mut login = login
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut password = login.stdin.take().unwrap();
    writeln!(password, "{PASSWORD}").unwrap();
    drop(password);
    assert!(login.wait().unwrap().success());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&terminal.session()), 0o600);
    assert_eq!(mode(terminal.session().parent().unwrap()), 0o700);
    let me = terminal.rows(&["whoami"]).await;
    assert_eq!(me[0]["email"], email);
    assert_eq!(me[0]["is_client"], true);
    assert!(
        terminal
            .succeeds(&["whoami"])
            .await
            .contains("a client's member")
    );

    // Several at once find it expired, and each goes on with what one of them got.
    terminal.expire(desk.token_of_the_client(-10));
    let spent = terminal.kept();
    let all = (0..4).map(|_| terminal.succeeds(&["whoami"]));
    futures::future::join_all(all).await;
    let now = terminal.kept();
    assert_ne!(now["refresh_token"], spent["refresh_token"]);
    terminal.succeeds(&["whoami"]).await;
    assert_eq!(terminal.kept(), now, "it lasts");
    assert_eq!(mode(&terminal.session()), 0o600);

    // Another project is not asked as this one's user.
    let mut elsewhere = terminal.casebase(&["whoami"]);
    let elsewhere = elsewhere.env("SUPABASE_URL", "https://other.example");
    let said = String::from_utf8(elsewhere.output().unwrap().stderr).unwrap();
    assert!(
        said.contains("SUPABASE_URL is https://other.example"),
        "{said}"
    );

    terminal.succeeds(&["logout"]).await;
    assert!(!terminal.session().exists());
    let refresh = json!({"refresh_token": now["refresh_token"]});
    let path = "/auth/v1/token?grant_type=refresh_token";
    let refresh = desk
        .client
        .supabase(reqwest::Method::POST, path)
        .json(&refresh);
    assert_eq!(refresh.send().await.unwrap().status(), 400);
    let others = desk.client.supabase(reqwest::Method::GET, "/auth/v1/user");
    assert_eq!(
        others.send().await.unwrap().status(),
        200,
        "elsewhere it goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_and_come_back_and_what_is_refused_stops_no_other() {
    let mut desk = Desk::new("rest").await;
    let terminal = Terminal::of(&desk.client, &at(&desk));
    let case = desk.case.clone();
    terminal.write("a.txt", "a note");
    terminal.write("Größe.txt", "another");
    terminal.write("run.bat", "echo off");
    let put = [
        "files",
        "put",
        "a.txt",
        "run.bat",
        "Größe.txt",
        "--case",
        &case,
    ];
    let said = terminal.fails(1, &put).await;
    assert!(said.contains("run.bat: "), "{said}");
    assert!(said.contains("program"), "{said}");
    assert!(said.contains("1 of 3 not uploaded"), "{said}");
    let listed = terminal.rows(&["files", "ls", "--case", &case]).await;
    let names: Vec<_> = listed
        .iter()
        .map(|row| row["original_name"].clone())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"a.txt".into()) && names.contains(&"Größe.txt".into()));
    assert_eq!(terminal.records(), 0);

    // A pipe in, a pipe out.
    let mut pipe = terminal.casebase(&[
        "files",
        "put",
        "-",
        "--name",
        "piped.txt",
        "--case",
        &case,
        "--json",
    ]);
    let mut pipe = pipe
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    pipe.stdin
        .take()
        .unwrap()
        .write_all(b"from a pipe")
        .unwrap();
    let piped = tokio::task::spawn_blocking(move || pipe.wait_with_output());
    let piped: Value = serde_json::from_str(&succeeded(piped.await.unwrap().unwrap())).unwrap();
    assert_eq!(piped["original_name"], "piped.txt");
    let id = piped["id"].to_string();
    assert_eq!(
        terminal.succeeds(&["files", "get", &id, "-"]).await,
        "from a pipe"
    );

    // Back under its own name, and over nothing.
    let got = terminal.rows(&["files", "get", &id]).await;
    assert_eq!(
        (&got[0]["path"], &got[0]["bytes"]),
        (&json!("piped.txt"), &json!(11))
    );
    terminal.write("piped.txt", "mine");
    let said = terminal.fails(1, &["files", "get", &id]).await;
    assert!(said.contains("piped.txt is there already"), "{said}");
    let mine = || fs::read_to_string(terminal.here.path().join("piped.txt")).unwrap();
    assert_eq!(mine(), "mine");
    terminal.succeeds(&["files", "get", &id, "--force"]).await;
    assert_eq!(mine(), "from a pipe");
    fs::create_dir(terminal.here.path().join("folder")).unwrap();
    terminal.succeeds(&["files", "get", &id, "folder"]).await;
    assert!(terminal.here.path().join("folder/piped.txt").exists());

    // Others see no more than they may.
    let stranger = Terminal::of(&desk.other_client, &at(&desk));
    let said = stranger.fails(1, &["files", "get", &id]).await;
    assert!(said.contains(&format!("there is no file {id}")), "{said}");
    assert_eq!(stranger.files_here(), BTreeSet::new());
    let said = stranger.fails(1, &["files", "ls", "--case", &case]).await;
    assert!(said.contains("there is no case"), "{said}");
    stranger.write("a.txt", "a note");
    let said = stranger
        .fails(1, &["files", "put", "a.txt", "--case", &case])
        .await;
    assert!(said.contains("there is no case"), "{said}");

    // Staff hide what they add, and delete.
    let staff = Terminal::of(&desk.staff, &at(&desk));
    staff.write("b.txt", "for us");
    let interaction = desk.interaction(desk.case_id, true).await.to_string();
    let put = [
        "files",
        "put",
        "b.txt",
        "--case",
        &case,
        "--interaction",
        &interaction,
        "--internal",
    ];
    let internal = staff.rows(&put).await;
    assert_eq!(internal[0]["visible_to_client"], false);
    assert_eq!(internal[0]["interaction_id"].to_string(), interaction);
    let internal = internal[0]["id"].to_string();
    terminal.fails(1, &["files", "get", &internal]).await;
    let gone = staff.rows(&["files", "rm", &internal, &id]).await;
    assert_eq!(gone.len(), 2);
    let said = staff.fails(1, &["files", "rm", &id, "999999"]).await;
    assert!(said.contains("2 of 2 not deleted"), "{said}");
    assert_eq!(desk.left_behind().await, (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_as_such() {
    let desk = Desk::new("rest").await;
    let terminal = Terminal::of(&desk.client, &at(&desk));
    terminal.write("a.txt", "a note");
    for arguments in [
        &["files", "put", "a.txt"][..],
        &["files", "put", "--case", "1"],
        &["files", "put", "a.txt", "--case", "A-1"],
        &[
            "files", "put", "a.txt", "b.txt", "--case", "1", "--name", "c.txt",
        ],
        &["files", "put", "-", "--case", "1"],
        &["files", "put", "a.txt", "a.txt", "--case", "1"],
        &["files", "get", "one"],
        &["login"],
    ] {
        terminal.fails(2, arguments).await;
    }
    let said = terminal
        .fails(1, &["files", "put", "b.txt", "--case", &desk.case])
        .await;
    assert!(said.contains("b.txt: No such file"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_gone_is_named_and_the_upload_can_be_made_again() {
    let desk = Desk::new("rest").await;
    let terminal = Terminal::of(&desk.client, "http://127.0.0.1:9");
    terminal.write("a.txt", "a note");
    let put = ["files", "put", "a.txt", "--case", &desk.case];
    let said = terminal.fails(1, &put).await;
    assert!(
        said.contains("the service at http://127.0.0.1:9/ can't be reached"),
        "{said}"
    );
    assert_eq!(terminal.records(), 1, "its key is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_no_second_file() {
    let mut desk = Desk::new("rest").await;
    let gate = Gate::before(at(&desk), Fate::Loses, |request| request.method() == "POST").await;
    let terminal = Terminal::of(&desk.client, &gate.url);
    terminal.write("a.txt", "a note");
    terminal
        .succeeds(&["files", "put", "a.txt", "--case", &desk.case])
        .await;
    assert_eq!(desk.left_behind().await, (1, 1));
    assert_eq!(terminal.records(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_over_by_the_services_clock_is_replaced() {
    let mut desk = Desk::new("rest").await;
    let gate = Gate::before(at(&desk), Fate::Expires, |_| true).await;
    let terminal = Terminal::of(&desk.client, &gate.url);
    let spent = terminal.kept();
    terminal.write("a.txt", "a note");
    let case = desk.case.clone();
    terminal
        .succeeds(&["files", "put", "a.txt", "--case", &case])
        .await;
    assert_ne!(terminal.kept()["refresh_token"], spent["refresh_token"]);
    assert_eq!(desk.left_behind().await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_leaves_nothing_and_is_made_once_by_the_same_command() {
    let mut desk = Desk::new("rest").await;
    let case = desk.case.clone();
    let gate = Gate::before(at(&desk), Fate::Holds, |request| request.method() == "POST").await;
    let terminal = Terminal::of(&desk.client, &gate.url);
    terminal.write("long.txt", long(2_000_000));
    let put = ["files", "put", "long.txt", "--case", &case];
    let child = terminal
        .casebase(&put)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = gate.interrupts(child).await;
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.contains("stopped\nhint: the same command goes on"),
        "{said}"
    );
    desk.nothing_is_left_behind().await;
    terminal.succeeds(&put).await;
    assert_eq!(desk.left_behind().await, (1, 1));
    assert_eq!(terminal.records(), 0);

    // Nor does a download that is stopped.
    let row = terminal.rows(&["files", "ls", "--case", &case]).await;
    let id = row[0]["id"].to_string();
    let stalls = stalls_after_the_first_bytes().await;
    let elsewhere = Terminal::of(&desk.client, &stalls.url);
    let child = elsewhere
        .casebase(&["files", "get", &id])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = stalls.interrupts(child).await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(elsewhere.files_here(), BTreeSet::new());
}

/// A server that begins to give a file, and stops.
async fn stalls_after_the_first_bytes() -> Gate {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (reached, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let waits = Arc::clone(&reached);
    let router = Router::new().fallback(async move || {
        let rest = async move {
            waits.notify_one();
            std::future::pending::<Result<&str, std::io::Error>>().await
        };
        let bytes = stream::once(async { Ok("the first") }).chain(stream::once(rest));
        let mut response = Response::new(Body::from_stream(bytes));
        response.headers_mut().insert("content-length", 100.into());
        response
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Gate { url, reached, gone }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_in_pieces_past_the_service_and_goes_on_where_it_was_stopped() {
    let mut desk = Desk::new("rest").await;
    let case = desk.case.clone();
    let project = project().setting("SUPABASE_URL").to_owned();
    let second_piece = |request: &Request| {
        let offset = request.headers().get("upload-offset");
        request.method() == "PATCH" && offset.is_some_and(|offset| offset != "0")
    };
    let gate = Gate::before(project, Fate::Holds, second_piece).await;
    let settings = [
        ("CASEBASE_STORAGE", "rest"),
        ("SUPABASE_PUBLIC_URL", gate.url.as_str()),
    ];
    let (service, _stop) = desk.another_service(&settings).await;
    let terminal = Terminal::of(&desk.client, &format!("http://{service}"));
    let text = long(15_000_000);
    terminal.write("long.txt", &text);
    let put = [
        "files",
        "put",
        "long.txt",
        "--case",
        &case,
        "--pieces-above",
        "1000000",
    ];
    let child = terminal
        .casebase(&put)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = gate.interrupts(child).await;
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert_eq!(terminal.records(), 1);
    assert_eq!(desk.left_behind().await.0, 1, "the row waits");

    // Hours later Storage's token is over.
    terminal.age_the_records();
    let output = terminal.run(&put).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    succeeded(output);
    assert!(said.contains("long.txt goes on at "), "{said}");
    assert_eq!(desk.left_behind().await, (1, 1));
    assert_eq!(terminal.records(), 0);
    let row = terminal.rows(&["files", "ls", "--case", &case]).await;
    assert_eq!(row[0]["state"], "available");
    let id = row[0]["id"].to_string();
    assert!(terminal.succeeds(&["files", "get", &id, "-"]).await == text);

    // What is refused once it is read is told in the service's words, and leaves nothing.
    terminal.write("page.txt", format!("#!/bin/sh\n{}", long(1_100_000)));
    let put = [
        "files",
        "put",
        "page.txt",
        "--case",
        &case,
        "--pieces-above",
        "1000000",
    ];
    let said = terminal.fails(1, &put).await;
    assert!(said.contains("page.txt: "), "{said}");
    assert_eq!(desk.left_behind().await, (1, 1));
    assert_eq!(terminal.records(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_a_client_go_the_same_way() {
    let desk = Desk::new("rest").await;
    let client = desk.client_id.to_string();
    let staff = Terminal::of(&desk.staff, &at(&desk));
    let member = Terminal::of(&desk.client, &at(&desk));
    staff.write("leave.txt", "30 days");
    staff.write("large.txt", long(1_100_000));
    let put = [
        "documents",
        "put",
        "leave.txt",
        "large.txt",
        "--client",
        &client,
        "--category",
        "policies",
    ];
    let pieces = [&put[..], &["--pieces-above", "1000000"]].concat();
    let put = staff.rows(&pieces).await;
    assert_eq!(put[0]["category"], "policies");
    assert_eq!(
        (&put[0]["state"], &put[1]["state"]),
        (&json!("available"), &json!("available"))
    );
    let [leave, large] = [0, 1].map(|n| put[n]["document_id"].to_string());
    assert_eq!(
        member.succeeds(&["documents", "get", &leave, "-"]).await,
        "30 days"
    );
    assert!(member.succeeds(&["documents", "get", &large, "-"]).await == long(1_100_000));

    // A new version, through the service and past it; the one before is read by its own id.
    staff.write("leave.txt", "31 days");
    let replace = ["documents", "put", "leave.txt", "--replaces", &leave];
    staff.succeeds(&replace).await;
    assert_eq!(
        member.succeeds(&["documents", "get", &leave, "-"]).await,
        "31 days"
    );
    let first = put[0]["id"].to_string();
    let before = ["documents", "get", &leave, "-", "--version-id", &first];
    assert_eq!(staff.succeeds(&before).await, "30 days");
    let replace = [
        "documents",
        "put",
        "large.txt",
        "--replaces",
        &leave,
        "--pieces-above",
        "1000000",
    ];
    staff.succeeds(&replace).await;
    assert!(member.succeeds(&["documents", "get", &leave, "-"]).await == long(1_100_000));
    assert_eq!(staff.records(), 0);

    let list = ["documents", "ls", "--client", &client];
    assert_eq!(member.rows(&list).await.len(), 2);
    let handbooks = [&list[..], &["--category", "handbooks"]].concat();
    assert_eq!(member.rows(&handbooks).await.len(), 0);
    let said = member.fails(1, &["documents", "rm", &leave]).await;
    assert!(said.contains("error: you may not"), "{said}");
    let stranger = Terminal::of(&desk.other_client, &at(&desk));
    stranger.fails(1, &list).await;
    staff.succeeds(&["documents", "rm", &leave, &large]).await;
    assert_eq!(member.rows(&list).await.len(), 0);
    for wrong in [
        &["documents", "put", "leave.txt"][..],
        &["documents", "put", "leave.txt", "--client", &client],
        &[
            "documents",
            "put",
            "leave.txt",
            "--replaces",
            "1",
            "--client",
            &client,
            "--category",
            "policies",
        ],
        &[
            "documents",
            "put",
            "leave.txt",
            "large.txt",
            "--replaces",
            "1",
        ],
    ] {
        staff.fails(2, wrong).await;
    }
}
