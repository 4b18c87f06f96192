//! `casebase cases show` and `history`

use std::{fmt::Write as _, io::Write as _};

use casebase_supabase::rows::CaseNumber;
use serde::Deserialize;
use serde_json::{Value, json};

use super::naming::Names;
use crate::{
    commands::table::{self, Told, local_time},
    service::Service,
    terminal::{self, harmless},
};

/// So much of what was said is shown, unless all is asked for.
const NEWEST: usize = 20;
/// The service gives no more at a time.
const MOST: usize = 1000;

/// The options of `casebase cases show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Which case
    #[arg(value_name = "CASE")]
    case: CaseNumber,
    /// Everything that was said in it, and not the newest 20 of it
    #[arg(long)]
    all: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The options of `casebase cases history`.
#[derive(Debug, clap::Args)]
pub struct History {
    /// Of this case
    #[arg(value_name = "CASE")]
    case: CaseNumber,
    #[command(flatten)]
    told: Told,
}

/// What is known of a case.
struct Whole {
    case: Value,
    interactions: Vec<Value>,
    /// There are older ones.
    more: bool,
    notes: Vec<Value>,
    files: Vec<Value>,
    tags: Value,
}

#[derive(Deserialize)]
struct Interactions {
    interactions: Vec<Value>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Timeline {
    entries: Vec<Value>,
    next_cursor: Option<String>,
}

impl Show {
    pub async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let mut names = Names::load(service.session()).await?;
        let whole = self.read(&service, &mut names).await?;
        let mut out = terminal::stdout();
        if self.json {
            let mut said = whole.case;
            said["tags"] = whole.tags;
            said["interactions"] = whole.interactions.into();
            said["internal_notes"] = whole.notes.into();
            said["files"] = whole.files.into();
            return Ok(writeln!(out, "{}", table::json(&said))?);
        }
        out.write_all(harmless(&whole.text(&names)).as_bytes())?;
        if whole.more {
            terminal::say(format_args!(
                "there is more that was said: casebase cases show {} --all",
                self.case
            ));
        }
        Ok(())
    }

    async fn read(&self, service: &Service, names: &mut Names<'_>) -> anyhow::Result<Whole> {
        let case: Value = service.get(&format!("/v1/cases/{}", self.case)).await?;
        names.learn_people(&case).await?;
        let mut case = [case];
        names.add_to(&mut case).await?;
        let [case] = case;
        let (interactions, more) = self.interactions(service).await?;
        let session = service.session();
        let id = case["id"].to_string();
        let of_case = |table: &'static str| session.all(table, "id", |it| it.eq("case_id", &id));
        let internal = session.all("case_internal", "case_id", |it| it.eq("case_id", &id));
        let (notes, files, internal) =
            tokio::try_join!(of_case("internal_notes"), of_case("case_files"), internal)?;
        Ok(Whole {
            case,
            interactions,
            more,
            notes,
            files,
            tags: internal.first().map_or(json!([]), |it| it["tags"].clone()),
        })
    }

    /// The newest last, and whether there are older ones.
    async fn interactions(&self, service: &Service) -> anyhow::Result<(Vec<Value>, bool)> {
        let size = if self.all { MOST } else { NEWEST };
        let path = format!("/v1/cases/{}/interactions?page_size={size}", self.case);
        let mut all = Vec::new();
        let mut here = path.clone();
        let more = loop {
            let page: Interactions = service.get(&here).await?;
            all.extend(page.interactions);
            match page.next_cursor {
                Some(cursor) if self.all => here = with_cursor(&path, &cursor),
                other => break other.is_some(),
            }
        };
        all.reverse();
        Ok((all, more))
    }
}

fn with_cursor(path: &str, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("{path}&{}", query.append_pair("cursor", cursor).finish())
}

/// What stands beside the columns of a case.
const KNOWN: &[(&str, &str)] = &[
    ("client", "client"),
    ("department", "department"),
    ("status", "status"),
    ("stage", "stage"),
    ("priority", "priority"),
    ("assigned to", "assignee"),
    ("needs", "specialty"),
    ("deadline", "action_required_by"),
    ("waits for", "action_required_of"),
    ("escalated", "escalated_at"),
    ("why", "escalation_reason"),
    ("opened", "created_at"),
    ("changed", "updated_at"),
    ("resolved", "resolved_at"),
    ("closed", "closed_at"),
];

impl Whole {
    fn text(&self, names: &Names<'_>) -> String {
        let mut text = String::new();
        let case = |column: &str| plain(column, &self.case[column]);
        let _ = writeln!(text, "{}  {}", case("case_id"), case("title"));
        let known = KNOWN.iter().map(|&(name, column)| (name, case(column)));
        let tags = self.tags.as_array().map(Vec::as_slice).unwrap_or_default();
        let tags: Vec<&str> = tags.iter().filter_map(Value::as_str).collect();
        let known = known.chain([("tags", tags.join(", "))]);
        for (name, value) in known.filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "{name:12}  {value}");
        }
        paragraph(&mut text, "", &case("description"));
        for said in &self.interactions {
            let who = |n: usize| {
                let name = plain("", &said[format!("party{n}_name")]);
                format!("{name} ({})", plain("", &said[format!("party{n}_type")]))
            };
            let hidden = match said["visible_to_client"].as_bool() {
                Some(false) => ", not seen by the client",
                _ => "",
            };
            let head = format!("{}  {} to {}{hidden}", when(said), who(1), who(2));
            section(&mut text, &head, said);
        }
        for note in &self.notes {
            let by = plain("", &names.of(&note["created_by"]));
            let head = format!("{}  internal note by {by}", when(note));
            section(&mut text, &head, note);
        }
        if !self.files.is_empty() {
            let _ = writeln!(text, "\nfiles");
        }
        for file in &self.files {
            let cell = |column| plain(column, &file[column]);
            let _ = writeln!(
                text,
                "    {}  {}  {} bytes",
                cell("id"),
                cell("original_name"),
                cell("file_size")
            );
        }
        text
    }
}

fn when(row: &Value) -> String {
    plain("created_at", &row["created_at"])
}

fn section(text: &mut String, head: &str, row: &Value) {
    let _ = writeln!(text, "\n{head}");
    let content = row["content"].as_str().unwrap_or_default();
    for line in content.lines() {
        let _ = writeln!(text, "{}", format!("    {line}").trim_end());
    }
}

fn paragraph(text: &mut String, before: &str, words: &str) {
    if !words.is_empty() {
        let _ = writeln!(text, "\n{before}{}", words.trim_end());
    }
}

fn plain(column: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if column.ends_with("_at") || column == "action_required_by" => {
            local_time(text).unwrap_or_else(|| text.clone())
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl History {
    /// Staff read everything, clients what they may know.
    pub async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let case: Value = service.get(&format!("/v1/cases/{}", self.case)).await?;
        let id = case["id"].to_string();
        let events = service
            .session()
            .all("case_events", "seq", |it| it.eq("case_id", &id));
        let mut entries = events.await?;
        entries.reverse();
        if entries.is_empty() {
            entries = self.timeline(&service).await?;
        }
        let mut names = Names::load(service.session()).await?;
        names.learn_people(&case).await?;
        for entry in &mut entries {
            entry["what"] = what(&entry["data"], &names).into();
        }
        let columns = &["created_at", "type", "actor_name", "what"];
        Ok(table::print(&entries, columns, self.told.form())?)
    }

    async fn timeline(&self, service: &Service) -> anyhow::Result<Vec<Value>> {
        let path = format!("/v1/cases/{}/timeline?page_size={MOST}", self.case);
        let (mut all, mut here) = (Vec::new(), path.clone());
        loop {
            let page: Timeline = service.get(&here).await?;
            all.extend(page.entries);
            match page.next_cursor {
                Some(cursor) => here = with_cursor(&path, &cursor),
                None => return Ok(all),
            }
        }
    }
}

/// What changed, in a line.
fn what(data: &Value, names: &Names<'_>) -> String {
    let changes = data["changes"].as_object().into_iter().flatten();
    let changes = changes.map(
        |(column, change)| match (change.get("from"), change.get("to")) {
            (Some(from), Some(to)) => {
                let [from, to] = [from, to].map(|value| match case_number(column, value) {
                    Some(case) => case,
                    None => plain(column, &names.of(value)),
                });
                format!("{column}: {from} → {to}")
            }
            _ => column.clone(),
        },
    );
    changes.collect::<Vec<_>>().join(", ")
}

/// Of a column that leads to another case, its number.
fn case_number(column: &str, value: &Value) -> Option<String> {
    let leads = matches!(column, "merged_into" | "follow_up_of" | "split_from");
    let number = value.as_u64().filter(|_| leads)?.to_string();
    Some(number.parse::<CaseNumber>().ok()?.to_string())
}
