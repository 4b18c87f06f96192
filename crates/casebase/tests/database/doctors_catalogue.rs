//! `supabase/checks/catalogue.json`: what `casebase doctor` compares a project's catalogue with, as a project has it that the
//! migrations alone have made.

use casebase_local::{Options, Stack};

use super::*;

const FILE: &str = "supabase/checks/catalogue.json";

/// A project's catalogue, a thing a line.
async fn listed(stack: &Stack) -> String {
    let url = stack.database_url("postgres");
    let mut owner = PgConnection::connect(&url).await.expect("a connection");
    run(&mut owner, "set search_path = pg_catalog, pg_temp").await;
    let sql =
        std::fs::read_to_string(repository_path("supabase/checks/catalogue.sql")).expect("UTF-8");
    let rows: Vec<(String, String, String, String, Option<String>)> =
        sqlx::query_as(AssertSqlSafe(sql))
            .fetch_all(&mut owner)
            .await
            .expect("the catalogue answers");
    let lines: BTreeSet<_> = rows
        .into_iter()
        .map(|(kind, thing, name, statement, _)| {
            serde_json::json!([kind, thing, name, statement]).to_string()
        })
        .collect();
    let lines: Vec<_> = lines.into_iter().collect();
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
