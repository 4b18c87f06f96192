//! What is true now stands in `supabase/schemas` and `policies`; `migrations` is written from it, by `UPDATE=1`.
//!
//! Until the schema's first release candidate there is one migration, the declared files in order. From then on
//! migrations are frozen, and what the declared files say beyond them is the beginning of the next one.

use std::{path::Path, process::Command};

use casebase_local::postgres::SUPERUSER;
use serde::Deserialize;

use super::*;
use crate::programs;

/// The one migration until the release candidate.
const MIGRATION: &str = "migrations/20261128000000_casebase.sql";

const HEADER: &str = "\
-- Casebase, written from supabase/schemas and policies in the order of supabase/config.toml: change those, then run
-- `UPDATE=1 cargo test -p casebase --test database declared`.
";

#[derive(Deserialize)]
struct Config {
    db: Db,
}

#[derive(Deserialize)]
struct Db {
    migrations: Migrations,
}

#[derive(Deserialize)]
struct Migrations {
    schema_paths: Vec<String>,
}

/// The files that `supabase/config.toml` declares, each under its path in the repository.
fn declared() -> Vec<(String, String)> {
    let config = std::fs::read_to_string(repository_path("supabase/config.toml")).expect("UTF-8");
    let config: Config = toml::from_str(&config).expect("the CLI's configuration");
    let mut files = Vec::new();
    for path in config.db.migrations.schema_paths {
        // The CLI reads paths from its own folder.
        let path = match path.strip_prefix("../") {
            Some(outside) => outside.to_owned(),
            None => format!("supabase/{}", path.trim_start_matches("./")),
        };
        match path.strip_suffix("/*.sql") {
            Some(folder) => {
                let all = sql_files(folder).into_iter();
                files.extend(all.map(|(name, sql)| (format!("{folder}/{name}"), sql)));
            }
            None => {
                let sql = std::fs::read_to_string(repository_path(&path));
                files.push((path.clone(), sql.unwrap_or_else(|e| panic!("{path}: {e}"))));
            }
        }
    }
    files
}

/// All of them as one text. What the policies' files take away before they make it anew isn't there yet.
fn written() -> String {
    let mut migration = HEADER.to_owned();
    for (path, sql) in declared() {
        migration += &format!("\n\n-- {path}\n\n");
        let lines = sql.lines();
        let kept = lines.filter(|line| !line.trim_start().starts_with("drop policy if exists "));
        let mut blank = true;
        for line in kept {
            if !(blank && line.is_empty()) {
                migration += line;
                migration.push('\n');
            }
            blank = line.is_empty();
        }
    }
    migration
}

#[test]
fn every_file_is_declared_once() {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                let root = repository_path("");
                let path = path.strip_prefix(root).expect("below the repository");
                found.insert(path.to_string_lossy().into_owned());
            }
        }
    }
    let mut there = BTreeSet::new();
    walk(&repository_path("supabase/schemas"), &mut there);
    let declared: Vec<_> = declared().into_iter().map(|(path, _)| path).collect();
    let schemas = declared.iter().filter(|path| path.starts_with("supabase/"));
    assert_eq!(there, schemas.cloned().collect());
    assert_eq!(
        declared.len(),
        declared.iter().collect::<BTreeSet<_>>().len(),
        "{declared:?}"
    );
}

#[test]
fn the_migration_is_the_declared_files_in_order() {
    let written = written();
    let file = repository_path(MIGRATION);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, written).expect("the file is ours");
        return;
    }
    let there = std::fs::read_to_string(&file).expect("UTF-8");
    let differs = there
        .lines()
        .zip(written.lines())
        .find(|(is, said)| is != said);
    assert!(
        there == written,
        "{MIGRATION} is not what the declared files say, first at {differs:?}. {}",
        HEADER.replace("-- ", "")
    );
}

/// A bare Supabase, and its owner's connection.
async fn bare() -> (Stack, PgConnection) {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let owner = PgConnection::connect(&stack.database_url("postgres")).await;
    (stack, owner.expect("a connection"))
}

async fn apply_declared(owner: &mut PgConnection) {
    for (path, sql) in declared() {
        raw_sql(AssertSqlSafe(sql))
            .execute(&mut *owner)
            .await
            .unwrap_or_else(|e| panic!("{path}: {e}"));
    }
}

/// Supabase's diff engine; nothing where there is no Node.js, which CI does not accept.
fn pgdelta(arguments: &[&str]) -> Option<Command> {
    let mut node = programs::node()?;
    node.arg("node_modules/@supabase/pg-delta/dist/cli/main.js")
        .args(arguments);
    Some(node)
}

/// What separates the one catalogue from the other, in pgdelta's words.
fn difference(source: &Stack, desired: &Stack) -> Option<String> {
    let (source, desired) = (
        source.database_url(SUPERUSER),
        desired.database_url(SUPERUSER),
    );
    let mut diff = pgdelta(&["diff", "--source", &source, "--desired", &desired])?;
    Some(programs::succeed(&mut diff))
}

const NONE: &str = "No differences found.\n";

#[tokio::test]
async fn the_migrations_make_what_is_declared() {
    if std::env::var_os("UPDATE").is_some() {
        // This binary carries the migration as it was before.
        return;
    }
    let (migrated, mut owner) = bare().await;
    dev::migrate(&migrated).await.expect("the migrations apply");
    // The record of what was applied declares nothing.
    run(&mut owner, "drop schema supabase_migrations cascade").await;
    let (made, mut owner) = bare().await;
    apply_declared(&mut owner).await;
    if let Some(found) = difference(&migrated, &made) {
        assert_eq!(found, NONE);
        // That it looks: an index more, a grant, a function's setting.
        run(
            &mut owner,
            "create index more on public.cases (updated_at);
             grant update on public.case_events to authenticated;
             alter function casebase.is_staff() reset search_path",
        )
        .await;
        let found = difference(&migrated, &made).expect("it was there before");
        for seen in ["more", "case_events", "is_staff"] {
            assert!(found.contains(seen), "{seen} is not in:\n{found}");
        }
    }
    drop(owner);
    migrated.stop().await;
    made.stop().await;
}
