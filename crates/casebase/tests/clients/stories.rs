//! A case's day, played by each client library as client, staff and admin.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::{
    dev::Dev,
    programs::{compile, folder, node, python, succeed},
    readme::{FILES, Script, block_of},
    support::project,
};

/// What the stories need to know of a project.
const SETTINGS: [&str; 3] = [
    "SUPABASE_URL",
    "SUPABASE_ANON_KEY",
    "SUPABASE_SERVICE_ROLE_KEY",
];

/// supabase-js wants a WebSocket even where Realtime is never used, and Node.js 20 has it behind this option alone.
const WEBSOCKET: &str = "--experimental-websocket";

fn play(story: &mut Command) {
    succeed(story.envs(SETTINGS.map(|name| (name, project().setting(name)))));
}

#[test]
fn supabase_js_plays_a_days_work_as_client_staff_and_admin() {
    if let Some(mut node) = node() {
        play(node.args([WEBSOCKET, "story.mjs"]));
    }
}

#[test]
fn supabase_py_plays_a_days_work_as_client_staff_and_admin() {
    if let Some(mut python) = python() {
        play(python.arg("story.py"));
    }
}

/// What must not compile stands in the story, which a compiler that took it would refuse.
#[test]
fn typescript_plays_a_days_work_without_casts_as_client_staff_and_admin() {
    let Some(mut node) = node() else { return };
    let settings = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(settings.path(), &[]);
    let place = tempfile::tempdir_in(folder()).expect("the folder is ours");
    let types = folder().join("../../types");
    let story = ["typed.ts", "casebase.ts", "database.ts"];
    for (from, file) in [folder(), types.clone(), types].iter().zip(story) {
        fs::copy(from.join(file), place.path().join(file)).expect("copied");
    }
    compile(place.path(), &story);
    let story = node.arg(WEBSOCKET).arg(place.path().join("typed.js"));
    let told = succeed(story.envs(&dev.settings));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let expected = json!({
        "status": "open", "said": "Hello", "taken": "in_progress", "refused": [], "open": 1, "talk": "Hello",
        "entries": ["case.updated", "case.updated", "case.status_changed", "interaction.created", "case.created"],
        "department": "General", "standing": "admin", "is_client": false, "problem": null, "page": ["medium", 2],
        "undone": ["done"], "embedded": ["in_progress", 1, "Alan", 0], "overdue": 0, "invited": "departments",
    });
    assert_eq!(told, expected);
}

/// Everybody who verifies a token here has nothing but the published keys to do it with.
#[test]
fn a_project_that_signs_with_es256_needs_no_shared_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--jwt-algorithm", "es256"]);
    assert!(!dev.settings.contains_key("SUPABASE_JWT_SECRET"));
    for story in ["story.mjs", "service.mjs"] {
        if let Some(mut node) = node() {
            succeed(node.args([WEBSOCKET, story]).envs(&dev.settings));
        }
    }
}

/// The block as it stands in docs/files.md, in a process that dies in the middle, and in another.
#[test]
fn a_large_upload_past_the_service_goes_on_after_a_reload() {
    if node().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let page = Script::write("direct", block_of(FILES, "uploadDirectly"));
    let kept = folder.path().join("local-storage.json");
    let play = |turn: &str| {
        let mut node = node().expect("it was there before");
        node.args([WEBSOCKET, "direct.mjs"]).arg(page.path());
        node.arg(&kept).arg(turn).envs(&dev.settings);
        node
    };
    let cut_off = play("first").status().expect("it runs");
    assert_eq!(cut_off.code(), Some(7));
    succeed(&mut play("again"));
}

/// Everything that takes a mail, with the mails that the stack caught.
#[test]
fn supabase_js_signs_up_recovers_invites_and_moves_over_mails() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--empty", "--confirm-email"]);
    if let Some(mut node) = node() {
        succeed(node.args([WEBSOCKET, "mails.mjs"]).envs(&dev.settings));
    }
}
