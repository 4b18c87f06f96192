//! `casebase serve` as a process, also in a build without the local stack.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
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

#[test]
fn serve_starts_before_its_project_does_and_answers_that_it_is_alive() {
    // Nobody listens at the discard port.
    let mut service = casebase("serve")
        .env("SUPABASE_URL", "http://127.0.0.1:9")
        .env("SUPABASE_ANON_KEY", "sb_publishable_x")
        .env(
            "CASEBASE_DATABASE_URL",
            "postgresql://casebase_worker:x@127.0.0.1:9/postgres",
        )
        .env("CASEBASE_LISTEN", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // Read to the end of the test: what can't be written there is a failure of the service's.
    let mut lines = BufReader::new(service.stderr.take().expect("piped")).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (address, _) = line
            .strip_prefix("casebase serves at http://")?
            .split_once(';')?;
        Some(address.to_owned())
    });
    let address = address.expect("it says where it serves");

    let answer = get(&address, "/healthz").expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    kill(Pid::from_raw(service.id().cast_signed()), Signal::SIGTERM).expect("it runs");
    assert!(service.wait().expect("it ends").success());
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
