//! The migrations are part of the binary: a new file makes a new binary. A release build also notes its commit.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
    println!("cargo:rerun-if-env-changed=CASEBASE_COMMIT");
    let commit = env::var("CASEBASE_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty())
        .or_else(commit_of_the_release)
        .unwrap_or_else(|| "unknown".into());
    println!("cargo:rustc-env=CASEBASE_COMMIT={commit}");
}

/// What git says, if this is a clone and no unpacked archive. Debug builds don't ask: each commit would be a new build.
fn commit_of_the_release() -> Option<String> {
    if env::var("PROFILE").as_deref() != Ok("release") || !Path::new("../../.git").exists() {
        return None;
    }
    // Each commit and each checkout adds a line.
    let reflog = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo:rerun-if-changed={reflog}");
    git(&[
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
