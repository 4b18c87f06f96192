//! `docs/access.md`: the access table as the database answers it, written from the statements that
//! `tests/database/10_access_table.sql` tries.

use sqlx::FromRow;

use super::*;

const REPORT: &str = "docs/access.md";
const INTRODUCTION: &str = "\
# Who can do what, as tested

Written by `UPDATE=1 cargo test -p casebase --test database` from what the database answered; the same test fails when
this page differs. The statements are those of `tests/database/10_access_table.sql`, and so is the world they run in:
two clients (Acme, Other Ltd), two departments (North, South), an open and a resolved case of Acme's in North, an open
one of Other Ltd's in South, each with a visible and a hidden interaction, a note, an internal record, a visible and an
internal file; and what each statement needs to succeed for somebody. The people are those of `00_setup.sql`, who play
the same parts in the sample data and in `casebase demo`.

A number is how many rows the statement reads or changes, `·` none, ✗ a refusal for want of rights (42501); other codes
are rules: `PT404` the rpc's \"no such case\", `PT409` and `23…` what must be true of any row.

";

#[derive(FromRow)]
struct Answer {
    place: i32,
    person: String,
    outcome: String,
}

#[derive(FromRow)]
struct Statement {
    place: i32,
    statement: String,
}

/// Somebody of the cast, and what they are.
#[derive(FromRow)]
struct CastMember {
    name: String,
    what: String,
}

/// The comments between the statements, by the place of the statement that follows them.
fn headings(sql: &str) -> Vec<(i32, String)> {
    let mut headings = Vec::new();
    let mut place = 1;
    let rows = sql.split_once("insert into cells").expect("the cells").1;
    for line in rows.lines() {
        if let Some(comment) = line.strip_prefix("-- ") {
            headings.push((place, comment.to_owned()));
        } else if line.starts_with("('") || line.starts_with("($$") {
            place += 1;
        }
    }
    headings
}

fn cell(outcome: &str) -> String {
    match outcome {
        "0" => "·".into(),
        "42501" => "✗".into(),
        number if number.len() < 5 => number.into(),
        code => format!("`{code}`"),
    }
}

fn render(
    headings: &[(i32, String)],
    people: &[CastMember],
    statements: &[Statement],
    answers: &[Answer],
) -> String {
    let mut page = INTRODUCTION.to_owned();
    page += "| Person | is |\n|---|---|\n";
    let mut names = String::new();
    for CastMember { name, what } in people {
        page += &format!("| {name} | {what} |\n");
        names += &format!(" {name} |");
    }
    let head = format!("| |{names}\n|---|{}\n", "---|".repeat(people.len()));
    for Statement { place, statement } in statements {
        let above: Vec<_> = headings.iter().filter(|(p, _)| p == place).collect();
        if !above.is_empty() {
            for (_, heading) in above {
                page += &format!("\n{heading}");
            }
            page += &format!("\n\n{head}");
        }
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let statement = statement.replace('|', "\\|");
        page += &format!("| `{statement}` |");
        for CastMember { name, .. } in people {
            let answer = answers
                .iter()
                .find(|a| a.place == *place && a.person == *name);
            page += &format!(" {} |", cell(&answer.expect("an answer").outcome));
        }
        page += "\n";
    }
    page
}

async fn page_of_this_database() -> String {
    let files = sql_files("tests/database");
    let text = |name: &str| {
        let file = files.iter().find(|(file, _)| file.starts_with(name));
        file.expect("the file").1.clone()
    };
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    run(&mut admin, text("00_")).await;
    let table = text("10_");
    let (cells, _assertions) = table.split_once("select plan(").expect("a plan");
    run(&mut admin, cells).await;
    let people: Vec<CastMember> = sqlx::query_as(
        "select name, what from tests.people
         where name in (select attname from pg_attribute where attrelid = 'cells'::regclass)
         order by place",
    )
    .fetch_all(&mut admin)
    .await
    .expect("the people");
    let statements: Vec<Statement> =
        sqlx::query_as("select place, statement from cells order by place")
            .fetch_all(&mut admin)
            .await
            .expect("the statements");
    let answers: Vec<Answer> = sqlx::query_as(
        "select c.place, p.person, tests.would(p.person, c.statement) as outcome
         from cells c, jsonb_object_keys(to_jsonb(c) - 'place' - 'statement') as p (person)",
    )
    .fetch_all(&mut admin)
    .await
    .expect("the answers");
    run(&mut admin, "rollback").await;
    render(&headings(&table), &people, &statements, &answers)
}

#[tokio::test]
async fn docs_access_md_is_what_the_database_answers() {
    let _alone = ALONE.lock().await;
    if !pgtap::is_available(&mut connect("DATABASE_ADMIN_URL").await).await {
        return;
    }
    let page = page_of_this_database().await;
    let file = repository_path(REPORT);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, page).expect("written");
        return;
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = page.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        page == written,
        "{REPORT} is not what the database answers (UPDATE=1 writes it); first difference: {differs:#?}"
    );
}
