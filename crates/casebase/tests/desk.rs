//! The case desk: its built files are those of its sources, and people use it in a real browser.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a failing test may panic, a skipped one says so"
)]

#[path = "support/dev.rs"]
#[expect(dead_code, reason = "no test here migrates")]
mod dev;
#[path = "support/programs.rs"]
mod programs;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use casebase_local::postgres;
use dev::Dev;
use programs::{has_npm_packages, succeed};
use sqlx::Connection;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../casebase-desk")
}

/// `npm` in the desk's folder; nothing where there is none, which CI does not accept.
fn npm(arguments: &[&str]) -> Option<Command> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    INSTALLED
        .get_or_init(|| has_npm_packages(&folder()))
        .then(|| {
            let mut npm = Command::new("npm");
            npm.args(arguments).current_dir(folder());
            npm
        })
}

/// Every file below a folder, by its path in there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it");
                found.insert(name.to_owned(), fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[test]
fn the_built_files_are_what_the_sources_make() {
    let again = tempfile::tempdir().expect("a folder");
    let out = again.path().join("built");
    let out = out.to_str().expect("UTF-8");
    let Some(mut build) = npm(&["run", "build", "--", "--outDir", out]) else {
        return;
    };
    succeed(&mut build);
    let (built, wanted) = (files(&folder().join("built")), files(Path::new(out)));
    let differs = |name: &&PathBuf| built.get(*name) != wanted.get(*name);
    let names: Vec<_> = built.keys().chain(wanted.keys()).filter(differs).collect();
    assert!(
        names.is_empty(),
        "crates/casebase-desk/built is not what `npm run build` makes there: {names:?}"
    );
}

#[test]
fn the_sources_have_their_types_and_pass_their_own_tests() {
    if let Some(mut check) = npm(&["run", "check"]) {
        succeed(&mut check);
    }
}

/// Debian's, installed where this machine lets us.
fn chromium() -> Option<&'static str> {
    const CHROMIUM: &str = "/usr/bin/chromium";
    if Path::new(CHROMIUM).exists() {
        return Some(CHROMIUM);
    }
    match postgres::install_debian_packages(&["chromium"]) {
        Ok(()) => return Some(CHROMIUM),
        Err(reason) => eprintln!("skipped: there is no {CHROMIUM} (chromium: {reason})"),
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "CI needs a browser and skips nothing"
    );
    None
}

#[test]
fn people_use_the_desk_in_a_browser() {
    let (Some(mut browser), Some(chromium)) = (npm(&["run", "browser"]), chromium()) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--confirm-email"]);
    succeed(browser.env("CHROMIUM", chromium).envs(&dev.settings));
}

/// An endpoint with 100,000 deliveries of the last 20 hours: the oldest 200 are tried again tomorrow, 1000 were skipped, 3000 given
/// up, and the rest taken. Without its triggers: no worker need hear of them.
const DELIVERIES: &str = "
    set session_replication_role = replica;
    with endpoint as (
      insert into casebase.webhook_endpoints (url) values ('https://example.com/busy') returning id
    ),
    secret as (
      insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
      select id, casebase.new_webhook_secret('v1'), '0' from endpoint
    ),
    payload as (
      insert into casebase.webhook_payloads (event_id, case_id, seq, type, payload_version, thin, body)
      select n, 1 + n % 3, n, 'case.updated', 1, false, '{\"type\": \"case.updated\", \"n\": ' || n || '}' from generate_series(1, 100000) n
      returning id, case_id, event_id as n
    ),
    delivery as (
      insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, state, attempts, next_attempt_at, finished_at, skipped_because)
      select endpoint.id, payload.id, case_id, outcome.state, 1, now() + interval '1 day',
             case when outcome.state <> 'pending' then now() end, case when outcome.state = 'skipped' then 'too old' end
      from endpoint, payload
      cross join lateral (
        select case
          when n <= 200 then 'pending'
          when n <= 1200 then 'skipped'
          when n <= 4200 then 'failed'
          else 'delivered'
        end
      ) outcome (state)
      returning id, state
    )
    insert into casebase.webhook_attempts (delivery_id, number, started_at, duration_ms, status, response)
    select id, 1, now() - interval '1 second' * (id % 72000), 5,
           case when state = 'delivered' then 204 else 503 end, case when state <> 'delivered' then 'out of order' end
    from delivery
    where state <> 'skipped';
    analyze casebase.webhook_payloads, casebase.webhook_deliveries, casebase.webhook_attempts";

#[test]
fn a_project_of_their_own_has_one_admin_and_100000_deliveries() {
    let (Some(mut browser), Some(chromium)) = (npm(&["run", "alone"]), chromium()) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let owner = &dev.settings["DATABASE_ADMIN_URL"];
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(async {
            let mut owner = sqlx::PgConnection::connect(owner).await?;
            sqlx::raw_sql(DELIVERIES).execute(&mut owner).await
        })
        .expect("it is loaded");
    succeed(browser.env("CHROMIUM", chromium).envs(&dev.settings));
}
