//! Node.js and Python with the pinned packages of `tests/clients`, installed once where they are missing.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

/// Where the stories and the lists of packages are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

/// `node` in [`folder`]; nothing where there is none, which CI does not accept.
pub fn node() -> Option<Command> {
    if !has("npm", &["--version"]) {
        return None;
    }
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let installed = folder().join("node_modules/.package-lock.json");
        if is_older(&installed, &folder().join("package-lock.json")) {
            let mut npm = Command::new("npm");
            succeed(
                npm.args(["ci", "--no-audit", "--no-fund"])
                    .current_dir(folder()),
            );
        }
    });
    Some(in_folder("node"))
}

/// The Supabase CLI that npm installed.
pub fn supabase_cli() -> Option<Command> {
    node()?;
    Some(Command::new(folder().join("node_modules/.bin/supabase")))
}

/// `python` in [`folder`], of an environment of its own below `target/`.
pub fn python() -> Option<Command> {
    if !has("python3", &["-c", "import ensurepip, venv"]) {
        return None;
    }
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| {
        let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
        let wanted = folder().join("requirements.txt");
        let installed = environment.join("requirements.txt");
        if is_older(&installed, &wanted) {
            let mut venv = Command::new("python3");
            succeed(venv.args(["-m", "venv", "--clear"]).arg(&environment));
            let mut pip = Command::new(environment.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]);
            succeed(pip.arg(&wanted));
            fs::copy(&wanted, &installed).expect("the environment is ours");
        }
        environment
    });
    Some(in_folder(environment.join("bin/python")))
}

fn in_folder(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder());
    command
}

/// Whether a program is here and can do what is asked of it.
fn has(program: &str, probe: &[&str]) -> bool {
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

fn is_older(file: &Path, source: &Path) -> bool {
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
