//! What the package is made of, as far as it can be told without building it; packaging/try does the rest.
#![expect(clippy::expect_used, reason = "a failing test may panic")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

#[path = "support/help.rs"]
mod help;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use help::{commands, output};

const UNIT: &str = include_str!("../../../packaging/casebase.service");
const DOCKERFILE: &str = include_str!("../../../packaging/Dockerfile");
const BUILD: &str = include_str!("../../../packaging/build");

/// `[package.metadata.deb]`.
fn deb() -> toml::Table {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().expect("TOML");
    let deb = &manifest["package"]["metadata"]["deb"];
    deb.as_table().expect("a table").clone()
}

/// Where the package puts what: source, target, and the mode in octal digits.
fn assets() -> Vec<[String; 3]> {
    deb()["assets"]
        .clone()
        .try_into()
        .expect("three texts each")
}

/// The values of this key in the unit, in its order.
fn unit(key: &str) -> Vec<&'static str> {
    UNIT.lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .collect()
}

#[test]
fn every_command_has_a_manual_page_with_all_that_its_help_tells_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = output(folder.path(), &["man", "man1"]);
    assert!(written.status.success(), "{written:?}");
    let pages: BTreeSet<String> = fs::read_dir(folder.path().join("man1"))
        .expect("it is there")
        .map(|entry| entry.expect("readable").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let named = |command: &[String]| {
        format!(
            "{}.1",
            [&["casebase".to_owned()], command].concat().join("-")
        )
    };
    let expected: BTreeSet<String> = commands(&[]).iter().map(|c| named(c)).collect();
    assert_eq!(pages, expected);

    let serve = fs::read_to_string(folder.path().join("man1/casebase-serve.1")).expect("UTF-8");
    let notes = serve.split_once(".SH NOTES\n.nf\n").expect("notes").1;
    assert!(notes.contains("\n  CASEBASE_DATABASE_URL "), "{serve}");
    assert!(notes.contains("\n.fi\n.SH VERSION"), "{serve}");
}

#[test]
fn manual_pages_that_cannot_be_written_are_told_with_their_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("the folder is ours");
    let refused = output(folder.path(), &["man", "file/man1"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(said.contains("can't be written into file/man1"), "{said}");
}

#[test]
fn the_completions_of_each_shell_know_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish"] {
        let completions = output(folder.path(), &["completions", shell]);
        assert!(completions.status.success(), "{shell}");
        let script = String::from_utf8(completions.stdout).expect("UTF-8");
        for command in commands(&[]) {
            let Some(name) = command.last() else { continue };
            assert!(script.contains(name.as_str()), "{shell}: {command:?}");
        }
    }
}

#[test]
fn the_unit_starts_what_the_package_puts_there_and_waits_for_it_to_stop() {
    let targets: Vec<PathBuf> = assets()
        .into_iter()
        .map(|[source, target, _]| {
            let folder = target.ends_with('/');
            let name = Path::new(&source).file_name().expect("a file");
            let target = Path::new("/").join(target);
            if folder { target.join(name) } else { target }
        })
        .collect();
    let has = |path: &str| targets.iter().any(|target| target == Path::new(path));
    assert_eq!(unit("ExecStart"), ["/usr/bin/casebase serve"]);
    assert_eq!(unit("EnvironmentFile"), ["/etc/casebase/casebase.env"]);
    assert!(has("/usr/bin/casebase") && has("/etc/casebase/casebase.env"));
    let seconds = unit("TimeoutStopSec").concat().parse().expect("seconds");
    assert!(Duration::from_secs(seconds) > casebase_server::GRACE + Duration::from_secs(5));
}

#[test]
fn secrets_in_the_package_are_read_by_root_alone_and_kept_when_it_is_upgraded() {
    let file = assets()
        .into_iter()
        .find(|[source, _, _]| source.ends_with("casebase.env"))
        .expect("it is packaged");
    assert_eq!(file[2], "640");
    assert_eq!(
        deb()["conf-files"],
        vec!["/etc/casebase/casebase.env"].into()
    );
}

#[test]
fn systemd_takes_the_unit_without_a_complaint() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("casebase.service");
    // It looks for the binary and the manual page on this machine.
    let unit = UNIT
        .replace("/usr/bin/casebase", env!("CARGO_BIN_EXE_casebase"))
        .replace("Documentation=", "#");
    fs::write(&file, unit).expect("the folder is ours");
    let analyze = |arguments: &[&str]| {
        let analyzed = Command::new("systemd-analyze")
            .args(arguments)
            .arg(&file)
            .output();
        analyzed.map(|output| {
            let said = [output.stdout, output.stderr].concat();
            (
                output.status.success(),
                String::from_utf8_lossy(&said).into_owned(),
            )
        })
    };
    let Ok((verified, said)) = analyze(&["verify"]) else {
        assert!(std::env::var_os("CI").is_none(), "CI needs systemd-analyze");
        eprintln!("skipped: systemd-analyze is not installed");
        return;
    };
    // It also speaks of other units of this machine.
    assert!(verified && !said.contains("casebase.service"), "{said}");
    let exposure = ["security", "--offline=true", "--no-pager", "--threshold=20"];
    let (is_hard, said) = analyze(&exposure).expect("it ran before");
    assert!(is_hard, "{said}");
}

#[test]
fn what_the_package_and_the_image_take_is_in_the_repository_or_made_by_the_build() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = |path: &str| BUILD.contains(&format!("\"$out/{path}\""));
    for [source, _, _] in assets() {
        match source.strip_prefix("../../target/package/") {
            Some("man/*.1") => assert!(made("man"), "{source}"),
            Some(path) => assert!(made(path), "{source}"),
            None if source == "target/release/casebase" => {}
            None => assert!(crate_folder.join(&source).is_file(), "{source}"),
        }
    }
    let copied: Vec<_> = DOCKERFILE
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .collect();
    assert_eq!(copied, ["--chmod=755 casebase /usr/bin/casebase"]);
    assert!(BUILD.contains("cp target/release/casebase \"$out/\""));
}
