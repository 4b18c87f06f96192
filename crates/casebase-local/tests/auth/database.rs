//! The schema `auth`: who may do what there, and what seeds and triggers of a project can rely on.

use serde_json::{Value, json};

use crate::support::*;

const TABLES: &str = "select relname::text from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r'";

#[tokio::test]
async fn no_api_role_reads_or_writes_a_table_of_auth() {
    let client = connect(&project().superuser).await;
    let tables = client.query(TABLES, &[]).await.unwrap();
    assert!(tables.len() > 5);
    for role in ["anon", "authenticated", "service_role"] {
        for table in &tables {
            let table = format!("auth.{}", table.get::<_, String>(0));
            let sql = "select has_table_privilege($1, $2, 'select, insert, update, delete, truncate, references, trigger')";
            let allowed: bool = client
                .query_one(sql, &[&role, &table])
                .await
                .unwrap()
                .get(0);
            assert!(!allowed, "{role} on {table}");
        }
        let executes = "select has_function_privilege($1, 'auth.uid()', 'execute') and has_schema_privilege($1, 'auth', 'usage')";
        assert!(
            client
                .query_one(executes, &[&role])
                .await
                .unwrap()
                .get::<_, bool>(0)
        );
    }
}

#[tokio::test]
async fn auth_functions_read_the_requests_claims_and_nothing_when_there_are_none() {
    let client = connect(&project().superuser).await;
    let sql = "select auth.uid()::text, auth.role(), auth.email(), auth.jwt() ->> 'aal'";
    let read =
        |row: tokio_postgres::Row| -> Vec<Option<String>> { (0..4).map(|i| row.get(i)).collect() };
    assert_eq!(
        read(client.query_one(sql, &[]).await.unwrap()),
        [None, None, None, None]
    );

    let id = uuid::Uuid::new_v4().to_string();
    let claims =
        json!({ "sub": id, "role": "authenticated", "email": "a@example.org", "aal": "aal1" });
    let set = "select set_config('request.jwt.claims', $1, false)";
    client.query_one(set, &[&claims.to_string()]).await.unwrap();
    let expected =
        [&id, "authenticated", "a@example.org", "aal1"].map(|text| Some(text.to_owned()));
    assert_eq!(read(client.query_one(sql, &[]).await.unwrap()), expected);

    client.query_one(set, &[&""]).await.unwrap();
    assert_eq!(
        read(client.query_one(sql, &[]).await.unwrap()),
        [None, None, None, None]
    );
}

/// As projects seed users: the owner inserts into auth.users with a pgcrypto hash.
async fn seed(email: &str, tokens: &str) {
    let sql = format!(
        "insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
           created_at, updated_at, raw_app_meta_data, raw_user_meta_data,
           confirmation_token, recovery_token, email_change, email_change_token_new)
         values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated', $1,
           extensions.crypt('seeded password', extensions.gen_salt('bf', 4)), now(), now(), now(),
           '{{\"provider\": \"email\", \"providers\": [\"email\"]}}', null, {tokens})"
    );
    connect(&project().owner)
        .await
        .execute(&sql, &[&email])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_user_seeded_by_the_projects_owner_signs_in() {
    let email = address("seeded");
    seed(&email, "'', '', '', ''").await;
    let session = Session::of(sign_in(&email, "seeded password").await);
    assert_eq!(session.body["user"]["user_metadata"], json!({}));
    assert_eq!(session.body["user"]["identities"], json!([]));
}

#[tokio::test]
async fn a_seed_that_leaves_tokens_null_fails_here_as_it_does_on_supabase() {
    let email = address("null");
    seed(&email, "null, '', '', ''").await;
    let answer = sign_in(&email, "seeded password").await;
    assert_eq!(
        answer.refusal(),
        (500, "unexpected_failure", "Database error querying schema")
    );
}

#[tokio::test]
async fn the_projects_owner_may_reference_users_and_put_triggers_on_them() {
    let owner = connect(&project().owner).await;
    owner
        .batch_execute(
            "create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, name text);
             create function public.make_profile() returns trigger language plpgsql security definer as $$
             begin
               if new.raw_user_meta_data ->> 'name' = 'refused' then raise exception 'no such name'; end if;
               insert into public.profiles values (new.id, new.raw_user_meta_data ->> 'name');
               return new;
             end $$;
             create trigger make_profile after insert on auth.users
               for each row when (new.raw_user_meta_data ? 'name') execute function public.make_profile()",
        )
        .await
        .unwrap();
    let named = Session::of(sign_up(&address("profile"), json!({ "name": "P" })).await);
    let id: uuid::Uuid = named.user_id().parse().unwrap();
    let count = "select count(*) from public.profiles where id = $1";
    assert_eq!(
        owner
            .query_one(count, &[&id])
            .await
            .unwrap()
            .get::<_, i64>(0),
        1
    );

    let refused = sign_up(&address("refused"), json!({ "name": "refused" })).await;
    assert_eq!(
        refused.refusal(),
        (500, "unexpected_failure", "Database error saving new user")
    );

    delete(&format!("/admin/users/{id}"), SERVICE, Value::Null).await;
    assert_eq!(
        owner
            .query_one(count, &[&id])
            .await
            .unwrap()
            .get::<_, i64>(0),
        0
    );
}
