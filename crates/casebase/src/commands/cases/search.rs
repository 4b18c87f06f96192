//! `casebase cases search`

use serde::Deserialize;
use serde_json::{Value, json};

use super::naming::Names;
use crate::{
    commands::table::{self, Form, Told},
    session::Session,
    terminal,
};

/// The options of `casebase cases search`.
#[derive(Debug, clap::Args)]
pub struct Search {
    /// What is looked for: words that are all in one text, or a case's number
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// From where another search ended, for the same words
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    told: Told,
}

/// A page of `rpc/search_cases`.
#[derive(Deserialize)]
struct Page {
    hits: Vec<Value>,
    next_cursor: Option<String>,
    is_complete: bool,
}

const SHOWN: &[&str] = &[
    "case_id", "title", "status", "client", "found_in", "excerpt",
];

impl Search {
    /// Prints what was found, the best first.
    pub async fn run(self) -> anyhow::Result<()> {
        let session = Session::open()?;
        let search =
            json!({"search": self.words.join(" "), "page_size": self.limit, "cursor": self.cursor});
        let page: Page = session.call("search_cases", &search).await?;
        let mut hits = page.hits;
        let mut cases: Vec<Value> = hits
            .iter_mut()
            .map(|hit| hit["found_case"].take())
            .collect();
        Names::load(&session).await?.add_to(&mut cases).await?;
        for (hit, case) in hits.iter_mut().zip(cases) {
            hit["found_case"] = case;
        }
        let form = self.told.form();
        let rows = match form {
            Form::Json => hits,
            Form::Table | Form::Csv => hits.iter().map(row).collect(),
        };
        table::print(&rows, SHOWN, form)?;
        if let Some(next) = page.next_cursor {
            terminal::say(format_args!("there are more: go on with --cursor {next}"));
        } else if !page.is_complete {
            terminal::say(
                "so many texts have these words that only the newest were ranked: say more of them",
            );
        } else if rows.is_empty() && form == Form::Table {
            terminal::say("nothing was found that you may see");
        }
        Ok(())
    }
}

/// A hit in the columns of a table.
fn row(hit: &Value) -> Value {
    let case = &hit["found_case"];
    let source = hit["source"].as_str().unwrap_or_default();
    let found_in = match source {
        "case" => source.to_owned(),
        other => format!("{other} {}", hit["source_id"]),
    };
    json!({
        "case_id": case["case_id"],
        "title": case["title"],
        "status": case["status"],
        "client": case["client"],
        "found_in": found_in,
        "excerpt": together(&hit["excerpt"]),
    })
}

/// A text that comes in parts, every second of which is a word that was looked for.
fn together(parts: &Value) -> String {
    let parts = parts.as_array().into_iter().flatten();
    parts.filter_map(Value::as_str).collect()
}
