//! `casebase bench access`: what row level security costs at a million cases.
//!
//! The same SQL runs as the tables' owner, with the WHERE that says what the person may see, and under row level
//! security as that person, with the role and the claims that PostgREST sets. Both take turns.
//!
//! A question is "narrowed" when its filter names what makes the cases one's own: the client, or who it is assigned to.

pub mod load;
mod measure;
pub mod people;
pub mod questions;

use std::path::PathBuf;

use casebase_local::{Options, Stack, postgres::SUPERUSER};
use sqlx::{Connection, PgConnection};

use self::measure::Pair;
use super::{
    progress::Progress,
    report::{self, Earlier},
};
use crate::commands::{dev, stop_signal};

/// The options of `casebase bench access`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many cases; three times as many interactions, as many files
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1000..))]
    cases: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Keep the loaded database here, and use it again if it is there [default: thrown away]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Measure only what has this in its name
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Say how much each grew since this report, which --json gave with fewer cases
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
}

/// Starts a stack, loads it, measures, prints.
pub async fn run(args: Args) -> anyhow::Result<()> {
    // Before anything is loaded.
    let earlier = args.since.as_deref().map(Earlier::read).transpose()?;
    let stack = Stack::start(Options {
        data: args.data.clone(),
        ..Options::default()
    })
    .await?;
    let result = tokio::select! {
        result = run_started(&args, &stack, earlier.as_ref()) => result,
        signal = stop_signal() => signal.map_err(Into::into),
    };
    stack.stop().await;
    result
}

async fn run_started(args: &Args, stack: &Stack, earlier: Option<&Earlier>) -> anyhow::Result<()> {
    dev::migrate(stack).await?;
    let superuser = stack.database_url(SUPERUSER);
    if load::is_loaded(&superuser).await? {
        Progress::prepares("The database is loaded already");
    } else {
        load::load(&superuser, args.cases).await?;
    }

    let mut pair = Pair::connect(
        &stack.database_url("postgres"),
        &stack.database_url("authenticator"),
    )
    .await?;
    let mut connection = PgConnection::connect(&superuser).await?;
    let everybody = people::everybody(&mut connection).await?;
    let questions: Vec<_> = everybody
        .iter()
        .flat_map(|asker| questions::of(asker).into_iter().map(move |q| (asker, q)))
        .map(|(asker, question)| {
            (
                format!("{}: {}", asker.name, question.name),
                asker,
                question,
            )
        })
        .filter(|(name, ..)| args.only.as_ref().is_none_or(|only| name.contains(only)))
        .collect();
    let mut progress = Progress::new(questions.len());
    let mut measurements = Vec::new();
    for (name, asker, question) in &questions {
        progress.measures(name);
        let mut measured = pair.measure(name.clone(), asker, question).await?;
        measured.growth = earlier.and_then(|earlier| earlier.growth_to(&measured));
        measurements.push(measured);
    }
    drop(progress);
    connection.close().await?;
    if args.json {
        return report::print_json(&measurements);
    }
    report::print_table(&measurements, "under RLS", "as owner")?;
    Ok(())
}
