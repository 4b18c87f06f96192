//! What Storage says of a request before it looks at who asks, and of one that only the project may make.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{ALICE, get, key, post, request, send, service, session, upload};

const NO_TOKEN: &str = "none";

fn refused(status: u16, inner: &str, code: &str) -> (u16, String, String) {
    (status, inner.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_body_that_is_no_json_is_said_before_a_token_that_is_none() {
    let malformed = refused(400, "400", "InvalidRequest");
    for (method, path) in [
        (Method::POST, "/bucket"),
        (Method::PUT, "/bucket/own"),
        (Method::DELETE, "/object/own"),
        (Method::DELETE, "/object/own/x"),
        (Method::POST, "/object/list/own"),
        (Method::POST, "/object/list-v2/own"),
        (Method::POST, "/object/move"),
        (Method::POST, "/object/copy"),
        (Method::POST, "/object/sign/own"),
        (Method::POST, "/object/sign/own/x"),
        (Method::POST, "/object/upload/sign/own/x"),
    ] {
        for body in ["", "{x"] {
            let asked = request(method.clone(), path, NO_TOKEN)
                .header("content-type", "application/json")
                .body(body);
            let answer = send(asked).await;
            assert_eq!(answer.refusal(), malformed, "{method} {path} {body:?}");
            assert!(answer.text.contains("Body "), "{}", answer.text);
        }
    }
    let answer = post("/object/list/own", NO_TOKEN, &json!({ "limit": 0 })).await;
    assert!(
        answer
            .text
            .contains("body must have required property 'prefix'")
    );
    let answer = post("/object/list/own", NO_TOKEN, &json!({ "prefix": "" })).await;
    assert_eq!(answer.refusal(), refused(400, "403", "AccessDenied"));
}

#[tokio::test]
async fn a_content_type_that_names_no_type_is_refused() {
    let types = [
        "nonsense",
        "text/",
        "/",
        "a/b/c",
        "a b/c",
        "*",
        "text plain; charset=utf-8",
        "täxt/plain",
    ];
    for of in types {
        for (method, path) in [
            (Method::POST, format!("/object/free/{}", key(ALICE))),
            (Method::POST, "/upload/resumable".into()),
        ] {
            let asked = request(method, &path, &session(ALICE))
                .header("content-type", of)
                .body("x");
            let answer = send(asked).await;
            assert_eq!(
                answer.refusal(),
                refused(400, "415", "InvalidMimeType"),
                "{of}"
            );
        }
    }
    for of in [
        "text/plain",
        "Text/X-Odd; a=b",
        " image/png ;",
        "application/vnd.a+b;x=\"y\"",
    ] {
        let asked = request(
            Method::POST,
            &format!("/object/free/{}", key(ALICE)),
            &session(ALICE),
        )
        .header("content-type", of)
        .body("x");
        let answer = send(asked).await;
        assert_eq!(answer.status, 200, "{of}: {}", answer.text);
    }
}

#[tokio::test]
async fn only_the_project_empties_a_bucket() {
    let bucket = json!({ "name": uuid::Uuid::new_v4().to_string() });
    assert_eq!(post("/bucket", &service(), &bucket).await.status, 200);
    let name = bucket["name"].as_str().unwrap_or_default();
    assert_eq!(
        upload(&format!("{name}/a"), &service(), "x").await.status,
        200
    );
    let path = format!("/bucket/{name}/empty");
    let answer = post(&path, &session(ALICE), &json!({})).await;
    assert_eq!(answer.refusal(), refused(403, "403", "AccessDenied"));
    assert!(answer.text.contains("Access denied: Invalid role"));
    assert_eq!(
        get(&format!("/object/{name}/a"), &service()).await.status,
        200
    );
    assert_eq!(
        send(request(Method::POST, &path, &service())).await.status,
        200
    );
    assert_eq!(
        get(&format!("/object/{name}/a"), &service()).await.status,
        400
    );
}

#[tokio::test]
async fn a_bucket_has_a_limit_that_a_bucket_can_have() {
    let make = async |limit: Value| {
        let name = uuid::Uuid::new_v4().to_string();
        let bucket = json!({ "name": name, "file_size_limit": limit });
        post("/bucket", &service(), &bucket).await.refusal()
    };
    for large in [
        json!(1e20),
        json!("1e20"),
        json!(1e300),
        json!("999999999gb"),
    ] {
        assert_eq!(
            make(large.clone()).await,
            refused(400, "413", "EntityTooLarge"),
            "{large}"
        );
    }
    for half in [json!("0.5b"), json!("0.0001kb")] {
        assert_eq!(
            make(half.clone()).await,
            refused(400, "400", "InvalidParameter"),
            "{half}"
        );
    }
    for none in [json!(1.5), json!(-1), json!("20 apples")] {
        assert_eq!(
            make(none.clone()).await,
            refused(400, "400", "InvalidRequest"),
            "{none}"
        );
    }
    assert_eq!(make(json!("5MB")).await.0, 200);
}

#[tokio::test]
async fn a_bucket_that_is_none_is_said_before_a_signed_urls_token() {
    let put = |path: &str| {
        request(
            Method::PUT,
            &format!("/object/upload/sign/{path}?token=x"),
            NO_TOKEN,
        )
        .body("x")
    };
    assert_eq!(
        send(put("b%7B/x")).await.refusal(),
        refused(400, "400", "InvalidBucketName")
    );
    assert_eq!(
        send(put("own/x")).await.refusal(),
        refused(400, "400", "InvalidJWT")
    );
}
