//! What a project may have that Casebase would collide with, or lack: found before anything is made, all at once, each
//! with a way out that leads out.

use casebase::{
    migrations::Migration,
    preflight::{self, Finding, Mode, Severity},
    terminal,
};
use casebase_local::postgres::SUPERUSER;

use sqlx::Row;

use super::*;

/// Where the lists of what the migrations make outside their own schema are.
const FILE: &str = "supabase/schemas/preflight.sql";

/// Everything in the catalogue that has a name of its own: kind, schema, name, and its identity in PostgreSQL's words.
const CATALOGUE: &str = "
    with every (classid, objid) as (
      select classid, objid from pg_depend
      union select refclassid, refobjid from pg_depend
      union select d.classid, d.objid from pg_shdepend d join pg_database b on b.oid = d.dbid where b.datname = current_database()
      union select 'pg_authid'::regclass, oid from pg_authid
      union select 'pg_namespace'::regclass, oid from pg_namespace
      union select 'pg_extension'::regclass, oid from pg_extension
      union select 'pg_event_trigger'::regclass, oid from pg_event_trigger
      union select 'pg_publication'::regclass, oid from pg_publication
    )
    select i.type, coalesce(i.schema, ''), coalesce(i.name, ''), i.identity
    from every, pg_identify_object(every.classid, every.objid, 0) i
    where i.identity is not null
      -- An identity column's sequence takes any name that is free.
      and not exists (
        select from pg_depend d
        where d.classid = every.classid and d.objid = every.objid and d.deptype = 'i' and i.type = 'sequence'
      )
    union all
    select 'bucket', '', id, id from storage.buckets";

type Thing = (String, String, String, String);

async fn catalogue(connection: &mut PgConnection) -> BTreeSet<Thing> {
    sqlx::query_as(CATALOGUE)
        .fetch_all(connection)
        .await
        .expect("the catalogue answers")
        .into_iter()
        .collect()
}

/// A bare project, and connections to it as its owner and as the superuser.
async fn bare() -> (Stack, PgConnection, PgConnection) {
    let stack = Stack::start(Options::default()).await;
    let stack = stack.expect("a bare stack");
    let owner = PgConnection::connect(&stack.database_url("postgres")).await;
    let superuser = PgConnection::connect(&stack.database_url(SUPERUSER)).await;
    (
        stack,
        owner.expect("a connection"),
        superuser.expect("a connection"),
    )
}

async fn found(connection: &mut PgConnection) -> Vec<Finding> {
    preflight::findings(connection)
        .await
        .expect("the query runs anywhere")
}

/// What the migrations make outside `casebase`, without what belongs to a table of theirs and goes where that goes.
fn of_its_own(made: impl IntoIterator<Item = Thing>) -> Vec<Thing> {
    let made: Vec<_> = made
        .into_iter()
        .filter(|(kind, schema, name, identity)| {
            schema != "casebase"
                && schema != "pg_toast"
                && !(kind == "schema" && name == "casebase")
                && !identity.contains("casebase.")
        })
        .collect();
    let names = |kinds: &[&str]| -> BTreeSet<String> {
        let of_kinds = made.iter().filter(|thing| kinds.contains(&&*thing.0));
        of_kinds.map(|thing| thing.3.clone()).collect()
    };
    let tables = names(&["table", "view"]);
    let with_types = names(&["table", "view", "composite type"]);
    made.into_iter()
        .filter(|(kind, schema, _, identity)| match &**kind {
            // Foreign keys bring triggers whose names are nobody's choice.
            "trigger" if identity.starts_with("\"RI_ConstraintTrigger_") => false,
            "table constraint" | "policy" | "trigger" | "rule" => {
                let (_, table) = identity.rsplit_once(" on ").expect("on a table");
                !tables.contains(table)
            }
            "default value" => {
                let column = identity.trim_start_matches("for ");
                !tables
                    .iter()
                    .any(|table| column.starts_with(&format!("{table}.")))
            }
            "type" => !with_types.contains(identity.trim_end_matches("[]")),
            // The record that an older `casebase migrate` kept.
            _ => schema != "supabase_migrations" && identity != "supabase_migrations",
        })
        .collect()
}

/// The lists in the preflight, as they are to be.
async fn lists(owner: &mut PgConnection, things: &[Thing]) -> [(&'static str, String); 2] {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut made = BTreeSet::new();
    let mut rpc = BTreeSet::new();
    for (kind, schema, name, identity) in things {
        let mut add = |kind: &str, name: &str, place: &str| {
            made.insert(format!(
                "    ({}, {}, {})",
                quoted(kind),
                quoted(name),
                quoted(place)
            ));
        };
        match (&**kind, &**schema) {
            ("table" | "view" | "sequence", "public") => add(kind, name, ""),
            ("composite type", "public") => add("type", name, ""),
            ("index", "public") => {
                let table: String = sqlx::query_scalar(
                    "select c.relname::text from pg_index i join pg_class c on c.oid = i.indrelid where i.indexrelid = $1::regclass",
                )
                .bind(identity)
                .fetch_one(&mut *owner)
                .await
                .expect("an index is on a table");
                add(kind, name, &table);
            }
            ("policy" | "trigger", _) => {
                let (name, table) = identity.rsplit_once(" on ").expect("on a table");
                add(kind, name, table);
            }
            ("role" | "bucket", _) => add(kind, name, ""),
            ("function", "public") => {
                let (name, types, needs, takes): (String, String, i32, i32) = sqlx::query_as(
                    "select proname::text, oidvectortypes(proargtypes), pronargs - pronargdefaults::int, pronargs::int
                     from pg_proc where oid = $1::regprocedure",
                )
                .bind(identity)
                .fetch_one(&mut *owner)
                .await
                .expect("a function");
                rpc.insert(format!(
                    "    ({}, {}, {needs}, {takes})",
                    quoted(&name),
                    quoted(&types)
                ));
            }
            _ => panic!(
                "the preflight does not look for this kind of thing: {kind} {identity}. Teach {FILE} to, then this list."
            ),
        }
    }
    let joined = |lines: BTreeSet<String>| lines.into_iter().collect::<Vec<_>>().join(",\n") + "\n";
    [("made", joined(made)), ("rpc", joined(rpc))]
}

/// What the migrations make and the preflight has no eye for would be noticed by a stranger.
#[tokio::test]
async fn the_preflight_knows_all_that_is_made_outside_the_own_schema() {
    let (stack, mut owner, _) = bare().await;
    let before = catalogue(&mut owner).await;
    dev::migrate(&stack).await.expect("the migrations apply");
    let after = catalogue(&mut owner).await;
    let things = of_its_own(after.difference(&before).cloned());
    let file = repository_path(FILE);
    let there = std::fs::read_to_string(&file).expect("UTF-8");
    let mut written = there.clone();
    for (name, list) in lists(&mut owner, &things).await {
        let (begin, end) = (format!("-- begin {name}\n"), format!("-- end {name}\n"));
        let (head, rest) = written.split_once(&begin).expect("the list's beginning");
        let (_, tail) = rest.split_once(&end).expect("the list's end");
        written = format!("{head}{begin}{list}{end}{tail}");
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, written).expect("the file is ours");
    } else {
        assert!(
            there == written,
            "{FILE} has not what the migrations make: `UPDATE=1 cargo test -p casebase --test database collisions`, then \
             `… declared`"
        );
        is_found_in_the_way(&mut owner, &things).await;
    }
    drop(owner);
    stack.stop().await;
}

/// To a Casebase that doesn't know itself, each of its own things is one in the way.
async fn is_found_in_the_way(owner: &mut PgConnection, things: &[Thing]) {
    assert_eq!(found(owner).await, [], "it is in nobody's way itself");
    run(owner, "alter schema casebase rename to elsewhere").await;
    let findings = found(owner).await;
    // public.clients is shared.
    let in_the_way = things
        .iter()
        .filter(|thing| !["public.clients", "public.clients_pkey"].contains(&&*thing.3));
    let mut asked = 0;
    for (kind, _, name, identity) in in_the_way {
        asked += 1;
        let has_name = |finding: &&Finding| match &**kind {
            "function" => finding
                .name
                .starts_with(&format!("public.{}(", identity_name(identity))),
            "table" | "view" | "index" | "sequence" | "composite type" => finding.name == *identity,
            "policy" | "trigger" => finding.name == *identity,
            _ => finding.name == *name,
        };
        assert!(
            findings.iter().any(|finding| has_name(&finding)),
            "{kind} {identity} is in the way and not found: {findings:#?}"
        );
    }
    assert!(asked > 150, "there was little to ask for: {asked}");
}

fn identity_name(identity: &str) -> &str {
    let (name, _) = identity.split_once('(').expect("a function's identity");
    name.trim_start_matches("public.")
}

/// How a finding is got rid of.
enum Out {
    /// The way out is a statement; what is to be chosen in it is, and what follows it in words is left out.
    Follow,
    /// What the way out says in words.
    By(&'static str),
    /// It can be lived with.
    Stays,
}
use Out::{By, Follow, Stays};

/// What a project may have, what the findings are about, words of one of them, and how they go.
const COLLISIONS: &[(&str, &str, &str, Out)] = &[
    // Tables and what shares their names.
    ("create table public.cases (id int)", "table public.cases", "the table public.cases is there already", Follow),
    ("create view public.departments as select 1 as one", "view public.departments", "the view ", Follow),
    ("create materialized view public.overdue_cases as select 1 as one", "materialized view public.overdue_cases", "is there already", Follow),
    ("create sequence public.interactions", "sequence public.interactions", "the sequence ", Follow),
    ("create table public.theirs (id int constraint cases_pkey primary key)", "index public.cases_pkey", "on theirs is there already", Follow),
    // Types.
    ("create type public.case_page as enum ('a')", "type public.case_page", "the type ", Follow),
    ("create type public.cases as (a int)", "type public.cases", "the type ", Follow),
    ("create domain public.staff_members as text", "type public.staff_members", "the type ", Follow),
    ("create type public.clients as enum ('a')", "type public.clients", "the type ", Follow),
    // Functions: the same, and those that a call could mean as well.
    ("create function public.my_clients() returns int language sql return 1", "function public.my_clients()", "the function public.my_clients() is there already", Follow),
    ("create function public.find_case(number integer) returns int language sql return 1", "function public.find_case(integer)", "a call of public.find_case could mean", Follow),
    ("create function public.health(a int default 1, b int default 2) returns int language sql return 1", "function public.health(integer, integer)", "could mean", Follow),
    ("create function public.merge_cases(variadic bigint[]) returns int language sql return 1", "function public.merge_cases(bigint[])", "could mean", Follow),
    ("create procedure public.reopen_case(bigint) language sql as ''", "function public.reopen_case(bigint)", "is there already", Follow),
    ("create aggregate public.register(text) (sfunc = textcat, stype = text)", "function public.register(text)", "is there already", Follow),
    ("create function public.health(jsonb) returns int language sql return 1", "function public.health(jsonb)", "a call of rpc/health would be answered by Casebase's own", Follow),
    ("create function public.health(a int, b int) returns int language sql return 1", "function public.health(integer, integer)", "told apart", Stays),
    // In Storage.
    ("create policy casebase_read on storage.objects using (true)", "policy casebase_read on storage.objects", "the policy ", Follow),
    ("create trigger casebase_keep_new after insert on storage.objects for each row execute function public.t()", "trigger casebase_keep_new on storage.objects", "the trigger ", Follow),
    ("create policy mine on storage.objects as restrictive to public using (bucket_id = 'a')", "policy mine on storage.objects", "holds in every bucket", Stays),
    ("insert into storage.buckets (id, name) values ('client-bucket', 'client-bucket')", "bucket client-bucket", "the private bucket client-bucket is there already, without objects", By(EMPTIED)),
    ("insert into storage.buckets (id, name, public) values ('admin-bucket', 'admin-bucket', true)", "bucket admin-bucket", "the public bucket admin-bucket is there already", By(EMPTIED)),
    ("insert into storage.buckets (id, name) values ('b1', 'admin-bucket')", "bucket b1", "the private bucket b1 (named admin-bucket) is there", By(EMPTIED)),
    ("insert into storage.buckets (id, name) values ('admin-bucket', 'admin-bucket');
      insert into storage.objects (bucket_id, name) values ('admin-bucket', 'a')", "bucket admin-bucket", "with one object", By(EMPTIED)),
    ("insert into storage.buckets (id, name) values ('client-bucket', 'client-bucket');
      insert into storage.objects (bucket_id, name) select 'client-bucket', n from generate_series(1, 12) n", "bucket client-bucket", "with 12 objects", By(EMPTIED)),
    // The schema and the role.
    ("create schema casebase", "schema casebase", "is there already", Follow),
    ("create schema casebase; create table casebase.client_source ()", "schema casebase", "a Casebase of before 0.1.0-rc.1", By("drop schema casebase cascade")),
    ("create role casebase_worker login superuser", "role casebase_worker", "is a superuser", Follow),
    ("create role casebase_worker login bypassrls", "role casebase_worker", "has bypassrls", Follow),
    ("create role casebase_worker login createrole", "role casebase_worker", "has createrole", Follow),
    ("create role casebase_worker login createdb", "role casebase_worker", "has createdb", Follow),
    ("create role casebase_worker login replication", "role casebase_worker", "has replication", Follow),
    ("create role casebase_worker", "role casebase_worker", "may not log in", Follow),
    ("create role casebase_worker login in role pg_read_all_data", "role casebase_worker", "is a member of pg_read_all_data", Follow),
    ("create role casebase_worker login; grant casebase_worker to authenticator", "role casebase_worker", "lets others act as it: authenticator", Follow),
    ("create role casebase_worker login; create table public.theirs (); grant select on public.theirs to casebase_worker", "role casebase_worker", "owns or may use something", Follow),
    // The project's own clients.
    ("create view public.clients as select gen_random_uuid() as id, 'a' as name; grant all on public.clients to postgres", "view public.clients", "is a view, which no foreign key can refer to", Follow),
    ("create table public.clients (id bigint primary key, name text); grant all on public.clients to postgres", "index public.clients_pkey; table public.clients", "no column id of type uuid that is unique", Follow),
    ("create table public.clients (uid uuid primary key, name text); grant all on public.clients to postgres", "index public.clients_pkey; table public.clients", "no column id", Follow),
    ("create table public.clients (id uuid, name text); grant all on public.clients to postgres", "table public.clients", "no column id", Follow),
    ("create table public.clients (id uuid unique deferrable, name text); grant all on public.clients to postgres", "table public.clients", "no column id", Follow),
    ("create table public.clients (id uuid, part int, name text, primary key (id, part)); grant all on public.clients to postgres", "index public.clients_pkey; table public.clients", "no column id", Follow),
    ("create table public.clients (id uuid, name text); create unique index on public.clients (id) where name <> ''; grant all on public.clients to postgres", "table public.clients", "no column id", Follow),
    ("create table public.clients (id uuid primary key, firma text); grant all on public.clients to postgres", "column public.clients", "clients are called by their id", Stays),
    ("create table public.clients (id uuid primary key, name text); grant select on public.clients to postgres", "privilege references on public.clients", "the role postgres may not references on public.clients", Follow),
    ("create table public.clients (id uuid primary key, name text); grant references on public.clients to postgres;
      revoke pg_read_all_data from postgres", "privilege select on public.clients", "may not select", Follow),
    ("create table public.clients (id uuid primary key, name text); alter table public.clients enable row level security;
      grant all on public.clients to postgres; alter role postgres nobypassrls", "privilege read public.clients past its policies", "may not read", By("alter role postgres bypassrls")),
    // What the owner may.
    ("revoke all on database postgres from postgres, public", "privilege create schemas in the database postgres", "may not", Follow),
    ("revoke create on schema public from postgres, public, pg_database_owner", "privilege create anything in the schema public", "may not", Follow),
    ("alter role postgres nocreaterole", "privilege create roles", "may not", Follow),
    ("revoke supabase_auth_admin from postgres; revoke references on auth.users from postgres", "privilege references on auth.users", "may not", Follow),
    ("revoke supabase_auth_admin, pg_read_all_data from postgres; revoke usage on schema auth from postgres, anon, authenticated, service_role, public", "privilege use the schema auth", "may not", Follow),
    ("revoke supabase_storage_admin from postgres; set local supautils.policy_grants = '{\"postgres\": [\"storage.objects\"]}';
      revoke trigger on storage.objects from postgres, anon, authenticated, service_role", "privilege trigger on storage.objects", "may not", Follow),
    ("revoke supabase_storage_admin from postgres; set local supautils.policy_grants = '{\"postgres\": [\"storage.objects\"]}';
      revoke insert on storage.buckets from postgres, anon, authenticated, service_role", "privilege insert on storage.buckets", "may not", Follow),
    ("revoke supabase_storage_admin from postgres", "privilege create policies on storage.objects", "may not", Follow),
    // What the owner's default privileges give away.
    ("create role reporting; create schema mine; alter default privileges for role postgres in schema public grant select, truncate on tables to reporting;
      alter default privileges for role postgres in schema mine grant select on tables to reporting;
      alter default privileges for role supabase_admin grant select on tables to reporting", "default privilege reporting", "give the role reporting, and Casebase's tables in public would have it, too: select, truncate", Stays),
    // What is not a Supabase project.
    ("alter role supabase_auth_admin rename to somebody", "role supabase_auth_admin", "is missing", By("alter role somebody rename to supabase_auth_admin")),
    ("alter role authenticated bypassrls", "role authenticated", "passes every policy", Follow),
    ("alter table storage.buckets rename to pails", "table storage.buckets", "is missing", By("alter table storage.pails rename to buckets")),
    ("alter table storage.objects rename column owner_id to holder", "column storage.objects.owner_id", "has no column", By("alter table storage.objects rename column holder to owner_id")),
    ("alter function auth.uid() rename to id", "function auth.uid()", "is missing", By("alter function auth.id() rename to uid")),
    ("alter table storage.objects disable row level security", "table storage.objects", "row level security is off", Follow),
    ("set local default_transaction_read_only = on", "server default_transaction_read_only", "read only", By("set local default_transaction_read_only = off")),
    ("alter schema public rename to private", "schema public", "is missing", Follow),
];

/// Buckets are deleted through Storage's API, which may.
const EMPTIED: &str = "
    set local storage.allow_delete_query = 'true';
    delete from storage.objects where bucket_id in ('admin-bucket', 'client-bucket', 'b1');
    delete from storage.buckets where id in ('admin-bucket', 'client-bucket', 'b1')";

/// The statement of a way out.
fn statement(way_out: &str) -> String {
    let in_words = [", and make it again", ", or apply"];
    let ends = in_words
        .iter()
        .filter_map(|words| way_out.find(words))
        .min();
    way_out[..ends.unwrap_or(way_out.len())].replace('…', &format!("renamed_{}", way_out.len()))
}

#[tokio::test]
async fn each_kind_of_collision_is_found_and_has_a_way_out() {
    let (stack, owner, mut superuser) = bare().await;
    drop(owner);
    run(
        &mut superuser,
        "create function public.t() returns trigger language plpgsql as 'begin return null; end'",
    )
    .await;
    for (put, named, said, out) in COLLISIONS {
        let mut transaction = superuser.begin().await.expect("a transaction");
        run(&mut transaction, *put).await;
        run(&mut transaction, "set local role postgres").await;
        let findings = found(&mut transaction).await;
        let names = findings.iter().map(|f| format!("{} {}", f.kind, f.name));
        assert_eq!(names.collect::<Vec<_>>().join("; "), *named, "{put}");
        let says = |finding: &Finding| finding.problem.contains(said);
        assert!(findings.iter().any(says), "{put}: {findings:#?}");
        let severity = match out {
            Stays => Severity::Warning,
            Follow | By(_) => Severity::Error,
        };
        assert!(
            findings.iter().all(|f| f.severity == severity),
            "{put}: {findings:#?}"
        );
        run(&mut transaction, "reset role").await;
        match out {
            Follow => {
                for finding in &findings {
                    run(&mut transaction, statement(&finding.way_out)).await;
                }
            }
            By(statements) => run(&mut transaction, *statements).await,
            Stays => (),
        }
        if !matches!(out, Stays) {
            run(&mut transaction, "set local role postgres").await;
            assert_eq!(found(&mut transaction).await, [], "{put}");
        }
        transaction.rollback().await.expect("nothing of it stays");
    }
    drop(superuser);
    stack.stop().await;
}

/// What is like a collision and none.
#[tokio::test]
async fn what_stands_in_nobodys_way_is_not_found() {
    let (stack, owner, mut superuser) = bare().await;
    drop(owner);
    for put in [
        // Left by a Casebase in another database of this server.
        "set local role postgres; create role casebase_worker login noinherit; alter role casebase_worker set statement_timeout = '10s'; reset role",
        "create schema mine; create table mine.cases (id int); create function mine.my_clients() returns int language sql return 1",
        "create sequence public.cases_id_seq",
        "create domain public._cases as text",
        "create policy mine on storage.objects to public using (true)",
        "insert into storage.buckets (id, name, public) values ('mine', 'mine', true)",
        "create table public.clients (id uuid primary key, name text); grant select, references on public.clients to postgres",
        "create table public.clients (id uuid, key int primary key, title text);
         create unique index on public.clients (id) include (title); grant all on public.clients to postgres",
        "create table public.clients (id uuid primary key, name text) partition by hash (id); grant all on public.clients to postgres",
        // As hosted projects are.
        "revoke supabase_auth_admin, supabase_storage_admin from postgres;
         set local supautils.policy_grants = '{\"postgres\": [\"auth.users\", \"storage.objects\"]}'",
    ] {
        let mut transaction = superuser.begin().await.expect("a transaction");
        run(&mut transaction, put).await;
        run(&mut transaction, "set local role postgres").await;
        assert_eq!(found(&mut transaction).await, [], "{put}");
        transaction.rollback().await.expect("nothing of it stays");
    }
    drop(superuser);
    stack.stop().await;
}

const VERSION: &str = "current_setting('server_version_num')::integer < 150000";

/// The query's own words are asked for, on a server that is as old to it as PostgreSQL 14 would be.
#[tokio::test]
async fn an_old_server_is_told_so() {
    let (stack, mut owner, _) = bare().await;
    let older = preflight::query().replace(VERSION, &VERSION.replace("15", "99"));
    assert_ne!(older, preflight::query());
    let rows = raw_sql(AssertSqlSafe(older)).fetch_all(&mut owner).await;
    let rows = rows.expect("it runs");
    let problem: String = rows[0].get("problem");
    assert_eq!(rows.len(), 1);
    assert!(
        problem.ends_with("is too old: Casebase needs 15 or newer"),
        "{problem}"
    );
    drop(owner);
    stack.stop().await;
}

/// A project that has much in the way: it is told of all at once, nothing is left behind, and when it has followed the
/// ways out, Casebase is installed beside what it kept.
#[tokio::test]
async fn what_is_in_the_way_is_said_at_once_and_then_out_of_it() {
    let (stack, mut owner, mut superuser) = bare().await;
    run(
        &mut owner,
        "create table public.cases (id bigint primary key);
         create table public.clients (id bigint primary key);
         create type public.case_page as enum ('a');
         create function public.my_clients() returns int language sql return 1;
         create function public.find_case(number integer) returns int language sql return 1;
         create policy casebase_upload on storage.objects for insert to authenticated with check (bucket_id = 'mine');
         create role casebase_worker createdb;
         insert into storage.buckets (id, name) values ('mine', 'mine'), ('client-bucket', 'client-bucket');
         insert into storage.objects (bucket_id, name, version) values ('client-bucket', 'letter.pdf', '1')",
    )
    .await;
    // Other functions of those names, which no call can mean that means ours.
    for (name, takes) in rpc(&mut superuser).await {
        let arguments = vec!["boolean"; takes + 1].join(", ");
        run(
            &mut owner,
            format!("create function public.{name}({arguments}) returns int language sql return 1"),
        )
        .await;
    }
    let before = catalogue(&mut superuser).await;

    let known = migrations::all();
    let refused = migrations::apply(&mut owner, &known, migrations::PATIENCE).await;
    let said = terminal::describe(&refused.expect_err("it is refused").into());
    let by_itself = raw_sql(AssertSqlSafe(known[0].sql.to_string()))
        .execute(&mut owner)
        .await;
    let by_itself = by_itself.expect_err("it is refused").to_string();
    let findings = found(&mut owner).await;
    let errors: Vec<_> = findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .collect();
    assert_eq!(errors.len(), 10, "{errors:#?}");
    assert_eq!(
        findings.len() - errors.len(),
        rpc(&mut superuser).await.len()
    );
    for finding in &errors {
        assert!(
            said.contains(&finding.problem),
            "{finding} is not in: {said}"
        );
        assert!(
            said.contains(&finding.way_out),
            "{finding} is not in: {said}"
        );
        assert!(
            by_itself.contains(&finding.problem),
            "{finding} is not in: {by_itself}"
        );
    }
    assert_eq!(
        before,
        catalogue(&mut superuser).await,
        "nothing is left behind"
    );

    for finding in errors {
        match (&*finding.kind, &*finding.name) {
            ("bucket", "client-bucket") => {
                run(
                    &mut owner,
                    "set storage.allow_delete_query = 'true';
                 update storage.objects set bucket_id = 'mine';
                 delete from storage.buckets where id = 'client-bucket'",
                )
                .await
            }
            ("role", _) => {
                run(
                    &mut superuser,
                    "alter role casebase_worker rename to theirs",
                )
                .await
            }
            _ => run(&mut owner, statement(&finding.way_out)).await,
        }
    }
    dev::migrate(&stack).await.expect("the migrations apply");
    let kept = texts(
        &mut owner,
        "select bucket_id || '/' || name from storage.objects",
    )
    .await;
    assert_eq!(kept, BTreeSet::from(["mine/letter.pdf".to_owned()]));
    drop((owner, superuser));
    stack.stop().await;
}

/// Our functions' names, and how many arguments they take.
async fn rpc(connection: &mut PgConnection) -> Vec<(String, usize)> {
    let (_, list) = preflight::query()
        .split_once("-- begin rpc\n")
        .expect("the list");
    let (list, _) = list.split_once("-- end rpc\n").expect("its end");
    let rows: Vec<(String, i32)> = sqlx::query_as(AssertSqlSafe(format!(
        "select name, takes from (values {list}) r (name, types, needs, takes)"
    )))
    .fetch_all(connection)
    .await
    .expect("a list of values");
    rows.into_iter()
        .map(|(name, takes)| (name, usize::try_from(takes).expect("some")))
        .collect()
}

/// What these migrations lock of the tables that are there, taken back: the strongest of each, in PostgreSQL's names.
async fn locked_by(owner: &mut PgConnection, pending: &[&Migration]) -> Vec<(String, String)> {
    let mut installation = owner.begin().await.expect("a transaction");
    run(
        &mut installation,
        "create temporary table before as select c.oid from pg_class c where c.relkind = 'r'",
    )
    .await;
    for migration in pending {
        run(&mut installation, migration.sql.clone()).await;
    }
    // Those that are not only of somebody who reads, from weak to strong. Our record is nobody else's.
    let locked = sqlx::query_as(
        "select n.nspname || '.' || c.relname, max(m.place || m.mode)
         from pg_locks l
         join pg_class c on c.oid = l.relation
         join pg_namespace n on n.oid = c.relnamespace
         join unnest('{RowExclusiveLock,ShareLock,ShareRowExclusiveLock,AccessExclusiveLock}'::text[])
                with ordinality m (mode, place) on m.mode = l.mode
         where l.pid = pg_backend_pid()
           and c.oid in (select b.oid from pg_temp.before b)
           and n.nspname in ('auth', 'storage', 'public')
         group by 1
         order by 1",
    )
    .fetch_all(&mut *installation)
    .await
    .expect("an answer");
    installation.rollback().await.expect("nothing of it stays");
    locked
}

/// The same as `--dry-run` foretells it.
async fn foretold_of(owner: &mut PgConnection, pending: &[&Migration]) -> Vec<(String, String)> {
    let locks = preflight::locks(owner, pending).await.expect("an answer");
    let named = locks.into_iter().map(|lock| {
        let mode = match lock.mode {
            Mode::RowExclusive => "1RowExclusiveLock",
            Mode::ShareRowExclusive => "3ShareRowExclusiveLock",
            Mode::AccessExclusive => "4AccessExclusiveLock",
        };
        (lock.table, mode.to_owned())
    });
    named.collect()
}

/// What `--dry-run` says is what an installation, or an upgrade from any release, that is taken back has locked.
#[tokio::test]
async fn an_installation_and_an_upgrade_lock_what_they_say() {
    let (stack, mut owner, superuser) = bare().await;
    let all = migrations::all();
    run(
        &mut owner,
        "create table public.clients (id uuid primary key, name text)",
    )
    .await;
    let mut pending: Vec<_> = all.iter().collect();
    let foretold = foretold_of(&mut owner, &pending).await;
    assert!(foretold.len() > 3, "{foretold:?}");
    assert_eq!(foretold, locked_by(&mut owner, &pending).await);
    // Where an extension lets the owner make policies on what isn't theirs, that locks everything that it names.
    run(&mut owner, "drop table public.clients; set supautils.policy_grants = '{\"postgres\": [\"auth.users\", \"realtime.messages\"]}'").await;
    let foretold = preflight::locks(&mut owner, &pending)
        .await
        .expect("an answer");
    let lines = foretold
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(
        lines,
        "would lock auth.users until it ends (ACCESS EXCLUSIVE): whoever reads or writes it waits\n\
         would lock realtime.messages until it ends (ACCESS EXCLUSIVE): whoever reads or writes it waits\n\
         would lock storage.buckets until it ends (ROW EXCLUSIVE): nobody waits\n\
         would lock storage.objects until it ends (ACCESS EXCLUSIVE): whoever reads or writes it waits"
    );
    run(&mut owner, "reset supautils.policy_grants").await;
    while pending.len() > 1 {
        run(&mut owner, pending.remove(0).sql.clone()).await;
        let foretold = foretold_of(&mut owner, &pending).await;
        assert_eq!(foretold, locked_by(&mut owner, &pending).await);
    }
    drop((owner, superuser));
    stack.stop().await;
}
