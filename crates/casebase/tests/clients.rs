//! Supabase's own client libraries, unmodified, against the project.

mod support;

use std::{path::Path, process::Command};

use support::project;

#[test]
fn supabase_js_plays_a_days_work_as_client_staff_and_admin() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    if Command::new("npm").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI needs Node.js and npm for this test"
        );
        eprintln!("skipped: Node.js and npm are not installed");
        return;
    }
    if !folder.join("node_modules").exists() {
        run(Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder));
    }
    let mut story = Command::new("node");
    story.arg("story.mjs").current_dir(&folder);
    for name in [
        "SUPABASE_URL",
        "SUPABASE_ANON_KEY",
        "SUPABASE_SERVICE_ROLE_KEY",
    ] {
        story.env(name, project().setting(name));
    }
    run(&mut story);
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
