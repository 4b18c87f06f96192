//! `docs/reference.md`: every table, column, rpc and refusal, from the catalogue and the comments in it.

use std::{collections::BTreeMap, fmt::Write as _};

use regex::Regex;
use sqlx::FromRow;

use super::*;

#[path = "reference/catalogue.rs"]
mod catalogue;
#[path = "reference/columns.rs"]
mod columns;
#[path = "reference/comments.rs"]
mod comments;
#[path = "reference/refusals.rs"]
mod refusals;

use catalogue::{Argument, Catalogue, Column, Function, Relation};
use comments::{Comment, kind_of, linked};
use refusals::Sources;

const REPORT: &str = "docs/reference.md";
const INTRODUCTION: &str = include_str!("reference.frame.md");

/// The page's sections, each a folder of `supabase/schemas` (what is in none is the service's own), and what stands above
/// its tables.
const SECTIONS: [(&str, &str); 6] = [
    ("people", "People"),
    ("cases", "Cases"),
    ("files", "Files"),
    ("history", "History"),
    ("webhooks", "Webhooks"),
    ("", "Idempotency keys"),
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

fn name_of_relation(relation: &Relation) -> String {
    format!("{}.{}", relation.schema, relation.name)
}

fn name_of_function(function: &Function) -> String {
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
    for paragraph in relation.comment.split("\n\n") {
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
    if !said.refusals.is_empty() {
        page += &head(&["Refused with", "HTTP", "When"]);
        for (code, reason) in &said.refusals {
            let status = match function.schema.as_str() {
                "public" => refusals::status(code),
                _ => "",
            };
            let _ = writeln!(page, "| `{code}` | {status} | {} |", text(reason));
        }
    }
    page
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
    let is_told = r#type == "record" || r#type == "void";
    if !is_told {
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
    for (section, title) in SECTIONS {
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
    let mut page = include_str!("reference.buckets.md").to_owned();
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

async fn page(connection: &mut PgConnection) -> String {
    let catalogue = Catalogue::read(connection).await;
    let places = places();
    let mut page = INTRODUCTION.to_owned();
    page += &contents(&catalogue, &places);
    for (section, title) in SECTIONS {
        let _ = write!(page, "\n## {title}\n");
        for relation in of_section(&catalogue.relations, name_of_relation, section, &places) {
            page += &relation_section(relation, &catalogue);
        }
        match section {
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

/// What is not said, or not true, of what the API exposes.
async fn faults(connection: &mut PgConnection) -> Vec<String> {
    let catalogue = Catalogue::read(connection).await;
    let sources = Sources::read(connection).await;
    let mut faults = Vec::new();
    for relation in &catalogue.relations {
        let name = name_of_relation(relation);
        let tells_who =
            relation.comment.contains("\n\nRead") || relation.comment.contains("\n\nFor ");
        if relation.comment.is_empty() {
            faults.push(format!("{name} has no comment"));
        } else if relation.kind != "c" && !tells_who {
            faults.push(format!("the comment on {name} has no paragraph \"Read …\""));
        }
        let columns = catalogue.columns_of(relation).iter();
        let silent = columns.filter(|column| column.comment.is_empty());
        faults.extend(silent.map(|c| format!("{name}.{} has no comment", c.name)));
    }
    for function in &catalogue.functions {
        let name = name_of_function(function);
        let found = faults_of_function(function, &name, &sources);
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("the comment on {name} {fault}")),
        );
    }
    faults
}

fn faults_of_function(function: &Function, name: &str, sources: &Sources) -> Vec<String> {
    let said = Comment::read(&function.comment);
    let mut faults = Vec::new();
    if said.text.is_empty() || said.returns.is_none() {
        faults.push("says too little: what it does, \"Returns …\"".to_owned());
    }
    if said.whom.is_none() {
        faults.push("has no paragraph \"For …\": who may use it".to_owned());
    }
    let arguments: BTreeSet<_> = function.arguments().map(|a| a.name.to_owned()).collect();
    let names: BTreeSet<_> = said
        .names
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let codes: BTreeSet<_> = said
        .refusals
        .iter()
        .map(|(code, _)| (*code).to_owned())
        .collect();
    let raised = sources.raised(name);
    let possible = sources.possible(name);
    for (what, missing) in [
        ("leaves out", arguments.difference(&names)),
        (
            "has what is none of its arguments:",
            names.difference(&arguments),
        ),
        ("leaves out the refusal", raised.difference(&codes)),
        (
            "has a refusal that it never raises:",
            codes.difference(&possible),
        ),
    ] {
        faults.extend(missing.map(|one| format!("{what} {one}")));
    }
    faults
}

#[tokio::test]
async fn docs_reference_md_is_what_the_catalogue_says() {
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    let mut transaction = admin.begin().await.expect("a transaction");
    let page = page(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");
    let file = repository_path(REPORT);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, page).expect("written");
        return;
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = page.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        page == written,
        "{REPORT} is not what the catalogue says (UPDATE=1 writes it); first difference: {differs:#?}"
    );
}

#[tokio::test]
async fn whatever_the_api_exposes_says_what_it_is() {
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    let mut transaction = admin.begin().await.expect("a transaction");
    let faults = faults(&mut transaction).await;
    let sources = Sources::read(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");
    assert!(faults.is_empty(), "{faults:#?}");
    for (caller, callee) in refusals::ANSWERED {
        assert!(
            sources.calls(caller, callee),
            "{caller} doesn't call {callee}"
        );
    }
}

/// Whatever is added without its words is found.
#[tokio::test]
async fn what_says_nothing_is_found() {
    const ADDED: [(&str, &str); 9] = [
        ("create table public.new_table (id int)", "public.new_table has no comment"),
        ("create view public.new_view as select 1 as one; comment on view public.new_view is 'New.'",
         "the comment on public.new_view has no paragraph \"Read …\""),
        ("alter table public.cases add column new_column text", "public.cases.new_column has no comment"),
        ("alter type public.case_page add attribute new_field text", "public.case_page.new_field has no comment"),
        ("create function public.new_rpc(new_argument int) returns int language sql as 'select 1'",
         "the comment on public.new_rpc leaves out new_argument"),
        ("comment on function public.case_counts() is 'Counts.'",
         "the comment on public.case_counts has no paragraph \"For …\": who may use it"),
        ("comment on function public.find_case(text) is E'Finds.\\n\\n- number: one\\n- PT404: none\\n- PT418: tea'",
         "the comment on public.find_case has a refusal that it never raises: PT418"),
        ("create or replace function casebase.raise_no_case() returns void language plpgsql
            as $$ begin raise exception using errcode = 'PT418'; end $$",
         "the comment on public.reopen_case leaves out the refusal PT418"),
        ("create or replace function casebase.write_cursor(place jsonb) returns text language plpgsql
            as $$ begin raise exception 'no'; end $$",
         "the comment on public.list_interactions leaves out the refusal P0001"),
    ];
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    for (added, fault) in ADDED {
        let mut transaction = admin.begin().await.expect("a transaction");
        run(&mut transaction, added).await;
        let found = faults(&mut transaction).await;
        transaction.rollback().await.expect("nothing of it stays");
        assert!(found.iter().any(|f| f == fault), "{added}: {found:#?}");
    }
}
