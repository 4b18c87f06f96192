//! A run of migrations that something comes in the way of: it says in a sentence what, and leaves nothing behind.

use std::{os::unix::fs::MetadataExt as _, process::Command, time::Duration};

use casebase::migrations::{Error, Migration, PATIENCE, all, apply, pending};
use casebase_local::postgres::{self, Postgres, SUPERUSER};

use super::*;

/// Short enough for a test that has to wait for it.
const IMPATIENCE: Duration = Duration::from_millis(100);

/// A project without Casebase, and its owner.
async fn project() -> (Stack, PgConnection) {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let owner = owner_of(&stack).await;
    (stack, owner)
}

async fn owner_of(stack: &Stack) -> PgConnection {
    let url = stack.database_url("postgres");
    PgConnection::connect(&url).await.expect("a connection")
}

/// The migrations, and then this one.
fn and_then(text: &str) -> Vec<Migration> {
    let mut known = all();
    let next = Migration::recording("20990101000000", "next", "9.9.9", &format!("{text};\n"));
    known.push(next);
    known
}

/// What whoever typed the command reads.
fn said(error: Error) -> String {
    casebase::terminal::describe(&error.into())
}

/// Everything outside of what the server and Supabase have that a migration could leave behind.
const LEFT: &str = "
    select 'schema ' || nspname from pg_namespace where nspname = 'casebase'
    union all select 'role ' || rolname from pg_roles where rolname like 'casebase%'
    union all select 'in public ' || relname from pg_class where relnamespace = 'public'::regnamespace
    union all select 'in public ' || proname from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'policy ' || policyname from pg_policies where policyname like 'casebase%'
    union all select 'trigger ' || tgname from pg_trigger where tgname like 'casebase%'
    union all select 'bucket ' || id from storage.buckets";

/// A run that is to fail, after which the project is as it was and takes the next run.
async fn fails(stack: &Stack, known: &[Migration], patience: Duration) -> String {
    let mut owner = owner_of(stack).await;
    let refused = apply(&mut owner, known, patience).await;
    let mut admin = PgConnection::connect(&stack.database_url(SUPERUSER)).await;
    let admin = admin.as_mut().expect("a connection");
    assert_eq!(texts(admin, LEFT).await, BTreeSet::new());
    said(refused.expect_err("it is to fail"))
}

#[tokio::test]
async fn nothing_is_kept_of_a_run_that_fails_or_is_cut_at_its_end() {
    let (stack, mut owner) = project().await;
    let said = fails(&stack, &and_then("select 1 / 0"), PATIENCE).await;
    assert_eq!(
        said,
        "migration 20990101000000_next was refused: division by zero"
    );
    let said = fails(&stack, &and_then("\nselect no_such_thing"), PATIENCE).await;
    assert!(
        said.starts_with("migration 20990101000000_next was refused at line 2: "),
        "{said}"
    );
    // As when the server is stopped, or somebody ends the session.
    let cut = and_then("select pg_terminate_backend(pg_backend_pid())");
    let said = fails(&stack, &cut, PATIENCE).await;
    let told = "the connection to the database broke off while migrations were being applied: nothing was applied\nhint: Run it again.";
    assert!(said.starts_with(told), "{said}");
    // What fails in the commit itself.
    let late = and_then(
        "create table public.late (id int unique deferrable initially deferred);
         insert into public.late values (1), (1)",
    );
    let said = fails(&stack, &late, PATIENCE).await;
    assert!(said.contains("duplicate key value"), "{said}");

    let known = and_then("create table public.more ()");
    let applied = apply(&mut owner, &known, PATIENCE).await;
    let applied = applied.expect("nothing is in the way");
    assert_eq!(applied.len(), known.len());
    assert_eq!(stack_release(&mut owner).await.as_deref(), Some("9.9.9"));
    stack.stop().await;
}

async fn stack_release(owner: &mut PgConnection) -> Option<String> {
    let release = sqlx::query_scalar("select casebase.schema_version()");
    release.fetch_one(owner).await.expect("it is installed")
}

#[tokio::test]
async fn of_two_runs_at_once_one_waits_and_then_has_nothing_to_do() {
    let (stack, mut one) = project().await;
    let mut other = owner_of(&stack).await;
    let known = all();
    let (one, other) = tokio::join!(
        apply(&mut one, &known, Duration::from_secs(600)),
        apply(&mut other, &known, Duration::from_secs(600))
    );
    let mut applied = [one, other].map(|run| run.expect("neither fails").len());
    applied.sort_unstable();
    assert_eq!(applied, [0, known.len()]);
    stack.stop().await;
}

#[tokio::test]
async fn another_run_and_a_lock_are_waited_for_no_longer_than_was_said() {
    let (stack, mut other) = project().await;
    let mut held = other.begin().await.expect("a transaction");
    run(
        &mut held,
        "select pg_advisory_xact_lock(hashtext('casebase.migrations'))",
    )
    .await;
    let said = fails(&stack, &all(), IMPATIENCE).await;
    assert!(
        said.starts_with("another run is applying migrations to this database\n"),
        "{said}"
    );
    held.rollback().await.expect("it ends");

    let mut admin = PgConnection::connect(&stack.database_url(SUPERUSER)).await;
    let mut held = admin
        .as_mut()
        .expect("a connection")
        .begin()
        .await
        .expect("a transaction");
    run(&mut held, "lock table storage.objects").await;
    let said = fails(&stack, &all(), IMPATIENCE).await;
    let told = "another session held a lock that migration 20261128000000_casebase waited for, longer than it was to wait: nothing was applied\n";
    assert!(said.starts_with(told), "{said}");
    held.rollback().await.expect("it ends");
    drop(admin);
    stack.stop().await;
}

#[tokio::test]
async fn a_session_and_a_server_that_only_read_are_told_apart() {
    let data = tempfile::Builder::new()
        .prefix("casebase-test-replica-")
        .tempdir_in("/tmp");
    let data = data.expect("a folder");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(data.path(), open).expect("the folder is ours");
    let kept = Options {
        data: Some(data.path().join("data")),
        ..Options::default()
    };
    let stack = Stack::start(kept).await.expect("it starts");
    let mut owner = owner_of(&stack).await;
    run(&mut owner, "set default_transaction_read_only = on").await;
    let refused = apply(&mut owner, &all(), PATIENCE)
        .await
        .expect_err("it only reads");
    let told = said(refused);
    assert!(told.starts_with("the database takes nothing from this session, which is read-only (default_transaction_read_only)\n"), "{told}");
    drop(owner);
    stack.stop().await;

    // The same cluster as a standby of a primary that it never hears of.
    let cluster = data.path().join("data/postgres");
    std::fs::write(cluster.join("standby.signal"), "").expect("the folder is ours");
    let socket_dir = data.path().join("socket");
    let options = postgres::Options {
        data: cluster,
        socket_dir,
        port: 0,
        durable: false,
    };
    let (standby, _) = Postgres::start(options).await.expect("it starts");
    let mut owner = PgConnection::connect(&standby.url("postgres"))
        .await
        .expect("it answers");
    let refused = apply(&mut owner, &all(), PATIENCE)
        .await
        .expect_err("it only reads");
    assert_eq!(
        said(refused),
        "the database is a read-only replica: nothing can be applied to it\nhint: Connect to its primary."
    );
    drop(owner);
    standby.stop().await;
}

#[tokio::test]
async fn what_the_record_says_otherwise_is_refused_by_name() {
    let (stack, mut owner) = project().await;
    let later = and_then("select 1");
    apply(&mut owner, &later, PATIENCE)
        .await
        .expect("nothing is in the way");
    for (change, told) in [
        (
            "",
            "the database has migration 20990101000000_next of release 9.9.9, which this casebase doesn't know\nhint: Use casebase 9.9.9",
        ),
        (
            "delete from casebase.migrations where version = '20990101000000'; update casebase.migrations set checksum = repeat('0', 64), release = '0.0.9'",
            "the database was made by another text of migration 20261128000000_casebase than this casebase (0.1.0-rc.1) has: its record says release 0.0.9, checksum 0000",
        ),
        (
            "delete from casebase.migrations",
            "the database has Casebase's schema without a record of its migrations (casebase.migrations)\n",
        ),
        (
            "drop table casebase.migrations",
            "the database has Casebase's schema without a record of its migrations (casebase.migrations)\n",
        ),
    ] {
        run(&mut owner, change).await;
        let seen = pending(&mut owner, &all())
            .await
            .expect_err("it is refused");
        assert!(said(seen).starts_with(told), "{told}");
        let refused = apply(&mut owner, &all(), PATIENCE)
            .await
            .expect_err("it is refused");
        assert!(said(refused).starts_with(told), "{told}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_gap_in_the_record_is_named() {
    let (stack, mut owner) = project().await;
    let known = and_then("select 1");
    apply(&mut owner, &known, PATIENCE)
        .await
        .expect("nothing is in the way");
    run(
        &mut owner,
        "delete from casebase.migrations where version = '20261128000000'",
    )
    .await;
    let refused = pending(&mut owner, &known)
        .await
        .expect_err("it is refused");
    let told = "the record casebase.migrations lacks 20261128000000_casebase, though it has 20990101000000, which comes after it\n";
    assert!(said(refused).starts_with(told));
    stack.stop().await;
}

/// A disk of its own, which is unmounted when it is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Nothing where this machine doesn't let us mount any.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::Builder::new()
            .prefix("casebase-test-disk-")
            .tempdir_in("/tmp");
        let folder = folder.expect("a folder");
        let mut mount = Command::new("mount");
        mount
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=0777"),
                "none",
            ])
            .arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .output();
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
async fn a_disk_that_is_full_is_said_to_be() {
    let Some(disk) = SmallDisk::mount("512k") else {
        eprintln!("skipped: no file system can be mounted here, so none is full");
        return;
    };
    let (stack, mut owner) = project().await;
    let place = disk.0.path().join("tablespace");
    std::fs::create_dir(&place).expect("the disk is ours");
    let admin = PgConnection::connect(&stack.database_url(SUPERUSER)).await;
    let mut admin = admin.expect("a connection");
    let data: String = sqlx::query_scalar("show data_directory")
        .fetch_one(&mut admin)
        .await
        .expect("it says");
    // The server may run as somebody else.
    let server = std::fs::metadata(data).expect("it is there");
    std::os::unix::fs::chown(&place, Some(server.uid()), Some(server.gid()))
        .expect("the disk is ours");
    run(
        &mut admin,
        format!("create tablespace small location '{}'", place.display()),
    )
    .await;
    run(&mut admin, "grant create on tablespace small to postgres").await;
    run(&mut owner, "set default_tablespace = small").await;
    let refused = apply(&mut owner, &all(), PATIENCE)
        .await
        .expect_err("it is full");
    let told = said(refused);
    assert!(
        told.starts_with("migration 20261128000000_casebase was refused: could not "),
        "{told}"
    );
    assert!(told.contains("No space left on device"), "{told}");
    assert_eq!(texts(&mut admin, LEFT).await, BTreeSet::new());
    drop((owner, admin));
    stack.stop().await;
}
