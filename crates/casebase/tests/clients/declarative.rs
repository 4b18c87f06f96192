//! A project with declarative schemas: after Casebase came in, what the Supabase CLI would write as its next migration is
//! empty.

use std::{collections::BTreeSet, path::Path};

use casebase::commands::dev;
use casebase_local::{Options, Stack};
use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};

use crate::{
    dev::casebase,
    programs::{installed::output, node, succeed},
};

const ORDERS: &str = "create table public.orders (id uuid primary key, note text);\n";
const CLIENTS: &str = "create table public.clients (id uuid primary key, name text not null);\n";

/// A project's database, in which its own tables were made.
async fn made_of(schemas: &[(&str, &str)]) -> Stack {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let owner = PgConnection::connect(&stack.database_url("postgres")).await;
    let mut owner = owner.expect("a connection");
    for (_, sql) in schemas {
        let made = raw_sql(AssertSqlSafe((*sql).to_owned()))
            .execute(&mut owner)
            .await;
        made.expect("the host's own");
    }
    stack
}

/// The statements of the next migration: what the folder declares, and the database has not.
async fn next_migration(database: &Stack, folder: &Path) -> BTreeSet<String> {
    let shadow = made_of(&[]).await;
    let mut node = node().expect("it was there before");
    node.arg("declarative.mjs")
        .env("TARGET_URL", database.database_url("postgres"))
        .env("SHADOW_URL", shadow.database_url("postgres"))
        .env("FOLDER", folder);
    let said = succeed(&mut node);
    shadow.stop().await;
    said.lines().map(str::to_owned).collect()
}

async fn nothing_is_left_to_declare(schemas: &[(&str, &str)]) {
    if node().is_none() {
        return;
    }
    let project = tempfile::tempdir().expect("a folder");
    let folder = project.path().join("supabase/schemas");
    std::fs::create_dir_all(&folder).expect("it is ours");
    for (name, sql) in schemas {
        std::fs::write(folder.join(name), sql).expect("it is ours");
    }
    let database = made_of(schemas).await;
    assert_eq!(next_migration(&database, &folder).await, BTreeSet::new());
    dev::migrate(&database).await.expect("the migrations apply");
    // Without the file, everything of ours would go.
    let drops = next_migration(&database, &folder).await;
    assert!(
        drops.contains(r#"DROP TABLE "public"."cases""#),
        "{drops:#?}"
    );

    let installed = output(casebase(&["install", "--into"]).arg(project.path()));
    assert!(installed.status.success(), "{installed:?}");
    assert_eq!(next_migration(&database, &folder).await, BTreeSet::new());
    database.stop().await;
}

#[tokio::test]
async fn of_a_project_that_declares_its_schema_nothing_is_dropped() {
    nothing_is_left_to_declare(&[("orders.sql", ORDERS)]).await;
}

#[tokio::test]
async fn nor_of_one_that_declares_clients_of_its_own() {
    nothing_is_left_to_declare(&[("clients.sql", CLIENTS), ("orders.sql", ORDERS)]).await;
}
