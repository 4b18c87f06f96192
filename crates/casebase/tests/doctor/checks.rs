//! What lies beside the catalogue: roles, buckets, the hook, the worker, Realtime, and the project's own things.

use sqlx::Connection as _;

use super::{Break, Cure::*, Patient, breaks_are_found_and_mended, connect, run};

#[tokio::test]
async fn roles_and_owners_are_no_more_than_they_are_meant_to_be() {
    let mut patient = Patient::healthy().await;
    let breaks = [
        Break(
            "-- admin\n alter role authenticated set session_replication_role = 'replica'",
            &["error the setting session_replication_role=replica of the role authenticated"],
            AdminsMend,
        ),
        Break(
            "-- admin\n alter role authenticated bypassrls",
            &["error role authenticated"],
            AdminsMend,
        ),
        Break(
            "alter role casebase_worker createdb",
            &["error role casebase_worker"],
            Mend,
        ),
        Break(
            "alter role casebase_worker nologin",
            &["error role casebase_worker"],
            Fix,
        ),
        Break(
            "grant service_role to casebase_worker",
            &["error role casebase_worker"],
            Mend,
        ),
        Break("grant service_role to anon", &["error role anon"], Mend),
        Break(
            "alter role casebase_worker reset statement_timeout",
            &["warning role casebase_worker"],
            Fix,
        ),
        Break(
            "-- admin\n alter function casebase.is_staff() owner to supabase_admin",
            &["error function casebase.is_staff()"],
            AdminsMend,
        ),
        Break(
            "-- admin\n alter function public.my_clients() owner to supabase_admin",
            &["error function public.my_clients()"],
            AdminsMend,
        ),
        Break(
            "-- admin\n revoke usage on schema public from authenticated, public",
            &["error schema public"],
            AdminsMend,
        ),
        Break(
            "-- admin\n alter view casebase.timeline owner to supabase_admin",
            &["error view casebase.timeline"],
            AdminsMend,
        ),
    ];
    breaks_are_found_and_mended(&mut patient, &breaks).await;
    patient.stop().await;
}

#[tokio::test]
async fn buckets_are_private_and_alone() {
    let mut patient = Patient::healthy().await;
    let breaks = [
        Break(
            "update storage.buckets set public = true where id = 'client-bucket'",
            &["error bucket client-bucket"],
            Fix,
        ),
        Break(
            "update storage.buckets set file_size_limit = null where id = 'admin-bucket'",
            &["warning bucket admin-bucket"],
            Mend,
        ),
        Break(
            "update storage.buckets set file_size_limit = 1000 where id = 'admin-bucket'",
            &["warning bucket admin-bucket"],
            Mend,
        ),
        Break(
            "update storage.buckets set allowed_mime_types = '{image/png}' where id = 'client-bucket'",
            &["warning bucket client-bucket"],
            Mend,
        ),
        Break(
            "-- admin\n delete from storage.buckets where id = 'admin-bucket'",
            &["error bucket admin-bucket"],
            Fix,
        ),
        Break(
            "create policy host_buckets on storage.buckets for all to authenticated using (true)",
            &["warning policy host_buckets on storage.buckets"],
            Mend,
        ),
        Break(
            "create policy host_open on storage.objects for select to public using (true)",
            &["note policy host_open on storage.objects"],
            Undo("drop policy host_open on storage.objects"),
        ),
        Break(
            "create policy host_shut on storage.objects as restrictive for select to authenticated using (owner_id is null)",
            &["warning policy host_shut on storage.objects"],
            Undo("drop policy host_shut on storage.objects"),
        ),
        Break(
            "-- admin\n alter table storage.objects disable row level security",
            &["error row level security of storage.objects"],
            AdminsMend,
        ),
    ];
    breaks_are_found_and_mended(&mut patient, &breaks).await;
    // A policy that looks at its own bucket is none of Casebase's business.
    run(
        &mut patient.owner,
        "create policy avatars on storage.objects for select to public using (bucket_id = 'avatars')",
    )
    .await;
    assert_eq!(patient.examine(&[]).things(), Vec::<String>::new());
    patient.stop().await;
}

#[tokio::test]
async fn the_hook_is_switched_on_and_answers() {
    let mut patient = Patient::healthy().await;
    let breaks = [
        Break(
            "-- admin\n insert into auth.users (id, email, last_sign_in_at)
             values ('7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10', 'a@example.com', now())",
            &["error the access token hook"],
            Undo("select setval('casebase.hook_answered_at', (extract(epoch from now()) * 1000)::bigint)"),
        ),
        Break(
            "select setval('casebase.hook_answered_at', (extract(epoch from now() - interval '1 hour') * 1000)::bigint)",
            &["error the access token hook"],
            Undo("select setval('casebase.hook_answered_at', (extract(epoch from now()) * 1000)::bigint)"),
        ),
        Break(
            "create or replace function casebase.custom_access_token_hook(event jsonb) returns jsonb
               language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
               as 'begin raise ''no''; end'",
            &[
                "error function casebase.custom_access_token_hook(jsonb)",
                "error function casebase.custom_access_token_hook(jsonb)",
            ],
            Mend,
        ),
        Break(
            "revoke execute on function casebase.custom_access_token_hook(jsonb) from supabase_auth_admin",
            &[
                "error grant of execute to supabase_auth_admin on casebase.custom_access_token_hook(jsonb)",
                "error function casebase.custom_access_token_hook(jsonb)",
            ],
            Fix,
        ),
    ];
    breaks_are_found_and_mended(&mut patient, &breaks).await;
    // The question itself is no answer of the hook's to anybody.
    let before = noted(&mut patient).await;
    patient.examine(&[]);
    assert_eq!(noted(&mut patient).await, before);
    patient.stop().await;
}

/// When the hook answered.
async fn noted(patient: &mut Patient) -> i64 {
    let noted = sqlx::query_scalar("select last_value from casebase.hook_answered_at");
    noted.fetch_one(&mut patient.admin).await.expect("a number")
}

#[tokio::test]
async fn a_project_with_clients_of_its_own_says_which_column_is_their_name() {
    let mut patient = Patient::with(
        "create table public.clients (id uuid primary key default gen_random_uuid(), label text);
         alter table public.clients enable row level security;
         create policy host_only on public.clients for select to authenticated using (true)",
    )
    .await;
    let nameless = patient.examine(&[]);
    assert_eq!(
        nameless.things(),
        ["error public.clients"],
        "{:#?}",
        nameless.findings
    );
    assert_eq!(
        nameless.findings[0]["mend"],
        "update casebase.client_source set name_column = '…';"
    );
    run(
        &mut patient.owner,
        "update casebase.client_source set name_column = 'label'",
    )
    .await;
    let breaks = [Break(
        "alter table public.clients rename column label to called",
        &["error public.clients"],
        Undo("update casebase.client_source set name_column = 'called'"),
    )];
    breaks_are_found_and_mended(&mut patient, &breaks).await;
    patient.stop().await;
}

#[tokio::test]
async fn who_does_the_services_work_is_there_and_keeps_up() {
    let mut patient = Patient::healthy().await;
    let breaks = [Break(
        "insert into public.clients (name) values ('Acme');
         select casebase.make_admin(email) from auth.users where false;
         insert into casebase.webhook_endpoints (url) values ('https://example.com/hook');
         insert into public.cases (client_id, title) select id, 'A' from public.clients;
         update casebase.webhook_deliveries set next_attempt_at = now() - interval '1 hour'",
        &["warning webhooks"],
        Undo("update casebase.webhook_deliveries set next_attempt_at = now()"),
    )];
    breaks_are_found_and_mended(&mut patient, &breaks).await;
    let worker = std::mem::replace(
        &mut patient._worker,
        connect(&patient.stack, "postgres").await,
    );
    worker.close().await.expect("it ends");
    let alone = patient.examine(&[]);
    assert_eq!(
        alone.things(),
        ["error the service"],
        "{:#?}",
        alone.findings
    );
    run(&mut patient.owner, "delete from casebase.webhook_endpoints").await;
    let idle = patient.examine(&[]);
    assert_eq!(
        (idle.things(), idle.status),
        (vec!["note the service".to_owned()], Some(0))
    );
    patient.stop().await;
}

#[tokio::test]
async fn what_the_api_makes_of_the_projects_own_things_is_no_part_of_ours() {
    let mut patient = Patient::healthy().await;
    let breaks = [
        Break(
            "create publication supabase_realtime for table public.cases",
            &["warning publication supabase_realtime"],
            Mend,
        ),
        Break(
            "create trigger send_notices after insert on public.case_events
             referencing new table as new_rows for each statement execute function casebase.notify_of_events()",
            &["error live notices"],
            Undo("select casebase.disable_realtime()"),
        ),
        Break(
            "create table public.case_clients (case_id bigint references public.cases, client_id uuid references public.clients,
                                               primary key (case_id, client_id))",
            &["error table public.case_clients"],
            Undo("drop table public.case_clients"),
        ),
        Break(
            "create function public.interactions(public.cases) returns setof public.interactions language sql stable
               as 'select * from public.interactions i where i.case_id = $1.id'",
            &["error function public.interactions(public.cases)"],
            Undo("drop function public.interactions(public.cases)"),
        ),
        Break(
            "create function public.label(public.cases) returns text language sql stable as 'select $1.title'",
            &["note function public.label(public.cases)"],
            Undo("drop function public.label(public.cases)"),
        ),
        Break(
            "create function public.my_clients(wanted text) returns text language sql stable as 'select wanted'",
            &["error function public.my_clients(text)"],
            Undo("drop function public.my_clients(text)"),
        ),
    ];
    breaks_are_found_and_mended(&mut patient, &breaks).await;
    patient.stop().await;
}
