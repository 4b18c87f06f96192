//! Nothing is lost when the service is killed: at each request that it makes for somebody, before it and after it, and at
//! random under load, whichever way its objects are written. A short run here; `CASEBASE_TEST_KILLS=100 cargo test -p
//! casebase --test uploads killed` kills a hundred times at random.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use casebase::commands::demo::person::Person;
use futures::stream;
use rand::RngExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    between::Between,
    desk::{Desk, Files, created, success, worker_url},
    support::project,
    sweeping::sweep,
};

/// A `casebase serve` of its own, killed when it is dropped.
struct Killable {
    child: Arc<Mutex<Child>>,
    url: String,
    /// What the database knows its connections by.
    name: String,
}

fn kill(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap();
    // SIGKILL.
    let _ = child.kill();
    let _ = child.wait();
}

impl Killable {
    /// The service of the project at `supabase`, which writes objects in this way.
    fn start(supabase: &str, storage: &str) -> Self {
        let name = Uuid::new_v4().to_string();
        let mut database = worker_url();
        database.set_query(Some(&format!("application_name={name}")));
        let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
        let mut child = command
            .arg("serve")
            .env("SUPABASE_URL", supabase)
            .env("SUPABASE_ANON_KEY", project().setting("SUPABASE_ANON_KEY"))
            .env(
                "SUPABASE_JWT_SECRET",
                project().setting("SUPABASE_JWT_SECRET"),
            )
            .env("CASEBASE_DATABASE_URL", database.as_str())
            .env("SUPABASE_S3_ENDPOINT", format!("{supabase}/storage/v1/s3"))
            .env(
                "SUPABASE_S3_REGION",
                project().setting("SUPABASE_S3_REGION"),
            )
            .env(
                "SUPABASE_PROJECT_REF",
                project().setting("SUPABASE_PROJECT_REF"),
            )
            .env("CASEBASE_STORAGE", storage)
            .env("CASEBASE_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, rest) = line.split_once("casebase serves at ")?;
                Some(rest.split(';').next().unwrap().to_owned())
            })
            .unwrap();
        // What it says later is read, so that it never waits for that.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child: Arc::new(Mutex::new(child)),
            url,
            name,
        }
    }

    /// What it asked for before it died is done: of the project, to which it goes `between`, and of the database.
    async fn settled(&self, between: &Between, desk: &mut Desk) {
        between.settled().await;
        let connected = "select exists (select from pg_stat_activity where application_name = $1)";
        while sqlx::query_scalar(connected)
            .bind(&self.name)
            .fetch_one(&mut desk.database)
            .await
            .unwrap()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Killable {
    fn drop(&mut self) {
        kill(&self.child);
    }
}

const CONTENT: &str = "a note that must not be lost";

/// What somebody asks of a service that may die.
#[derive(Debug, Clone, Copy)]
enum Operation {
    /// Of known length.
    Upload,
    /// Of unknown length: over S3 in parts.
    Stream,
    Complete,
    Show,
    Delete,
}

impl Operation {
    /// What has to be there before: the id of a file.
    async fn prepare(self, desk: &Desk) -> Value {
        match self {
            Self::Upload | Self::Stream => Value::Null,
            Self::Complete => {
                let path = format!("/v1/cases/{}/files/direct", desk.case);
                let announced = json!({"name": "a.txt", "size": CONTENT.len()});
                let request = desk.staff.service(Method::POST, &path).json(&announced);
                let direct = created(request.send().await.unwrap()).await;
                let url = direct["upload"]["signed_url"].as_str().unwrap();
                let put = reqwest::Client::new().put(url).body(CONTENT);
                success(put.header("content-type", "text/plain")).await;
                direct["file"]["id"].clone()
            }
            Self::Show | Self::Delete => {
                let query = "name=a.txt&visible_to_client=false";
                let file = desk.staff.upload_raw(&desk.case, query, CONTENT).await;
                created(file).await["id"].clone()
            }
        }
    }

    /// Asks; the answer, if there was one that says that it was done.
    async fn ask(self, by: &Person, service: &str, case: &str, file: &Value) -> Option<Value> {
        let at = |method, path: &str| by.at(service, method, path);
        let request = match self {
            Self::Upload => {
                let path = format!("/v1/cases/{case}/files?name=a.txt");
                at(Method::POST, &path).body(CONTENT)
            }
            Self::Stream => {
                let path = format!("/v1/cases/{case}/files?name=a.txt");
                let pieces = stream::iter([Ok::<_, std::io::Error>(CONTENT)]);
                at(Method::POST, &path).body(reqwest::Body::wrap_stream(pieces))
            }
            Self::Complete => at(Method::POST, &format!("/v1/files/{file}/complete")),
            Self::Show => {
                let request = at(Method::POST, &format!("/v1/files/{file}/visibility"));
                request.json(&json!({"visible_to_client": true}))
            }
            Self::Delete => at(Method::DELETE, &format!("/v1/files/{file}")),
        };
        let answer = request.send().await.ok()?;
        let done = answer.status().is_success();
        let said = answer.bytes().await.ok()?;
        done.then(|| serde_json::from_slice(&said).unwrap_or(Value::Null))
    }
}

/// All that has to be true once everything is swept.
async fn all_is_well(desk: &mut Desk, when: &str) {
    // What was refused keeps its reason for one sweep more.
    for _ in 0..2 {
        sweep(desk).await;
    }
    let wrong: Vec<String> = sqlx::query_scalar(
        "select f.id || ': ' || f.state || coalesce(', ' || f.other_state, '')
         from public.case_files f
         where f.case_id = $1
           and (f.state <> 'available' or f.other_state is not null
                or not exists (
                  select from storage.objects o
                  where o.bucket_id = f.bucket_id and o.name = f.object_path
                    and o.version = f.object_version and (o.metadata ->> 'size')::bigint = f.file_size))
         union all
         select o.name || ': no row'
         from storage.objects o
         where o.name like $2 || '/%'
           and not exists (
             select from public.case_files f where f.bucket_id = o.bucket_id and f.object_path = o.name)",
    )
    .bind(desk.case_id)
    .bind(desk.client_id.to_string())
    .fetch_all(&mut desk.database)
    .await
    .unwrap();
    assert!(wrong.is_empty(), "{when}: {wrong:?}");
}

/// What the caller was told is so.
async fn what_was_told_is_so(desk: &Desk, operation: Operation, file: &Value, told: &Value) {
    match operation {
        Operation::Upload | Operation::Stream | Operation::Complete => {
            let back = desk.staff.download(&told["id"]).await;
            assert_eq!(back.text().await.unwrap(), CONTENT, "{operation:?}");
        }
        Operation::Show => {
            let back = desk.client.download(file).await;
            assert_eq!(back.text().await.unwrap(), CONTENT, "{operation:?}");
        }
        Operation::Delete => {
            assert_eq!(desk.staff.download(file).await.status(), 404);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_service_is_killed_at_any_step() {
    at_any_step("rest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_service_is_killed_at_any_step_over_s3() {
    at_any_step("s3").await;
}

async fn at_any_step(storage: &str) {
    let between = Between::default();
    let url = between.listen().await;
    let mut desk = Desk::new(storage).await;
    for operation in [
        Operation::Upload,
        Operation::Stream,
        Operation::Complete,
        Operation::Show,
        Operation::Delete,
    ] {
        // How many steps there are.
        let service = Killable::start(&url, storage);
        let file = operation.prepare(&desk).await;
        between.begin(desk.staff.token(), None);
        let told = operation.ask(&desk.staff, &service.url, &desk.case, &file);
        let told = told.await.unwrap();
        what_was_told_is_so(&desk, operation, &file, &told).await;
        let steps = between.count();
        assert!(steps > 1, "{operation:?}: {steps}");
        drop(service);
        for step in 0..steps {
            for after in [false, true] {
                let service = Killable::start(&url, storage);
                let file = operation.prepare(&desk).await;
                let child = Arc::clone(&service.child);
                let killing = Box::pin(async move { kill(&child) });
                between.begin(desk.staff.token(), Some((step, after, killing)));
                let told = operation.ask(&desk.staff, &service.url, &desk.case, &file);
                let told = told.await;
                let when = format!("{operation:?} over {storage}, step {step}, after it: {after}");
                assert!(told.is_none(), "{when}: it was to die first");
                service.settled(&between, &mut desk).await;
                all_is_well(&mut desk, &when).await;
                if matches!(operation, Operation::Show | Operation::Complete) {
                    let back = desk.staff.download(&file).await;
                    assert_eq!(back.text().await.unwrap(), CONTENT, "{when}");
                }
            }
        }
    }
}

/// What somebody does while the service dies, again and again: who was told what of which file.
async fn work(desk: &Desk, service: &str, told: &Mutex<BTreeMap<i64, Operation>>) {
    loop {
        let upload = match rand::random() {
            true => Operation::Upload,
            false => Operation::Stream,
        };
        let uploaded = upload.ask(&desk.staff, service, &desk.case, &Value::Null);
        let Some(row) = uploaded.await else { return };
        let id = row["id"].as_i64().unwrap();
        told.lock().unwrap().insert(id, Operation::Upload);
        let next = match id % 3 {
            0 => Operation::Show,
            1 => Operation::Delete,
            _ => continue,
        };
        // Asked for and not answered, it may have happened.
        told.lock().unwrap().remove(&id);
        if next
            .ask(&desk.staff, service, &desk.case, &row["id"])
            .await
            .is_none()
        {
            return;
        }
        told.lock().unwrap().insert(id, next);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_service_is_killed_under_load() {
    under_load("rest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_service_is_killed_under_load_over_s3() {
    under_load("s3").await;
}

async fn under_load(storage: &str) {
    let kills = std::env::var("CASEBASE_TEST_KILLS");
    let kills = kills.map_or(5, |kills| kills.parse().unwrap());
    let between = Between::default();
    let supabase = between.listen().await;
    let mut desk = Desk::new(storage).await;
    let told = Mutex::new(BTreeMap::new());
    for _ in 0..kills {
        let service = Killable::start(&supabase, storage);
        let child = Arc::clone(&service.child);
        let lives = Duration::from_millis(rand::rng().random_range(20..600));
        tokio::spawn(async move {
            tokio::time::sleep(lives).await;
            kill(&child);
        });
        let work = (0..4).map(|_| work(&desk, &service.url, &told));
        futures::future::join_all(work).await;
        service.settled(&between, &mut desk).await;
    }
    all_is_well(&mut desk, &format!("under load over {storage}")).await;
    for (id, operation) in told.into_inner().unwrap() {
        let row = json!({"id": id});
        what_was_told_is_so(&desk, operation, &row["id"], &row).await;
    }
}
