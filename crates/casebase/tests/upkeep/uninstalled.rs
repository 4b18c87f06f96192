//! `casebase uninstall` leaves a project as it was, and leaves it alone as long as something would be lost.

use std::process::Command;

use casebase::{commands::dev, made::Made, migrations};
use casebase_local::{Stack, postgres::SUPERUSER};
use sqlx::Row as _;

use crate::{
    home::{Home, VAULT, told, work},
    programs,
};

/// A project with a life of its own.
const HOST: &str = "
    create table public.orders (
      id bigint generated always as identity primary key,
      bought_by uuid references auth.users (id) on delete set null,
      words text not null
    );
    alter table public.orders enable row level security;
    create policy buyers_read on public.orders for select to authenticated using (bought_by = auth.uid());
    create view public.big_orders with (security_invoker = true) as select * from public.orders where length(words) > 10;
    create function public.note_user() returns trigger language plpgsql security definer set search_path = '' as
      $$ begin insert into public.orders (bought_by, words) values (new.id, 'welcome'); return new; end $$;
    create trigger note_user after insert on auth.users for each row execute function public.note_user();
    insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);
    create policy everything_is_read on storage.objects for select using (true);
    create role host_reporting nologin;
    grant select on public.orders to host_reporting;
    alter default privileges in schema public grant select on tables to host_reporting;";

/// And with clients.
const CLIENTS: &str = "
    create table public.clients (id uuid primary key default gen_random_uuid(), company_name text not null);
    alter table public.clients enable row level security;
    create policy read_clients on public.clients for select to authenticated using (true);
    insert into public.clients (company_name) values ('Acme')";

/// What pgdelta doesn't look at: roles and their settings, buckets, rows of ours in the host's tables.
const BESIDE: &str = "
    select string_agg(line, E'\\n' order by line)
    from (
      select format('role %s %s', r.rolname, r.rolconfig) as line from pg_roles r
      union all
      select format('member %s of %s', m.member::regrole, m.roleid::regrole) from pg_auth_members m
      union all
      select format('bucket %s %s %s', b.id, b.public, b.file_size_limit) from storage.buckets b
      union all
      select format('schema %s %s', n.nspname, n.nspacl) from pg_namespace n where n.nspname !~ '^pg_(toast_)?temp'
      union all
      select format('%s on %s %s', t.tgname, t.tgrelid::regclass, t.tgenabled) from pg_trigger t where not t.tgisinternal
      union all
      select format('key %s on %s', k.conname, k.conrelid::regclass) from pg_constraint k
      union all
      select format('%s on %s', p.polname, p.polrelid::regclass) from pg_policy p
      union all
      select format('%s %s', d.defaclrole::regrole, d.defaclacl) from pg_default_acl d
    ) lines";

async fn host(with: &str) -> Home {
    let home = Home::empty().await;
    home.run(&format!("{HOST};{with}")).await;
    home
}

/// What separates the one from the other; nothing where there is no Node.js, which CI does not accept.
fn difference(source: &Stack, desired: &Stack) -> Option<String> {
    let mut diff: Command = programs::node()?;
    diff.args(["node_modules/@supabase/pg-delta/dist/cli/main.js", "diff"])
        .args(["--source", &source.database_url(SUPERUSER)])
        .args(["--desired", &desired.database_url(SUPERUSER)]);
    Some(programs::succeed(&mut diff))
}

async fn beside(home: &Home) -> Option<String> {
    home.text(BESIDE).await
}

#[tokio::test]
async fn the_host_is_as_it_was() {
    for with in ["", CLIENTS] {
        let (untouched, home) = (host(with).await, host(with).await);
        let before = beside(&home).await;
        assert_eq!(beside(&untouched).await, before);
        dev::migrate(&home.stack).await.unwrap();
        assert_ne!(beside(&home).await, before);
        let (code, said) = home.casebase(&["uninstall"]).await;
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(said, "Casebase is out of the database\n");
        assert_eq!(beside(&home).await, before);
        if let Some(difference) = difference(&home.stack, &untouched.stack) {
            assert_eq!(difference, "No differences found.\n");
        }
        // And takes it in again, and once more lets it go.
        dev::migrate(&home.stack).await.unwrap();
        let (code, said) = home.casebase(&["uninstall"]).await;
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = home.casebase(&["uninstall"]).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("there is no Casebase in this database"),
            "{said}"
        );
        untouched.stop().await;
        home.stop().await;
    }
}

#[tokio::test]
async fn what_is_in_the_way_is_said_all_at_once_and_what_is_data_goes_when_asked() {
    let mut home = Home::with_people().await;
    home.run_as_admin(VAULT).await;
    let (_receiver, _) = work(&home).await;
    let in_the_vault = "select count(*)::text from vault.secrets";
    assert_eq!(home.text(in_the_vault).await.as_deref(), Some("1"));
    // Things of the project's own that use Casebase's.
    home.run(
        "create view public.my_cases as select id, title from public.cases;
         create table public.invoices (id bigint primary key, case_id bigint references public.cases (id),
           department uuid default casebase.default_department());
         alter table public.invoices enable row level security;
         create policy staff_read on public.invoices for select to authenticated using ((select casebase.is_staff()));
         create function public.my_hook(event jsonb) returns jsonb language plpgsql as
           $$ begin return casebase.custom_access_token_hook(event); end $$;
         create function public.of_case(c public.cases) returns text language sql as 'select c.title';
         -- What hangs on a table of ours goes with it.
         create index mine on public.cases (title);
         create policy more on public.cases for select to service_role using (true);
         create trigger mine after insert on public.cases for each row execute function public.mine();"
            .replace(
                "create trigger mine",
                "create function public.mine() returns trigger language plpgsql as 'begin return null; end';
                 create trigger mine",
            )
            .as_str(),
    )
    .await;
    let (code, said) = home.casebase(&["uninstall"]).await;
    assert_eq!(code, Some(1), "{said}");
    for expected in [
        "3 cases, 2 clients, 4 files, 1 documents, 5 objects",
        "the access token hook answered last at 20",
        "casebase_worker has",
        "view public.my_cases needs Casebase",
        "constraint invoices_case_id_fkey on table public.invoices needs Casebase",
        "default value for column department of table public.invoices needs Casebase",
        "policy staff_read on table public.invoices needs Casebase",
        "function public.my_hook(jsonb) needs Casebase",
        "function public.of_case(public.cases) needs Casebase",
    ] {
        assert!(said.contains(expected), "{expected} is not in:\n{said}");
    }
    assert_eq!(said.matches("\n- ").count(), 9, "{said}");
    assert_eq!(
        home.text("select count(*)::text from public.cases")
            .await
            .as_deref(),
        Some("3")
    );

    home.run(
        "drop view public.my_cases; drop table public.invoices; drop function public.my_hook(jsonb);
         drop function public.of_case(public.cases)",
    )
    .await;
    home.stop_serving().await;
    let delete = ["uninstall", "--delete-data", "--hook-is-off"];
    // Without a key nothing is deleted, and without Storage nothing is half gone in the database.
    let mut keyless = home.command(&delete);
    keyless.env_remove("CASEBASE_SECRET_KEY");
    let (code, said) = told(keyless).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("--secret-key (CASEBASE_SECRET_KEY)"),
        "{said}"
    );
    let mut elsewhere = home.command(&delete);
    elsewhere.env("SUPABASE_URL", "http://127.0.0.1:9");
    let (code, said) = told(elsewhere).await;
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(
        home.text("select count(*)::text from public.cases")
            .await
            .as_deref(),
        Some("3")
    );
    // Files whose bytes are gone already are what a command that died leaves.
    home.run(
        "create schema supabase_migrations;
         create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
         insert into supabase_migrations.schema_migrations values ('20261128000000', '{}', 'casebase'), ('20250101000000', '{}', 'mine'),
           ('20270101000000', array['insert into casebase.migrations (version, name, release, checksum)'], 'casebase_next')",
    )
    .await;
    let (code, said) = home.casebase(&delete).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("5 objects deleted"), "{said}");
    assert!(
        said.contains(
            "supabase migration repair --status reverted 20261128000000 20270101000000\n"
        ),
        "{said}"
    );
    let left = "select concat_ws(' ', (select count(*) from storage.objects), (select count(*) from storage.buckets),
                       (select count(*) from auth.users), to_regclass('public.cases'), to_regrole('casebase_worker'))";
    assert_eq!(home.text(left).await.as_deref(), Some("0 0 5"));
    assert_eq!(home.text(in_the_vault).await.as_deref(), Some("0"));
    home.stop().await;
}

/// Read from the migrations' text, and as the catalogue has it.
#[tokio::test]
async fn what_the_migrations_make_in_public_is_known() {
    let home = Home::empty().await;
    let mut admin = home.admin().await;
    const THERE: &str = "
        select case c.relkind when 'r' then 'table' when 'v' then 'view' when 'c' then 'type' else 'other' end, c.relname::text
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind not in ('i', 'S')
        union
        select 'type', t.typname::text from pg_type t
        where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
        union
        select 'function', p.proname::text from pg_proc p where p.pronamespace = 'public'::regnamespace";
    let before = sqlx::query(THERE).fetch_all(&mut admin).await.unwrap();
    assert!(before.is_empty(), "{before:?}");
    dev::migrate(&home.stack).await.unwrap();
    let made = Made::by(&migrations::all());
    let known = [
        ("table", &made.tables),
        ("view", &made.views),
        ("function", &made.functions),
        ("type", &made.types),
    ];
    let mut known: Vec<(String, String)> = known
        .into_iter()
        .flat_map(|(kind, names)| {
            names
                .iter()
                .map(move |name| (kind.to_owned(), name.clone()))
        })
        .collect();
    known.sort();
    let there = sqlx::query(THERE).fetch_all(&mut admin).await.unwrap();
    let mut there: Vec<(String, String)> =
        there.iter().map(|row| (row.get(0), row.get(1))).collect();
    there.sort();
    assert_eq!(known, there);
    assert!(there.len() > 60, "{there:?}");
    drop(admin);
    home.stop().await;
}
