//! Whether what the migrations made is still as they made it: tables, columns, constraints, indexes, functions, views,
//! triggers, policies and grants, one by one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::report::{Finding, Severity};
use crate::migrations;

/// What lists it.
pub const SQL: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../supabase/checks/catalogue.sql"
));

/// What it lists where the migrations alone were.
const MADE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../supabase/checks/catalogue.json"
));

/// The check's name in a report.
pub const CHECK: &str = "tables, policies and grants";

/// The project's table where it had one before: then nothing of it is ours.
const CLIENTS: &str = "public.clients";

/// The roles that grants of ours are about. What any other role of the project's has is the project's own business.
const ROLES: [&str; 6] = [
    "public",
    "anon",
    "authenticated",
    "service_role",
    "casebase_worker",
    "supabase_auth_admin",
];

/// A thing that the migrations made: what it is, and the statement that makes it so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Made {
    kind: String,
    thing: String,
    name: String,
    statement: String,
    /// What PostgreSQL says of it once that statement has made it again, where that has other brackets: it prints
    /// `(a, b) is distinct from (c, d)` in a form that it reads in another one.
    #[serde(default)]
    again: Option<String>,
}

/// A thing that is there.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Found {
    kind: String,
    thing: String,
    name: String,
    statement: String,
    undo: Option<String>,
}

/// What the migrations made.
#[derive(Debug)]
pub struct Catalogue(Vec<Made>);

impl Catalogue {
    /// As it is carried in the binary.
    pub fn read() -> serde_json::Result<Self> {
        serde_json::from_str(MADE).map(Self)
    }

    /// Where the project has a table of clients of its own.
    pub fn without_clients(mut self) -> Self {
        self.0.retain(|made| made.thing != CLIENTS);
        self
    }

    /// The tables and views, by their full names.
    pub fn tables(&self) -> Vec<String> {
        self.things(&["table", "view"])
    }

    /// The functions, with their arguments' types.
    pub fn functions(&self) -> Vec<String> {
        self.things(&["function"])
    }

    fn things(&self, kinds: &[&str]) -> Vec<String> {
        let of_kind = self
            .0
            .iter()
            .filter(|made| kinds.contains(&made.kind.as_str()));
        of_kind.map(|made| made.thing.clone()).collect()
    }

    /// What of it is not there, or not so, and what is there beside it.
    pub fn compare(&self, found: &[Found]) -> Vec<Finding> {
        let there: BTreeMap<_, _> = found.iter().map(|found| (found.key(), found)).collect();
        let made: BTreeSet<_> = self.0.iter().map(Made::key).collect();
        let things: BTreeSet<&str> = self.0.iter().map(|made| made.thing.as_str()).collect();
        let owners: BTreeSet<&str> = there.keys().map(|(_, thing, _)| *thing).collect();

        let missing_or_other = self
            .0
            .iter()
            .filter_map(|made| match there.get(&made.key()) {
                Some(found) if made.is(found) => None,
                Some(found) => Some(made.is_other(found)),
                // What went with its table or function is said with it.
                None if made.is_part() && !owners.contains(made.thing.as_str()) => None,
                None if made.kind == "trigger state" => None,
                None => Some(made.is_missing()),
            });
        let more = found.iter().filter(|found| {
            !made.contains(&found.key())
                && (things.contains(found.thing.as_str()) || found.is_in_our_schema())
        });
        let more = more.filter_map(|found| found.is_more(things.contains(found.thing.as_str())));
        missing_or_other.chain(more).collect()
    }
}

type Key<'a> = (&'a str, &'a str, &'a str);

impl Made {
    fn key(&self) -> Key<'_> {
        (&self.kind, &self.thing, &self.name)
    }

    fn is(&self, found: &Found) -> bool {
        found.statement == self.statement || self.again.as_ref() == Some(&found.statement)
    }

    /// Whether it stands and falls with a table, a view or a function.
    fn is_part(&self) -> bool {
        !matches!(
            self.kind.as_str(),
            "table" | "view" | "sequence" | "function" | "type"
        ) && !self.thing.starts_with("storage.")
    }

    fn finding(&self, problem: String, mend: Option<String>) -> Finding {
        let fixable = matches!(
            self.kind.as_str(),
            "row level security"
                | "forced row level security"
                | "policy"
                | "grant"
                | "trigger"
                | "trigger state"
        );
        Finding {
            severity: match self.kind.as_str() {
                "index" => Severity::Warning,
                _ => Severity::Error,
            },
            check: CHECK,
            thing: label(&self.kind, &self.thing, &self.name),
            fixable: fixable && mend.is_some(),
            problem,
            mend,
        }
    }

    fn is_missing(&self) -> Finding {
        let mend = match self.kind.as_str() {
            "table" => None,
            "function" | "view" => self.source(),
            _ => Some(self.statement.clone()),
        };
        self.finding("is missing".to_owned(), mend)
    }

    fn is_other(&self, found: &Found) -> Finding {
        let mend = match self.kind.as_str() {
            "function" | "view" => self.source(),
            "column" => None,
            _ => {
                let undo = found.undo.iter().map(|undo| format!("{undo}; "));
                Some(undo.chain([self.statement.clone()]).collect())
            }
        };
        let problem = match self.kind.as_str() {
            "function" | "view" => "is not as the migrations made it".to_owned(),
            "row level security" => "is off".to_owned(),
            "trigger state" if found.statement.contains(" disable ") => "is disabled".to_owned(),
            _ => format!("is not as the migrations made it, but: {}", found.statement),
        };
        self.finding(problem, mend)
    }

    /// The statement of the migrations that makes a function or a view, so that it can be run where there is one already.
    fn source(&self) -> Option<String> {
        let name = self.thing.split('(').next()?;
        let kind = &self.kind;
        let end = if kind == "function" { "$$;" } else { ";\n" };
        let ours = migrations::all();
        ours.iter().rev().find_map(|migration| {
            let is_it = |begins: &str| {
                let at = migration.text().rfind(begins)?;
                migration.text().get(at + begins.len()..)
            };
            let open = if kind == "function" { "(" } else { " " };
            let rest = is_it(&format!("\ncreate {kind} {name}{open}"))
                .or_else(|| is_it(&format!("\ncreate or replace {kind} {name}{open}")))?;
            let body = rest.get(..rest.find(end)?)?;
            let end = end.trim_end();
            Some(format!("create or replace {kind} {name}{open}{body}{end}"))
        })
    }
}

impl Found {
    fn key(&self) -> Key<'_> {
        (&self.kind, &self.thing, &self.name)
    }

    /// A thing of its own, in the schema that is all ours.
    fn is_in_our_schema(&self) -> bool {
        let whole = matches!(
            self.kind.as_str(),
            "table" | "view" | "sequence" | "function" | "type"
        );
        whole && self.thing.starts_with("casebase.")
    }

    /// What it does there, where it does something. On `ours`: a part of a thing of Casebase's.
    fn is_more(&self, ours: bool) -> Option<Finding> {
        let grantee = self.name.rsplit(" to ").next().unwrap_or_default();
        let api = ROLES.contains(&grantee);
        let (severity, problem) = match self.kind.as_str() {
            "policy" if self.statement.contains(" as restrictive ") => (
                Severity::Warning,
                "is none of Casebase's: it keeps people from rows that Casebase's let them see",
            ),
            "policy" => (
                Severity::Error,
                "is none of Casebase's: it opens rows beyond what Casebase's allow",
            ),
            "grant" if api => (Severity::Error, "is none of Casebase's"),
            "grant" => (
                Severity::Warning,
                "is to a role of the project's own, which reads and writes as its policies let it",
            ),
            "trigger" => (
                Severity::Note,
                "is the project's own: what it refuses is refused to Casebase",
            ),
            "column" => (
                Severity::Warning,
                "is the project's own: PostgREST offers it, and who may not read it can't read `*`",
            ),
            "constraint" if self.statement.contains(" FOREIGN KEY ") => (
                Severity::Warning,
                "is the project's own: a second relationship between two tables makes embedding one in the other \
                 ambiguous (PGRST201)",
            ),
            "rule" => (
                Severity::Error,
                "is none of Casebase's: it puts other statements in the place of what is asked of the table",
            ),
            "constraint" => (
                Severity::Warning,
                "is the project's own: what it refuses is refused to Casebase",
            ),
            "table" | "view" | "sequence" | "function" | "type" if !ours => (
                Severity::Warning,
                "is none of Casebase's: the schema casebase is for its things alone",
            ),
            _ => return None,
        };
        Some(Finding {
            severity,
            check: CHECK,
            thing: label(&self.kind, &self.thing, &self.name),
            problem: problem.to_owned(),
            mend: self.undo.clone(),
            fixable: self.kind == "grant" && api,
        })
    }
}

fn label(kind: &str, thing: &str, name: &str) -> String {
    match kind {
        "row level security" | "forced row level security" => format!("{kind} of {thing}"),
        "column" => format!("column {name} of {thing}"),
        "trigger state" => format!("trigger {name} on {thing}"),
        "grant" => format!("grant of {name} on {thing}"),
        _ if name.is_empty() => format!("{kind} {thing}"),
        _ => format!("{kind} {name} on {thing}"),
    }
}
