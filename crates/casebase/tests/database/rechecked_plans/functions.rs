//! What our own functions update, delete or lock, as auto_explain logs it while the pgTAP files tell their stories.

use futures::{StreamExt, stream};
use tokio_postgres::{AsyncMessage, NoTls};

use super::*;
use crate::pgtap;

/// Every plan, nested ones too, as a message to the client.
const EXPLAIN_ALL: &str = "
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_verbose = on;
    set auto_explain.log_format = json;
    set auto_explain.log_level = warning;
    set search_path = public, extensions";

/// A statement that re-checks rows, and its plan.
struct Explained {
    text: String,
    plan: Value,
}

/// Runs a file, and keeps what re-checks rows.
async fn explained_in(file: &str) -> Vec<Explained> {
    let url = project().setting("DATABASE_ADMIN_URL");
    let (client, mut connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("a connection");
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let kept = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notice(notice) = message.expect("the session goes on") {
                kept.extend(explained(notice.message()));
            }
        }
        kept
    });
    client
        .batch_execute(EXPLAIN_ALL)
        .await
        .expect("auto_explain is there");
    client.batch_execute(file).await.expect("the file runs");
    drop(client);
    kept.await.expect("no panic")
}

fn explained(message: &str) -> Option<Explained> {
    let (_, json) = message.split_once("plan:\n")?;
    // Most are read only, and of pgTAP itself.
    if !json.contains("LockRows") && !json.contains("ModifyTable") {
        return None;
    }
    let mut plan: Value = serde_json::from_str(json).expect("JSON");
    let text = plan["Query Text"].as_str().unwrap_or_default().to_owned();
    let plan = plan["Plan"].take();
    judge::has_rechecks(&plan).then_some(Explained { text, plan })
}

/// Our functions with their sources.
async fn sources() -> Vec<(String, String)> {
    sqlx::query_as(
        "select p.oid::regprocedure::text, p.prosrc from pg_proc p
         where p.pronamespace in ('public'::regnamespace, 'casebase'::regnamespace)
           and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')",
    )
    .fetch_all(&mut connect("DATABASE_ADMIN_URL").await)
    .await
    .expect("the catalogue answers")
}

/// Without comments and what stands in quotes; every other character stays where it is.
fn code(source: &str) -> String {
    let mut code = String::new();
    let (mut quoted, mut comment) = (false, false);
    for (at, c) in source.char_indices() {
        match c {
            '\n' => comment = false,
            '-' if source[at..].starts_with("--") && !quoted => comment = true,
            '\'' if !comment => quoted = !quoted,
            _ => {}
        }
        if quoted || comment {
            code.extend(std::iter::repeat_n(' ', c.len_utf8()));
        } else {
            code.push(c);
        }
    }
    code
}

/// Where a source updates, deletes or locks.
fn places(source: &str) -> Vec<usize> {
    const WORDS: [&str; 5] = [
        "update",
        "delete from",
        "merge into",
        "for share",
        "for key share",
    ];
    let code = code(source);
    let found = WORDS.iter().flat_map(|word| {
        let code = &code;
        code.match_indices(word).filter(move |(at, _)| {
            let (before, after) = (&code[..*at], &code[at + word.len()..]);
            let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            // An upsert changes the row that it found, and judges none again.
            whole && !before.trim_end().ends_with("do")
        })
    });
    found.map(|(at, _)| at).collect()
}

/// Whether the statement is the one around this place of the source, or what `format` made of it.
fn is_from(statement: &str, source: &str, place: usize) -> bool {
    // plpgsql puts SELECT for PERFORM, and spaces for INTO and its target.
    let statement = statement.trim();
    let statement = statement.strip_prefix("SELECT ").unwrap_or(statement);
    let is_at = |start: usize| {
        let source = &source.as_bytes()[start..];
        let mut pairs = statement.bytes().zip(source);
        source.len() >= statement.len() && pairs.all(|(s, o)| s == *o || s == b' ')
    };
    ((place + 1).saturating_sub(statement.len())..=place).any(is_at)
        || is_formatted(statement, source, place)
}

fn is_formatted(statement: &str, source: &str, place: usize) -> bool {
    const QUOTE: &str = "$sql$";
    let start = source[..place].rfind(QUOTE).map(|at| at + QUOTE.len());
    let template =
        start.and_then(|start| Some(&source[start..place + source[place..].find(QUOTE)?]));
    let Some(template) = template.filter(|template| template.contains('%')) else {
        return false;
    };
    let mut rest = statement;
    template.trim().split("%s").all(|fragment| {
        let found = rest.find(fragment).map(|at| &rest[at + fragment.len()..]);
        rest = found.unwrap_or_default();
        found.is_some()
    })
}

#[tokio::test]
async fn functions_of_ours_re_check_no_row_in_a_form_that_fails() {
    let _alone = ALONE.lock().await;
    if !pgtap::is_available(&mut connect("DATABASE_ADMIN_URL").await).await {
        return;
    }
    let mut all = Vec::new();
    for (_, file) in sql_files("tests/database") {
        all.extend(explained_in(&file).await);
    }
    let mut complaints = BTreeSet::new();
    for explained in &all {
        let found = judge::complaints(&explained.plan).into_iter();
        complaints.extend(found.map(|complaint| format!("{}\n    {complaint}", explained.text)));
    }
    let (mut places_of_all, statements) =
        (0, BTreeSet::from_iter(all.iter().map(|e| e.text.as_str())));
    for (function, source) in sources().await {
        for place in places(&source) {
            places_of_all += 1;
            if !statements
                .iter()
                .any(|statement| is_from(statement, &source, place))
            {
                let line = source[place..].lines().next().unwrap_or_default();
                complaints.insert(format!(
                    "{function}: no test runs, so nobody has judged: {line}"
                ));
            }
        }
    }
    let complaints = Vec::from_iter(complaints);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    assert!(places_of_all > 20, "{places_of_all}");
}

#[test]
fn a_statement_is_known_by_where_it_stands() {
    let source = "
      -- update nothing
      perform from a where a.x = 'update' for share;
      update a set x = 1 returning x into y;
      insert into a values (1) on conflict (x) do update set x = 2;
      execute format($sql$ delete from %s f where f.x = $1 $sql$, a);";
    let found = places(source);
    let begin: Vec<_> = found.iter().map(|at| &source[*at..at + 9]).collect();
    assert_eq!(begin, ["update a ", "delete fr", "for share"]);
    for (statement, place) in [
        (" SELECT from a where a.x = 'update' for share", 2),
        ("update a set x = 1 returning x       ", 0),
        (" delete from public.a f where f.x = $1 ", 1),
    ] {
        let known: Vec<_> = found
            .iter()
            .map(|at| is_from(statement, source, *at))
            .collect();
        assert!(known[place], "{statement}");
        assert_eq!(
            known.iter().filter(|known| **known).count(),
            1,
            "{statement}"
        );
    }
}
