//! Nothing is lost: three workers are killed at random and PostgreSQL is made to crash, while eight writers write. A short
//! run here; `CASEBASE_TEST_CHAOS=50 cargo test -p casebase --test webhook_chaos -- --nocapture` kills fifty times, crashes
//! ten times and prints its figures.

#![expect(clippy::expect_used, reason = "a failing test may panic")]
#![expect(clippy::print_stdout, reason = "the long run prints its figures")]

mod support;

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use casebase_webhooks::{Config, Egress, Schedule};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use support::project;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const WORKERS: usize = 3;
const WRITERS: i64 = 8;
const CASES: i64 = 40;

/// In how many cases a worker has something under way at an endpoint, and how much it has leased in each: what of that it
/// sent and did not report can come twice when it is killed.
const UNDER_WAY: usize = 32;
const IN_LANE: usize = 8;

const PATIENCE: Duration = Duration::from_secs(180);

/// Tells a process of this binary that it is a worker, and of which database.
const WORKER_OF: &str = "CASEBASE_TEST_CHAOS_WORKER";

/// Leases end soon: what a killed worker held is sent again while others look on. So does a timeout, and whom a slow machine
/// keeps waiting longer tries again, however often.
fn config() -> Config {
    Config {
        timeout: Duration::from_millis(1500),
        lease: Duration::from_secs(2),
        schedule: Schedule::new(vec![Duration::from_millis(500); 50]),
        concurrency_per_endpoint: u16::try_from(UNDER_WAY).expect("few"),
        in_lane: u16::try_from(IN_LANE).expect("few"),
        egress: Egress {
            allow_private: true,
            ..Egress::default()
        },
        ..Config::default()
    }
}

#[tokio::test]
#[ignore = "a worker of the run below, which starts and kills it"]
async fn a_worker() {
    let Ok(database) = std::env::var(WORKER_OF) else {
        return;
    };
    let pool = PgPoolOptions::new()
        .max_connections(3)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query("set role casebase_worker")
                    .execute(connection)
                    .await
                    .map(drop)
            })
        })
        .connect_lazy(&database)
        .expect("a URL");
    casebase_webhooks::run(pool, config(), CancellationToken::new())
        .await
        .expect("the configuration works");
}

/// A worker in a process of its own, killed when it is dropped.
struct Worker(Child);

impl Worker {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this binary"));
        command
            .args(["--exact", "a_worker", "--ignored"])
            .env(WORKER_OF, project().setting("DATABASE_ADMIN_URL"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().expect("it starts"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What arrived, in this order: the message's id, its case, its seq, and its bytes.
type Arrivals = Arc<Mutex<Vec<(String, i64, i64, Bytes)>>>;

async fn receiver(arrivals: Arrivals) -> String {
    let receive = async move |headers: HeaderMap, body: Bytes| {
        let id = headers["webhook-id"].to_str().expect("ASCII").to_owned();
        let event: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let number = |field: &str| event["data"][field].as_i64().expect("a number");
        let arrival = (id, number("case"), number("seq"), body);
        arrivals.lock().expect("nobody panics").push(arrival);
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(
        async move { axum::serve(listener, Router::new().route("/", post(receive))).await },
    );
    url
}

/// Changes cases until told to stop, whatever becomes of the database meanwhile.
async fn write(database: PgPool, nth: i64, stop: CancellationToken) {
    const CHANGE: &str =
        "update public.cases set priority = case priority when 'low' then 'high' else 'low' end
         where id = (select id from public.cases order by id offset $1 limit 1)";
    let mut round = nth;
    while !stop.is_cancelled() {
        round += WRITERS + 1;
        let changed = sqlx::query(CHANGE)
            .bind(round % CASES)
            .execute(&database)
            .await;
        if changed.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Kills a process of the server that somebody works with: the server ends every session and recovers.
async fn crash(database: &PgPool) {
    const VICTIM: &str = "select pid from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1";
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Ok(pid) = sqlx::query_scalar::<_, i32>(VICTIM)
            .fetch_one(database)
            .await
        {
            match kill(Pid::from_raw(pid), Signal::SIGKILL) {
                // It has ended meanwhile.
                Err(Errno::ESRCH) => {}
                killed => break killed.expect("ours"),
            }
        }
        assert!(Instant::now() < patience, "the database does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn prepare(database: &PgPool, urls: &[String]) {
    sqlx::query(
        "with client as (insert into public.clients (name) values ('Acme') returning id)
         insert into public.cases (client_id, title) select id, 'Case ' || n from client, generate_series(1, $1) n",
    )
    .bind(CASES)
    .execute(database)
    .await
    .expect("cases are opened");
    for url in urls {
        sqlx::query("select public.create_webhook_endpoint($1, event_types => '{case.updated}')")
            .bind(url)
            .execute(database)
            .await
            .expect("the endpoint is made");
    }
}

/// Waits until nothing is to be sent any more; the events that there are, as (case, seq).
async fn settled(database: &PgPool) -> Vec<(i64, i64)> {
    const LEFT: &str = "select count(*) from casebase.webhook_deliveries where finished_at is null";
    let patience = Instant::now() + PATIENCE;
    loop {
        let left = sqlx::query_scalar::<_, i64>(LEFT).fetch_one(database).await;
        if matches!(left, Ok(0)) {
            break;
        }
        assert!(Instant::now() < patience, "{left:?} are left");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    sqlx::query_as("select case_id, seq from public.case_events where type = 'case.updated' order by case_id, seq")
        .fetch_all(database)
        .await
        .expect("events are listed")
}

/// Checks what arrived at one receiver; how often something came twice.
fn check(arrivals: &[(String, i64, i64, Bytes)], events: &[(i64, i64)]) -> usize {
    let mut first: BTreeMap<(i64, i64), (&String, &Bytes)> = BTreeMap::new();
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    let mut twice = 0;
    for (id, case, seq, body) in arrivals {
        if let Some(earlier) = first.get(&(*case, *seq)) {
            assert_eq!(*earlier, (id, body), "the same id and the same bytes");
            twice += 1;
            continue;
        }
        first.insert((*case, *seq), (id, body));
        let before = last.insert(*case, *seq);
        assert!(
            before.is_none_or(|before| before < *seq),
            "{seq} of case {case} after {before:?}"
        );
    }
    let arrived: Vec<_> = first.into_keys().collect();
    assert_eq!(arrived, events, "every event arrived, and no other");
    twice
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_however_often_workers_are_killed_and_the_database_crashes() {
    let kills: usize = match std::env::var("CASEBASE_TEST_CHAOS") {
        Ok(kills) => kills.parse().expect("a number of kills"),
        Err(_) => 5,
    };
    let database = PgPoolOptions::new()
        .max_connections(u32::try_from(WRITERS).expect("few") + 1)
        // A commit says so once it outlives a crash, as a project's does: the tests' own server is quicker than that.
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query("set synchronous_commit = on")
                    .execute(connection)
                    .await
                    .map(drop)
            })
        })
        .connect(project().setting("DATABASE_ADMIN_URL"))
        .await
        .expect("the database answers");
    let received: [Arrivals; 2] = Default::default();
    let mut urls = Vec::new();
    for arrivals in &received {
        urls.push(receiver(Arc::clone(arrivals)).await);
    }
    prepare(&database, &urls).await;

    let began = Instant::now();
    let mut workers: Vec<Worker> = (0..WORKERS).map(|_| Worker::start()).collect();
    let stop = CancellationToken::new();
    let mut writers = JoinSet::new();
    for nth in 0..WRITERS {
        writers.spawn(write(database.clone(), nth, stop.clone()));
    }
    for nth in 1..=kills {
        tokio::time::sleep(Duration::from_millis(rand::random_range(300..900))).await;
        workers[rand::random_range(0..WORKERS)] = Worker::start();
        if nth % 5 == 0 {
            crash(&database).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.cancel();
    writers.join_all().await;
    let events = settled(&database).await;
    let took = began.elapsed();
    drop(workers);

    assert!(
        events.len() > 10 * kills,
        "there was little to lose: {}",
        events.len()
    );
    let mut twice = 0;
    for arrivals in &received {
        twice += check(&arrivals.lock().expect("nobody panics"), &events);
    }
    let crashes = kills / 5;
    println!(
        "{} events to {} endpoints by {WORKERS} workers, {kills} killed, {crashes} crashes of PostgreSQL, in {took:.0?}: \
         none lost, none out of order, {twice} twice under the same id and with the same bytes",
        events.len(),
        received.len()
    );
    // A crash ends every worker's calls; what each had under way may come twice.
    let interrupted = kills + crashes * WORKERS;
    assert!(
        twice <= interrupted * UNDER_WAY * IN_LANE * received.len(),
        "{twice} came twice"
    );
}
