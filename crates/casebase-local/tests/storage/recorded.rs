//! The recorded answers of Supabase Storage, replayed with the runner that comes with them.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use casebase_local::JWT_SECRET;

use super::support::{Server, start};

/// How many of a hundred steps must be answered alike.
const ALIKE: usize = 95;

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

fn replay(dir: &Path, server: &Server) -> String {
    let reset = server.data.join("reset.sql");
    let schema = dir.join("schema.sql");
    let sql = format!("{RESET}\\i '{}'\n", schema.display());
    std::fs::write(&reset, sql).expect("the reset is written");
    let psql = format!("psql -X -q -v ON_ERROR_STOP=1 '{}'", server.superuser);
    let output = Command::new("python3")
        .arg(dir.join("run.py"))
        .args(["--base", &server.base])
        .args(["--jwt-secret", JWT_SECRET])
        .args(["--reset", &format!("{psql} -1 -f '{}'", reset.display())])
        .args(["--psql", &format!("{psql} -At")])
        .output()
        .expect("the runner runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "a skipped test says so, a difference shows itself"
)]
fn the_recorded_steps_are_answered_alike() {
    let Some(dir) = recordings() else {
        eprintln!("skipped: no recordings at ../shared/truth/storage (or CASEBASE_TRUTH_STORAGE)");
        return;
    };
    if !(is_installed("python3") && is_installed("psql")) {
        eprintln!("skipped: the recordings' runner takes python3 and psql");
        return;
    }
    let output = replay(&dir, &start(None));
    eprintln!("{output}");
    let summary = output
        .lines()
        .rev()
        .find_map(|line| line.strip_suffix(" alike"));
    let (alike, all) = summary
        .and_then(|s| s.split_once(" of "))
        .expect("a summary");
    let count = |text: &str| text.trim().parse::<usize>().expect("a number");
    assert!(
        count(alike) * 100 >= count(all) * ALIKE,
        "{alike} of {all} alike"
    );
}
