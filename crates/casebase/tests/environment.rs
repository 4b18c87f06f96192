//! What the commands take from the environment and from `.env`, as somebody types it.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::Stdio,
};

#[path = "support/help.rs"]
mod help;

use help::{casebase, commands, help, output};

const EXAMPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.env.example"));

fn with_dotenv(text: impl AsRef<[u8]>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(".env"), text).expect("the folder is ours");
    folder
}

/// The variables that a help text names: below "Environment", and of options as `[env: NAME…]`.
fn variables(help: &str) -> Vec<String> {
    let is_name = |word: &&str| {
        word.len() > 3
            && word
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let listed = help.split_once("\nEnvironment").map(|(_, list)| list);
    let listed = listed.into_iter().flat_map(|list| {
        list.lines()
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
            .filter(is_name)
    });
    let options = help
        .split("[env: ")
        .skip(1)
        .filter_map(|rest| rest.split(['=', ']']).next());
    listed.chain(options).map(str::to_owned).collect()
}

#[test]
fn the_example_has_every_variable_that_a_command_reads_and_no_other() {
    let read: BTreeSet<String> = commands(&[])
        .iter()
        .flat_map(|command| {
            let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            arguments.push("--help");
            variables(&help(&arguments))
        })
        .collect();
    for sure in ["CASEBASE_DATABASE_URL", "DATABASE_URL", "CASEBASE_LOG"] {
        assert!(read.contains(sure), "{sure} is not in {read:?}");
    }
    let documented: BTreeSet<String> = EXAMPLE
        .lines()
        .filter_map(|line| {
            let (name, _) = line.trim_start_matches("# ").split_once('=')?;
            (!name.contains(' ')).then(|| name.to_owned())
        })
        .collect();
    assert_eq!(documented, read);
}

/// The packaged service's file: the example's sections of `serve` and of every command. What has to be said stands there
/// with nothing; what the example says for a local project is left out.
fn packaged_environment() -> String {
    let mut text = String::from(PACKAGED_HEAD);
    let mut is_required = false;
    let sections = EXAMPLE.split("\n# --- ").skip(1);
    for section in sections.filter(|s| s.starts_with("casebase serve") || s.starts_with("every")) {
        let (title, body) = section.split_once('\n').expect("a title has lines");
        text += &format!("\n# --- {title}\n");
        for line in body.trim_end().lines() {
            is_required |= line.starts_with("# Required: ");
            let said = line.split_once('=').filter(|_| !line.starts_with('#'));
            match said {
                Some((name, _)) if is_required => text += &format!("{name}=\n"),
                Some((name, _)) => text += &format!("# {name}=\n"),
                None => text += &format!("{line}\n"),
            }
            is_required &= said.is_none();
        }
    }
    text
}

const PACKAGED_HEAD: &str = "\
# What `casebase serve` is told, by systemd: casebase.service. `systemctl restart casebase` after a change.
#
# What stands here with nothing after its = has to be said. What is commented out can stay so.
# A value with spaces, # or $ goes between single quotes: 'p@ss $word'. In a URL, characters of a user's name or password
# that mean something there are percent-encoded: p%40ss for p@ss.
";

#[test]
fn the_packaged_environment_file_has_every_variable_of_the_service_and_no_value_of_a_local_project()
{
    let expected = packaged_environment();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/casebase.env");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).expect("the file is ours");
    }
    let packaged = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(packaged, expected, "UPDATE=1 writes packaging/casebase.env");

    let read = [&["serve", "--help"][..], &["--help"]].map(|arguments| variables(&help(arguments)));
    let read: BTreeSet<String> = read.into_iter().flatten().collect();
    let lines = || packaged.lines().filter_map(|line| line.split_once('='));
    let names: BTreeSet<String> = lines()
        .map(|(name, _)| name.trim_start_matches("# ").to_owned())
        .filter(|name| !name.contains(' '))
        .collect();
    assert_eq!(names, read);
    let said: Vec<_> = lines().filter(|(name, _)| !name.starts_with('#')).collect();
    let required = ["SUPABASE_URL", "SUPABASE_ANON_KEY", "CASEBASE_DATABASE_URL"];
    assert_eq!(said, required.map(|name| (name, "")));
}

#[test]
fn the_example_copied_is_enough_to_serve() {
    let folder = with_dotenv(EXAMPLE);
    let mut service = casebase(folder.path(), &["serve"])
        .env("CASEBASE_LISTEN", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(service.stderr.take().expect("piped")).lines();
    let serves = lines
        .map_while(Result::ok)
        .inspect(|line| assert!(!line.starts_with("error"), "{line}"))
        .any(|line| line.starts_with("casebase serves at http://127.0.0.1:"));
    service.kill().expect("it is ours");
    service.wait().expect("it ends");
    assert!(serves);
}

#[test]
fn a_malformed_dotenv_stops_neither_help_nor_version() {
    for malformed in [&b"SUPABASE_URL\n"[..], b"A=\xff\n", b"A='open\n"] {
        let folder = with_dotenv(malformed);
        for arguments in [
            &["--version"][..],
            &["--help"],
            &["help"],
            &["serve", "--help"],
            &["serve", "--version"],
        ] {
            let output = output(folder.path(), arguments);
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            assert_eq!(output.stderr, b"", "{arguments:?}");
        }
        // What is typed wrong is said before what is written wrong.
        let typed = output(folder.path(), &["server"]);
        assert!(String::from_utf8_lossy(&typed.stderr).contains("unrecognized subcommand"));
    }
}

#[test]
fn a_malformed_dotenv_is_named_with_its_line_and_without_what_it_says() {
    for (text, line) in [
        (&b"SUPABASE_URL\n"[..], 1),
        (b"# a comment\n\nA=1\nPASSWORD=se cret\nB=2\n", 4),
        (b"A='two\nlines'\nB='se cret\nC=1\n", 3),
        (b"A='two\nlines'\r\nB='one\ntwo' se cret\n", 3),
        (b"\xef\xbb\xbfA=1\nB se cret\n", 2),
        (b"A=1\nB=se\xffcret\n", 2),
    ] {
        let folder = with_dotenv(text);
        // `migrate` lacks its required option, which the file may have said.
        for command in ["serve", "migrate"] {
            let output = output(folder.path(), &[command]);
            let said = String::from_utf8_lossy(&output.stderr);
            let file = folder.path().canonicalize().expect("it is there");
            let expected = format!("error: {}/.env, line {line}: ", file.display());
            assert!(said.starts_with(&expected), "{expected}\n{said}");
            assert!(
                said.contains("NAME=value") && !said.contains("cret"),
                "{said}"
            );
            assert_eq!(output.status.code(), Some(1));
        }
    }
}

#[test]
fn a_dotenv_that_cannot_be_read_is_named_once() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join(".env")).expect("the folder is ours");
    let output = output(folder.path(), &["serve"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("/.env can't be read: Is a directory"),
        "{said}"
    );
    assert_eq!(said.matches("Is a directory").count(), 1, "{said}");
}

#[test]
fn a_filter_for_the_log_that_is_none_is_refused_and_an_empty_one_is_not_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let migrate = |filter: &str| {
        let database = ["migrate", "--database-url", "postgresql://127.0.0.1:9/x"];
        let output = casebase(folder.path(), &database)
            .env("CASEBASE_LOG", filter)
            .output();
        String::from_utf8_lossy(&output.expect("it runs").stderr).into_owned()
    };
    let said = migrate("casebase=loud");
    assert!(
        said.starts_with("error: CASEBASE_LOG is malformed: "),
        "{said}"
    );
    assert!(said.contains("hint: e.g. warn,casebase=debug"), "{said}");
    assert!(migrate(" ").starts_with("error: the database can't be reached"));
}
