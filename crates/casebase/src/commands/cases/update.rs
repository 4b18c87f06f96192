//! `casebase cases update`

use casebase_supabase::rows::{CaseNumber, CaseStatus, Priority};
use clap::{ValueEnum, error::ErrorKind};
use reqwest::{
    Method,
    header::{ETAG, IF_MATCH},
};
use serde_json::{Map, Value, json};

use super::{
    naming::Kind,
    one_of,
    outcome::{Changed, Outcomes},
};
use crate::{
    commands::{
        moment::moment,
        table::Told,
        usage,
        writing::{self, Words},
    },
    service::Service,
    session::Session,
    terminal,
};

/// The database takes no more at a time.
const AT_ONCE: usize = 1000;

/// The options of `casebase cases update`.
#[derive(Debug, clap::Args)]
#[command(after_help = writing::AFTER_HELP)]
pub struct Update {
    /// Which cases
    #[arg(required = true, value_name = "CASE")]
    cases: Vec<CaseNumber>,
    /// What it is about, in a line
    #[arg(long)]
    title: Option<String>,
    /// Write the description of one case in your editor; --message and --file give that of several
    #[arg(long, conflicts_with_all = ["message", "file", "dry_run"])]
    edit: bool,
    #[command(flatten)]
    description: Words,
    /// How far they are
    #[arg(long, value_parser = one_of::<CaseStatus>())]
    status: Option<String>,
    /// The same in the project's own words, which brings its status
    #[arg(long)]
    stage: Option<String>,
    /// How much they hurry
    #[arg(long, value_parser = one_of::<Priority>())]
    priority: Option<String>,
    /// Where they are worked
    #[arg(long)]
    department: Option<String>,
    /// What they need of whoever works them
    #[arg(long)]
    specialty: Option<String>,
    /// The deadline of the next move: 2026-11-28, or a time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    due: Option<String>,
    /// Whose move it is: the code of a party type, like CLIENT
    #[arg(long, value_name = "CODE")]
    waits_for: Option<String>,
    /// An object of the project's own, in the place of the one there is
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
    /// A tag to be there, for staff
    #[arg(long, value_name = "TAG")]
    add_tag: Vec<String>,
    /// A tag to be there no more
    #[arg(long, value_name = "TAG")]
    remove_tag: Vec<String>,
    /// What they are to have no more
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    clear: Vec<Clearable>,
    /// Say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    told: Told,
}

/// What a case can be without.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Clearable {
    /// Nobody works it.
    Assignee,
    Stage,
    Specialty,
    Due,
    WaitsFor,
    Description,
}

impl Clearable {
    fn column(self) -> (&'static str, Value) {
        match self {
            Self::Assignee => ("assigned_to", Value::Null),
            Self::Stage => ("stage", Value::Null),
            Self::Specialty => ("required_specialty_id", Value::Null),
            Self::Due => ("action_required_by", Value::Null),
            Self::WaitsFor => ("action_required_of", Value::Null),
            Self::Description => ("description", "".into()),
        }
    }
}

impl Update {
    pub async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let mut changes = self.changes(service.session()).await?;
        if self.edit {
            return self.edited(&service, changes).await;
        }
        if !self.description.are_given() {
            if changes.is_empty() {
                let message = "nothing says what is to change: e.g. --status, --add-tag or --clear";
                return Err(usage(ErrorKind::MissingRequiredArgument, message));
            }
            return self
                .send(&service, &changes)
                .await?
                .tell(self.told, "changed");
        }
        let written = self
            .description
            .read(service.session(), "description", "", "")
            .await?;
        changes.insert("description".into(), written.text.as_str().into());
        let sent = written.sent(self.send(&service, &changes).await)?;
        sent.tell(self.told, "changed")
    }

    async fn changes(&self, session: &Session) -> anyhow::Result<Map<String, Value>> {
        let mut changes = Map::new();
        let texts = [
            ("title", &self.title),
            ("status", &self.status),
            ("stage", &self.stage),
            ("priority", &self.priority),
            ("action_required_by", &self.due),
            ("action_required_of", &self.waits_for),
        ];
        for (column, text) in texts {
            changes.extend(
                text.iter()
                    .map(|text| (column.to_owned(), text.trim().into())),
            );
        }
        let named = [
            ("department_id", Kind::Department, &self.department),
            ("required_specialty_id", Kind::Specialty, &self.specialty),
        ];
        for (column, kind, text) in named {
            if let Some(text) = text {
                changes.insert(column.into(), json!(kind.find(session, text).await?));
            }
        }
        if let Some(metadata) = &self.metadata {
            changes.insert("metadata".into(), object(metadata)?);
        }
        for (name, tags) in [
            ("add_tags", &self.add_tag),
            ("remove_tags", &self.remove_tag),
        ] {
            if !tags.is_empty() {
                changes.insert(name.into(), json!(tags));
            }
        }
        for (column, value) in self.clear.iter().map(|clear| clear.column()) {
            if changes.insert(column.into(), value).is_some() {
                let message =
                    format!("--clear and another option both say what becomes of {column}");
                return Err(usage(ErrorKind::ArgumentConflict, &message));
            }
        }
        Ok(changes)
    }

    async fn send(
        &self,
        service: &Service,
        changes: &Map<String, Value>,
    ) -> anyhow::Result<Outcomes> {
        let mut all = Outcomes::default();
        for cases in self.cases.chunks(AT_ONCE) {
            let ids: Vec<_> = cases.iter().map(|case| case.key()).collect();
            let many = json!({"ids": ids, "changes": changes, "dry_run": self.dry_run});
            let sent = service.ask(Method::PATCH, "/v1/cases", async |request| {
                Ok(request.json(&many))
            });
            let changed: Vec<Changed> = sent.await?.json().await?;
            all.extend(Outcomes::of_changes(changed)?);
        }
        Ok(all)
    }

    /// What was read is what is changed: where somebody was faster, the text stays in its file.
    async fn edited(
        &self,
        service: &Service,
        mut changes: Map<String, Value>,
    ) -> anyhow::Result<()> {
        let [case] = self.cases[..] else {
            let message = "--edit is of one case";
            return Err(usage(ErrorKind::ArgumentConflict, message));
        };
        let path = format!("/v1/cases/{case}");
        let read = service.ask(Method::GET, &path, async |it| Ok(it)).await?;
        let etag = read.headers().get(ETAG).cloned();
        let read: Value = read.json().await?;
        let description = read["description"].as_str().unwrap_or_default();
        let about = format!("The description of {case}, in Markdown. Its client reads it, too.");
        let name = format!("description-{case}");
        let written = self
            .description
            .read(service.session(), &name, &about, description)
            .await?;
        if written.text == description.trim_end() && changes.is_empty() {
            terminal::say("nothing was changed");
            return written.sent(Ok(()));
        }
        changes.insert("description".into(), written.text.as_str().into());
        let sent = service.ask(Method::PATCH, &path, async |request| {
            let request = etag
                .iter()
                .fold(request, |it, etag| it.header(IF_MATCH, etag));
            Ok(request.json(&changes))
        });
        written.sent(sent.await)?;
        Outcomes::of_each(&[case], async |_| Ok(json!({})))
            .await?
            .tell(self.told, "changed")
    }
}

fn object(text: &str) -> anyhow::Result<Value> {
    match serde_json::from_str(text) {
        Ok(object @ Value::Object(_)) => Ok(object),
        _ => {
            let message = format!(
                "--metadata is `{text}`: it takes a JSON object, like {{\"site\": \"north\"}}"
            );
            Err(usage(ErrorKind::InvalidValue, &message))
        }
    }
}
