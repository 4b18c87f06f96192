//! What `casebase backup` writes, `casebase restore` brings back into an empty project, where everybody sees what they saw.

use std::{collections::BTreeMap, fs, process::Command};

use casebase::commands::demo::{person::Person, receiver::Receiver};
use casebase_local::Stack;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::home::{Home, PEOPLE, api_tables, endpoint, seen_by, upload, work};

/// Accounts, as docs/operating.md brings them over.
fn bring_accounts(from: &Stack, to: &Stack) {
    let dump = Command::new("pg_dump")
        .arg(from.database_url("postgres"))
        .args([
            "--data-only",
            "--table=auth.users",
            "--table=auth.identities",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&dump.stderr);
    assert!(dump.status.success(), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.sql");
    fs::write(&file, dump.stdout).unwrap();
    let restored = Command::new("psql")
        .arg(to.database_url("postgres"))
        .args([
            "--set",
            "ON_ERROR_STOP=1",
            "--single-transaction",
            "--quiet",
            "--file",
        ])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&restored.stderr);
    assert!(restored.status.success(), "{said}");
}

/// What all of them see, without what a restored project says otherwise on purpose: which version of an object was checked,
/// and, to admins, that webhooks are off and when the project was asked.
async fn seen(home: &Home, tables: &[String]) -> BTreeMap<String, Value> {
    let mut everybody = BTreeMap::new();
    for name in PEOPLE {
        let mut seen = seen_by(&home.person(name).await, tables).await;
        for table in ["case_files", "client_documents"] {
            for row in seen.get_mut(table).unwrap().as_array_mut().unwrap() {
                assert!(row["object_version"].is_string(), "{row}");
                row["object_version"] = Value::Null;
            }
        }
        if let Some(Value::Array(endpoints)) = seen.get_mut("list_webhook_endpoints") {
            for endpoint in endpoints {
                endpoint["enabled"] = Value::Null;
                endpoint["disabled_reason"] = Value::Null;
            }
        }
        let health = seen.get_mut("health").unwrap().as_object_mut().unwrap();
        for now in ["at", "hook_answered_at", "webhooks"] {
            health.remove(now);
        }
        let named = seen
            .into_iter()
            .map(|(what, seen)| (format!("{name}: {what}"), seen));
        everybody.extend(named);
    }
    everybody
}

fn same(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) {
    let differs = before
        .iter()
        .filter(|(what, seen)| after.get(*what) != Some(seen));
    let differs: Vec<_> = differs
        .map(|(what, seen)| (what, seen, after.get(what)))
        .collect();
    assert!(differs.is_empty(), "{differs:#?}");
    assert_eq!(before.len(), after.len());
}

fn in_folder(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

/// The main job, once more, in a project that has a past.
async fn goes_on(home: &Home, first_case: &str) {
    let (ada, alan, carla, otto) = (
        home.person("ada").await,
        home.person("alan").await,
        home.person("carla").await,
        home.person("otto").await,
    );
    let mut receiver = Receiver::start().await.unwrap();
    let secret = endpoint(&ada, &receiver).await;
    let client: Vec<Value> = carla.rpc("my_clients").call(&json!({})).await.unwrap();
    let new = json!({"client_id": client[0]["id"], "title": "Lost badge"});
    let case = carla.insert("cases", new).await.unwrap();
    assert_eq!(case["case_id"], first_case, "numbers go on");
    let number = case["case_id"].as_str().unwrap();
    let file = upload(&carla, number, "name=badge.txt", "no. 1234").await;
    assert_eq!(file["state"], "available");
    let path = format!("/v1/files/{}", file["id"]);
    let read = |person: &Person| person.service(reqwest::Method::GET, &path).send();
    assert_eq!(read(&alan).await.unwrap().text().await.unwrap(), "no. 1234");
    assert_eq!(read(&otto).await.unwrap().status(), 404);
    let changed: Vec<Value> = alan
        .from("cases")
        .eq("id", &case["id"])
        .update(&json!({"status": "in_progress"}))
        .await
        .unwrap();
    assert_eq!(changed.len(), 1);
    let (_, notified) = receiver.next(&secret, "case.status_changed").await.unwrap();
    assert_eq!(notified["data"]["case_id"], first_case);
    // What was there before goes its way, too: it is deleted, and so is its object.
    let old: Vec<Value> = carla
        .from("case_files")
        .select("id,state")
        .rows()
        .await
        .unwrap();
    let old = format!("/v1/files/{}", old[0]["id"]);
    let gone = alan
        .service(reqwest::Method::DELETE, &old)
        .send()
        .await
        .unwrap();
    assert!(gone.status().is_success(), "{gone:?}");
}

#[tokio::test]
async fn an_empty_project_becomes_what_the_other_was_and_goes_on() {
    let old = Home::with_people().await;
    let mut receiver = work(&old).await;
    let tables = api_tables(&old).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = in_folder(&folder, "backup");
    let before = seen(&old, &tables).await;
    let history = "select count(*)::text || ' ' || max(id) from public.case_events";
    let history_before = old.text(history).await;
    let secrets = "select string_agg(secret, ',' order by id) from casebase.webhook_secrets";
    let secrets_before = old.text(secrets).await;

    let (code, said) = old.casebase(&["backup", &backup]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" 5 objects"), "{said}");
    same(&before, &seen(&old, &tables).await);

    let mut new = Home::empty().await;
    // Before the accounts are there, it says so and does nothing.
    let (code, said) = new.casebase(&["restore", &backup]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("5 of 5 rows of auth.users"), "{said}");
    bring_accounts(&old.stack, &new.stack);
    let (code, said) = new.casebase(&["restore", &backup]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("webhook endpoints are switched off"),
        "{said}"
    );

    new.serve().await;
    same(&before, &seen(&new, &tables).await);
    assert_eq!(
        new.text(history).await,
        history_before,
        "nothing is written twice"
    );
    assert_eq!(new.text(secrets).await, secrets_before);
    let fault = "select coalesce(string_agg(fault, ', '), 'none')
                 from (select fault from casebase.check_files('case_file', 0)
                       union all select fault from casebase.check_files('client_document', 0)) f";
    assert_eq!(new.text(fault).await.as_deref(), Some("none"));
    let (code, said) = new.casebase(&["restore", &backup]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the project is in use"), "{said}");

    goes_on(&new, "CASE-0004").await;
    // Of all that, the other project's receiver heard nothing: what it gets next is its own project's.
    let alan = old.person("alan").await;
    let note = json!({"case_id": 2, "content": "Still here."});
    alan.insert("interactions", note).await.unwrap();
    let secret = secrets_before.unwrap();
    let (_, next) = receiver.next(&secret, "interaction.created").await.unwrap();
    assert_eq!(next["data"]["case_id"], "CASE-0002");
    old.stop().await;
    new.stop().await;
}
