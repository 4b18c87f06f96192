//! `supabase/checks/catalogue.json`: what `casebase doctor` compares a project's catalogue with, as a project has it that the
//! migrations alone have made.

use casebase_local::{Options, Stack};

use super::*;

const FILE: &str = "supabase/checks/catalogue.json";

/// Kind, thing, name, statement, and what takes it away.
type Row = (String, String, String, String, Option<String>);

async fn rows(owner: &mut PgConnection) -> Vec<Row> {
    let sql = std::fs::read_to_string(repository_path("supabase/checks/catalogue.sql"));
    let rows = sqlx::query_as(AssertSqlSafe(sql.expect("UTF-8")));
    rows.fetch_all(owner).await.expect("the catalogue answers")
}

/// What can be made again while other things refer to the rest.
fn can_be_made_again((kind, _, _, statement, undo): &Row) -> Option<String> {
    let again = match kind.as_str() {
        "policy" | "trigger" | "index" => true,
        "constraint" => statement.contains(" CHECK "),
        _ => false,
    };
    let undo = undo.as_ref().filter(|_| again)?;
    Some(format!("{undo}; {statement}"))
}

/// A project's catalogue, a thing a line; last in it, what is printed of the thing once its statement has made it again, where
/// that differs.
async fn listed(stack: &Stack) -> String {
    let url = stack.database_url("postgres");
    let mut owner = PgConnection::connect(&url).await.expect("a connection");
    run(&mut owner, "set search_path = pg_catalog, pg_temp").await;
    let before = rows(&mut owner).await;
    let mut transaction = owner.begin().await.expect("a transaction");
    for again in before.iter().filter_map(can_be_made_again) {
        run(&mut transaction, again).await;
    }
    let after = rows(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");

    let lines = before.iter().map(|(kind, thing, name, statement, _)| {
        let again = after
            .iter()
            .find(|(k, t, n, ..)| (k, t, n) == (kind, thing, name));
        let (.., again, _) = again.expect("it was made again");
        match again == statement {
            true => serde_json::json!([kind, thing, name, statement]).to_string(),
            false => serde_json::json!([kind, thing, name, statement, again]).to_string(),
        }
    });
    let lines: Vec<_> = lines.collect::<BTreeSet<_>>().into_iter().collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

#[tokio::test]
async fn is_what_the_migrations_make() {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    dev::migrate(&stack).await.expect("the migrations apply");
    let listed = listed(&stack).await;
    stack.stop().await;
    let file = repository_path(FILE);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, listed).expect("written");
        return;
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = listed.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        listed == written,
        "{FILE} is not what the migrations make (UPDATE=1 writes it); first difference: {differs:#?}"
    );
}
