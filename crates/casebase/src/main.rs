//! `casebase`: case management that a Supabase project adds to itself.

use std::{io::Write, process::ExitCode};

#[cfg(feature = "local")]
use casebase::commands::{bench, demo, dev};
use casebase::{
    commands::{migrate, serve},
    terminal,
};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "casebase", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure what Casebase costs, on a stack of its own
    #[cfg(feature = "local")]
    Bench(bench::Args),
    /// Show the main job on real data, from sign-up to a verified webhook, and end
    #[cfg(feature = "local")]
    Demo(demo::Args),
    /// Run a local Supabase with Casebase and sample data (development and tests only)
    #[cfg(feature = "local")]
    Dev(dev::Args),
    /// Apply Casebase's migrations to a database
    Migrate(migrate::Args),
    /// Run the service: uploads, downloads, webhooks
    Serve(serve::Args),
}

impl Command {
    /// What is logged without CASEBASE_LOG. The demo tells its own story; what runs for long says what it does.
    fn default_log(&self) -> &'static str {
        match self {
            #[cfg(feature = "local")]
            Self::Demo(_) => "warn",
            _ => "warn,casebase=info",
        }
    }

    async fn run(self) -> anyhow::Result<()> {
        match self {
            #[cfg(feature = "local")]
            Self::Bench(args) => bench::run(args).await,
            #[cfg(feature = "local")]
            Self::Demo(args) => demo::run(args).await,
            #[cfg(feature = "local")]
            Self::Dev(args) => dev::run(args).await,
            Self::Migrate(args) => migrate::run(args).await,
            Self::Serve(args) => serve::run(args).await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // A missing .env is the usual case; an unreadable one is not.
    if let Err(e) = dotenvy::dotenv()
        && !e.not_found()
    {
        return fail(&anyhow::anyhow!("the .env file can't be read: {e}"));
    }
    let command = Cli::parse().command;
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("CASEBASE_LOG")
                .unwrap_or_else(|_| command.default_log().into()),
        )
        .with_ansi(terminal::has_color(&terminal::stderr()))
        .with_writer(terminal::stderr)
        .init();
    match command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&e),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(terminal::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}
