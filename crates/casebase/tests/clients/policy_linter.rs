//! pgrls, a linter of row level security: every finding has its reason in `tests/database/pgrls.toml`, and so has every change
//! of access that a migration after the first makes.

use std::{collections::BTreeSet, fs};

use casebase::migrations::{self, Migration, PATIENCE};
use casebase_local::{Options, Stack, postgres::SUPERUSER};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::{
    programs::{
        installed::{output, succeed},
        python,
    },
    support::project,
};

#[derive(Deserialize)]
struct Reasons {
    because: Vec<Reason>,
    /// Of what a migration changes.
    #[serde(default)]
    changed: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    /// The migration's version.
    migration: String,
    #[serde(flatten)]
    reason: Reason,
}

#[derive(Deserialize)]
struct Reason {
    rule: String,
    /// The objects that it is about; none: all of them.
    #[serde(default)]
    of: Vec<String>,
    reason: String,
}

impl Reason {
    fn covers(&self, (rule, object): &(String, String)) -> bool {
        self.rule == *rule && (self.of.is_empty() || self.of.contains(object))
    }
}

/// Rules and the objects that break them.
fn findings() -> Option<BTreeSet<(String, String)>> {
    let mut lint = python()?;
    lint.args(["-m", "pgrls", "lint", "--format", "json"])
        .args(["--schemas", "public,casebase", "--database-url"])
        .arg(project().setting("DATABASE_ADMIN_URL"));
    Some(reported(&mut lint, |_| true))
}

/// Those of the findings that count.
fn reported(
    pgrls: &mut std::process::Command,
    counts: impl Fn(&Value) -> bool,
) -> BTreeSet<(String, String)> {
    let said = output(pgrls);
    let report: Value = serde_json::from_slice(&said.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&said.stderr)));
    let found = report["violations"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let found = found.iter().filter(|finding| counts(finding));
    found
        .map(|finding| (text(&finding["rule_id"]), text(&finding["location"])))
        .collect()
}

fn reasons() -> Reasons {
    let reasons = include_str!("../../../../tests/database/pgrls.toml");
    toml::from_str(reasons).expect("reasons")
}

#[test]
fn finds_nothing_without_a_written_reason() {
    let Some(found) = findings() else { return };
    let because = reasons().because;
    let unexplained: Vec<_> = found
        .iter()
        .filter(|finding| !because.iter().any(|reason| reason.covers(finding)))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    for reason in &because {
        assert!(!reason.reason.is_empty(), "{} has no reason", reason.rule);
        let gone = |object: &&String| !found.contains(&(reason.rule.clone(), (*object).clone()));
        let gone: Vec<_> = reason.of.iter().filter(gone).collect();
        let is_used = found.iter().any(|finding| reason.covers(finding));
        assert!(
            is_used && gone.is_empty(),
            "nothing is left of {} {gone:?}",
            reason.rule
        );
    }
    assert!(found.len() > 100, "it looked at little: {found:#?}");
}

/// What each of these migrations but the first changes about access, by its version.
async fn changes(known: &[Migration]) -> Option<Vec<(String, BTreeSet<(String, String)>)>> {
    python()?;
    let mut changes = Vec::new();
    if known.len() < 2 {
        return Some(changes);
    }
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let owner = PgConnection::connect(&stack.database_url("postgres")).await;
    let mut owner = owner.expect("a connection");
    let url = stack.database_url(SUPERUSER);
    let folder = tempfile::tempdir().expect("a folder");
    let before = folder.path().join("before.json");
    for so_far in 1..=known.len() {
        let applied = migrations::apply(&mut owner, &known[..so_far], PATIENCE).await;
        let applied = applied.expect("it applies");
        let pgrls = |arguments: &[&str]| {
            let mut pgrls = python().expect("it was there before");
            pgrls.args(["-m", "pgrls"]).args(arguments).args([
                "--schemas",
                "public,casebase",
                "--database-url",
                &url,
            ]);
            pgrls
        };
        let last = applied.last().expect("one was pending");
        if so_far > 1 {
            let before = before.to_str().expect("UTF-8");
            let mut diff = pgrls(&["diff", before, "--format", "json"]);
            let matters = |finding: &Value| finding["classification"] != "safe";
            changes.push((last.version.clone(), reported(&mut diff, matters)));
        }
        let snapshot = succeed(&mut pgrls(&["snapshot"]));
        fs::write(&before, snapshot).expect("the folder is ours");
    }
    drop(owner);
    stack.stop().await;
    Some(changes)
}

/// Those that have no reason.
fn unexplained(
    changes: &[(String, BTreeSet<(String, String)>)],
    because: &[Change],
) -> Vec<(String, String)> {
    let mut unexplained = Vec::new();
    for (migration, found) in changes {
        let is_said = |finding: &&(String, String)| {
            !because
                .iter()
                .any(|change| change.migration == *migration && change.reason.covers(finding))
        };
        unexplained.extend(found.iter().filter(is_said).cloned());
    }
    unexplained
}

#[tokio::test]
async fn a_migration_changes_who_may_do_what_only_with_a_written_reason() {
    let Some(changes) = changes(&migrations::all()).await else {
        return;
    };
    let because = reasons().changed;
    assert_eq!(unexplained(&changes, &because), Vec::new());
    for change in &because {
        assert!(!change.reason.reason.is_empty(), "{}", change.migration);
        let is_used = changes.iter().any(|(migration, found)| {
            *migration == change.migration && found.iter().any(|f| change.reason.covers(f))
        });
        assert!(is_used, "nothing is left of {}", change.migration);
    }
}

/// As long as there is one migration, the check above has nothing to look at.
#[tokio::test]
async fn a_migration_that_opens_something_is_noticed() {
    let mut known = migrations::all();
    let next = "
        create table public.opened (id bigint primary key);
        grant select on casebase.spent_paths to authenticated;
        drop policy read_departments on public.departments;
        create policy read_departments on public.departments for select to authenticated using (true);
    ";
    known.push(Migration::recording(
        "20990101000000",
        "next",
        "9.9.9",
        next,
    ));
    let Some(changes) = changes(&known).await else {
        return;
    };
    let because = reasons().changed;
    let found = unexplained(&changes, &because);
    let found: Vec<_> = found
        .iter()
        .map(|(rule, object)| format!("{rule} {object}"))
        .collect();
    assert_eq!(
        found,
        [
            "DIFF_GRANT_ADDED casebase.spent_paths.authenticated",
            "DIFF_TABLE_ADDED_WITHOUT_RLS public.opened",
            "DIFF_USING_REQUIRES_REVIEW public.departments.read_departments",
        ]
    );
    let mut reason = because;
    reason.push(Change {
        migration: "20990101000000".to_owned(),
        reason: Reason {
            rule: "DIFF_GRANT_ADDED".to_owned(),
            of: Vec::new(),
            reason: "It is tried here.".to_owned(),
        },
    });
    assert_eq!(unexplained(&changes, &reason).len(), 2);
}
