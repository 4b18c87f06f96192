//! The schema's own tests: the pgTAP files under `tests/database`, and what they can't tell about themselves.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

#[path = "database/access_report.rs"]
mod access_report;
#[path = "database/all_or_nothing.rs"]
mod all_or_nothing;
#[path = "attackers/chance.rs"]
#[expect(dead_code, reason = "attackers take more chances")]
mod chance;
#[path = "database/collisions.rs"]
mod collisions;
#[path = "database/constraint_words.rs"]
mod constraint_words;
#[path = "database/declared.rs"]
mod declared;
#[path = "database/definer_functions.rs"]
mod definer_functions;
#[path = "database/doctors_catalogue.rs"]
mod doctors_catalogue;
#[path = "support/extension.rs"]
mod extension;
#[path = "database/grants_report.rs"]
mod grants_report;
#[path = "database/hijack.rs"]
mod hijack;
#[path = "database/human_text.rs"]
mod human_text;
#[path = "database/lost_updates.rs"]
mod lost_updates;
#[path = "database/names.rs"]
mod names;
#[path = "database/narrow_types.rs"]
mod narrow_types;
#[path = "database/one_person.rs"]
mod one_person;
#[path = "clients/programs.rs"]
#[expect(dead_code, reason = "Python is for the clients' stories")]
mod programs;
#[path = "database/rechecked_plans.rs"]
mod rechecked_plans;
#[path = "database/rechecked_rows.rs"]
mod rechecked_rows;
#[path = "database/reference.rs"]
mod reference;
#[path = "database/sample_data.rs"]
mod sample_data;
#[path = "database/seeded_rows.rs"]
mod seeded_rows;
#[path = "database/stranger.rs"]
mod stranger;
mod support;
#[path = "support/pgtap.rs"]
mod tap;
#[path = "database/two_defaults.rs"]
mod two_defaults;
#[path = "database/webhook_events.rs"]
mod webhook_events;
#[path = "database/words.rs"]
mod words;
#[path = "database/writers_of_the_same_cases.rs"]
mod writers_of_the_same_cases;

use std::{collections::BTreeSet, path::PathBuf};

use casebase::{commands::dev, migrations};
use casebase_local::{Options, Stack};
use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};
use support::project;
use tokio::sync::Mutex;

/// One at a time: some change policies under everybody's feet, in a transaction of their own.
static ALONE: Mutex<()> = Mutex::const_new(());

async fn connect(setting: &str) -> PgConnection {
    let url = project().setting(setting);
    PgConnection::connect(url).await.expect("a connection")
}

fn repository_path(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The `.sql` files of a folder of the repository, in the order of their names.
fn sql_files(folder: &str) -> Vec<(String, String)> {
    let folder = repository_path(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read_to_string(&path).expect("UTF-8"))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

/// Until a statement that begins so waits for a lock.
async fn somebody_waits(statement: &str) {
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    loop {
        let waits: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and starts_with(query, $1))",
        )
        .bind(statement)
        .fetch_one(&mut admin)
        .await
        .expect("the server answers");
        if waits {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn run(connection: &mut PgConnection, sql: impl Into<String>) {
    let sql = sql.into();
    raw_sql(AssertSqlSafe(sql.clone()))
        .execute(connection)
        .await
        .unwrap_or_else(|e| panic!("{e}\nin {sql}"));
}

async fn texts(connection: &mut PgConnection, sql: &'static str) -> BTreeSet<String> {
    sqlx::query_scalar(sql)
        .fetch_all(connection)
        .await
        .expect("the query runs")
        .into_iter()
        .collect()
}

mod pgtap {
    use super::tap::{Outcome, run_file};
    use super::*;

    pub(super) async fn is_available(connection: &mut PgConnection) -> bool {
        extension::is_available(connection, "pgtap", "pgtap").await
    }

    #[tokio::test]
    async fn every_file_passes_what_it_planned() {
        let _alone = ALONE.lock().await;
        if !is_available(&mut connect("DATABASE_ADMIN_URL").await).await {
            return;
        }
        let mut failures = Vec::new();
        for (name, sql) in sql_files("tests/database") {
            let mut connection = connect("DATABASE_ADMIN_URL").await;
            let outcome = run_file(&mut connection, &sql, false).await;
            failures.extend(outcome.failure(&name));
        }
        assert!(failures.is_empty(), "\n{}\n", failures.join("\n\n"));
    }

    #[test]
    fn a_file_that_stops_early_or_fails_is_reported() {
        let mut short = Outcome::default();
        ["1..2", "ok 1 - fine"]
            .iter()
            .for_each(|line| short.read(line));
        assert_eq!(
            short.failure("f").as_deref(),
            Some("f: 1 of 2 planned passed\n")
        );
        let mut failed = Outcome::default();
        ["1..1", "not ok 1 - x", "# why"]
            .iter()
            .for_each(|line| failed.read(line));
        assert_eq!(
            failed.failure("f").as_deref(),
            Some("f: 0 of 1 planned passed\nnot ok 1 - x\n# why")
        );
    }
}

mod policies {
    use super::*;

    /// Every privilege on what is ours, and every policy, as lines.
    const SNAPSHOT: &str = "
        with ours as (select oid, nspname from pg_namespace where nspname in ('public', 'casebase'))
        select format('policy %s on %I.%I %s %s to %s using (%s) with check (%s)',
                      policyname, schemaname, tablename, permissive, cmd, roles, qual, with_check)
        from pg_policies
        where schemaname in (select nspname from ours) or policyname like 'casebase%'
        union all
        select format('%s on schema casebase to %s', a.privilege_type, a.grantee::regrole)
        from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'casebase'
        union all
        select format('%s on %s to %s', a.privilege_type, c.oid::regclass, a.grantee::regrole)
        from pg_class c join ours on ours.oid = c.relnamespace,
             aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::\"char\", c.relowner))) a
        where c.relkind in ('r', 'p', 'v', 'S')
        union all
        select format('%s on %s.%I to %s', a.privilege_type, c.oid::regclass, t.attname, a.grantee::regrole)
        from pg_class c join ours on ours.oid = c.relnamespace
        join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
        union all
        select format('%s on %s to %s', a.privilege_type, p.oid::regprocedure, a.grantee::regrole)
        from pg_proc p join ours on ours.oid = p.pronamespace,
             aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        where not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')";

    /// No policy of ours and no grant; the public of functions included.
    const CLEARED: &str = "do $$
        declare
          p record;
        begin
          for p in select * from pg_policies
                   where schemaname in ('public', 'casebase') or policyname like 'casebase%' loop
            execute format('drop policy %I on %I.%I', p.policyname, p.schemaname, p.tablename);
          end loop;
          for p in select kind, nspname
                   from unnest(array['tables', 'sequences', 'functions']) kind, unnest(array['public', 'casebase']) nspname loop
            execute format('revoke all on all %s in schema %s from public, anon, authenticated, service_role,
                            supabase_auth_admin, supabase_storage_admin, casebase_worker', p.kind, p.nspname);
          end loop;
          revoke all on schema casebase
            from public, anon, authenticated, service_role, supabase_auth_admin, casebase_worker;
        end
        $$";

    #[tokio::test]
    async fn the_policies_folder_says_what_the_migrations_made() {
        let _alone = ALONE.lock().await;
        let mut owner = connect("DATABASE_URL").await;
        let mut transaction = owner.begin().await.expect("a transaction");
        let migrated = texts(&mut transaction, SNAPSHOT).await;
        run(&mut transaction, CLEARED).await;
        let cleared = texts(&mut transaction, SNAPSHOT).await;
        for (_, sql) in sql_files("policies") {
            run(&mut transaction, sql).await;
        }
        let said = texts(&mut transaction, SNAPSHOT).await;
        transaction.rollback().await.expect("nothing of it stays");

        assert!(
            migrated.len() - cleared.len() > 200,
            "there was little to compare: {} lines, {} after clearing",
            migrated.len(),
            cleared.len()
        );
        let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
            a.difference(b).cloned().collect::<Vec<_>>().join("\n  ")
        };
        assert!(
            migrated == said,
            "only in migrations/:\n  {}\nonly in policies/:\n  {}",
            only(&migrated, &said),
            only(&said, &migrated)
        );
    }

    #[tokio::test]
    async fn the_policies_folder_can_be_run_again() {
        let _alone = ALONE.lock().await;
        let mut owner = connect("DATABASE_URL").await;
        let mut transaction = owner.begin().await.expect("a transaction");
        let before = texts(&mut transaction, SNAPSHOT).await;
        for (_, sql) in sql_files("policies") {
            run(&mut transaction, sql).await;
        }
        let after = texts(&mut transaction, SNAPSHOT).await;
        transaction.rollback().await.expect("nothing of it stays");
        assert_eq!(before, after);
    }
}

mod the_hook {
    use super::*;

    /// A migration of somebody's holds the table; Auth gives up on a hook after two seconds.
    #[tokio::test]
    async fn lets_people_sign_in_while_our_tables_are_locked() {
        let _alone = ALONE.lock().await;
        let mut owner = connect("DATABASE_URL").await;
        let mut migration = owner.begin().await.expect("a transaction");
        run(
            &mut migration,
            "lock table staff_members in access exclusive mode",
        )
        .await;
        let mut auth = connect("DATABASE_ADMIN_URL").await;
        run(
            &mut auth,
            "set role supabase_auth_admin; set statement_timeout = '2s'",
        )
        .await;
        let unchanged: bool = sqlx::query_scalar(
            "select casebase.custom_access_token_hook(event) = event
             from (select jsonb_build_object('user_id', gen_random_uuid(), 'claims', '{}'::jsonb)) e (event)",
        )
        .fetch_one(&mut auth)
        .await
        .expect("the hook doesn't raise");
        assert!(unchanged);
        migration.rollback().await.expect("nothing of it stays");
    }
}

mod a_host_with_its_own_clients {
    use super::*;

    #[tokio::test]
    async fn keeps_its_table_as_it_was() {
        let stack = Stack::start(Options::default())
            .await
            .expect("a bare stack");
        let mut owner = PgConnection::connect(&stack.database_url("postgres"))
            .await
            .expect("a connection");
        run(
            &mut owner,
            "create table public.clients (id uuid primary key default gen_random_uuid(), company_name text, vat text);
             alter table public.clients enable row level security;
             revoke all on public.clients from anon, authenticated, service_role;
             grant select (id) on public.clients to authenticated;
             create policy host_only on public.clients for select to authenticated using (vat is not null);
             insert into public.clients (company_name) values ('Acme')",
        )
        .await;
        const TABLE: &str = "
            select format('%s %s', attname, attacl) from pg_attribute where attrelid = 'public.clients'::regclass and attnum > 0
            union all select format('%s', relacl) from pg_class where oid = 'public.clients'::regclass
            union all select format('%s %s %s', policyname, roles, qual) from pg_policies where tablename = 'clients'
            union all select tgname::text from pg_trigger where tgrelid = 'public.clients'::regclass and not tgisinternal";
        let before = texts(&mut owner, TABLE).await;
        dev::migrate(&stack).await.expect("the migrations apply");
        assert_eq!(before, texts(&mut owner, TABLE).await);

        let name: String =
            sqlx::query_scalar("select casebase.client_name(id) from public.clients")
                .fetch_one(&mut owner)
                .await
                .expect("a name");
        assert_eq!(name, "Acme", "the name is found in the host's own column");
        drop(owner);
        stack.stop().await;
    }
}
