//! Refusals in the shapes that clients parse, endpoints that this stack does not offer, and browsers.

use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_refusal_has_the_shape_of_the_version_that_was_asked_for() {
    let weak = json!({ "email": address("weak"), "password": "12345" });
    let sentence = "Password should be at least 6 characters.";

    let new = post("/signup", ANON, weak.clone()).await;
    assert_eq!(new.status, 422);
    assert_eq!(new.headers["x-supabase-api-version"], "2024-01-01");
    assert_eq!(new.headers["x-sb-error-code"], "weak_password");
    assert_eq!(
        new.body,
        json!({ "code": "weak_password", "message": sentence, "weak_password": { "reasons": ["length"] } })
    );

    let url = format!("{}/auth/v1/signup", project().url);
    let old = answer(reqwest::Client::new().post(url).json(&weak)).await;
    assert!(old.headers.get("x-supabase-api-version").is_none());
    assert_eq!(
        old.body,
        json!({
            "code": 422, "error_code": "weak_password", "msg": sentence,
            "weak_password": { "reasons": ["length"] },
        })
    );
}

#[tokio::test]
async fn sign_ups_that_cannot_be_are_refused_by_what_is_wrong() {
    for (body, expected) in [
        (
            json!({ "email": "no address", "password": PASSWORD }),
            (400, "validation_failed"),
        ),
        (json!({ "email": address("x") }), (400, "validation_failed")),
        (
            json!({ "email": address("x"), "password": "x".repeat(73) }),
            (400, "validation_failed"),
        ),
        (
            json!({ "phone": "+442079460000", "password": PASSWORD }),
            (400, "phone_provider_disabled"),
        ),
        (json!({}), (422, "anonymous_provider_disabled")),
        (json!({ "email": 7 }), (400, "bad_json")),
    ] {
        let answer = post("/signup", ANON, body).await;
        assert_eq!(
            (answer.status, answer.refusal().1),
            expected,
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let url = format!("{}/auth/v1/token?grant_type=password", project().url);
    let client = reqwest::Client::new();
    let broken = answer(client.post(&url).body("{")).await;
    assert_eq!(
        (broken.status, &broken.body["error_code"]),
        (400, &json!("bad_json"))
    );
    let large = answer(client.post(&url).body(" ".repeat((1 << 20) + 1))).await;
    assert_eq!(
        (large.status, &large.body["error_code"]),
        (413, &json!("request_entity_too_large"))
    );
}

#[tokio::test]
async fn an_unknown_grant_is_refused() {
    let answer = post("/token?grant_type=magic", ANON, json!({})).await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_credentials", "unsupported_grant_type")
    );
}

#[tokio::test]
async fn tokens_that_prove_nothing_are_refused() {
    let (_, session) = somebody("tokens").await;
    let without =
        answer(reqwest::Client::new().get(format!("{}/auth/v1/user", project().url))).await;
    assert_eq!(
        (without.status, &without.body["error_code"]),
        (401, &json!("no_authorization"))
    );

    let claims = session.claims();
    let forged = casebase_local::jwt::Keys::hs256("another secret")
        .sign(&claims)
        .unwrap();
    let mut expired = claims.clone();
    // Within the leeway that PostgREST allows; Auth allows none.
    expired["exp"] = json!(chrono::Utc::now().timestamp() - 5);
    let expired = keys().sign(&expired).unwrap();
    for token in [forged.as_str(), &expired, "nonsense", ANON] {
        let answer = get("/user", token).await;
        assert_eq!(
            (answer.status, answer.refusal().1),
            (403, "bad_jwt"),
            "{token}"
        );
    }
    let sentence = get("/user", &expired).await;
    assert!(
        sentence.refusal().2.ends_with("token is expired"),
        "{}",
        sentence.body
    );
}

#[tokio::test]
async fn what_is_not_offered_says_so_and_what_to_do() {
    for path in ["/reauthenticate", "/sso", "/factors"] {
        let answer = post(path, ANON, json!({ "email": "a@example.org" })).await;
        assert_eq!(
            (answer.status, answer.refusal().1),
            (422, "feature_disabled"),
            "{path}"
        );
        assert!(answer.refusal().2.starts_with("The local stack "), "{path}");
    }
    let authorize = get("/authorize?provider=github", ANON).await;
    assert_eq!(authorize.status, 422);
}

#[tokio::test]
async fn a_page_from_anywhere_may_sign_in_and_read_the_answer() {
    let url = format!("{}/auth/v1/token?grant_type=password", project().url);
    let origin = ("origin", "https://app.example.org");
    let preflight = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, &url)
        .header(origin.0, origin.1)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "apikey,authorization,content-type",
        );
    let allowed = answer(preflight).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.headers["access-control-allow-origin"], "*");
    assert_eq!(
        allowed.headers["access-control-allow-headers"],
        "apikey,authorization,content-type"
    );

    let refused = answer(reqwest::Client::new().post(&url).header(origin.0, origin.1)).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    let readable = refused.headers["access-control-expose-headers"]
        .to_str()
        .unwrap();
    assert!(readable.contains("x-supabase-api-version"), "{readable}");
}

#[tokio::test]
async fn health_and_settings_answer_anyone() {
    assert_eq!(get("/health", "").await.body["name"], "GoTrue");
    let settings = get("/settings", "").await.body;
    assert_eq!(settings["external"]["email"], true);
    assert_eq!(settings["external"]["github"], false);
    assert_eq!(settings["mailer_autoconfirm"], true);
    assert_eq!(settings.get("error"), None::<&Value>);
}
