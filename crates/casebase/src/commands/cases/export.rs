//! `casebase cases export`

use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    list::{self, Filters, Parameters},
    naming::Names,
};
use crate::{
    commands::{
        table::{Form, Rows},
        transfer::{Bars, Part},
        unless_stopped,
    },
    service::Service,
    terminal,
};

/// So many are held at a time: of the longest texts, some 10 MB.
const AT_ONCE: usize = 200;
/// How far the service counts.
const COUNTED: &str = "10000";

/// Every column of a case, and what its ids are called.
const FIELDS: &[&str] = &[
    "case_id",
    "title",
    "description",
    "status",
    "stage",
    "priority",
    "client",
    "client_id",
    "department",
    "department_id",
    "specialty",
    "required_specialty_id",
    "assignee",
    "assigned_to",
    "action_required_by",
    "action_required_of",
    "due_at",
    "escalated_at",
    "escalated_by",
    "escalation_reason",
    "follow_up_of",
    "split_from",
    "merged_into",
    "metadata",
    "created_by",
    "created_at",
    "updated_at",
    "resolved_at",
    "closed_at",
    "version",
    "id",
];

/// The options of `casebase cases export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The oldest come first, each once, as it is when its turn comes. A file has its name once it is whole; stopped, there is none.
In CSV a text that a spreadsheet may take for a formula begins with an apostrophe, and so does one that begins with an
apostrophe: take the first one off, and it is what it was. JSON has every value as it is.")]
pub struct Export {
    #[command(flatten)]
    filters: Filters,
    /// Where they go: a file that ends in .csv or .jsonl, or `-` for standard output
    #[arg(value_name = "PATH")]
    to: PathBuf,
    /// As CSV (RFC 4180, UTF-8), whatever the file is called
    #[arg(long)]
    csv: bool,
    /// As one JSON object a line, whatever the file is called
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

impl Export {
    /// Writes them a few at a time, however many there are.
    pub async fn run(self) -> anyhow::Result<()> {
        unless_stopped(self.write()).await
    }

    fn form(&self) -> Form {
        let named = self
            .to
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        match self.csv || (named && !self.json) {
            true => Form::Csv,
            false => Form::Json,
        }
    }

    async fn write(&self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let mut parameters = self.filters.parameters(&service).await?;
        parameters.push(("order_by", "created_at.asc".into()));
        if self.to == Path::new("-") {
            let rows = Rows::printed(self.form(), FIELDS)?;
            let written = all(&service, parameters, rows).await?;
            terminal::say(format_args!("{written} cases"));
            return Ok(());
        }
        let mut part = Part::begin(&self.to, self.force)?;
        let rows = Rows::to(BufWriter::new(part.file()), self.form(), FIELDS)?;
        let written = all(&service, parameters, rows).await?;
        part.finish()?;
        terminal::say(format_args!("{written} cases in {}", self.to.display()));
        Ok(())
    }
}

/// All of them; how many there were.
async fn all<W: Write>(
    service: &Service,
    mut parameters: Parameters,
    mut rows: Rows<'_, W>,
) -> anyhow::Result<u64> {
    let mut names = Names::load(service.session()).await?;
    let bars = Bars::new();
    parameters.push(("count_up_to", COUNTED.into()));
    let mut page = list::page(service, &parameters, AT_ONCE, None).await?;
    // Counted once, at the beginning.
    parameters.pop();
    parameters.push(("count_up_to", "0".into()));
    let bar = bars.count(
        "cases",
        page.total.filter(|_| page.total_is_exact == Some(true)),
    );
    loop {
        names.add_to(&mut page.cases).await?;
        rows.write(&page.cases)?;
        bar.inc(page.cases.len() as u64);
        match page.next_cursor {
            Some(cursor) => page = list::page(service, &parameters, AT_ONCE, Some(&cursor)).await?,
            None => break,
        }
    }
    let written = bar.position();
    drop(bars);
    rows.end()?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_column_of_a_case_is_left_out() {
        let case = <casebase_supabase::rows::Case as utoipa::PartialSchema>::schema();
        let case = serde_json::to_value(case).unwrap_or_default();
        let columns = case["properties"]
            .as_object()
            .map(|it| it.keys().cloned().collect::<Vec<_>>());
        let columns = columns.unwrap_or_default();
        assert!(columns.len() > 20, "{columns:?}");
        // It sorts, and says what `priority` says.
        let missing = columns
            .iter()
            .filter(|name| !FIELDS.contains(&name.as_str()));
        assert_eq!(missing.collect::<Vec<_>>(), ["priority_rank"]);
    }
}
