//! A project with people in it, and the service beside it.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use casebase::{
    commands::{
        demo::{
            person::{Person, Place},
            receiver::Receiver,
        },
        dev,
        serve::Running,
    },
    migrations::{self, Migration},
};
use casebase_local::{ANON_KEY, Options, SERVICE_ROLE_KEY, Stack, postgres::SUPERUSER};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, raw_sql};
use tokio::net::TcpListener;

/// Who the sample data are about.
const PEOPLE: [&str; 5] = ["ada", "alan", "dora", "carla", "otto"];

/// A Vault as functions and views, without its encryption.
pub const VAULT: &str = "
    create schema vault;
    create table vault.secrets (id uuid primary key default gen_random_uuid(), secret text not null);
    create view vault.decrypted_secrets as select s.id, 'decrypted:' || s.secret as secret, s.secret as decrypted_secret from vault.secrets s;
    create function vault.create_secret(new_secret text) returns uuid language sql as
      'insert into vault.secrets (secret) values (new_secret) returning id';
    grant usage on schema vault to postgres;
    grant all on all tables in schema vault to postgres";

/// A Supabase, and the service once Casebase is in it.
pub struct Home {
    pub stack: Stack,
    service: Option<Running>,
}

impl Home {
    /// A Supabase without Casebase, whose hook is ours all the same.
    pub async fn empty() -> Self {
        let options = Options {
            access_token_hook: Some(dev::ACCESS_TOKEN_HOOK.into()),
            ..Options::default()
        };
        Self {
            stack: Stack::start(options).await.unwrap(),
            service: None,
        }
    }

    /// With the migrations, the service, and the sample data.
    pub async fn with_people() -> Self {
        let mut home = Self::with_data(&migrations::all()).await;
        home.serve().await;
        home
    }

    /// With these migrations and the sample data.
    pub async fn with_data(known: &[Migration]) -> Self {
        let home = Self::empty().await;
        let mut owner = home.owner().await;
        let applied = migrations::apply(&mut owner, known, migrations::PATIENCE);
        applied.await.unwrap();
        let seed = include_str!("../../../../supabase/seed.sql");
        home.run(&format!("begin;\n{seed}\ncommit")).await;
        home
    }

    /// From now on the service runs.
    pub async fn serve(&mut self) {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        self.service = Some(dev::start_service(&self.stack, free).await.unwrap());
    }

    /// And from now on no more, as the database sees it, too.
    pub async fn stop_serving(&mut self) {
        if let Some(service) = self.service.take() {
            service.stop().await.unwrap();
            let gone = "select not exists (select from pg_stat_activity s where s.usename = 'casebase_worker')";
            self.until(gone).await;
        }
    }

    /// Asks until it is so.
    pub async fn until(&self, so: &'static str) {
        let mut owner = self.owner().await;
        while !sqlx::query_scalar::<_, bool>(so)
            .fetch_one(&mut owner)
            .await
            .unwrap()
        {
            tokio::task::yield_now().await;
        }
    }

    pub async fn stop(mut self) {
        self.stop_serving().await;
        self.stack.stop().await;
    }

    /// The owner's connection.
    pub async fn owner(&self) -> PgConnection {
        connect(&self.stack.database_url("postgres")).await
    }

    pub async fn admin(&self) -> PgConnection {
        connect(&self.stack.database_url(SUPERUSER)).await
    }

    /// As the owner.
    pub async fn run(&self, sql: &str) {
        let mut owner = self.owner().await;
        let ran = raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut owner);
        ran.await.unwrap_or_else(|e| panic!("{e}\nin {sql}"));
    }

    /// As the superuser.
    pub async fn run_as_admin(&self, sql: &'static str) {
        let mut admin = self.admin().await;
        raw_sql(sql).execute(&mut admin).await.unwrap();
    }

    /// One value, as the owner sees it.
    pub async fn text(&self, sql: &str) -> Option<String> {
        let mut owner = self.owner().await;
        let asked = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut owner);
        asked.await.unwrap_or_else(|e| panic!("{e}\nin {sql}"))
    }

    fn place(&self) -> Arc<Place> {
        let place = Place::new(&self.stack.url(), ANON_KEY).unwrap();
        Arc::new(match &self.service {
            Some(service) => place.with_service(service.url()),
            None => place,
        })
    }

    /// Somebody of the sample data.
    pub async fn person(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        Person::sign_in(&self.place(), &email, "casebase")
            .await
            .unwrap()
    }

    /// The command line, as the project's owner types it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
        command
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", self.stack.database_url("postgres"))
            .env("SUPABASE_URL", self.stack.url())
            .env("CASEBASE_SECRET_KEY", SERVICE_ROLE_KEY)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null());
        command
    }

    /// How it ended and what it said. In a thread of its own: this process is the project.
    pub async fn casebase(&self, arguments: &[&str]) -> (Option<i32>, String) {
        told(self.command(arguments)).await
    }
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

pub async fn told(mut command: Command) -> (Option<i32>, String) {
    let ran: Output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    );
    (ran.status.code(), said)
}

/// Uploads these bytes to a case; the file's row.
pub async fn upload(person: &Person, case: &str, query: &str, bytes: &str) -> Value {
    let path = format!("/v1/cases/{case}/files?{query}");
    let sent = person.service(Method::POST, &path).body(bytes.to_owned());
    created(sent).await
}

pub async fn created(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert!(status.is_success(), "{status}: {body}");
    body
}

/// Webhooks, files that each sees or doesn't, and a document, beyond the sample data. What receives the webhooks, and
/// the secret that signs them.
pub async fn work(home: &Home) -> (Receiver, String) {
    let mut receiver = Receiver::start().await.unwrap();
    let (ada, alan, carla, otto) = (
        home.person("ada").await,
        home.person("alan").await,
        home.person("carla").await,
        home.person("otto").await,
    );
    let secret = endpoint(&ada, &receiver).await;
    upload(&carla, "CASE-0001", "name=photo.txt", "a photo").await;
    upload(&carla, "CASE-0002", "name=empty-handed.txt", "another").await;
    upload(&otto, "CASE-0003", "name=plate.txt", "a number plate").await;
    upload(
        &alan,
        "CASE-0001",
        "name=log.txt&visible_to_client=false",
        "a log",
    )
    .await;
    let of = alan
        .from("cases")
        .select("client_id")
        .eq("case_id", "CASE-0001");
    let case: Vec<Value> = of.rows().await.unwrap();
    let path = format!(
        "/v1/clients/{}/documents?category=policies&name=rules.txt",
        case[0]["client_id"].as_str().unwrap()
    );
    created(alan.service(Method::POST, &path).body("the rules")).await;
    let said = json!({"case_id": 1, "content": "The reader was replaced."});
    alan.insert("interactions", said).await.unwrap();
    receiver.next(&secret, "interaction.created").await.unwrap();
    home.until(
        "select not exists (select from casebase.webhook_deliveries d where d.finished_at is null)",
    )
    .await;
    (receiver, secret)
}

/// An endpoint of the receiver's; its secret.
pub async fn endpoint(admin: &Person, receiver: &Receiver) -> String {
    let made: Vec<Value> = admin
        .rpc("create_webhook_endpoint")
        .call(&json!({"url": receiver.url}))
        .await
        .unwrap();
    made[0]["secret"].as_str().unwrap().to_owned()
}

/// Every row and answer that this person gets, and the hash of every file, by what they asked.
async fn seen_by(person: &Person, tables: &[String]) -> BTreeMap<String, Value> {
    let mut seen = BTreeMap::new();
    for table in tables {
        let rows = ask(
            person,
            Method::GET,
            &format!("/rest/v1/{table}?select=*"),
            None,
        )
        .await;
        seen.insert(table.clone(), sorted(rows));
    }
    for (function, arguments) in [
        ("my_access", json!({})),
        ("my_clients", json!({})),
        ("case_counts", json!({})),
        ("list_cases", json!({})),
        ("search_cases", json!({"search": "reader"})),
        ("webhook_endpoints", json!({})),
        ("health", json!({})),
    ] {
        let path = format!("/rest/v1/rpc/{function}");
        let answer = ask(person, Method::POST, &path, Some(arguments)).await;
        seen.insert(function.to_owned(), sorted(answer));
    }
    for case in 1..=3 {
        for function in ["case_timeline", "case_people", "list_interactions"] {
            let path = format!("/rest/v1/rpc/{function}");
            let arguments = json!({"case_id": case});
            let answer = ask(person, Method::POST, &path, Some(arguments)).await;
            seen.insert(format!("{function} {case}"), sorted(answer));
        }
    }
    for (kind, table) in [("files", "case_files"), ("documents", "client_documents")] {
        let rows = seen[table].as_array().unwrap().clone();
        for row in rows {
            let path = format!("/v1/{kind}/{}", row["id"]);
            let answer = person.service(Method::GET, &path).send().await.unwrap();
            let status = answer.status().as_u16();
            let bytes = answer.bytes().await.unwrap();
            let hash = hex::encode(Sha256::digest(&bytes));
            seen.insert(path, json!({"status": status, "sha256": hash}));
            // Storage's own answer, which is that of the policies.
            let (bucket, path) = (row["bucket_id"].as_str(), row["object_path"].as_str());
            let path = format!(
                "/storage/v1/object/authenticated/{}/{}",
                bucket.unwrap(),
                path.unwrap()
            );
            let answer = person.supabase(Method::GET, &path).send().await.unwrap();
            let (status, bytes) = (answer.status().as_u16(), answer.bytes().await.unwrap());
            seen.insert(path, json!({"status": status, "bytes": bytes.len()}));
        }
    }
    seen
}

async fn ask(person: &Person, method: Method, path: &str, body: Option<Value>) -> Value {
    let mut request = person.supabase(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    match status.is_success() {
        true => body,
        false => json!({"status": status.as_u16(), "code": body["code"]}),
    }
}

fn sorted(rows: Value) -> Value {
    match rows {
        Value::Array(mut rows) => {
            rows.sort_by_key(Value::to_string);
            Value::Array(rows)
        }
        other => other,
    }
}

/// By who asked what.
pub type Everybody = BTreeMap<String, Value>;

/// What all of them see, but for what tells when somebody asked.
pub async fn seen_by_all(home: &Home, tables: &[String]) -> Everybody {
    let mut everybody = BTreeMap::new();
    for name in PEOPLE {
        let mut seen = seen_by(&home.person(name).await, tables).await;
        let health = seen.get_mut("health").unwrap().as_object_mut().unwrap();
        for now in ["at", "hook_answered_at", "webhooks", "last_hour"] {
            health.remove(now);
        }
        let named = seen
            .into_iter()
            .map(|(what, seen)| (format!("{name}: {what}"), seen));
        everybody.extend(named);
    }
    everybody
}

/// That they do, to the letter; what differs is shown.
pub fn same(before: &Everybody, after: &Everybody) {
    let differs = before
        .iter()
        .filter(|(what, seen)| after.get(*what) != Some(seen));
    let differs: Vec<_> = differs
        .map(|(what, seen)| (what, seen, after.get(what)))
        .collect();
    assert!(differs.is_empty(), "{differs:#?}");
    assert_eq!(before.len(), after.len());
}

/// The tables and views of the API.
pub async fn api_tables(home: &Home) -> Vec<String> {
    let mut owner = home.owner().await;
    sqlx::query_scalar(
        "select c.relname::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') order by 1",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap()
}
