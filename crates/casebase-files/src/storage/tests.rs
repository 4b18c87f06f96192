//! Both ways to Storage, against a server that records what it is asked.
#![expect(clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use casebase_supabase::AnonKey;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use url::Url;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, method, path, query_param, query_param_contains},
};

use super::*;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3ZjBjOWQwZS0yZjdlLTRjNTMtOWE0ZS02ZjBhM2E0YTdhMTAiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln";

fn user() -> UserToken {
    UserToken::issued(TOKEN).unwrap()
}

fn both(url: &str) -> [ObjectStore; 2] {
    let url = Url::parse(url).unwrap();
    let anon_key = AnonKey::new("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln").unwrap();
    let rest = RestStore::new(&url, anon_key.clone()).unwrap();
    let s3 = S3Store::new(S3Settings {
        endpoint: casebase_supabase::below(&url, "storage/v1/s3").unwrap(),
        region: "local".into(),
        project_ref: "ref".into(),
        anon_key,
    });
    [ObjectStore::Rest(rest), ObjectStore::S3(s3)]
}

fn at() -> ObjectPath {
    ObjectPath::new("client-bucket", "c1/cases/CASE-0001/CASE-0001-1-a (2).pdf").unwrap()
}

fn body(chunks: Vec<Result<Bytes, StreamError>>) -> Bytestream {
    stream::iter(chunks).boxed()
}

fn object(length: Option<u64>, chunks: Vec<Result<Bytes, StreamError>>) -> NewObject {
    NewObject {
        content_type: "application/pdf".into(),
        length,
        body: body(chunks),
    }
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[test]
fn a_path_that_leads_elsewhere_cannot_be_made() {
    for (bucket, key) in [
        ("b", "../x"),
        ("b", "a/../x"),
        ("b", "/x"),
        ("b", "a//x"),
        ("b", ""),
        ("", "x"),
        ("a/b", "x"),
        ("..", "x"),
        ("b", "x%2e"),
        ("b", "ä"),
        ("b", "a\nb"),
        ("b", "a#b"),
    ] {
        assert!(ObjectPath::new(bucket, key).is_err(), "{bucket} {key:?}");
    }
}

#[tokio::test]
async fn over_rest_the_users_token_goes_along_and_nothing_is_overwritten() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(
            "/storage/v1/object/client-bucket/c1/cases/CASE-0001/CASE-0001-1-a%20%282%29.pdf",
        ))
        .and(header("authorization", format!("Bearer {TOKEN}")))
        .and(header(
            "apikey",
            "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln",
        ))
        .and(header("x-upsert", "false"))
        .and(header("content-type", "application/pdf"))
        .and(header("content-length", "6"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"Key": "x"})))
        .expect(1)
        .mount(&server)
        .await;
    let [rest, _] = both(&server.uri());
    let chunks = vec![Ok("abc".into()), Ok("def".into())];
    rest.put(&user(), &at(), object(Some(6), chunks))
        .await
        .unwrap();
}

#[tokio::test]
async fn over_s3_the_users_token_is_the_session_token() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(header("x-amz-security-token", TOKEN))
        .and(header("content-length", "6"))
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let [_, s3] = both(&server.uri());
    let chunks = vec![Ok("abc".into()), Ok("def".into())];
    s3.put(&user(), &at(), object(Some(6), chunks))
        .await
        .unwrap();
    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.body, b"abcdef");
    let path = "/storage/v1/s3/client-bucket/c1/cases/CASE-0001/CASE-0001-1-a%20%282%29.pdf";
    assert_eq!(request.url.path(), path);
    let signed_by = request.headers["authorization"].to_str().unwrap();
    assert!(
        signed_by.contains("Credential=ref/") && signed_by.contains("/local/s3/"),
        "{signed_by}"
    );
}

#[tokio::test]
async fn a_short_body_of_unknown_length_is_one_request() {
    let server = answering(ResponseTemplate::new(200)).await;
    let [_, s3] = both(&server.uri());
    s3.put(&user(), &at(), object(None, vec![Ok("abc".into())]))
        .await
        .unwrap();
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].headers["content-length"], "3");
}

async fn taking_parts() -> MockServer {
    let server = MockServer::start().await;
    take_parts(&server).await;
    server
}

/// Answers a multipart upload as S3 does.
async fn take_parts(server: &MockServer) {
    let started =
        "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
    let completed = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
    for mock in [
        Mock::given(method("POST"))
            .and(query_param_contains("uploads", ""))
            .respond_with(ResponseTemplate::new(200).set_body_string(started)),
        Mock::given(method("PUT"))
            .and(query_param("uploadId", "u1"))
            .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"p\"")),
        Mock::given(method("POST"))
            .and(query_param("uploadId", "u1"))
            .respond_with(ResponseTemplate::new(200).set_body_string(completed)),
        Mock::given(method("DELETE"))
            .and(query_param("uploadId", "u1"))
            .respond_with(ResponseTemplate::new(204)),
    ] {
        mock.mount(server).await;
    }
}

#[tokio::test]
async fn a_long_body_of_unknown_length_goes_in_parts_that_add_up() {
    let server = taking_parts().await;
    let [_, s3] = both(&server.uri());
    let chunk = Bytes::from(vec![7_u8; 3_000_000]);
    let chunks = std::iter::repeat_n(chunk, 6).map(Ok).collect();
    s3.put(&user(), &at(), object(None, chunks)).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let parts = requests.iter().filter(|r| r.method.as_str() == "PUT");
    let mut sizes: Vec<_> = parts.map(|r| r.body.len()).collect();
    sizes.sort_unstable();
    assert_eq!(
        sizes,
        [18_000_000 - 3 * 5_242_880, 5_242_880, 5_242_880, 5_242_880]
    );
}

#[tokio::test]
async fn an_upload_in_parts_whose_body_breaks_is_aborted() {
    let server = taking_parts().await;
    let [_, s3] = both(&server.uri());
    let mut chunks: Vec<_> = vec![Ok(Bytes::from(vec![7_u8; 9_000_000]))];
    chunks.push(Err(StreamError::broken("cut off")));
    let error = s3
        .put(&user(), &at(), object(None, chunks))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Interrupted(_)), "{error}");
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.last().unwrap().method.as_str(), "DELETE");
    let completed = |r: &wiremock::Request| {
        r.method.as_str() == "POST" && r.url.query().unwrap_or("").contains("uploadId")
    };
    assert!(!requests.iter().any(completed));
}

#[tokio::test]
async fn a_body_that_breaks_is_its_senders_fault() {
    let server = answering(ResponseTemplate::new(200)).await;
    for store in both(&server.uri()) {
        let chunks = vec![Ok("abc".into()), Err(StreamError::broken("cut off"))];
        let error = store
            .put(&user(), &at(), object(Some(6), chunks))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Interrupted(_)), "{error}");
    }
}

#[tokio::test]
async fn rest_errors_are_read_out_of_their_http_400() {
    type Is = fn(&Error) -> bool;
    let cases: [(&str, &str, Is); 5] = [
        ("403", "AccessDenied", |e| matches!(e, Error::Denied(_))),
        ("404", "NoSuchKey", |e| matches!(e, Error::NotFound)),
        ("409", "KeyAlreadyExists", |e| matches!(e, Error::Exists)),
        ("413", "EntityTooLarge", |e| matches!(e, Error::TooLarge)),
        ("415", "InvalidMimeType", |e| {
            matches!(e, Error::TypeNotAllowed(_))
        }),
    ];
    for (status, code, is) in cases {
        let body = json!({"statusCode": status, "error": "x", "message": "m", "code": code});
        let server = answering(ResponseTemplate::new(400).set_body_json(body)).await;
        let [rest, _] = both(&server.uri());
        let read = rest.get(&user(), &at(), None).await;
        let error = read.map(drop).unwrap_err();
        assert!(is(&error), "{status}: {error}");
    }
}

#[tokio::test]
async fn s3_errors_are_told_apart() {
    type Is = fn(&Error) -> bool;
    let cases: [(u16, &str, Is); 4] = [
        (403, "AccessDenied", |e| matches!(e, Error::Denied(_))),
        (403, "SignatureDoesNotMatch", |e| {
            matches!(e, Error::Misconfigured(_))
        }),
        (404, "NoSuchKey", |e| matches!(e, Error::NotFound)),
        (413, "EntityTooLarge", |e| matches!(e, Error::TooLarge)),
    ];
    for (status, code, is) in cases {
        let body = format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
        let server = answering(ResponseTemplate::new(status).set_body_string(body)).await;
        let [_, s3] = both(&server.uri());
        let read = s3.get(&user(), &at(), None).await;
        let error = read.map(drop).unwrap_err();
        assert!(is(&error), "{status}: {error}");
    }
}

#[tokio::test]
async fn an_access_key_or_region_that_is_not_the_projects_is_no_refusal_of_the_user() {
    for message in ["Invalid Access Key", "Invalid Region"] {
        let body = format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
        let server = answering(ResponseTemplate::new(403).set_body_string(body)).await;
        let [_, s3] = both(&server.uri());
        let read = s3.get(&user(), &at(), None).await;
        let error = read.map(drop).unwrap_err();
        assert!(matches!(error, Error::Misconfigured(_)), "{error}");
    }
}

#[tokio::test]
async fn storage_that_is_down_is_unavailable_over_either_way() {
    let failing = answering(ResponseTemplate::new(503).set_body_string("<html>")).await;
    for url in ["http://127.0.0.1:9".to_owned(), failing.uri()] {
        for store in both(&url) {
            let put = store
                .put(&user(), &at(), object(Some(1), vec![Ok("a".into())]))
                .await;
            assert!(matches!(put, Err(Error::Unavailable(_))), "{put:?}");
            let got = store.get(&user(), &at(), None).await.map(drop);
            assert!(matches!(got, Err(Error::Unavailable(_))), "{got:?}");
            assert!(store.is_reachable().await.is_err());
        }
    }
}

const NEVER: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_secs(60);

/// Both ways, to a server that takes requests; they soon give up.
fn impatient(url: &str) -> [ObjectStore; 2] {
    let patience = transfer::Patience {
        answer: Duration::from_secs(1),
        stuck: Duration::from_millis(1500),
    };
    both(url).map(|mut store| {
        match &mut store {
            ObjectStore::Rest(store) => store.patience = patience,
            ObjectStore::S3(store) => store.patience = patience,
        }
        store
    })
}

#[tokio::test]
async fn storage_that_takes_a_request_and_never_answers_is_unavailable() {
    let server = answering(ResponseTemplate::new(200).set_delay(NEVER)).await;
    for store in impatient(&server.uri()) {
        let asked = async {
            let got = store.get(&user(), &at(), None).await.map(drop);
            assert!(matches!(got, Err(Error::Unavailable(_))), "{got:?}");
            let deleted = store.delete(&user(), &at()).await;
            assert!(matches!(deleted, Err(Error::Unavailable(_))), "{deleted:?}");
        };
        tokio::time::timeout(SOON, asked).await.unwrap();
    }
}

#[tokio::test]
async fn an_upload_in_parts_that_gets_stuck_is_aborted_and_so_is_a_stuck_abort() {
    for abort_answers in [true, false] {
        let server = MockServer::start().await;
        let stuck = Mock::given(method("PUT"));
        stuck
            .respond_with(ResponseTemplate::new(200).set_delay(NEVER))
            .mount(&server)
            .await;
        if !abort_answers {
            let stuck = Mock::given(method("DELETE"));
            stuck
                .respond_with(ResponseTemplate::new(204).set_delay(NEVER))
                .mount(&server)
                .await;
        }
        take_parts(&server).await;
        let [_, s3] = impatient(&server.uri());
        let chunks = vec![Ok(Bytes::from(vec![7_u8; 9_000_000]))];
        let (user, at) = (user(), at());
        let put = s3.put(&user, &at, object(None, chunks));
        let error = tokio::time::timeout(SOON, put).await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests.last().unwrap().method.as_str(), "DELETE");
    }
}

#[tokio::test]
async fn reading_gives_the_bytes_and_the_part_that_was_asked_for() {
    let answer = ResponseTemplate::new(206)
        .insert_header("content-range", "bytes 1-3/9")
        .set_body_raw("bcd", "application/pdf");
    let server = answering(answer).await;
    for store in both(&server.uri()) {
        let object = store.get(&user(), &at(), Some("bytes=1-3")).await.unwrap();
        assert_eq!(object.content_type.as_deref(), Some("application/pdf"));
        assert_eq!(object.content_range.as_deref(), Some("bytes 1-3/9"));
        assert_eq!(object.length, Some(3));
        let bytes: Vec<Bytes> = object.body.try_collect().await.unwrap();
        assert_eq!(bytes.concat(), b"bcd");
    }
    for request in server.received_requests().await.unwrap() {
        assert_eq!(request.headers["range"], "bytes=1-3");
    }
}

#[tokio::test]
async fn deleting_what_is_not_there_succeeds() {
    let body = json!({"statusCode": "404", "code": "NoSuchKey", "message": "Object not found"});
    let rest_answer = answering(ResponseTemplate::new(400).set_body_json(body)).await;
    let [rest, _] = both(&rest_answer.uri());
    rest.delete(&user(), &at()).await.unwrap();
    let s3_answer = answering(ResponseTemplate::new(204)).await;
    let [_, s3] = both(&s3_answer.uri());
    s3.delete(&user(), &at()).await.unwrap();
}

#[tokio::test]
async fn writing_where_no_bucket_is_blames_the_settings() {
    let body = json!({"statusCode": "404", "code": "NoSuchBucket", "message": "Bucket not found"});
    let server = answering(ResponseTemplate::new(400).set_body_json(body)).await;
    let [rest, _] = both(&server.uri());
    let put = rest
        .put(&user(), &at(), object(Some(1), vec![Ok("a".into())]))
        .await;
    assert!(matches!(put, Err(Error::Misconfigured(_))), "{put:?}");
}
