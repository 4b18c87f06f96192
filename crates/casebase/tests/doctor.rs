//! `casebase doctor` as it is typed: each check finds what was broken for it, and nothing else, and nothing once it is mended.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

#[path = "doctor/catalogue.rs"]
mod catalogue;
#[path = "doctor/checks.rs"]
mod checks;
#[path = "support/dev.rs"]
#[expect(dead_code, reason = "other tests interrupt it, and migrate")]
mod dev_stack;
#[path = "doctor/project.rs"]
mod project;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use casebase::commands::dev;
use casebase_local::{Options, Stack};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};

/// The command line with nothing of the caller's settings, at home nowhere.
fn doctor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
    command
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .current_dir(Path::new("/"))
        .stdin(Stdio::null());
    command
}

/// What it said of a database, and how it ended.
#[derive(Debug)]
struct Said {
    findings: Vec<Value>,
    report: Value,
    status: Option<i32>,
}

impl Said {
    fn of(output: &Output) -> Self {
        let said = String::from_utf8_lossy(&output.stderr);
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {output:?}\n{said}"));
        let findings = report["findings"].as_array().expect("a list").clone();
        Self {
            findings,
            report,
            status: output.status.code(),
        }
    }

    /// Severity and thing of each finding, in the report's order.
    fn things(&self) -> Vec<String> {
        let thing = |finding: &Value| {
            format!(
                "{} {}",
                finding["severity"].as_str().expect("a text"),
                finding["thing"].as_str().expect("a text")
            )
        };
        self.findings.iter().map(thing).collect()
    }

    /// Why this check was not made; none: it was.
    fn not_made(&self, check: &str) -> Option<&Value> {
        let not_made = self.report["not_made"].as_array().expect("a list");
        not_made.iter().find(|not_made| not_made["check"] == check)
    }
}

/// A migrated project in whose database somebody works as the service does.
struct Patient {
    stack: Stack,
    owner: PgConnection,
    admin: PgConnection,
    _worker: PgConnection,
}

impl Patient {
    async fn healthy() -> Self {
        Self::with("").await
    }

    /// With something of the project's own before Casebase came.
    async fn with(own: &str) -> Self {
        let options = Options {
            access_token_hook: Some(dev::ACCESS_TOKEN_HOOK.into()),
            ..Options::default()
        };
        let stack = Stack::start(options).await.expect("it starts");
        let mut owner = connect(&stack, "postgres").await;
        run(&mut owner, own).await;
        dev::migrate(&stack).await.expect("the migrations apply");
        run(&mut owner, "alter role casebase_worker password 'postgres'").await;
        Self {
            admin: connect(&stack, "supabase_admin").await,
            _worker: connect(&stack, "casebase_worker").await,
            owner,
            stack,
        }
    }

    fn examine(&self, arguments: &[&str]) -> Said {
        let url = self.stack.database_url("postgres");
        let mut all = vec!["--json", "--database-url", &url];
        all.extend(arguments);
        Said::of(&doctor(&all).output().expect("it runs"))
    }

    async fn stop(self) {
        drop((self.owner, self.admin));
        self.stack.stop().await;
    }
}

async fn connect(stack: &Stack, role: &str) -> PgConnection {
    let connected = PgConnection::connect(&stack.database_url(role)).await;
    connected.expect("a connection")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|e| panic!("{e}\nin {sql}"));
}

/// How what was broken becomes whole again.
#[derive(Clone, Copy)]
enum Cure {
    /// By `--fix`.
    Fix,
    /// By the finding's mend, as it is printed, as the project's owner.
    Mend,
    /// The same, as the server's administrator.
    AdminsMend,
    /// By this: there is no mend that would do for everybody.
    Undo(&'static str),
}

/// One thing that breaks, what is found then, and the cure.
struct Break(&'static str, &'static [&'static str], Cure);

/// Breaks the one after the other, as the owner, or as the administrator where the statement begins with `-- admin`.
async fn breaks_are_found_and_mended(patient: &mut Patient, breaks: &[Break]) {
    for Break(sql, expected, cure) in breaks {
        let broken_by = match sql.starts_with("-- admin") {
            true => &mut patient.admin,
            false => &mut patient.owner,
        };
        run(broken_by, sql).await;
        let said = patient.examine(&[]);
        assert_eq!(said.things(), *expected, "{sql}\n{:#?}", said.findings);
        let matters = expected.iter().any(|thing| !thing.starts_with("note"));
        assert_eq!(said.status, Some(i32::from(matters)), "{sql}");

        let mend = |said: &Said| {
            let mends = said
                .findings
                .iter()
                .filter_map(|finding| finding["mend"].as_str());
            mends.collect::<Vec<_>>().join("\n")
        };
        let left = match cure {
            Cure::Fix => {
                let fixed = patient.examine(&["--fix"]);
                assert_ne!(fixed.report["fixed"], Value::Array(vec![]), "{sql}");
                fixed
            }
            Cure::Mend => {
                run(&mut patient.owner, &mend(&said)).await;
                patient.examine(&[])
            }
            Cure::AdminsMend => {
                run(&mut patient.admin, &mend(&said)).await;
                patient.examine(&[])
            }
            Cure::Undo(undo) => {
                // What is not safe stays as it is.
                if matters {
                    let left = patient.examine(&["--fix"]);
                    assert_eq!(left.things(), *expected, "{sql}");
                }
                run(&mut patient.admin, undo).await;
                patient.examine(&[])
            }
        };
        assert_eq!(
            left.things(),
            Vec::<String>::new(),
            "after {sql}: {:#?}",
            left.findings
        );
        assert_eq!(left.status, Some(0), "after {sql}: {:#?}", left.report);
    }
}

#[tokio::test]
async fn a_healthy_project_has_none() {
    let patient = Patient::healthy().await;
    let said = patient.examine(&[]);
    assert_eq!(said.things(), Vec::<String>::new(), "{:#?}", said.findings);
    assert_eq!(said.status, Some(0));
    // What was not given is said, and what can't be told yet.
    let needs = &said.not_made("the service's settings").expect("not made")["needs"];
    assert_eq!(needs, "SUPABASE_URL and SUPABASE_ANON_KEY");
    let hook = said.not_made("the access token hook").expect("not known");
    assert_eq!(
        hook["reason"],
        "nobody has signed in since Casebase is installed, so it is not known whether Auth asks it"
    );
    // For a person, the same.
    let url = patient.stack.database_url("postgres");
    let output = doctor(&["--database-url", &url]).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("; nothing found\n"), "{told}");
    assert!(
        told.contains("(it needs SUPABASE_URL and SUPABASE_ANON_KEY)\n"),
        "{told}"
    );
    patient.stop().await;
}

#[tokio::test]
async fn a_project_without_casebase_is_told_to_install_it() {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let url = stack.database_url("postgres");
    let said = Said::of(
        &doctor(&["--json", "--database-url", &url])
            .output()
            .expect("it runs"),
    );
    assert_eq!(said.things(), ["error the schema casebase"]);
    assert_eq!(said.findings[0]["mend"], "casebase migrate");
    assert_eq!(said.status, Some(1));
    assert!(said.not_made("tables, policies and grants").is_some());

    // With what it would meet.
    let mut owner = connect(&stack, "postgres").await;
    run(&mut owner, "create table public.cases (id int)").await;
    let said = Said::of(
        &doctor(&["--json", "--database-url", &url])
            .output()
            .expect("it runs"),
    );
    assert_eq!(
        said.things(),
        ["error the schema casebase", "error table public.cases"]
    );
    drop(owner);
    stack.stop().await;
}

#[tokio::test]
async fn a_schema_that_is_another_casebases_is_said_to_be() {
    let mut patient = Patient::healthy().await;
    for (sql, words) in [
        (
            "update casebase.migrations m set version = '20990101000000', name = 'next', release = '9.9.9'
             where m.version = (select max(version) from casebase.migrations)",
            "has migration 20990101000000_next of release 9.9.9, which this casebase doesn't know",
        ),
        (
            "update casebase.migrations set checksum = repeat('0', 64)",
            "was made by another text",
        ),
    ] {
        run(&mut patient.owner, sql).await;
        let said = patient.examine(&[]);
        assert_eq!(
            said.things(),
            ["error the schema casebase"],
            "{:#?}",
            said.findings
        );
        let problem = said.findings[0]["problem"].as_str().expect("a text");
        assert!(problem.contains(words), "{problem}");
        assert!(said.not_made("tables, policies and grants").is_some());
    }
    patient.stop().await;
}

/// One sentence each, exit status 2, and nothing of the password.
#[tokio::test]
async fn a_database_that_cannot_be_reached_is_said_in_one_sentence() {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let good = stack.database_url("postgres");
    let wrong_password = good.replacen(":postgres@", ":secret@", 1);
    assert_ne!(good, wrong_password);
    for (url, words) in [
        (wrong_password.as_str(), "refused the connection"),
        (
            "postgresql://postgres:secret@127.0.0.1:9/postgres",
            "can't be reached",
        ),
        (
            "postgresql://postgres:secret@no-such-host.invalid:5432/postgres",
            "can't be reached",
        ),
        (
            "mysql://root:secret@127.0.0.1/x",
            "is malformed: it begins with `mysql:`",
        ),
    ] {
        let said = Said::of(
            &doctor(&["--json", "--database-url", url])
                .output()
                .expect("it runs"),
        );
        assert_eq!(said.status, Some(2), "{said:#?}");
        assert!(said.findings.is_empty(), "{said:#?}");
        let reason = said.not_made("the database").expect("not made")["reason"].to_string();
        assert!(
            reason.contains(words) && !reason.contains("secret"),
            "{url}: {reason}"
        );
    }
    stack.stop().await;
}

#[tokio::test]
async fn whoever_is_not_the_owner_is_told_so() {
    let patient = Patient::healthy().await;
    let url = patient.stack.database_url("casebase_worker");
    let output = doctor(&["--json", "--database-url", &url]).output();
    let said = Said::of(&output.expect("it runs"));
    assert_eq!((said.things(), said.status), (vec![], Some(2)));
    let reason = &said.not_made("the database").expect("not made")["reason"];
    let told = "it was asked as casebase_worker, and Casebase is postgres's (--database-url, DATABASE_URL)";
    assert_eq!(reason, told);
    patient.stop().await;
}

#[test]
fn fix_without_a_database_is_refused_in_words() {
    let output = doctor(&["--fix"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("hint: it needs --database-url (DATABASE_URL)"),
        "{said}"
    );
}
