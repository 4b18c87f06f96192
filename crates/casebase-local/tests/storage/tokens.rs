//! Signed URLs: what they allow, to whom, and for how long.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use reqwest::{Client, Method};
use serde_json::json;

use super::support::{ALICE, BOB, get, key, post, request, send, server, session, token, upload};

#[tokio::test]
async fn a_signed_url_shows_one_object_to_anybody() {
    let key = key(ALICE);
    upload(&format!("own/{key}"), &session(ALICE), "signed").await;
    let sign = format!("/object/sign/own/{key}");
    let body = json!({ "expiresIn": 60 });
    let denied = post(&sign, &session(BOB), &body).await;
    assert_eq!(denied.refusal().2, "NoSuchKey");
    let signed = post(&sign, &session(ALICE), &body).await.json();
    let url = signed["signedURL"].as_str().expect("a URL").to_owned();
    let anybody = send(Client::new().get(format!("{}{url}", server().base))).await;
    assert_eq!((anybody.status, anybody.text.as_str()), (200, "signed"));
    let other = url.replace(".txt?", ".pdf?");
    let other = send(Client::new().get(format!("{}{other}", server().base))).await;
    assert_eq!(other.refusal().2, "InvalidSignature");
}

#[tokio::test]
async fn an_upload_url_is_granted_by_the_policies_and_writes_as_its_owner() {
    let key = key(ALICE);
    let sign = format!("/object/upload/sign/own/{key}");
    let denied = post(&sign, &session(BOB), &json!({})).await;
    assert_eq!(denied.refusal(), (400, "403".into(), "AccessDenied".into()));
    let signed = post(&sign, &session(ALICE), &json!({})).await.json();
    let url = format!(
        "{}{}",
        server().base,
        signed["url"].as_str().expect("a URL")
    );
    let put = send(
        Client::new()
            .put(url)
            .header("content-type", "text/plain")
            .body("by anybody"),
    )
    .await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(
        get(&format!("/object/own/{key}"), &session(ALICE))
            .await
            .text,
        "by anybody"
    );
}

#[tokio::test]
async fn a_session_is_no_signed_url_and_a_signed_url_is_no_session() {
    let key = key(ALICE);
    upload(&format!("own/{key}"), &session(ALICE), "x").await;
    let path = format!("/object/sign/own/{key}?token={}", session(ALICE));
    let refused = send(Client::new().get(format!("{}{path}", server().base))).await;
    assert_eq!(refused.refusal().2, "InvalidSignature");
    let signed = post(
        &format!("/object/sign/own/{key}"),
        &session(ALICE),
        &json!({ "expiresIn": 60 }),
    )
    .await;
    let signed = signed.json();
    let token = signed["signedURL"]
        .as_str()
        .and_then(|url| url.split("token=").nth(1))
        .expect("a token");
    let hidden = get(&format!("/object/authenticated/own/{key}"), token).await;
    assert_eq!(hidden.refusal().2, "NoSuchKey");
}

#[tokio::test]
async fn an_expired_session_has_no_grace() {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    let expired = token(json!({ "role": "authenticated", "sub": ALICE, "exp": now - 1 }));
    let refused = send(request(Method::GET, "/bucket", &expired)).await;
    assert_eq!(
        refused.refusal(),
        (400, "403".into(), "AccessDenied".into())
    );
}
