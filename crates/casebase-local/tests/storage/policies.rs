//! What policies decide and what they see.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use reqwest::Method;
use serde_json::json;

use super::support::{
    ALICE, BOB, connect, execute, get, key, post, request, send, server, service, session, token,
    upload,
};

#[tokio::test]
async fn a_user_reads_and_adds_what_the_policies_say_and_nothing_else() {
    let key = key(ALICE);
    let path = format!("own/{key}");
    assert_eq!(upload(&path, &session(ALICE), "hers").await.status, 200);
    assert_eq!(
        get(&format!("/object/{path}"), &session(ALICE)).await.text,
        "hers"
    );
    let hidden = (400, "404".into(), "NoSuchKey".into());
    assert_eq!(
        get(&format!("/object/{path}"), &session(BOB))
            .await
            .refusal(),
        hidden
    );
    let denied = (400, "403".into(), "AccessDenied".into());
    assert_eq!(
        upload(&format!("own/{ALICE}/by-bob.txt"), &session(BOB), "his")
            .await
            .refusal(),
        denied
    );
}

#[tokio::test]
async fn overwriting_takes_an_update_policy() {
    for (bucket, status) in [("own", 400), ("free", 200)] {
        let path = format!("{bucket}/{}", key(ALICE));
        upload(&path, &session(ALICE), "first").await;
        let twice = upload(&path, &session(ALICE), "second").await;
        assert_eq!(
            twice.refusal(),
            (400, "409".into(), "KeyAlreadyExists".into())
        );
        let request = request(Method::POST, &format!("/object/{path}"), &session(ALICE));
        let answer = send(request.header("x-upsert", "true").body("third")).await;
        assert_eq!(answer.status, status, "{bucket}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_policy_sees_what_was_declared_and_the_row_then_has_what_is_true() {
    execute(
        &server().superuser,
        "insert into storage.buckets (id, name) values ('declared', 'declared');
         create policy small_text on storage.objects for insert to authenticated
           with check (bucket_id = 'declared' and metadata ->> 'mimetype' = 'text/plain'
             and (metadata ->> 'contentLength')::integer < 10 and user_metadata ->> 'case' = 'CASE-0001'
             and storage.operation() = 'storage.object.upload');",
    )
    .await;
    let upload = |text: &'static str, metadata: &'static str| async move {
        let request = request(
            Method::POST,
            &format!("/object/declared/{}", key(ALICE)),
            &session(ALICE),
        );
        send(
            request
                .header("content-type", "text/plain")
                .header("x-metadata", metadata)
                .body(text),
        )
        .await
    };
    // {"case":"CASE-0001"} and {"case":"CASE-0002"}
    assert_eq!(
        upload("short", "eyJjYXNlIjoiQ0FTRS0wMDAxIn0=").await.status,
        200
    );
    assert_eq!(
        upload("short", "eyJjYXNlIjoiQ0FTRS0wMDAyIn0=").await.status,
        400
    );
    assert_eq!(
        upload("much too long", "eyJjYXNlIjoiQ0FTRS0wMDAxIn0=")
            .await
            .status,
        400
    );
    let row = connect(&server().superuser)
        .await
        .query_one(
            "select (metadata ->> 'size')::integer, owner_id, user_metadata ->> 'case'
             from storage.objects where bucket_id = 'declared'",
            &[],
        )
        .await
        .expect("one row: the refused ones left none");
    assert_eq!(row.get::<_, i32>(0), 5);
    assert_eq!(row.get::<_, &str>(1), ALICE);
    assert_eq!(row.get::<_, &str>(2), "CASE-0001");
}

#[tokio::test]
async fn an_unknown_role_is_refused_and_a_missing_one_is_nobody() {
    let superuser = token(json!({ "role": "supabase_admin", "sub": ALICE }));
    let refused = get("/bucket", &superuser).await;
    assert_eq!(
        refused.refusal(),
        (400, "403".into(), "AccessDenied".into())
    );
    let nobody = token(json!({ "sub": ALICE }));
    let hidden = post("/object/list/own", &nobody, &json!({ "prefix": "" })).await;
    assert_eq!((hidden.status, hidden.text.as_str()), (200, "[]"));
}

#[tokio::test]
async fn rows_are_not_deleted_behind_the_servers_back() {
    upload(&format!("own/{}", key(ALICE)), &session(ALICE), "kept").await;
    let owner = connect(&server().owner).await;
    let error = owner
        .execute("delete from storage.objects", &[])
        .await
        .expect_err("refused");
    assert_eq!(error.code().map(|c| c.code()), Some("42501"));
}

#[tokio::test]
async fn a_bucket_is_emptied_before_it_is_deleted() {
    let bucket = json!({ "name": "passing" });
    assert_eq!(post("/bucket", &service(), &bucket).await.status, 200);
    upload("passing/a/b.txt", &service(), "x").await;
    let delete = || send(request(Method::DELETE, "/bucket/passing", &service()));
    assert_eq!(
        delete().await.refusal(),
        (400, "409".into(), "ResourceNotEmpty".into())
    );
    assert_eq!(
        post("/bucket/passing/empty", &service(), &json!({}))
            .await
            .status,
        200
    );
    assert_eq!(delete().await.status, 200);
}
