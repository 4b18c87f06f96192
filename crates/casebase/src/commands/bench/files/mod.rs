//! `casebase bench files`: files through the service against the same client at Storage itself.
//!
//! The client, the bytes and the local Storage are the same; the service is a process of its own, as it is deployed, so
//! that its memory is its own. What goes to Storage directly goes into a bucket whose policy asks for nothing, with a token
//! as users have one. Both take turns.
//!
//! Twice: with the project on the same machine, where everybody's work is on the same processors, which says what the
//! service costs; and with a network in front of it, as most have one, which says what people wait.

mod network;
mod people;
mod processor;
mod transfer;

use std::time::{Duration, Instant};

use anyhow::Context;
use casebase_local::{Options, Stack};

use self::{
    network::Network,
    people::{Desk, Storage},
    processor::Spent,
    transfer::Way,
};
use super::{
    progress::Progress,
    report::{self, Bound, Measurement, Processor},
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
    let mut measurements = Vec::new();
    let result = measure_all(&args, &stack, &mut measurements).await;
    stack.stop().await;
    // What was measured before something failed is worth having.
    if args.json {
        report::print_json(&measurements)?;
    } else {
        report::print_table(&measurements, "service", "alone")?;
    }
    result
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

/// The ways past the service.
const WAYS: [Way; 3] = [Way::Raw, Way::Form, Way::Chunks];

fn transfers(large: u64) -> impl Iterator<Item = (usize, Task)> {
    let shared = (large / 16).max(MIB);
    let sizes = [(1, SMALL), (16, SMALL), (1, large), (16, shared)];
    let uploads = sizes
        .into_iter()
        .flat_map(|(at_once, size)| WAYS.map(|way| (at_once, Task::Upload(way, size))));
    uploads.chain([SMALL, large].map(|size| (1, Task::Download(size))))
}

const MEMORY: [(usize, Task); 3] = [
    (1, Task::Peak(ONE_AT_MOST)),
    (16, Task::Peak(SIXTEEN_AT_MOST)),
    (16, Task::Kept),
];

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

/// Where what is measured with one service runs.
struct Setting<'a> {
    storage: Storage,
    network: Option<&'a Network>,
    tasks: Vec<(String, usize, Task)>,
}

impl<'a> Setting<'a> {
    /// With what the arguments want to know of it.
    fn new(storage: Storage, network: Option<&'a Network>, args: &Args) -> Self {
        let large = args.mib * MIB;
        let (memory, place) = match network {
            None => (&MEMORY[..], ""),
            Some(_) => (&[][..], ", over 1 Gbit/s"),
        };
        let named = transfers(large)
            .chain(memory.iter().copied())
            .map(|(at_once, task)| {
                let name = format!("{storage}: {at_once:>2} at a time: {}{place}", task.name());
                (name, at_once, task)
            });
        let wanted = |name: &str| args.only.as_ref().is_none_or(|only| name.contains(only));
        Self {
            storage,
            network,
            tasks: named.filter(|(name, ..)| wanted(name)).collect(),
        }
    }

    /// What the service is told: where the project is, across the network if there is one, and how it stores.
    fn of_service(&self, stack: &Stack, large: u64) -> anyhow::Result<Vec<(&'static str, String)>> {
        let across = |url: String| match self.network {
            Some(network) => network.in_front_of(&url),
            None => Ok(url),
        };
        Ok(vec![
            ("SUPABASE_URL", across(stack.url())?),
            ("SUPABASE_S3_ENDPOINT", across(stack.s3_endpoint())?),
            ("CASEBASE_STORAGE", self.storage.to_string()),
            (
                "CASEBASE_MAX_FILE_BYTES",
                (2 * large.max(64 * MIB)).to_string(),
            ),
        ])
    }
}

async fn measure_all(
    args: &Args,
    stack: &Stack,
    measurements: &mut Vec<Measurement>,
) -> anyhow::Result<()> {
    Progress::prepares("Starting the service");
    dev::migrate(stack).await?;
    people::prepare(stack).await?;
    let network = Network::before(&stack.url()).await?;
    let beside = Desk::new(stack, &stack.url(), "beside.example.com").await?;
    let across = network.in_front_of(&stack.url())?;
    let across = Desk::new(stack, &across, "across.example.com").await?;
    let large = args.mib * MIB;
    let settings = [None, Some(&network)].map(|network| {
        [Storage::S3, Storage::Rest].map(|storage| Setting::new(storage, network, args))
    });
    let settings: Vec<_> = settings.into_iter().flatten().collect();
    let mut progress = Progress::new(settings.iter().map(|s| s.tasks.len()).sum());
    for setting in settings.into_iter().filter(|s| !s.tasks.is_empty()) {
        let service = Service::start(stack, setting.of_service(stack, large)?).await?;
        let desk = match setting.network {
            None => &beside,
            Some(_) => &across,
        };
        let bench = Bench::new(desk, &service, large).await?;
        for (name, at_once, task) in setting.tasks {
            progress.measures(&name);
            measurements.push(bench.measure(name, at_once, task).await?);
        }
        service.stop().await?;
    }
    Ok(())
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
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            ours.push(self.time_of_one(way, size, at_once).await?);
            theirs.push(self.time_of_one(Way::Direct, size, at_once).await?);
        }
        Ok(compared(name, ours, theirs, at_most(size)))
    }

    /// What goes by and is spent for one file, with so many under way.
    async fn time_of_one(&self, way: Way, size: u64, at_once: usize) -> anyhow::Result<Cost> {
        let turn = if size == SMALL { TURN } else { Duration::ZERO };
        let (began, spent) = (Instant::now(), Spent::now(self.service.id())?);
        let stored = futures::future::try_join_all((0..at_once).map(|_| async move {
            let mut stored = Vec::new();
            loop {
                stored.push(self.transfer(way, size).await?);
                if began.elapsed() >= turn {
                    return anyhow::Ok(stored);
                }
            }
        }))
        .await?;
        let stored = stored.concat();
        let cost = self.cost(began, spent, stored.len())?;
        self.remove(stored).await?;
        Ok(cost)
    }

    /// What was uploaded, once it is measured: together it is more than many disks hold.
    async fn remove(&self, stored: Vec<transfer::Stored>) -> anyhow::Result<()> {
        for stored in stored {
            transfer::remove(self.desk, self.service.url(), &stored).await?;
        }
        Ok(())
    }

    fn cost(&self, began: Instant, before: Spent, count: usize) -> anyhow::Result<Cost> {
        let each = 1000.0 / count as f64;
        let spent = Spent::now(self.service.id())?.since(before);
        Ok(Cost {
            time: began.elapsed().as_secs_f64() * each,
            service: spent.service * each,
            others: spent.others * each,
        })
    }

    async fn download(&self, name: String, size: u64) -> anyhow::Result<Measurement> {
        let stored = self.transfer(Way::Raw, size).await?;
        let at_storage = self.transfer(Way::Direct, size).await?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let times = if size == SMALL { 300 } else { 1 };
        for _ in 0..TURNS {
            for (stored, costs) in [(&stored, &mut ours), (&at_storage, &mut theirs)] {
                let (began, spent) = (Instant::now(), Spent::now(self.service.id())?);
                for _ in 0..times {
                    transfer::download(self.desk, self.service.url(), stored, size).await?;
                }
                costs.push(self.cost(began, spent, times)?);
            }
        }
        self.remove(vec![stored, at_storage]).await?;
        Ok(compared(name, ours, theirs, at_most(size)))
    }

    /// The most that the service needs while so many large files pass, in MiB.
    async fn peak(&self, at_once: usize) -> anyhow::Result<f64> {
        self.service.forget_peak()?;
        let size = (self.large / at_once as u64).max(16 * MIB);
        for way in WAYS {
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

/// Of one file, in milliseconds: what went by, and what processors spent.
struct Cost {
    time: f64,
    service: f64,
    others: f64,
}

fn compared(name: String, ours: Vec<Cost>, theirs: Vec<Cost>, at_most: f64) -> Measurement {
    let middle = |costs: &[Cost], of: fn(&Cost) -> f64| median(costs.iter().map(of).collect());
    let (value, control) = (middle(&ours, |c| c.time), middle(&theirs, |c| c.time));
    let target = at_most * control;
    Measurement {
        processor: Some(Processor {
            ours: middle(&ours, |c| c.service),
            others: middle(&ours, |c| c.others),
            control: middle(&theirs, |c| c.service + c.others),
        }),
        ..Measurement::new(name, value, "ms", control, Bound::AtMost, target)
    }
}

fn of_memory(name: String, value: f64, idle: f64, at_most: f64) -> Measurement {
    Measurement::new(name, value, "MiB", idle, Bound::AtMost, idle + at_most)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
