//! The database, asked as the project's owner: in one transaction that changes nothing.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, postgres::PgRow};

use super::{
    catalogue::{self, Catalogue, Found},
    report::{Finding, NotMade, Report, Severity},
};
use crate::{migrations, preflight};

/// A question of `supabase/checks`.
struct Check {
    name: &'static str,
    sql: &'static str,
}

macro_rules! check {
    ($name:literal, $file:literal) => {
        Check {
            name: $name,
            sql: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../supabase/checks/",
                $file
            )),
        }
    };
}

const SERVER: Check = check!("the server", "server.sql");
/// What needs Casebase's own tables and functions.
const CHECKS: [Check; 9] = [
    check!("roles", "roles.sql"),
    check!("owners", "owners.sql"),
    check!("buckets", "buckets.sql"),
    check!("policies of storage.objects", "storage_policies.sql"),
    check!("the access token hook", "hook.sql"),
    check!("the project's clients", "clients.sql"),
    check!("the worker", "worker.sql"),
    check!("Realtime", "realtime.sql"),
    check!("embedding", "embedding.sql"),
];
const VERSION: &str = "the schema's version";
const PREFLIGHT: &str = "what an installation meets";
const HOOK: &str = "the hook's answer";
/// The checks that need Casebase to be there, in its right version.
const NEEDS: &str = "Casebase is not installed, or in another version";

/// Whatever the project's settings are: names are written in full, and nobody waits long for an answer.
const SETTINGS: &str = "
    set local search_path = pg_catalog, pg_temp;
    set local statement_timeout = '30s';
    set local lock_timeout = '5s'";

/// As Auth calls it, where the owner may become Auth. A person that is none is nobody to it, and notes no answer.
const ASK_HOOK: &str = r#"
    select casebase.custom_access_token_hook('{"user_id": "doctor", "claims": {"sub": "doctor"}}')
         = '{"user_id": "doctor", "claims": {"sub": "doctor"}}'::jsonb"#;

/// Asks everything. What can't be asked is said in the report.
/// `max_file_bytes` is what the service takes, where that is known.
pub async fn examine(
    connection: &mut PgConnection,
    max_file_bytes: Option<&str>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut transaction = connection
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    transaction.execute(sqlx::raw_sql(SETTINGS)).await?;
    sqlx::query("select set_config('casebase.max_file_bytes', $1, true)")
        .persistent(false)
        .bind(max_file_bytes.unwrap_or_default())
        .execute(&mut *transaction)
        .await?;
    owns_casebase(&mut transaction).await?;
    let catalogue = Catalogue::read()?;
    ask(&mut transaction, &SERVER, &catalogue, report).await;
    let version = version(&mut transaction, report).await;
    if version != Version::Ours {
        let rest = CHECKS.iter().map(|check| check.name);
        for check in rest.chain([catalogue::CHECK, HOOK]) {
            report.lacks(check, NEEDS, "`casebase migrate`");
        }
        if version == Version::None {
            look_before_it_comes(&mut transaction, report).await;
        }
        return Ok(transaction.rollback().await?);
    }
    let catalogue = compare(&mut transaction, catalogue, report).await?;
    for check in &CHECKS {
        ask(&mut transaction, check, &catalogue, report).await;
    }
    ask_hook(&mut transaction, report).await;
    Ok(transaction.rollback().await?)
}

/// Others see too little to judge, and could mend nothing.
async fn owns_casebase(connection: &mut PgConnection) -> anyhow::Result<()> {
    let owner: Option<(String, String, bool)> = sqlx::query_as(
        "select current_user::text, n.nspowner::regrole::text, pg_has_role(n.nspowner, 'usage')
         from pg_namespace n
         where n.nspname = 'casebase'",
    )
    .persistent(false)
    .fetch_optional(connection)
    .await?;
    match owner {
        Some((role, owner, false)) => anyhow::bail!(
            "it was asked as {role}, and Casebase is {owner}'s (--database-url, DATABASE_URL)"
        ),
        _ => Ok(()),
    }
}

/// Which Casebase is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    /// As this binary knows it: its catalogue can be compared.
    Ours,
    /// An older or a newer one, or one that somebody changed.
    Another,
    /// None.
    None,
}

async fn version(connection: &mut PgConnection, report: &mut Report) -> Version {
    report.made.push(VERSION);
    let known = migrations::all();
    let migrate = Some("casebase migrate".to_owned());
    let (version, problem, mend) = match migrations::pending(connection, &known).await {
        Ok(pending) if pending.is_empty() => return Version::Ours,
        Ok(pending) if pending.len() == known.len() => (
            Version::None,
            "is not there: Casebase is not installed".to_owned(),
            migrate,
        ),
        Ok(pending) => {
            let names = pending.iter().map(|m| format!("{}_{}", m.version, m.name));
            let names: Vec<_> = names.collect();
            (
                Version::Another,
                format!("lacks {}", names.join(", ")),
                migrate,
            )
        }
        // With its own way out.
        Err(error) => (
            Version::Another,
            format!("is not this casebase's: {error}"),
            None,
        ),
    };
    report.findings.push(Finding {
        severity: Severity::Error,
        check: VERSION,
        thing: "the schema casebase".to_owned(),
        problem,
        mend,
        fixable: false,
    });
    version
}

/// What `casebase migrate` would stop at.
async fn look_before_it_comes(connection: &mut PgConnection, report: &mut Report) {
    let in_the_way = match preflight::findings(connection).await {
        Ok(in_the_way) => in_the_way,
        Err(error) => return report.failed(PREFLIGHT, casebase_postgres::said(&error)),
    };
    report.made.push(PREFLIGHT);
    let findings = in_the_way.into_iter().map(|found| Finding {
        severity: match found.severity {
            preflight::Severity::Error => Severity::Error,
            preflight::Severity::Warning => Severity::Warning,
        },
        check: PREFLIGHT,
        thing: format!("{} {}", found.kind, found.name),
        problem: format!("is in the way of an installation: {}", found.problem),
        mend: Some(found.way_out),
        fixable: false,
    });
    report.findings.extend(findings);
}

async fn compare(
    connection: &mut PgConnection,
    catalogue: Catalogue,
    report: &mut Report,
) -> anyhow::Result<Catalogue> {
    let own_clients: bool =
        sqlx::query_scalar("select exists (select from casebase.client_source where not is_ours)")
            .fetch_one(&mut *connection)
            .await
            .unwrap_or(false);
    let catalogue = match own_clients {
        true => catalogue.without_clients(),
        false => catalogue,
    };
    let found: Vec<Found> = sqlx::query_as(catalogue::SQL)
        .persistent(false)
        .fetch_all(connection)
        .await?;
    report.made.push(catalogue::CHECK);
    report.findings.extend(catalogue.compare(&found));
    Ok(catalogue)
}

/// Behind a savepoint: what one question meets is nothing to the next.
async fn ask(
    connection: &mut PgConnection,
    check: &Check,
    catalogue: &Catalogue,
    report: &mut Report,
) {
    let rows = match rows(connection, check, catalogue).await {
        Ok(rows) => rows,
        Err(error) => return report.failed(check.name, casebase_postgres::said(&error)),
    };
    let mut made = true;
    for row in rows {
        match told(check.name, &row) {
            Ok(Told::Finding(finding)) => report.findings.push(finding),
            Ok(Told::Unknown(unknown)) => {
                made = false;
                report.not_made.push(unknown);
            }
            Err(error) => return report.failed(check.name, casebase_postgres::said(&error)),
        }
    }
    if made {
        report.made.push(check.name);
    }
}

async fn rows(
    connection: &mut PgConnection,
    check: &Check,
    catalogue: &Catalogue,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut savepoint = connection.begin().await?;
    let mut query = sqlx::query(check.sql).persistent(false);
    for (parameter, names) in [("$1", catalogue.tables()), ("$2", catalogue.functions())] {
        if check.sql.contains(parameter) {
            query = query.bind(names);
        }
    }
    let rows = query.fetch_all(&mut *savepoint).await;
    savepoint.rollback().await?;
    rows
}

enum Told {
    Finding(Finding),
    Unknown(NotMade),
}

fn told(check: &'static str, row: &PgRow) -> Result<Told, sqlx::Error> {
    let severity: String = row.try_get("severity")?;
    let problem: String = row.try_get("problem")?;
    let mend: Option<String> = row.try_get("mend")?;
    let severity = match severity.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        "note" => Severity::Note,
        _ => {
            return Ok(Told::Unknown(NotMade {
                check,
                reason: problem,
                needs: mend,
                failed: false,
            }));
        }
    };
    Ok(Told::Finding(Finding {
        severity,
        check,
        thing: row.try_get("thing")?,
        problem,
        mend,
        fixable: row.try_get("safe")?,
    }))
}

/// What Auth would get. A project's owner can't become Auth everywhere, and the function runs with its owner's rights
/// whoever calls it; whether Auth may call it is among the grants.
async fn ask_hook(connection: &mut PgConnection, report: &mut Report) {
    let answered = async {
        let mut savepoint = connection.begin().await?;
        let may: bool = sqlx::query_scalar("select pg_has_role('supabase_auth_admin', 'member')")
            .fetch_one(&mut *savepoint)
            .await
            .unwrap_or(false);
        if may {
            savepoint
                .execute("set local role supabase_auth_admin")
                .await?;
        }
        let answer = sqlx::query_scalar::<_, bool>(ASK_HOOK)
            .fetch_one(&mut *savepoint)
            .await;
        savepoint.rollback().await?;
        answer
    };
    let problem = match answered.await {
        Ok(true) => None,
        Ok(false) => Some("does not give back an event of nobody as it came".to_owned()),
        Err(error) => Some(format!(
            "can't be called: {}; while it is switched on, nobody can sign in",
            casebase_postgres::said(&error)
        )),
    };
    report.made.push(HOOK);
    report.findings.extend(problem.map(|problem| Finding {
        severity: Severity::Error,
        check: HOOK,
        thing: "function casebase.custom_access_token_hook(jsonb)".to_owned(),
        problem,
        mend: None,
        fixable: false,
    }));
}

/// Mends what `--fix` may, all of it or nothing; the statements that ran.
pub async fn fix(connection: &mut PgConnection, report: &Report) -> anyhow::Result<Vec<String>> {
    let fixable = report.findings.iter().filter(|finding| finding.fixable);
    let statements: Vec<String> = fixable.filter_map(|finding| finding.mend.clone()).collect();
    if statements.is_empty() {
        return Ok(statements);
    }
    let mut transaction = connection.begin().await?;
    transaction.execute(sqlx::raw_sql(SETTINGS)).await?;
    for statement in &statements {
        let done = transaction
            .execute(sqlx::raw_sql(AssertSqlSafe(statement.clone())))
            .await;
        done.map_err(|error| {
            let said = casebase_postgres::said(&error);
            anyhow::anyhow!("nothing was fixed: {said}\nhint: it was refused at: {statement}")
        })?;
    }
    transaction.commit().await?;
    Ok(statements)
}
