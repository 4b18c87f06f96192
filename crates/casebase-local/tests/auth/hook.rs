//! The custom access token hook decides what is in a token, and whether there is one.

use serde_json::{Value, json};

use crate::support::*;

async fn sign_up_with_hook(behaviour: &str) -> (String, Answer) {
    let email = address(behaviour);
    let answer = sign_up(&email, json!({ "hook": behaviour })).await;
    (email, answer)
}

#[tokio::test]
async fn the_hook_is_called_by_the_auth_role_with_the_user_and_the_method() {
    let (_, session) = somebody("hook").await;
    let hooked = |method: &str| json!({ "as": "supabase_auth_admin", "user_id": session.user_id(), "method": method });
    assert_eq!(session.claims()["hooked"], hooked("password"));
    let next = Session::of(refresh(&session.refresh_token).await);
    assert_eq!(next.claims()["hooked"], hooked("token_refresh"));
}

#[tokio::test]
async fn a_hook_that_raises_fails_the_sign_up_but_the_user_is_there() {
    let (email, answer) = sign_up_with_hook("raise").await;
    let sentence = "Error running hook URI: pg-functions://postgres/public/token_hook";
    assert_eq!(answer.refusal(), (500, "unexpected_failure", sentence));
    let again = sign_up(&email, json!({})).await;
    assert_eq!(again.refusal().1, "user_already_exists");
}

#[tokio::test]
async fn clients_of_the_first_api_version_read_what_the_hook_raised() {
    let request = reqwest::Client::new()
        .post(format!("{}/auth/v1/signup", project().url))
        .json(
            &json!({ "email": address("old"), "password": PASSWORD, "data": { "hook": "raise" } }),
        );
    let answer = answer(request).await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.body,
        json!({ "code": "P0001", "message": "the hook broke", "hint": "mend it" })
    );
}

#[tokio::test]
async fn a_hook_may_refuse_with_its_own_status_and_sentence() {
    let (_, answer) = sign_up_with_hook("refuse").await;
    assert_eq!(answer.refusal(), (403, "unknown", "not on Sundays"));
}

#[tokio::test]
async fn a_hook_that_forgets_a_claim_fails_the_sign_in() {
    let (_, answer) = sign_up_with_hook("forget").await;
    assert_eq!(answer.status, 500);
    assert!(
        answer.refusal().2.contains("(root): role is required"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_hook_is_not_waited_for_longer_than_two_seconds() {
    let started = std::time::Instant::now();
    let (_, answer) = sign_up_with_hook("sleep").await;
    assert_eq!(answer.status, 500);
    assert!(
        started.elapsed().as_secs() < 50,
        "it was waited for to its end"
    );
}

#[tokio::test]
async fn a_user_whose_hook_breaks_later_cannot_refresh_but_keeps_the_token_for_later() {
    let (_, session) = somebody("later").await;
    put(
        "/user",
        &session.access_token,
        json!({ "data": { "hook": "raise" } }),
    )
    .await;
    assert_eq!(refresh(&session.refresh_token).await.status, 500);
    put(
        "/user",
        &session.access_token,
        json!({ "data": { "hook": Value::Null } }),
    )
    .await;
    assert_eq!(refresh(&session.refresh_token).await.status, 200);
}
