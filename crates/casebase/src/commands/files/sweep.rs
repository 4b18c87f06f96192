//! `casebase files sweep` and `check`: what was left half-way is ended, and whether all is as it should be.

use std::io::Write as _;

use crate::terminal::{self, Progress};
use anyhow::Context;
use casebase_server::{
    Config,
    sweep::{Fault, Files, Outcome},
};

/// `casebase files sweep`
#[derive(Debug, clap::Args)]
#[command(after_help = SETTINGS)]
pub struct Sweep {}

/// `casebase files check`
#[derive(Debug, clap::Args)]
#[command(after_help = SETTINGS)]
pub struct Check {}

const SETTINGS: &str = "Reads the settings of `casebase serve`: its help lists them.";

impl Sweep {
    pub async fn run(self) -> anyhow::Result<()> {
        sweep(&files()?).await
    }
}

impl Check {
    pub async fn run(self) -> anyhow::Result<()> {
        check(&files()?).await
    }
}

fn files() -> anyhow::Result<Files> {
    let config = Config::from_environment()
        .map_err(|e| anyhow::anyhow!("{e}\nhint: `casebase serve --help` lists every variable"))?;
    Ok(Files::new(&config)?)
}

async fn sweep(files: &Files) -> anyhow::Result<()> {
    let progress = Progress::new();
    let outcome = files
        .sweep(|done, of| progress.says(format_args!("{done} of {of} files")))
        .await
        .context("files can't be swept")?;
    drop(progress);
    let Outcome {
        verified,
        refused,
        removed,
        moved,
        need_key,
        failed,
    } = outcome;
    writeln!(
        terminal::stdout(),
        "verified {verified}, refused {refused}, removed {removed}, moved {moved}"
    )?;
    if need_key > 0 {
        anyhow::bail!("{need_key} files wait for a secret key\nhint: set CASEBASE_SECRET_KEY");
    }
    if failed > 0 {
        anyhow::bail!("{failed} files are left half-way: the log says why");
    }
    Ok(())
}

async fn check(files: &Files) -> anyhow::Result<()> {
    let progress = Progress::new();
    let faults = files
        .check(|looked_at| progress.says(format_args!("{looked_at} rows and objects")))
        .await
        .context("files can't be checked")?;
    drop(progress);
    let mut out = terminal::stdout();
    for fault in &faults {
        match fault {
            Fault::File { kind, id, fault } => writeln!(out, "{kind} {id}: {fault}")?,
            Fault::Unnamed { bucket, path } => {
                writeln!(out, "{bucket}/{path}: no file names this object")?;
            }
        }
    }
    match faults.len() {
        0 => Ok(()),
        number => anyhow::bail!("{number} things are not as they should be"),
    }
}
