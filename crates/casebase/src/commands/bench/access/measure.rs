//! Times a question as the owner and under row level security, in turns.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, Row, SqlSafeStr, SqlStr, postgres::PgRow,
};

use super::{people::Asker, questions::Question};
use crate::commands::bench::report::{Bound, Measurement, Promise};

/// Rounds enough for a median, or as many as fit.
const ROUNDS: usize = 101;
const LEAST_ROUNDS: usize = 5;
const BUDGET: Duration = Duration::from_secs(2);
/// Plans, pages and the bodies of functions are warm then.
const WARMING: usize = 3;

/// The two connections, each with its prepared statements, as PostgREST keeps them.
pub struct Pair {
    owner: PgConnection,
    authenticator: PgConnection,
}

impl Pair {
    pub async fn connect(owner_url: &str, authenticator_url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self {
            owner: PgConnection::connect(owner_url).await?,
            authenticator: PgConnection::connect(authenticator_url).await?,
        })
    }

    /// The medians of many rounds. Nothing written stays.
    pub async fn measure(
        &mut self,
        name: String,
        asker: &Asker,
        question: &Question,
    ) -> anyhow::Result<Measurement> {
        let as_owner = AssertSqlSafe(question.as_owner.clone()).into_sql_str();
        let under_rls = AssertSqlSafe(question.under_rls.clone()).into_sql_str();
        let (mut owner_times, mut rls_times) = (Vec::new(), Vec::new());
        let mut began = Instant::now();
        for round in 0..WARMING + ROUNDS {
            if round == WARMING {
                owner_times.clear();
                rls_times.clear();
                began = Instant::now();
            }
            if round >= WARMING + LEAST_ROUNDS && began.elapsed() > BUDGET {
                break;
            }
            let (time, owners) = time_as_owner(&mut self.owner, &as_owner)
                .await
                .with_context(|| format!("{name}, as the owner"))?;
            owner_times.push(time);
            let (time, theirs) = time_under_rls(&mut self.authenticator, &asker.claims, &under_rls)
                .await
                .with_context(|| format!("{name}, under row level security"))?;
            rls_times.push(time);
            // Once is enough to know.
            let Some(theirs) = theirs else { break };
            ensure!(
                owners == theirs,
                "{name}: {owners} by the owner's WHERE, {theirs} by the policies"
            );
        }
        let measured = compare(
            name,
            median(rls_times),
            median(owner_times),
            question.factor,
        );
        Ok(match question.no_target {
            Some(no_target) => Measurement {
                promise: Promise::None { no_target },
                ..measured
            },
            None => measured,
        })
    }
}

async fn time_as_owner(
    connection: &mut PgConnection,
    sql: &SqlStr,
) -> Result<(Duration, i64), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let timed = time(&mut transaction, sql).await?;
    transaction.rollback().await?;
    Ok(timed)
}

/// The role and the claims are set as PostgREST sets them; only the question itself is timed. No rows: it ran into
/// the role's statement timeout.
async fn time_under_rls(
    connection: &mut PgConnection,
    claims: &str,
    sql: &SqlStr,
) -> Result<(Duration, Option<i64>), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)")
        .bind(claims)
        .execute(&mut *transaction)
        .await?;
    let began = Instant::now();
    let timed = match time(&mut transaction, sql).await {
        Ok((time, rows)) => (time, Some(rows)),
        Err(e) if is_timeout(&e) => (began.elapsed(), None),
        Err(e) => return Err(e),
    };
    transaction.rollback().await?;
    Ok(timed)
}

fn is_timeout(error: &sqlx::Error) -> bool {
    const QUERY_CANCELED: &str = "57014";
    let code = error.as_database_error().and_then(|e| e.code());
    code.is_some_and(|code| code == QUERY_CANCELED)
}

async fn time(connection: &mut PgConnection, sql: &SqlStr) -> Result<(Duration, i64), sqlx::Error> {
    let began = Instant::now();
    let rows = connection.fetch_all(sqlx::query(sql.clone())).await?;
    Ok((began.elapsed(), size(&rows)))
}

/// How many rows an answer has, or says that there are.
fn size(rows: &[PgRow]) -> i64 {
    let counted = rows.first().and_then(|row| row.try_get("count").ok());
    counted.unwrap_or(rows.len() as i64)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The target: the owner's time that many times over, and 0.2 ms for finding out who asks.
fn compare(name: String, value: Duration, control: Duration, factor: f64) -> Measurement {
    let target = control.mul_f64(factor) + Duration::from_micros(200);
    let milliseconds = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e3;
    Measurement {
        ratio: (value.as_secs_f64() / control.as_secs_f64() * 100.0).round() / 100.0,
        ..Measurement::new(
            name,
            milliseconds(value),
            "ms",
            milliseconds(control),
            Bound::AtMost,
            milliseconds(target),
        )
    }
}
