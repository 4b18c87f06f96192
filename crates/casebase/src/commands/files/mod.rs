//! `casebase files`: files of cases, put and got as whoever is signed in; and for the operator, what was left half-way.

mod ls;
mod put;
mod sweep;

use clap::Subcommand;

use super::transfer::{self, Kind};

/// The options of `casebase files`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
`put`, `get`, `ls` and `rm` work as whoever signed in with `casebase login`: what they may not do, these can't.
Exit codes: 0 done; 1 failed, also if one of several files did; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add files to a case, several at once
    Put(put::Put),
    /// Get a file back, under its own name or another
    Get(transfer::Download),
    /// List the files of a case
    Ls(ls::Ls),
    /// Delete files
    Rm(transfer::Rm),
    /// End or take away what was left half-way: needs CASEBASE_SECRET_KEY for all that touches bytes
    Sweep(sweep::Sweep),
    /// Report what is not as it should be, and change nothing; fails if there is anything
    Check(sweep::Check),
}

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Put(put) => put.run().await,
        Command::Get(get) => get.run(Kind::File).await,
        Command::Ls(ls) => ls.run().await,
        Command::Rm(rm) => rm.run(Kind::File).await,
        Command::Sweep(sweep) => sweep.run().await,
        Command::Check(check) => check.run().await,
    }
}
