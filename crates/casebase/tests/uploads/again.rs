//! Requests that come again under an Idempotency-Key, on a real project.

use std::time::Duration;

use casebase::commands::demo::person::Person;
use futures::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{Desk, PATIENCE, created, refusal, refused};

fn opening(desk: &Desk, person: &Person, key: &str, title: &str) -> RequestBuilder {
    let new = json!({"client_id": desk.client_id, "title": title});
    let request = person.service(Method::POST, "/v1/cases").json(&new);
    request.header("idempotency-key", key)
}

fn adding(desk: &Desk, key: &str, query: &str, bytes: &'static str) -> RequestBuilder {
    let path = format!("/v1/cases/{}/files?{query}", desk.case);
    let request = desk.client.service(Method::POST, &path).body(bytes);
    request.header("idempotency-key", key)
}

fn key() -> String {
    Uuid::new_v4().to_string()
}

async fn sent(request: RequestBuilder) -> reqwest::Response {
    request.send().await.unwrap()
}

impl Desk {
    async fn count(&mut self, what: &'static str) -> i64 {
        let count = sqlx::query_scalar(what).bind(self.case_id);
        count.fetch_one(&mut self.database).await.unwrap()
    }

    async fn cases(&mut self) -> i64 {
        let ours = "select count(*) from public.cases c join public.cases ours on ours.id = $1
            where c.client_id = ours.client_id";
        self.count(ours).await - 1
    }

    async fn files(&mut self) -> i64 {
        let all = "select count(*) from public.case_files where case_id = $1";
        self.count(all).await
    }

    /// As if the service had died after its work and before its answer was kept, more than a minute ago.
    async fn died_before_its_answer(&mut self, key: &str, made: Option<i64>) {
        let died = sqlx::query(
            "update casebase.idempotency_keys set status = null, location = null, body = null, content = null,
                made_id = $2, alive_until = now() - interval '1 second' where key = $1",
        );
        let died = died.bind(key).bind(made).execute(&mut self.database);
        assert_eq!(died.await.unwrap().rows_affected(), 1);
    }
}

#[tokio::test]
async fn a_case_is_opened_once_and_every_service_knows_it() {
    let mut desk = Desk::new("s3").await;
    let key = key();
    let first = sent(opening(&desk, &desk.client, &key, "Once")).await;
    let location = first.headers()["location"].clone();
    let first = created(first).await;
    for quoted in [key.clone(), format!("\"{key}\"")] {
        let again = sent(opening(&desk, &desk.client, &quoted, "Once")).await;
        assert_eq!(again.headers()["location"], location);
        assert_eq!(created(again).await, first);
    }
    // A service that was not there then.
    let (address, _stop) = desk.another_service(&[("CASEBASE_STORAGE", "rest")]).await;
    let new = json!({"title": "Once", "client_id": desk.client_id});
    let elsewhere = reqwest::Client::new().post(format!("http://{address}/api/cases"));
    let elsewhere = elsewhere.bearer_auth(desk.client.token()).json(&new);
    let elsewhere = sent(elsewhere.header("idempotency-key", &key)).await;
    assert_eq!(created(elsewhere).await, first);
    assert_eq!(desk.cases().await, 1);

    let other = sent(opening(&desk, &desk.client, &key, "Another")).await;
    let reused = refused(422, "idempotency_key_reused", "");
    assert_eq!(refusal(other).await, reused);
    let file = sent(adding(&desk, &key, "name=a.txt", "text")).await;
    assert_eq!(refusal(file).await, reused);
    // Somebody else's key is another.
    let theirs = sent(opening(&desk, &desk.staff, &key, "Once")).await;
    assert_ne!(created(theirs).await["id"], first["id"]);
    assert_eq!(desk.cases().await, 2);
}

#[tokio::test]
async fn of_many_at_once_one_opens_the_case() {
    let mut desk = Desk::new("s3").await;
    let key = key();
    let asked = (0..8).map(|_| sent(opening(&desk, &desk.client, &key, "Once")));
    let mut opened = Vec::new();
    for answer in join_all(asked).await {
        match answer.status().as_u16() {
            201 => opened.push(created(answer).await["id"].clone()),
            _ => assert_eq!(refusal(answer).await, refused(409, "request_running", "")),
        }
    }
    assert!(!opened.is_empty());
    opened.dedup();
    assert_eq!((opened.len(), desk.cases().await), (1, 1));
}

#[tokio::test]
async fn a_service_that_died_leaves_its_request_to_the_next() {
    let mut desk = Desk::new("s3").await;
    let key = key();
    let first = created(sent(opening(&desk, &desk.client, &key, "Once")).await).await;
    desk.died_before_its_answer(&key, first["id"].as_i64())
        .await;
    let again = created(sent(opening(&desk, &desk.client, &key, "Once")).await).await;
    assert_eq!(again, first);
    assert_eq!(desk.cases().await, 1);
    // The answer is kept again.
    let again = created(sent(opening(&desk, &desk.client, &key, "Once")).await).await;
    assert_eq!(again, first);
    // One that died before it made anything is not missed.
    desk.died_before_its_answer(&key, None).await;
    let anew = created(sent(opening(&desk, &desk.client, &key, "Once")).await).await;
    assert_ne!(anew["id"], first["id"]);
}

#[tokio::test]
async fn a_request_that_was_refused_leaves_its_key_free() {
    let mut desk = Desk::new("s3").await;
    let key = key();
    let blank = sent(opening(&desk, &desk.client, &key, " ")).await;
    assert_eq!(blank.status(), 422);
    let good = sent(opening(&desk, &desk.client, &key, "Now with a title")).await;
    created(good).await;
    assert_eq!(desk.cases().await, 1);
}

#[tokio::test]
async fn a_file_is_added_once_and_its_bytes_count() {
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        let key = key();
        let add = |desk: &Desk, query, bytes| sent(adding(desk, &key, query, bytes));
        let first = created(add(&desk, "name=a.txt", "text").await).await;
        let again = add(&desk, "name=a.txt", "text").await;
        let location = format!("/v1/files/{}", first["id"]);
        assert_eq!(again.headers()["location"], location);
        assert_eq!(created(again).await, first);
        let reused = refused(422, "idempotency_key_reused", "");
        for (query, bytes) in [
            ("name=a.txt", "other"),
            ("name=b.txt", "text"),
            ("name=a.txt&visible_to_client=true", "text"),
        ] {
            let other = add(&desk, query, bytes).await;
            assert_eq!(refusal(other).await, reused, "{query}: {bytes}");
        }
        assert_eq!(desk.files().await, 1);

        // Died when all was done, and the bytes come again, or others.
        desk.died_before_its_answer(&key, first["id"].as_i64())
            .await;
        let other = add(&desk, "name=a.txt", "other").await;
        assert_eq!(refusal(other).await, reused);
        let again = created(add(&desk, "name=a.txt", "text").await).await;
        assert_eq!((again, desk.files().await), (first, 1));
    }
}

#[tokio::test]
async fn an_upload_that_died_half_way_is_taken_back_by_the_next() {
    let mut desk = Desk::new("rest").await;
    let key = key();
    let add = |desk: &Desk| sent(adding(desk, &key, "name=a.txt", "text"));
    let first = created(add(&desk).await).await;
    let half = desk.written_by_hand("half.txt").await;
    desk.died_before_its_answer(&key, half.as_i64()).await;
    let next = created(add(&desk).await).await;
    assert!(next["id"] != first["id"] && next["id"] != half, "{next}");
    assert_eq!(next["state"], "available");
    // The half is gone, bytes and all; the first, of which the key then knew nothing, is there.
    assert_eq!(desk.left_behind().await, (2, 2));
}

#[tokio::test]
async fn what_was_answered_is_forgotten_after_a_day() {
    let mut desk = Desk::new("s3").await;
    let (old, young) = (key(), key());
    for key in [&old, &young] {
        created(sent(opening(&desk, &desk.client, key, "Once")).await).await;
    }
    let yesterday = "update casebase.idempotency_keys set expires_at = now() where key = $1";
    let yesterday = sqlx::query(yesterday)
        .bind(&old)
        .execute(&mut desk.database);
    yesterday.await.unwrap();
    let _service = desk.another_service(&[("CASEBASE_STORAGE", "rest")]).await;
    let left = "select array_agg(key) from casebase.idempotency_keys where key = any ($1)";
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let left = sqlx::query_scalar(left).bind([&old, &young].map(String::as_str));
        let left: Vec<String> = left.fetch_one(&mut desk.database).await.unwrap();
        if left == [young.as_str()] {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_verification_may_come_again() {
    let desk = Desk::new("s3").await;
    let id = desk.written_by_hand("direct.txt").await;
    let key = key();
    let verify = || {
        let path = format!("/v1/files/{id}/verify");
        let request = desk.client.service(Method::POST, &path);
        sent(request.header("idempotency-key", &key))
    };
    let first: Value = verify().await.json().await.unwrap();
    assert_eq!(first["state"], "available");
    let again: Value = verify().await.json().await.unwrap();
    assert_eq!(again, first);
}
