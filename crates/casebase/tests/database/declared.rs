//! What is true now stands in `supabase/schemas` and `policies`; `migrations` is written from it, by `UPDATE=1`.
//!
//! Until the schema's first release there is one migration, the declared files in order. What is released stands in
//! [`RELEASED`] and never changes: what the declared files say beyond it is the beginning of the next migration, which
//! `UPDATE=1` writes into a new file, and to which it gives its checksum again when a person has finished it.

use std::{path::Path, process::Command};

use casebase::migrations::Migration;
use casebase_local::postgres::SUPERUSER;
use serde::Deserialize;

use super::*;
use crate::programs;

/// Version and checksum of each migration that was released.
const RELEASED: &[(&str, &str)] = &[(
    "20261128000000",
    "e113e6e1f49a4bbe79879aa2daf18293499441907d58daf6989ee8af7ed8788c",
)];

/// The first migration.
const MIGRATION: &str = "migrations/20261128000000_casebase.sql";

/// The release that it comes with, and the next one until there is another.
const RELEASE: &str = "0.1.0-rc.2";

const HEADER: &str = "\
-- Casebase, written from supabase/schemas and policies in the order of supabase/config.toml.
";

/// How it is written.
const HOW: &str = "UPDATE=1 cargo test -p casebase --test database declared";

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
pub fn declared() -> Vec<(String, String)> {
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

/// Whether the first migration is no longer written from the declared files.
fn is_frozen() -> bool {
    !RELEASED.is_empty()
}

/// All of them as one migration. What the policies' files take away before they make it anew isn't there yet.
fn written() -> Migration {
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
    migration +=
        "\n-- The record, whoever runs this file: the checksum is of what stands before it.\n";
    let (_, file) = MIGRATION.split_once('/').expect("a folder");
    let stem = file.trim_end_matches(".sql").split_once('_');
    let (version, name) = stem.expect("version_name");
    Migration::recording(version, name, RELEASE, &migration)
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
    if is_frozen() {
        return sign_the_next();
    }
    let (file, written) = (repository_path(MIGRATION), written().sql);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &*written).expect("the file is ours");
        return;
    }
    let there = std::fs::read_to_string(&file).expect("UTF-8");
    let differs = there
        .lines()
        .zip(written.lines())
        .find(|(is, said)| is != said);
    assert!(
        there == written,
        "{MIGRATION} is not what the declared files say, first at {differs:?}: {HOW}"
    );
}

/// What a person changed in a migration that is not released yet gets its checksum.
fn sign_the_next() {
    for (file, sql) in sql_files("migrations") {
        let next = Migration::read(sql).expect("it ends with its record");
        let is_released = RELEASED.iter().any(|(version, _)| *version == next.version);
        if is_released || next.is_whole() {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE").is_some(),
            "{file} has another checksum than its last statement says: {HOW}"
        );
        let signed = Migration::recording(&next.version, &next.name, RELEASE, next.text());
        let file = repository_path("migrations").join(file);
        std::fs::write(file, &*signed.sql).expect("the file is ours");
    }
}

#[test]
fn what_was_released_stays_as_it_was() {
    for (version, checksum) in RELEASED {
        let mut files = sql_files("migrations").into_iter();
        let file = files.find(|(name, _)| name.starts_with(version));
        let (name, sql) = file.unwrap_or_else(|| panic!("migration {version} is gone"));
        let file = Migration::read(sql).unwrap_or_else(|| panic!("{name} lacks its record"));
        assert!(file.is_whole(), "{name} was changed");
        assert_eq!(file.checksum, *checksum, "{name}");
    }
}

/// A Supabase whose owner applied these files.
pub async fn made_of(files: Vec<(String, String)>) -> (Stack, PgConnection) {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let owner = PgConnection::connect(&stack.database_url("postgres")).await;
    let mut owner = owner.expect("a connection");
    for (path, sql) in files {
        raw_sql(AssertSqlSafe(sql))
            .execute(&mut owner)
            .await
            .unwrap_or_else(|e| panic!("{path}: {e}"));
    }
    (stack, owner)
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
    let source = source.database_url(SUPERUSER);
    let desired = desired.database_url(SUPERUSER);
    let mut diff = pgdelta(&["diff", "--source", &source, "--desired", &desired])?;
    Some(programs::succeed(&mut diff))
}

/// The statements that make the one of the other, for a person to finish.
fn beginning(source: &Stack, desired: &Stack) -> String {
    let source = source.database_url(SUPERUSER);
    let desired = desired.database_url(SUPERUSER);
    let folder = tempfile::tempdir().expect("a folder");
    let (plan, sql) = (folder.path().join("plan.json"), folder.path().join("sql"));
    let (plan, sql) = (plan.to_string_lossy(), sql.to_string_lossy());
    let database = ["--source", &source, "--desired", &desired];
    for arguments in [
        [
            &["plan"],
            &database[..],
            &["--renames", "off", "--out", &plan],
        ]
        .concat(),
        vec!["render", "--plan", &plan, "--out", &sql, "--allow-drops"],
    ] {
        programs::succeed(&mut pgdelta(&arguments).expect("it was there before"));
    }
    let mut parts: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    parts.sort();
    let read = |path| std::fs::read_to_string(path).expect("UTF-8");
    parts.into_iter().map(read).collect()
}

const NONE: &str = "No differences found.\n";

#[tokio::test]
async fn the_migrations_make_what_is_declared() {
    let update = std::env::var_os("UPDATE").is_some();
    if update && !is_frozen() {
        // Another test is writing it.
        return;
    }
    let (migrated, _) = made_of(sql_files("migrations")).await;
    let (made, mut owner) = made_of(declared()).await;
    if let Some(found) = difference(&migrated, &made) {
        if found != NONE && update {
            let now = chrono::Utc::now().format("%Y%m%d%H%M%S").to_string();
            let file = repository_path(&format!("migrations/{now}_casebase_next.sql"));
            let beginning = beginning(&migrated, &made);
            let next = Migration::recording(&now, "casebase_next", RELEASE, &beginning);
            std::fs::write(file, &*next.sql).expect("the folder is ours");
        } else {
            assert_eq!(found, NONE);
            begins_with_what_was_declared_since(&migrated, &made, &mut owner).await;
        }
    }
    drop(owner);
    migrated.stop().await;
    made.stop().await;
}

/// An index more, a grant, a function's setting: they are seen, and the next migration begins with them.
async fn begins_with_what_was_declared_since(
    migrated: &Stack,
    made: &Stack,
    owner: &mut PgConnection,
) {
    run(
        owner,
        "create index more on public.cases (updated_at);
         grant update on public.case_events to authenticated;
         alter function casebase.is_staff() reset search_path",
    )
    .await;
    let next = beginning(migrated, made);
    for seen in ["more", "case_events", "is_staff"] {
        assert!(next.contains(seen), "{seen} is not in:\n{next}");
    }
    let admin = PgConnection::connect(&migrated.database_url("postgres")).await;
    run(&mut admin.expect("a connection"), next).await;
    assert_eq!(difference(migrated, made).as_deref(), Some(NONE));
}
