//! `casebase cases reply` and `note`

use casebase_supabase::rows::CaseNumber;
use serde_json::{Map, Value, json};

use super::outcome::Outcomes;
use crate::{
    commands::{
        table::Told,
        writing::{self, Words},
    },
    service::Service,
    terminal,
};

/// The options of `casebase cases reply`.
#[derive(Debug, clap::Args)]
#[command(after_help = writing::AFTER_HELP)]
pub struct Reply {
    /// In which cases
    #[arg(required = true, value_name = "CASE")]
    cases: Vec<CaseNumber>,
    #[command(flatten)]
    words: Words,
    /// Keep it from the client, for staff
    #[arg(long)]
    internal: bool,
    /// Who spoke, where you record what others said; for staff
    #[arg(long, value_name = "NAME", requires = "from_type")]
    from: Option<String>,
    /// The code of their party type, like EMPLOYEE
    #[arg(long, value_name = "CODE", requires = "from")]
    from_type: Option<String>,
    /// To whom
    #[arg(long, value_name = "NAME", requires = "to_type")]
    to: Option<String>,
    /// The code of their party type, like CONTRACTOR
    #[arg(long, value_name = "CODE", requires = "to")]
    to_type: Option<String>,
    #[command(flatten)]
    told: Told,
}

/// The options of `casebase cases note`.
#[derive(Debug, clap::Args)]
#[command(after_help = writing::AFTER_HELP)]
pub struct Note {
    /// About which cases
    #[arg(required = true, value_name = "CASE")]
    cases: Vec<CaseNumber>,
    #[command(flatten)]
    words: Words,
    #[command(flatten)]
    told: Told,
}

/// What the file of a text is called, and the line below it in the editor.
fn about(what: &str, cases: &[CaseNumber]) -> (String, String) {
    match cases {
        [case] => (format!("{what}-{case}"), case.to_string()),
        several => (what.to_owned(), format!("{} cases", several.len())),
    }
}

impl Reply {
    pub async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let (name, cases) = about("reply", &self.cases);
        let seen = match self.internal {
            true => "The client does not see it.",
            false => "The client sees it.",
        };
        let about = format!("A reply in {cases}, in Markdown. {seen}");
        let written = self
            .words
            .read(service.session(), &name, &about, "")
            .await?;
        let mut said = Map::new();
        said.insert("content".into(), written.text.as_str().into());
        said.insert("visible_to_client".into(), (!self.internal).into());
        let parties = [
            ("party1_name", &self.from),
            ("party1_type", &self.from_type),
            ("party2_name", &self.to),
            ("party2_type", &self.to_type),
        ];
        for (column, text) in parties {
            said.extend(
                text.iter()
                    .map(|text| (column.to_owned(), text.trim().into())),
            );
        }
        let all = Outcomes::of_each(&self.cases, async |case| {
            let path = format!("/v1/cases/{case}/interactions");
            let row: Value = service.post(&path, &said).await?;
            Ok(in_case(case, &row))
        });
        tell(all.await, &written, self.told)
    }
}

/// Of a merged or closed case, another.
fn in_case(case: CaseNumber, row: &Value) -> Value {
    let mut more = json!({"interaction_id": row["id"]});
    let other: Option<CaseNumber> = row["case_id"]
        .as_u64()
        .and_then(|id| id.to_string().parse().ok());
    if let Some(other) = other.filter(|other| *other != case) {
        more["in_case"] = json!(other);
        terminal::say(format_args!(
            "{case} is closed or merged: it was said in {other}"
        ));
    }
    more
}

impl Note {
    pub async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let session = service.session();
        let (name, cases) = about("note", &self.cases);
        let about = format!("An internal note about {cases}, in Markdown. No client sees it.");
        let written = self.words.read(session, &name, &about, "").await?;
        let all = Outcomes::of_each(&self.cases, async |case| {
            // Of a merged one, the case that lives on.
            let case: Value = service.get(&format!("/v1/cases/{case}")).await?;
            let note = json!({"case_id": case["id"], "content": written.text});
            let note = session.insert("internal_notes", &note).await?;
            Ok(json!({"note_id": note["id"]}))
        });
        tell(all.await, &written, self.told)
    }
}

/// A text that did not reach every case is kept.
fn tell(
    all: anyhow::Result<Outcomes>,
    written: &writing::Written,
    told: Told,
) -> anyhow::Result<()> {
    written.sent(all.and_then(|all| all.tell(told, "written to")))
}
