//! What a queue costs that is full, or old, or was in use for long.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use super::{
    Bench,
    delivering::percentile,
    writers::{Cases, Writers},
};

/// Events a second beside a transaction that keeps its snapshot.
const PACE: f64 = 800.0;
const PACED_WRITERS: usize = 8;

/// Calls of which the median counts.
const CALLS: usize = 9;
/// Those before have their plans made.
const WARMING: usize = 4;

/// So many lanes, one delivery in each at first, then a second in each, and so on.
const LANES: i32 = 20_000;

/// Deliveries that are finished and forgotten in a round.
const ROUNDS: i32 = 10;

const LOAD: &str = "
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
    select endpoint.id, payload.id, 1 + n % $2
    from casebase.webhook_endpoints endpoint, casebase.webhook_payloads payload, generate_series(1, $1) n";

const FINISHED: &str = "
    with payload as (
      insert into casebase.webhook_payloads (event_id, case_id, seq, type, payload_version, thin, body)
      select n, 1 + n % 2000, n, 'interaction.created', 1, false, repeat('x', 400) from generate_series(1, $1) n
      returning id, case_id
    ),
    delivery as (
      insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, state, attempts, finished_at)
      select endpoint.id, payload.id, payload.case_id, 'delivered', 1, now()
      from casebase.webhook_endpoints endpoint, payload
      returning id
    )
    insert into casebase.webhook_attempts (delivery_id, number, started_at, status)
    select id, 1, now(), 204 from delivery";

impl Bench<'_> {
    /// Milliseconds of the worker's two calls for 64 deliveries, when so many wait.
    pub async fn calls(&self, waiting: i32) -> anyhow::Result<f64> {
        self.field.clear().await?;
        self.field.endpoints(&self.receiver, 1, 0).await?;
        self.field
            .run(
                "insert into casebase.webhook_payloads (type, payload_version, thin, body)
                 values ('case.updated', 1, false, '{}')",
            )
            .await?;
        let mut worker = PgConnection::connect(&self.superuser()).await?;
        sqlx::raw_sql("set session_replication_role = replica")
            .execute(&mut worker)
            .await?;
        sqlx::query(LOAD)
            .bind(waiting)
            .bind(LANES)
            .execute(&mut worker)
            .await?;
        self.field
            .run("vacuum analyze casebase.webhook_deliveries")
            .await?;
        sqlx::raw_sql("set session_replication_role = origin; set role casebase_worker")
            .execute(&mut worker)
            .await?;
        let mut times = Vec::new();
        for nth in 0..WARMING + CALLS {
            let began = Instant::now();
            lease_and_report(&mut worker).await?;
            if nth >= WARMING {
                times.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
        worker.close().await?;
        times.sort_by(f64::total_cmp);
        Ok(percentile(&times, 0.5))
    }

    /// Milliseconds of processor time, of the worker and of the whole server, for an event that is written and sent, in
    /// the last quarter of the time that a transaction keeps its snapshot, or that none does.
    pub async fn cost_of_an_event(&self, held: bool) -> anyhow::Result<f64> {
        self.field.clear().await?;
        self.field.endpoints(&self.receiver, 1, 0).await?;
        let worker = self.worker().await?;
        let pause = Duration::from_secs_f64(PACED_WRITERS as f64 / PACE);
        let writers =
            Writers::start(self.stack, &self.field, PACED_WRITERS, Cases::All, pause).await?;
        let mut old = PgConnection::connect(&self.superuser()).await?;
        let mut transaction = old.begin().await?;
        if held {
            sqlx::raw_sql(
                "set transaction isolation level repeatable read; select from public.cases limit 1",
            )
            .execute(&mut *transaction)
            .await?;
        }
        let hold = Duration::from_secs(self.args.hold);
        tokio::time::sleep(hold.mul_f64(0.75)).await;
        let (used, came) = (self.field.all_time(&worker).await?, self.receiver.count());
        tokio::time::sleep(hold.mul_f64(0.25)).await;
        let used = self.field.all_time(&worker).await? - used;
        let came = self.receiver.count() - came;
        transaction.rollback().await?;
        old.close().await?;
        writers.stop().await?;
        worker.stop().await?;
        Ok(used * 1000.0 / came as f64)
    }

    /// How large the queue's tables are, in MiB, after half of the deliveries were finished and forgotten, in rounds, and
    /// after all.
    pub async fn sizes(&self) -> anyhow::Result<(f64, f64)> {
        self.field.endpoints(&self.receiver, 1, 0).await?;
        let mut half = 0.0;
        for round in 1..=ROUNDS {
            sqlx::query(FINISHED)
                .bind(self.args.backlog / ROUNDS)
                .execute(&self.field.database)
                .await?;
            while sqlx::query_scalar::<_, i32>("select casebase.webhook_tidy('0')")
                .fetch_one(&self.field.database)
                .await?
                > 0
            {}
            // As autovacuum does, which is not waited for.
            self.field.run("vacuum casebase.webhook_attempts").await?;
            self.field.run("vacuum casebase.webhook_deliveries").await?;
            self.field.run("vacuum casebase.webhook_payloads").await?;
            if round == ROUNDS / 2 {
                half = self.size().await?;
            }
        }
        Ok((half, self.size().await?))
    }

    async fn size(&self) -> anyhow::Result<f64> {
        Ok(sqlx::query_scalar(
            "select (sum(pg_total_relation_size(c.oid)) / 1048576.0)::double precision
             from pg_class c
             where c.oid in ('casebase.webhook_attempts'::regclass, 'casebase.webhook_deliveries'::regclass,
                             'casebase.webhook_payloads'::regclass)",
        )
        .fetch_one(&self.field.database)
        .await?)
    }

    fn superuser(&self) -> String {
        self.stack.database_url(casebase_local::postgres::SUPERUSER)
    }
}

async fn lease_and_report(worker: &mut PgConnection) -> Result<(), sqlx::Error> {
    let reports: Option<serde_json::Value> = sqlx::query_scalar(
        "select jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'lease_token', lease_token,
                                             'started_at', now(), 'status', 204, 'verdict', 'delivered'))
         from casebase.webhook_lease(64, 64, '1 hour', '1 second')",
    )
    .fetch_one(&mut *worker)
    .await?;
    sqlx::query("select casebase.webhook_ack(coalesce($1, '[]'))")
        .bind(reports)
        .execute(&mut *worker)
        .await?;
    Ok(())
}
