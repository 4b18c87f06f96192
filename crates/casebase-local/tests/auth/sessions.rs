//! Refresh tokens rotate and notice reuse; signing out ends sessions.

use crate::support::*;

/// Lets all of a user's refresh tokens have been used a minute ago.
async fn let_a_minute_pass(session: &Session) {
    let sql = "update auth.refresh_tokens set updated_at = updated_at - interval '1 minute' where user_id = $1";
    let client = connect(&project().superuser).await;
    assert!(client.execute(sql, &[&session.user_id()]).await.unwrap() > 0);
}

const ALREADY_USED: (u16, &str, &str) = (
    400,
    "refresh_token_already_used",
    "Invalid Refresh Token: Already Used",
);

#[tokio::test]
async fn a_refresh_gives_new_tokens_of_the_same_session() {
    let (_, first) = somebody("refresh").await;
    let second = Session::of(refresh(&first.refresh_token).await);
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_eq!(second.claims()["session_id"], first.claims()["session_id"]);
    assert_eq!(second.claims()["amr"], first.claims()["amr"]);
    assert_eq!(second.user_id(), first.user_id());
}

#[tokio::test]
async fn a_client_that_lost_the_answer_gets_the_same_refresh_token_again() {
    let (_, first) = somebody("lost").await;
    let second = Session::of(refresh(&first.refresh_token).await);
    let_a_minute_pass(&first).await;
    let again = Session::of(refresh(&first.refresh_token).await);
    assert_eq!(again.refresh_token, second.refresh_token);
}

#[tokio::test]
async fn refreshes_at_the_same_time_agree_on_the_next_token() {
    let (_, session) = somebody("race").await;
    let answers = futures::future::join_all((0..8).map(|_| refresh(&session.refresh_token))).await;
    let tokens: Vec<String> = answers
        .into_iter()
        .map(|answer| Session::of(answer).refresh_token)
        .collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
}

#[tokio::test]
async fn a_token_from_two_refreshes_ago_still_works_for_ten_seconds() {
    let (_, first) = somebody("tabs").await;
    let second = Session::of(refresh(&first.refresh_token).await);
    refresh(&second.refresh_token).await;
    assert_eq!(refresh(&first.refresh_token).await.status, 200);
}

#[tokio::test]
async fn after_that_its_reuse_revokes_every_refresh_token_of_the_session() {
    let (_, first) = somebody("reuse").await;
    let second = Session::of(refresh(&first.refresh_token).await);
    let third = Session::of(refresh(&second.refresh_token).await);
    let_a_minute_pass(&first).await;
    assert_eq!(refresh(&first.refresh_token).await.refusal(), ALREADY_USED);
    let_a_minute_pass(&first).await;
    assert_eq!(refresh(&third.refresh_token).await.refusal(), ALREADY_USED);
    assert_eq!(
        get("/user", &third.access_token).await.status,
        200,
        "access tokens live on"
    );
}

#[tokio::test]
async fn unknown_and_malformed_refresh_tokens_are_told_apart() {
    let unknown = refresh("abcdefghijkl").await;
    let sentence = "Invalid Refresh Token: Refresh Token Not Found";
    assert_eq!(
        unknown.refusal(),
        (400, "refresh_token_not_found", sentence)
    );
    for malformed in ["", "short", "ABCDEFGHIJKL", "v1.something-much-longer"] {
        let answer = refresh(malformed).await;
        assert_eq!(
            answer.refusal(),
            (400, "validation_failed", "Refresh token is not valid")
        );
    }
}

#[tokio::test]
async fn signing_out_ends_this_session_the_others_or_all() {
    let (email, first) = somebody("logout").await;
    let second = Session::of(sign_in(&email, PASSWORD).await);
    let third = Session::of(sign_in(&email, PASSWORD).await);
    let gone = "session_not_found";

    let answer = post(
        "/logout?scope=local",
        &first.access_token,
        serde_json::Value::Null,
    )
    .await;
    assert_eq!(answer.status, 204);
    assert_eq!(get("/user", &first.access_token).await.refusal().1, gone);
    assert_eq!(
        refresh(&first.refresh_token).await.refusal().1,
        "refresh_token_not_found"
    );
    assert_eq!(get("/user", &third.access_token).await.status, 200);

    post(
        "/logout?scope=others",
        &second.access_token,
        serde_json::Value::Null,
    )
    .await;
    assert_eq!(get("/user", &third.access_token).await.refusal().1, gone);
    assert_eq!(get("/user", &second.access_token).await.status, 200);

    post("/logout", &second.access_token, serde_json::Value::Null).await;
    assert_eq!(get("/user", &second.access_token).await.refusal().1, gone);
}

#[tokio::test]
async fn an_unknown_scope_ends_nothing() {
    let (_, session) = somebody("scope").await;
    let answer = post(
        "/logout?scope=everyone",
        &session.access_token,
        serde_json::Value::Null,
    )
    .await;
    assert_eq!(answer.refusal().1, "validation_failed");
    assert_eq!(get("/user", &session.access_token).await.status, 200);
}
