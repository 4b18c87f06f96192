//! What `casebase backup` writes, `casebase restore` brings back into an empty project, where everybody sees what they saw.

use std::{fs, path::Path, process::Command};

use casebase::commands::demo::{person::Person, receiver::Receiver};
use futures::TryStreamExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::home::{
    Everybody, Home, VAULT, api_tables, endpoint, same, seen_by_all, told, upload, work,
};

/// Accounts, as docs/operate.md brings them over: by hand where pg_dump is older than the server, which it refuses.
async fn bring_accounts(from: &Home, to: &Home) {
    const TABLES: [&str; 2] = ["auth.users", "auth.identities"];
    let server = from
        .text("select current_setting('server_version_num')")
        .await;
    let server: u32 = server.unwrap().parse().unwrap();
    if version_of_pg_dump().is_none_or(|version| version < server / 10_000) {
        for table in TABLES {
            copy(from, to, table).await;
        }
        return;
    }
    let dump = Command::new("pg_dump")
        .arg(from.stack.database_url("postgres"))
        .arg("--data-only")
        .args(TABLES.map(|table| format!("--table={table}")))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&dump.stderr);
    assert!(dump.status.success(), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.sql");
    fs::write(&file, dump.stdout).unwrap();
    let restored = Command::new("psql")
        .arg(to.stack.database_url("postgres"))
        .args(["--set", "ON_ERROR_STOP=1", "--single-transaction", "--file"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&restored.stderr);
    assert!(restored.status.success(), "{said}");
}

/// `pg_dump (PostgreSQL) 15.18 (Debian …)`: 15.
fn version_of_pg_dump() -> Option<u32> {
    let said = Command::new("pg_dump").arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    said.split_whitespace()
        .nth(2)?
        .split('.')
        .next()?
        .parse()
        .ok()
}

async fn copy(from: &Home, to: &Home, table: &str) {
    let columns = format!(
        "select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
         where a.attrelid = '{table}'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''"
    );
    let columns = from.text(&columns).await.unwrap();
    let (mut from, mut to) = (from.owner().await, to.owner().await);
    let rows = from
        .copy_out_raw(&format!("copy {table} ({columns}) to stdout"))
        .await;
    let rows: Vec<_> = rows.unwrap().try_collect().await.unwrap();
    let taken = to
        .copy_in_raw(&format!("copy {table} ({columns}) from stdin"))
        .await;
    let mut taken = taken.unwrap();
    taken.send(rows.concat()).await.unwrap();
    taken.finish().await.unwrap();
}

/// What a restored project says otherwise on purpose: which version of an object was checked, and, to admins, that webhooks
/// are off.
fn but_for_versions(mut seen: Everybody) -> Everybody {
    for (what, seen) in &mut seen {
        if what.ends_with(": case_files") || what.ends_with(": client_documents") {
            for row in seen.as_array_mut().unwrap() {
                assert!(row["object_version"].is_string(), "{row}");
                row["object_version"] = Value::Null;
            }
        } else if what.ends_with(": webhook_endpoints")
            && let Value::Array(endpoints) = seen
        {
            for endpoint in endpoints {
                endpoint["enabled"] = Value::Null;
                endpoint["disabled_reason"] = Value::Null;
            }
        }
    }
    seen
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
    let (mut receiver, secret) = work(&old).await;
    let tables = api_tables(&old).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = in_folder(&folder, "backup");
    let before = but_for_versions(seen_by_all(&old, &tables).await);
    let history = "select count(*)::text || ' ' || max(id) from public.case_events";
    let history_before = old.text(history).await;
    let secrets = "select string_agg(secret, ',' order by id) from casebase.webhook_secrets";
    let secrets_before = old.text(secrets).await;

    old.run("update storage.buckets set file_size_limit = 104857600 where id = 'client-bucket'")
        .await;
    let (code, said) = old.casebase(&["backup", &backup]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" 5 objects"), "{said}");
    same(&before, &but_for_versions(seen_by_all(&old, &tables).await));

    let mut new = Home::empty().await;
    // Before the accounts are there, it says so and does nothing.
    let (code, said) = new.casebase(&["restore", &backup]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("5 of 5 rows of auth.users"), "{said}");
    bring_accounts(&old, &new).await;
    let (code, said) = new.casebase(&["restore", &backup]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("webhook endpoints are switched off"),
        "{said}"
    );

    new.serve().await;
    same(&before, &but_for_versions(seen_by_all(&new, &tables).await));
    assert_eq!(
        new.text(history).await,
        history_before,
        "nothing is written twice"
    );
    assert_eq!(new.text(secrets).await, secrets_before);
    let asleep = "select count(*)::text from pg_trigger t where t.tgenabled <> 'O'";
    assert_eq!(new.text(asleep).await.as_deref(), Some("0"));
    let limits = "select string_agg(file_size_limit::text, ' ' order by id) from storage.buckets";
    assert_eq!(
        new.text(limits).await.as_deref(),
        Some("52428800 104857600")
    );
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
    let (_, next) = receiver.next(&secret, "interaction.created").await.unwrap();
    assert_eq!(next["data"]["case_id"], "CASE-0002");
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn what_was_interrupted_is_said_and_goes_on() {
    let old = Home::with_people().await;
    let (_receiver, _) = work(&old).await;
    // One that was uploaded and never checked goes along as it is.
    old.run(
        "insert into public.case_files (case_id, original_name, content_type, file_size, visible_to_client)
         values (1, 'late.txt', 'text/plain', 4, true)",
    )
    .await;
    const UNCHECKED: &str = "select f.bucket_id || '/' || f.object_path from public.case_files f where f.original_name = 'late.txt'";
    put(&old, &old.text(UNCHECKED).await.unwrap(), "late").await;
    old.run("update public.case_files f set state = 'uploaded' where f.original_name = 'late.txt'")
        .await;
    let folder = tempfile::tempdir().unwrap();
    let backup = in_folder(&folder, "backup");

    // Storage is gone: the rows are written, and the backup says of itself that it isn't whole.
    let mut without = old.command(&["backup", &backup]);
    without.env("SUPABASE_URL", "http://127.0.0.1:9");
    let (code, said) = told(without).await;
    assert_eq!(code, Some(1), "{said}");
    let mut new = Home::empty().await;
    bring_accounts(&old, &new).await;
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
    let mut without = new.command(&["restore", &backup]);
    without.env("SUPABASE_URL", "http://127.0.0.1:9");
    let (code, said) = told(without).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("the rows are restored, and not all objects"),
        "{said}"
    );
    let waiting = "select concat_ws(' ', (select count(*) from public.cases), (select count(*) from casebase.objects_to_restore))";
    assert_eq!(new.text(waiting).await.as_deref(), Some("3 6"));
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
    for bytes in ["a photo", "otherwise"] {
        put(&new, &paths.remove(0), bytes).await;
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
    let unchecked = "select concat_ws(' ', f.state, casebase.object_version(f.bucket_id, f.object_path) is not null)
                     from public.case_files f where f.original_name = 'late.txt'";
    assert_eq!(new.text(unchecked).await.as_deref(), Some("uploaded t"));
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

/// With the project's own key.
async fn put(home: &Home, place: &str, bytes: &'static str) {
    let key = casebase_local::SERVICE_ROLE_KEY;
    let url = format!("{}/storage/v1/object/{place}", home.stack.url());
    let sent = reqwest::Client::new()
        .post(url)
        .bearer_auth(key)
        .header("apikey", key)
        .header("content-type", "text/plain")
        .body(bytes);
    let sent = sent.send().await.unwrap();
    assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
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
