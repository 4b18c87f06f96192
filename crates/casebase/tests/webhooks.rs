//! The webhook worker against a real database, and against receivers that misbehave. A project that
//! `CASEBASE_TEST_SUPABASE_URL` names must have no worker of its own running: it would send what these tests wait for.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use casebase_server::config::WorkerDatabase;
use casebase_webhooks::{
    Config, Egress, Schedule,
    outbox::{self, Outbox},
};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use standardwebhooks::Webhook;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::{Mutex, MutexGuard, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use support::project;

const PATIENCE: Duration = Duration::from_secs(60);

/// There is one outbox, and every worker empties it: one test at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// What marks the endpoints of these tests.
const DESCRIPTION: &str = "made by the tests of the webhook worker";

/// Retries come soon. Polling is slower than any test is patient, so that what arrives was not found by chance.
fn config() -> Config {
    Config {
        poll: 2 * PATIENCE,
        grace: PATIENCE,
        schedule: Schedule::new(vec![Duration::from_millis(400); 3]),
        egress: Egress {
            allow_private: true,
            ..Egress::default()
        },
        ..Config::default()
    }
}

async fn connect(options: PgPoolOptions) -> PgPool {
    options
        .connect(project().setting("DATABASE_ADMIN_URL"))
        .await
        .expect("the database answers")
}

/// A worker that stops, or is killed, when a test says so.
struct Worker {
    task: JoinHandle<()>,
    shutdown: CancellationToken,
}

const WORKERS_CONNECTIONS: &str = "the webhook worker under test";

impl Worker {
    async fn start(config: Config) -> Self {
        let pool = connect(PgPoolOptions::new().max_connections(2).after_connect(
            |connection, _| {
                Box::pin(async move {
                    sqlx::query("select set_config('application_name', $1, false)")
                        .bind(WORKERS_CONNECTIONS)
                        .execute(&mut *connection)
                        .await?;
                    sqlx::query("set role casebase_worker")
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            },
        ))
        .await;
        let shutdown = CancellationToken::new();
        let token = shutdown.clone();
        let task = tokio::spawn(async move {
            casebase_webhooks::run(pool, config, token)
                .await
                .expect("the configuration works");
        });
        Self { task, shutdown }
    }

    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.expect_err("killed").is_cancelled());
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("the worker ends by itself");
    }
}

/// A request that reached the receiver, its signature checked.
#[derive(Debug, Clone, PartialEq)]
struct Arrival {
    message_id: String,
    payload: Value,
}

impl Arrival {
    fn case_number(&self) -> &Value {
        &self.payload["data"]["case_id"]
    }

    fn status(&self) -> &Value {
        &self.payload["data"]["changes"]["status"]["to"]
    }
}

#[derive(Debug)]
struct Case {
    id: i64,
    number: String,
}

/// Two cases, and an endpoint that wants to know when their status changes.
struct Scene {
    database: PgPool,
    first: Case,
    second: Case,
    endpoint_id: Uuid,
    secret: Webhook,
    arrivals: mpsc::UnboundedReceiver<Request>,
    _server: MockServer,
    _turn: MutexGuard<'static, ()>,
}

impl Scene {
    /// A receiver that answers its n-th request, counted from 0, as told.
    async fn new(answer: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let turn = TURN.lock().await;
        let database = connect(PgPoolOptions::new().max_connections(2)).await;
        sqlx::query("delete from casebase.webhook_endpoints where description = $1")
            .bind(DESCRIPTION)
            .execute(&database)
            .await
            .expect("earlier endpoints are deleted");

        let (server, arrivals) = receiver(answer).await;
        let (endpoint_id, secret): (Uuid, String) = sqlx::query_as(
            "select id, secret from public.create_webhook_endpoint($1, $2, '{case.status_changed}')",
        )
        .bind(server.uri())
        .bind(DESCRIPTION)
        .fetch_one(&database)
        .await
        .expect("the endpoint is made");

        Self {
            first: open_case(&database).await,
            second: open_case(&database).await,
            database,
            endpoint_id,
            secret: Webhook::new(&secret).expect("a secret"),
            arrivals,
            _server: server,
            _turn: turn,
        }
    }

    async fn set_status(&self, case: &Case, status: &str) {
        sqlx::query("update public.cases set status = $2 where id = $1")
            .bind(case.id)
            .bind(status)
            .execute(&self.database)
            .await
            .expect("the status changes");
    }

    async fn arrival(&mut self) -> Arrival {
        let request = tokio::time::timeout(PATIENCE, self.arrivals.recv())
            .await
            .expect("a webhook arrives in time")
            .expect("the receiver runs");
        self.secret
            .verify(&request.body, &request.headers)
            .expect("the signature holds");
        Arrival {
            message_id: request.headers["webhook-id"]
                .to_str()
                .expect("ASCII")
                .to_owned(),
            payload: serde_json::from_slice(&request.body).expect("JSON"),
        }
    }

    /// The deliveries' states and the statuses of their attempts, oldest first, once nothing is unfinished.
    async fn history(&self) -> Vec<(String, Vec<Option<i32>>)> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let history: Vec<(String, Vec<Option<i32>>)> = sqlx::query_as(
                "select delivery.state,
                        array(select status from public.webhook_attempts(delivery.id) order by number)
                   from public.webhook_deliveries($1) delivery
                  order by delivery.id",
            )
            .bind(self.endpoint_id)
            .fetch_all(&self.database)
            .await
            .expect("deliveries are listed");
            if history
                .iter()
                .all(|(state, _)| matches!(state.as_str(), "delivered" | "failed"))
            {
                return history;
            }
            assert!(Instant::now() < patience, "unfinished: {history:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The time now, once it is as told: first comes when the worker last looked for what is due, then now; in seconds, by
    /// the database's clock.
    async fn last_look(&self, holds: impl Fn(f64, f64) -> bool) -> f64 {
        let patience = Instant::now() + PATIENCE;
        loop {
            let (looked, now): (Option<f64>, f64) = sqlx::query_as(
                "select extract(epoch from max(query_start))::float8, extract(epoch from clock_timestamp())::float8
                   from pg_stat_activity
                  where application_name = $1 and query like '%casebase.webhook\\_%' and state = 'idle'",
            )
            .bind(WORKERS_CONNECTIONS)
            .fetch_one(&self.database)
            .await
            .expect("connections are listed");
            if looked.is_some_and(|looked| holds(looked, now)) {
                return now;
            }
            assert!(Instant::now() < patience, "{looked:?}, {now}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn receiver(
    answer: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static,
) -> (MockServer, mpsc::UnboundedReceiver<Request>) {
    let (arrived, arrivals) = mpsc::unbounded_channel();
    let count = AtomicUsize::new(0);
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(move |request: &Request| {
            // Nobody listens any more when a test has ended.
            let _ = arrived.send(request.clone());
            answer(count.fetch_add(1, Ordering::SeqCst))
        })
        .mount(&server)
        .await;
    (server, arrivals)
}

async fn open_case(database: &PgPool) -> Case {
    let (id, number) = sqlx::query_as(
        "with client as (insert into public.clients (name) values ('Acme') returning id)
         insert into public.cases (client_id, title) select id, 'Broken stairs' from client
         returning id, case_id",
    )
    .fetch_one(database)
    .await
    .expect("a case is opened");
    Case { id, number }
}

fn ok(_: usize) -> ResponseTemplate {
    ResponseTemplate::new(204)
}

#[tokio::test]
async fn an_idle_worker_is_woken_by_the_change() {
    let mut scene = Scene::new(ok).await;
    let worker = Worker::start(config()).await;
    // Each look that finds nothing doubles the time to the next: in the end it is longer than this test is patient.
    let mut now = scene.last_look(|_, _| true).await;
    for _ in 0..15 {
        sqlx::query("select pg_notify('casebase_webhooks', '')")
            .execute(&scene.database)
            .await
            .expect("it is woken");
        now = scene.last_look(move |looked, _| looked > now).await;
    }
    // One that passes something by is followed, within seconds, by one that doesn't.
    scene.last_look(|looked, now| now - looked > 6.0).await;

    scene.set_status(&scene.first, "in_progress").await;
    let arrival = scene.arrival().await;

    assert_eq!(arrival.payload["type"], "case.status_changed");
    assert_eq!(arrival.case_number(), &scene.first.number);
    assert_eq!(arrival.status(), "in_progress");
    assert_eq!(
        scene.history().await,
        [("delivered".into(), vec![Some(204)])]
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_listener_that_nothing_comes_through_to_is_told_from_one_that_hears() {
    let pool = connect(PgPoolOptions::new().max_connections(2)).await;
    let outbox = Outbox::new(pool);
    let mut listener = outbox.listen().await.expect("it listens");
    let heard = outbox.is_heard_by(&mut listener, PATIENCE).await;
    assert!(heard.expect("the database answers"));

    // As a pooler in transaction mode: the notification goes to nobody.
    listener.unlisten_all().await.expect("it stops listening");
    let moment = Duration::from_millis(200);
    let heard = outbox.is_heard_by(&mut listener, moment).await;
    assert!(!heard.expect("the database answers"));
}

/// `casebase serve` over the tests' project, with its metrics open.
struct Serve {
    process: tokio::process::Child,
    url: String,
}

impl Serve {
    async fn start(database: &PgPool) -> Self {
        sqlx::query("alter role casebase_worker password 'of the tests'")
            .execute(database)
            .await
            .expect("the password is set");
        let mut url: url::Url = project()
            .setting("DATABASE_ADMIN_URL")
            .parse()
            .expect("a URL");
        url.set_username("casebase_worker").expect("a name");
        url.set_password(Some("of the tests")).expect("a password");
        let mut process = tokio::process::Command::new(env!("CARGO_BIN_EXE_casebase"))
            .arg("serve")
            .envs(
                ["SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_PROJECT_REF"]
                    .map(|name| (name, project().setting(name))),
            )
            .env("CASEBASE_DATABASE_URL", url.as_str())
            .env("CASEBASE_LISTEN", "127.0.0.1:0")
            .env("CASEBASE_METRICS", "true")
            .env("CASEBASE_WEBHOOKS_ALLOW_PRIVATE", "true")
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let (mut url, mut told) = (None, false);
        while url.is_none() || !told {
            let line = lines.next_line().await.expect("UTF-8").expect("it serves");
            told |= line.contains("the database notifies of webhooks as they are written");
            if let Some((_, rest)) = line.split_once("casebase serves at ") {
                url = rest.split(';').next().map(str::to_owned);
            }
        }
        // It would stop at a pipe that nobody reads.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            process,
            url: url.expect("it says where it serves"),
        }
    }

    /// With what the database says: of a slow one, who asks gets the rest alone.
    async fn metrics(&self) -> String {
        let patience = Instant::now() + PATIENCE;
        loop {
            let answer = reqwest::get(format!("{}/metrics", self.url)).await;
            let metrics = answer.expect("it answers").text().await;
            let metrics = metrics.expect("the metrics are text");
            if value_of(&metrics, "casebase_database_up") == 1.0 {
                return metrics;
            }
            assert!(Instant::now() < patience, "{metrics}");
        }
    }
}

/// The value under this name, with its labels; 0 before anything was counted.
fn value_of(metrics: &str, name: &str) -> f64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

#[tokio::test]
async fn the_metrics_of_a_running_service_move_with_what_is_sent() {
    const ENABLED: &str = r#"casebase_webhook_endpoints{state="enabled"}"#;
    const DELIVERED: &str = r#"casebase_webhook_attempts_total{result="delivered"}"#;
    const RETRIED: &str = r#"casebase_webhook_attempts_total{result="retried"}"#;
    let scene = Scene::new(|nth| ResponseTemplate::new(if nth == 0 { 500 } else { 204 })).await;
    sqlx::query("update casebase.webhook_endpoints set retry_waits = '{0}' where id = $1")
        .bind(scene.endpoint_id)
        .execute(&scene.database)
        .await
        .expect("it is tried again at once");
    let mut serve = Serve::start(&scene.database).await;

    let before = serve.metrics().await;
    assert!(value_of(&before, ENABLED) >= 1.0, "{before}");
    for name in [
        r#"casebase_webhook_queue{state="pending"}"#,
        r#"casebase_webhook_queue_age_seconds{state="oldest_due"}"#,
        r#"casebase_case_files{state="available"}"#,
    ] {
        assert!(before.contains(name), "{name}: {before}");
    }
    scene.set_status(&scene.first, "in_progress").await;
    scene.history().await;
    let after = serve.metrics().await;
    assert_eq!(value_of(&after, DELIVERED), 1.0, "{after}");
    assert_eq!(value_of(&after, RETRIED), 1.0, "{after}");
    let attempts = value_of(&after, "casebase_webhook_attempt_seconds_count");
    assert_eq!(attempts, 2.0, "{after}");

    sqlx::query("update casebase.webhook_endpoints set enabled = false where id = $1")
        .bind(scene.endpoint_id)
        .execute(&scene.database)
        .await
        .expect("it is switched off");
    let off = serve.metrics().await;
    assert_eq!(value_of(&off, ENABLED), value_of(&before, ENABLED) - 1.0);
    serve.process.kill().await.expect("it ends");
}

#[tokio::test]
async fn what_a_killed_worker_sent_and_did_not_report_is_sent_again_under_the_same_id() {
    let mut scene = Scene::new(|n| match n {
        0 => ResponseTemplate::new(204).set_delay(PATIENCE),
        _ => ResponseTemplate::new(204),
    })
    .await;
    scene.set_status(&scene.first, "in_progress").await;

    let killed = Worker::start(config()).await;
    let first = scene.arrival().await;
    killed.kill().await;

    // The lease ends while nobody works.
    let ended = sqlx::query(
        "update casebase.webhook_deliveries set leased_until = now() where endpoint_id = $1 and state = 'leased'",
    );
    let ended = ended.bind(scene.endpoint_id).execute(&scene.database).await;
    assert_eq!(ended.expect("the lease ends").rows_affected(), 1);
    let worker = Worker::start(config()).await;
    assert_eq!(scene.arrival().await, first);
    assert_eq!(
        scene.history().await,
        [("delivered".into(), vec![None, Some(204)])]
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_that_is_stopped_reports_what_it_has_under_way() {
    let mut scene =
        Scene::new(|_| ResponseTemplate::new(204).set_delay(Duration::from_millis(500))).await;
    scene.set_status(&scene.first, "in_progress").await;

    let worker = Worker::start(config()).await;
    scene.arrival().await;
    worker.stop().await;

    assert_eq!(
        scene.history().await,
        [("delivered".into(), vec![Some(204)])]
    );
}

#[tokio::test]
async fn a_receiver_that_recovers_gets_what_it_refused() {
    let mut scene = Scene::new(|n| match n {
        0 | 1 => ResponseTemplate::new(500),
        _ => ResponseTemplate::new(204),
    })
    .await;
    let worker = Worker::start(config()).await;
    scene.set_status(&scene.first, "in_progress").await;

    let first = scene.arrival().await;
    assert_eq!(scene.arrival().await, first);
    assert_eq!(scene.arrival().await, first);
    assert_eq!(
        scene.history().await,
        [("delivered".into(), vec![Some(500), Some(500), Some(204)])]
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_delivery_that_keeps_failing_is_given_up_after_the_last_attempt() {
    let mut scene = Scene::new(|_| ResponseTemplate::new(302)).await;
    let worker = Worker::start(config()).await;
    scene.set_status(&scene.first, "in_progress").await;

    for _ in 0..4 {
        scene.arrival().await;
    }
    assert_eq!(
        scene.history().await,
        [("failed".into(), vec![Some(302); 4])]
    );
    worker.stop().await;
}

#[tokio::test]
async fn an_endpoints_own_schedule_goes_before_the_workers() {
    let mut scene = Scene::new(|_| ResponseTemplate::new(500)).await;
    sqlx::query("select public.update_webhook_endpoint($1, retry_waits => '{10 ms}')")
        .bind(scene.endpoint_id)
        .execute(&scene.database)
        .await
        .expect("the endpoint is changed");
    let worker = Worker::start(Config {
        schedule: Schedule::new(vec![PATIENCE; 3]),
        ..config()
    })
    .await;
    scene.set_status(&scene.first, "in_progress").await;

    scene.arrival().await;
    scene.arrival().await;
    assert_eq!(
        scene.history().await,
        [("failed".into(), vec![Some(500); 2])]
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_failing_delivery_holds_up_its_own_case_and_no_other() {
    let mut scene = Scene::new(|n| match n {
        0 => ResponseTemplate::new(500),
        _ => ResponseTemplate::new(204),
    })
    .await;
    // In this order into the outbox, so the first case's first delivery is the one that fails.
    scene.set_status(&scene.first, "in_progress").await;
    scene.set_status(&scene.first, "resolved").await;
    let worker = Worker::start(Config {
        schedule: Schedule::new(vec![2 * PATIENCE; 3]),
        ..config()
    })
    .await;
    let refused = scene.arrival().await;
    scene.set_status(&scene.second, "in_progress").await;

    let mut arrivals = vec![refused.clone(), scene.arrival().await];
    // It would be tried again later than this test is patient.
    let patience = Instant::now() + PATIENCE;
    while sqlx::query_scalar::<_, i32>("select public.retry_webhook_deliveries($1)")
        .bind(scene.endpoint_id)
        .fetch_one(&scene.database)
        .await
        .expect("what waits is tried now")
        == 0
    {
        assert!(Instant::now() < patience, "nothing waits");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..2 {
        arrivals.push(scene.arrival().await);
    }
    let seen: Vec<(&Value, &Value)> = arrivals
        .iter()
        .map(|arrival| (arrival.case_number(), arrival.status()))
        .collect();
    let (first, second) = (
        Value::from(scene.first.number.clone()),
        Value::from(scene.second.number.clone()),
    );
    let (in_progress, resolved) = (Value::from("in_progress"), Value::from("resolved"));
    assert_eq!(
        seen,
        [
            (&first, &in_progress),
            (&second, &in_progress),
            (&first, &in_progress),
            (&first, &resolved),
        ]
    );
    assert_eq!(arrivals[2], refused);
    worker.stop().await;
}

/// A receiver that takes requests and never answers, until the test ends.
async fn receiver_that_hangs(database: &PgPool) -> (Uuid, JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let hanging = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok(connection) = listener.accept().await {
            connections.push(connection);
        }
    });
    let endpoint_id = sqlx::query_scalar(
        "select id from public.create_webhook_endpoint($1, $2, '{case.status_changed}')",
    )
    .bind(url)
    .bind(DESCRIPTION)
    .fetch_one(database)
    .await
    .expect("the endpoint is made");
    (endpoint_id, hanging)
}

async fn leased_for(database: &PgPool, endpoint_id: Uuid) -> i64 {
    sqlx::query_scalar(
        "select count(*) from casebase.webhook_deliveries where endpoint_id = $1 and state = 'leased'",
    )
    .bind(endpoint_id)
    .fetch_one(database)
    .await
    .expect("they are counted")
}

#[tokio::test]
async fn receivers_that_hang_keep_no_other_waiting_and_hold_a_bounded_number_of_requests() {
    const EVENTS: usize = 20;
    const PER_ENDPOINT: i64 = 4;
    let mut scene = Scene::new(ok).await;
    let hanging = [
        receiver_that_hangs(&scene.database).await,
        receiver_that_hangs(&scene.database).await,
    ];
    let worker = Worker::start(Config {
        // Two that hang can take all of it.
        concurrency: 8,
        concurrency_per_endpoint: 4,
        timeout: Duration::from_secs(300),
        lease: Duration::from_secs(600),
        poll: Config::default().poll,
        ..config()
    })
    .await;
    for _ in 0..EVENTS {
        let case = open_case(&scene.database).await;
        scene.set_status(&case, "in_progress").await;
    }

    for _ in 0..EVENTS {
        scene.arrival().await;
    }
    for (endpoint_id, _) in &hanging {
        let patience = Instant::now() + PATIENCE;
        let under_way = loop {
            let under_way = leased_for(&scene.database, *endpoint_id).await;
            if under_way > 0 {
                break under_way;
            }
            assert!(Instant::now() < patience, "nothing is sent");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(under_way <= PER_ENDPOINT, "{under_way}");
    }
    worker.kill().await;
    hanging.iter().for_each(|(_, task)| task.abort());
}

#[tokio::test]
async fn what_happens_in_one_case_goes_out_in_order() {
    let mut scene = Scene::new(ok).await;
    let mut wanted = Vec::new();
    for n in 0..40 {
        let status = ["in_progress", "resolved"][n % 2];
        scene.set_status(&scene.first, status).await;
        wanted.push(Value::from(status));
    }
    let worker = Worker::start(config()).await;
    for status in wanted {
        assert_eq!(scene.arrival().await.status(), &status);
    }
    assert_eq!(
        scene.history().await,
        vec![("delivered".to_owned(), vec![Some(204)]); 40]
    );
    worker.stop().await;
}

#[tokio::test]
async fn what_follows_in_a_case_is_leased_with_its_first() {
    let scene = Scene::new(ok).await;
    let (endpoint_id, hanging) = receiver_that_hangs(&scene.database).await;
    for status in ["in_progress", "resolved", "in_progress"] {
        scene.set_status(&scene.first, status).await;
    }
    let worker = Worker::start(config()).await;
    let patience = Instant::now() + PATIENCE;
    while leased_for(&scene.database, endpoint_id).await < 3 {
        assert!(Instant::now() < patience, "one by one");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    worker.kill().await;
    hanging.abort();
}

#[tokio::test]
async fn what_follows_a_refused_delivery_is_not_sent_before_it() {
    let mut scene = Scene::new(|n| match n {
        1 => ResponseTemplate::new(500),
        _ => ResponseTemplate::new(204),
    })
    .await;
    for status in ["in_progress", "resolved", "in_progress"] {
        scene.set_status(&scene.first, status).await;
    }
    let worker = Worker::start(config()).await;
    let mut arrivals = Vec::new();
    for _ in 0..4 {
        arrivals.push(scene.arrival().await);
    }
    assert_eq!(arrivals[1], arrivals[2]);
    let numbers = scene.history().await;
    assert_eq!(
        numbers,
        [
            ("delivered".to_owned(), vec![Some(204)]),
            ("delivered".to_owned(), vec![Some(500), Some(204)]),
            ("delivered".to_owned(), vec![Some(204)]),
        ]
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone() {
    let mut scene = Scene::new(|_| ResponseTemplate::new(410)).await;
    let worker = Worker::start(config()).await;
    scene.set_status(&scene.first, "in_progress").await;

    scene.arrival().await;
    assert_eq!(scene.history().await, [("failed".into(), vec![Some(410)])]);
    let (enabled, reason): (bool, Option<String>) = sqlx::query_as(
        "select enabled, disabled_reason from public.webhook_endpoints() where id = $1",
    )
    .bind(scene.endpoint_id)
    .fetch_one(&scene.database)
    .await
    .expect("the endpoint is listed");
    assert!(!enabled);
    assert_eq!(reason.as_deref(), Some("The receiver answered 410 Gone."));
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_survives_the_loss_of_its_connections() {
    let mut scene = Scene::new(ok).await;
    let worker = Worker::start(config()).await;
    scene.set_status(&scene.first, "in_progress").await;
    scene.arrival().await;
    scene.history().await;

    let lost: i64 = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where application_name = $1",
    )
    .bind(WORKERS_CONNECTIONS)
    .fetch_one(&scene.database)
    .await
    .expect("connections end");
    assert!(lost > 0);
    scene.set_status(&scene.first, "resolved").await;

    assert_eq!(scene.arrival().await.status(), "resolved");
    worker.stop().await;
}

#[tokio::test]
async fn an_endpoint_without_a_secret_gets_nothing_and_holds_up_no_other() {
    let mut scene = Scene::new(ok).await;
    // Both deliveries are leased together.
    sqlx::query(
        "insert into casebase.webhook_endpoints (url, description, event_types)
         values ('http://127.0.0.1:9', $1, '{case.status_changed}')",
    )
    .bind(DESCRIPTION)
    .execute(&scene.database)
    .await
    .expect("an endpoint by hand");
    scene.set_status(&scene.first, "in_progress").await;
    let worker = Worker::start(config()).await;

    scene.arrival().await;
    assert_eq!(
        scene.history().await,
        [("delivered".into(), vec![Some(204)])]
    );
    let patience = Instant::now() + PATIENCE;
    let errors = loop {
        let errors: Vec<String> = sqlx::query_scalar(
            "select attempt.error
               from public.webhook_endpoints() endpoint
              cross join public.webhook_deliveries(endpoint.id) delivery
              cross join public.webhook_attempts(delivery.id) attempt
              where endpoint.url = 'http://127.0.0.1:9'",
        )
        .fetch_all(&scene.database)
        .await
        .expect("attempts are listed");
        if !errors.is_empty() {
            break errors;
        }
        assert!(Instant::now() < patience, "nothing is tried");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    worker.stop().await;
    assert!(
        errors.iter().all(|e| e.contains("no signing secret")),
        "{errors:?}"
    );
}

#[tokio::test]
async fn a_private_address_gets_nothing_unless_it_is_allowed() {
    let mut scene = Scene::new(ok).await;
    let worker = Worker::start(Config {
        egress: Egress::default(),
        schedule: Schedule::new(vec![]),
        ..config()
    })
    .await;
    scene.set_status(&scene.first, "in_progress").await;

    assert_eq!(scene.history().await, [("failed".into(), vec![None])]);
    assert!(scene.arrivals.try_recv().is_err());
    worker.stop().await;
}

#[tokio::test]
async fn a_connection_prepares_the_same_call_once() {
    let database: WorkerDatabase = project()
        .setting("DATABASE_ADMIN_URL")
        .parse()
        .expect("a database");
    let pool = database.pool(1);
    let outbox = Outbox::new(pool.clone());
    let _turn = TURN.lock().await;

    let mut prepared = [0_i64; 2];
    for prepared in &mut prepared {
        outbox.acknowledge(&[]).await.expect("nothing is reported");
        *prepared = sqlx::query_scalar("select count(*) from pg_prepared_statements")
            .fetch_one(&pool)
            .await
            .expect("statements are counted");
    }
    assert_eq!(prepared[1], prepared[0]);
}

/// The queue, locked by somebody, until this is rolled back.
async fn lock_queue(database: &PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut transaction = database.begin().await.expect("a transaction");
    sqlx::query("select from casebase.webhook_queue for update")
        .execute(&mut *transaction)
        .await
        .expect("the queue is locked");
    transaction
}

#[tokio::test]
async fn a_worker_stops_while_the_database_does_not_answer_it() {
    let scene = Scene::new(ok).await;
    let locked = lock_queue(&scene.database).await;
    let worker = Worker::start(Config {
        grace: Duration::from_millis(300),
        ..config()
    })
    .await;
    let patience = Instant::now() + PATIENCE;
    loop {
        let waits: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity
                            where application_name = $1 and wait_event_type = 'Lock')",
        )
        .bind(WORKERS_CONNECTIONS)
        .fetch_one(&scene.database)
        .await
        .expect("connections are listed");
        if waits {
            break;
        }
        assert!(Instant::now() < patience, "it never called");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    tokio::time::timeout(PATIENCE, worker.stop())
        .await
        .expect("it doesn't wait for the answer");
    locked.rollback().await.expect("the queue is free");
}

#[tokio::test]
async fn a_call_that_the_database_stops_is_told_in_words_and_can_be_made_again() {
    let scene = Scene::new(ok).await;
    let impatient = connect(PgPoolOptions::new().max_connections(1).after_connect(
        |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql("set role casebase_worker; set statement_timeout = '100ms'")
                    .execute(connection)
                    .await?;
                Ok(())
            })
        },
    ))
    .await;
    let calls = Outbox::new(impatient.clone());

    let locked = lock_queue(&scene.database).await;
    let stopped = calls.acknowledge(&[]).await.expect_err("it waits too long");
    assert!(
        matches!(stopped, outbox::Error::Stopped { .. }),
        "{stopped:?}"
    );
    assert_eq!(
        stopped.to_string(),
        "casebase.webhook_ack took longer than the database allows casebase_worker (statement_timeout)"
    );
    locked.rollback().await.expect("the queue is free");
    // The same connection, which a slow machine may now take its time for.
    sqlx::query("set statement_timeout = 0")
        .execute(&impatient)
        .await
        .expect("it is patient");
    assert_eq!(calls.acknowledge(&[]).await.expect("it is free"), 0);
}

/// The queue is locked meanwhile, and finished deliveries are those of a month.
#[tokio::test]
async fn tidying_up_reads_no_finished_delivery() {
    const READ: &str =
        "select seq_tup_read from pg_stat_xact_user_tables where relname = 'webhook_deliveries'";

    let scene = Scene::new(ok).await;
    let mut transaction = scene.database.begin().await.expect("a transaction");
    sqlx::query(
        "with payload as (
           insert into casebase.webhook_payloads (type, payload_version, thin, body)
           values ('webhook.test', 1, false, '{}')
           returning id
         )
         insert into casebase.webhook_deliveries (endpoint_id, payload_id, state, finished_at)
         select $1, payload.id, 'delivered', now() from payload, generate_series(1, 20000)",
    )
    .bind(scene.endpoint_id)
    .execute(&mut *transaction)
    .await
    .expect("much is finished");
    sqlx::query("analyze casebase.webhook_deliveries")
        .execute(&mut *transaction)
        .await
        .expect("the planner knows");

    let mut read = [0_i64; 2];
    for read in &mut read {
        *read = sqlx::query_scalar(READ)
            .fetch_one(&mut *transaction)
            .await
            .expect("the statistics can be read");
        sqlx::query("select casebase.webhook_tidy('30 days')")
            .execute(&mut *transaction)
            .await
            .expect("tidied up");
    }
    assert_eq!(read[1] - read[0], 0, "rows were read one after another");
}
