//! The commands as they are typed.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

#[path = "support/dev.rs"]
mod dev;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use casebase::{
    migrations::{self, Migration},
    schema::{self, Answer, Misfit},
};
use dev::{Dev, casebase};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::Connection;

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn dev_keeps_its_data_between_runs_and_stops_cleanly_on_ctrl_c() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = Path::new("/tmp").join(format!("casebase-test-data-{}", std::process::id()));
    let data_dir = data.to_str().expect("UTF-8");

    let arguments = ["--empty", "--jwt-algorithm", "es256", "--data", data_dir];
    let mut first = Dev::start(folder.path(), &arguments);
    let keys = published_keys(&first);
    query(&first, "create table kept as select 42 as answer");
    assert!(first.interrupt().success());
    assert!(
        !folder.path().join("ready.env").exists(),
        "the ready file outlived the stack"
    );

    let mut second = Dev::start(folder.path(), &arguments);
    assert_eq!(query(&second, "select answer from kept"), "42");
    assert_eq!(published_keys(&second), keys);
    assert!(second.interrupt().success());

    // Whoever's first start ended before the sample data was in gets it with the next, once.
    for _ in 0..2 {
        let with_casebase = Dev::start(folder.path(), &arguments[1..]);
        let cases = "select count(*)::int from public.cases";
        assert_eq!(query(&with_casebase, cases), "3");
    }
    std::fs::remove_dir_all(data).expect("the folder is ours");
}

/// `dev` with these arguments, elsewhere on free ports, and with a folder for temporary files of its own, which it must leave empty.
fn failing_dev(arguments: &[&str]) -> String {
    let temporary = tempfile::tempdir().expect("a folder");
    // PostgreSQL may run as somebody else, and has to get there.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(temporary.path(), open).expect("the folder is ours");
    let data = temporary.path().join("kept/data");
    let free = ["--port", "--db-port", "--mail-port", "--service-port"];
    let free = free.map(|option| [option, "0"]);
    let free = free.iter().filter(|option| !arguments.contains(&option[0]));
    let output = casebase(&["dev", "--data"])
        .arg(&data)
        .args(free.flatten())
        .args(arguments)
        .env("TMPDIR", temporary.path())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let left: Vec<_> = std::fs::read_dir(temporary.path())
        .expect("it is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new(), "{arguments:?}");
    text(&output)
}

#[test]
fn dev_says_which_option_moves_a_port_that_is_taken_and_leaves_no_folder() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for option in ["--port", "--db-port", "--mail-port", "--service-port"] {
        let said = failing_dev(&[option, &port]);
        assert!(
            said.contains(&format!("port {port} on 127.0.0.1")),
            "{said}"
        );
        let hint = format!("hint: choose another with {option}\n");
        assert!(said.ends_with(&hint), "{said}");
        assert_eq!(said.matches("in use").count(), 1, "{said}");
    }
}

#[test]
fn dev_leaves_no_folder_when_a_server_can_not_start_beside_its_database() {
    let said = failing_dev(&["--access-token-hook", "https://hooks.example"]);
    assert!(said.contains("Auth could not start"), "{said}");
    assert!(said.contains("https://hooks.example"), "{said}");
}

#[test]
fn dev_ends_with_words_when_its_postgresql_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = Path::new("/tmp").join(format!("casebase-test-ended-{}", std::process::id()));
    let log = folder.path().join("stderr");
    let mut dev = Dev::start_with_stderr(
        folder.path(),
        &["--data", data.to_str().expect("UTF-8")],
        std::fs::File::create(&log).expect("the folder is ours"),
    );
    let file = data.join("postgres/postmaster.pid");
    let first_line = std::fs::read_to_string(file).expect("PostgreSQL runs");
    let pid = first_line.lines().next().and_then(|line| line.parse().ok());
    let pid = nix::unistd::Pid::from_raw(pid.expect("a process"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it runs");

    let status = dev.child.wait().expect("it ends");
    let said = std::fs::read_to_string(&log).expect("it is there");
    std::fs::remove_dir_all(data).expect("the folder is ours");
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("error: PostgreSQL ended while the stack was running"),
        "{said}"
    );
    assert!(
        !folder.path().join("ready.env").exists(),
        "the ready file outlived the stack"
    );
}

/// README, "Add it to a project", on a project that has nothing of Casebase.
#[tokio::test]
async fn the_steps_of_the_readme_can_be_rehearsed_on_a_bare_project() {
    let folder = tempfile::tempdir().expect("a folder");
    let hook = ::casebase::commands::dev::ACCESS_TOKEN_HOOK;
    let dev = Dev::start(folder.path(), &["--empty", "--access-token-hook", hook]);
    assert!(!dev.settings.contains_key("CASEBASE_URL"));
    assert!(dev.migrate(&[]).status.success());

    let auth = format!("{}/auth/v1", dev.settings["SUPABASE_URL"]);
    let account = serde_json::json!({"email": "ada@example.com", "password": "correct horse"});
    let ask = |path: &str| {
        let request = reqwest::Client::new().post(format!("{auth}/{path}"));
        let request = request.json(&account).send();
        async move { request.await?.json::<serde_json::Value>().await }
    };
    let signed_up = ask("signup").await.expect("it answers");
    assert!(signed_up["access_token"].is_string(), "{signed_up}");
    let owner = &dev.settings["DATABASE_URL"];
    let mut owner = sqlx::PgConnection::connect(owner)
        .await
        .expect("a database");
    sqlx::query("select casebase.make_admin('ada@example.com')")
        .execute(&mut owner)
        .await
        .expect("the account exists");
    let session = ask("token?grant_type=password").await.expect("it answers");
    let token = session["access_token"].as_str().expect("a token");
    let claims = casebase_local::jwt::Keys::hs256(casebase_local::JWT_SECRET)
        .verify(token)
        .expect("the stack signed it");
    assert_eq!(claims["app_metadata"]["case_role"], "admin");
}

#[test]
fn migrate_says_what_it_would_do_does_it_once_and_then_finds_nothing_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--empty"]);

    let planned = text(&dev.migrate(&["--dry-run"]));
    assert!(planned.contains("would apply 20261128000000"), "{planned}");
    let locks = "would lock storage.objects until it ends (ACCESS EXCLUSIVE): whoever reads or writes it waits";
    assert!(planned.contains(locks), "{planned}");
    assert_eq!(
        query(
            &dev,
            "select coalesce(to_regclass('public.cases')::text, 'none')"
        ),
        "none"
    );

    let applied = dev.migrate(&[]);
    assert!(applied.status.success(), "{}", text(&applied));
    let would_apply = planned
        .lines()
        .filter(|line| line.starts_with("would apply"));
    assert_eq!(text(&applied).lines().count(), would_apply.count());
    assert_eq!(
        query(&dev, "select to_regclass('public.cases')::text"),
        "cases"
    );

    assert_eq!(
        text(&dev.migrate(&[])),
        "nothing to apply: the database is up to date\n"
    );
}

#[test]
fn migrate_says_what_is_in_the_way_beforehand_and_instead() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--empty"]);
    query(
        &dev,
        "create table public.cases (); create table public.clients (id uuid primary key)",
    );
    let in_the_way = "the table public.cases is there already\n  way out: alter table public.cases rename to …\n";

    let planned = dev.migrate(&["--dry-run"]);
    let said = text(&planned);
    assert!(said.contains(&format!("error: {in_the_way}")), "{said}");
    assert!(
        said.contains("warning: no column of public.clients"),
        "{said}"
    );
    assert!(!planned.status.success(), "a script can ask");
    let refused = dev.migrate(&[]);
    assert!(!refused.status.success());
    let said = text(&refused);
    assert!(
        said.contains(&format!("- {in_the_way}hint: Nothing was changed")),
        "{said}"
    );

    query(&dev, "alter table public.cases rename to old_cases");
    let applied = dev.migrate(&[]);
    let said = text(&applied);
    assert!(applied.status.success(), "{said}");
    assert_eq!(
        said.matches("no column of public.clients").count(),
        1,
        "{said}"
    );
}

#[test]
fn migrate_names_the_option_when_the_database_is_not_there() {
    let output = casebase(&[
        "migrate",
        "--database-url",
        "postgresql://postgres:x@127.0.0.1:1/postgres",
    ])
    .output()
    .expect("it runs");
    assert!(!output.status.success());
    assert!(text(&output).contains("the database can't be reached (--database-url, DATABASE_URL)"));
}

/// A command that the project's owner types, about the database at this URL.
fn refused(arguments: &[&str], url: &str) -> String {
    let output = casebase(arguments).env("DATABASE_URL", url).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    text(&output)
}

#[test]
fn the_owners_commands_say_why_a_database_is_none_of_theirs() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--empty"]);
    let url = &dev.settings["DATABASE_URL"];
    let storage = [
        "--supabase-url",
        &dev.settings["SUPABASE_URL"],
        "--secret-key",
        &dev.settings["SUPABASE_SERVICE_ROLE_KEY"],
    ];
    let export = ["export-client", "Acme", "--out", "never-made"];
    for command in [
        &["webhooks", "list"][..],
        &["realtime", "enable"],
        &["erase-client", "Acme", "--yes"],
        &export,
    ] {
        let is_about_files = command[0].ends_with("-client");
        let arguments = [command, if is_about_files { &storage } else { &[] }].concat();
        assert_eq!(
            refused(&arguments, url),
            "error: Casebase is not in this database (--database-url, DATABASE_URL)\n\
             hint: `casebase migrate` applies its migrations.\n",
            "{arguments:?}"
        );
    }

    let wrong = url.replace("postgres:postgres@", "postgres:secret@");
    let said = refused(&["migrate"], &wrong);
    assert!(
        said.contains(
            "refused the connection (--database-url, DATABASE_URL): password authentication failed"
        ),
        "{said}"
    );
    assert!(
        said.contains("\nhint: The password is the database's"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
    let nowhere = url.trim_end_matches("postgres").to_owned() + "nowhere";
    let said = refused(&["migrate"], &nowhere);
    assert!(
        said.contains("database \"nowhere\" does not exist"),
        "{said}"
    );
}

/// The option of a group of commands stands before a command's name or behind it.
#[test]
fn webhooks_take_the_database_anywhere_and_name_it_where_it_is_missing() {
    let url = "postgresql://postgres:x@127.0.0.1:1/postgres";
    for arguments in [
        ["webhooks", "--database-url", url, "list"],
        ["webhooks", "list", "--database-url", url],
    ] {
        let output = casebase(&arguments).output().expect("it runs");
        assert!(
            text(&output).contains("127.0.0.1:1: Connection refused"),
            "{}",
            text(&output)
        );
    }
    let output = casebase(&["webhooks", "list"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("--database-url <URL>"),
        "{}",
        text(&output)
    );
}

/// What live notices need of a project's Realtime, which the local stack has not.
const REALTIME: &str = "
    create schema realtime;
    create table realtime.messages (topic text, extension text);
    alter table realtime.messages enable row level security;
    create function realtime.send(payload jsonb, event text, topic text, private boolean) returns void language sql as 'select';
    create function realtime.topic() returns text language sql as 'select null::text'";

#[test]
fn live_notices_are_switched_on_and_off_and_a_project_without_realtime_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let realtime = |command| {
        let url = &dev.settings["DATABASE_URL"];
        let output = casebase(&["realtime", command, "--database-url", url]).output();
        let output = output.expect("it runs");
        (output.status.success(), text(&output))
    };
    let (done, said) = realtime("enable");
    assert!(!done, "{said}");
    assert!(
        said.contains("there is no table realtime.messages\nhint: They need"),
        "{said}"
    );
    query(&dev, REALTIME);
    let policies = "select count(*)::int from pg_policies where schemaname = 'realtime'";
    for (command, told, made) in [
        ("enable", "live notices are on\n", "4"),
        ("enable", "live notices are on\n", "4"),
        ("disable", "live notices are off\n", "0"),
        ("disable", "live notices are off\n", "0"),
    ] {
        assert_eq!(realtime(command), (true, told.to_owned()));
        assert_eq!(query(&dev, policies), made);
    }
}

#[test]
fn serve_refuses_to_run_as_the_owner_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let owner = &dev.settings["DATABASE_URL"];
    let output = serve_to_its_end(
        casebase(&["serve"])
            .envs(&dev.settings)
            .env("CASEBASE_DATABASE_URL", owner),
    );
    let log = text(&output);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(
        log.contains("error: CASEBASE_DATABASE_URL connects as `postgres`"),
        "{log}"
    );
    assert!(log.contains("hint: as the project's owner"), "{log}");
}

#[test]
fn serve_runs_on_the_schema_that_it_was_built_with_and_says_what_is_wrong_with_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let ours = migrations::all();
    let newest = ours.last().expect("there is one").release.clone();
    let mut newer = ours.clone();
    newer.push(Migration::recording("20990101000000", "next", "9.9.9", ""));
    let ask = |known: &[Migration]| {
        tokio::runtime::Runtime::new()
            .expect("a runtime")
            .block_on(async {
                let url = &dev.settings["CASEBASE_DATABASE_URL"];
                let mut worker = sqlx::PgConnection::connect(url).await?;
                schema::check(&mut worker, known).await
            })
            .expect("the database answers")
    };

    assert_eq!(ask(&ours), Answer::Fits);
    let (found, needed) = (newest.clone(), "9.9.9".to_owned());
    let too_old = Misfit::TooOld { found, needed };
    assert_eq!(ask(&newer), Answer::Misfit(too_old));

    query(
        &dev,
        "insert into casebase.migrations (version, name, release, checksum)
         select '20990101000000', 'next', '9.9.9', max(checksum) from casebase.migrations",
    );
    assert_eq!(ask(&newer), Answer::Fits);
    assert_eq!(
        refusal_to_serve(&dev),
        format!(
            "error: the database's schema is of release 9.9.9, which this casebase doesn't know: its newest is {newest}\n\
             hint: Use casebase 9.9.9 or a newer one."
        )
    );

    query(
        &dev,
        "revoke execute on function casebase.schema_version() from casebase_worker",
    );
    assert_eq!(ask(&ours), Answer::Withheld);
    query(
        &dev,
        "alter function casebase.schema_version() rename to elsewhere",
    );
    assert_eq!(
        refusal_to_serve(&dev),
        "error: the database has no schema of Casebase's\n\
         hint: As the project's owner: casebase migrate."
    );
}

/// The error that `serve` ends with over this project, as the role it is to be.
fn refusal_to_serve(dev: &Dev) -> String {
    let output = serve_to_its_end(casebase(&["serve"]).envs(&dev.settings));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let error = said.find("error: ").expect("it says why");
    said[error..].trim_end().to_owned()
}

/// Waits for a `serve` that is to end by itself, and kills one that doesn't.
fn serve_to_its_end(serve: &mut Command) -> Output {
    let mut service = serve
        .env("CASEBASE_LISTEN", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let patience = Instant::now() + Duration::from_secs(180);
    while service.try_wait().expect("a child").is_none() {
        if Instant::now() > patience {
            service.kill().expect("it runs");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    service.wait_with_output().expect("it ended")
}

#[test]
fn dev_gives_the_worker_its_own_url_in_the_ready_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let role = tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(async {
            let url = &dev.settings["CASEBASE_DATABASE_URL"];
            let mut worker = sqlx::PgConnection::connect(url).await?;
            sqlx::query_scalar::<_, String>("select current_user::text")
                .fetch_one(&mut worker)
                .await
        });
    assert_eq!(role.expect("the worker connects"), "casebase_worker");
}

#[test]
fn the_owner_may_make_policies_in_storage_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &["--empty"]);
    for allowed in [
        "create policy p on storage.objects for select to authenticated using (false)",
        "alter policy p on storage.objects using (true)",
        "drop policy p on storage.objects",
        "create table public.profiles (id uuid primary key references auth.users on delete cascade)",
    ] {
        try_query(&dev, allowed).unwrap_or_else(|e| panic!("{allowed}: {e}"));
    }
    for refused in [
        "create table storage.mine (id int)",
        "create function auth.mine() returns int language sql as 'select 1'",
        "create index mine on storage.objects (created_at)",
        "alter table storage.objects enable row level security",
        "alter table storage.objects add column mine int",
        "drop function auth.uid() cascade",
        "drop schema storage cascade",
    ] {
        let error = try_query(&dev, refused).expect_err(refused);
        assert_eq!(
            error.as_database_error().and_then(|e| e.code()).as_deref(),
            Some("42501"),
            "{refused}: {error}"
        );
    }
}

#[test]
fn the_demo_does_the_main_job_and_tells_each_step_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("Übersicht Nachtschicht.txt");
    std::fs::write(&file, "gate 2, 22:00 to 06:00\n").expect("written");
    let output = casebase(&["demo", "--json"])
        .arg(&file)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", text(&output));
    // Nothing went wrong, so nothing is said beside the story.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");

    let steps: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect();
    let named = |name: &str| {
        steps
            .iter()
            .find(|step| step["step"] == name)
            .unwrap_or_else(|| panic!("no step {name}"))
    };
    assert!(steps.iter().all(|step| step["ok"] == true));
    assert_eq!(named("open_case")["case"]["case_id"], "CASE-0001");
    let file = &named("upload_as_client")["file"];
    assert_eq!(file["original_name"], "Übersicht Nachtschicht.txt");
    assert!(
        file["object_path"]
            .as_str()
            .is_some_and(|p| p.contains("/cases/CASE-0001/CASE-0001-"))
    );
    let internal = &named("upload_as_staff")["file"];
    assert!(
        internal["object_path"]
            .as_str()
            .is_some_and(|p| p.contains("/CASE-0001-interaction-1-"))
    );
    assert_eq!(named("webhook")["payload"]["type"], "case.status_changed");
}

#[test]
fn the_demo_names_a_file_that_is_not_there() {
    let output = casebase(&["demo", "/nowhere/report.pdf"])
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    assert!(
        text(&output).contains("/nowhere/report.pdf can't be read"),
        "{}",
        text(&output)
    );
}

fn published_keys(dev: &Dev) -> String {
    let url = format!(
        "{}/auth/v1/.well-known/jwks.json",
        dev.settings["SUPABASE_URL"]
    );
    let keys = tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(async { reqwest::get(url).await?.text().await })
        .expect("the keys are published");
    assert!(keys.contains("ES256"), "{keys}");
    keys
}

fn query(dev: &Dev, sql: &'static str) -> String {
    try_query(dev, sql).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// As the project's owner; the first column of the first row as text, or nothing.
fn try_query(dev: &Dev, sql: &'static str) -> Result<String, sqlx::Error> {
    use sqlx::Row;
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(async {
            let mut owner = sqlx::PgConnection::connect(&dev.settings["DATABASE_URL"]).await?;
            let rows = sqlx::Executor::fetch_all(&mut owner, sqlx::raw_sql(sql)).await?;
            Ok(rows
                .first()
                .map(|row| {
                    row.try_get::<String, _>(0)
                        .or_else(|_| row.try_get::<i32, _>(0).map(|n| n.to_string()))
                        .unwrap_or_default()
                })
                .unwrap_or_default())
        })
}

#[test]
fn dev_says_where_the_desk_is() {
    let free = ["--port", "0", "--db-port", "0"];
    let mut dev = casebase(&["dev"])
        .args(free)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts");
    // Read to the end: what can't be written is a failure of its own.
    let mut lines = BufReader::new(dev.stdout.take().expect("piped")).lines();
    let told = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("desk"))
        .expect("it says so");
    let address = told.strip_prefix("The case desk is at http://127.0.0.1:");
    assert!(
        address.is_some_and(|rest| rest.ends_with("/desk/")),
        "{told}"
    );
    kill(Pid::from_raw(dev.id().cast_signed()), Signal::SIGINT).expect("it runs");
    assert!(lines.all(|line| line.is_ok()));
    assert!(dev.wait().expect("it ends").success());
}

#[test]
fn desk_writes_its_files_for_the_project_that_is_named_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("site");
    let desk = |key: &str, supabase: &str| {
        casebase(&["desk", "--service-url", "https://casebase.example.com"])
            .args(["--anon-key", key, "--supabase-url", supabase])
            .arg("--out")
            .arg(&out)
            .output()
            .expect("it runs")
    };
    for (key, supabase, told) in [
        (
            "sb_secret_x7y8z9",
            "https://abc.supabase.co",
            "error: --anon-key (SUPABASE_ANON_KEY): the key is a secret one",
        ),
        (
            "sb_publishable_x",
            "postgresql://postgres:x7y8z9@db/postgres",
            "error: --supabase-url (SUPABASE_URL): it takes a URL that begins with http:// or https://",
        ),
    ] {
        let output = desk(key, supabase);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).starts_with(told), "{}", text(&output));
        assert!(!text(&output).contains("x7y8z9"), "{}", text(&output));
        assert!(!out.exists());
    }
    let output = desk("sb_publishable_x", "https://abc.supabase.co");
    assert!(output.status.success(), "{}", text(&output));
    let config = std::fs::read_to_string(out.join("config.json")).expect("it is there");
    assert!(
        config.contains("\"supabaseUrl\": \"https://abc.supabase.co/\""),
        "{config}"
    );
    for file in ["index.html", "_headers", "assets"] {
        assert!(out.join(file).exists(), "{file}");
    }
}
