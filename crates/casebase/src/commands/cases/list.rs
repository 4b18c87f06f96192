//! `casebase cases list`, and which cases are meant there and in an export.

use std::{collections::BTreeMap, num::NonZeroUsize};

use casebase_supabase::rows::{CaseStatus, Priority};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};
use url::form_urlencoded::Serializer;

use super::{
    SHOWN,
    naming::{Kind, Names},
    one_of,
};
use crate::{
    commands::{
        moment::moment,
        table::{Form, Rows, Told},
    },
    service::Service,
    terminal,
};

/// The service gives no more at a time.
const MOST: usize = 1000;

/// Which cases: those that have one of each list given, and everything else that is given.
#[derive(Debug, clap::Args)]
pub struct Filters {
    /// That are this far; several by commas
    #[arg(long, value_delimiter = ',', value_parser = one_of::<CaseStatus>())]
    status: Vec<String>,
    /// At this stage, in the project's own words
    #[arg(long)]
    stage: Vec<String>,
    /// That hurry this much; several by commas
    #[arg(long, value_delimiter = ',', value_parser = one_of::<Priority>())]
    priority: Vec<String>,
    /// Of this member of staff; `me` is you
    #[arg(long, value_name = "PERSON")]
    assigned_to: Vec<String>,
    /// That nobody has; =false: that somebody has
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    unassigned: Option<bool>,
    /// Of this department
    #[arg(long)]
    department: Vec<String>,
    /// Of this client
    #[arg(long)]
    client: Vec<String>,
    /// With all of these tags, for staff
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Whose next move is late; =false: is not
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    overdue: Option<bool>,
    /// Opened then or later: 2026-11-28, or a time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    created_from: Option<String>,
    /// Opened earlier
    #[arg(long, value_name = "TIME", value_parser = moment)]
    created_before: Option<String>,
    /// Last changed then or later
    #[arg(long, value_name = "TIME", value_parser = moment)]
    updated_from: Option<String>,
    /// Last changed earlier
    #[arg(long, value_name = "TIME", value_parser = moment)]
    updated_before: Option<String>,
    /// With these values in their metadata: a JSON object
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
}

/// The options of `casebase cases list`.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    filters: Filters,
    /// In which order
    #[arg(long, default_value = "created_at.desc", value_parser = [
        "created_at.desc", "created_at.asc", "updated_at.desc", "updated_at.asc", "priority.desc", "priority.asc",
        "due_at.asc",
    ])]
    order_by: String,
    /// So many at most
    #[arg(long, value_name = "N", default_value = "50", conflicts_with = "all")]
    limit: NonZeroUsize,
    /// All there are
    #[arg(long)]
    all: bool,
    /// From where another list ended, with the same filters and order
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    told: Told,
}

/// A page of the service's.
#[derive(Deserialize)]
pub struct Page {
    /// In their order.
    #[serde(deserialize_with = "rows")]
    pub cases: Vec<Value>,
    /// Where the next begins.
    pub next_cursor: Option<String>,
    /// How many there are on all pages, as far as they were counted.
    pub total: Option<u64>,
    /// Whether that is all.
    pub total_is_exact: Option<bool>,
}

/// PostgreSQL's numbers may be none that Rust has: what holds one is its JSON as text, and takes no page away.
fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    let rows = Vec::<Box<RawValue>>::deserialize(deserializer)?;
    rows.iter()
        .map(|row| row_of(row))
        .collect::<Result<_, _>>()
        .map_err(de::Error::custom)
}

fn row_of(row: &RawValue) -> serde_json::Result<Value> {
    serde_json::from_str(row.get()).or_else(|_| {
        let columns: BTreeMap<String, Box<RawValue>> = serde_json::from_str(row.get())?;
        let columns = columns.into_iter().map(|(column, value)| {
            let text = || Value::from(value.get());
            (
                column,
                serde_json::from_str(value.get()).unwrap_or_else(|_| text()),
            )
        });
        Ok(Value::from_iter(columns))
    })
}

/// Parameters of `GET /v1/cases`.
pub type Parameters = Vec<(&'static str, String)>;

impl Filters {
    /// In the service's words, with ids in the place of names.
    pub async fn parameters(&self, service: &Service) -> anyhow::Result<Parameters> {
        let session = service.session();
        let ids = [
            ("assigned_to", Kind::Staff, &self.assigned_to),
            ("department_id", Kind::Department, &self.department),
            ("client_id", Kind::Client, &self.client),
        ];
        let mut all = Parameters::new();
        for (name, kind, texts) in ids {
            let found = kind.find_all(session, texts).await?;
            all.extend(found.iter().map(|id| (name, id.to_string())));
        }
        let lists = [
            ("status", &self.status),
            ("stage", &self.stage),
            ("priority", &self.priority),
            ("tags", &self.tag),
        ];
        for (name, values) in lists {
            all.extend(values.iter().map(|value| (name, value.clone())));
        }
        let single = [
            ("created_from", self.created_from.clone()),
            ("created_before", self.created_before.clone()),
            ("updated_from", self.updated_from.clone()),
            ("updated_before", self.updated_before.clone()),
            ("metadata", self.metadata.clone()),
            ("unassigned", self.unassigned.map(|it| it.to_string())),
            ("overdue", self.overdue.map(|it| it.to_string())),
        ];
        all.extend(
            single
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        Ok(all)
    }
}

/// The page behind this cursor.
pub async fn page(
    service: &Service,
    parameters: &Parameters,
    size: usize,
    cursor: Option<&str>,
) -> anyhow::Result<Page> {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(parameters);
    query.append_pair("page_size", &size.to_string());
    query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
    service.get(&format!("/v1/cases?{}", query.finish())).await
}

impl List {
    /// Prints them as they come, but for a table.
    pub async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let mut parameters = self.filters.parameters(&service).await?;
        parameters.push(("order_by", self.order_by.clone()));
        let form = self.told.form();
        let mut names = Names::load(service.session()).await?;
        let mut rows = Rows::printed(form, SHOWN)?;
        let (mut left, mut cursor) = (self.limit.get(), self.cursor.clone());
        if self.all {
            left = usize::MAX;
        }
        let mut shown = 0;
        let last = loop {
            let mut page = page(
                &service,
                &parameters,
                left.clamp(1, MOST),
                cursor.as_deref(),
            )
            .await?;
            names.add_to(&mut page.cases).await?;
            rows.write(&page.cases)?;
            shown += page.cases.len();
            left -= page.cases.len().min(left);
            if page.next_cursor.is_none() || left == 0 {
                break page;
            }
            cursor = page.next_cursor;
        };
        rows.end()?;
        if let Some(next) = &last.next_cursor {
            let total = match (last.total, last.total_is_exact) {
                (Some(total), Some(true)) => format!("{total}"),
                (Some(total), _) => format!("more than {total}"),
                (None, _) => "more".to_owned(),
            };
            terminal::say(format_args!(
                "{shown} of {total} cases; --all, or go on with --cursor {next}"
            ));
        } else if shown == 0 && form == Form::Table {
            terminal::say("there is no such case, or none that you may see");
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_none_here_takes_no_page_away() {
        let page =
            r#"{"cases": [{"id": 1, "metadata": {"n": 1e400}}, {"id": 2}], "next_cursor": null}"#;
        let page: Page = serde_json::from_str(page).unwrap();
        assert_eq!(page.cases[0]["id"], 1);
        assert_eq!(page.cases[0]["metadata"], r#"{"n": 1e400}"#);
        assert_eq!(page.cases[1]["id"], 2);
    }
}
