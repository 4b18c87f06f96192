//! Files through the service, on a real project: who gets what back, and what bad input leaves behind.
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

mod again;
mod between;
mod case_work;
mod cli;
mod client_data;
mod desk;
mod direct;
mod documents;
mod killed;
mod limits;
mod moving;
#[path = "../support/people.rs"]
mod people;
mod scanner;
#[path = "../support/mod.rs"]
mod support;
mod sweeping;

use desk::{Desk, Files, created, refusal, refused, success, worker_url};
use futures::{StreamExt as _, stream};
use reqwest::{Body, Method, multipart};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

const NOTE: &str = "Größe und Gewicht.txt";

fn note() -> multipart::Part {
    multipart::Part::text("a note").file_name(NOTE)
}

#[tokio::test]
async fn a_clients_file_comes_back_byte_for_byte_under_its_own_name() {
    for storage in ["s3", "rest"] {
        let desk = Desk::new(storage).await;
        let form = multipart::Form::new().part("file", note());
        let row = created(desk.client.upload(&desk.case, form).await).await;
        assert_eq!(row["state"], "available");
        assert_eq!(row["bucket_id"], "client-bucket");
        assert_eq!(row["original_name"], NOTE);
        assert_eq!(row["file_size"], 6);
        assert_eq!(row["content_type"], "text/plain");
        assert_eq!(row["uploaded_by"], desk.client.id().to_string());
        let path = row["object_path"].as_str().unwrap();
        let folder = format!("{}/cases/{}/{}-", desk.client_id, desk.case, desk.case);
        assert!(
            path.starts_with(&folder) && path.ends_with("-grosse-und-gewicht.txt"),
            "{path}"
        );
        for reader in [&desk.client, &desk.staff] {
            let answer = reader.download(&row["id"]).await;
            assert_eq!(answer.status(), 200);
            let disposition = answer.headers()["content-disposition"].to_str().unwrap();
            assert!(
                disposition.ends_with("filename*=UTF-8''Gr%C3%B6%C3%9Fe%20und%20Gewicht.txt"),
                "{disposition}"
            );
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            assert_eq!(answer.bytes().await.unwrap(), "a note");
        }
        let stranger = desk.other_client.download(&row["id"]).await;
        assert_eq!(refusal(stranger).await, refused(404, "file_not_found", ""));
    }
}

#[tokio::test]
async fn an_internal_file_of_an_interaction_is_hidden_from_the_client() {
    let desk = Desk::new("s3").await;
    let interaction = desk.interaction(desk.case_id, false).await;
    let form = multipart::Form::new()
        .text("interaction_id", interaction.to_string())
        .text("visible_to_client", "false")
        .part("file", note());
    let row = created(desk.staff.upload(&desk.case, form).await).await;
    assert_eq!(row["bucket_id"], "admin-bucket");
    assert_eq!(row["interaction_id"], interaction);
    let name = row["file_name"].as_str().unwrap();
    assert!(
        name.starts_with(&format!("{}-interaction-{interaction}-", desk.case)),
        "{name}"
    );
    assert_eq!(desk.staff.download(&row["id"]).await.status(), 200);
    let hidden = desk.client.download(&row["id"]).await;
    assert_eq!(refusal(hidden).await, refused(404, "file_not_found", ""));
}

#[tokio::test]
async fn large_files_of_known_and_unknown_length_come_back_whole() {
    for storage in ["s3", "rest"] {
        let desk = Desk::new(storage).await;
        let bytes: Vec<u8> = (0..20_000_000_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let raw = desk
            .client
            .upload_raw(&desk.case, "name=raw.dat", bytes.clone())
            .await;
        let part = multipart::Part::bytes(bytes.clone()).file_name("form.dat");
        let form = desk
            .client
            .upload(&desk.case, multipart::Form::new().part("file", part))
            .await;
        for row in [created(raw).await, created(form).await] {
            assert_eq!(row["file_size"], 20_000_000);
            let back = desk
                .client
                .download(&row["id"])
                .await
                .bytes()
                .await
                .unwrap();
            assert!(
                back == bytes,
                "{storage}: {} came back changed",
                row["file_name"]
            );
        }
    }
}

#[tokio::test]
async fn a_part_of_a_file_can_be_asked_for() {
    let desk = Desk::new("s3").await;
    let row = created(
        desk.client
            .upload_raw(&desk.case, "name=a.txt", "0123456789")
            .await,
    )
    .await;
    let path = format!("/v1/files/{}", row["id"]);
    let part = desk
        .client
        .service(Method::GET, &path)
        .header("range", "bytes=2-4");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");
    assert_eq!(part.text().await.unwrap(), "234");
    let outside = desk
        .client
        .service(Method::GET, &path)
        .header("range", "bytes=20-30");
    let outside = outside.send().await.unwrap();
    assert_eq!(
        refusal(outside).await,
        refused(416, "range_not_satisfiable", "")
    );
}

#[tokio::test]
async fn a_link_gives_the_file_to_whoever_follows_it_and_only_a_reader_gets_one() {
    for storage in ["s3", "rest"] {
        let desk = Desk::new(storage).await;
        let part = multipart::Part::text("a note").file_name(NOTE);
        let form = multipart::Form::new().part("file", part);
        let row = created(desk.client.upload(&desk.case, form).await).await;
        let path = format!("/v1/files/{}?mode=redirect", row["id"]);
        // reqwest follows, and leaves the token behind where the address is another.
        let followed = success(desk.staff.service(Method::GET, &path)).await;
        assert!(followed.url().path().contains("/object/sign/"));
        let name = followed.headers()["content-disposition"].to_str().unwrap();
        assert!(name.starts_with("attachment;"), "{name}");
        assert!(
            name.contains("Gr%C3%B6%C3%9Fe%20und%20Gewicht.txt"),
            "{name}"
        );
        assert_eq!(followed.text().await.unwrap(), "a note");
        let stranger = desk.other_client.service(Method::GET, &path).send().await;
        assert_eq!(
            refusal(stranger.unwrap()).await,
            refused(404, "file_not_found", "")
        );
    }
}

#[tokio::test]
async fn two_hundred_files_of_one_name_at_once_all_get_their_own() {
    let desk = Desk::new("s3").await;
    let words = |n: usize| format!("photo {n}");
    let uploads = (0..200).map(|n| {
        let query = "name=image.txt";
        desk.client.upload_raw(&desk.case, query, words(n))
    });
    let mut names = std::collections::BTreeSet::new();
    for (n, answer) in futures::future::join_all(uploads)
        .await
        .into_iter()
        .enumerate()
    {
        let row = created(answer).await;
        assert_eq!(row["original_name"], "image.txt");
        let back = desk.client.download(&row["id"]).await.text().await.unwrap();
        assert_eq!(back, words(n));
        names.insert(row["file_name"].as_str().unwrap().to_owned());
    }
    assert_eq!(names.len(), 200);
    assert!(
        names.iter().any(|n| n.ends_with("-image (2).txt")),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_missing_case_and_an_invisible_one_answer_alike() {
    let mut desk = Desk::new("s3").await;
    let missing = desk
        .client
        .upload_raw("CASE-999999", "name=a.txt", "text")
        .await;
    let invisible = desk
        .other_client
        .upload_raw(&desk.case, "name=a.txt", "text")
        .await;
    for answer in [missing, invisible] {
        assert_eq!(refusal(answer).await, refused(404, "case_not_found", ""));
    }
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn an_interaction_of_another_case_or_an_invisible_one_is_named() {
    let mut desk = Desk::new("s3").await;
    let other = json!({"client_id": desk.client_id, "title": "Another case"});
    let other = desk.client.insert("cases", other).await.unwrap();
    let other = other["id"].as_i64().unwrap();
    let elsewhere = desk.interaction(other, true).await;
    let internal = desk.interaction(desk.case_id, false).await;
    for interaction in [elsewhere, internal] {
        let query = format!("name=a.txt&interaction_id={interaction}");
        let answer = desk.client.upload_raw(&desk.case, &query, "text").await;
        assert_eq!(
            refusal(answer).await,
            refused(422, "interaction_not_found", "interaction_id")
        );
    }
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn a_client_cannot_hang_a_visible_file_on_an_internal_interaction() {
    let mut desk = Desk::new("s3").await;
    let internal = desk.interaction(desk.case_id, false).await;
    let query = format!("name=a.txt&visible_to_client=true&interaction_id={internal}");
    let answer = desk.staff.upload_raw(&desk.case, &query, "text").await;
    assert_eq!(
        refusal(answer).await,
        refused(422, "refused_by_database", "")
    );
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn bad_names_and_contents_are_refused_and_leave_nothing() {
    let mut desk = Desk::new("s3").await;
    let long = "%C3%A4".repeat(300);
    for (query, body, expected) in [
        ("name=empty.txt", "", refused(422, "empty_file", "file")),
        (
            "name=..%2F..%2Fpasswd",
            "text",
            refused(422, "invalid_name", "name"),
        ),
        (
            &format!("name={long}.txt"),
            "text",
            refused(422, "invalid_name", "name"),
        ),
        (
            "name=a%00b.txt",
            "text",
            refused(422, "invalid_name", "name"),
        ),
        (
            "name=report.pdf",
            "MZ no pdf",
            refused(422, "content_refused", "file"),
        ),
        (
            "name=photo.png",
            "<svg onload=alert(1)>",
            refused(422, "content_refused", "file"),
        ),
        (
            "name=tool.exe",
            "anything",
            refused(422, "content_refused", "file"),
        ),
        (
            "name=tool.bat.",
            "anything",
            refused(422, "content_refused", "file"),
        ),
        (
            "name=report.pdf.",
            "no pdf",
            refused(422, "content_refused", "file"),
        ),
        (
            "name=tool.exe::$DATA",
            "anything",
            refused(422, "invalid_name", "name"),
        ),
        ("name=+", "text", refused(422, "invalid_name", "name")),
        ("name=aux.txt", "text", refused(422, "invalid_name", "name")),
        (
            "name=page.html",
            "<p>",
            refused(422, "content_refused", "file"),
        ),
    ] {
        let answer = desk
            .client
            .upload_raw(&desk.case, query, body.to_owned())
            .await;
        assert_eq!(refusal(answer).await, expected);
    }
    desk.nothing_is_left_behind().await;
}

/// Schemathesis can't see this one: there are other reasons to refuse a file that its document allows.
#[tokio::test]
async fn the_longest_name_is_the_one_in_the_document_in_any_script_and_its_objects_is_bounded() {
    let desk = Desk::new("s3").await;
    let api = desk.client.service(Method::GET, "/openapi.json");
    let api: Value = success(api).await.json().await.unwrap();
    let upload = &api["paths"]["/v1/cases/{case_id}/files"]["post"];
    let parameters = upload["parameters"].as_array().unwrap();
    let name = parameters.iter().find(|p| p["name"] == "name").unwrap();
    assert_eq!(name["required"], true);
    let longest = usize::try_from(name["schema"]["maxLength"].as_u64().unwrap()).unwrap();
    let upload = |length: usize| {
        let name = format!("{}.txt", "ж".repeat(length - ".txt".len()));
        let part = multipart::Part::text("text").file_name(name.clone());
        let form = multipart::Form::new().part("file", part);
        let answer = desk.client.upload(&desk.case, form);
        async { (answer.await, name) }
    };
    let (answer, name) = upload(longest).await;
    let row = created(answer).await;
    assert_eq!(row["original_name"], name);
    let file_name = row["file_name"].as_str().unwrap();
    assert!(
        file_name.len() <= 200 && file_name.ends_with(".txt"),
        "{file_name}"
    );
    let (answer, _) = upload(longest + 1).await;
    assert_eq!(refusal(answer).await, refused(422, "invalid_name", "name"));
}

#[tokio::test]
async fn a_name_is_the_same_in_whatever_dress_it_comes() {
    let desk = Desk::new("s3").await;
    let path = format!("/v1/cases/{}/files", desk.case);
    for (query, filename) in [
        ("", &b"filename=\"Gr\xc3\xb6\xc3\x9fe.txt\""[..]),
        ("", b"FILENAME=\"Gr\xc3\xb6\xc3\x9fe.txt\""),
        ("", b"filename=\"Gr\xf6\xdfe.txt\""),
        ("", b"filename*=utf-8''Gr%C3%B6%C3%9Fe.txt"),
        ("", b"filename=\"Gr%C3%B6%C3%9Fe.txt\""),
        ("", b"filename=\"=?UTF-8?B?R3LDtsOfZS50eHQ=?=\""),
        ("?name=Gr%C3%B6%C3%9Fe.txt", b"filename=\"blob\""),
        ("?name=Gr%C3%B6%C3%9Fe.txt", b"x=y"),
        // As macOS has it, and out of a text that is read from right to left.
        ("?name=Gro%CC%88%C3%9Fe.txt", b"x=y"),
        ("?name=%E2%80%AAGr%C3%B6%C3%9Fe.txt%E2%80%AC", b"x=y"),
    ] {
        let head = b"--b\r\ncontent-disposition: form-data; name=\"file\"; ";
        let form = [&head[..], filename, b"\r\n\r\ntext\r\n--b--\r\n"].concat();
        let request = desk.client.service(Method::POST, &format!("{path}{query}"));
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        let row = created(request.body(form).send().await.unwrap()).await;
        let what = String::from_utf8_lossy(filename);
        assert_eq!(row["original_name"], "Größe.txt", "{query} {what}");
        let object = row["file_name"].as_str().unwrap();
        assert!(
            object.contains("-grosse") && object.ends_with(".txt"),
            "{object}"
        );
    }
}

#[tokio::test]
async fn a_browsers_form_is_as_long_as_it_says_or_nothing_of_it_is_kept() {
    const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
    async fn send(desk: &Desk, form: String) -> reqwest::Response {
        let path = format!("/v1/cases/{}/files", desk.case);
        let request = desk.client.service(Method::POST, &path);
        let form_data = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = request.header("content-type", form_data);
        request.body(form).send().await.unwrap()
    }
    let text = "a line of text\n".repeat(400_000);
    let form = |end: &str| {
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\
             {text}\r\n--{BOUNDARY}{end}"
        )
    };
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        for end in ["--", "--\r\nan epilogue"] {
            let answer = send(&desk, form(end)).await;
            assert_eq!(refusal(answer).await, refused(400, "invalid_form", ""));
            desk.nothing_is_left_behind().await;
        }
        let row = created(send(&desk, form("--\r\n")).await).await;
        assert_eq!(row["state"], "available");
        let came = desk.client.download(&row["id"]).await.text().await.unwrap();
        assert!(came == text, "{storage}");
    }
}

#[tokio::test]
async fn an_upload_finishes_after_the_databases_connections_ended() {
    let mut url = worker_url();
    url.set_query(Some("application_name=ending"));
    let database = ("CASEBASE_DATABASE_URL", url.as_str());
    let mut desk = Desk::with(&[("CASEBASE_STORAGE", "rest"), database]).await;
    let end = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where application_name = 'ending'";
    for _ in 0..2 {
        let upload = desk.client.upload_raw(&desk.case, "name=a.txt", "text");
        created(upload.await).await;
        let ended = sqlx::query_scalar::<_, i64>(end);
        assert!(ended.fetch_one(&mut desk.database).await.unwrap() > 0);
        // A connection that was used just now is taken for alive.
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    }
}

#[tokio::test]
async fn an_upload_cut_off_half_way_is_taken_back() {
    let half = "x".repeat(2_000_000);
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        let head = |extra: &str| {
            format!(
                "POST /v1/cases/{}/files?name=a.txt HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{extra}\r\n\r\n",
                desk.case,
                desk.client.token(),
            )
        };
        let known = head("content-length: 4000000") + &half;
        let chunked = head("transfer-encoding: chunked") + &format!("3d0900\r\n{half}");
        let form = head("content-type: multipart/form-data; boundary=b\r\ncontent-length: 4000000")
            + "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
            + &half;
        for request in [known, chunked, form] {
            let mut connection = TcpStream::connect(desk.service).await.unwrap();
            connection.write_all(request.as_bytes()).await.unwrap();
            // Only what was reserved can be left behind.
            desk.something_is_reserved().await;
            drop(connection);
            desk.nothing_is_left_behind().await;
        }
    }
}

#[tokio::test]
async fn a_token_that_ends_while_its_upload_runs_is_said_and_nothing_is_left() {
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        let url = format!("http://{}/v1/cases/{}/files", desk.service, desk.case);
        let beginning = || Ok::<_, std::io::Error>("a".repeat(6_000_000));
        // Less than the limit that another test here gives the bucket for a while.
        for length in [Some(20_000_000_u64), None] {
            let slow = stream::iter([beginning()]).chain(stream::pending());
            let mut upload = reqwest::Client::new()
                .post(format!("{url}?name=slow.txt"))
                .bearer_auth(desk.token_of_the_client(3))
                .body(Body::wrap_stream(slow));
            if let Some(length) = length {
                upload = upload.header("content-length", length);
            }
            let answer = upload.send().await.unwrap();
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            assert_eq!(refusal(answer).await, refused(401, "expired_token", ""));
            desk.nothing_is_left_behind().await;
        }
    }
}

#[tokio::test]
async fn storage_that_is_down_is_said_clearly_and_leaves_nothing() {
    let nowhere = "http://127.0.0.1:9/storage/v1/s3";
    let mut desk = Desk::with(&[
        ("CASEBASE_STORAGE", "s3"),
        ("SUPABASE_S3_ENDPOINT", nowhere),
    ])
    .await;
    let answer = desk
        .client
        .upload_raw(&desk.case, "name=a.txt", "text")
        .await;
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(
        refusal(answer).await,
        refused(503, "storage_unavailable", "")
    );
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn a_file_that_a_frontend_wrote_itself_is_seen_by_others_once_it_is_verified() {
    let desk = Desk::new("s3").await;
    let id = desk.written_by_hand("direct.txt").await;
    let hidden = desk.staff.download(&id).await;
    assert_eq!(refusal(hidden).await, refused(404, "file_not_found", ""));
    let verify = format!("/v1/files/{}/verify", id);
    let by_others = desk
        .staff
        .service(Method::POST, &verify)
        .send()
        .await
        .unwrap();
    assert_eq!(by_others.status(), 404);
    let verified: Value = success(desk.client.service(Method::POST, &verify))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(verified["state"], "available");
    assert_eq!(desk.staff.download(&id).await.text().await.unwrap(), "text");
}

#[tokio::test]
async fn a_client_may_not_delete_a_verified_file_and_staff_may() {
    let mut desk = Desk::new("s3").await;
    let row = created(
        desk.client
            .upload_raw(&desk.case, "name=a.txt", "text")
            .await,
    )
    .await;
    let path = format!("/v1/files/{}", row["id"]);
    let by_client = desk
        .client
        .service(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(by_client).await, refused(403, "not_allowed", ""));
    assert_eq!(desk.client.download(&row["id"]).await.status(), 200);
    let by_stranger = desk
        .other_client
        .service(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(by_stranger.status(), 404);
    let by_staff = desk
        .staff
        .service(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(by_staff.status(), 204);
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn deleting_a_file_twice_at_once_is_never_refused() {
    let mut desk = Desk::new("rest").await;
    for _ in 0..5 {
        let upload = desk.client.upload_raw(&desk.case, "name=a.txt", "text");
        let row = created(upload.await).await;
        let path = format!("/v1/files/{}", row["id"]);
        let delete = || desk.staff.service(Method::DELETE, &path).send();
        let (one, other) = tokio::join!(delete(), delete());
        for answer in [one.unwrap(), other.unwrap()] {
            let status = answer.status();
            assert!(matches!(status.as_u16(), 204 | 404), "{status}");
        }
    }
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn a_large_upload_that_is_refused_at_once_hears_why() {
    let desk = Desk::new("s3").await;
    let chunk = "x".repeat(1_000_000);
    let chunks = futures::stream::iter(std::iter::repeat_n(chunk, 60).map(Ok::<_, std::io::Error>));
    let answer = desk
        .client
        .upload_raw("CASE-999999", "name=a.txt", Body::wrap_stream(chunks))
        .await;
    assert_eq!(refusal(answer).await, refused(404, "case_not_found", ""));
}

#[tokio::test]
async fn cases_are_opened_listed_read_and_moved_on_by_who_may() {
    let desk = Desk::new("s3").await;
    let new = json!({"client_id": desk.client_id, "title": "Over the service"});
    let opened = desk.client.service(Method::POST, "/v1/cases").json(&new);
    let opened: Value = success(opened).await.json().await.unwrap();
    let case = opened["case_id"].as_str().unwrap();
    assert_eq!(opened["status"], "open");

    let list = success(desk.client.service(Method::GET, "/v1/cases?page_size=1")).await;
    let list: Value = list.json().await.unwrap();
    assert_eq!(
        (&list["total"], &list["cases"][0]["case_id"]),
        (&json!(2), &opened["case_id"])
    );
    let path = format!("/v1/cases/{case}");
    let theirs = desk
        .other_client
        .service(Method::GET, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(theirs).await, refused(404, "case_not_found", ""));

    let progress = json!({"status": "in_progress"});
    let by_client = desk
        .client
        .service(Method::PATCH, &path)
        .json(&progress)
        .send()
        .await
        .unwrap();
    assert_eq!(by_client.status(), 403);
    let by_staff = success(desk.staff.service(Method::PATCH, &path).json(&progress)).await;
    assert_eq!(
        by_staff.json::<Value>().await.unwrap()["status"],
        "in_progress"
    );
    let nonsense = desk
        .staff
        .service(Method::PATCH, &path)
        .json(&json!({"status": "lost"}));
    assert_eq!(nonsense.send().await.unwrap().status(), 422);
    let foreign = json!({"client_id": desk.client_id, "title": "Not mine"});
    let foreign = desk
        .other_client
        .service(Method::POST, "/v1/cases")
        .json(&foreign);
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn sixteen_verifications_at_once_wait_their_turn() {
    let desk = Desk::new("rest").await;
    let mut files = Vec::new();
    for n in 0..16 {
        files.push(desk.written_by_hand(&format!("{n}.txt")).await);
    }
    let verify = |id: &Value| {
        let path = format!("/v1/files/{id}/verify");
        desk.client.service(Method::POST, &path).send()
    };
    // Somebody else holds the rows: the first verifications wait in the database, the others for them.
    let mut elsewhere = desk.another_connection().await;
    let mut holds = elsewhere.begin().await.unwrap();
    let rows = sqlx::query("select from public.case_files where case_id = $1 for update");
    rows.bind(desk.case_id).execute(&mut *holds).await.unwrap();
    let release = async {
        // Longer than the service once waited for a connection.
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        holds.rollback().await.unwrap();
    };
    let verified = futures::future::join_all(files.iter().map(verify));
    for answer in tokio::join!(verified, release).0 {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn a_buckets_limit_holds_for_bodies_of_unknown_length() {
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        let bucket = "update storage.buckets set file_size_limit = $1 where id = 'client-bucket'";
        let limit = sqlx::query(bucket).bind(25_000_000_i64);
        limit.execute(&mut desk.database).await.unwrap();
        let chunk = "x".repeat(1_000_000);
        let chunks = std::iter::repeat_n(chunk, 26).map(Ok::<_, std::io::Error>);
        let body = Body::wrap_stream(futures::stream::iter(chunks));
        let raw = desk.client.upload_raw(&desk.case, "name=a.txt", body).await;
        let part = multipart::Part::bytes(vec![b'x'; 26_000_000]).file_name("a.txt");
        let form = multipart::Form::new().part("file", part);
        let form = desk.client.upload(&desk.case, form).await;
        for answer in [raw, form] {
            let expected = refused(413, "file_too_large", "file");
            assert_eq!(refusal(answer).await, expected, "{storage}");
        }
        desk.nothing_is_left_behind().await;
        let limit = sqlx::query(bucket).bind(52_428_800_i64);
        limit.execute(&mut desk.database).await.unwrap();
    }
}

#[tokio::test]
async fn the_stored_type_is_what_the_bytes_are_and_the_row_says_when_the_name_differs() {
    const JPEG: &str = "\u{ff}\u{d8}\u{ff}\u{e0}\0\u{10}JFIF\0\u{1}\u{1}\0\0\u{1}\0\u{1}\0\0";
    let jpeg: Vec<u8> = JPEG.chars().map(|c| c as u8).collect();
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        for (name, bytes, content_type, notes) in [
            (
                "IMG_1.PNG",
                jpeg.clone(),
                "image/jpeg",
                json!(["named_otherwise"]),
            ),
            (
                "page.txt",
                b"<script>1</script>".to_vec(),
                "text/plain",
                json!(["web_page"]),
            ),
            (
                "umsatz.xls",
                b"<table><tr><td>1".to_vec(),
                "text/plain",
                json!(["web_page"]),
            ),
            ("a.csv", b"a;b\r\n".to_vec(), "text/csv", json!([])),
        ] {
            let query = format!("name={name}");
            let row = created(desk.client.upload_raw(&desk.case, &query, bytes).await).await;
            assert_eq!(row["content_type"], content_type, "{name}");
            assert_eq!(row["notes"], notes, "{name}");
            let stored = sqlx::query_scalar::<_, String>(
                "select metadata ->> 'mimetype' from storage.objects where name = $1",
            );
            let stored = stored.bind(row["object_path"].as_str().unwrap());
            let stored = stored.fetch_one(&mut desk.database).await.unwrap();
            assert_eq!(stored, content_type, "{name}");
        }
    }
}

#[tokio::test]
async fn what_the_operator_does_not_take_is_refused() {
    let desk = Desk::with(&[
        ("CASEBASE_FILE_FAMILIES", "pdf,archive"),
        ("CASEBASE_RISKY_CONTENT", "refuse"),
        ("CASEBASE_MAX_FILE_BYTES", "1000"),
    ])
    .await;
    let damaged = "PK\u{3}\u{4}and no end";
    let large = format!("%PDF-1.7{}", "x".repeat(1000));
    for (name, body, expected) in [
        ("a.txt", "text", refused(422, "content_refused", "file")),
        ("a.zip", damaged, refused(422, "content_refused", "file")),
        ("a.pdf", &large, refused(413, "file_too_large", "file")),
    ] {
        let query = format!("name={name}");
        let answer = desk.client.upload_raw(&desk.case, &query, body.to_owned());
        assert_eq!(refusal(answer.await).await, expected, "{name}");
    }
    let answer = desk.client.upload_raw(&desk.case, "name=a.pdf", "%PDF-1.7");
    assert_eq!(answer.await.status(), 201);
}

#[tokio::test]
async fn bytes_that_its_uploader_slips_in_while_the_service_writes_are_never_served() {
    let ours = "a".repeat(200_000);
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        let (resume, resumed) = tokio::sync::oneshot::channel::<()>();
        let (begin, end) = ours.split_at(100_000);
        let begin = stream::iter([Ok::<_, std::io::Error>(begin.to_owned())]);
        let end = end.to_owned();
        let end = stream::once(async move {
            let _ = resumed.await;
            Ok(end)
        });
        let path = format!("/v1/cases/{}/files?name=a.txt", desk.case);
        let upload = desk.client.service(Method::POST, &path);
        let upload = upload.header("content-length", 200_000);
        let upload = upload.body(Body::wrap_stream(begin.chain(end))).send();
        let slip_in = async {
            let object = sqlx::query_scalar::<_, String>(
                "select bucket_id || '/' || object_path from public.case_files where case_id = $1",
            );
            desk.something_is_reserved().await;
            let object = object
                .bind(desk.case_id)
                .fetch_one(&mut desk.database)
                .await;
            let signing = format!("/storage/v1/object/upload/sign/{}", object.unwrap());
            let signed = desk.client.supabase(Method::POST, &signing);
            let signed = success(signed.header("x-upsert", "true")).await;
            let signed: Value = signed.json().await.unwrap();
            let url = format!("/storage/v1{}", signed["url"].as_str().unwrap());
            let theirs = desk.client.supabase(Method::PUT, &url);
            let theirs = theirs.header("content-type", "text/plain");
            success(theirs.body("b".repeat(200_000))).await;
            resume.send(()).unwrap();
        };
        let (answer, ()) = tokio::join!(upload, slip_in);
        let answer = answer.unwrap();
        if answer.status() != 201 {
            assert_eq!(refusal(answer).await, refused(409, "object_exists", ""));
            desk.nothing_is_left_behind().await;
            continue;
        }
        let row: Value = answer.json().await.unwrap();
        assert_eq!(row["state"], "available", "{storage}");
        let served = desk.staff.download(&row["id"]).await.text().await.unwrap();
        assert!(served == ours, "{storage}: it serves what was slipped in");
    }
}

#[tokio::test]
async fn a_digest_that_came_along_has_to_be_the_files() {
    const MD5: &str = "HLJR7A1WjeapKbUgxK7Y0Q==";
    const SHA256: &str = "sha-256=:mC2ePrmW9VnmM/TRlN7zdh2Qn1o7ZH0ahR/q1nwyydE=:";
    let mut desk = Desk::new("rest").await;
    let path = format!("/v1/cases/{}/files", desk.case);
    let text = |header: &str, value: &str| {
        let request = desk
            .client
            .service(Method::POST, &format!("{path}?name=a.txt"));
        request.header(header, value).body("text").send()
    };
    let wrong = refused(400, "digest_mismatch", "content-md5");
    let other = "AAAAAAAAAAAAAAAAAAAAAA==";
    assert_eq!(
        refusal(text("content-md5", other).await.unwrap()).await,
        wrong
    );
    let malformed = refused(400, "invalid_digest", "digest");
    assert_eq!(
        refusal(text("digest", "md5=x").await.unwrap()).await,
        malformed
    );
    let form = |headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| {
            let name = reqwest::header::HeaderName::try_from(*name).unwrap();
            (name, value.parse().unwrap())
        });
        let part = multipart::Part::text("text").file_name("a.txt");
        let part = part.headers(headers.collect());
        multipart::Form::new().part("file", part)
    };
    let answer = desk
        .client
        .upload(&desk.case, form(&[("content-md5", other)]));
    assert_eq!(refusal(answer.await).await, wrong);
    let of_form = desk
        .client
        .service(Method::POST, &path)
        .multipart(form(&[]));
    let of_form = of_form.header("content-md5", other).send().await.unwrap();
    assert_eq!(
        refusal(of_form).await,
        refused(400, "digest_of_form", "content-md5")
    );

    for (header, value) in [
        ("content-md5", MD5),
        ("repr-digest", SHA256),
        ("digest", &*format!("MD5={MD5}")),
    ] {
        created(text(header, value).await.unwrap()).await;
    }
    let answer = desk
        .client
        .upload(&desk.case, form(&[("repr-digest", SHA256)]));
    created(answer.await).await;
    assert_eq!(desk.left_behind().await, (4, 4));
}
