//! `casebase serve` as a process, also in a build without the local stack.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

fn casebase(command: &str) -> Command {
    let mut casebase = Command::new(env!("CARGO_BIN_EXE_casebase"));
    casebase.arg(command).stdin(Stdio::null());
    casebase
}

/// Nobody listens at the discard port.
fn settings(command: &mut Command) -> &mut Command {
    command
        .env("SUPABASE_URL", "http://127.0.0.1:9")
        .env("SUPABASE_ANON_KEY", "sb_publishable_x")
        .env(
            "CASEBASE_DATABASE_URL",
            "postgresql://casebase_worker:x@127.0.0.1:9/postgres",
        )
        .env("CASEBASE_LISTEN", "127.0.0.1:0")
}

/// A service whose project is not there. What it writes is read to the test's end: what can't be written is a
/// failure of the service's.
struct Service {
    process: Child,
    address: String,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Service {
    fn start(mut command: Command) -> Self {
        let mut process = settings(&mut command)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (address, _) = line
                .strip_prefix("casebase serves at http://")?
                .split_once(';')?;
            Some(address.to_owned())
        });
        Self {
            address: address.expect("it says where it serves"),
            process,
            lines,
        }
    }

    fn is_alive(&self) {
        let answer = get(&self.address, "/healthz").expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn stop(mut self) {
        kill(
            Pid::from_raw(self.process.id().cast_signed()),
            Signal::SIGTERM,
        )
        .expect("it runs");
        assert!(self.process.wait().expect("it ends").success());
    }
}

#[test]
fn serve_starts_before_its_project_does_and_answers_that_it_is_alive() {
    let service = Service::start(casebase("serve"));
    service.is_alive();
    service.stop();
}

#[test]
fn serve_tells_at_its_start_what_of_its_project_is_away() {
    let mut service = Service::start(casebase("serve"));
    let mut lines = service.lines.by_ref().map_while(Result::ok);
    let told = lines.find(|line| line.contains("not ready: PostgREST is unavailable"));
    assert!(told.is_some());
    service.stop();
}

#[test]
fn serve_does_not_start_with_a_setting_that_is_wrong_and_says_what_would_be_right() {
    // {"role":"service_role"}
    let secret = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln";
    let database = |rest: &str| format!("postgresql://casebase_worker:{rest}");
    for (name, value, told) in [
        ("SUPABASE_ANON_KEY", secret, "`service_role`"),
        ("SUPABASE_ANON_KEY", "sb_secret_x", "sb_publishable_"),
        ("CASEBASE_MAX_FILE_BYTES", "0", "from 1 to 5368709120"),
        (
            "CASEBASE_DATABASE_URL",
            "mysql://root:x@localhost/x",
            "postgresql://",
        ),
        (
            "CASEBASE_DATABASE_URL",
            &database("p@ss#w/rd@localhost/x"),
            "p%40ss%23w%2Frd",
        ),
    ] {
        let mut serve = casebase("serve");
        let serve = settings(&mut serve).env(name, value);
        let output = serve.output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}: {said}");
        assert!(said.contains(name) && said.contains(told), "{name}: {said}");
    }
}

#[test]
fn callers_who_say_nothing_leave_serve_its_descriptors_and_others_their_turn() {
    let mut few = Command::new("sh");
    few.args(["-c", "ulimit -n 256 && exec \"$0\" serve"])
        .arg(env!("CARGO_BIN_EXE_casebase"))
        .stdin(Stdio::null());
    let service = Service::start(few);
    let mut callers = Vec::new();
    for text in [
        "",
        "POST /v1/cases/CASE-0001/files HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf",
    ] {
        for _ in 0..200 {
            let mut caller = TcpStream::connect(&service.address).expect("it listens");
            write!(caller, "{text}").expect("it takes what is written");
            callers.push(caller);
        }
        service.is_alive();
        let open = format!("/proc/{}/fd", service.process.id());
        let open = std::fs::read_dir(open).expect("it runs").count();
        assert!(open < 256 * 2 / 3, "{open} descriptors are open");
    }
    drop(callers);
    service.stop();
}

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn the_stand_in_is_in_a_build_with_the_feature_local_only() {
    let output = casebase("--help").output().expect("it runs");
    let help = String::from_utf8_lossy(&output.stdout);
    let offers = |command: &str| help.contains(&format!("\n  {command} "));
    assert!(offers("serve") && offers("migrate"), "{help}");
    for command in ["dev", "demo", "bench"] {
        assert_eq!(offers(command), cfg!(feature = "local"), "{help}");
    }
}
