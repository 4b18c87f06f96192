//! Node.js and Python with the pinned packages of `tests/clients`, installed once where they are missing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

#[path = "../support/programs.rs"]
pub mod installed;

pub use installed::succeed;
use installed::{has, has_npm_packages, is_older};

/// Where the stories and the lists of packages are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

/// `node` in [`folder`]; nothing where there is none, which CI does not accept.
pub fn node() -> Option<Command> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    INSTALLED
        .get_or_init(|| has_npm_packages(&folder()))
        .then(|| in_folder("node"))
}

/// The Supabase CLI that npm installed.
pub fn supabase_cli() -> Option<Command> {
    node()?;
    Some(Command::new(folder().join("node_modules/.bin/supabase")))
}

/// TypeScript in `place`, below [`folder`] so that the packages are found, compiled as strictly as it can be.
pub fn compile(place: &Path, files: &[&str]) {
    let mut compile = in_folder("node");
    succeed(
        compile
            .current_dir(place)
            .arg(folder().join("node_modules/typescript/bin/tsc"))
            .args([
                "--strict",
                "--noUncheckedIndexedAccess",
                "--target",
                "es2022",
            ])
            .args([
                "--module",
                "nodenext",
                "--skipLibCheck",
                "--lib",
                "es2022,dom",
            ])
            .args(files),
    );
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
