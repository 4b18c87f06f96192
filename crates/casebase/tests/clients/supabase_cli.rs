//! The Supabase CLI against the project's database: what owners of hosted projects type.

use std::{collections::BTreeSet, path::Path, process::Command};

use casebase::migrations;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::{
    dev::Dev,
    extension,
    programs::{installed::output, succeed, supabase_cli},
    support::project,
};

/// The CLI in a project folder of its own, since it writes there.
pub struct Cli(tempfile::TempDir);

impl Cli {
    /// Somebody's project, without a migration; nothing where there is no Node.js, which CI does not accept.
    pub fn of_a_host() -> Option<Self> {
        supabase_cli()?;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("supabase/migrations")).expect("it is ours");
        let config = folder.path().join("supabase/config.toml");
        std::fs::write(config, "project_id = \"host\"\n").expect("it is ours");
        Some(Self(folder))
    }

    /// Where the project lies.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// This repository, with its migrations.
    pub fn new() -> Option<Self> {
        supabase_cli()?;
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../supabase");
        let supabase = folder.path().join("supabase");
        std::fs::create_dir(&supabase).expect("the folder is ours");
        std::fs::copy(repository.join("config.toml"), supabase.join("config.toml"))
            .expect("the configuration is copied");
        let migrations = repository
            .join("migrations")
            .canonicalize()
            .expect("they are there");
        std::os::unix::fs::symlink(migrations, supabase.join("migrations")).expect("a link");
        std::fs::copy(repository.join("seed.sql"), supabase.join("seed.sql"))
            .expect("the sample data is copied");
        Some(Self(folder))
    }

    /// A command about the database at `url`. It talks to nobody else.
    pub fn command(&self, arguments: &str, url: &str) -> Command {
        let mut command = supabase_cli().expect("it was there before");
        command
            .args(arguments.split(' '))
            .arg(format!("--remote={url}"))
            .args(["--yes", "--agent", "no"])
            .current_dir(self.0.path())
            .env("SUPABASE_HOME", self.0.path().join("home"))
            .env("SUPABASE_NO_UPDATE_NOTIFIER", "1")
            .env("SUPABASE_TELEMETRY_DISABLED", "1")
            .env("DO_NOT_TRACK", "1");
        command
    }

    /// What it answers as JSON, whatever its exit status.
    pub fn json(&self, arguments: &str, url: &str) -> Value {
        let mut command = self.command(arguments, url);
        let output = output(command.args(["--output-format", "json"]));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
            let said = String::from_utf8_lossy(&output.stderr);
            panic!("{command:?}: {e}: {said}")
        })
    }
}

/// Every migration as `supabase migration list` shows one that is on both sides.
fn on_both_sides() -> Vec<(Value, Value)> {
    migrations::all()
        .iter()
        .map(|migration| (json!(migration.version), json!(migration.version)))
        .collect()
}

fn listed(cli: &Cli, url: &str) -> Vec<(Value, Value)> {
    let answer = cli.json("migration list", url);
    let migrations = answer["migrations"].as_array();
    migrations
        .unwrap_or_else(|| panic!("{answer}"))
        .iter()
        .map(|row| (row["local"].clone(), row["remote"].clone()))
        .collect()
}

/// The seed's statements share a session with those in which the CLI notes what it ran.
#[tokio::test]
async fn db_push_include_seed_adds_the_sample_data_once() {
    let Some(cli) = Cli::new() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--empty"]);
    let url = &dev.settings["DATABASE_URL"];

    for _ in 0..2 {
        succeed(&mut cli.command("db push --include-seed", url));
    }
    assert_eq!(listed(&cli, url), on_both_sides());
    let mut owner = PgConnection::connect(url).await.expect("a connection");
    let cases: i64 = sqlx::query_scalar("select count(*) from public.cases")
        .fetch_one(&mut owner)
        .await
        .expect("the owner reads");
    assert_eq!(cases, 3);
}

/// What the API exposes, for frontends. `UPDATE=1 cargo test -p casebase --test clients gen_types` writes it.
const TYPES: &str = "types/database.ts";

#[test]
fn gen_types_writes_the_types_that_frontends_take() {
    let Some(cli) = Cli::new() else { return };
    let url = project().setting("DATABASE_URL");
    let types = succeed(&mut cli.command("gen types typescript --schema public", url));
    // The CLI first says how it is connected.
    let begins = types.find("export type Json").expect("it has types");
    let lines = types[begins..].lines().map(str::trim_end);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let types = format!(
        "// Written by the Supabase CLI: `UPDATE=1 cargo test -p casebase --test clients gen_types`.\n{}\n",
        lines.join("\n")
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(TYPES);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &types).expect("the file is ours");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let mut lines = types.lines().zip(written.lines());
    let differs = lines.find(|(now, before)| now != before);
    assert!(
        types == written,
        "{TYPES} is not what the database has (UPDATE=1 writes it); first: {differs:#?}"
    );
    // The database alone writes the number of a case.
    assert!(types.contains(r#""case_id"?: never"#), "{types}");
}

/// Two lints say nothing about this project: every index of a new database is unused, and a table outside the
/// exposed schemas with RLS and no policy is closed on purpose.
fn means_something(finding: &Value) -> bool {
    let is_closed =
        finding["name"] == "rls_enabled_no_policy" && finding["metadata"]["schema"] == "casebase";
    finding["name"] != "unused_index" && !is_closed
}

#[test]
fn the_database_advisors_find_nothing() {
    let Some(cli) = Cli::new() else { return };
    let url = project().setting("DATABASE_URL");
    let answer = cli.json("db advisors --type all --level info", url);
    let findings = answer["results"].as_array();
    let findings: BTreeSet<String> = findings
        .unwrap_or_else(|| panic!("{answer}"))
        .iter()
        .filter(|finding| means_something(finding))
        .map(|finding| format!("{}: {}", finding["name"], finding["detail"]))
        .collect();
    assert_eq!(findings, BTreeSet::new());
}

#[tokio::test]
async fn the_database_linter_finds_no_fault_in_any_function() {
    let Some(cli) = Cli::new() else { return };
    let mut admin = PgConnection::connect(project().setting("DATABASE_ADMIN_URL"))
        .await
        .expect("a connection");
    if !extension::is_available(&mut admin, "plpgsql_check", "plpgsql-check").await {
        return;
    }
    // A hosted project's owner may do this; locally it takes the superuser.
    sqlx::query("create extension if not exists plpgsql_check with schema extensions")
        .execute(&mut admin)
        .await
        .expect("the extension is there");
    let url = project().setting("DATABASE_URL");
    let answer = cli.json("db lint --schema public,casebase --level warning", url);
    assert_eq!(answer["results"], json!([]), "{answer}");
}
