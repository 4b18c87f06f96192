//! What `casebase serve` writes while it runs: its requests, what is wrong, and what it waits for at its end.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

#[path = "support/dev.rs"]
#[expect(dead_code, reason = "no test here migrates")]
mod dev;

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    process::{Child, ChildStderr, Stdio},
};

use casebase_local::jwt::Keys;
use dev::{Dev, casebase};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";
const USER: &str = "7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10";
/// Nobody listens at the discard port.
const NOWHERE: &str = "http://127.0.0.1:9";

fn token() -> String {
    let claims = json!({"sub": USER, "role": "authenticated", "exp": 4_102_444_800_u64});
    let claims = claims.as_object().expect("an object");
    Keys::hs256(SECRET).sign(claims).expect("it signs")
}

/// A running service, whose log is read line by line.
struct Service {
    process: Child,
    address: String,
    log: Lines<BufReader<ChildStderr>>,
}

impl Service {
    fn start(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let database = "postgresql://casebase_worker:x@127.0.0.1:9/postgres";
        let mut process = casebase(&[&["serve"], arguments].concat())
            .env("SUPABASE_URL", NOWHERE)
            .env("SUPABASE_ANON_KEY", "sb_publishable_x")
            .env("SUPABASE_JWT_SECRET", SECRET)
            .env("CASEBASE_DATABASE_URL", database)
            .env("CASEBASE_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut log = BufReader::new(process.stderr.take().expect("piped")).lines();
        let lines = log.by_ref().map_while(Result::ok);
        let address = lines.filter_map(|line| {
            let (_, address) = line.split_once("casebase serves at http://")?;
            Some(address.split_once(';')?.0.to_owned())
        });
        let address = { address }.next().expect("it says where it serves");
        Self {
            process,
            address,
            log,
        }
    }

    fn ask(&self, request: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).expect("it listens");
        let request = request.replace('\n', "\r\n");
        write!(connection, "{request}").expect("it takes what is written");
        let mut answer = String::new();
        let read = connection.read_to_string(&mut answer);
        read.expect("it answers");
        answer
    }

    fn next_with(&mut self, text: &str) -> String {
        let mut lines = self.log.by_ref().map_while(Result::ok);
        let line = lines.find(|line| line.contains(text));
        line.unwrap_or_else(|| panic!("no line says {text}"))
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.process.id().cast_signed());
        kill(process, signal).expect("it runs");
    }

    /// What it still writes until it has ended.
    fn stop(mut self) -> Vec<String> {
        self.signal(Signal::SIGTERM);
        let rest = self.log.by_ref().map_while(Result::ok).collect();
        self.process.wait().expect("it ends");
        rest
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A project with the case, where an upload is reserved and Storage is away.
async fn project() -> MockServer {
    let server = MockServer::start().await;
    let row = json!({
        "id": 7, "case_id": 1, "interaction_id": null, "file_name": "CASE-0001-1-hush.txt",
        "original_name": "hush.txt", "file_url": "s3://client-bucket/c/hush.txt",
        "bucket_id": "client-bucket", "object_path": "c/hush.txt", "content_type": "text/plain",
        "file_size": 4, "sha256": null, "object_version": null, "state": "pending", "rejection": null,
        "notes": [], "visible_to_client": true, "uploaded_by": USER, "uploaded_at": "2026-01-01T00:00:00Z",
    });
    for (path, body) in [
        (
            "/rest/v1/rpc/reserve_case_file",
            json!({"file": row, "size_limit": null}),
        ),
        ("/rest/v1/case_files", json!([row])),
    ] {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        let mock = Mock::given(matchers::path(path)).respond_with(answer);
        mock.mount(&server).await;
    }
    let away = Mock::given(matchers::path_regex("^/storage/"));
    away.respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_request_has_its_id_and_the_last_says_how_it_ended() {
    let project = project().await;
    let settings = [
        ("SUPABASE_URL", &*project.uri()),
        ("CASEBASE_LOG", "warn,casebase=info"),
        ("NO_COLOR", "1"),
    ];
    let (answer, lines) = tokio::task::block_in_place(|| {
        let service = Service::start(&["--log-format", "json"], &settings);
        let answer = service.ask(&format!(
            "POST /v1/cases/CASE-0001/files?name=hush.txt HTTP/1.1\nhost: x\nauthorization: Bearer {}\n\
             x-request-id: from-outside.1\ncontent-length: 4\nconnection: close\n\ntext",
            token()
        ));
        service.ask(
            "GET /v1/files/hush.txt HTTP/1.1\nhost: x\nx-request-id: a b\nconnection: close\n\n",
        );
        service.ask("GET /hush?hush HTTP/1.1\nhost: x\nconnection: close\n\n");
        (answer, service.stop())
    });
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(
        answer.contains("\r\nx-request-id: from-outside.1\r\n"),
        "{answer}"
    );
    let parsed = |line: &String| serde_json::from_str::<Value>(line).expect("an object a line");
    let lines: Vec<Value> = lines.iter().map(parsed).collect();
    let of_upload = |line: &&Value| line["span"]["id"] == "from-outside.1";
    let upload: Vec<_> = lines.iter().filter(of_upload).collect();
    let says = |text: &str| upload.iter().any(|line| line["message"] == text);
    // Said by the task that takes it back, by what answers, and at the end.
    assert!(
        says("taking an upload back") && says("Storage is unavailable"),
        "{upload:?}"
    );
    let last = upload.last().expect("there are lines");
    let length = answer.split_once("\r\n\r\n").expect("a body").1.len();
    for (field, value) in [
        ("message", json!("request answered")),
        ("level", json!("INFO")),
        ("method", json!("POST")),
        ("route", json!("/v1/cases/{case_id}/files")),
        ("status", json!(503)),
        ("bytes_in", json!(4)),
        ("bytes_out", json!(length)),
    ] {
        assert_eq!(last[field], value, "{last}");
    }
    assert!(last["duration_ms"].is_number(), "{last}");

    let others: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == "request answered" && line["status"] != 503)
        .collect();
    let routes: Vec<_> = others.iter().map(|line| &line["route"]).collect();
    assert_eq!(routes, ["/v1/files/{id}", "none"]);
    // What is no id is not taken for one.
    for line in others {
        let id = line["span"]["id"].as_str().expect("an id");
        assert_eq!(id.len(), 36, "{line}");
    }
    let hushed = lines.iter().all(|line| !line.to_string().contains("hush"));
    assert!(hushed, "{lines:?}");
}

#[test]
fn a_log_for_programs_has_nothing_else_in_it_and_one_for_people_is_the_default() {
    let mut said = casebase(&["serve"]);
    let said = said
        .env("CASEBASE_LOG_FORMAT", "xml")
        .output()
        .expect("it ends");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("CASEBASE_LOG_FORMAT is `xml`") && said.contains("text or json"),
        "{said}"
    );
    let mut failed = casebase(&["serve"]);
    let failed = failed
        .env("CASEBASE_LOG_FORMAT", "json")
        .env_remove("SUPABASE_URL")
        .output()
        .expect("it ends");
    let failed = String::from_utf8_lossy(&failed.stderr).into_owned();
    for line in failed.lines() {
        let line: Value = serde_json::from_str(line).expect("an object a line");
        assert_eq!(line["level"], "ERROR");
    }
    assert!(failed.contains("SUPABASE_URL is not set"), "{failed}");

    let service = Service::start(&[], &[("CASEBASE_LOG_FORMAT", "")]);
    service.ask("GET /healthz HTTP/1.1\nhost: x\nx-request-id: mine\nconnection: close\n\n");
    let lines = service.stop();
    let line = lines.iter().find(|line| line.contains("request answered"));
    let line = line.expect("a line");
    assert!(
        line.contains("request{id=mine}") && line.contains("status=200"),
        "{line}"
    );
}

#[test]
fn a_wrong_password_is_said_once_however_often_it_is_tried() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let database = &dev.settings["CASEBASE_DATABASE_URL"];
    let (user, place) = database.split_once('@').expect("a URL with a password");
    let user = user.rsplit_once(':').expect("a password").0;
    let wrong = format!("{user}:wrong@{place}");
    let settings = [
        ("CASEBASE_DATABASE_URL", &*wrong),
        ("SUPABASE_URL", &dev.settings["SUPABASE_URL"]),
        ("CASEBASE_LOG", "warn,casebase=debug"),
        ("NO_COLOR", "1"),
    ];
    let mut service = Service::start(&[], &settings);
    let mut lines = Vec::new();
    for _ in 0..3 {
        service.ask("GET /readyz HTTP/1.1\nhost: x\nconnection: close\n\n");
    }
    // The third attempt: what is said of it is for who asks for all.
    while lines
        .iter()
        .filter(|line: &&String| line.contains("webhooks wait for the database"))
        .count()
        < 3
    {
        lines.push(service.next_with(""));
    }
    lines.extend(service.stop());
    let told = lines.iter().filter(|line| {
        let important = ["INFO", "WARN", "ERROR"]
            .iter()
            .any(|level| line.contains(level));
        important && line.contains("password authentication failed")
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("CASEBASE_DATABASE_URL is wrong"),
        "{}",
        told[0]
    );
}

/// A request whose body is waited for, and does not arrive.
fn half_a_request(address: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).expect("it listens");
    let head = format!(
        "POST /v1/cases HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n",
        token()
    );
    write!(connection, "{head}").expect("it takes what is written");
    let mut go_on = [0; 25];
    connection.read_exact(&mut go_on).expect("it answers");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection
}

#[test]
fn ctrl_c_says_what_it_waits_for_and_a_second_one_ends_it() {
    let mut service = Service::start(&[], &[]);
    let connections = [(); 2].map(|()| half_a_request(&service.address));
    service.signal(Signal::SIGINT);
    let waits = service.next_with("waits for");
    assert!(
        waits.contains("2 requests under way") && waits.contains("Ctrl-C again"),
        "{waits}"
    );
    service.signal(Signal::SIGINT);
    let end = service.next_with("stopped at once");
    assert!(end.contains("2 requests cut off"), "{end}");
    assert!(!service.process.wait().expect("it ends").success());
    drop(connections);
}

#[test]
fn dev_waits_and_is_ended_as_serve_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dev = Dev::start_with_stderr(folder.path(), &[], Stdio::piped());
    let address = dev.settings["CASEBASE_URL"].replace("http://", "");
    let mut log = BufReader::new(dev.child.stderr.take().expect("piped")).lines();
    let mut says = |text: &str| {
        let mut lines = log.by_ref().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(text)), "no line says {text}");
    };
    let _half = half_a_request(&address);
    let interrupt = |child: &Child| {
        let process = Pid::from_raw(child.id().cast_signed());
        kill(process, Signal::SIGINT).expect("it runs");
    };
    interrupt(&dev.child);
    says("waits for 1 request under way");
    interrupt(&dev.child);
    says("1 request cut off");
    assert!(!dev.child.wait().expect("it ends").success());
}
