//! `casebase desk`: the case desk as files, for any host that serves files.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use casebase_desk::Settings;

use super::place::Place;
use crate::terminal;

/// The options of `casebase desk`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the files into this folder, which is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Writes the files and says where their headers are told.
pub fn run(args: Args) -> anyhow::Result<()> {
    let place = args.place.read()?;
    let settings = Settings {
        supabase_url: place.supabase,
        anon_key: place.anon_key,
        service_url: place.service.into(),
    };
    casebase_desk::write(&args.out, &settings)
        .with_context(|| format!("--out {}", args.out.display()))?;
    let folder = args.out.display();
    writeln!(
        terminal::stdout(),
        "The case desk is in {folder}; its config.json says whom its pages ask.\n\
         Its answers should have the headers in {folder}/_headers, which some hosts read by themselves."
    )?;
    Ok(())
}
