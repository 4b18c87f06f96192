//! `casebase invite`

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};

use super::staff::SCOPES;
use crate::{
    commands::{
        fail_for_some,
        naming::{Kind, Names},
        table::{self, Told},
    },
    session::Session,
    terminal,
};

/// The options of `casebase invite`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An invitation binds when somebody signs in with the address, confirmed, within 30 days. No mail is sent: tell them.
Inviting an address again replaces the invitation.
Exit codes: 0 done; 1 failed, also if it failed for one of several; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Invite somebody to be staff
    Staff(Staff),
    /// Invite somebody to act for a client
    Client(Client),
    /// List the invitations, accepted ones too
    List {
        #[command(flatten)]
        told: Told,
    },
    /// Take back invitations that are open
    Cancel {
        /// To whom
        #[arg(required = true, value_name = "EMAIL")]
        emails: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Staff {
    #[command(flatten)]
    who: Who,
    /// Which cases they will see: all, those of their departments, or those assigned to them
    #[arg(long, default_value = "assigned", value_parser = SCOPES)]
    scope: String,
    /// They will be an admin
    #[arg(long)]
    admin: bool,
    /// A department that they will work in
    #[arg(long)]
    department: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Client {
    #[command(flatten)]
    who: Who,
    /// For which client
    #[arg(long)]
    client: String,
}

#[derive(Debug, clap::Args)]
struct Who {
    /// Their address
    #[arg(value_name = "EMAIL")]
    email: String,
    /// What they will be called; what stands before the @ without it
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    told: Told,
}

const SHOWN: &[&str] = &[
    "email",
    "becomes",
    "display_name",
    "departments",
    "expires_at",
    "accepted_at",
];

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let session = Session::open()?;
    match args.command {
        Command::Staff(staff) => staff.run(&session).await,
        Command::Client(client) => client.run(&session).await,
        Command::List { told } => {
            let rows = session.all("invitations", "id", |it| it).await?;
            tell(&session, rows, told).await
        }
        Command::Cancel { emails } => cancel(&session, &emails).await,
    }
}

impl Who {
    async fn invite(&self, session: &Session, mut invitation: Value) -> anyhow::Result<()> {
        invitation["email"] = self.email.trim().into();
        invitation["display_name"] = json!(self.name.as_deref().map(str::trim));
        let made: Value = session.change("invite", &invitation).await?;
        tell(session, vec![made], self.told).await
    }
}

impl Staff {
    async fn run(&self, session: &Session) -> anyhow::Result<()> {
        let departments = Kind::Department.find_all(session, &self.department).await?;
        let invitation =
            json!({"scope": self.scope, "is_admin": self.admin, "department_ids": departments});
        self.who.invite(session, invitation).await
    }
}

impl Client {
    async fn run(&self, session: &Session) -> anyhow::Result<()> {
        let client = Kind::Client.find(session, &self.client).await?;
        self.who.invite(session, json!({"client_id": client})).await
    }
}

async fn tell(session: &Session, mut rows: Vec<Value>, told: Told) -> anyhow::Result<()> {
    let mut names = Names::load(session).await?;
    names.add_to(&mut rows).await?;
    for row in &mut rows {
        let departments = row["department_ids"].as_array().into_iter().flatten();
        row["departments"] = Value::from_iter(departments.map(|id| names.of(id)));
        row["becomes"] = match (row["client"].as_str(), row["is_admin"].as_bool()) {
            (Some(client), _) => format!("member of {client}").into(),
            (None, Some(true)) => "admin".into(),
            (None, _) => format!(
                "staff of scope {}",
                row["scope"].as_str().unwrap_or_default()
            )
            .into(),
        };
    }
    Ok(table::print(&rows, SHOWN, told.form())?)
}

async fn cancel(session: &Session, emails: &[String]) -> anyhow::Result<()> {
    let rows = session.all("invitations", "id", |it| it).await?;
    let mut failed = 0;
    for email in emails {
        match cancel_one(session, &rows, email).await {
            Ok(()) => terminal::say(format_args!("{email} is invited no more")),
            Err(error) if emails.len() == 1 => return Err(error),
            Err(error) => {
                terminal::say_error(&error);
                failed += 1;
            }
        }
    }
    fail_for_some(failed, emails.len(), "taken back")
}

/// Also where the address is invited as several: all of it.
async fn cancel_one(session: &Session, rows: &[Value], email: &str) -> anyhow::Result<()> {
    let email = email.trim().to_lowercase();
    let open = rows
        .iter()
        .filter(|row| row["email"] == email && row["accepted_at"].is_null());
    let mut gone = 0;
    for row in open {
        gone += session
            .delete("invitations", |it| it.eq("id", &row["id"]))
            .await?
            .len();
    }
    if gone == 0 {
        bail!("there is no open invitation of {email}, or you may not take it back");
    }
    Ok(())
}
