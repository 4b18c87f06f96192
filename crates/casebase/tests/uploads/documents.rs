//! Documents of a client: put, read, replaced and deleted, through the service and past it.

use casebase::commands::demo::person::Person;
use reqwest::{Method, Response, multipart};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, created, refusal, refused, success},
    sweeping::sweep,
};

/// What somebody asks the service about documents.
trait Documents {
    async fn put(&self, path: &str, body: &'static str) -> Response;
    async fn replace(&self, id: &Value, name: &str, body: &'static str) -> Response;
    async fn read(&self, path: &str) -> Response;
    async fn list(&self, desk: &Desk, query: &str) -> Vec<Value>;
    async fn delete(&self, path: &str) -> Response;
}

impl Documents for Person {
    async fn put(&self, path: &str, body: &'static str) -> Response {
        let request = self.service(Method::POST, path);
        request.body(body).send().await.unwrap()
    }

    async fn replace(&self, id: &Value, name: &str, body: &'static str) -> Response {
        let request = self.service(Method::PUT, &format!("/v1/documents/{id}?name={name}"));
        request.body(body).send().await.unwrap()
    }

    async fn read(&self, path: &str) -> Response {
        let request = self.service(Method::GET, &format!("/v1/documents/{path}"));
        request.send().await.unwrap()
    }

    async fn list(&self, desk: &Desk, query: &str) -> Vec<Value> {
        let path = format!("/v1/clients/{}/documents{query}", desk.client_id);
        let page: Value = success(self.service(Method::GET, &path))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(page["next_cursor"], Value::Null);
        let rows = page["documents"].as_array().unwrap().iter();
        rows.map(|row| row["id"].clone()).collect()
    }

    async fn delete(&self, path: &str) -> Response {
        let request = self.service(Method::DELETE, &format!("/v1/documents/{path}"));
        request.send().await.unwrap()
    }
}

/// Where the client's documents of a category are put.
fn folder(desk: &Desk, category: &str) -> String {
    let client = desk.client_id;
    format!("/v1/clients/{client}/documents?category={category}")
}

/// Rows and objects of the client's documents.
async fn left(desk: &mut Desk) -> (i64, i64) {
    let left = sqlx::query_as(
        "select (select count(*) from public.client_documents where client_id = $1),
                (select count(*) from storage.objects where name like $1::text || '/%')",
    );
    left.bind(desk.client_id)
        .fetch_one(&mut desk.database)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_document_is_put_by_staff_and_read_by_the_clients_members() {
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        let path = format!("{}&name=Gr%C3%B6%C3%9Fen.txt", folder(&desk, "policies"));
        let answer = desk.staff.put(&path, "a policy").await;
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let row = created(answer).await;
        assert_eq!(location, format!("/v1/documents/{}", row["document_id"]));
        assert_eq!(row["state"], "available");
        let object = format!("{}/policies/grossen.txt", desk.client_id);
        assert_eq!(row["object_path"], object);
        let id = row["document_id"].to_string();
        for reader in [&desk.client, &desk.staff] {
            assert_eq!(reader.list(&desk, "").await, [row["id"].clone()]);
            assert_eq!(
                reader.list(&desk, "?category=policies").await,
                [row["id"].clone()]
            );
            assert!(reader.list(&desk, "?category=handbooks").await.is_empty());
            let back = reader.read(&id).await;
            let disposition = back.headers()["content-disposition"].to_str().unwrap();
            assert!(
                disposition.ends_with("filename*=UTF-8''Gr%C3%B6%C3%9Fen.txt"),
                "{disposition}"
            );
            assert_eq!(back.text().await.unwrap(), "a policy");
        }
        let part = desk
            .client
            .service(Method::GET, &location)
            .header("range", "bytes=2-")
            .send()
            .await
            .unwrap();
        assert_eq!(part.status(), 206);
        assert_eq!(part.text().await.unwrap(), "policy");
        let link = desk.client.read(&format!("{id}?mode=redirect")).await;
        assert_eq!(link.text().await.unwrap(), "a policy");

        // Who may read may not write, and who is another client's does neither.
        let put = desk.client.put(&path, "mine").await;
        assert_eq!(refusal(put).await, refused(403, "not_allowed", ""));
        let replaced = desk
            .client
            .replace(&row["document_id"], "a.txt", "mine")
            .await;
        assert_eq!(refusal(replaced).await, refused(403, "not_allowed", ""));
        let deleted = desk.client.delete(&id).await;
        assert_eq!(refusal(deleted).await, refused(403, "not_allowed", ""));
        let stranger = &desk.other_client;
        let not_found = refused(404, "document_not_found", "");
        assert_eq!(refusal(stranger.read(&id).await).await, not_found);
        assert_eq!(refusal(stranger.delete(&id).await).await, not_found);
        let replaced = stranger.replace(&row["document_id"], "a.txt", "mine").await;
        assert_eq!(refusal(replaced).await, not_found);
        let listed = stranger.service(Method::GET, &folder(&desk, "policies"));
        let listed = refusal(listed.send().await.unwrap()).await;
        assert_eq!(listed, refused(404, "client_not_found", ""));
        assert_eq!(left(&mut desk).await, (1, 1));

        assert_eq!(desk.staff.delete(&id).await.status(), 204);
        assert_eq!(refusal(desk.client.read(&id).await).await, not_found);
        assert_eq!(refusal(desk.staff.delete(&id).await).await, not_found);
        assert_eq!(left(&mut desk).await, (0, 0));
    }
}

#[tokio::test]
async fn a_new_version_is_served_at_the_address_of_the_document() {
    let mut desk = Desk::new("rest").await;
    let path = format!("{}&name=book.txt", folder(&desk, "handbooks"));
    let first = created(desk.staff.put(&path, "the first").await).await;
    let id = &first["document_id"];
    let answer = desk.staff.replace(id, "book.txt", "the second").await;
    let address = format!("/v1/documents/{id}");
    assert_eq!(answer.headers()["location"].to_str().unwrap(), address);
    let second = created(answer).await;
    assert_eq!(second["document_id"], *id);
    assert_ne!(second["id"], first["id"]);
    for reader in [&desk.client, &desk.staff] {
        assert_eq!(reader.list(&desk, "").await, [second["id"].clone()]);
        let now = reader.read(&id.to_string()).await;
        assert_eq!(now.text().await.unwrap(), "the second");
    }
    // A version's own number names its document, too.
    let by_version = desk.client.read(&second["id"].to_string()).await;
    assert_eq!(by_version.text().await.unwrap(), "the second");
    let earlier = format!("{id}?version={}", first["id"]);
    let kept = desk.staff.read(&earlier).await;
    assert_eq!(kept.text().await.unwrap(), "the first");
    let hidden = desk.client.read(&earlier).await;
    let not_found = refused(404, "document_not_found", "");
    assert_eq!(refusal(hidden).await, not_found);

    // A version that is refused changes nothing.
    let program = desk.staff.replace(id, "book.txt", "#!/bin/sh\nrm x").await;
    assert_eq!(
        refusal(program).await,
        refused(422, "content_refused", "file")
    );
    assert_eq!(left(&mut desk).await, (2, 2));

    assert_eq!(desk.staff.delete(&earlier).await.status(), 204);
    assert_eq!(left(&mut desk).await, (1, 1));
    created(desk.staff.replace(id, "book.txt", "the third").await).await;
    assert_eq!(desk.staff.delete(&id.to_string()).await.status(), 204);
    assert_eq!(left(&mut desk).await, (0, 0));
}

#[tokio::test]
async fn what_a_document_lacks_is_named() {
    let mut desk = Desk::new("rest").await;
    let client = desk.client_id;
    let documents = format!("/v1/clients/{client}/documents");
    for (path, expected) in [
        (
            format!("{documents}?name=a.txt"),
            refused(422, "missing_field", "category"),
        ),
        (
            format!("{documents}?name=a.txt&category=contracts"),
            refused(422, "category_not_found", "category"),
        ),
        (
            format!("{documents}?category=policies"),
            refused(422, "missing_name", "name"),
        ),
        (
            format!("{documents}?name=a.bat&category=policies"),
            refused(422, "content_refused", "file"),
        ),
        (
            format!("{documents}?name=a.txt&kategory=policies"),
            refused(422, "invalid_query", ""),
        ),
        (
            "/v1/clients/7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10/documents?name=a.txt&category=policies"
                .to_owned(),
            refused(404, "client_not_found", ""),
        ),
        (
            "/v1/clients/acme/documents?name=a.txt&category=policies".to_owned(),
            refused(404, "client_not_found", ""),
        ),
    ] {
        let answer = desk.staff.put(&path, "text").await;
        assert_eq!(refusal(answer).await, expected, "{path}");
    }
    let unknown = format!("{documents}?name=a.txt&category=contracts");
    let told: Value = desk.staff.put(&unknown, "text").await.json().await.unwrap();
    assert_eq!(
        told["error"]["hint"], "There are handbooks, policies.",
        "{told}"
    );
    let document = "/v1/documents/999999999";
    let replaced = desk
        .staff
        .service(Method::PUT, &format!("{document}?name=a.txt"));
    let replaced = replaced.body("text").send().await.unwrap();
    let not_found = refused(404, "document_not_found", "");
    assert_eq!(refusal(replaced).await, not_found);
    assert_eq!(refusal(desk.staff.read("x").await).await, not_found);
    assert_eq!(left(&mut desk).await, (0, 0));
}

#[tokio::test]
async fn a_form_brings_a_documents_category_and_a_key_makes_one_of_two() {
    let mut desk = Desk::new("s3").await;
    let path = format!("/v1/clients/{}/documents", desk.client_id);
    let mut made = Vec::new();
    for _ in 0..2 {
        let form = multipart::Form::new().text("category", "handbooks").part(
            "file",
            multipart::Part::text("a book").file_name("book.txt"),
        );
        let request = desk.staff.service(Method::POST, &path).multipart(form);
        let request = request.header("idempotency-key", "a-book");
        made.push(created(request.send().await.unwrap()).await);
    }
    assert_eq!(made[0], made[1]);
    assert_eq!(made[0]["category"], "handbooks");
    let id = &made[0]["document_id"];
    for _ in 0..2 {
        let request = desk
            .staff
            .service(Method::PUT, &format!("/v1/documents/{id}?name=b.txt"));
        let request = request
            .header("idempotency-key", "another")
            .body("the next");
        created(request.send().await.unwrap()).await;
    }
    assert_eq!(left(&mut desk).await, (2, 2));
}

/// Reserves a document, or another version, and writes it past the service.
async fn written(desk: &Desk, path: &str, announced: Value, bytes: Option<&'static str>) -> Value {
    let request = desk.staff.service(Method::POST, path).json(&announced);
    let direct = created(request.send().await.unwrap()).await;
    if let Some(bytes) = bytes {
        let url = direct["upload"]["signed_url"].as_str().unwrap();
        let put = reqwest::Client::new().put(url);
        success(put.header("content-type", "text/plain").body(bytes)).await;
    }
    direct["file"].clone()
}

#[tokio::test]
async fn a_document_that_was_written_past_the_service_is_read_once_it_is_completed() {
    for storage in ["s3", "rest"] {
        let desk = Desk::new(storage).await;
        let documents = format!("/v1/clients/{}/documents/direct", desk.client_id);
        let announced = json!({"name": "a.txt", "size": 9, "category": "policies"});
        let row = written(&desk, &documents, announced, Some("the first")).await;
        let id = row["document_id"].to_string();
        assert_eq!(row["state"], "pending");
        assert_eq!(row["file_size"], 9);
        let not_found = refused(404, "document_not_found", "");
        assert_eq!(refusal(desk.client.read(&id).await).await, not_found);
        let complete = async |person: &Person| {
            let request = person.service(Method::POST, &format!("/v1/documents/{id}/complete"));
            request.send().await.unwrap()
        };
        assert_eq!(refusal(complete(&desk.client).await).await, not_found);
        for _ in 0..2 {
            let done: Value = complete(&desk.staff).await.json().await.unwrap();
            assert_eq!(
                (&done["id"], &done["state"]),
                (&row["id"], &json!("available"))
            );
        }
        let version = format!("/v1/documents/{id}/direct");
        let announced = json!({"name": "b.txt", "size": 10, "content_type": "text/plain"});
        let next = written(&desk, &version, announced, Some("the second")).await;
        let before = desk.client.read(&id).await;
        assert_eq!(before.text().await.unwrap(), "the first");
        let done: Value = complete(&desk.staff).await.json().await.unwrap();
        assert_eq!(
            (&done["id"], &done["state"]),
            (&next["id"], &json!("available"))
        );
        let after = desk.client.read(&id).await;
        assert_eq!(after.text().await.unwrap(), "the second");
    }
}

#[tokio::test]
async fn a_document_that_nobody_completes_is_verified_or_goes() {
    let mut desk = Desk::new("rest").await;
    let documents = format!("/v1/clients/{}/documents/direct", desk.client_id);
    let announced = |name: &str| json!({"name": name, "size": 6, "category": "policies"});
    let kept = written(&desk, &documents, announced("kept.txt"), Some("a note")).await;
    let program = Some("#!/bin/sh\nrm x");
    written(&desk, &documents, announced("refused.txt"), program).await;
    written(&desk, &documents, announced("never.txt"), None).await;
    let version = format!("/v1/documents/{}/direct", kept["document_id"]);
    let outcome = sweep(&mut desk).await;
    assert!(outcome.verified >= 1 && outcome.refused >= 1, "{outcome:?}");
    let announced = json!({"name": "next.txt", "size": 8});
    written(&desk, &version, announced, Some("the next")).await;
    sweep(&mut desk).await;
    let read = desk.client.read(&kept["document_id"].to_string()).await;
    assert_eq!(read.text().await.unwrap(), "the next");
    // What was refused is gone, and what was never written (a sweep of another test's service may have been first); both
    // versions are there.
    assert_eq!(left(&mut desk).await, (2, 2));
}
