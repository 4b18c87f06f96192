//! `casebase cases new`

use anyhow::bail;
use casebase_supabase::rows::Priority;
use serde_json::{Map, Value, json};

use super::{
    SHOWN,
    naming::{Kind, Named, Names},
    one_of,
};
use crate::{
    commands::{
        table::{self, Told},
        writing::{self, Words},
    },
    service::Service,
};

/// The options of `casebase cases new`.
#[derive(Debug, clap::Args)]
#[command(after_help = writing::AFTER_HELP)]
pub struct New {
    /// What it is about, in a line; without it, your editor opens: the first line is the title, the rest the description
    #[arg(long)]
    title: Option<String>,
    /// Its description, in Markdown
    #[command(flatten)]
    description: Words,
    /// Whose case it is; a member of one client need not say
    #[arg(long)]
    client: Option<String>,
    /// Where it is worked, for staff
    #[arg(long)]
    department: Option<String>,
    /// How much it hurries, for staff
    #[arg(long, value_parser = one_of::<Priority>())]
    priority: Option<String>,
    #[command(flatten)]
    told: Told,
}

impl New {
    pub async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let session = service.session();
        let mut new = Map::new();
        new.insert("client_id".into(), self.client(&service).await?);
        if let Some(department) = &self.department {
            let id = Kind::Department.find(session, department).await?;
            new.insert("department_id".into(), json!(id));
        }
        if let Some(priority) = &self.priority {
            new.insert("priority".into(), priority.as_str().into());
        }
        let opened: Value = match &self.title {
            Some(title) if !self.description.are_given() => {
                new.insert("title".into(), title.trim().into());
                service.post("/v1/cases", &new).await?
            }
            title => {
                let about = "A new case: the first line is its title, what comes behind it the description (Markdown).";
                let written = self
                    .description
                    .read(session, "new-case", about, "")
                    .await?;
                let (title, description) = match title {
                    Some(title) => (title.as_str(), written.text.as_str()),
                    None => written.text.split_once('\n').unwrap_or((&written.text, "")),
                };
                new.insert("title".into(), title.trim().into());
                new.insert("description".into(), description.trim().into());
                written.sent(service.post("/v1/cases", &new).await)?
            }
        };
        let mut opened = [opened];
        Names::load(session).await?.add_to(&mut opened).await?;
        Ok(table::print(&opened, SHOWN, self.told.form())?)
    }

    async fn client(&self, service: &Service) -> anyhow::Result<Value> {
        let session = service.session();
        if let Some(client) = &self.client {
            return Ok(json!(Kind::Client.find(session, client).await?));
        }
        let mine: Vec<Named> = session.call("my_clients", &json!({})).await?;
        match &mine[..] {
            [only] => Ok(json!(only.id)),
            [] => bail!("--client says whose case it is"),
            several => {
                let names = several.iter().filter_map(|client| client.name.as_deref());
                let names = names.collect::<Vec<_>>().join(", ");
                bail!("--client says whose case it is: you are a member of {names}")
            }
        }
    }
}
