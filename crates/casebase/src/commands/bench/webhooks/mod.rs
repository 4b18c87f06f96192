//! `casebase bench webhooks`: how fast deliveries go out, and what they cost who writes.
//!
//! The worker is `casebase serve`, a process of its own, as it is deployed; receivers are in this process, and so are the
//! writers, who write under row level security as PostgREST does for them. graphile-worker, which `npm` installs below
//! `target/`, sends the same requests in the same run. pg_net is an extension of PostgreSQL's that no package here has:
//! what it does is known from elsewhere.

mod delivering;
mod field;
mod graphile_worker;
mod queue;
mod receiver;
mod writers;
mod writing;

use casebase_local::{Options, Stack};
use tokio::sync::OnceCell;

use self::{
    delivering::{Emptied, percentile},
    field::Field,
    graphile_worker::Drained,
    receiver::Receiver,
    writers::Cases,
    writing::Leaves,
};
use super::{
    progress::Progress,
    report::{self, Bound, Measurement},
};
use crate::commands::{dev, stop_signal};

/// The options of `casebase bench webhooks`. Run it in a release build, on a machine that does nothing else.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds that each turn takes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many deliveries are drained, for the endpoints together
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(i32).range(1000..=1_000_000))]
    deliveries: i32,
    /// How many deliveries wait when a full queue is measured, and how many are kept and forgotten
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(i32).range(20_000..=100_000_000))]
    backlog: i32,
    /// For how many seconds a transaction keeps its snapshot
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    hold: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Measure only what has this in its name
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Deliveries a second by pg_net 0.20 on two processors, of which ten times as many are wanted.
const PG_NET: f64 = 196.0;

/// What graphile-worker 0.16 drained a second elsewhere, for where it can't be installed.
const GRAPHILE_WORKER: f64 = 1848.0;

/// What is measured.
#[derive(Clone, Copy)]
enum Task {
    /// To so many endpoints, while eight write to these cases.
    WhileWriting(i32, Cases),
    Draining,
    PerProcessorSecond,
    OneHangs,
    /// The percentile, and what it may be in milliseconds, while nothing else happens.
    Idle(f64, f64),
    /// The same while eight write half as much as goes out.
    HalfLoad(f64, f64),
    Writing(Leaves, Leaves, f64),
    FullQueue,
    OldTransaction,
    Retention,
}

const TASKS: [(&str, Task); 17] = [
    (
        "1 endpoint while 8 write",
        Task::WhileWriting(1, Cases::All),
    ),
    (
        "10 endpoints while 8 write",
        Task::WhileWriting(10, Cases::All),
    ),
    (
        "100 endpoints while 8 write",
        Task::WhileWriting(100, Cases::All),
    ),
    (
        "1 endpoint while 8 write to one case",
        Task::WhileWriting(1, Cases::One),
    ),
    ("draining", Task::Draining),
    (
        "draining, in a second of processor time",
        Task::PerProcessorSecond,
    ),
    ("draining 100 endpoints, 1 of them hanging", Task::OneHangs),
    ("commit to request, idle, median", Task::Idle(0.5, 2.0)),
    (
        "commit to request, idle, 99th of 100",
        Task::Idle(0.99, 5.0),
    ),
    (
        "commit to request, half load, median",
        Task::HalfLoad(0.5, 5.0),
    ),
    (
        "commit to request, half load, 99th of 100",
        Task::HalfLoad(0.99, 50.0),
    ),
    (
        "64 write with webhooks, without",
        Task::Writing(Leaves::HistoryAndDelivery, Leaves::History, 0.9),
    ),
    (
        "64 write with history and webhooks, bare",
        Task::Writing(Leaves::HistoryAndDelivery, Leaves::Nothing, 0.7),
    ),
    (
        "64 write with history, bare",
        Task::Writing(Leaves::History, Leaves::Nothing, 0.7),
    ),
    ("lease and report 64, full queue", Task::FullQueue),
    ("an event beside an old transaction", Task::OldTransaction),
    ("size after all were forgotten, after half", Task::Retention),
];

/// Starts a stack and measures in it, prints.
pub async fn run(args: Args) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        tracing::warn!(
            "this is a debug build: its figures say little, use `cargo run --release -- bench webhooks`"
        );
    }
    let stack = Stack::start(Options {
        access_token_hook: Some(dev::ACCESS_TOKEN_HOOK.into()),
        ..Options::default()
    })
    .await?;
    let result = tokio::select! {
        result = measure_all(&args, &stack) => result,
        signal = stop_signal() => signal.map(|()| Vec::new()).map_err(Into::into),
    };
    stack.stop().await;
    let measurements = result?;
    if args.json {
        return report::print_json(&measurements);
    }
    report::print_table(&measurements, "webhooks", "control")?;
    Ok(())
}

async fn measure_all(args: &Args, stack: &Stack) -> anyhow::Result<Vec<Measurement>> {
    Progress::prepares("Opening cases");
    dev::migrate(stack).await?;
    let bench = Bench {
        stack,
        args,
        field: Field::prepare(stack).await?,
        receiver: Receiver::start().await?,
        emptied: OnceCell::new(),
        drained: OnceCell::new(),
        idle: OnceCell::new(),
        half_load: OnceCell::new(),
    };
    let wanted: Vec<_> = TASKS
        .into_iter()
        .filter(|(name, _)| args.only.as_ref().is_none_or(|only| name.contains(only)))
        .collect();
    let mut progress = Progress::new(wanted.len());
    let mut measurements = Vec::new();
    for (name, task) in wanted {
        progress.measures(name);
        measurements.push(bench.measure(name, task).await?);
        bench.field.clear().await?;
    }
    Ok(measurements)
}

/// Where everything is measured. What two measurements share is measured once.
struct Bench<'a> {
    stack: &'a Stack,
    args: &'a Args,
    field: Field,
    receiver: Receiver,
    emptied: OnceCell<Emptied>,
    drained: OnceCell<Option<Drained>>,
    idle: OnceCell<Vec<f64>>,
    half_load: OnceCell<Vec<f64>>,
}

impl Bench<'_> {
    async fn measure(&self, name: &str, task: Task) -> anyhow::Result<Measurement> {
        let least = |value, unit, control, target| {
            Measurement::new(name.into(), value, unit, control, Bound::AtLeast, target)
        };
        let most = |value, unit, control, target| {
            Measurement::new(name.into(), value, unit, control, Bound::AtMost, target)
        };
        Ok(match task {
            Task::WhileWriting(endpoints, cases) => {
                let rate = self.rate_while_writing(endpoints, cases).await?;
                let target = match cases {
                    Cases::All => 10.0 * PG_NET,
                    // Each waits there for the one before.
                    Cases::One => PG_NET,
                };
                least(rate, "/s", PG_NET, target)
            }
            Task::Draining => {
                let theirs = self.drained().await.map_or(GRAPHILE_WORKER, Drained::rate);
                least(self.emptied().await?.rate, "/s", theirs, theirs)
            }
            Task::PerProcessorSecond => {
                let ours = self.emptied().await?.per_processor_second;
                let theirs = self.drained().await.map(Drained::per_processor_second);
                // Nothing is known of it elsewhere.
                let theirs = theirs.unwrap_or(ours);
                least(ours, "/s", theirs, theirs)
            }
            Task::OneHangs => {
                let value = self.drain(100, 1).await?.rate;
                self.field.clear().await?;
                let control = self.drain(100, 0).await?.rate;
                least(value, "/s", control, 0.95 * control)
            }
            Task::Idle(share, target) => {
                let times = self.idle.get_or_try_init(|| self.idle_latencies());
                let value = percentile(times.await?, share);
                most(value, "ms", self.direct_request().await?, target)
            }
            Task::HalfLoad(share, target) => {
                let times = self
                    .half_load
                    .get_or_try_init(|| self.half_load_latencies());
                let value = percentile(times.await?, share);
                most(value, "ms", self.direct_request().await?, target)
            }
            Task::Writing(one, other, share) => {
                let (value, control) = self.writes(one, other).await?;
                least(value, "/s", control, share * control)
            }
            Task::FullQueue => {
                let control = self.calls(1000).await?;
                let value = self.calls(self.args.backlog).await?;
                most(value, "ms", control, 1.5 * control)
            }
            Task::OldTransaction => {
                let control = self.cost_of_an_event(false).await?;
                let value = self.cost_of_an_event(true).await?;
                most(value, "ms", control, 1.05 * control)
            }
            Task::Retention => {
                let (half, all) = self.sizes().await?;
                most(all, "MiB", half, 1.1 * half)
            }
        })
    }

    async fn emptied(&self) -> anyhow::Result<&Emptied> {
        self.emptied.get_or_try_init(|| self.drain(1, 0)).await
    }

    async fn drained(&self) -> Option<Drained> {
        *self.drained.get_or_init(|| self.graphile_worker()).await
    }
}
