//! `casebase specialties`

use clap::Subcommand;

use super::register::{Register, given};
use crate::{
    commands::{naming::Kind, table::Told},
    session::Session,
};

/// The options of `casebase specialties`.
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
        #[command(flatten)]
        told: Told,
    },
    /// Change one
    Change {
        /// Which
        specialty: String,
        /// What it is called from now on
        #[arg(long)]
        name: String,
        #[command(flatten)]
        told: Told,
    },
    /// Delete some that no case needs
    Rm {
        /// Which
        #[arg(required = true, value_name = "SPECIALTY")]
        specialties: Vec<String>,
    },
}

const SPECIALTIES: Register = Register {
    kind: Kind::Specialty,
    table: "specialties",
    key: "id",
    shown: &["name", "id"],
};

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let called = |name: &str| given([("name", Some(name.trim().into()))]);
    match args.command {
        Command::List { told } => SPECIALTIES.list(told).await,
        Command::Add { name, told } => {
            SPECIALTIES
                .add(&Session::open()?, called(&name).into(), told)
                .await
        }
        Command::Change {
            specialty,
            name,
            told,
        } => {
            SPECIALTIES
                .change_and_tell(&specialty, called(&name), told)
                .await
        }
        Command::Rm { specialties } => SPECIALTIES.delete(&specialties).await,
    }
}
