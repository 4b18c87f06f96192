//! `casebase clients`

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};

use super::register::{Register, given};
use crate::{
    commands::{
        naming::{Kind, MOST_CLIENTS},
        table::{self, Told},
    },
    session::Session,
    terminal,
};

/// The options of `casebase clients`.
#[derive(Debug, clap::Args)]
#[command(after_help = super::AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List those that you may open cases for
    List {
        /// With these letters in their name
        #[arg(default_value = "", hide_default_value = true)]
        letters: String,
        #[command(flatten)]
        told: Told,
    },
    /// Add one
    Add {
        /// What it is called
        name: String,
        /// Whether it is an organisation or one person
        #[arg(long, default_value = "organisation", value_parser = KINDS)]
        kind: String,
        #[command(flatten)]
        told: Told,
    },
    /// Change one
    Change {
        /// Which
        client: String,
        /// What it is called from now on
        #[arg(long)]
        name: String,
        #[command(flatten)]
        told: Told,
    },
    /// List who acts for one
    Members {
        /// Which
        client: String,
        #[command(flatten)]
        told: Told,
    },
    /// Have somebody act for a client no more, at once
    RemoveMember {
        /// Which
        client: String,
        /// Who: their name there, or their id
        #[arg(value_name = "PERSON")]
        person: String,
    },
}

/// As `clients_kind_check` has them.
pub const KINDS: [&str; 2] = ["organisation", "person"];

const CLIENTS: Register = Register {
    kind: Kind::Client,
    table: "clients",
    key: "id",
    shown: &["name", "kind", "id"],
};

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::List { letters, told } => list(&letters, told).await,
        Command::Add { name, kind, told } => {
            let row = given([
                ("name", Some(name.trim().into())),
                ("kind", Some(kind.into())),
            ]);
            CLIENTS.add(&Session::open()?, row.into(), told).await
        }
        Command::Change { client, name, told } => {
            let to = given([("name", Some(name.trim().into()))]);
            CLIENTS.change_and_tell(&client, to, told).await
        }
        Command::Members { client, told } => {
            let rows = members(&Session::open()?, &client).await?;
            Ok(table::print(
                &rows,
                &["display_name", "user_id", "created_at"],
                told.form(),
            )?)
        }
        Command::RemoveMember { client, person } => remove(&client, &person).await,
    }
}

/// By their function: a project's own table may be closed to staff.
async fn list(letters: &str, told: Told) -> anyhow::Result<()> {
    let found = Kind::Client.called(&Session::open()?, letters).await?;
    let rows: Vec<Value> = found
        .iter()
        .map(|one| json!({"name": one.name, "id": one.id}))
        .collect();
    table::print(&rows, &["name", "id"], told.form())?;
    if found.len() >= MOST_CLIENTS {
        terminal::say(
            "there may be more: `casebase clients list LETTERS` has those with these letters in their name",
        );
    }
    Ok(())
}

async fn members(session: &Session, client: &str) -> anyhow::Result<Vec<Value>> {
    let client = Kind::Client.find(session, client).await?;
    session
        .all("client_members", "user_id", |it| it.eq("client_id", client))
        .await
}

async fn remove(client: &str, person: &str) -> anyhow::Result<()> {
    let session = Session::open()?;
    let members = members(&session, client).await?;
    let called = |row: &&Value| {
        let name = row["display_name"].as_str().unwrap_or_default();
        name.to_lowercase() == person.to_lowercase() || row["user_id"] == person
    };
    let found: Vec<&Value> = members.iter().filter(called).collect();
    let [one] = found[..] else {
        let number = found.len();
        bail!(
            "{number} members of {client} are called `{person}`\nhint: `casebase clients members` has their names and ids"
        );
    };
    let [client, user] =
        [&one["client_id"], &one["user_id"]].map(|id| id.as_str().unwrap_or_default());
    let gone = session.delete("client_members", |it| {
        it.eq("client_id", client).eq("user_id", user)
    });
    if gone.await?.is_empty() {
        bail!("you may not do this\nhint: admins do; `casebase whoami` says who you are here");
    }
    terminal::say(format_args!("{person} acts for it no more"));
    Ok(())
}
