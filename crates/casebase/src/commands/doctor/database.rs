//! The database, asked as the project's owner: in one transaction that changes nothing.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, postgres::PgRow};

use super::{
    catalogue::{self, Catalogue, Found},
    report::{Finding, NotMade, Report, Severity},
};
use crate::migrations;

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
    let catalogue = Catalogue::read()?;
    ask(&mut transaction, &SERVER, &catalogue, report).await;
    if !is_current(&mut transaction, report).await? {
        let rest = CHECKS.iter().map(|check| check.name);
        for check in rest.chain([catalogue::CHECK, HOOK]) {
            report.lacks(check, NEEDS, "`casebase migrate`");
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

/// Whether Casebase is there, and as this binary knows it: otherwise there is nothing to compare with.
async fn is_current(connection: &mut PgConnection, report: &mut Report) -> anyhow::Result<bool> {
    report.made.push(VERSION);
    let installed: bool = sqlx::query_scalar("select to_regnamespace('casebase') is not null")
        .fetch_one(&mut *connection)
        .await?;
    let known = migrations::all();
    let pending = match migrations::pending(connection, &known).await {
        Ok(pending) => pending,
        Err(error) => {
            report
                .findings
                .push(version(crate::terminal::describe(&error.into())));
            return Ok(false);
        }
    };
    let names: Vec<_> = pending
        .iter()
        .map(|m| format!("{}_{}", m.version, m.name))
        .collect();
    let problem = match (installed, names.as_slice()) {
        (true, []) => return Ok(true),
        (false, _) => "is not there: Casebase is not installed".to_owned(),
        (true, names) => format!("lacks {}", names.join(", ")),
    };
    report.findings.push(version(problem));
    Ok(false)
}

fn version(problem: String) -> Finding {
    Finding {
        severity: Severity::Error,
        check: VERSION,
        thing: "the schema casebase".to_owned(),
        problem,
        mend: Some("casebase migrate".to_owned()),
        fixable: false,
    }
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
