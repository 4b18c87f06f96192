//! `casebase export-client` and `casebase erase-client`, as a project's owner types them, killed wherever they ask Storage for
//! something.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    between::Between,
    desk::{Desk, Files, created},
    support::project,
};

/// A client with a word of their own, in rows, names of files and their bytes: four files and a document.
async fn client() -> (Desk, String) {
    let desk = Desk::new("rest").await;
    let word = format!("Quagga{}", desk.client_id.simple());
    let case = json!({"client_id": desk.client_id, "title": &word, "description": &word});
    desk.client.insert("cases", case).await.unwrap();
    let said = json!({"case_id": desk.case_id, "content": &word});
    desk.client.insert("interactions", said).await.unwrap();
    let noted = json!({"case_id": desk.case_id, "content": &word});
    desk.staff.insert("internal_notes", noted).await.unwrap();
    for n in 0..4 {
        let (who, query) = match n {
            0 | 1 => (&desk.client, format!("name={word}{n}.txt")),
            _ => (
                &desk.staff,
                format!("name={word}{n}.txt&visible_to_client=false"),
            ),
        };
        created(
            who.upload_raw(&desk.case, &query, format!("{word} {n}"))
                .await,
        )
        .await;
    }
    let path = format!(
        "/v1/clients/{}/documents?category=policies&name={word}.txt",
        desk.client_id
    );
    let document = desk.staff.service(Method::POST, &path).body(word.clone());
    created(document.send().await.unwrap()).await;
    (desk, word)
}

/// The owner at a terminal, with what they have downloaded and been told.
struct Owner {
    here: TempDir,
    between: Between,
    supabase: String,
}

impl Owner {
    async fn new() -> Self {
        let between = Between::default();
        Self {
            here: tempfile::tempdir().unwrap(),
            supabase: between.listen().await,
            between,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
        command
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", project().setting("DATABASE_URL"))
            .env("SUPABASE_URL", &self.supabase)
            .env("CASEBASE_SECRET_KEY", secret_key())
            .current_dir(self.here.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// In a thread of its own: Storage is asked through this process.
    async fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = self.command(arguments);
        self.between.begin(secret_key(), None);
        let ran = tokio::task::spawn_blocking(move || command.output());
        told(&ran.await.unwrap().unwrap())
    }

    /// Kills it at this of its requests to Storage, before Storage has it or after.
    async fn killed_at(&self, arguments: &[&str], step: usize, after: bool) {
        let child: Arc<Mutex<Option<Child>>> = Arc::default();
        let dying = Arc::clone(&child);
        let deed = Box::pin(async move {
            let child = dying.lock().unwrap();
            let pid = child.as_ref().unwrap().id();
            let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        });
        self.between.begin(secret_key(), Some((step, after, deed)));
        let mut command = self.command(arguments);
        {
            // Held until it is there: it may ask at once.
            let mut held = child.lock().unwrap();
            *held = Some(command.spawn().unwrap());
        }
        let ended = tokio::task::spawn_blocking(move || {
            // Not held while it is waited for: who kills it asks for its id.
            loop {
                if let Some(ended) = child.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
                    return ended;
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        assert_eq!(
            ended.await.unwrap().code(),
            None,
            "it was to be killed at {step}"
        );
        self.between.settled().await;
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.here.path().join(path)).unwrap()
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }
}

fn secret_key() -> &'static str {
    project().setting("SUPABASE_SERVICE_ROLE_KEY")
}

fn told(output: &Output) -> (Option<i32>, String) {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code(), said)
}

/// Every file under its sum, and no other.
fn is_whole(folder: &Path) -> usize {
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    for line in sums.lines() {
        let (sum, path) = line.split_once("  ").unwrap();
        let bytes = fs::read(folder.join(path)).unwrap();
        assert_eq!(hex::encode(Sha256::digest(bytes)), sum, "{path}");
    }
    sums.lines().count()
}

#[tokio::test]
async fn an_export_that_is_killed_goes_on_and_has_all_of_the_client_and_of_nobody_else() {
    let (desk, word) = client().await;
    let owner = Owner::new().await;
    let client = desk.client_id.to_string();
    let export = ["export-client", &client, "--out", "out"];
    for (step, after) in [(0, false), (1, false), (1, true), (1, true)] {
        owner.killed_at(&export, step, after).await;
        assert_eq!(owner.json("out/manifest.json")["complete"], false);
    }
    let (code, said) = owner.run(&export).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(owner.between.count(), 2, "the others were there");

    let manifest = owner.json("out/manifest.json");
    assert_eq!(manifest["complete"], true);
    assert_eq!(manifest["files"], 5);
    assert_eq!(manifest["missing"], json!([]));
    assert_eq!(manifest["rows"]["cases"], 2);
    let out = owner.here.path().join("out");
    let tables = manifest["rows"].as_object().unwrap().len();
    assert_eq!(is_whole(&out), 5 + tables);
    for rows in [
        "cases",
        "interactions",
        "internal_notes",
        "case_files",
        "client_documents",
        "case_events",
    ] {
        let rows = owner.read(&format!("out/rows/{rows}.jsonl"));
        assert!(
            rows.contains(&word) || rows.contains("interaction.created"),
            "{rows}"
        );
        for line in rows.lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
    let other = desk.other_client.id().to_string();
    assert!(!owner.read("out/rows/client_members.jsonl").contains(&other));
    let first = owner.read("out/rows/case_files.jsonl");
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    let place = ["bucket_id", "object_path"].map(|column| first[column].as_str().unwrap());
    assert!(
        owner
            .read(&format!("out/files/{}", place.join("/")))
            .starts_with(&word)
    );

    // What was changed in the folder is got again; once more is as good.
    fs::write(out.join("files").join(place.join("/")), "something else").unwrap();
    assert_eq!(owner.run(&export).await.0, Some(0));
    assert_eq!(owner.between.count(), 1);
    is_whole(&out);

    let (code, said) = owner
        .run(&["export-client", "Nobody Ltd", "--out", "out"])
        .await;
    assert_eq!(code, Some(1));
    assert!(said.contains("there is no client `Nobody Ltd`"), "{said}");
    let another = Desk::new("rest").await.client_id.to_string();
    let (code, said) = owner
        .run(&["export-client", &another, "--out", "out"])
        .await;
    assert_eq!(code, Some(1));
    assert!(said.contains("has the export of another client"), "{said}");
    let (code, said) = owner.run(&["export-client", "Acme", "--out", "out"]).await;
    assert_eq!(code, Some(1));
    assert!(
        said.contains("clients are called `Acme`") && said.contains(&client),
        "{said}"
    );
    let (code, said) = owner.run(&["export-client", &client, "--out", "."]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("--out . is not empty"), "{said}");
}

/// The tables with a row that has this in it, whatever the column.
async fn mentions(database: &mut PgConnection, word: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class c
         where c.relkind = 'r'
           and (c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or c.oid = 'storage.objects'::regclass)",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let rows =
            format!("select count(*) from {table} t where strpos(lower(t::text), lower($1)) > 0");
        let rows = sqlx::query_scalar(AssertSqlSafe(rows)).bind(word);
        let rows: i64 = rows.fetch_one(&mut *database).await.unwrap();
        if rows > 0 {
            found.push(table);
        }
    }
    found
}

#[tokio::test]
async fn a_client_is_erased_wherever_it_was_killed_and_nothing_of_them_is_left() {
    let (mut desk, word) = client().await;
    let other =
        sqlx::query_scalar("select client_id from public.client_members where user_id = $1");
    let other: Uuid = other
        .bind(desk.other_client.id())
        .fetch_one(&mut desk.database)
        .await
        .unwrap();
    let case = json!({"client_id": other, "title": "Another's"});
    let kept = desk.other_client.insert("cases", case).await.unwrap();
    let kept_case = kept["case_id"].as_str().unwrap();
    let kept_file = created(
        desk.other_client
            .upload_raw(kept_case, "name=kept.txt", "kept")
            .await,
    )
    .await;
    let of_client = format!("{}/%", desk.client_id);
    let objects = sqlx::query_as("select bucket_id, name from storage.objects where name like $1");
    let objects: Vec<(String, String)> = objects
        .bind(of_client)
        .fetch_all(&mut desk.database)
        .await
        .unwrap();
    assert_eq!(objects.len(), 5);
    assert!(mentions(&mut desk.database, &word).await.len() > 5);

    let owner = Owner::new().await;
    let client = desk.client_id.to_string();
    let report = format!("casebase-erasure-{client}.json");
    let (code, said) = owner.run(&["erase-client", &client]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--yes erases without asking"), "{said}");
    let cases = sqlx::query_scalar("select count(*) from public.cases where client_id = $1");
    let cases: i64 = cases
        .bind(desk.client_id)
        .fetch_one(&mut desk.database)
        .await
        .unwrap();
    assert_eq!(cases, 2, "nothing is gone");

    let erase = ["erase-client", &client, "--yes"];
    for (step, after) in [(0, false), (0, true), (1, false), (1, true)] {
        owner.killed_at(&erase, step, after).await;
        assert_eq!(owner.json(&report)["finished_at"], Value::Null);
    }
    let (code, said) = owner.run(&erase).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("cases") && said.contains("2 before, 0 now"),
        "{said}"
    );
    let told = owner.json(&report);
    assert_eq!(told["before"]["objects"], 5, "as it was before the first");
    assert_eq!(told["before"]["cases"], 2);
    assert_eq!(told["after"], json!({}));
    assert!(told["objects_answered_404"].as_u64() >= Some(1), "{told}");
    assert!(!told.to_string().contains(&word));

    assert_eq!(
        mentions(&mut desk.database, &word).await,
        Vec::<String>::new()
    );
    for (bucket, path) in objects {
        let url = format!(
            "{}/storage/v1/object/authenticated/{bucket}/{path}",
            project().setting("SUPABASE_URL")
        );
        let gone = reqwest::Client::new().get(url).bearer_auth(secret_key());
        let gone = gone.header("apikey", secret_key()).send().await.unwrap();
        let body = gone.text().await.unwrap();
        assert!(body.contains("\"404\""), "{path}: {body}");
    }
    let back = desk.other_client.download(&kept_file["id"]).await;
    assert_eq!(back.text().await.unwrap(), "kept");

    // Again: the same report. Without it, there is no such client.
    let (code, again) = owner.run(&erase).await;
    assert_eq!(code, Some(0), "{again}");
    assert!(said.starts_with(&again), "{again}");
    fs::remove_file(owner.here.path().join(&report)).unwrap();
    let (code, said) = owner.run(&erase).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("there is no client"), "{said}");
}
