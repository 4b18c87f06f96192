//! `casebase cases`: case work as whoever is signed in. What the service has a route for goes over it: there a change has its
//! effect once, however often it has to be sent, and what is refused names its field. The rest are the functions and tables
//! that every frontend uses.

mod export;
mod list;
mod new;
mod outcome;
mod say;
mod search;
mod show;
mod step;
mod update;

use clap::{Subcommand, builder::PossibleValuesParser};

use super::naming;

/// The options of `casebase cases`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
They work as whoever signed in with `casebase login`: what they may not do, these can't.
A case is CASE-0012, case-12 or 12; people, departments, specialties and clients are named by their name, a part of it that
no other has, or their id.
Exit codes: 0 done; 1 failed, also if it failed for one of several cases; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open a case
    New(new::New),
    /// List cases, the newest first
    List(list::List),
    /// Find cases by their texts, the best first
    Search(search::Search),
    /// Show a case: what is known of it, and what was said
    Show(show::Show),
    /// Change cases
    Update(update::Update),
    /// Give cases to a member of staff or a department, also out of your own sight
    Assign(step::Assign),
    /// Take cases that nobody has
    Take(step::Take),
    /// Escalate cases
    Escalate(step::Escalate),
    /// Open resolved cases again
    Reopen(step::Reopen),
    /// Say something in cases; without --message and --file, in your editor
    Reply(say::Reply),
    /// Write an internal note, which no client sees; without --message and --file, in your editor
    Note(say::Note),
    /// Show what happened to a case, the newest first
    History(show::History),
    /// Close a case as the duplicate of another
    Merge(step::Merge),
    /// Write all the cases there are, or those of some filters, to a file
    Export(export::Export),
}

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::New(new) => new.run().await,
        Command::List(list) => list.run().await,
        Command::Search(search) => search.run().await,
        Command::Show(show) => show.run().await,
        Command::Update(update) => update.run().await,
        Command::Assign(assign) => assign.run().await,
        Command::Take(take) => take.run().await,
        Command::Escalate(escalate) => escalate.run().await,
        Command::Reopen(reopen) => reopen.run().await,
        Command::Reply(reply) => reply.run().await,
        Command::Note(note) => note.run().await,
        Command::History(history) => history.run().await,
        Command::Merge(merge) => merge.run().await,
        Command::Export(export) => export.run().await,
    }
}

/// What a table shows of a case.
const SHOWN: &[&str] = &[
    "case_id",
    "title",
    "status",
    "priority",
    "client",
    "department",
    "assignee",
    "due_at",
    "updated_at",
];

/// The words of a fixed set, as values that an option takes.
fn one_of<T: utoipa::PartialSchema>() -> PossibleValuesParser {
    PossibleValuesParser::new(casebase_supabase::rows::words::<T>())
}
