//! `types/casebase.ts`: the words of fixed sets, the events and the columns that people may give, from the catalogue, between
//! what is written by hand about the rpc (`casebase.frame.ts`).

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Deserialize;

use super::*;

const TYPESCRIPT: &str = "types/casebase.ts";
const CONSTRAINTS: &str = "types/constraints.json";
const FRAME: &str = include_str!("casebase.frame.ts");
const PLACE: &str = "/* the words */\n";

/// A constraint, as far as its words are concerned.
#[derive(Deserialize)]
struct Rule {
    table: String,
    field: Option<String>,
    rule: String,
    #[serde(default)]
    values: Vec<String>,
}

/// As a union of TypeScript.
fn one_of<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("'{word}'")).collect();
    match words.is_empty() {
        true => "never".to_owned(),
        false => words.join(" | "),
    }
}

/// The columns of each table that have words or an object, and which.
fn words() -> BTreeMap<String, BTreeMap<String, String>> {
    let rules = std::fs::read(repository_path(CONSTRAINTS)).expect("it is there");
    let rules: Vec<Rule> = serde_json::from_slice(&rules).expect("a table");
    let mut words = BTreeMap::<_, BTreeMap<_, _>>::new();
    for Rule {
        table,
        field,
        rule,
        values,
    } in rules
    {
        let narrow = match rule.as_str() {
            "one_of" => one_of(&values),
            "object" => "JsonObject".to_owned(),
            _ => continue,
        };
        if let (Some(field), false) = (field, table.contains('.')) {
            words.entry(table).or_default().insert(field, narrow);
        }
    }
    let events = words.entry("case_events".to_owned()).or_default();
    events.insert("type".to_owned(), "EventType".to_owned());
    events.insert("data".to_owned(), "JsonObject".to_owned());
    words
}

async fn catalogue() -> String {
    let mut owner = connect("DATABASE_URL").await;
    let mut text = "/** Columns that have one of a fixed set of words, or an object. */\nexport interface Words {\n".to_owned();
    for (table, columns) in words() {
        let columns: Vec<_> = columns
            .iter()
            .map(|(name, words)| format!("{name}: {words}"))
            .collect();
        writeln!(text, "  {table}: {{ {} }}", columns.join("; ")).expect("a string");
    }
    text += "}\n\n/** What happens to a case. */\nexport type EventType =\n";
    let events: Vec<String> =
        sqlx::query_scalar("select type from casebase.event_types order by type")
            .fetch_all(&mut owner)
            .await
            .expect("the owner reads");
    for event in &events {
        writeln!(text, "  | '{event}'").expect("a string");
    }
    text += "\n/** The columns that may be given in a new row and in a change. Which of them one may, the policies say. */\n\
             export interface Given {\n";
    let given: Vec<(String, Vec<String>, Vec<String>)> = sqlx::query_as(
        "select c.relname::text,
                array(select a.attname::text from pg_attribute a
                      where a.attrelid = c.oid and a.attnum > 0 and has_column_privilege('authenticated', c.oid, a.attnum, 'insert')
                      order by a.attname),
                array(select a.attname::text from pg_attribute a
                      where a.attrelid = c.oid and a.attnum > 0 and has_column_privilege('authenticated', c.oid, a.attnum, 'update')
                      order by a.attname)
         from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
           and has_any_column_privilege('authenticated', c.oid, 'insert, update')
         order by c.relname",
    )
    .fetch_all(&mut owner)
    .await
    .expect("the catalogue");
    for (table, insert, update) in given {
        let (insert, update) = (one_of(&insert), one_of(&update));
        writeln!(
            text,
            "  {table}: {{\n    insert: {insert}\n    update: {update}\n  }}"
        )
        .expect("a string");
    }
    text + "}\n"
}

#[tokio::test]
async fn the_narrow_types_are_those_of_the_catalogue() {
    let _alone = ALONE.lock().await;
    let text = FRAME.replace(PLACE, &catalogue().await);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(repository_path(TYPESCRIPT), text).expect("the file is ours");
        return;
    }
    let written = std::fs::read_to_string(repository_path(TYPESCRIPT)).expect("UTF-8");
    assert_eq!(written, text, "{TYPESCRIPT}: run this with UPDATE=1");
}
