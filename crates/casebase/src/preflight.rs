//! What stands in the way of Casebase in a project: `supabase/schemas/preflight.sql`, which the migration begins with too.

use std::{collections::BTreeMap, fmt};

use sqlx::{Connection, Executor, PgConnection, Row, postgres::PgConnectOptions, raw_sql};

use crate::migrations::Migration;

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

/// How strongly a table is locked, from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Rows are written.
    RowExclusive,
    /// As a foreign key to the table does, or a trigger on it.
    ShareRowExclusive,
    /// As a policy on it does.
    AccessExclusive,
}

/// A lock on a table that was there before, which migrations hold until they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Which table.
    pub table: String,
    /// The strongest mode.
    pub mode: Mode,
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As PostgreSQL names them.
        let (mode, waits) = match self.mode {
            Mode::RowExclusive => ("ROW EXCLUSIVE", "nobody waits"),
            Mode::ShareRowExclusive => ("SHARE ROW EXCLUSIVE", "whoever writes it waits"),
            Mode::AccessExclusive => ("ACCESS EXCLUSIVE", "whoever reads or writes it waits"),
        };
        let table = &self.table;
        write!(f, "would lock {table} until it ends ({mode}): {waits}")
    }
}

/// What each migration locks, by its version, of tables that others use: the project's own, and ours once they are there.
const LOCKS: [(&str, &[(&str, Mode)]); 2] = [
    (
        "20261128000000",
        &[
            // Foreign keys refer to it, and to public.clients where the project has one.
            ("auth.users", Mode::ShareRowExclusive),
            ("public.clients", Mode::ShareRowExclusive),
            // Two buckets.
            ("storage.buckets", Mode::RowExclusive),
            // Two triggers, then the policies.
            ("storage.objects", Mode::AccessExclusive),
        ],
    ),
    (
        "20261129133000",
        &[
            // A policy each.
            ("public.case_files", Mode::AccessExclusive),
            ("public.client_documents", Mode::AccessExclusive),
        ],
    ),
];

/// What these migrations lock in this database, of the tables that are there before them.
///
/// Hosted projects let `postgres` make policies on what it doesn't own by an extension, supautils, that locks all tables
/// which a setting of the server's names, whichever table the policy is on: nobody signs in before it ends.
pub async fn locks(
    connection: &mut PgConnection,
    pending: &[&Migration],
) -> Result<Vec<Lock>, sqlx::Error> {
    let own = LOCKS
        .iter()
        .filter(|(version, _)| pending.iter().any(|m| m.version == *version))
        .flat_map(|(_, locks)| locks.iter().copied());
    let own: Vec<_> = own.collect();
    let tables: Vec<_> = own.iter().map(|(table, _)| *table).collect();
    let (me, grants, are_there): (String, String, Vec<String>) = sqlx::query_as(
        "select current_user::text, coalesce(current_setting('supautils.policy_grants', true), ''),
                array(select t from unnest($1::text[]) t where to_regclass(t) is not null)",
    )
    .bind(&tables)
    .fetch_one(connection)
    .await?;
    let grants: serde_json::Value = serde_json::from_str(&grants).unwrap_or_default();
    let granted = grants[me].as_array().into_iter().flatten();
    let granted = granted.filter_map(serde_json::Value::as_str);
    let mut strongest = BTreeMap::new();
    for (table, mode) in own
        .into_iter()
        .filter(|(table, _)| are_there.iter().any(|there| there == table))
        .chain(granted.map(|table| (table, Mode::AccessExclusive)))
    {
        let held = strongest.entry(table.to_owned()).or_insert(mode);
        *held = mode.max(*held);
    }
    let locks = strongest.into_iter();
    Ok(locks.map(|(table, mode)| Lock { table, mode }).collect())
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
