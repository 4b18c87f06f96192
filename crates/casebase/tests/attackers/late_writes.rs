//! Bytes that come late: by uploads that Storage was asked to allow while the file was pending, and that it completes
//! without asking again. And what those who hold a signed download URL are served then.

use std::convert::Infallible;

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::{SinkExt, channel::mpsc};
use reqwest::{Body, Method, Response};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, connect, verify},
    model::{Id, Who},
};

const CHECKED: &str = "what was checked";
const SWAPPED: &str = "something else!!";

/// A file of Carla's case, with all that she gets signed while it is pending.
struct Reserved {
    reservation: Value,
    file: Id,
    object: String,
    /// The token of an upload URL that may overwrite.
    upsert: String,
    /// The URL of a TUS upload under that token, created and still empty.
    tus: String,
}

impl Desk {
    async fn storage<const N: usize>(
        &self,
        who: Who,
        method: Method,
        path: &str,
        headers: [(&str, &str); N],
        body: impl Into<Body>,
    ) -> Response {
        let mut request = self.callers[&who].request(method, &format!("/storage/v1{path}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(body).send().await.expect("an answer")
    }

    async fn reserve(&self) -> Reserved {
        let carla = &self.callers[&Who::Carla];
        let case = json!({"client_id": self.clients[0], "title": "Files"});
        let case = carla.insert("cases", case).await.expect("a case");
        let name = format!("{}-1634567890-x.txt", case["case_id"].as_str().unwrap());
        let reservation = json!({
            "case_id": case["id"], "file_name": name, "original_name": "x.txt", "content_type": "text/plain",
            "file_size": CHECKED.len(),
        });
        let row = carla.insert("case_files", reservation.clone()).await;
        let row = row.expect("a row");
        let bucket = row["bucket_id"].as_str().unwrap();
        let path = row["object_path"].as_str().unwrap();

        let signing = format!("/object/upload/sign/{bucket}/{path}");
        let signed = self
            .storage(
                Who::Carla,
                Method::POST,
                &signing,
                [("x-upsert", "true")],
                "",
            )
            .await;
        let signed: Value = signed.json().await.expect("a signed URL");
        let upsert = signed["token"].as_str().expect("a token").to_owned();

        let metadata = [
            ("bucketName", bucket),
            ("objectName", path),
            ("contentType", "text/plain"),
        ]
        .map(|(key, value)| format!("{key} {}", BASE64_STANDARD.encode(value)))
        .join(",");
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("upload-length", "16"),
            ("upload-metadata", metadata.as_str()),
            ("x-signature", upsert.as_str()),
            ("x-upsert", "true"),
        ];
        let created = self
            .storage(
                Who::Carla,
                Method::POST,
                "/upload/resumable/sign",
                headers,
                "",
            )
            .await;
        let location = created.headers()["location"].to_str().unwrap();
        let tus = location[location.find("/upload/").expect("its URL")..].to_owned();
        Reserved {
            reservation,
            file: row["id"].as_i64().unwrap(),
            object: format!("{bucket}/{path}"),
            upsert,
            tus,
        }
    }

    /// An upload of the whole file; its status, which Storage hides in the body.
    async fn put_signed(&self, reserved: &Reserved, body: impl Into<Body>) -> String {
        let Reserved { object, upsert, .. } = reserved;
        let path = format!("/object/upload/sign/{object}?token={upsert}");
        let headers = [("content-type", "text/plain"), ("x-upsert", "true")];
        let answer = self
            .storage(Who::Carla, Method::PUT, &path, headers, body)
            .await;
        status(answer).await
    }

    async fn patch_tus(&self, reserved: &Reserved) -> String {
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("upload-offset", "0"),
            ("content-type", "application/offset+octet-stream"),
            ("x-signature", reserved.upsert.as_str()),
        ];
        let answer = self.storage(Who::Carla, Method::PATCH, &reserved.tus, headers, SWAPPED);
        status(answer.await).await
    }

    /// With a key that passes every policy.
    async fn put_as_service(&self, object: &str) -> String {
        let request = self
            .service
            .request(Method::POST, &format!("/storage/v1/object/{object}"));
        let request = request
            .header("content-type", "text/plain")
            .header("x-upsert", "true");
        status(request.body(SWAPPED).send().await.unwrap()).await
    }

    async fn upload(&self, reserved: &Reserved) {
        assert_eq!(self.put_signed(reserved, CHECKED).await, "200");
        self.move_to(reserved.file, "uploaded").await;
    }

    async fn move_to(&self, file: Id, state: &str) {
        let query = format!("case_files?id=eq.{file}&select=id");
        let who = if state == "uploaded" {
            Who::Carla
        } else {
            Who::Ada
        };
        let row = Some(json!({"state": state}));
        let moved = self.callers[&who].write(Method::PATCH, &query, row).await;
        assert!(moved.is_success(), "{state}: {moved:?}");
    }

    /// A signed download URL, as staff make one.
    async fn sign_download(&self, object: &str) -> String {
        let path = format!("/object/sign/{object}");
        let headers = [("content-type", "application/json")];
        let signed = self.storage(
            Who::Ada,
            Method::POST,
            &path,
            headers,
            r#"{"expiresIn": 600}"#,
        );
        let signed: Value = signed.await.json().await.expect("a signed URL");
        signed["signedURL"].as_str().expect("a URL").to_owned()
    }

    /// What whoever holds the URL is served.
    async fn served(&self, url: &str) -> String {
        let answer = self.storage(Who::Anon, Method::GET, url, [], "").await;
        answer.text().await.unwrap()
    }
}

async fn status(answer: Response) -> String {
    let status = answer.status().as_u16().to_string();
    let body: Value = answer.json().await.unwrap_or_default();
    body["statusCode"].as_str().map_or(status, str::to_owned)
}

#[tokio::test]
async fn what_was_checked_is_never_written_again() {
    let mut desk = Desk::new().await;
    let reserved = desk.reserve().await;
    // Whose file it is may change their mind while it is pending.
    assert_eq!(desk.put_signed(&reserved, SWAPPED).await, "200");
    desk.upload(&reserved).await;
    assert!(verify(&mut desk.owner, reserved.file).await);
    let signed = desk.sign_download(&reserved.object).await;
    assert_eq!(desk.served(&signed).await, CHECKED);

    assert_eq!(desk.put_signed(&reserved, SWAPPED).await, "403");
    assert_eq!(desk.patch_tus(&reserved).await, "403");
    assert_eq!(desk.put_as_service(&reserved.object).await, "403");
    assert_eq!(desk.served(&signed).await, CHECKED);
    let read = format!("/object/authenticated/{}", reserved.object);
    let read = desk.storage(Who::Ada, Method::GET, &read, [], "").await;
    assert_eq!(read.text().await.unwrap(), CHECKED);
}

#[tokio::test]
async fn nothing_is_written_where_a_file_was_deleted() {
    let mut desk = Desk::new().await;
    let reserved = desk.reserve().await;
    desk.upload(&reserved).await;
    assert!(verify(&mut desk.owner, reserved.file).await);
    let signed = desk.sign_download(&reserved.object).await;

    desk.move_to(reserved.file, "deleting").await;
    assert!(desk.callers[&Who::Ada].remove(&reserved.object).await);
    assert_eq!(desk.put_signed(&reserved, SWAPPED).await, "403");
    let query = format!("case_files?id=eq.{}&select=id", reserved.file);
    let deleted = desk.callers[&Who::Ada]
        .write(Method::DELETE, &query, None)
        .await;
    assert!(deleted.is_success());
    assert_eq!(desk.put_signed(&reserved, SWAPPED).await, "403");
    assert_eq!(desk.patch_tus(&reserved).await, "403");
    assert_ne!(desk.served(&signed).await, SWAPPED);

    // Not by another file of the same name either: its place is another.
    let again = desk.callers[&Who::Carla].insert("case_files", reserved.reservation);
    let again = again.await.expect("a place");
    let place = format!("{}/{}", again["bucket_id"], again["object_path"]).replace('"', "");
    assert_ne!(place, reserved.object);
}

/// Half of the bytes are there when the file is said to be uploaded; the rest comes when it was checked.
#[tokio::test]
async fn an_upload_that_ends_after_the_check_changes_nothing() {
    let desk = Desk::new().await;
    let reserved = desk.reserve().await;
    let mut owner = connect().await;
    let (mut parts, body) = mpsc::channel::<Result<&str, Infallible>>(0);
    let late = desk.put_signed(&reserved, Body::wrap_stream(body));
    let meanwhile = async {
        let (begin, end) = SWAPPED.split_at(SWAPPED.len() / 2);
        parts.send(Ok(begin)).await.expect("Storage reads");
        desk.upload(&reserved).await;
        assert!(verify(&mut owner, reserved.file).await);
        parts.send(Ok(end)).await.expect("Storage reads on");
        drop(parts);
    };
    let (late, ()) = tokio::join!(late, meanwhile);
    assert_eq!(late, "403");
    let signed = desk.sign_download(&reserved.object).await;
    assert_eq!(desk.served(&signed).await, CHECKED);
}
