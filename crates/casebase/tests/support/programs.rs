//! Programs that are not ours, and the packages that npm installs for them.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Whether the folder has the packages that its lock names: installed here where they are missing. Nothing to install them
/// with is a reason to skip a test, which CI does not accept.
pub fn has_npm_packages(folder: &Path) -> bool {
    if !has("npm", &["--version"]) {
        return false;
    }
    let installed = folder.join("node_modules/.package-lock.json");
    if is_older(&installed, &folder.join("package-lock.json")) {
        let mut npm = Command::new("npm");
        succeed(
            npm.args(["ci", "--no-audit", "--no-fund"])
                .current_dir(folder),
        );
    }
    true
}

/// Whether a program is here and can do what is asked of it.
pub fn has(program: &str, probe: &[&str]) -> bool {
    let probed = Command::new(program).args(probe).output();
    let works = probed.is_ok_and(|output| output.status.success());
    if !works {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI needs {program} for this test"
        );
        eprintln!("skipped: {program} is not installed, or `{program} {probe:?}` fails");
    }
    works
}

pub fn is_older(file: &Path, source: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    changed(file) < changed(source)
}

/// What a command that must succeed said on standard output.
pub fn succeed(command: &mut Command) -> String {
    let output = output(command);
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How a command ended.
pub fn output(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"))
}
