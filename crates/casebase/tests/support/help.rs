//! The commands as `--help` tells of them.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// The command line in this folder, with an empty environment.
pub fn casebase(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
    command
        .args(arguments)
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// How it ended.
pub fn output(folder: &Path, arguments: &[&str]) -> Output {
    casebase(folder, arguments).output().expect("it runs")
}

/// What it says with `--help` among its arguments.
pub fn help(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = output(folder.path(), arguments);
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Every command below this one, itself included.
pub fn commands(of: &[String]) -> Vec<Vec<String>> {
    let mut arguments: Vec<&str> = of.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = help(&arguments);
    let below = help.split_once("\nCommands:\n").map(|(_, list)| list);
    let below = below.into_iter().flat_map(|list| {
        list.lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
    });
    let below = below.flat_map(|name| commands(&[of, &[name.to_owned()]].concat()));
    std::iter::once(of.to_vec()).chain(below).collect()
}
