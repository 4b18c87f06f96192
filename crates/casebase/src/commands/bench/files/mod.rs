//! `casebase bench files`: files through the service against the same client at Storage itself.
//!
//! The client, the bytes and the local Storage are the same; the service is a process of its own, as it is deployed, so
//! that its memory is its own. What goes to Storage directly goes into a bucket whose policy asks for nothing, with a token
//! as users have one. Both take turns.

mod people;
mod transfer;

use std::time::Duration;

use anyhow::Context;
use casebase_local::{Options, Stack};

use self::{
    people::{Desk, Storage},
    transfer::Way,
};
use super::{
    progress::Progress,
    report::{self, Bound, Measurement},
    service::Service,
};
use crate::commands::dev;

/// The options of `casebase bench files`. Run it in a release build, on a machine that does nothing else.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How large the large files are, in MiB
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=4096))]
    mib: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Measure only what has this in its name
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

const MIB: u64 = 1024 * 1024;
const SMALL: u64 = 100 * 1024;
/// Small files are sent one after another for this long, in each turn.
const TURN: Duration = Duration::from_secs(2);
/// Both take so many turns; the median counts.
const TURNS: usize = 3;
/// Allocators give memory back a little later than it is free.
const PURGE: Duration = Duration::from_secs(2);

/// The time of 0.9 times the rate.
const LARGE_AT_MOST: f64 = 1.0 / 0.9;
const SMALL_AT_MOST: f64 = 3.0;
/// What the service may need beyond what it needs when it does nothing, in MiB: for one file, and for sixteen at once.
const ONE_AT_MOST: f64 = 64.0;
const SIXTEEN_AT_MOST: f64 = 256.0;

/// Starts a stack and a service for each backend, measures, prints.
pub async fn run(args: Args) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        tracing::warn!(
            "this is a debug build: its figures say little, use `cargo run --release -- bench files`"
        );
    }
    let stack = Stack::start(Options {
        access_token_hook: Some(dev::ACCESS_TOKEN_HOOK.into()),
        ..Options::default()
    })
    .await?;
    let result = measure_all(&args, &stack).await;
    stack.stop().await;
    let measurements = result?;
    if args.json {
        return report::print_json(&measurements);
    }
    report::print_table(&measurements, "service", "alone")?;
    Ok(())
}

/// What is measured, with so many files at a time.
#[derive(Clone, Copy)]
enum Task {
    Upload(Way, u64),
    Download(u64),
    /// The most that the service needs meanwhile, beyond what it needs when it does nothing: MiB that it may be.
    Peak(f64),
    /// What it keeps of that.
    Kept,
}

fn tasks(large: u64) -> Vec<(usize, Task)> {
    let shared = (large / 16).max(MIB);
    let uploads = [(1, SMALL), (16, SMALL), (1, large), (16, shared)]
        .into_iter()
        .flat_map(|(at_once, size)| {
            [Way::Raw, Way::Form].map(|way| (at_once, Task::Upload(way, size)))
        });
    let others = [
        (1, Task::Download(SMALL)),
        (1, Task::Download(large)),
        (1, Task::Peak(ONE_AT_MOST)),
        (16, Task::Peak(SIXTEEN_AT_MOST)),
        (16, Task::Kept),
    ];
    uploads.chain(others).collect()
}

impl Task {
    fn name(self) -> String {
        match self {
            Self::Upload(way, size) => format!("{} of {}", way.name(), in_words(size)),
            Self::Download(size) => format!("download of {}", in_words(size)),
            Self::Peak(_) => "peak memory".into(),
            Self::Kept => "memory that stays".into(),
        }
    }
}

async fn measure_all(args: &Args, stack: &Stack) -> anyhow::Result<Vec<Measurement>> {
    Progress::prepares("Starting the service");
    dev::migrate(stack).await?;
    let desk = Desk::new(stack).await?;
    let large = args.mib * MIB;
    let named = |storage: Storage| {
        let tasks = tasks(large).into_iter().map(move |(at_once, task)| {
            let name = format!("{storage}: {at_once:>2} at a time: {}", task.name());
            (name, at_once, task)
        });
        let wanted = |name: &str| args.only.as_ref().is_none_or(|only| name.contains(only));
        tasks
            .filter(move |(name, ..)| wanted(name))
            .collect::<Vec<_>>()
    };
    let all = [Storage::S3, Storage::Rest].map(|storage| (storage, named(storage)));
    let mut progress = Progress::new(all.iter().map(|(_, tasks)| tasks.len()).sum());
    let mut measurements = Vec::new();
    for (storage, tasks) in all {
        if tasks.is_empty() {
            continue;
        }
        let settings = [
            ("CASEBASE_STORAGE", storage.to_string()),
            (
                "CASEBASE_MAX_FILE_BYTES",
                (2 * large.max(64 * MIB)).to_string(),
            ),
        ];
        let service = Service::start(stack, settings).await?;
        let bench = Bench::new(&desk, &service, large).await?;
        for (name, at_once, task) in tasks {
            progress.measures(&name);
            measurements.push(bench.measure(name, at_once, task).await?);
        }
        service.stop().await?;
    }
    Ok(measurements)
}

/// The service over one backend.
struct Bench<'a> {
    desk: &'a Desk,
    service: &'a Service,
    /// How large large files are, in bytes.
    large: u64,
    /// What the service needs before anything is measured, in MiB.
    idle: f64,
}

impl<'a> Bench<'a> {
    /// Connections are opened and statements prepared before anything counts.
    async fn new(desk: &'a Desk, service: &'a Service, large: u64) -> anyhow::Result<Self> {
        let mut bench = Self {
            desk,
            service,
            large,
            idle: 0.0,
        };
        for way in [Way::Direct, Way::Raw, Way::Form] {
            bench.transfer(way, SMALL).await?;
        }
        bench.idle = service.memory()?.now;
        Ok(bench)
    }

    async fn measure(
        &self,
        name: String,
        at_once: usize,
        task: Task,
    ) -> anyhow::Result<Measurement> {
        match task {
            Task::Upload(way, size) => self.upload(name, way, size, at_once).await,
            Task::Download(size) => self.download(name, size).await,
            Task::Peak(most) => {
                let peak = self.peak(at_once).await?;
                Ok(of_memory(name, peak, self.idle, most))
            }
            Task::Kept => {
                self.peak(at_once).await?;
                tokio::time::sleep(PURGE).await;
                let now = self.service.memory()?.now;
                Ok(of_memory(name, now, self.idle, ONE_AT_MOST))
            }
        }
    }

    async fn transfer(&self, way: Way, size: u64) -> anyhow::Result<transfer::Stored> {
        let sent = transfer::upload(self.desk, self.service.url(), way, size).await;
        sent.with_context(|| format!("an upload of {size} bytes ({})", way.name()))
    }

    async fn upload(
        &self,
        name: String,
        way: Way,
        size: u64,
        at_once: usize,
    ) -> anyhow::Result<Measurement> {
        let (mut values, mut controls) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            values.push(self.time_of_one(way, size, at_once).await?);
            controls.push(self.time_of_one(Way::Direct, size, at_once).await?);
        }
        Ok(compared(name, values, controls, at_most(size)))
    }

    /// Milliseconds that go by for one file, with so many under way.
    async fn time_of_one(&self, way: Way, size: u64, at_once: usize) -> anyhow::Result<f64> {
        let turn = if size == SMALL { TURN } else { Duration::ZERO };
        let began = std::time::Instant::now();
        let counts = futures::future::try_join_all((0..at_once).map(|_| async move {
            let mut count = 0_u32;
            loop {
                self.transfer(way, size).await?;
                count += 1;
                if began.elapsed() >= turn {
                    return anyhow::Ok(count);
                }
            }
        }))
        .await?;
        let count = f64::from(counts.iter().sum::<u32>());
        Ok(began.elapsed().as_secs_f64() * 1000.0 / count)
    }

    async fn download(&self, name: String, size: u64) -> anyhow::Result<Measurement> {
        let ours = self.transfer(Way::Raw, size).await?;
        let theirs = self.transfer(Way::Direct, size).await?;
        let (mut values, mut controls) = (Vec::new(), Vec::new());
        let times = if size == SMALL { 300 } else { 1 };
        for _ in 0..TURNS {
            for (stored, times_of) in [(&ours, &mut values), (&theirs, &mut controls)] {
                let began = std::time::Instant::now();
                for _ in 0..times {
                    transfer::download(self.desk, self.service.url(), stored, size).await?;
                }
                times_of.push(began.elapsed().as_secs_f64() * 1000.0 / f64::from(times));
            }
        }
        Ok(compared(name, values, controls, at_most(size)))
    }

    /// The most that the service needs while so many large files pass, in MiB.
    async fn peak(&self, at_once: usize) -> anyhow::Result<f64> {
        self.service.forget_peak()?;
        let size = (self.large / at_once as u64).max(16 * MIB);
        for way in [Way::Raw, Way::Form] {
            self.time_of_one(way, size, at_once).await?;
        }
        Ok(self.service.memory()?.peak)
    }
}

fn at_most(size: u64) -> f64 {
    if size == SMALL {
        SMALL_AT_MOST
    } else {
        LARGE_AT_MOST
    }
}

fn in_words(size: u64) -> String {
    match size {
        size if size < MIB => format!("{} KiB", size / 1024),
        size => format!("{} MiB", size / MIB),
    }
}

fn compared(name: String, values: Vec<f64>, controls: Vec<f64>, at_most: f64) -> Measurement {
    let (value, control) = (median(values), median(controls));
    let target = at_most * control;
    Measurement::new(name, value, "ms", control, Bound::AtMost, target)
}

fn of_memory(name: String, value: f64, idle: f64, at_most: f64) -> Measurement {
    Measurement::new(name, value, "MiB", idle, Bound::AtMost, idle + at_most)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
