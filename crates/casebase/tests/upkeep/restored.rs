//! What `casebase backup` writes, `casebase restore` brings back into an empty project, where everybody sees what they saw.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use casebase::commands::demo::{person::Person, receiver::Receiver};
use casebase_local::Stack;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::home::{Home, PEOPLE, api_tables, endpoint, seen_by, told, upload, work};

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

/// A Vault as functions and views, without its encryption.
const VAULT: &str = "
    create schema vault;
    create table vault.secrets (id uuid primary key default gen_random_uuid(), secret text not null);
    create view vault.decrypted_secrets as select s.id, 'decrypted:' || s.secret as secret, s.secret as decrypted_secret from vault.secrets s;
    create function vault.create_secret(new_secret text) returns uuid language sql as
      'insert into vault.secrets (secret) values (new_secret) returning id'";

#[tokio::test]
async fn what_was_interrupted_is_said_and_goes_on() {
    let old = Home::with_people().await;
    let _receiver = work(&old).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = in_folder(&folder, "backup");

    // Storage is gone: the rows are written, and the backup says of itself that it isn't whole.
    let mut without = old.command(&["backup", &backup]);
    without.env("SUPABASE_URL", "http://127.0.0.1:9");
    let (code, said) = told(without).await;
    assert_eq!(code, Some(1), "{said}");
    let mut new = Home::empty().await;
    bring_accounts(&old.stack, &new.stack);
    let (code, said) = new.casebase(&["restore", &backup]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not whole"), "{said}");
    // What is no backup is not taken for one, nor a folder of something else written into.
    let (code, said) = new
        .casebase(&["restore", folder.path().to_str().unwrap()])
        .await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("there is no backup.json"), "{said}");
    let (code, said) = old
        .casebase(&["backup", folder.path().to_str().unwrap()])
        .await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not empty"), "{said}");
    // The same command goes on; a whole one is not written over.
    let (code, said) = old.casebase(&["backup", &backup]).await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = old.casebase(&["backup", &backup]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("has a whole backup"), "{said}");
    old.stop().await;

    refuses_what_is_not_as_it_was_written(&new, Path::new(&backup)).await;
    let in_use = "select concat_ws(' ', (select count(*) from public.cases), (select string_agg(name, ',') from public.departments),
                    (select count(*) from pg_trigger t where t.tgenabled <> 'O'))";
    assert_eq!(
        new.text(in_use).await.as_deref(),
        Some("0 General 0"),
        "nothing came of it"
    );

    // Here secrets lie in a Vault, and Storage is gone once the rows are there.
    new.run_as_admin(VAULT).await;
    new.run_as_admin("grant usage on schema vault to postgres; grant all on all tables in schema vault to postgres").await;
    let mut without = new.command(&["restore", &backup]);
    without.env("SUPABASE_URL", "http://127.0.0.1:9");
    let (code, said) = told(without).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("the rows are restored, and not all objects"),
        "{said}"
    );
    let waiting = "select concat_ws(' ', (select count(*) from public.cases), (select count(*) from casebase.objects_to_restore))";
    assert_eq!(new.text(waiting).await.as_deref(), Some("3 5"));
    new.serve().await;
    let carla = new.person("carla").await;
    let early = carla
        .service(reqwest::Method::GET, "/v1/files/1")
        .send()
        .await
        .unwrap();
    assert!(!early.status().is_success(), "{early:?}");
    // One is there already, of a try that died before it was noted; and another with other bytes.
    let mut paths: Vec<String> = {
        let mut owner = new.owner().await;
        sqlx::query_scalar(
            "select f.bucket_id || '/' || f.object_path from public.case_files f order by f.id",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap()
    };
    let key = casebase_local::SERVICE_ROLE_KEY;
    for bytes in ["a photo", "otherwise"] {
        let url = format!("{}/storage/v1/object/{}", new.stack.url(), paths.remove(0));
        let sent = reqwest::Client::new()
            .post(url)
            .bearer_auth(key)
            .header("apikey", key);
        let sent = sent
            .header("content-type", "text/plain")
            .body(bytes)
            .send()
            .await
            .unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
    }
    let (code, said) = new.casebase(&["restore", &backup]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(new.text(waiting).await.as_deref(), Some("3 0"));
    for (file, bytes) in [(1, "a photo"), (2, "another")] {
        let path = format!("/v1/files/{file}");
        let read = carla
            .service(reqwest::Method::GET, &path)
            .send()
            .await
            .unwrap();
        assert_eq!(read.text().await.unwrap(), bytes);
    }
    let secrets = "select concat_ws(' ', (select count(*) from vault.secrets),
                     (select count(secret) from casebase.webhook_secrets),
                     (select bool_and((casebase.webhook_signing_secrets(e.id))[1] ~ '^whsec_') from casebase.webhook_endpoints e))";
    assert_eq!(new.text(secrets).await.as_deref(), Some("1 0 t"));
    // A backup of a project with a Vault is of use to one with another.
    let again = in_folder(&folder, "again");
    let (code, said) = new.casebase(&["backup", &again]).await;
    assert_eq!(code, Some(0), "{said}");
    let kept = fs::read_to_string(Path::new(&again).join("rows/casebase.webhook_secrets")).unwrap();
    assert!(kept.contains("\twhsec_"), "{}", kept.len());
    new.stop().await;
}

/// Rows and bytes that somebody changed, and a count that doesn't fit: before anything is written, or with nothing kept.
async fn refuses_what_is_not_as_it_was_written(new: &Home, backup: &Path) {
    let rows = backup.join("rows/public.cases");
    let manifest = backup.join("backup.json");
    let (whole, as_written) = (
        fs::read(&rows).unwrap(),
        fs::read_to_string(&manifest).unwrap(),
    );
    fs::write(&rows, [&whole[..], b"\n"].concat()).unwrap();
    let (code, said) = new.casebase(&["restore", backup.to_str().unwrap()]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("rows/public.cases is not as it was written"),
        "{said}"
    );
    fs::write(&rows, whole).unwrap();

    let mut changed: Value = serde_json::from_str(&as_written).unwrap();
    let last = changed["tables"]
        .as_array_mut()
        .unwrap()
        .last_mut()
        .unwrap();
    last["rows"] = json!(last["rows"].as_u64().unwrap() + 1);
    fs::write(&manifest, changed.to_string()).unwrap();
    let (code, said) = new.casebase(&["restore", backup.to_str().unwrap()]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("nothing was restored"), "{said}");

    changed["migrations"][0]["checksum"] = json!("0".repeat(64));
    fs::write(&manifest, changed.to_string()).unwrap();
    let (code, said) = new.casebase(&["restore", backup.to_str().unwrap()]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("other migrations"), "{said}");
    fs::write(&manifest, as_written).unwrap();
}
