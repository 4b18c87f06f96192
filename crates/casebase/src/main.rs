//! `casebase`: case management that a Supabase project adds to itself.

use std::{
    io::{ErrorKind, Write as _},
    process::ExitCode,
};

#[cfg(feature = "local")]
use casebase::commands::{bench, demo, dev};
use casebase::{
    commands::{
        backup, cases, client_data, desk, doctor, documents, files, install, login, man, migrate,
        people::{clients, departments, invite, specialties, staff},
        realtime, serve, uninstall, webhooks,
    },
    environment::{self, LogFormat},
    terminal, version,
};
use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind as Misuse};
use clap_complete::Shell;

#[derive(Parser)]
#[command(name = "casebase", version, long_version = version::long(), about, propagate_version = true, after_help = environment::HELP)]
struct Cli {
    /// How the log is written on standard error [default: CASEBASE_LOG_FORMAT, or text]
    #[arg(long, value_name = "FORMAT", global = true)]
    log_format: Option<LogFormat>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write all that Casebase keeps in a project into a folder: rows and files
    Backup(backup::Args),
    /// Measure what Casebase costs, on a stack of its own
    #[cfg(feature = "local")]
    Bench(bench::Args),
    /// Open, list, change, answer and export cases
    Cases(cases::Args),
    /// List, add and change clients, and who acts for them
    Clients(clients::Args),
    /// Print the completions of a shell, for it to read when it starts
    Completions(Completions),
    /// Show the main job on real data, from sign-up to a verified webhook, and end
    #[cfg(feature = "local")]
    Demo(demo::Args),
    /// List, add, change and delete departments
    Departments(departments::Args),
    /// Write the case desk's files for a host of your own (`casebase serve` has it under /desk/)
    Desk(desk::Args),
    /// Run a local Supabase with Casebase and sample data (development and tests only)
    #[cfg(feature = "local")]
    Dev(dev::Args),
    /// Check a project from its catalogue to its keys, and mend what is safe
    Doctor(doctor::Args),
    /// Put, get, list and delete documents of clients
    Documents(documents::Args),
    /// Erase a client: rows, history, what webhooks keep, and files
    EraseClient(client_data::erase::Args),
    /// Write all that is kept of a client into a folder: rows and files
    ExportClient(client_data::export::Args),
    /// Put, get, list and delete files of cases; for the operator, sweep and check them
    Files(files::Args),
    /// Write Casebase's migrations into a Supabase project's folder, for `supabase db push`
    Install(install::Args),
    /// Invite people by their e-mail address: staff, and members of clients
    Invite(invite::Args),
    /// Sign in, for the commands that work as somebody
    Login(login::Login),
    /// Sign out
    Logout,
    /// Write the manual pages, one a command, for `man` to read
    Man(man::Args),
    /// Apply Casebase's migrations to a database, all of them or none
    Migrate(migrate::Args),
    /// Switch live notices over Supabase's Realtime on or off
    Realtime(realtime::Args),
    /// Bring back what `casebase backup` wrote, into a project in which nobody has worked yet
    Restore(backup::RestoreArgs),
    /// Run the service: uploads, downloads, webhooks
    Serve(serve::Args),
    /// List, add, change and delete specialties
    Specialties(specialties::Args),
    /// List, add and change staff
    Staff(staff::Args),
    /// Take Casebase out of a project
    Uninstall(uninstall::Args),
    /// Look after webhooks: endpoints, deliveries, samples
    Webhooks(webhooks::Args),
    /// Say who is signed in
    Whoami(login::WhoAmI),
}

/// The options of `casebase completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
bash: casebase completions bash > ~/.local/share/bash-completion/completions/casebase
zsh:  casebase completions zsh > a file _casebase in a folder of your $fpath
fish: casebase completions fish > ~/.config/fish/completions/casebase.fish")]
struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL", value_parser = clap::value_parser!(Shell))]
    shell: Shell,
}

impl Completions {
    /// Of every command and option that there is.
    fn print(self) -> std::io::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "casebase", &mut script);
        terminal::stdout().write_all(&script)
    }
}

impl Command {
    /// What is logged without CASEBASE_LOG. The demo and the benches tell their own story; what runs for long says what
    /// it does. A slow statement, or a slow connection, says nothing but to the operator of a service: here they are whole
    /// migrations, on whatever machine.
    fn default_log(&self) -> &'static str {
        match self {
            #[cfg(feature = "local")]
            Self::Bench(_) | Self::Demo(_) => "warn,sqlx::query=error,sqlx::pool=error",
            Self::Serve(_) => "warn,casebase=info",
            _ => "warn,casebase=info,sqlx::query=error,sqlx::pool=error",
        }
    }

    async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Backup(args) => backup::backup(args).await,
            #[cfg(feature = "local")]
            Self::Bench(args) => bench::run(args).await,
            #[cfg(feature = "local")]
            Self::Demo(args) => demo::run(args).await,
            Self::Cases(args) => cases::run(args).await,
            Self::Clients(args) => clients::run(args).await,
            Self::Completions(args) => Ok(args.print()?),
            Self::Departments(args) => departments::run(args).await,
            Self::Desk(args) => desk::run(args),
            Self::Doctor(args) => doctor::run(args).await,
            Self::Documents(args) => documents::run(args).await,
            Self::EraseClient(args) => client_data::erase::run(args).await,
            Self::ExportClient(args) => client_data::export::run(args).await,
            Self::Files(args) => files::run(args).await,
            Self::Install(args) => install::run(args),
            Self::Invite(args) => invite::run(args).await,
            Self::Login(args) => login::login(args).await,
            Self::Logout => login::logout().await,
            #[cfg(feature = "local")]
            Self::Dev(args) => dev::run(args).await,
            Self::Man(args) => args.write(Cli::command()),
            Self::Migrate(args) => migrate::run(args).await,
            Self::Realtime(args) => realtime::run(args).await,
            Self::Restore(args) => backup::restore(args).await,
            Self::Serve(args) => serve::run(args).await,
            Self::Specialties(args) => specialties::run(args).await,
            Self::Staff(args) => staff::run(args).await,
            Self::Uninstall(args) => uninstall::run(args).await,
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
            if let Some(unwell) = error.downcast_ref::<doctor::Unwell>() {
                return ExitCode::from(unwell.status());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_can_be_called() {
        Cli::command().debug_assert();
    }
}
