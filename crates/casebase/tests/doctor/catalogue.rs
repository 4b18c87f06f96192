//! What the migrations made, broken one by one.

use super::{Break, Cure::*, Patient, breaks_are_found_and_mended, run};

#[tokio::test]
async fn who_may_do_what_is_as_the_migrations_made_it() {
    let mut patient = Patient::healthy().await;
    let breaks = [
        Break(
            "alter table public.cases disable row level security",
            &["error row level security of public.cases"],
            Fix,
        ),
        Break(
            "alter table public.departments force row level security",
            &["error forced row level security of public.departments"],
            Fix,
        ),
        Break(
            "drop policy see_cases on public.cases",
            &["error policy see_cases on public.cases"],
            Fix,
        ),
        Break(
            "alter policy see_cases on public.cases using (true)",
            &["error policy see_cases on public.cases"],
            Fix,
        ),
        Break(
            "alter policy see_cases on public.cases to public",
            &["error policy see_cases on public.cases"],
            Fix,
        ),
        Break(
            "drop policy casebase_read_only_so on storage.objects",
            &["error policy casebase_read_only_so on storage.objects"],
            Fix,
        ),
        Break(
            "create policy everybody on public.cases for select to anon using (true)",
            &["error policy everybody on public.cases"],
            Mend,
        ),
        Break(
            "create policy nobody on public.cases as restrictive for select to authenticated using (false)",
            &["warning policy nobody on public.cases"],
            Mend,
        ),
        Break(
            "grant select on public.cases to anon",
            &["error grant of select to anon on public.cases"],
            Fix,
        ),
        Break(
            "revoke select on public.departments from authenticated",
            &["error grant of select to authenticated on public.departments"],
            Fix,
        ),
        Break(
            "grant update (created_at) on public.cases to authenticated",
            &["error grant of update of columns to authenticated on public.cases"],
            Fix,
        ),
        Break(
            "revoke insert (title) on public.cases from authenticated",
            &["error grant of insert of columns to authenticated on public.cases"],
            Fix,
        ),
        Break(
            "grant create on schema casebase to authenticated",
            &["error grant of create to authenticated on casebase"],
            Fix,
        ),
        Break(
            "grant execute on function casebase.make_admin(text) to public",
            &["error grant of execute to public on casebase.make_admin(text)"],
            Fix,
        ),
        Break(
            "revoke execute on function public.my_clients() from authenticated",
            &["error grant of execute to authenticated on public.my_clients()"],
            Fix,
        ),
        Break(
            "grant usage on sequence public.cases_id_seq to authenticated",
            &["error grant of usage to authenticated on public.cases_id_seq"],
            Fix,
        ),
        Break(
            "create role metabase; grant select on public.cases to metabase",
            &["warning grant of select to metabase on public.cases"],
            Mend,
        ),
    ];
    breaks_are_found_and_mended(&mut patient, &breaks).await;
    patient.stop().await;
}

#[tokio::test]
async fn what_holds_and_does_is_as_the_migrations_made_it() {
    let mut patient = Patient::healthy().await;
    let breaks = [
        Break(
            "alter table public.cases disable trigger a_keep_identity",
            &["error trigger a_keep_identity on public.cases"],
            Fix,
        ),
        Break(
            "drop trigger a_keep_identity on public.cases",
            &["error trigger a_keep_identity on public.cases"],
            Fix,
        ),
        Break(
            "drop trigger casebase_keep_new on storage.objects",
            &["error trigger casebase_keep_new on storage.objects"],
            Fix,
        ),
        Break(
            "create or replace function casebase.is_admin() returns boolean
               language sql stable security definer set search_path = pg_catalog, pg_temp as 'select true'",
            &["error function casebase.is_admin()"],
            Mend,
        ),
        Break(
            "alter function casebase.is_admin() reset search_path",
            &["error function casebase.is_admin()"],
            Mend,
        ),
        Break(
            "alter function casebase.keep_object() security invoker",
            &["error function casebase.keep_object()"],
            Mend,
        ),
        Break(
            "alter view casebase.seen_cases set (security_invoker = false)",
            &["error view casebase.seen_cases"],
            Mend,
        ),
        Break(
            "alter table public.cases drop constraint cases_status_check",
            &["error constraint cases_status_check on public.cases"],
            Mend,
        ),
        Break(
            "drop index public.client_members_user_id_idx",
            &["warning index client_members_user_id_idx on public.client_members"],
            Mend,
        ),
        Break(
            "alter table public.cases alter column priority drop default",
            &["error column priority of public.cases"],
            Undo("alter table public.cases alter column priority set default 'medium'"),
        ),
        // What is the project's own, where it meets ours.
        Break(
            "alter table public.cases add column host_note text",
            &["warning column host_note of public.cases"],
            Mend,
        ),
        Break(
            "alter table public.cases add constraint short check (length(title) < 100)",
            &["warning constraint short on public.cases"],
            Mend,
        ),
        Break(
            "alter table public.interactions add constraint again foreign key (case_id) references public.cases (id)",
            &["warning constraint again on public.interactions"],
            Mend,
        ),
        Break(
            "create function public.host_rule() returns trigger language plpgsql as 'begin return new; end';
             create trigger host_rule before insert on public.cases for each row execute function public.host_rule()",
            &["note trigger host_rule on public.cases"],
            Mend,
        ),
        Break(
            "create rule host_rule as on delete to public.cases do instead nothing",
            &["error rule host_rule on public.cases"],
            Mend,
        ),
        Break(
            "alter type casebase.notice add attribute more text",
            &["error type casebase.notice"],
            Undo("alter type casebase.notice drop attribute more"),
        ),
        Break(
            "create table casebase.stray (id int)",
            &["warning table casebase.stray"],
            Undo("drop table casebase.stray"),
        ),
        Break(
            "create function casebase.stray() returns int language sql as 'select 1'",
            &["warning function casebase.stray()"],
            Mend,
        ),
    ];
    breaks_are_found_and_mended(&mut patient, &breaks).await;

    // A host's own things are its own, and an index more is no harm.
    run(
        &mut patient.owner,
        "create table public.invoices (id int primary key, case_id bigint references public.cases (id));
         create index host_idx on public.cases (created_at, id)",
    )
    .await;
    assert_eq!(patient.examine(&[]).things(), Vec::<String>::new());

    // A table that is gone is one finding, not one for each of its parts.
    run(
        &mut patient.owner,
        "drop table casebase.overwritten_objects",
    )
    .await;
    let gone = patient.examine(&[]);
    assert_eq!(gone.things(), ["error table casebase.overwritten_objects"]);
    patient.stop().await;
}

/// All of it or nothing: one statement that is refused leaves the others undone.
#[tokio::test]
async fn what_cannot_be_fixed_leaves_nothing_half_fixed() {
    let mut patient = Patient::healthy().await;
    // Nothing in its place: the policy that asks it can't be made again.
    run(
        &mut patient.owner,
        "grant select on public.cases to anon;
         drop function casebase.may_delete_object(text, text) cascade",
    )
    .await;
    let url = patient.stack.database_url("postgres");
    let output = super::doctor(&["--fix", "--database-url", &url])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: nothing was fixed: "), "{said}");
    assert!(said.contains("may_delete_object"), "{said}");
    let left = patient.examine(&[]).things();
    let grant = "error grant of select to anon on public.cases";
    assert!(left.iter().any(|thing| thing == grant), "{left:?}");

    // With the function's mend first, the rest is safe.
    let function = patient.examine(&[]);
    let mend = function
        .findings
        .iter()
        .find(|f| f["thing"] == "function casebase.may_delete_object(text,text)");
    let mend = mend.expect("it is missing")["mend"]
        .as_str()
        .expect("its text")
        .to_owned();
    run(&mut patient.owner, &mend).await;
    let fixed = patient.examine(&["--fix"]);
    assert_eq!(
        fixed.things(),
        Vec::<String>::new(),
        "{:#?}",
        fixed.findings
    );
    patient.stop().await;
}

/// Each policy, grant and trigger, each function and view: what a mend says of one is right for every one.
#[tokio::test]
async fn everything_that_can_be_mended_is_mended_exactly() {
    let mut patient = Patient::healthy().await;
    run(
        &mut patient.owner,
        "do $$
         declare
           taken text;
         begin
           for taken in
             select format('drop policy %I on %I.%I', p.policyname, p.schemaname, p.tablename)
             from pg_policies p
             where p.schemaname in ('public', 'casebase') or starts_with(p.policyname, 'casebase_')
             union all
             select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass)
             from pg_trigger t
             join pg_class c on c.oid = t.tgrelid
             where not t.tgisinternal
               and (c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or starts_with(t.tgname, 'casebase_'))
             union all
             select format('revoke all on all %s in schema %s from public, anon, authenticated, service_role,
                            casebase_worker, supabase_auth_admin', kind, schema)
             from unnest(array['tables', 'sequences', 'functions']) kind, unnest(array['public', 'casebase']) schema
           loop
             execute taken;
           end loop;
         end
         $$;
         revoke all on schema casebase from authenticated, service_role, casebase_worker, supabase_auth_admin",
    )
    .await;
    let apart = patient.examine(&[]).findings;
    assert!(apart.len() > 500, "{} findings", apart.len());
    let fixed = patient.examine(&["--fix"]);
    assert_eq!(
        fixed.things(),
        Vec::<String>::new(),
        "{:#?}",
        fixed.findings
    );

    run(
        &mut patient.owner,
        "do $$
         declare
           changed text;
         begin
           for changed in
             select format('alter function %s set work_mem = %L', f.oid::regprocedure, '5MB')
             from pg_proc f
             where f.pronamespace in ('public'::regnamespace, 'casebase'::regnamespace)
             union all
             select format('alter view %s set (security_barrier = true)', c.oid::regclass)
             from pg_class c
             where c.relkind = 'v' and c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace)
           loop
             execute changed;
           end loop;
         end
         $$",
    )
    .await;
    let changed = patient.examine(&[]).findings;
    assert!(changed.len() > 200, "{} findings", changed.len());
    for finding in &changed {
        let mend = finding["mend"].as_str();
        let mend = mend.unwrap_or_else(|| panic!("no mend of {}", finding["thing"]));
        run(&mut patient.owner, mend).await;
    }
    let mended = patient.examine(&[]);
    assert_eq!(
        mended.things(),
        Vec::<String>::new(),
        "{:#?}",
        mended.findings
    );
    patient.stop().await;
}
