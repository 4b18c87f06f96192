//! What stands in the way of Casebase in a project: `supabase/schemas/preflight.sql`, which the migration begins with too.

use std::fmt;

use sqlx::{Executor, PgConnection, Row, raw_sql};

const FILE: &str = include_str!("../../../supabase/schemas/preflight.sql");

/// Whether it can be lived with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is applied before it is out of the way.
    Error,
    /// The project's owner should know of it.
    Warning,
}

/// Something that collides with what Casebase makes, or that it needs and that is missing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Whether it can be lived with.
    pub severity: Severity,
    /// What kind of thing it is about: `table`, `function`, `bucket`, `privilege`, `server` …
    pub kind: String,
    /// Which one, as it is written in SQL: `public.cases`, `casebase_read on storage.objects`.
    pub name: String,
    /// What is the matter, as a sentence without its stop.
    pub problem: String,
    /// What to do about it; `…` stands for a name of the owner's choice.
    pub way_out: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(
            f,
            "{severity}: {}\n  way out: {}",
            self.problem, self.way_out
        )
    }
}

/// The query: a row for each finding, whose columns are the fields of [`Finding`] as text.
pub fn query() -> &'static str {
    let (_, begun) = FILE.split_once("-- begin findings\n").unwrap_or_default();
    let (query, _) = begun.split_once("-- end findings\n").unwrap_or_default();
    query
}

/// Everything at once, errors first. Changes nothing, and works on any PostgreSQL from 13 on, whatever is in it.
pub async fn findings(connection: &mut PgConnection) -> Result<Vec<Finding>, sqlx::Error> {
    let rows = connection.fetch_all(raw_sql(query())).await?;
    rows.iter()
        .map(|row| {
            let severity: &str = row.try_get("severity")?;
            Ok(Finding {
                severity: match severity {
                    "error" => Severity::Error,
                    _ => Severity::Warning,
                },
                kind: row.try_get("kind")?,
                name: row.try_get("name")?,
                problem: row.try_get("problem")?,
                way_out: row.try_get("way_out")?,
            })
        })
        .collect()
}

/// A lock that an installation takes on a table that is there before it, until it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Which table.
    pub table: &'static str,
    /// The strongest mode, as PostgreSQL names it.
    pub mode: &'static str,
    /// What waits for it.
    pub holds_up: &'static str,
}

/// What the first installation locks. Hosted projects lock more: see [`LOCKED_BY_POLICIES`].
pub const LOCKS: [Lock; 4] = [
    Lock {
        table: "auth.users",
        mode: "SHARE ROW EXCLUSIVE",
        holds_up: "sign-ups and changes of accounts wait, also who signs in; reading goes on",
    },
    Lock {
        table: "public.clients",
        mode: "SHARE ROW EXCLUSIVE",
        holds_up: "where the project has this table: writing waits, reading goes on",
    },
    Lock {
        table: "storage.buckets",
        mode: "ROW EXCLUSIVE",
        holds_up: "nothing waits",
    },
    Lock {
        table: "storage.objects",
        mode: "ACCESS EXCLUSIVE",
        holds_up: "every upload, download and listing waits",
    },
];

/// Hosted projects let `postgres` make policies on tables of others, by an extension that first locks all tables that
/// a setting of the server names (supautils, `policy_grants`), whichever table the policy is on.
pub const LOCKED_BY_POLICIES: &str =
    "select coalesce(current_setting('supautils.policy_grants', true), '')";
