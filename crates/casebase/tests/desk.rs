//! The case desk: its built files are those of its sources, and people use it in a real browser.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a failing test may panic, a skipped one says so"
)]

#[path = "support/dev.rs"]
#[expect(dead_code, reason = "no test here migrates")]
mod dev;
#[path = "support/programs.rs"]
mod programs;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use casebase_local::postgres;
use dev::Dev;
use programs::{has_npm_packages, succeed};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../casebase-desk")
}

/// `npm` in the desk's folder; nothing where there is none, which CI does not accept.
fn npm(arguments: &[&str]) -> Option<Command> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    INSTALLED
        .get_or_init(|| has_npm_packages(&folder()))
        .then(|| {
            let mut npm = Command::new("npm");
            npm.args(arguments).current_dir(folder());
            npm
        })
}

/// Every file below a folder, by its path in there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it");
                found.insert(name.to_owned(), fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[test]
fn the_built_files_are_what_the_sources_make() {
    let again = tempfile::tempdir().expect("a folder");
    let out = again.path().join("built");
    let out = out.to_str().expect("UTF-8");
    let Some(mut build) = npm(&["run", "build", "--", "--outDir", out]) else {
        return;
    };
    succeed(&mut build);
    let (built, wanted) = (files(&folder().join("built")), files(Path::new(out)));
    let differs = |name: &&PathBuf| built.get(*name) != wanted.get(*name);
    let names: Vec<_> = built.keys().chain(wanted.keys()).filter(differs).collect();
    assert!(
        names.is_empty(),
        "crates/casebase-desk/built is not what `npm run build` makes there: {names:?}"
    );
}

#[test]
fn the_sources_have_their_types_and_pass_their_own_tests() {
    if let Some(mut check) = npm(&["run", "check"]) {
        succeed(&mut check);
    }
}

/// Debian's, installed where this machine lets us.
fn chromium() -> Option<&'static str> {
    const CHROMIUM: &str = "/usr/bin/chromium";
    if Path::new(CHROMIUM).exists() {
        return Some(CHROMIUM);
    }
    match postgres::install_debian_packages(&["chromium"]) {
        Ok(()) => return Some(CHROMIUM),
        Err(reason) => eprintln!("skipped: there is no {CHROMIUM} (chromium: {reason})"),
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "CI needs a browser and skips nothing"
    );
    None
}

#[test]
fn people_use_the_desk_in_a_browser() {
    let (Some(mut browser), Some(chromium)) = (npm(&["run", "browser"]), chromium()) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--confirm-email"]);
    succeed(browser.env("CHROMIUM", chromium).envs(&dev.settings));
}
