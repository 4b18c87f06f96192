//! One request, one transaction: settings, the statement, commit — sent together where possible.

use bytes::Bytes;
use serde_json::Value;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Row, Statement, error::SqlState};

use super::error::Error;
use super::pool::Lease;
use super::query::sql::{Param, Sql};

/// What a transaction consists of.
pub struct Work {
    /// `BEGIN …`
    pub begin: String,
    pub settings: Sql,
    pub main: Sql,
    /// A query whose rows the planner shall estimate.
    pub explain: Option<Sql>,
}

/// What the main statement gave.
#[derive(Debug)]
pub struct ResultSet {
    pub total: Option<i64>,
    pub rows: i64,
    pub location: Option<Vec<String>>,
    pub body: Bytes,
    pub headers: Option<String>,
    pub status: Option<String>,
    pub inserted: Option<i64>,
    pub estimate: Option<i64>,
}

/// How often a transaction that PostgreSQL ended to resolve a deadlock is run again. PostgREST does so until it
/// succeeds; here something that can't is told after a while.
const TRIES: u32 = 20;

/// Runs the work, again when it was the victim of a deadlock. `check` may refuse its result, which undoes it; without
/// it (or anything to explain) everything goes over the wire at once.
pub async fn run(
    lease: &mut Lease,
    work: &Work,
    authenticated: bool,
    check: Option<impl FnOnce(&ResultSet) -> Result<(), Error>>,
) -> Result<ResultSet, Error> {
    let at_once = check.is_none() && work.explain.is_none();
    let mut tries = 1;
    let mut check = check;
    loop {
        lease.in_transaction = true;
        let result = attempt(lease, work, at_once, &mut check).await;
        lease.in_transaction = false;
        match result {
            Err(Failure::Database(e))
                if e.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) && tries < TRIES =>
            {
                tries += 1;
            }
            Err(Failure::Database(e)) => return Err(Error::postgres(&e, authenticated)),
            Err(Failure::Refused(refusal)) => return Err(refusal),
            Ok(result) => return Ok(result),
        }
    }
}

enum Failure {
    Database(tokio_postgres::Error),
    Refused(Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

async fn attempt(
    lease: &mut Lease,
    work: &Work,
    at_once: bool,
    check: &mut Option<impl FnOnce(&ResultSet) -> Result<(), Error>>,
) -> Result<ResultSet, Failure> {
    if at_once {
        let prepared = (lease.prepared(&work.settings), lease.prepared(&work.main));
        if let (Some(settings), Some(main)) = prepared {
            return Ok(all_at_once(lease, work, &settings, &main).await?);
        }
    }
    let result = step_by_step(lease, work).await.map_err(Failure::Database);
    let result = result.and_then(|result| match check.take().map(|check| check(&result)) {
        Some(Err(refusal)) => Err(Failure::Refused(refusal)),
        _ => Ok(result),
    });
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = lease.client.batch_execute(end).await;
    match (result, ended) {
        (Ok(_), Err(error)) => Err(error.into()),
        (result, _) => result,
    }
}

/// Everything is sent before the first answer is awaited. A failure makes what follows fail too,
/// commit included, so the first failure is the one to report.
async fn all_at_once(
    lease: &Lease,
    work: &Work,
    settings: &Statement,
    main: &Statement,
) -> Result<ResultSet, tokio_postgres::Error> {
    let client = &lease.client;
    let (settings_params, main_params) = (references(&work.settings), references(&work.main));
    let (begun, set, row, committed) = futures::join!(
        client.batch_execute(&work.begin),
        client.execute(settings, &settings_params),
        client.query_one(main, &main_params),
        client.batch_execute("COMMIT"),
    );
    begun?;
    set?;
    let result = ResultSet::from_row(&row?)?;
    committed?;
    Ok(result)
}

async fn step_by_step(lease: &mut Lease, work: &Work) -> Result<ResultSet, tokio_postgres::Error> {
    lease.client.batch_execute(&work.begin).await?;
    let settings = statement(lease, &work.settings).await?;
    lease
        .client
        .execute(&settings, &references(&work.settings))
        .await?;
    let main = statement(lease, &work.main).await?;
    let row = lease
        .client
        .query_one(&main, &references(&work.main))
        .await?;
    let mut result = ResultSet::from_row(&row)?;
    if let Some(explain) = &work.explain {
        let explain_statement = statement(lease, explain).await?;
        let plan = lease
            .client
            .query_one(&explain_statement, &references(explain))
            .await?;
        let plan: Text = plan.try_get(0)?;
        let plan: Value = serde_json::from_slice(&plan.0).unwrap_or_default();
        result.estimate = plan[0]["Plan"]["Plan Rows"].as_i64();
    }
    Ok(result)
}

async fn statement(lease: &mut Lease, sql: &Sql) -> Result<Statement, tokio_postgres::Error> {
    match lease.prepared(sql) {
        Some(statement) => Ok(statement),
        None => lease.prepare(sql).await,
    }
}

fn references(sql: &Sql) -> Vec<&(dyn ToSql + Sync)> {
    let reference = |param| -> &(dyn ToSql + Sync) { param };
    sql.params
        .iter()
        .map(|param: &Param| reference(param))
        .collect()
}

impl ResultSet {
    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let body: Option<Text> = row.try_get(3)?;
        Ok(Self {
            total: row.try_get(0)?,
            rows: row.try_get(1)?,
            location: row.try_get(2)?,
            body: body.map(|text| text.0).unwrap_or_default(),
            headers: row.try_get(4)?,
            status: row.try_get(5)?,
            inserted: row.try_get(6)?,
            estimate: None,
        })
    }
}

/// Text or JSON as it came.
struct Text(Bytes);

impl<'a> FromSql<'a> for Text {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Bytes::copy_from_slice(raw)))
    }

    fn accepts(ty: &Type) -> bool {
        [Type::TEXT, Type::JSON].contains(ty)
    }
}
