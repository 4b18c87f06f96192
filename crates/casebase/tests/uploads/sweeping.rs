//! What was left half-way is ended, or taken away, with the project's secret key and without anybody's token.

use casebase_server::sweep::{Files as Swept, Outcome};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{
    desk::{Desk, Files, configured, created, success},
    support::project,
};

/// A sweep sees to every case, also those of the other tests here.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Days go by, and a service with a secret key sweeps.
pub async fn sweep(desk: &mut Desk) -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().await;
    loop {
        desk.days_go_by().await;
        let outcome = sweep_once(desk, true).await;
        // The services that the other tests start sweep as well, without a key: what one of them has marked first is
        // fresh again, and no other's.
        if !desk.has_marked_files().await {
            return outcome;
        }
    }
}

async fn sweep_once(desk: &mut Desk, with_key: bool) -> Outcome {
    let key = project().setting("SUPABASE_SERVICE_ROLE_KEY");
    let settings: &[_] = match with_key {
        true => &[("CASEBASE_SECRET_KEY", key)],
        false => &[],
    };
    let config = configured(&mut desk.database, settings).await;
    let files = Swept::new(&config).unwrap();
    files.sweep(|_, _| ()).await.unwrap()
}

async fn row(desk: &mut Desk, id: &Value) -> (String, Option<String>) {
    let row = sqlx::query_as("select state, rejection from public.case_files where id = $1");
    let row = row.bind(id.as_i64().unwrap());
    row.fetch_one(&mut desk.database).await.unwrap()
}

async fn announced(desk: &Desk, bytes: Option<&str>) -> Value {
    let path = format!("/v1/cases/{}/files/direct", desk.case);
    let announced = json!({"name": "a.txt", "size": 6, "content_type": "text/plain"});
    let request = desk.client.service(Method::POST, &path).json(&announced);
    let direct = created(request.send().await.unwrap()).await;
    if let Some(bytes) = bytes {
        let url = direct["upload"]["signed_url"].as_str().unwrap();
        let put = reqwest::Client::new().put(url);
        let put = put.header("content-type", "text/plain");
        success(put.body(bytes.to_owned())).await;
    }
    direct["file"]["id"].clone()
}

#[tokio::test]
async fn what_was_uploaded_and_never_completed_is_verified() {
    let mut desk = Desk::new("rest").await;
    let uploaded = desk.written_by_hand_as("b.txt", "a note").await;
    let pending = announced(&desk, Some("a note")).await;
    let outcome = sweep(&mut desk).await;
    assert!(outcome.verified >= 2, "{outcome:?}");
    for id in [uploaded, pending] {
        let back = desk.staff.download(&id).await;
        assert_eq!(back.text().await.unwrap(), "a note");
    }
}

#[tokio::test]
async fn what_is_refused_loses_its_bytes_and_then_its_row() {
    let mut desk = Desk::new("rest").await;
    let id = announced(&desk, Some("#!/bin/sh\nrm x")).await;
    let outcome = sweep(&mut desk).await;
    assert!(outcome.refused >= 1, "{outcome:?}");
    let (state, why) = row(&mut desk, &id).await;
    assert_eq!(state, "deleting");
    assert!(why.unwrap().contains("program"));
    assert_eq!(desk.left_behind().await, (1, 0));
    sweep(&mut desk).await;
    assert_eq!(desk.left_behind().await, (0, 0));
}

#[tokio::test]
async fn without_a_key_only_rows_without_an_object_go() {
    let mut desk = Desk::new("rest").await;
    let written = announced(&desk, Some("a note")).await;
    announced(&desk, None).await;
    // To the end: a sweep with a key would see to what is left.
    let _alone = ONE_AT_A_TIME.lock().await;
    desk.days_go_by().await;
    let outcome = sweep_once(&mut desk, false).await;
    assert!(outcome.need_key >= 1, "{outcome:?}");
    assert_eq!(desk.left_behind().await, (1, 1));
    assert_eq!(row(&mut desk, &written).await.0, "pending");
}

#[tokio::test]
async fn what_a_deleted_user_left_unverified_goes_and_what_was_verified_stays() {
    let mut desk = Desk::new("rest").await;
    let stays = desk.client.upload_raw(&desk.case, "name=a.txt", "a note");
    let stays = created(stays.await).await;
    desk.written_by_hand_as("b.txt", "a note").await;
    announced(&desk, Some("a note")).await;
    let delete = sqlx::query("delete from auth.users where id = $1").bind(desk.client.id());
    delete.execute(&mut desk.database).await.unwrap();
    sweep(&mut desk).await;
    assert_eq!(desk.left_behind().await, (1, 1));
    let back = desk.staff.download(&stays["id"]).await;
    assert_eq!(back.text().await.unwrap(), "a note");
}

#[tokio::test]
async fn a_file_that_was_to_move_moves() {
    for copied in [false, true] {
        let mut desk = Desk::new("rest").await;
        let query = "name=plan.txt&visible_to_client=false";
        let file = desk.staff.upload_raw(&desk.case, query, "a note").await;
        let file = created(file).await;
        let asked = json!({"file_id": file["id"], "visible_to_client": true});
        let moving: Value = desk
            .staff
            .rpc("change_file_visibility")
            .call(&asked)
            .await
            .unwrap();
        if copied {
            // Bytes that are another file's never become this one.
            let path = moving["other_object_path"].as_str().unwrap();
            let place = format!("/storage/v1/object/client-bucket/{path}");
            let other = desk.staff.supabase(Method::POST, &place);
            success(other.header("content-type", "text/plain").body("other!")).await;
        }
        sweep(&mut desk).await;
        let read = desk.client.download(&file["id"]).await;
        assert_eq!(read.status(), if copied { 404 } else { 200 });
        assert_eq!(desk.left_behind().await, (1, 1));
    }
}

#[tokio::test]
async fn what_was_being_deleted_goes() {
    let mut desk = Desk::new("rest").await;
    let file = desk.client.upload_raw(&desk.case, "name=a.txt", "a note");
    let file = created(file.await).await;
    let path = format!("/rest/v1/case_files?id=eq.{}", file["id"]);
    let mark = desk.staff.supabase(Method::PATCH, &path);
    success(mark.json(&json!({"state": "deleting"}))).await;
    sweep(&mut desk).await;
    assert_eq!(desk.left_behind().await, (0, 0));
}

#[tokio::test]
async fn a_check_finds_nothing_wrong_with_what_the_service_wrote() {
    let mut desk = Desk::new("rest").await;
    let file = desk.client.upload_raw(&desk.case, "name=a.txt", "a note");
    let file = created(file.await).await;
    let config = configured(&mut desk.database, &[]).await;
    let check = async || {
        let faults = Swept::new(&config).unwrap().check(|_| ()).await.unwrap();
        format!("{faults:?}")
    };
    // A document of a client may have the same number.
    let mine = format!("kind: CaseFile, id: {},", file["id"]);
    assert!(!check().await.contains(&mine));
    // Storage's own record, which its API can't change.
    let lose =
        "set storage.allow_delete_query = 'true'; delete from storage.objects where name = $1";
    let (set, delete) = lose.split_once("; ").unwrap();
    sqlx::raw_sql(set)
        .execute(&mut desk.database)
        .await
        .unwrap();
    let delete = sqlx::query(sqlx::AssertSqlSafe(delete.to_owned()));
    let delete = delete.bind(file["object_path"].as_str().unwrap());
    delete.execute(&mut desk.database).await.unwrap();
    let found = check().await;
    assert!(
        found.contains(&mine) && found.contains("is not there"),
        "{found}"
    );
}
