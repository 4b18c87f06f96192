//! Signing up, signing in, and what users see and change of themselves.

use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn a_sign_up_is_signed_in_at_once() {
    let email = address("Ada");
    let answer = sign_up(&email, json!({ "full_name": "Ada" })).await;
    let session = Session::of(answer);
    let user = &session.body["user"];
    assert_eq!(session.body["token_type"], "bearer");
    assert_eq!(session.body["expires_in"], 3600);
    assert_eq!(user["email"], email.to_lowercase());
    assert_eq!(user["role"], "authenticated");
    assert_eq!(
        user["app_metadata"],
        json!({ "provider": "email", "providers": ["email"] })
    );
    let id = session.user_id();
    assert_eq!(
        user["user_metadata"],
        json!({
            "full_name": "Ada", "sub": id, "email": email.to_lowercase(),
            "email_verified": true, "phone_verified": false,
        })
    );
    assert_eq!(user["identities"][0]["provider"], "email");
    assert_eq!(user["identities"][0]["id"], id);
    assert!(user["email_confirmed_at"].is_string() && user["last_sign_in_at"].is_string());
    assert!(user.get("encrypted_password").is_none());
}

#[tokio::test]
async fn an_access_token_says_who_how_and_until_when() {
    let (email, session) = somebody("claims").await;
    let claims = session.claims();
    assert_eq!(claims["sub"], session.user_id());
    assert_eq!(claims["email"], email);
    assert_eq!(claims["iss"], format!("{}/auth/v1", project().url));
    assert_eq!(claims["aud"], "authenticated");
    assert_eq!(claims["role"], "authenticated");
    assert_eq!(claims["aal"], "aal1");
    assert_eq!(claims["amr"][0]["method"], "password");
    assert_eq!(claims["is_anonymous"], false);
    assert_eq!(claims["app_metadata"]["provider"], "email");
    assert_eq!(claims["exp"], session.body["expires_at"]);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        3600
    );
    assert!(claims["session_id"].is_string());
}

#[tokio::test]
async fn a_registered_address_cannot_sign_up_again_in_any_case_of_letters() {
    let (email, _) = somebody("twice").await;
    let again = sign_up(&email.to_uppercase(), json!({})).await;
    assert_eq!(
        again.refusal(),
        (422, "user_already_exists", "User already registered")
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_answer_alike() {
    let (email, _) = somebody("login").await;
    assert_eq!(sign_in(&email, PASSWORD).await.status, 200);
    let expected = (400, "invalid_credentials", "Invalid login credentials");
    assert_eq!(sign_in(&email, "wrong horse").await.refusal(), expected);
    assert_eq!(
        sign_in(&address("nobody"), PASSWORD).await.refusal(),
        expected
    );
}

#[tokio::test]
async fn a_password_sign_in_says_nothing_of_a_password_that_is_fine() {
    let (email, _) = somebody("fine").await;
    assert_eq!(
        sign_in(&email, PASSWORD).await.body["weak_password"],
        json!(null)
    );
}

#[tokio::test]
async fn users_change_their_metadata_key_by_key_but_never_their_app_metadata() {
    let (_, session) = somebody("metadata").await;
    let token = &session.access_token;
    put("/user", token, json!({ "data": { "a": 1, "b": 2 } })).await;
    let user = put("/user", token, json!({ "data": { "a": null, "c": 3 } })).await;
    assert_eq!(user.status, 200);
    assert_eq!(user.body["user_metadata"].get("a"), None);
    assert_eq!(user.body["user_metadata"]["b"], 2);
    assert_eq!(user.body["user_metadata"]["c"], 3);
    assert_eq!(get("/user", token).await.body, user.body);

    let forbidden = put(
        "/user",
        token,
        json!({ "app_metadata": { "case_role": "admin" } }),
    )
    .await;
    let sentence = "Updating app_metadata requires admin privileges";
    assert_eq!(forbidden.refusal(), (403, "not_admin", sentence));
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_ends_the_other_sessions() {
    let (email, here) = somebody("password").await;
    let elsewhere = Session::of(sign_in(&email, PASSWORD).await);
    let changed = put(
        "/user",
        &here.access_token,
        json!({ "password": "another horse" }),
    )
    .await;
    assert_eq!(changed.status, 200);
    assert_eq!(get("/user", &here.access_token).await.status, 200);
    assert_eq!(
        get("/user", &elsewhere.access_token).await.refusal().1,
        "session_not_found"
    );
    assert_eq!(sign_in(&email, PASSWORD).await.status, 400);
    assert_eq!(sign_in(&email, "another horse").await.status, 200);

    let same = put(
        "/user",
        &here.access_token,
        json!({ "password": "another horse" }),
    )
    .await;
    let sentence = "New password should be different from the old password.";
    assert_eq!(same.refusal(), (422, "same_password", sentence));
}

#[tokio::test]
async fn nobody_takes_an_address_that_is_taken_or_a_number_without_a_message() {
    let (email, _) = somebody("first").await;
    let (_, second) = somebody("second").await;
    let taken = put("/user", &second.access_token, json!({ "email": email })).await;
    assert_eq!(taken.refusal().1, "email_exists");
    let number = json!({ "phone": "+442079460000" });
    let number = put("/user", &second.access_token, number).await;
    assert_eq!(
        (number.status, number.refusal().1),
        (422, "feature_disabled")
    );
}
