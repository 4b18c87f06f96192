//! `casebase webhooks`: endpoints, deliveries and samples, over the same functions that admins call as rpc.

mod deliveries;
mod endpoints;
mod listen;

use anyhow::anyhow;
use clap::Subcommand;
use serde_json::Value;
use sqlx::{PgConnection, postgres::PgArguments, query::QueryScalar, types::Json};

use super::{
    owner::AnywhereDatabase,
    table::{self, Form},
};

/// The options of `casebase webhooks`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: AnywhereDatabase,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an endpoint, and print its secret this once; the same call twice makes one
    Add(endpoints::Add),
    /// List the endpoints
    List,
    /// Change an endpoint; what is left out stays
    Edit(endpoints::Edit),
    /// Make a new signing secret and print it this once
    Rotate(endpoints::Rotate),
    /// Switch an endpoint off
    Disable(endpoints::One),
    /// Switch an endpoint on again, and forget what went wrong
    Enable(endpoints::One),
    /// Delete an endpoint, with what is still to be sent to it
    Rm(endpoints::One),
    /// Show how each endpoint is doing
    Status,
    /// List deliveries, the newest first
    Deliveries(deliveries::List),
    /// List the attempts of a delivery
    Attempts(deliveries::One),
    /// Send a test event to an endpoint
    Test(endpoints::One),
    /// Send a sample of an event to an endpoint; its ids are 0
    Trigger(deliveries::Trigger),
    /// Send a finished delivery once more
    Replay(deliveries::One),
    /// Send everything that failed or was skipped once more, a part at a time
    Recover(deliveries::Recover),
    /// Try now what waits for its next attempt
    Retry(endpoints::One),
    /// Let a delivery be, so that what waits behind it is sent
    Skip(deliveries::Skip),
    /// Print events as they happen, and forward them
    Listen(listen::Listen),
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut database = args.database.connect_to_casebase().await?;
    let mut to = Output {
        database: &mut database,
        form: match args.json {
            true => Form::Json,
            false => Form::Table,
        },
    };
    match args.command {
        Command::Add(add) => add.run(&mut to).await,
        Command::List => endpoints::list(&mut to).await,
        Command::Edit(edit) => edit.run(&mut to).await,
        Command::Rotate(rotate) => rotate.run(&mut to).await,
        Command::Disable(one) => one.switch(&mut to, false).await,
        Command::Enable(one) => one.switch(&mut to, true).await,
        Command::Rm(one) => one.remove(&mut to).await,
        Command::Status => endpoints::status(&mut to).await,
        Command::Deliveries(list) => list.run(&mut to).await,
        Command::Attempts(one) => one.attempts(&mut to).await,
        Command::Test(one) => one.test(&mut to).await,
        Command::Trigger(trigger) => trigger.run(&mut to).await,
        Command::Replay(one) => one.replay(&mut to).await,
        Command::Recover(recover) => recover.run(&mut to).await,
        Command::Retry(one) => one.retry(&mut to).await,
        Command::Skip(skip) => skip.run(&mut to).await,
        Command::Listen(listen) => listen.run(&mut to).await,
    }
}

/// Where questions go, and how answers are printed.
struct Output<'a> {
    database: &'a mut PgConnection,
    form: Form,
}

type Question<'q> = QueryScalar<'q, sqlx::Postgres, Json<Value>, PgArguments>;

impl Output<'_> {
    /// The rows of a query that answers JSON objects.
    async fn ask(&mut self, question: Question<'_>) -> anyhow::Result<Vec<Value>> {
        let rows = question.fetch_all(&mut *self.database).await;
        Ok(rows
            .map_err(in_words)?
            .into_iter()
            .map(|Json(row)| row)
            .collect())
    }

    /// Asks, and prints the rows: all of them as JSON, these columns as a table.
    async fn show(&mut self, columns: &[&str], question: Question<'_>) -> anyhow::Result<()> {
        let rows = self.ask(question).await?;
        Ok(table::print(&rows, columns, self.form)?)
    }
}

/// What the database refuses is told in its own words, with its hint.
fn in_words(error: sqlx::Error) -> anyhow::Error {
    let refusal = error
        .as_database_error()
        .and_then(|e| e.try_downcast_ref::<sqlx::postgres::PgDatabaseError>());
    match refusal {
        Some(refusal) => match refusal.hint() {
            Some(hint) => anyhow!("{}\nhint: {hint}", refusal.message()),
            None => anyhow!("{}", refusal.message()),
        },
        None => error.into(),
    }
}
