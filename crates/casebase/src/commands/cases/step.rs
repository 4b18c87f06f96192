//! `casebase cases assign`, `take`, `escalate`, `reopen` and `merge`: what the database has a function for.

use casebase_supabase::rows::CaseNumber;
use clap::error::ErrorKind;
use serde_json::{Value, json};

use super::{naming::Kind, outcome::Outcomes};
use crate::{
    commands::{table::Told, usage},
    session::Session,
};

/// Which cases.
#[derive(Debug, clap::Args)]
struct Cases {
    /// Which cases
    #[arg(required = true, value_name = "CASE")]
    cases: Vec<CaseNumber>,
    #[command(flatten)]
    told: Told,
}

/// The options of `casebase cases assign`.
#[derive(Debug, clap::Args)]
pub struct Assign {
    #[command(flatten)]
    cases: Cases,
    /// To this member of staff; `me` is you
    #[arg(long, value_name = "PERSON")]
    to: Option<String>,
    /// To this department; whoever had it there has it no more, unless --to names them
    #[arg(long, value_name = "DEPARTMENT")]
    department: Option<String>,
    /// An internal note that goes with it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// The options of `casebase cases take`.
#[derive(Debug, clap::Args)]
pub struct Take {
    #[command(flatten)]
    cases: Cases,
}

/// The options of `casebase cases escalate`.
#[derive(Debug, clap::Args)]
pub struct Escalate {
    #[command(flatten)]
    cases: Cases,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// The options of `casebase cases reopen`.
#[derive(Debug, clap::Args)]
pub struct Reopen {
    #[command(flatten)]
    cases: Cases,
}

/// The options of `casebase cases merge`.
#[derive(Debug, clap::Args)]
pub struct Merge {
    /// The case that is closed
    #[arg(value_name = "DUPLICATE")]
    duplicate: CaseNumber,
    /// The case that goes on, of the same client
    #[arg(value_name = "CASE")]
    survivor: CaseNumber,
    #[command(flatten)]
    told: Told,
}

impl Cases {
    /// Calls the function for each.
    async fn each(
        &self,
        session: &Session,
        function: &str,
        done: &str,
        arguments: impl Fn(CaseNumber) -> Value,
    ) -> anyhow::Result<()> {
        let all = Outcomes::of_each(&self.cases, async |case| {
            session.change::<Value>(function, &arguments(case)).await?;
            Ok(Value::Null)
        });
        all.await?.tell(self.told, done)
    }
}

impl Assign {
    pub async fn run(self) -> anyhow::Result<()> {
        if self.to.is_none() && self.department.is_none() {
            let message =
                "--to or --department says to whom (`cases update --clear assignee`: to nobody)";
            return Err(usage(ErrorKind::MissingRequiredArgument, message));
        }
        let session = Session::open()?;
        let staff = match &self.to {
            Some(person) => Some(Kind::Staff.find(&session, person).await?),
            None => None,
        };
        let department = match &self.department {
            Some(department) => Some(Kind::Department.find(&session, department).await?),
            None => None,
        };
        let handed = self.cases.each(&session, "hand_over_case", "assigned", |case| {
            json!({"case_id": case.key(), "to_staff": staff, "to_department": department, "note": self.note})
        });
        handed.await
    }
}

impl Take {
    pub async fn run(self) -> anyhow::Result<()> {
        let session = Session::open()?;
        let taken = self.cases.each(
            &session,
            "take_case",
            "taken",
            |case| json!({"case_id": case.key()}),
        );
        taken.await
    }
}

impl Escalate {
    pub async fn run(self) -> anyhow::Result<()> {
        let session = Session::open()?;
        let escalated = self.cases.each(
            &session,
            "escalate_case",
            "escalated",
            |case| json!({"case_id": case.key(), "reason": self.reason}),
        );
        escalated.await
    }
}

impl Reopen {
    pub async fn run(self) -> anyhow::Result<()> {
        let session = Session::open()?;
        let opened = self.cases.each(
            &session,
            "reopen_case",
            "opened",
            |case| json!({"case_id": case.key()}),
        );
        opened.await
    }
}

impl Merge {
    pub async fn run(self) -> anyhow::Result<()> {
        let session = Session::open()?;
        let survivor = self.survivor.key();
        let cases = Cases {
            cases: vec![self.duplicate],
            told: self.told,
        };
        let merged = cases.each(
            &session,
            "merge_cases",
            "merged",
            |duplicate| json!({"duplicate": duplicate.key(), "survivor": survivor}),
        );
        merged.await
    }
}
