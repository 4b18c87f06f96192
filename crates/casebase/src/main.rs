//! `casebase`: case management that a Supabase project adds to itself.

use std::{io::ErrorKind, process::ExitCode};

#[cfg(feature = "local")]
use casebase::commands::{bench, demo, dev};
use casebase::{
    commands::{client_data, desk, documents, files, login, migrate, realtime, serve, webhooks},
    environment::{self, LogFormat},
    terminal,
};
use clap::{Parser, Subcommand, error::ErrorKind as Misuse};

#[derive(Parser)]
#[command(name = "casebase", version, about, propagate_version = true, after_help = environment::HELP)]
struct Cli {
    /// How the log is written on standard error [default: CASEBASE_LOG_FORMAT, or text]
    #[arg(long, value_name = "FORMAT", global = true)]
    log_format: Option<LogFormat>,
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
    /// Write the case desk's files for a host of your own (`casebase serve` has it under /desk/)
    Desk(desk::Args),
    /// Run a local Supabase with Casebase and sample data (development and tests only)
    #[cfg(feature = "local")]
    Dev(dev::Args),
    /// Put, get, list and delete documents of clients
    Documents(documents::Args),
    /// Erase a client: rows, history, what webhooks keep, and files
    EraseClient(client_data::erase::Args),
    /// Write all that is kept of a client into a folder: rows and files
    ExportClient(client_data::export::Args),
    /// Put, get, list and delete files of cases; for the operator, sweep and check them
    Files(files::Args),
    /// Sign in, for the commands that work as somebody
    Login(login::Login),
    /// Sign out
    Logout,
    /// Apply Casebase's migrations to a database
    Migrate(migrate::Args),
    /// Switch live notices over Supabase's Realtime on or off
    Realtime(realtime::Args),
    /// Run the service: uploads, downloads, webhooks
    Serve(serve::Args),
    /// Look after webhooks: endpoints, deliveries, samples
    Webhooks(webhooks::Args),
    /// Say who is signed in
    Whoami(login::WhoAmI),
}

impl Command {
    /// What is logged without CASEBASE_LOG. The demo and the benches tell their own story; what runs for long says what
    /// it does. A slow statement says nothing but to the operator of a service: here they are whole migrations.
    fn default_log(&self) -> &'static str {
        match self {
            #[cfg(feature = "local")]
            Self::Bench(_) | Self::Demo(_) => "warn,sqlx::query=error",
            Self::Serve(_) => "warn,casebase=info",
            _ => "warn,casebase=info,sqlx::query=error",
        }
    }

    async fn run(self) -> anyhow::Result<()> {
        match self {
            #[cfg(feature = "local")]
            Self::Bench(args) => bench::run(args).await,
            #[cfg(feature = "local")]
            Self::Demo(args) => demo::run(args).await,
            Self::Desk(args) => desk::run(args),
            Self::Documents(args) => documents::run(args).await,
            Self::EraseClient(args) => client_data::erase::run(args).await,
            Self::ExportClient(args) => client_data::export::run(args).await,
            Self::Files(args) => files::run(args).await,
            Self::Login(args) => login::login(args).await,
            Self::Logout => login::logout().await,
            #[cfg(feature = "local")]
            Self::Dev(args) => dev::run(args).await,
            Self::Migrate(args) => migrate::run(args).await,
            Self::Realtime(args) => realtime::run(args).await,
            Self::Serve(args) => serve::run(args).await,
            Self::Webhooks(args) => webhooks::run(args).await,
            Self::Whoami(args) => login::whoami(args).await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(usage) = error.downcast_ref::<clap::Error>() {
                usage.exit();
            }
            // Who reads what is printed has read enough.
            let pipe = error.downcast_ref().map(std::io::Error::kind);
            if pipe != Some(ErrorKind::BrokenPipe) {
                terminal::say_error(&error);
            }
            ExitCode::FAILURE
        }
    }
}

async fn start() -> anyhow::Result<()> {
    // Before the arguments, which may be variables; but whoever asks for help or the version needs neither.
    let dotenv = environment::load_dotenv();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(missing) if missing.kind() == Misuse::MissingRequiredArgument && dotenv.is_err() => {
            return Ok(dotenv?);
        }
        Err(error) => error.exit(),
    };
    dotenv?;
    environment::start_log(cli.log_format, cli.command.default_log())?;
    cli.command.run().await
}
