//! `casebase bench rest`: the local stack's PostgREST against the same SQL without HTTP.
//!
//! Both do the same work: a transaction under the caller's role and claims, and one statement that builds the JSON.
//! The control sends it over a connection of its own, prepared and pipelined.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::ensure;
use casebase_local::{Options, SERVICE_ROLE_KEY, Stack, postgres::SUPERUSER};
use futures::future::try_join_all;
use tokio_postgres::{Client, NoTls, types::ToSql};

use super::{
    progress::Progress,
    report::{self, Bound, Measurement},
};

/// The options of `casebase bench rest`. Run it in a release build.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds a turn takes; there are five turns of each
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Both take so many turns; the median counts.
const TURNS: usize = 5;

/// The time of a request may be twice that of the SQL: half of its rate.
const AT_MOST: f64 = 2.0;

const DATA: &str = "
    create table public.authors (id bigint primary key, name text not null);
    create table public.books (
      id bigint primary key, author_id bigint not null references public.authors, title text not null,
      status text not null, printed_at timestamptz not null
    );
    create index on public.books (status, printed_at desc);
    insert into public.authors select n, 'Author ' || n from generate_series(1, 1000) n;
    insert into public.books
      select n, 1 + n % 1000, 'Book ' || n, case n % 4 when 0 then 'out' else 'in' end, now() - n * interval '1 hour'
      from generate_series(1, 100000) n;
    grant select on public.authors, public.books to service_role;
    analyze public.authors; analyze public.books;
    notify pgrst, 'reload schema'";

/// The same question over HTTP and in SQL.
struct Question {
    name: &'static str,
    path: &'static str,
    sql: &'static str,
    /// As PostgREST binds them: the filter's value, then limit and offset. A statement without parameters would be
    /// planned once, and this one is planned each time.
    parameters: &'static [&'static (dyn ToSql + Sync)],
}

const QUESTIONS: [Question; 3] = [
    Question {
        name: "one row by its key",
        path: "books?id=eq.4711&select=id,title,status",
        sql: "select id, title, status from public.books where id = $1 limit $2 offset $3",
        parameters: &[&4711_i64, &1000_i64, &0_i64],
    },
    Question {
        name: "a page of 25, filtered and sorted",
        path: "books?select=id,title,printed_at&status=eq.out&order=printed_at.desc&limit=25",
        sql: "select id, title, printed_at from public.books
              where status = $1 order by printed_at desc limit $2 offset $3",
        parameters: &[&"out", &25_i64, &0_i64],
    },
    Question {
        name: "a page of 25 with an embedded row each",
        path: "books?select=id,title,authors(name)&status=eq.out&order=printed_at.desc&limit=25",
        sql: "select b.id, b.title, row_to_json(a) as authors from public.books b
              left join lateral (select name from public.authors where id = b.author_id) a on true
              where b.status = $1 order by b.printed_at desc limit $2 offset $3",
        parameters: &[&"out", &25_i64, &0_i64],
    },
];

/// Starts a bare stack, loads it, measures, prints.
pub async fn run(args: Args) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        tracing::warn!(
            "this is a debug build: its figures say little, use `cargo run --release -- bench rest`"
        );
    }
    let stack = Stack::start(Options::default()).await?;
    let result = measure_all(&args, &stack).await;
    stack.stop().await;
    let measurements = result?;
    if args.json {
        return report::print_json(&measurements);
    }
    report::print_table(&measurements, "over HTTP", "SQL alone")?;
    Ok(())
}

async fn measure_all(args: &Args, stack: &Stack) -> anyhow::Result<Vec<Measurement>> {
    connect(&stack.database_url(SUPERUSER))
        .await?
        .batch_execute(DATA)
        .await?;
    let turn = Duration::from_secs(args.seconds);
    let mut measurements = Vec::new();
    let mut progress = Progress::new(2 * QUESTIONS.len());
    for connections in [1, 16] {
        for question in &QUESTIONS {
            progress.measures(&name(question, connections));
            measurements.push(measure(stack, question, connections, turn).await?);
        }
    }
    Ok(measurements)
}

fn name(question: &Question, connections: usize) -> String {
    format!("{connections:>2} at a time: {}", question.name)
}

async fn measure(
    stack: &Stack,
    question: &Question,
    connections: usize,
    turn: Duration,
) -> anyhow::Result<Measurement> {
    let url = format!("{}/rest/v1/{}", stack.url(), question.path);
    let http = reqwest::Client::new();
    let over_http = || async {
        let request = http
            .get(&url)
            .header("apikey", SERVICE_ROLE_KEY)
            .bearer_auth(SERVICE_ROLE_KEY);
        let response = request.send().await?.error_for_status()?;
        Ok(response.bytes().await?.len())
    };
    let sessions = try_join_all((0..connections).map(|_| Session::open(stack, question))).await?;

    // Both must have the same to say, give or take white space.
    let answered = over_http().await?;
    let selected = sessions[0].ask().await?;
    ensure!(
        answered.abs_diff(selected) < selected / 4,
        "{answered} bytes over HTTP, {selected} in SQL"
    );

    let (mut values, mut controls) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        values.push(time_of_one(turn, (0..connections).map(|_| &over_http)).await?);
        let asks: Vec<_> = sessions.iter().map(|session| || session.ask()).collect();
        controls.push(time_of_one(turn, asks.iter()).await?);
    }
    let (value, control) = (median(values), median(controls));
    Ok(Measurement::new(
        name(question, connections),
        value,
        "ms",
        control,
        Bound::AtMost,
        AT_MOST * control,
    ))
}

/// Runs each until the turn is over; how many milliseconds went by for one answer.
async fn time_of_one<'a, F, T>(
    turn: Duration,
    each: impl Iterator<Item = &'a F>,
) -> anyhow::Result<f64>
where
    F: Fn() -> T + 'a,
    T: Future<Output = anyhow::Result<usize>>,
{
    let began = Instant::now();
    let counts = try_join_all(each.map(|ask| async move {
        let mut count = 0_u32;
        while began.elapsed() < turn {
            ask().await?;
            count += 1;
        }
        anyhow::Ok(count)
    }))
    .await?;
    Ok(began.elapsed().as_secs_f64() * 1000.0 / f64::from(counts.iter().sum::<u32>()))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The settings that PostgREST makes for each request.
const SCOPE: &str = r#"
    select set_config('search_path', '"public", "public", "extensions"', true),
           set_config('role', 'service_role', true),
           set_config('request.jwt.claims', '{"iss":"supabase-demo","role":"service_role","exp":1983812996}', true),
           set_config('request.method', 'GET', true),
           set_config('request.path', '/books', true),
           set_config('request.headers', '{"accept":"*/*","host":"127.0.0.1:54321"}', true),
           set_config('request.cookies', '{}', true)"#;

/// The statement that PostgREST wraps a query in.
fn answer_of(query: &str) -> String {
    format!(
        "with source as ({query})
         select null::bigint, count(t), null::text[], coalesce(json_agg(t), '[]')::text,
                nullif(current_setting('response.headers', true), ''),
                nullif(current_setting('response.status', true), ''), null::bigint
         from (select * from source) t"
    )
}

/// A connection that asks as PostgREST does: transaction, role and claims, statement.
struct Session {
    client: Client,
    scope: tokio_postgres::Statement,
    question: tokio_postgres::Statement,
    parameters: &'static [&'static (dyn ToSql + Sync)],
}

impl Session {
    async fn open(stack: &Stack, question: &Question) -> anyhow::Result<Self> {
        let parameters = question.parameters;
        let client = connect(&stack.database_url("authenticator")).await?;
        let scope = client.prepare(SCOPE).await?;
        // Names are resolved with the role's rights.
        client.batch_execute("set role service_role").await?;
        let question = client.prepare(&answer_of(question.sql)).await?;
        client.batch_execute("reset role").await?;
        Ok(Self {
            client,
            scope,
            question,
            parameters,
        })
    }

    /// One transaction in one go; the number of bytes that came back.
    async fn ask(&self) -> anyhow::Result<usize> {
        let (began, scoped, rows, committed) = futures::join!(
            self.client.batch_execute("begin"),
            self.client.query(&self.scope, &[]),
            self.client.query_one(&self.question, self.parameters),
            self.client.batch_execute("commit"),
        );
        began?;
        scoped?;
        committed?;
        Ok(rows?.get::<_, &str>(3).len())
    }
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
