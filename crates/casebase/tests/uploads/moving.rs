//! A file is shown to the client or hidden from them: it moves, and nothing of its old place is left.

use casebase::commands::demo::person::Person;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    between::Between,
    desk::{Desk, Files, created, refusal, refused, success},
};

async fn change(person: &Person, id: &Value, visible: bool) -> Response {
    let request = person.service(Method::POST, &format!("/v1/files/{id}/visibility"));
    let request = request.json(&json!({"visible_to_client": visible}));
    request.send().await.unwrap()
}

async fn changed(person: &Person, id: &Value, visible: bool) -> Value {
    let answer = change(person, id, visible).await;
    let status = answer.status();
    let row: Value = answer.json().await.unwrap();
    assert_eq!(status, 200, "{row}");
    assert_eq!(row["visible_to_client"], visible);
    assert_eq!(row["other_state"], Value::Null);
    row
}

async fn internal_file(desk: &Desk) -> Value {
    let query = "name=plan.txt&visible_to_client=false";
    created(desk.staff.upload_raw(&desk.case, query, "a note").await).await
}

/// A link to the bytes that asks nobody, as it was given before they moved.
async fn link(person: &Person, row: &Value) -> String {
    let (bucket, path) = (row["bucket_id"].as_str(), row["object_path"].as_str());
    let path = format!(
        "/storage/v1/object/sign/{}/{}",
        bucket.unwrap(),
        path.unwrap()
    );
    let request = person.supabase(Method::POST, &path);
    let signed = success(request.json(&json!({"expiresIn": 600}))).await;
    let signed: Value = signed.json().await.unwrap();
    let place = crate::support::project().setting("SUPABASE_URL");
    format!(
        "{place}/storage/v1{}",
        signed["signedURL"].as_str().unwrap()
    )
}

#[tokio::test]
async fn a_file_moves_there_and_back_and_its_old_places_serve_nothing() {
    for storage in ["s3", "rest"] {
        let mut desk = Desk::new(storage).await;
        let row = internal_file(&desk).await;
        let id = &row["id"];
        let mut links = vec![link(&desk.staff, &row).await];
        assert_eq!(desk.client.download(id).await.status(), 404);

        let shown = changed(&desk.staff, id, true).await;
        assert_eq!(shown["bucket_id"], "client-bucket");
        assert_eq!(shown["original_name"], "plan.txt");
        assert_eq!(shown["sha256"], row["sha256"]);
        links.push(link(&desk.client, &shown).await);
        let read = desk.client.download(id).await.text().await.unwrap();
        assert_eq!(read, "a note");

        let hidden = changed(&desk.staff, id, false).await;
        assert_eq!(hidden["bucket_id"], "admin-bucket");
        assert_ne!(hidden["object_path"], row["object_path"], "its first place");
        assert_eq!(desk.client.download(id).await.status(), 404);
        let read = desk.staff.download(id).await.text().await.unwrap();
        assert_eq!(read, "a note");
        for link in links {
            let late = reqwest::get(link).await.unwrap();
            assert_eq!(late.status(), 400);
        }
        assert_eq!(desk.left_behind().await, (1, 1));
        // What it is already it becomes without moving.
        assert_eq!(changed(&desk.staff, id, false).await, hidden);
        success(
            desk.staff
                .service(Method::DELETE, &format!("/v1/files/{id}")),
        )
        .await;
        desk.nothing_is_left_behind().await;
    }
}

#[tokio::test]
async fn only_staff_of_the_case_move_a_file() {
    let desk = Desk::new("rest").await;
    let form = "name=mine.txt";
    let row = created(desk.client.upload_raw(&desk.case, form, "a note").await).await;
    let own = refusal(change(&desk.client, &row["id"], false).await).await;
    assert_eq!(own, refused(403, "not_allowed", ""));
    let strange = refusal(change(&desk.other_client, &row["id"], false).await).await;
    assert_eq!(strange, refused(404, "file_not_found", ""));
    let missing = refusal(change(&desk.staff, &json!(0), false).await).await;
    assert_eq!(missing, refused(404, "file_not_found", ""));
}

/// What is asked of the database alone, as a frontend may, and as a service does that dies afterwards.
async fn asked(person: &Person, id: &Value, visible: bool) -> Value {
    let asked = json!({"file_id": id, "visible_to_client": visible});
    person
        .rpc("change_file_visibility")
        .call(&asked)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_move_goes_on_wherever_it_stopped() {
    for steps in 1..=4 {
        let mut desk = Desk::new("rest").await;
        let row = internal_file(&desk).await;
        let id = &row["id"];
        let moving = asked(&desk.staff, id, true).await;
        assert_eq!(moving["visible_to_client"], false);
        if steps > 1 {
            let copy = json!({
                "bucketId": row["bucket_id"], "sourceKey": row["object_path"],
                "destinationBucket": moving["other_bucket_id"], "destinationKey": moving["other_object_path"],
            });
            let copying = desk.staff.supabase(Method::POST, "/storage/v1/object/copy");
            success(copying.json(&copy)).await;
        }
        if steps > 2 {
            let switch = "select casebase.file_move_finish($1, casebase.file_move_copied($1), $2)";
            let switch = sqlx::query(switch).bind(id.as_i64().unwrap());
            let switch = switch.bind(row["sha256"].as_str().unwrap());
            switch.execute(&mut desk.database).await.unwrap();
            assert_eq!(desk.client.download(id).await.status(), 200);
        } else {
            assert_eq!(desk.client.download(id).await.status(), 404);
            assert_eq!(desk.staff.download(id).await.status(), 200);
        }
        if steps > 3 {
            let path = row["object_path"].as_str().unwrap();
            let old = format!("/storage/v1/object/admin-bucket/{path}");
            success(desk.staff.supabase(Method::DELETE, &old)).await;
        }
        changed(&desk.staff, id, true).await;
        let read = desk.client.download(id).await.text().await.unwrap();
        assert_eq!(read, "a note", "after {steps}");
        assert_eq!(desk.left_behind().await, (1, 1));
    }
}

#[tokio::test]
async fn other_bytes_in_the_copys_place_are_never_the_file() {
    let mut desk = Desk::new("rest").await;
    let row = internal_file(&desk).await;
    let id = &row["id"];
    let moving = asked(&desk.staff, id, true).await;
    let path = moving["other_object_path"].as_str().unwrap();
    let place = format!("/storage/v1/object/client-bucket/{path}");
    let other = desk.staff.supabase(Method::POST, &place);
    success(other.header("content-type", "text/plain").body("other!")).await;
    let answer = refusal(change(&desk.staff, id, true).await).await;
    assert_eq!(answer, refused(502, "storage_error", ""));
    assert_eq!(desk.left_behind().await, (1, 1));
    assert_eq!(desk.client.download(id).await.status(), 404);
    changed(&desk.staff, id, true).await;
    let read = desk.client.download(id).await.text().await.unwrap();
    assert_eq!(read, "a note");
}

#[tokio::test]
async fn what_is_hidden_is_hidden_at_once_and_a_move_can_be_called_off() {
    let mut desk = Desk::new("rest").await;
    let row = created(
        desk.client
            .upload_raw(&desk.case, "name=a.txt", "a note")
            .await,
    )
    .await;
    let id = &row["id"];
    let hiding = asked(&desk.staff, id, false).await;
    assert_eq!(hiding["visible_to_client"], false);
    assert_eq!(desk.client.download(id).await.status(), 404);
    let back = changed(&desk.staff, id, true).await;
    assert_eq!(back["object_path"], row["object_path"]);
    assert_eq!(desk.client.download(id).await.status(), 200);
    assert_eq!(desk.left_behind().await, (1, 1));
}

#[tokio::test]
async fn a_file_that_moves_can_be_deleted_with_its_copy() {
    let mut desk = Desk::new("rest").await;
    let row = internal_file(&desk).await;
    let moving = asked(&desk.staff, &row["id"], true).await;
    let copy = json!({
        "bucketId": row["bucket_id"], "sourceKey": row["object_path"],
        "destinationBucket": moving["other_bucket_id"], "destinationKey": moving["other_object_path"],
    });
    let copying = desk.staff.supabase(Method::POST, "/storage/v1/object/copy");
    success(copying.json(&copy)).await;
    let path = format!("/v1/files/{}", row["id"]);
    success(desk.staff.service(Method::DELETE, &path)).await;
    desk.nothing_is_left_behind().await;
}

#[tokio::test]
async fn a_file_of_an_interaction_that_was_hidden_meanwhile_stays_internal() {
    let mut desk = Desk::new("rest").await;
    let interaction = desk.interaction(desk.case_id, true).await;
    let query = format!("name=a.txt&visible_to_client=false&interaction_id={interaction}");
    let row = created(desk.staff.upload_raw(&desk.case, &query, "a note").await).await;
    asked(&desk.staff, &row["id"], true).await;
    let path = format!("/rest/v1/interactions?id=eq.{interaction}");
    let hide = desk.staff.supabase(Method::PATCH, &path);
    success(hide.json(&json!({"visible_to_client": false}))).await;
    let answer = refusal(change(&desk.staff, &row["id"], true).await).await;
    assert_eq!((answer.0, answer.1.as_str()), (422, "refused_by_database"));
    assert_eq!(desk.client.download(&row["id"]).await.status(), 404);
    assert_eq!(desk.left_behind().await.0, 1);
}

/// Whoever shows a file while somebody else shows it, hides it or deletes it hears what became of it, at whichever step the
/// other came between.
#[tokio::test(flavor = "multi_thread")]
async fn who_loses_a_race_hears_how_the_file_is_now() {
    for storage in ["s3", "rest"] {
        let between = Between::default();
        let supabase = between.listen().await;
        let s3 = format!("{supabase}/storage/v1/s3");
        let mut desk = Desk::new(storage).await;
        let settings = [
            ("CASEBASE_STORAGE", storage),
            ("SUPABASE_URL", supabase.as_str()),
            ("SUPABASE_S3_ENDPOINT", s3.as_str()),
        ];
        let (service, _stop) = desk.another_service(&settings).await;
        let other = desk.more_staff().await;
        let show = async |id: &Value| {
            let path = format!("/v1/files/{id}/visibility");
            let show = desk
                .staff
                .at(&format!("http://{service}"), Method::POST, &path);
            let show = show.json(&json!({"visible_to_client": true}));
            show.send().await.unwrap()
        };
        between.begin(desk.staff.token(), None);
        let alone = internal_file(&desk).await;
        assert_eq!(show(&alone["id"]).await.status(), 200);
        let steps = between.count();
        for (step, after) in (0..steps).flat_map(|step| [(step, false), (step, true)]) {
            for others in ["shows", "hides", "deletes"] {
                let id = &internal_file(&desk).await["id"];
                let path = format!("/v1/files/{id}");
                let change = match others {
                    "deletes" => other.service(Method::DELETE, &path),
                    _ => other
                        .service(Method::POST, &format!("{path}/visibility"))
                        .json(&json!({"visible_to_client": others == "shows"})),
                };
                let deed = async move {
                    let answer = change.send().await.unwrap();
                    let status = answer.status().as_u16();
                    assert!([200, 204, 409].contains(&status), "the other: {status}");
                };
                between.begin(desk.staff.token(), Some((step, after, Box::pin(deed))));
                let answer = show(id).await;
                let when =
                    format!("over {storage} somebody {others} it, step {step}, after it: {after}");
                match answer.status().as_u16() {
                    200 => {
                        let row: Value = answer.json().await.unwrap();
                        assert_eq!(row["visible_to_client"], true, "{when}: {row}");
                        assert_eq!(row["bucket_id"], "client-bucket", "{when}: {row}");
                    }
                    404 => assert_eq!(
                        (refusal(answer).await, others),
                        (refused(404, "file_not_found", ""), "deletes"),
                        "{when}"
                    ),
                    _ => assert_eq!(refusal(answer).await.0, 409, "{when}"),
                }
                if desk.staff.download(id).await.status() == 200 {
                    changed(&other, id, true).await;
                }
            }
        }
        assert_eq!(desk.left_behind().await.0, desk.left_behind().await.1);
    }
}
