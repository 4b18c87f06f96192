//! `types/constraints.json` and `types/constraints.ts`: what a constraint asks for and the sentence for whom it refuses,
//! for every one that a user can meet. Written from the catalogue, whose comments on constraints are the sentences.

use casebase_supabase::violation::Violation;
use regex::Regex;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;

use super::*;

const JSON: &str = "types/constraints.json";
const TYPESCRIPT: &str = "types/constraints.ts";
/// What stands in TypeScript around the table.
const FRAME: &str = include_str!("constraints.frame.ts");
const PLACE: &str = "/* the table */";

/// Whoever may write a row of a table, or some of its columns, meets its constraints: checks, unique keys and references
/// with a column that they write, not null of those columns, and references that keep them from deleting. A key that the
/// database counts by itself is never met.
const MET: &str = "
    with tables as (
      select c.oid, case n.nspname when 'public' then c.relname else n.nspname || '.' || c.relname end as name,
             has_table_privilege('authenticated', c.oid, 'delete') as deletable
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'casebase') and c.relkind in ('r', 'p')
        and (has_any_column_privilege('authenticated', c.oid, 'insert, update')
             or has_table_privilege('authenticated', c.oid, 'delete'))
    ),
    columns as (
      select t.oid, a.attnum, a.attname::text as name, a.attnotnull, a.attgenerated <> '' or a.attidentity <> '' as counted,
             a.attgenerated = '' and a.attidentity = ''
               and has_column_privilege('authenticated', t.oid, a.attnum, 'insert, update') as written
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    ),
    rules as (
      select conrelid as oid, conname::text as name, contype::text as kind, conkey, pg_get_constraintdef(oid) as definition,
             obj_description(oid, 'pg_constraint') as words, confrelid,
             contype = 'f' and confdeltype in ('a', 'r') as keeps
      from pg_constraint
      where contype in ('c', 'f', 'p', 'u', 'x')
      union all
      select i.indrelid, c.relname, 'u', i.indkey::int2[], pg_get_indexdef(i.indexrelid),
             obj_description(i.indexrelid, 'pg_class'), 0, false
      from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indisunique and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
      union all
      select oid, split_part(t.name, '.', -1) || '_' || a.name || '_not_null', 'n', array[attnum], '',
             a.name || ' is needed, and must not be null.', 0, false
      from columns a join tables t using (oid)
      where attnotnull and written
    )
    select t.name as \"table\", r.name, r.kind, r.definition, r.words,
           array(select a.name from unnest(r.conkey) with ordinality k (attnum, place) join columns a on a.oid = r.oid and a.attnum = k.attnum
                 order by place) as columns,
           array(select a.name from unnest(r.conkey) with ordinality k (attnum, place) join columns a on a.oid = r.oid and a.attnum = k.attnum
                 where a.written order by place) as written,
           r.keeps and coalesce((select u.deletable from tables u where u.oid = r.confrelid), false) as keeps
    from rules r join tables t using (oid)
    where case
        when r.kind in ('p', 'u', 'x')
          then not exists (select from columns a where a.oid = r.oid and a.attnum = any (r.conkey) and a.counted)
        else exists (select from columns a where a.oid = r.oid and a.attnum = any (r.conkey) and a.written)
      end
      or r.keeps and coalesce((select u.deletable from tables u where u.oid = r.confrelid), false)
    order by t.name collate \"C\", array_position(array['n', 'c', 'f', 'p', 'u', 'x'], r.kind), r.name collate \"C\"";

#[derive(FromRow, Clone)]
pub struct Met {
    pub table: String,
    name: String,
    kind: String,
    definition: String,
    words: Option<String>,
    pub columns: Vec<String>,
    written: Vec<String>,
    keeps: bool,
}

/// One of the table, as both files have it.
#[derive(Serialize)]
pub struct Entry {
    constraint: String,
    table: String,
    field: Option<String>,
    columns: Vec<String>,
    pub rule: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    pub sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<String>,
}

#[derive(Serialize)]
pub struct Limit {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    pub unit: &'static str,
}

/// The parts of a definition that match, by their first group.
fn all(definition: &str, expression: &str) -> Vec<String> {
    let expression = Regex::new(expression).expect("an expression");
    let found = expression.captures_iter(definition);
    found.map(|found| found[1].to_owned()).collect()
}

fn rule(met: &Met) -> &'static str {
    match met.kind.as_str() {
        "n" => return "required",
        "f" => return "exists",
        "p" | "u" | "x" => return "unique",
        _ => {}
    }
    const MARKS: [(&str, &str); 9] = [
        ("casebase.is_line(", "line"),
        ("casebase.are_lines(", "lines"),
        ("casebase.is_text(", "text"),
        ("casebase.is_readable_json(", "readable_json"),
        ("jsonb_typeof(", "object"),
        ("10000-01-01", "time"),
        ("casebase.is_object_name(", "object_name"),
        ("] ~ ", "pattern"),
        (" ~ '", "pattern"),
    ];
    let marked = MARKS.iter().find(|(mark, _)| met.definition.contains(mark));
    let lists = met.columns.len() == 1 && met.definition.contains(" = ANY (ARRAY[");
    match marked {
        _ if lists => "one_of",
        Some((_, rule)) => rule,
        None if !limits(met).is_empty() => "range",
        None => "condition",
    }
}

/// How long, how large or how many, in the unit that it is counted in.
fn limits(met: &Met) -> Vec<Limit> {
    const COUNTED: [(&str, &str); 5] = [
        (r"(?:char_)?length\(\w+\)", "characters"),
        (
            r"octet_length\((?:\w+|\(\w+\)::text|decode\([^']*'base64'::text\))\)",
            "bytes",
        ),
        (r"cardinality\(\w+\)", "items"),
        ("file_size", "bytes"),
        ("previous_valid_for", "days"),
    ];
    let mut limits = Vec::new();
    for (counted, unit) in COUNTED {
        let number = |comparison: &str| {
            let found = all(
                &met.definition,
                &format!(r"\({counted} {comparison} '?(\d+)'?"),
            );
            found.first().map(|n| n.parse().expect("a number"))
        };
        let (least, most) = (number(">="), number("<="));
        if least.is_some() || most.is_some() {
            limits.push(Limit { least, most, unit });
        }
    }
    limits
}

pub fn entry(met: Met) -> Entry {
    let rule = rule(&met);
    let words = met.words.clone().unwrap_or_default();
    let (sentence, in_use) = match words.split_once('\n') {
        Some((sentence, in_use)) => (sentence.to_owned(), Some(in_use.to_owned())),
        None => (words, None),
    };
    // A composite reference begins with what it is about.
    let field = match (met.kind.as_str(), met.written.as_slice()) {
        ("f", [first, ..]) => Some(first.clone()),
        (_, [one]) => Some(one.clone()),
        _ => None,
    };
    let listed = rule == "one_of";
    let pattern = || {
        all(&met.definition, r" ~ '((?:[^']|'')*)'")
            .into_iter()
            .next()
    };
    Entry {
        limits: limits(&met),
        values: match listed {
            true => all(&met.definition, r"'([^']*)'::text"),
            false => Vec::new(),
        },
        pattern: (rule == "pattern").then(pattern).flatten(),
        constraint: met.name,
        table: met.table,
        field,
        columns: met.columns,
        rule,
        sentence,
        in_use,
    }
}

async fn met() -> Vec<Met> {
    let mut owner = connect("DATABASE_URL").await;
    let met = sqlx::query_as(MET).fetch_all(&mut owner).await;
    met.expect("the catalogue answers")
}

/// One to a line.
fn table(entries: &[Entry]) -> String {
    let line = |entry| serde_json::to_string(entry).expect("JSON");
    let lines: Vec<_> = entries
        .iter()
        .map(|entry| format!("  {}", line(entry)))
        .collect();
    format!("[\n{}\n]", lines.join(",\n"))
}

#[tokio::test]
async fn every_constraint_that_a_user_can_meet_has_its_words() {
    let _alone = ALONE.lock().await;
    let met = met().await;
    let told: Vec<_> = met.iter().filter(|met| met.words.is_none()).collect();
    let told: Vec<_> = told
        .iter()
        .map(|met| format!("{} of {}", met.name, met.table))
        .collect();
    assert!(
        told.is_empty(),
        "no comment in supabase/schemas/constraint_words.sql: {told:#?}"
    );
    // Who deletes what is referenced, and only they, need a second line.
    let other = met
        .iter()
        .filter(|met| met.keeps != met.words.as_deref().is_some_and(|w| w.contains('\n')));
    let other: Vec<_> = other.map(|met| &met.name).collect();
    assert!(other.is_empty(), "one line too few or too many: {other:?}");

    let entries: Vec<_> = met.into_iter().map(entry).collect();
    let names: BTreeSet<_> = entries.iter().map(|entry| &entry.constraint).collect();
    assert_eq!(names.len(), entries.len(), "a name is one table's only");
    for entry in &entries {
        let numbers = entry
            .limits
            .iter()
            .flat_map(|limit| [limit.least, limit.most]);
        let mut told: Vec<_> = numbers.flatten().map(|n| n.to_string()).collect();
        told.extend(entry.values.clone());
        for word in told {
            let name = &entry.constraint;
            assert!(
                entry.sentence.contains(&word),
                "{name} takes {word}: {}",
                entry.sentence
            );
        }
    }
    for (file, text) in [
        (JSON, table(&entries) + "\n"),
        (TYPESCRIPT, FRAME.replace(PLACE, &table(&entries))),
    ] {
        let path = repository_path(file);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, text).expect("written");
            continue;
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = text
            .lines()
            .zip(written.lines())
            .find(|(is, was)| is != was);
        assert!(
            text == written,
            "{file} is not what the catalogue says (UPDATE=1 writes it); first: {differs:#?}"
        );
    }
}

/// A constraint more is noticed: one without words, and one whose limit the words don't have.
#[tokio::test]
async fn a_new_constraint_is_met() {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    let mut transaction = owner.begin().await.expect("a transaction");
    run(
        &mut transaction,
        "alter table cases
           add constraint new_check check (char_length(title) <= 3) not valid,
           add constraint new_key exclude (title with =) where (status = 'nothing'),
           alter column action_required_by set not null;
         create unique index new_idx on cases (title) where status = 'nothing';
         alter table interactions add constraint new_fkey foreign key (party1_name) references party_types not valid",
    )
    .await;
    let met: Vec<Met> = sqlx::query_as(MET)
        .fetch_all(&mut *transaction)
        .await
        .expect("the catalogue");
    transaction.rollback().await.expect("nothing of it stays");
    let names: Vec<_> = met.iter().map(|met| met.name.as_str()).collect();
    for new in [
        "new_check",
        "new_key",
        "new_idx",
        "new_fkey",
        "cases_action_required_by_not_null",
    ] {
        assert!(names.contains(&new), "{new}: {names:?}");
    }
    let short = met
        .into_iter()
        .find(|met| met.name == "new_check")
        .map(entry);
    assert_eq!(short.and_then(|entry| entry.limits[0].most), Some(3));
}

/// PostgreSQL's own messages of each kind, as PostgREST passes them on, lead to the words.
#[tokio::test]
async fn what_postgresql_says_leads_to_the_words() {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    for (statement, constraint, field, sentence) in [
        ("update departments set name = E'\\u00a0'", "departments_name_check", Some("name"), "The name must be one line"),
        ("update departments set name = null", "departments_name_not_null", Some("name"), "name is needed, and must not be null."),
        ("insert into departments (name) select name from departments", "departments_name_key", Some("name"),
         "There is a department of this name already."),
        ("insert into cases (client_id, title) values (gen_random_uuid(), 't')", "cases_client_id_fkey", Some("client_id"),
         "There is no such client, or you may not see it."),
        ("insert into clients (name) values ('A'); insert into cases (client_id, title) select id, 't' from clients limit 1;
          delete from clients where id in (select client_id from cases)", "cases_client_id_fkey", Some("client_id"),
         "The client has cases."),
        ("insert into cases (client_id, title) values (null, 't')", "cases_client_id_not_null", Some("client_id"), "client_id is needed"),
    ] {
        let mut transaction = owner.begin().await.expect("a transaction");
        let refused = raw_sql(statement).execute(&mut *transaction).await.expect_err(statement);
        transaction.rollback().await.expect("nothing of it stays");
        let message = refused.as_database_error().expect("the database's").message();
        let found = Violation::of(message).unwrap_or_else(|| panic!("no words for {message}"));
        assert_eq!((found.constraint, found.field), (constraint, field), "{message}");
        assert!(found.sentence.starts_with(sentence), "{message}: {}", found.sentence);
    }
    assert!(Violation::of("the case is not resolved").is_none());
}

/// What the rules are called is said where frontends read it.
#[test]
fn the_frame_names_every_rule() {
    let written = std::fs::read_to_string(repository_path(JSON)).expect("UTF-8");
    let entries: Vec<Value> = serde_json::from_str(&written).expect("a table");
    for entry in entries {
        let rule = entry["rule"].as_str().expect("a word");
        assert!(FRAME.contains(&format!("'{rule}'")), "{rule}");
    }
}
