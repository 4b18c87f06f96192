//! `casebase departments`

use clap::Subcommand;
use serde_json::Value;

use super::register::{Register, given};
use crate::{
    commands::{naming::Kind, table::Told},
    session::Session,
};

/// The options of `casebase departments`.
#[derive(Debug, clap::Args)]
#[command(after_help = super::AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them
    List {
        #[command(flatten)]
        told: Told,
    },
    /// Add one
    Add {
        /// What it is called
        name: String,
        /// Cases that name none go there from now on
        #[arg(long)]
        default: bool,
        #[command(flatten)]
        told: Told,
    },
    /// Change one
    Change {
        /// Which
        department: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// Cases that name none go there from now on
        #[arg(long)]
        default: bool,
        #[command(flatten)]
        told: Told,
    },
    /// Delete some that no case is in
    Rm {
        /// Which
        #[arg(required = true, value_name = "DEPARTMENT")]
        departments: Vec<String>,
    },
}

const DEPARTMENTS: Register = Register {
    kind: Kind::Department,
    table: "departments",
    key: "id",
    shown: &["name", "is_default", "id"],
};

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let only_if = |default: bool| default.then_some(Value::Bool(true));
    match args.command {
        Command::List { told } => DEPARTMENTS.list(told).await,
        Command::Add {
            name,
            default,
            told,
        } => {
            let row = given([
                ("name", Some(name.trim().into())),
                ("is_default", only_if(default)),
            ]);
            DEPARTMENTS.add(&Session::open()?, row.into(), told).await
        }
        Command::Change {
            department,
            name,
            default,
            told,
        } => {
            let name = name.map(|name| name.trim().into());
            let to = given([("name", name), ("is_default", only_if(default))]);
            DEPARTMENTS.change_and_tell(&department, to, told).await
        }
        Command::Rm { departments } => DEPARTMENTS.delete(&departments).await,
    }
}
