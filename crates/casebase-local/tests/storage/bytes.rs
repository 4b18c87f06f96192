//! Bytes: written once under a version, gone when no row names them, never beyond the limits.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, RequestBuilder};

use super::support::{
    ALICE, BUCKETS, SINGLE_UPLOAD_LIMIT, connect, files_kept, get, key, post, request, send,
    server, service, session, start, upload,
};
use serde_json::{Value, json};

async fn version(bucket: &str, key: &str) -> String {
    let client = connect(&server().superuser).await;
    let sql = "select version from storage.objects where bucket_id = $1 and name = $2";
    let row = client
        .query_one(sql, &[&bucket, &key])
        .await
        .expect("the object");
    row.get(0)
}

fn is_kept(version: &str) -> bool {
    server()
        .data
        .join("objects")
        .join(&version[..2])
        .join(version)
        .exists()
}

#[tokio::test]
async fn new_bytes_are_a_new_version_and_the_old_are_gone() {
    let key = key(ALICE);
    let path = format!("free/{key}");
    upload(&path, &session(ALICE), "first").await;
    let first = version("free", &key).await;
    let request = request(Method::PUT, &format!("/object/{path}"), &session(ALICE));
    assert_eq!(send(request.body("second")).await.status, 200);
    let second = version("free", &key).await;
    assert_ne!(first, second);
    assert_eq!((is_kept(&first), is_kept(&second)), (false, true));
    assert_eq!(
        get(&format!("/object/{path}"), &session(ALICE)).await.text,
        "second"
    );
}

#[tokio::test]
async fn moving_keeps_the_id_and_deleting_removes_the_bytes() {
    let (from, to) = (key(ALICE), key(ALICE));
    let uploaded = upload(&format!("free/{from}"), &session(ALICE), "moved")
        .await
        .json();
    let body = json!({ "bucketId": "free", "sourceKey": from, "destinationKey": to });
    assert_eq!(
        post("/object/move", &session(ALICE), &body).await.status,
        200
    );
    let info = get(&format!("/object/info/free/{to}"), &session(ALICE))
        .await
        .json();
    assert_eq!(info["id"], uploaded["Id"]);
    let moved = version("free", &to).await;
    let removed =
        request(Method::DELETE, "/object/free", &session(ALICE)).json(&json!({ "prefixes": [to] }));
    let removed = send(removed).await.json();
    assert_eq!(removed[0]["version"], json!(moved));
    assert!(!is_kept(&moved));
}

#[tokio::test]
async fn what_is_refused_leaves_no_bytes() {
    let server = start(Some(BUCKETS));
    let upload = |path: &str, token: String| {
        let url = format!("{}/object/{path}", server.base);
        reqwest::Client::new().post(url).bearer_auth(token)
    };
    let denied = send(upload("own/elsewhere.txt", session(ALICE)).body("x")).await;
    assert_eq!(denied.refusal().2, "AccessDenied");
    let no_key = send(upload("own/%C3%A4", service()).body("x")).await;
    assert_eq!(no_key.refusal().2, "InvalidKey");
    let file = reqwest::multipart::Part::bytes(vec![b'x'; SINGLE_UPLOAD_LIMIT + 1]).file_name("x");
    let form = reqwest::multipart::Form::new().part("", file);
    let large = send(upload("own/large.txt", service()).multipart(form)).await;
    assert_eq!(large.refusal().2, "EntityTooLarge");
    assert_eq!(files_kept(&server.data), 0);

    let kept = send(upload("own/small.txt", service()).body("x")).await;
    assert_eq!((kept.status, files_kept(&server.data)), (200, 1));
}

/// The TUS headers of an upload.
fn resumable(path: &str, token: &str, method: Method) -> RequestBuilder {
    request(method, path, token).header("tus-resumable", "1.0.0")
}

fn metadata(key: &str) -> String {
    let encode = |text: &str| BASE64_STANDARD.encode(text);
    format!(
        "bucketName {},objectName {},contentType {}",
        encode("free"),
        encode(key),
        encode("text/plain")
    )
}

async fn begin(key: &str, length: usize) -> String {
    let create = resumable("/upload/resumable", &session(ALICE), Method::POST)
        .header("upload-length", length)
        .header("upload-metadata", metadata(key));
    let created = send(create).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let location = created.headers["location"].to_str().expect("a location");
    location[server().base.len()..].to_owned()
}

async fn piece(location: &str, offset: usize, bytes: &'static str) -> (u16, String) {
    let patch = resumable(location, &session(ALICE), Method::PATCH)
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .body(bytes);
    let answer = send(patch).await;
    let offset = answer
        .headers
        .get("upload-offset")
        .and_then(|v| v.to_str().ok());
    (answer.status, offset.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_upload_in_pieces_is_an_object_when_the_last_has_come() {
    let key = key(ALICE);
    let location = begin(&key, 10).await;
    assert_eq!(piece(&location, 0, "hello").await, (204, "5".into()));
    assert_eq!(piece(&location, 0, "again").await.0, 409);
    let unfinished = get(&format!("/object/free/{key}"), &session(ALICE)).await;
    assert_eq!(unfinished.refusal().2, "NoSuchKey");
    assert_eq!(piece(&location, 5, "world!").await.0, 413);
    assert_eq!(piece(&location, 5, "world").await, (204, "10".into()));
    assert_eq!(
        get(&format!("/object/free/{key}"), &session(ALICE))
            .await
            .text,
        "helloworld"
    );
}

#[tokio::test]
async fn a_pending_upload_is_known_to_the_database_alone() {
    let key = key(ALICE);
    let location = begin(&key, 10).await;
    let sql = "delete from storage.resumable_uploads where object_name = $1";
    let client = connect(&server().superuser).await;
    assert_eq!(client.execute(sql, &[&key]).await.expect("deleted"), 1);
    assert_eq!(piece(&location, 0, "hello").await.0, 404);
}

#[tokio::test]
async fn a_list_is_a_page_and_goes_on_where_it_ended() {
    let folder = format!("{ALICE}/{}", uuid::Uuid::new_v4());
    for name in ["b.txt", "a_b.txt", "sub/c.txt", "sub/d.txt", "Z.txt"] {
        upload(&format!("free/{folder}/{name}"), &session(ALICE), "x").await;
    }
    let mut names: Vec<String> = Vec::new();
    let mut body = json!({ "prefix": format!("{folder}/"), "with_delimiter": true, "limit": 2 });
    loop {
        let page = post("/object/list-v2/free", &session(ALICE), &body)
            .await
            .json();
        for kind in ["objects", "folders"] {
            let entries = page[kind].as_array().cloned().unwrap_or_default();
            names.extend(
                entries
                    .iter()
                    .filter_map(|e| e["key"].as_str())
                    .map(str::to_owned),
            );
        }
        match &page["nextCursor"] {
            Value::String(cursor) => body["cursor"] = json!(cursor),
            _ => break,
        }
    }
    assert_eq!(names, ["Z.txt", "a_b.txt", "b.txt", "sub"]);
    // A pattern's characters stand for themselves, however it is sorted.
    for column in ["name", "created_at"] {
        let body = json!({ "prefix": folder, "search": "a_", "sortBy": { "column": column } });
        let found = post("/object/list/free", &session(ALICE), &body)
            .await
            .json();
        assert_eq!(found[0]["name"], "a_b.txt", "{column}: {found}");
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{column}");
    }
}
