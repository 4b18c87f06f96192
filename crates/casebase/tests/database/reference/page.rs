//! The page, section by section.

use std::{collections::BTreeMap, fmt::Write as _};

use regex::Regex;
use sqlx::{FromRow, PgConnection};

use super::{
    catalogue::{self, Argument, Catalogue, Column, Function, Relation},
    columns,
    comments::{Comment, kind_of, linked},
    declared, refusals,
};

const INTRODUCTION: &str = include_str!("frame.md");

/// The page's sections: a folder of `supabase/schemas` (what is in none is the service's own), its heading, and what is in
/// it.
const SECTIONS: [(&str, &str, &str); 7] = [
    (
        "people",
        "People",
        "Whom cases are worked for, who works them, and how people come in.",
    ),
    (
        "cases",
        "Cases",
        "Cases, what is said in them, and what can be done with them.",
    ),
    (
        "files",
        "Files",
        "Files of cases and documents of clients: a row for each here, an object for each in Storage.",
    ),
    (
        "search",
        "Search",
        "Cases found by what is written in them.",
    ),
    (
        "history",
        "History",
        "What happened to cases: as staff read it, as clients read it, and how it is taken back.",
    ),
    (
        "webhooks",
        "Webhooks",
        "How admins have other systems told of it. [webhooks.md](webhooks.md) has a receiver, and what holds.",
    ),
    (
        "",
        "Idempotency keys",
        "How the service does once what it is asked again.",
    ),
];

/// An event type, as the history and webhooks have it.
#[derive(FromRow)]
struct EventType {
    r#type: String,
    meaning: String,
    seen_by: String,
    on_request: bool,
}

#[derive(FromRow)]
struct Transition {
    from_status: String,
    to_status: String,
    made_by: String,
    meaning: String,
}

#[derive(FromRow)]
struct Bucket {
    id: String,
    public: bool,
    file_size_limit: Option<i64>,
}

/// In which section something stands that these statements make, and in which place.
fn places() -> BTreeMap<String, (String, usize)> {
    let made = Regex::new(r"(?m)^ *create (?:table|view|type|function) ((?:public|casebase)\.\w+)");
    let made = made.expect("an expression");
    let mut places = BTreeMap::new();
    for (path, sql) in declared::declared() {
        let below = path
            .strip_prefix("supabase/schemas/")
            .unwrap_or("policies/");
        let section = below.split_once('/').map_or("", |(folder, _)| folder);
        for found in made.captures_iter(&sql) {
            let place = (section.to_owned(), places.len());
            places.entry(found[1].to_owned()).or_insert(place);
        }
    }
    places
}

/// What is shown in a section, in the order in which it is made.
fn of_section<'a, T>(
    all: &'a [T],
    name: impl Fn(&T) -> String,
    section: &str,
    places: &BTreeMap<String, (String, usize)>,
) -> Vec<&'a T> {
    let place = |one: &T| {
        let name = name(one);
        let place = places.get(&name);
        place.unwrap_or_else(|| panic!("{name} is made in no file of supabase/schemas"))
    };
    let mut found: Vec<_> = all.iter().filter(|one| place(one).0 == section).collect();
    // What the API exposes first.
    found.sort_by_key(|one| (!name(one).starts_with("public."), place(one).1));
    found
}

pub fn name_of_relation(relation: &Relation) -> String {
    format!("{}.{}", relation.schema, relation.name)
}

pub fn name_of_function(function: &Function) -> String {
    format!("{}.{}", function.schema, function.name)
}

/// How a function is headed: what the API exposes as rpc, the rest by its full name.
fn heading(function: &Function) -> String {
    match function.schema.as_str() {
        "public" => format!("rpc {}", function.name),
        _ => format!("Function {}", function.name),
    }
}

fn anchor(heading: &str) -> String {
    format!("#{}", heading.to_lowercase().replace(' ', "-"))
}

fn heading_of_relation(relation: &Relation) -> String {
    let kind = kind_of(&relation.kind);
    format!(
        "{}{} {}",
        kind[..1].to_uppercase(),
        &kind[1..],
        relation.name
    )
}

/// A heading and the head of a table.
fn head(columns: &[&str]) -> String {
    let dashes = "---|".repeat(columns.len());
    format!("\n| {} |\n|{dashes}\n", columns.join(" | "))
}

fn relation_section(relation: &Relation, catalogue: &Catalogue) -> String {
    let heading = heading_of_relation(relation);
    let here = anchor(&heading);
    let mut page = format!("\n### {heading}\n");
    if relation.schema != "public" {
        page += "\nIn the schema casebase, which the API does not expose.\n";
    }
    let said = Comment::read(&relation.comment);
    for paragraph in said.text.iter().chain(&said.whom) {
        let _ = write!(page, "\n{}\n", linked(paragraph, catalogue, &here));
    }
    if let Some(table) = same_columns(relation, catalogue) {
        let _ = write!(
            page,
            "\nIts columns are those of [{table}](#table-{table}).\n"
        );
        return page;
    }
    let is_type = relation.kind == "c";
    page += &match is_type {
        true => head(&["Field", "Type", "Meaning"]),
        false => head(&["Column", "Type", "Default", "Sent", "Meaning"]),
    };
    for column in catalogue.columns_of(relation) {
        page += &column_row(column, relation, catalogue, &here);
    }
    page + &refusals_table(&said, &relation.schema, catalogue, &here)
}

/// What is refused, by the SQLSTATE and the HTTP status that PostgREST makes of it.
fn refusals_table(said: &Comment<'_>, schema: &str, catalogue: &Catalogue, here: &str) -> String {
    if said.refusals.is_empty() {
        return String::new();
    }
    let mut page = head(&["Refused with", "HTTP", "When"]);
    for (code, reason) in &said.refusals {
        let reason = linked(reason, catalogue, here);
        let status = match schema {
            "public" => refusals::status(code),
            _ => "",
        };
        let _ = writeln!(page, "| `{code}` | {status} | {reason} |");
    }
    page
}

fn column_row(column: &Column, relation: &Relation, catalogue: &Catalogue, here: &str) -> String {
    let meaning = linked(&column.comment, catalogue, here);
    let r#type = columns::short_type(&column.r#type);
    if relation.kind == "c" {
        return format!(
            "| `{}` | {} | {meaning} |\n",
            column.name,
            type_link(&r#type, catalogue)
        );
    }
    let or_null = if column.is_required { "" } else { " or null" };
    let takes = columns::takes(column, relation, catalogue);
    format!(
        "| `{}` | {type}{or_null} | {} | {} | {} |\n",
        column.name,
        columns::default(column),
        columns::sent(column),
        format!("{meaning} {takes}").trim_end(),
    )
}

/// The table whose columns a view has.
fn same_columns<'a>(view: &Relation, catalogue: &'a Catalogue) -> Option<&'a str> {
    if kind_of(&view.kind) != "view" {
        return None;
    }
    let of = |relation: &Relation| {
        let columns = catalogue.columns_of(relation).iter();
        columns
            .map(|c| (c.name.clone(), c.comment.clone()))
            .collect::<Vec<_>>()
    };
    let mut tables = catalogue
        .relations
        .iter()
        .filter(|r| kind_of(&r.kind) == "table");
    let table = tables.find(|table| of(table) == of(view));
    table.map(|table| table.name.as_str())
}

/// A type, with a link to what is a table or a type on this page.
fn type_link(r#type: &str, catalogue: &Catalogue) -> String {
    let name = r#type.trim_end_matches("[]");
    let known = catalogue.relations.iter().find(|r| r.name == name);
    match known {
        Some(relation) => format!("[{type}]({})", anchor(&heading_of_relation(relation))),
        None => r#type.to_owned(),
    }
}

fn function_section(function: &Function, catalogue: &Catalogue) -> String {
    let heading = heading(function);
    let here = anchor(&heading);
    let said = Comment::read(&function.comment);
    let text = |text: &str| linked(text, catalogue, &here);
    let mut page = format!("\n### {heading}\n");
    for paragraph in &said.text {
        let _ = write!(page, "\n{}\n", text(paragraph));
    }
    let _ = write!(
        page,
        "\n{}{}\n",
        text(said.whom.unwrap_or_default()),
        way(function)
    );
    let (given, answered): (Vec<_>, Vec<_>) = function.arguments().partition(|a| a.is_given);
    if !given.is_empty() {
        page += &head(&["Argument", "Type", "Default", "Meaning"]);
        for argument in &given {
            let default = match argument.default {
                "" => "**needed**".to_owned(),
                default => columns::value(default),
            };
            let meaning = text(said.meaning_of(argument.name));
            let r#type = columns::short_type(argument.r#type);
            let _ = writeln!(
                page,
                "| `{}` | {type} | {default} | {meaning} |",
                argument.name
            );
        }
    }
    page += &answer(function, &said, &answered, catalogue, &here);
    page + &refusals_table(&said, &function.schema, catalogue, &here)
}

fn answer(
    function: &Function,
    said: &Comment<'_>,
    answered: &[Argument<'_>],
    catalogue: &Catalogue,
    here: &str,
) -> String {
    let Some(returns) = said.returns else {
        return String::new();
    };
    let r#type = columns::short_type(&function.r#type);
    let mut page = format!("\n{}", linked(returns, catalogue, here));
    // Of the others the sentence says it, or the columns below.
    if !matches!(r#type.as_str(), "record" | "void" | "jsonb") {
        let _ = write!(page, " As JSON: {}.", type_link(&r#type, catalogue));
    }
    page.push('\n');
    if !answered.is_empty() {
        page += &head(&["Answer", "Type", "Meaning"]);
        for column in answered {
            let meaning = linked(said.meaning_of(column.name), catalogue, here);
            let r#type = columns::short_type(column.r#type);
            let _ = writeln!(
                page,
                "| `{}` | {} | {meaning} |",
                column.name,
                type_link(&r#type, catalogue)
            );
        }
    }
    page
}

/// How it is called, and by whom it may be.
fn way(function: &Function) -> String {
    if function.schema != "public" {
        return String::new();
    }
    let methods = match function.is_read {
        true => "`GET` or `POST`",
        false => "`POST`",
    };
    format!(
        " {methods} `/rest/v1/rpc/{}`, granted to {}.",
        function.name,
        function.granted.join(", ")
    )
}

/// The page's contents: what is in each section.
fn contents(catalogue: &Catalogue, places: &BTreeMap<String, (String, usize)>) -> String {
    let mut page = "\n## Contents\n\n".to_owned();
    for (section, title, _) in SECTIONS {
        let relations = of_section(&catalogue.relations, name_of_relation, section, places);
        let functions = of_section(&catalogue.functions, name_of_function, section, places);
        let relations = relations
            .iter()
            .map(|r| (r.name.as_str(), heading_of_relation(r)));
        let functions = functions.iter().map(|f| (f.name.as_str(), heading(f)));
        let links: Vec<_> = relations
            .chain(functions)
            .map(|(name, heading)| format!("[{name}]({})", anchor(&heading)))
            .collect();
        let _ = writeln!(page, "- [{title}]({}): {}", anchor(title), links.join(", "));
    }
    page
}

/// The rows of status_transitions, as the migrations make them.
async fn transitions(connection: &mut PgConnection) -> String {
    const ROWS: &str = "select from_status, to_status, made_by, meaning from public.status_transitions
                        order by array_position('{open,in_progress,waiting,resolved,closed}', from_status),
                                 array_position('{open,in_progress,waiting,resolved,closed}', to_status)";
    let mut page = "\n### Steps of the status\n\nWhat [status_transitions](#table-status_transitions) begins with.\n".to_owned();
    page += &head(&["From", "To", "Made by", "Meaning"]);
    for Transition {
        from_status,
        to_status,
        made_by,
        meaning,
    } in catalogue::all(connection, ROWS).await
    {
        let _ = writeln!(
            page,
            "| `{from_status}` | `{to_status}` | {made_by} | {meaning} |"
        );
    }
    page
}

async fn event_types(connection: &mut PgConnection, catalogue: &Catalogue) -> String {
    const TYPES: &str =
        "select type, meaning, seen_by, on_request from casebase.event_types order by type";
    let mut page = "\n### Event types\n\nWhat case_events.type can be, and what webhooks send: \
         [webhooks.md](webhooks.md) says how, [webhook-events.ts](webhook-events.ts) has what each says.\n"
        .to_owned();
    page += &head(&["Type", "Meaning", "In whose timeline", "Sent"]);
    for event in catalogue::all::<EventType>(connection, TYPES).await {
        let sent = match event.on_request {
            true => "where the endpoint names it",
            false => "unless filtered out",
        };
        let seen_by = match event.seen_by.as_str() {
            "client" => "everybody's who sees the case",
            "staff" => "staff's",
            _ => "theirs who see the interaction or file",
        };
        let meaning = linked(&event.meaning, catalogue, "");
        let _ = writeln!(
            page,
            "| `{}` | {meaning} | {seen_by} | {sent} |",
            event.r#type
        );
    }
    page
}

async fn buckets(connection: &mut PgConnection) -> String {
    const BUCKETS: &str = "select id, public, file_size_limit from storage.buckets
                           where id in ('admin-bucket', 'client-bucket') order by id";
    let mut page = include_str!("buckets.md").to_owned();
    page += &head(&[
        "Bucket",
        "Public",
        "Most bytes of an object, unless the project sets another limit",
    ]);
    for bucket in catalogue::all::<Bucket>(connection, BUCKETS).await {
        let public = if bucket.public { "yes" } else { "no" };
        let limit = bucket
            .file_size_limit
            .map_or("none".to_owned(), |n| n.to_string());
        let _ = writeln!(page, "| `{}` | {public} | {limit} |", bucket.id);
    }
    page
}

pub async fn page(connection: &mut PgConnection) -> String {
    let catalogue = Catalogue::read(connection).await;
    let places = places();
    let mut page = INTRODUCTION.to_owned();
    page += &contents(&catalogue, &places);
    for (section, title, about) in SECTIONS {
        let _ = write!(page, "\n## {title}\n\n{about}\n");
        for relation in of_section(&catalogue.relations, name_of_relation, section, &places) {
            page += &relation_section(relation, &catalogue);
        }
        match section {
            "cases" => page += &transitions(connection).await,
            "files" => page += &buckets(connection).await,
            "history" => page += &event_types(connection, &catalogue).await,
            _ => {}
        }
        for function in of_section(&catalogue.functions, name_of_function, section, &places) {
            page += &function_section(function, &catalogue);
        }
    }
    page
}
