//! What stands in the way of Casebase in a project: `supabase/schemas/preflight.sql`, which the migration begins with too.

use std::fmt;

use sqlx::{Connection, Executor, PgConnection, Row, postgres::PgConnectOptions, raw_sql};

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

/// What keeps an installation from beginning: every finding that is an error.
#[derive(Debug)]
pub struct InTheWay(pub Vec<Finding>);

impl fmt::Display for InTheWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Casebase can't be installed in this project yet:")?;
        for finding in &self.0 {
            write!(f, "\n- {}\n  way out: {}", finding.problem, finding.way_out)?;
        }
        write!(
            f,
            "\nhint: Nothing was changed. Where … stands, any name will do."
        )
    }
}

/// A lock on a table that was there before, which an installation holds until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Which table.
    pub table: String,
    /// The strongest mode, as PostgreSQL names it.
    pub mode: &'static str,
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = match self.mode {
            ACCESS_EXCLUSIVE => "whoever reads or writes it waits",
            SHARE_ROW_EXCLUSIVE => "whoever writes it waits",
            _ => "nobody waits",
        };
        write!(
            f,
            "would lock {} until it ends ({}): {waits}",
            self.table, self.mode
        )
    }
}

const ACCESS_EXCLUSIVE: &str = "ACCESS EXCLUSIVE";
const SHARE_ROW_EXCLUSIVE: &str = "SHARE ROW EXCLUSIVE";

/// What an installation locks of the project's own.
pub const LOCKS: [(&str, &str); 4] = [
    // Foreign keys refer to it, and to public.clients where the project has one.
    ("auth.users", SHARE_ROW_EXCLUSIVE),
    ("public.clients", SHARE_ROW_EXCLUSIVE),
    // Two buckets.
    ("storage.buckets", "ROW EXCLUSIVE"),
    // Two triggers, then the policies.
    ("storage.objects", ACCESS_EXCLUSIVE),
];

/// What an installation into this database locks.
///
/// Hosted projects let `postgres` make policies on what it doesn't own by an extension, supautils, that locks all tables
/// which a setting of the server's names, whichever table the policy is on: nobody signs in before it ends.
pub async fn locks(connection: &mut PgConnection) -> Result<Vec<Lock>, sqlx::Error> {
    let (me, grants, has_clients): (String, String, bool) = sqlx::query_as(
        "select current_user::text, coalesce(current_setting('supautils.policy_grants', true), ''),
                to_regclass('public.clients') is not null",
    )
    .fetch_one(connection)
    .await?;
    let grants: serde_json::Value = serde_json::from_str(&grants).unwrap_or_default();
    let granted = grants[me].as_array().into_iter().flatten();
    let granted: Vec<_> = granted.filter_map(serde_json::Value::as_str).collect();
    let own = LOCKS.into_iter().filter(|(table, _)| {
        (*table != "public.clients" || has_clients) && !granted.contains(table)
    });
    let others = granted.iter().map(|table| (*table, ACCESS_EXCLUSIVE));
    let mut locks: Vec<_> = own
        .chain(others)
        .map(|(table, mode)| Lock {
            table: table.to_owned(),
            mode,
        })
        .collect();
    locks.sort_by(|a, b| a.table.cmp(&b.table));
    Ok(locks)
}

/// Whether what answers is a pooler that gives each transaction a session of its choice. Nothing in the protocol says so;
/// but then two connections that are open at once turn out to be one session, or one connection to be two.
pub async fn is_pooled_by_transaction(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<bool, sqlx::Error> {
    let mut other = PgConnection::connect_with(options).await?;
    let begun = process(connection).await?;
    other.execute(raw_sql("begin")).await?;
    let others = process(&mut other).await?;
    let again = process(connection).await?;
    other.execute(raw_sql("rollback")).await?;
    other.close().await?;
    Ok(begun == others || begun != again)
}

/// The server's process that answers.
async fn process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let answer = connection.fetch_one(raw_sql("select pg_backend_pid()"));
    answer.await?.try_get(0)
}
