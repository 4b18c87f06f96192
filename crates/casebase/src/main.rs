//! `casebase`: case management that a Supabase project adds to itself.

use std::{io::IsTerminal, process::ExitCode};

use casebase::commands::{bench, demo, dev, migrate, serve};
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
    Bench(bench::Args),
    /// Show the main job on real data, from sign-up to a verified webhook, and end
    Demo(demo::Args),
    /// Run a local Supabase with Casebase and sample data (development and tests only)
    Dev(dev::Args),
    /// Apply Casebase's migrations to a database
    Migrate(migrate::Args),
    /// Run the service: uploads, downloads, webhooks
    Serve(serve::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    // A missing .env is the usual case; an unreadable one is not.
    if let Err(e) = dotenvy::dotenv()
        && !e.not_found()
    {
        return fail(&anyhow::anyhow!("the .env file can't be read: {e}"));
    }
    let cli = Cli::parse();
    // The demo tells its own story; what runs for long says what it does.
    let default_level = match cli.command {
        Command::Demo(_) => "warn",
        _ => "warn,casebase=info",
    };
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("CASEBASE_LOG")
                .unwrap_or_else(|_| default_level.into()),
        )
        .with_ansi(std::io::stderr().is_terminal() && no_color().is_none())
        .with_writer(std::io::stderr)
        .init();
    let result = match cli.command {
        Command::Bench(args) => bench::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Dev(args) => dev::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Serve(args) => serve::run(args).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&e),
    }
}

/// <https://no-color.org>: set and not empty means no colours.
fn no_color() -> Option<std::ffi::OsString> {
    std::env::var_os("NO_COLOR").filter(|value| !value.is_empty())
}

fn fail(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}
