//! Three ways into a project that has migrations of its own: this repository's `db push`, `casebase install` with the
//! project's `db push`, and `casebase migrate`. Each leaves the same record, and none is in the way of the project's own.

use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::{
    dev::{Dev, casebase},
    programs::{installed::output, succeed},
    supabase_cli::Cli,
};

/// A project with a migration of its own, which was pushed: newer than ours.
struct Host {
    cli: Cli,
    dev: Dev,
    _ready: tempfile::TempDir,
}

impl Host {
    fn start() -> Option<Self> {
        let cli = Cli::of_a_host()?;
        let ready = tempfile::tempdir().expect("a folder");
        let dev = Dev::start(ready.path(), &["--empty"]);
        let host = Self {
            cli,
            dev,
            _ready: ready,
        };
        host.writes(
            "20270101000000_orders.sql",
            "create table public.orders (id uuid primary key);",
        );
        host.pushes();
        Some(host)
    }

    fn url(&self) -> &str {
        &self.dev.settings["DATABASE_URL"]
    }

    fn writes(&self, migration: &str, sql: &str) {
        let file = self
            .cli
            .folder()
            .join("supabase/migrations")
            .join(migration);
        std::fs::write(file, sql).expect("the folder is ours");
    }

    /// The project's own `db push`, and how many migrations it applied.
    fn pushes(&self) -> usize {
        let pushed = self.cli.json("db push", self.url());
        let applied = pushed["migrations"].as_array().map(Vec::len);
        match pushed["upToDate"] == Value::Bool(true) {
            true => 0,
            false => applied.unwrap_or_else(|| panic!("{pushed}")),
        }
    }

    /// What the next day brings: a migration of the project's own, and its `db push`.
    fn goes_on(&self) {
        self.writes(
            "20990101000000_returns.sql",
            "create table public.returns (id uuid primary key);",
        );
        assert_eq!(self.pushes(), 1);
        assert_eq!(self.pushes(), 0);
    }

    fn migrates(&self) -> String {
        let output = self.dev.migrate(&[]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// `casebase install`: the files that it wrote, and what it said beside them.
    fn installs(&self) -> (String, String) {
        let mut install = casebase(&["install", "--into"]);
        let output = output(install.arg(self.cli.folder()));
        assert!(output.status.success(), "{output:?}");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (text(output.stdout), text(output.stderr))
    }

    async fn record(&self) -> Vec<(String, String, String, String)> {
        let mut owner = PgConnection::connect(self.url())
            .await
            .expect("a connection");
        sqlx::query_as(
            "select version, name, release, checksum from casebase.migrations order by version",
        )
        .fetch_all(&mut owner)
        .await
        .expect("the record is there")
    }
}

/// As the files say it.
fn recorded() -> Vec<(String, String, String, String)> {
    let all = ::casebase::migrations::all().into_iter();
    all.map(|m| (m.version, m.name, m.release, m.checksum))
        .collect()
}

const UP_TO_DATE: &str = "nothing to apply: the database is up to date\n";

#[tokio::test]
async fn migrate_leaves_the_projects_own_db_push_alone_and_install_comes_after_it() {
    let Some(host) = Host::start() else { return };
    let applied = host.migrates();
    assert!(
        applied.starts_with("applied 20261128000000 casebase"),
        "{applied}"
    );
    assert_eq!(host.record().await, recorded());
    // Nothing of ours is in the CLI's record, so nothing is missing in the folder.
    assert_eq!(host.pushes(), 0);

    let (wrote, said) = host.installs();
    assert_eq!(wrote.lines().count(), recorded().len(), "{wrote}");
    // Pushed without the repair, they are refused and nothing happens.
    let refused = host.cli.json("db push", host.url());
    assert!(refused.get("migrations").is_none(), "{refused}");
    let at = said.find("migration repair").expect("it says how");
    succeed(&mut host.cli.command(said[at..].trim(), host.url()));
    assert_eq!(host.pushes(), 0);
    assert_eq!(host.migrates(), UP_TO_DATE);
    assert_eq!(host.record().await, recorded());
    let (again, _) = host.installs();
    assert!(again.starts_with("nothing to write"), "{again}");
    host.goes_on();
}

#[tokio::test]
async fn what_install_wrote_db_push_applies_and_migrate_finds_in_place() {
    let Some(host) = Host::start() else { return };
    host.installs();
    assert_eq!(host.pushes(), recorded().len());
    assert_eq!(host.record().await, recorded());
    assert_eq!(host.migrates(), UP_TO_DATE);
    assert_eq!(host.pushes(), 0);
    host.goes_on();
    assert_eq!(host.migrates(), UP_TO_DATE);
}

#[tokio::test]
async fn what_this_repositorys_db_push_applied_migrate_finds_in_place() {
    let Some(cli) = Cli::new() else { return };
    let ready = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(ready.path(), &["--empty"]);
    let host = Host {
        cli,
        dev,
        _ready: ready,
    };
    assert_eq!(host.pushes(), recorded().len());
    assert_eq!(host.record().await, recorded());
    assert_eq!(host.migrates(), UP_TO_DATE);
    assert_eq!(host.pushes(), 0);
}
