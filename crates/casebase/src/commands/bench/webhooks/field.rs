//! The project that is measured: a client with cases, a member of the staff who writes, and endpoints as they are needed.

use std::path::Path;

use anyhow::Context;
use casebase_local::{Stack, postgres::SUPERUSER};
use sqlx::{PgPool, postgres::PgPoolOptions};

use super::receiver::Receiver;
use crate::commands::{bench::service::Service, serve::WORKER};

const CASES: i32 = 2000;

const PEOPLE: &str = "
    insert into auth.users (id, email, aud, role)
    values ('a0000000-0000-4000-8000-000000000001', 'staff@example.com', 'authenticated', 'authenticated');
    insert into public.staff_members (user_id, display_name, scope)
    values ('a0000000-0000-4000-8000-000000000001', 'Alan', 'all')";
const CLAIMS: &str = r#"{"sub":"a0000000-0000-4000-8000-000000000001","role":"authenticated","app_metadata":{"case_role":"staff"}}"#;

/// What there is to write to.
pub struct Field {
    pub database: PgPool,
    pub cases: Vec<i64>,
    pub claims: String,
}

impl Field {
    pub async fn prepare(stack: &Stack) -> anyhow::Result<Self> {
        let database = PgPoolOptions::new()
            .max_connections(4)
            .connect(&stack.database_url(SUPERUSER))
            .await?;
        sqlx::raw_sql(PEOPLE).execute(&database).await?;
        let cases = sqlx::query_scalar(
            "with client as (insert into public.clients (name) values ('Acme') returning id)
             insert into public.cases (client_id, title)
             select id, 'Case ' || n from client, generate_series(1, $1) n returning id",
        )
        .bind(CASES)
        .fetch_all(&database)
        .await?;
        let field = Self {
            database,
            cases,
            claims: CLAIMS.to_owned(),
        };
        field.clear().await?;
        Ok(field)
    }

    /// No endpoints, an empty queue, no history of interactions, and statistics as autovacuum keeps them.
    pub async fn clear(&self) -> anyhow::Result<()> {
        self.run("delete from casebase.webhook_endpoints").await?;
        self.run("truncate casebase.webhook_attempts, casebase.webhook_deliveries, casebase.webhook_payloads")
            .await?;
        self.run(
            "set session_replication_role = replica;
             delete from public.interactions;
             delete from public.case_events where type like 'interaction.%';
             set session_replication_role = origin",
        )
        .await?;
        self.run("vacuum analyze").await?;
        self.run("checkpoint").await
    }

    pub async fn run(&self, sql: &'static str) -> anyhow::Result<()> {
        let done = sqlx::raw_sql(sql).execute(&self.database).await;
        done.map(drop).with_context(|| sql.to_owned())
    }

    /// So many endpoints; the first `hanging` of them never answer.
    pub async fn endpoints(
        &self,
        receiver: &Receiver,
        number: i32,
        hanging: i32,
    ) -> anyhow::Result<()> {
        sqlx::query(
            "with endpoint as (
               insert into casebase.webhook_endpoints (url)
               select $1 || case when n <= $3 then '/hang' else '/' || n end from generate_series(1, $2) n
               returning id
             )
             insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
             select id, casebase.new_webhook_secret('v1'), '0' from endpoint",
        )
        .bind(receiver.url())
        .bind(number)
        .bind(hanging)
        .execute(&self.database)
        .await?;
        Ok(())
    }

    /// Something is said so many times, over all cases in turns, a thousand to a transaction.
    pub async fn backlog(&self, events: i32) -> anyhow::Result<()> {
        for first in (0..events).step_by(1000) {
            let mut transaction = self.database.begin().await?;
            sqlx::query("select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)")
                .bind(&self.claims)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "insert into public.interactions (case_id, content)
                 select ($1::bigint[])[1 + n % cardinality($1)], 'The stairs are still broken.'
                 from generate_series($2, $3) n",
            )
            .bind(&self.cases)
            .bind(first)
            .bind((first + 1000).min(events) - 1)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
        }
        self.run("vacuum analyze casebase.webhook_deliveries").await
    }

    /// Seconds of processor time that the worker, and the server on its behalf, have used.
    pub async fn worker_time(&self, service: &Service) -> anyhow::Result<f64> {
        let sessions: Vec<i32> =
            sqlx::query_scalar("select pid from pg_stat_activity where usename = $1")
                .bind(WORKER)
                .fetch_all(&self.database)
                .await?;
        let sessions = sessions.into_iter().filter_map(|id| u32::try_from(id).ok());
        processor_time(sessions.chain([service.id()]))
    }

    /// Seconds of processor time that the worker and every session of the server have used.
    pub async fn all_time(&self, service: &Service) -> anyhow::Result<f64> {
        let sessions: Vec<i32> = sqlx::query_scalar("select pid from pg_stat_activity")
            .fetch_all(&self.database)
            .await?;
        let sessions = sessions.into_iter().filter_map(|id| u32::try_from(id).ok());
        processor_time(sessions.chain([service.id()]))
    }
}

/// What these processes have used, as Linux counts it, in seconds. One that has ended since counts nothing.
fn processor_time(processes: impl Iterator<Item = u32>) -> anyhow::Result<f64> {
    const TICKS_A_SECOND: f64 = 100.0;
    anyhow::ensure!(
        Path::new("/proc/self/stat").exists(),
        "processor time is measured on Linux only"
    );
    let ticks: f64 = processes
        .filter_map(|id| std::fs::read_to_string(format!("/proc/{id}/stat")).ok())
        .filter_map(|stat| {
            // proc(5): behind the name, which may have blanks in it, utime and stime are the 12th and the 13th.
            let (_, rest) = stat.rsplit_once(')')?;
            let mut fields = rest.split_whitespace().skip(11);
            let user: f64 = fields.next()?.parse().ok()?;
            let system: f64 = fields.next()?.parse().ok()?;
            Some(user + system)
        })
        .sum();
    Ok(ticks / TICKS_A_SECOND)
}
