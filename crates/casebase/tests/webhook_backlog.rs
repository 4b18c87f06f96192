//! What the worker's calls read when a million deliveries wait, on a connection that made its plans when there were none.
//! Blocks and rows, not times: a call that reads what waits stands still sooner or later, on any machine.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

use casebase::commands::dev;
use casebase_local::{Options, Stack, postgres::SUPERUSER};
use sqlx::{Connection, PgConnection, raw_sql};

/// What the worker asks for at a time.
const MOST: i64 = 64;

/// More than five times: from then on PostgreSQL would keep a plan by itself.
const CALLS_WHILE_EMPTY: usize = 8;

/// What a call may touch beside what its own writes take: it looks at a hundred endpoints and at 64 deliveries, or at
/// 200 lanes. The queue has a million rows, and some 40,000 blocks with its indexes.
const BLOCKS: i64 = 6_000;
const ROWS: i64 = 6_000;
/// A row is found, locked and changed, and so are the trees of its indexes.
const BLOCKS_A_WRITE: i64 = 40;
const ROWS_A_WRITE: i64 = 8;

/// Case 1 of endpoint 1 has 100,000 due deliveries; endpoint 2 has 1,000 lanes of 100, each behind a first one whose
/// next attempt is in an hour; endpoint 3 hangs: its 32 requests are under way, 50,000 wait; for each of a hundred
/// endpoints, these among them, 1,000 more are due in 50 lanes. Besides, 600,000 are finished and 50,000 will be due
/// tomorrow.
const LOAD: &str = "
    set session_replication_role = replica;
    insert into casebase.webhook_payloads (id, type, payload_version, thin, body)
    overriding system value select n, 'case.updated', 1, false, '{}' from generate_series(1, 100000) n;
    create function pg_temp.endpoint(n bigint) returns uuid language sql immutable
      return ('e0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, state, finished_at)
    select pg_temp.endpoint(1 + n % 100), 1 + n % 100000, 1 + n % 5000, 'delivered', now() from generate_series(1, 600000) n;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
    select pg_temp.endpoint(1), n, 1 from generate_series(1, 100000) n;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, next_attempt_at)
    select pg_temp.endpoint(2), n, n, now() + interval '1 hour' from generate_series(1, 1000) n;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
    select pg_temp.endpoint(2), n, 1 + n % 1000 from generate_series(1, 99000) n;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, state, lease_token, leased_at, leased_until)
    select pg_temp.endpoint(3), n, n, 'leased', gen_random_uuid(), now(), now() + interval '1 hour' from generate_series(1, 32) n;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
    select pg_temp.endpoint(3), n, 1 + n % 500 from generate_series(1, 50000) n;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
    select pg_temp.endpoint(1 + n % 100), 1 + n % 100000, 2000 + n / 2000 from generate_series(1, 100000) n;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, next_attempt_at)
    select pg_temp.endpoint(1 + n % 100), 1 + n % 100000, 3000 + n, now() + interval '1 day' from generate_series(1, 50000) n;
    set session_replication_role = origin;";

/// A connection as the worker's; what its calls touch is read from the same connection.
struct Worker(PgConnection);

/// What was touched of the queue's tables and indexes in this session's open transaction, and before it.
#[derive(sqlx::FromRow)]
struct Touched {
    blocks: i64,
    rows: i64,
    writes: i64,
    /// Of all deliveries or all attempts.
    scans: i64,
}

/// What a call leased, as it is reported.
#[derive(sqlx::FromRow)]
struct Leased {
    count: i64,
    reports: Option<serde_json::Value>,
}

impl Worker {
    async fn touched(connection: &mut PgConnection) -> Touched {
        sqlx::query_as(
            "select sum(pg_stat_get_xact_blocks_fetched(c.oid))::bigint as blocks,
                    sum(pg_stat_get_xact_tuples_returned(c.oid))::bigint as rows,
                    sum(pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
                        + pg_stat_get_xact_tuples_deleted(c.oid))::bigint as writes,
                    sum(pg_stat_get_xact_numscans(c.oid))
                      filter (where c.relname in ('webhook_deliveries', 'webhook_attempts'))::bigint as scans
             from pg_class c
             where c.relnamespace = 'casebase'::regnamespace
               and c.relkind in ('r', 'i')
               and c.relname like 'webhook%'",
        )
        .fetch_one(connection)
        .await
        .expect("the statistics can be read")
    }

    async fn lease(&mut self) -> Leased {
        let (leased, before, after) = self.lease_since(None).await;
        hold("webhook_lease", &before, &after);
        leased
    }

    /// Looks at what endpoint 1 got to do from then on.
    async fn lease_since(&mut self, since: Option<&str>) -> (Leased, Touched, Touched) {
        let mut transaction = self.0.begin().await.expect("a transaction");
        let before = Self::touched(&mut transaction).await;
        let leased = sqlx::query_as(
            "select count(*),
                    jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'lease_token', lease_token,
                                                 'started_at', now(), 'status', 204, 'verdict', 'delivered')) as reports
             from casebase.webhook_lease(
               64, 32, '1 hour', '1 second', 8, '{\"e0000000-0000-4000-8000-000000000003\": 32}',
               case when $1 is not null then jsonb_build_object('e0000000-0000-4000-8000-000000000001', now() - $1::text::interval) end)",
        )
        .bind(since)
        .fetch_one(&mut *transaction)
        .await
        .expect("it leases");
        let after = Self::touched(&mut transaction).await;
        transaction.commit().await.expect("committed");
        (leased, before, after)
    }

    async fn acknowledge(&mut self, leased: &Leased) {
        let mut transaction = self.0.begin().await.expect("a transaction");
        let before = Self::touched(&mut transaction).await;
        let settled: i32 = sqlx::query_scalar("select casebase.webhook_ack(coalesce($1, '[]'))")
            .bind(&leased.reports)
            .fetch_one(&mut *transaction)
            .await
            .expect("it is reported");
        let after = Self::touched(&mut transaction).await;
        transaction.commit().await.expect("committed");
        assert_eq!(i64::from(settled), leased.count);
        hold("webhook_ack", &before, &after);
    }

    async fn tidy(&mut self, keep: &str) -> i32 {
        let mut transaction = self.0.begin().await.expect("a transaction");
        let before = Self::touched(&mut transaction).await;
        let forgotten = sqlx::query_scalar("select casebase.webhook_tidy($1::text::interval)")
            .bind(keep)
            .fetch_one(&mut *transaction)
            .await
            .expect("it tidies up");
        let after = Self::touched(&mut transaction).await;
        transaction.commit().await.expect("committed");
        hold("webhook_tidy", &before, &after);
        forgotten
    }

    /// Everything that a worker calls, `times` times; how many deliveries it leased.
    async fn work(&mut self, times: usize) -> i64 {
        let mut leased = 0;
        for _ in 0..times {
            let some = self.lease().await;
            leased += some.count;
            self.acknowledge(&some).await;
        }
        self.tidy("30 days").await;
        leased
    }
}

fn hold(call: &str, before: &Touched, after: &Touched) {
    let writes = after.writes - before.writes;
    let blocks = after.blocks - before.blocks;
    let rows = after.rows - before.rows;
    assert!(
        blocks <= BLOCKS + writes * BLOCKS_A_WRITE && rows <= ROWS + writes * ROWS_A_WRITE,
        "{call} touches {blocks} blocks and reads {rows} rows and index entries for {writes} writes"
    );
    assert_eq!(after.scans - before.scans, 0, "{call} reads a whole table");
}

async fn run(connection: &mut PgConnection, sql: &'static str) {
    raw_sql(sql)
        .execute(connection)
        .await
        .unwrap_or_else(|e| panic!("{e}\nin {sql}"));
}

#[tokio::test]
async fn what_a_call_reads_does_not_grow_with_what_waits() {
    let stack = Stack::start(Options::default())
        .await
        .expect("the stack starts");
    dev::migrate(&stack).await.expect("the migrations apply");
    let superuser = stack.database_url(SUPERUSER);
    let mut owner = PgConnection::connect(&superuser)
        .await
        .expect("a connection");
    let mut worker = Worker(
        PgConnection::connect(&superuser)
            .await
            .expect("a connection"),
    );
    run(&mut worker.0, "set role casebase_worker").await;

    // Every statement of the worker's functions is planned while there is next to nothing, then nothing.
    run(
        &mut owner,
        "alter table casebase.webhook_deliveries set (autovacuum_enabled = off);
         insert into casebase.webhook_endpoints (id, url)
         select ('e0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'https://example.com/' || n
         from generate_series(1, 100) n;
         with client as (insert into public.clients (name) values ('Acme') returning id)
         insert into public.cases (client_id, title) select id, 'Broken stairs' from client;
         update public.cases set priority = 'high'",
    )
    .await;
    while worker.work(CALLS_WHILE_EMPTY).await > 0 {}
    run(&mut owner, "delete from casebase.webhook_deliveries").await;
    run(&mut owner, "delete from casebase.webhook_payloads").await;
    run(
        &mut owner,
        "vacuum analyze casebase.webhook_deliveries, casebase.webhook_payloads",
    )
    .await;
    worker.work(CALLS_WHILE_EMPTY).await;

    run(&mut owner, LOAD).await;
    // Everybody else gets their turn while the long lanes are set aside.
    let turns = 20;
    assert!(worker.work(turns).await >= turns as i64 * MOST / 2);
    run(&mut owner, "analyze casebase.webhook_deliveries").await;
    assert!(worker.work(turns).await >= turns as i64 * MOST / 2);

    // Leases that nobody reported, endpoints that are gone, and a month that is over.
    run(
        &mut owner,
        "update casebase.webhook_deliveries set leased_until = now() where state = 'leased';
         delete from casebase.webhook_endpoints where id = 'e0000000-0000-4000-8000-000000000001'",
    )
    .await;
    assert!(worker.lease().await.count > 0);
    assert_eq!(worker.tidy("0").await, 5000);
    drop((owner, worker));
    stack.stop().await;
}

/// One lane has everything: nothing can be leased until much is set aside, and each call does a bounded part of it.
#[tokio::test]
async fn a_single_lane_of_a_hundred_thousand_is_set_aside_in_parts() {
    let stack = Stack::start(Options::default())
        .await
        .expect("the stack starts");
    dev::migrate(&stack).await.expect("the migrations apply");
    let superuser = stack.database_url(SUPERUSER);
    let mut owner = PgConnection::connect(&superuser)
        .await
        .expect("a connection");
    let mut worker = Worker(
        PgConnection::connect(&superuser)
            .await
            .expect("a connection"),
    );
    run(&mut worker.0, "set role casebase_worker").await;
    worker.work(CALLS_WHILE_EMPTY).await;
    run(
        &mut owner,
        "insert into casebase.webhook_endpoints (id, url)
         values ('e0000000-0000-4000-8000-000000000001', 'https://example.com/');
         set session_replication_role = replica;
         insert into casebase.webhook_payloads (id, type, payload_version, thin, body)
         overriding system value values (1, 'case.updated', 1, false, '{}') on conflict do nothing;
         insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, next_attempt_at)
         values ('e0000000-0000-4000-8000-000000000001', 1, 1, now() + interval '1 hour');
         insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
         select 'e0000000-0000-4000-8000-000000000001', 1, 1 from generate_series(1, 100000);
         insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
         values ('e0000000-0000-4000-8000-000000000001', 1, 2);
         set session_replication_role = origin;
         listen casebase_webhooks",
    )
    .await;

    let mut calls = 0;
    while worker.lease().await.count == 0 {
        calls += 1;
        assert!(calls < 100, "the other lane behind it is not reached");
    }
    assert!(calls > 10, "{calls} calls set all of it aside");
    drop((owner, worker));
    stack.stop().await;
}

/// A transaction that began before everything was delivered may still see all of it as it was.
#[tokio::test]
async fn what_was_delivered_beside_an_old_transaction_is_passed_by() {
    const DELIVERED: i64 = 20_000;
    let stack = Stack::start(Options::default())
        .await
        .expect("the stack starts");
    dev::migrate(&stack).await.expect("the migrations apply");
    let superuser = stack.database_url(SUPERUSER);
    let connect = || PgConnection::connect(&superuser);
    let mut owner = connect().await.expect("a connection");
    let mut old = connect().await.expect("a connection");
    let mut worker = Worker(connect().await.expect("a connection"));
    run(&mut worker.0, "set role casebase_worker").await;
    worker.work(CALLS_WHILE_EMPTY).await;
    run(
        &mut owner,
        "insert into casebase.webhook_endpoints (id, url)
         values ('e0000000-0000-4000-8000-000000000001', 'https://example.com/');
         set session_replication_role = replica;
         insert into casebase.webhook_payloads (id, type, payload_version, thin, body)
         overriding system value values (1, 'case.updated', 1, false, '{}') on conflict do nothing;
         insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, next_attempt_at)
         select 'e0000000-0000-4000-8000-000000000001', 1, n, now() - interval '1 hour' from generate_series(1, 20000) n",
    )
    .await;
    run(&mut old, "begin isolation level repeatable read").await;
    run(&mut old, "select from casebase.webhook_deliveries limit 1").await;
    run(
        &mut owner,
        "update casebase.webhook_deliveries set state = 'delivered', finished_at = now();
         insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
         select 'e0000000-0000-4000-8000-000000000001', 1, n from generate_series(1, 9) n",
    )
    .await;

    // Between the two, whatever the update above took.
    let (leased, before, after) = worker.lease_since(Some("30 minutes")).await;
    assert_eq!(leased.count, 9);
    assert!(after.rows - before.rows < DELIVERED / 10);
    worker.acknowledge(&leased).await;
    let (leased, before, after) = worker.lease_since(None).await;
    assert_eq!(leased.count, 0);
    assert!(after.rows - before.rows >= DELIVERED, "they are there");
    drop((owner, old, worker));
    stack.stop().await;
}
