//! The admin API: for the service role alone.

use serde_json::{Value, json};

use crate::support::*;

async fn create(body: Value) -> Answer {
    post("/admin/users", SERVICE, body).await
}

#[tokio::test]
async fn nobody_but_the_service_role_administers() {
    let (_, session) = somebody("user").await;
    let path = format!("/admin/users/{}", session.user_id());
    for token in [ANON, &session.access_token] {
        for answer in [
            get("/admin/users", token).await,
            create_as(token).await,
            get(&path, token).await,
            put(&path, token, json!({ "role": "service_role" })).await,
            delete(&path, token, Value::Null).await,
        ] {
            assert_eq!(answer.refusal(), (403, "not_admin", "User not allowed"));
        }
    }
    assert_eq!(get(&path, SERVICE).await.status, 200);
}

async fn create_as(token: &str) -> Answer {
    post(
        "/admin/users",
        token,
        json!({ "email": address("x"), "password": PASSWORD }),
    )
    .await
}

#[tokio::test]
async fn a_created_user_signs_in_with_the_role_in_app_metadata() {
    let email = address("staff");
    let created = create(json!({
        "email": email, "password": PASSWORD, "email_confirm": true,
        "app_metadata": { "case_role": "staff" }, "user_metadata": { "name": "S" },
    }))
    .await;
    assert_eq!(created.status, 200);
    assert_eq!(
        created.body["user_metadata"],
        json!({ "name": "S", "email_verified": true })
    );
    let session = Session::of(sign_in(&email, PASSWORD).await);
    assert_eq!(
        session.claims()["app_metadata"],
        json!({ "case_role": "staff", "provider": "email", "providers": ["email"] })
    );
}

#[tokio::test]
async fn an_unconfirmed_address_cannot_sign_in_until_it_is_confirmed() {
    let email = address("unconfirmed");
    let created = create(json!({ "email": email, "password": PASSWORD })).await;
    let refused = sign_in(&email, PASSWORD).await;
    assert_eq!(
        refused.refusal(),
        (400, "email_not_confirmed", "Email not confirmed")
    );
    let path = format!("/admin/users/{}", created.body["id"].as_str().unwrap());
    put(&path, SERVICE, json!({ "email_confirm": true })).await;
    assert_eq!(sign_in(&email, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn ids_hashes_and_numbers_may_be_brought_along() {
    let id = uuid::Uuid::new_v4().to_string();
    let email = address("moved");
    // The hash of "seeded password", made by pgcrypto.
    let hash = "$2a$04$jaVDQLuvb3oDimlWssJ0DuyAk4rTathxNU0PefI4xaAA9T83u5KIO";
    let phone = format!("4420{:08}", uuid::Uuid::new_v4().as_u128() % 100_000_000);
    let created = create(json!({
        "id": id, "email": email, "password_hash": hash, "email_confirm": true, "phone": format!("+{phone}"),
    }))
    .await;
    assert_eq!(created.body["id"], id);
    assert_eq!(created.body["phone"], phone);
    assert_eq!(
        created.body["app_metadata"]["providers"],
        json!(["email", "phone"])
    );
    assert_eq!(sign_in(&email, "seeded password").await.status, 200);
    assert_eq!(
        create(json!({ "phone": phone })).await.refusal().1,
        "phone_exists"
    );
    assert_eq!(
        create(json!({ "email": email })).await.refusal().1,
        "email_exists"
    );
    assert_eq!(create(json!({})).await.refusal().1, "validation_failed");
}

#[tokio::test]
async fn changes_reach_the_users_next_token() {
    let (email, session) = somebody("changes").await;
    let path = format!("/admin/users/{}", session.user_id());
    let renamed = address("renamed");
    let changed = put(
        &path,
        SERVICE,
        json!({ "email": renamed, "app_metadata": { "case_role": "admin" }, "user_metadata": { "x": 1 } }),
    )
    .await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.body["identities"][0]["email"], renamed);
    let next = Session::of(refresh(&session.refresh_token).await);
    assert_eq!(next.claims()["app_metadata"]["case_role"], "admin");
    assert_eq!(next.claims()["email"], renamed);
    assert_eq!(sign_in(&email, PASSWORD).await.status, 400);
    assert_eq!(sign_in(&renamed, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_password_set_by_an_administrator_ends_every_session() {
    let (email, session) = somebody("reset").await;
    let path = format!("/admin/users/{}", session.user_id());
    put(&path, SERVICE, json!({ "password": "another horse" })).await;
    assert_eq!(
        get("/user", &session.access_token).await.refusal().1,
        "session_not_found"
    );
    assert_eq!(sign_in(&email, "another horse").await.status, 200);
}

#[tokio::test]
async fn a_banned_user_is_out_until_the_ban_is_lifted() {
    let (email, session) = somebody("banned").await;
    let path = format!("/admin/users/{}", session.user_id());
    put(&path, SERVICE, json!({ "ban_duration": "24h" })).await;
    assert_eq!(sign_in(&email, PASSWORD).await.refusal().1, "user_banned");
    assert_eq!(
        refresh(&session.refresh_token).await.refusal().1,
        "user_banned"
    );
    assert_eq!(
        get("/user", &session.access_token).await.refusal().1,
        "user_banned"
    );
    put(&path, SERVICE, json!({ "ban_duration": "none" })).await;
    assert_eq!(get("/user", &session.access_token).await.status, 200);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_sessions_and_identities() {
    let (email, session) = somebody("deleted").await;
    let path = format!("/admin/users/{}", session.user_id());
    let answer = delete(&path, SERVICE, json!({ "should_soft_delete": false })).await;
    assert_eq!((answer.status, answer.body), (200, json!({})));
    assert_eq!(
        get(&path, SERVICE).await.refusal(),
        (404, "user_not_found", "User not found")
    );
    assert_eq!(
        get("/user", &session.access_token).await.refusal().1,
        "user_not_found"
    );
    assert_eq!(
        refresh(&session.refresh_token).await.refusal().1,
        "refresh_token_not_found"
    );
    assert_eq!(
        sign_up(&email, json!({})).await.status,
        200,
        "the address is free again"
    );
}

#[tokio::test]
async fn users_are_listed_page_by_page_and_found_by_filter() {
    let mark = uuid::Uuid::new_v4().simple().to_string();
    for index in 0..3 {
        create(json!({ "email": format!("{index}-{mark}@example.org") })).await;
    }
    let first = get(
        &format!("/admin/users?page=1&per_page=2&filter={mark}"),
        SERVICE,
    )
    .await;
    assert_eq!(first.status, 200);
    assert_eq!(first.body["aud"], "authenticated");
    assert_eq!(first.body["users"].as_array().unwrap().len(), 2);
    assert_eq!(
        first.body["users"][0]["email"],
        format!("2-{mark}@example.org")
    );
    assert_eq!(first.headers["x-total-count"], "3");
    let link = first.headers["link"].to_str().unwrap();
    assert!(link.contains("page=2&per_page=2>; rel=\"next\""), "{link}");

    let second = get(
        &format!("/admin/users?page=2&per_page=2&filter={mark}"),
        SERVICE,
    )
    .await;
    assert_eq!(
        second.body["users"][0]["email"],
        format!("0-{mark}@example.org")
    );
    let unreadable = get("/admin/users?page=one", SERVICE).await;
    assert_eq!(unreadable.refusal().1, "validation_failed");
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let answer = get("/admin/users/not-a-uuid", SERVICE).await;
    assert_eq!(
        answer.refusal(),
        (404, "validation_failed", "user_id must be an UUID")
    );
}
