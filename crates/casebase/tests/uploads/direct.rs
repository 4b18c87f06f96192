//! Files past the service: reserved here, written to Storage, completed here.

use casebase::commands::demo::person::Person;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, Files, created, refusal, refused, success},
    support::project,
};

async fn announce(person: &Person, case: &str, announced: Value) -> Response {
    let path = format!("/v1/cases/{case}/files/direct");
    let request = person.service(Method::POST, &path).json(&announced);
    request.send().await.unwrap()
}

async fn complete(person: &Person, id: &Value) -> Response {
    let path = format!("/v1/files/{id}/complete");
    person.service(Method::POST, &path).send().await.unwrap()
}

/// Nobody's token: the link is enough.
async fn put(url: &Value, content_type: &str, bytes: impl Into<reqwest::Body>) -> Response {
    let request = reqwest::Client::new().put(url.as_str().unwrap());
    let request = request.header("content-type", content_type).body(bytes);
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_file_that_was_written_past_the_service_is_read_once_it_is_completed() {
    for storage in ["s3", "rest"] {
        let desk = Desk::new(storage).await;
        let announced = json!({"name": "Größe.txt", "size": 6, "content_type": "text/csv"});
        let direct = created(announce(&desk.client, &desk.case, announced).await).await;
        let (file, upload) = (&direct["file"], &direct["upload"]);
        assert_eq!(file["state"], "pending");
        assert_eq!(file["file_size"], 6);
        let early = complete(&desk.client, &file["id"]).await;
        assert_eq!(refusal(early).await, refused(409, "conflict", ""));
        let put = put(&upload["signed_url"], "text/plain", "a note").await;
        assert_eq!(put.status(), 200, "{}", put.text().await.unwrap());
        // Nobody but its uploader sees it before, and nobody else completes it.
        let unseen = desk.staff.download(&file["id"]).await;
        assert_eq!(refusal(unseen).await, refused(404, "file_not_found", ""));
        let others = complete(&desk.staff, &file["id"]).await;
        assert_eq!(refusal(others).await, refused(404, "file_not_found", ""));
        for _ in 0..2 {
            let done = complete(&desk.client, &file["id"]).await;
            assert_eq!(done.status(), 200);
            let row: Value = done.json().await.unwrap();
            assert_eq!(row["state"], "available");
            assert_eq!(row["content_type"], "text/plain");
        }
        let back = desk.staff.download(&file["id"]).await;
        assert_eq!(back.text().await.unwrap(), "a note");
    }
}

#[tokio::test]
async fn an_upload_in_pieces_goes_on_where_it_stopped_under_another_token() {
    let desk = Desk::new("rest").await;
    let bytes = "0123456789".repeat(1_000_000);
    let announced = json!({"name": "long.txt", "size": bytes.len()});
    let direct = created(announce(&desk.client, &desk.case, announced).await).await;
    let resumable = &direct["upload"]["resumable"];
    let piece = usize::try_from(resumable["chunkSize"].as_u64().unwrap()).unwrap();
    let token = &direct["upload"]["token"];
    assert_eq!(resumable["headers"], json!({"x-signature": token}));
    let metadata = resumable["metadata"].as_object().unwrap();
    let metadata: Vec<_> = metadata
        .iter()
        .map(|(name, value)| format!("{name} {}", base64(value.as_str().unwrap())))
        .collect();
    let http = reqwest::Client::new();
    let begun = http
        .post(resumable["endpoint"].as_str().unwrap())
        .header("tus-resumable", "1.0.0")
        .header("x-signature", token.as_str().unwrap())
        .header("upload-length", bytes.len())
        .header("upload-metadata", metadata.join(","));
    let begun = success(begun).await;
    let url = begun.headers()["location"].to_str().unwrap().to_owned();
    let patch = |token: &Value, from: usize, to: usize| {
        let request = http.patch(&url).header("tus-resumable", "1.0.0");
        let request = request.header("x-signature", token.as_str().unwrap());
        let request = request.header("upload-offset", from);
        let request = request.header("content-type", "application/offset+octet-stream");
        request.body(bytes[from..to].to_owned())
    };
    success(patch(token, 0, piece)).await;
    let early = complete(&desk.client, &direct["file"]["id"]).await;
    assert_eq!(refusal(early).await, refused(409, "conflict", ""));

    // Its uploader, and nobody else, gets another token for a pending file.
    let path = direct["file"]["object_path"].as_str().unwrap();
    let sign = format!("/storage/v1/object/upload/sign/client-bucket/{path}");
    let others = desk.staff.supabase(Method::POST, &sign).json(&json!({}));
    assert_eq!(others.send().await.unwrap().status(), 400);
    let again = success(desk.client.supabase(Method::POST, &sign).json(&json!({}))).await;
    let again: Value = again.json().await.unwrap();
    success(patch(&again["token"], piece, bytes.len())).await;
    let done = complete(&desk.client, &direct["file"]["id"]).await;
    let row: Value = done.json().await.unwrap();
    assert_eq!(row["state"], "available", "{row}");
    let back = desk.staff.download(&row["id"]).await;
    assert!(back.text().await.unwrap() == bytes);
}

fn base64(text: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(text)
}

#[tokio::test]
async fn what_was_completed_is_not_written_over_and_what_is_refused_is_gone() {
    let mut desk = Desk::new("rest").await;
    let announced = json!({"name": "a.txt", "size": 6});
    let direct = created(announce(&desk.client, &desk.case, announced).await).await;
    let url = &direct["upload"]["signed_url"];
    assert_eq!(put(url, "text/plain", "a note").await.status(), 200);
    let id = &direct["file"]["id"];
    assert_eq!(complete(&desk.client, id).await.status(), 200);
    assert!(
        !put(url, "text/plain", "another")
            .await
            .status()
            .is_success()
    );
    let back = desk.client.download(id).await;
    assert_eq!(back.text().await.unwrap(), "a note");
    success(
        desk.staff
            .service(Method::DELETE, &format!("/v1/files/{id}")),
    )
    .await;

    for (content_type, bytes) in [
        ("text/plain", "#!/bin/sh\nrm x"),
        ("image/svg+xml", "<svg/>"),
    ] {
        let announced = json!({"name": "b.txt", "size": 6});
        let direct = created(announce(&desk.client, &desk.case, announced).await).await;
        put(&direct["upload"]["signed_url"], content_type, bytes).await;
        let refusal = refusal(complete(&desk.client, &direct["file"]["id"]).await).await;
        assert_eq!(refusal.0, 422, "{content_type}: {refusal:?}");
        desk.nothing_is_left_behind().await;
    }
}

#[tokio::test]
async fn what_can_not_be_taken_reserves_nothing() {
    let mut desk = Desk::with(&[("CASEBASE_MAX_FILE_BYTES", "100")]).await;
    for (announced, expected) in [
        (
            json!({"name": "a.txt", "size": 101}),
            (413, "file_too_large", "size"),
        ),
        (
            json!({"name": "a.txt", "size": 0}),
            (422, "empty_file", "size"),
        ),
        (
            json!({"name": "a.bat", "size": 1}),
            (422, "invalid_name", "name"),
        ),
        (
            json!({"name": "a\0.txt", "size": 1}),
            (422, "invalid_name", "name"),
        ),
        (json!({"name": "a.txt"}), (422, "invalid_body", "size")),
        (
            json!({"name": "a.txt", "size": 1, "content_type": "text/html"}),
            (422, "content_refused", "content_type"),
        ),
        (
            json!({"name": "a.txt", "size": 1, "interaction_id": 0}),
            (422, "interaction_not_found", "interaction_id"),
        ),
    ] {
        let answer = refusal(announce(&desk.client, &desk.case, announced.clone()).await).await;
        let (status, code, field) = expected;
        assert_eq!(answer, refused(status, code, field), "{announced}");
    }
    let strange = announce(
        &desk.other_client,
        &desk.case,
        json!({"name": "a", "size": 1}),
    )
    .await;
    assert_eq!(refusal(strange).await, refused(404, "case_not_found", ""));
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn the_buckets_own_limit_holds_before_anything_is_written() {
    let mut desk = Desk::with(&[("CASEBASE_MAX_FILE_BYTES", "5368709120")]).await;
    let announced = json!({"name": "a.txt", "size": 52_428_801});
    let answer = refusal(announce(&desk.client, &desk.case, announced).await).await;
    assert_eq!(answer, refused(413, "file_too_large", "size"));
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn a_request_that_comes_again_reserves_one_file() {
    let mut desk = Desk::new("rest").await;
    let path = format!("/v1/cases/{}/files/direct", desk.case);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let request = desk.client.service(Method::POST, &path);
        let request = request.header("idempotency-key", "direct-once");
        let request = request.json(&json!({"name": "a.txt", "size": 1}));
        answers.push(created(request.send().await.unwrap()).await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(desk.left_behind().await, (1, 0));
    let public = project().setting("SUPABASE_URL");
    let url = answers[0]["upload"]["signed_url"].as_str().unwrap();
    assert!(url.starts_with(public), "{url}");
}
