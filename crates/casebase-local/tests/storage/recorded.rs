//! The recorded answers of Supabase Storage, replayed with the runner that comes with them.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use casebase_local::{ANON_KEY, JWT_SECRET, PROJECT_REF, S3_STATIC_KEY};

use super::support::{Server, start};

const NO_RECORDINGS: &str = "no recordings at ../shared/truth/storage (or CASEBASE_TRUTH_STORAGE)";

fn recordings() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/truth/storage");
    let dir = std::env::var_os("CASEBASE_TRUTH_STORAGE").map_or(default, PathBuf::from);
    dir.join("run.py").exists().then_some(dir)
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

/// Restores the recordings' starting state, by SQL alone.
const RESET: &str = "
delete from storage.objects;
delete from storage.buckets;
do $$
declare policy record;
begin
  for policy in select policyname, tablename from pg_policies where schemaname = 'storage' loop
    execute format('drop policy %I on storage.%I', policy.policyname, policy.tablename);
  end loop;
end $$;
";

/// The shell commands that restore the starting state, and that read SQL and print bare rows.
fn commands(dir: &Path, server: &Server) -> (String, String) {
    let reset = server.data.join("reset.sql");
    let schema = dir.join("schema.sql");
    let sql = format!("{RESET}\\i '{}'\n", schema.display());
    std::fs::write(&reset, sql).expect("the reset is written");
    let psql = format!("psql -X -q -v ON_ERROR_STOP=1 '{}'", server.superuser);
    (
        format!("{psql} -1 -f '{}'", reset.display()),
        format!("{psql} -At"),
    )
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

/// Runs a runner, shows what it says, and expects all of it to be alike, as docs/local-stack.md says.
#[expect(clippy::print_stderr, reason = "differences are to be seen")]
fn expect_alike(runner: &mut Command) {
    let output = runner.output().expect("the runner runs");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    eprintln!("{output}");
    let summary = output.lines().rev().find_map(|l| l.strip_suffix(" alike"));
    let (alike, all) = summary
        .and_then(|s| s.split_once(" of "))
        .expect("a summary");
    assert_eq!(alike, all);
}

#[test]
fn the_recorded_steps_are_answered_alike() {
    let Some(dir) = recordings() else {
        return skip(NO_RECORDINGS);
    };
    if !(is_installed("python3") && is_installed("psql")) {
        return skip("the runner takes python3 and psql");
    }
    let server = start(None);
    let (reset, psql) = commands(&dir, &server);
    let mut runner = Command::new("python3");
    runner
        .arg(dir.join("run.py"))
        .args(["--base", &server.base, "--jwt-secret", JWT_SECRET])
        .args(["--reset", &reset, "--psql", &psql]);
    expect_alike(&mut runner);
}

#[test]
fn the_recorded_s3_scenarios_are_answered_alike() {
    let Some(dir) = recordings() else {
        return skip(NO_RECORDINGS);
    };
    let has_sdk = dir.join("node_modules/@aws-sdk/client-s3").exists();
    if !(has_sdk && is_installed("node") && is_installed("psql")) {
        return skip("the S3 runner takes node, psql and `npm install` in the recordings' folder");
    }
    let server = start(None);
    let (reset, psql) = commands(&dir, &server);
    let mut runner = Command::new("node");
    runner
        .arg(dir.join("run_s3.mjs"))
        .args([
            "--endpoint",
            &format!("{}/s3", server.base),
            "--jwt-secret",
            JWT_SECRET,
        ])
        .args(["--anon-key", ANON_KEY, "--ref", PROJECT_REF])
        .args([
            "--static-key",
            S3_STATIC_KEY.0,
            "--static-secret",
            S3_STATIC_KEY.1,
        ])
        .args(["--reset", &reset, "--psql", &psql]);
    expect_alike(&mut runner);
}
