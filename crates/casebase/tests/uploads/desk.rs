//! People with accounts, their clients and a case, and a service of their own for each test.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use casebase::commands::demo::person::{Person, Place};
use casebase_local::jwt::Keys;
use casebase_server::{Config, Service};
use reqwest::{Body, Method, RequestBuilder, Response, multipart};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;
use uuid::Uuid;

use crate::{people, support::project};

/// What the worker's role gets for these tests, as an operator would give it one.
const WORKER_PASSWORD: &str = "postgres";
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What somebody asks the service about files.
pub trait Files {
    async fn upload(&self, case: &str, form: multipart::Form) -> Response;
    async fn upload_raw(&self, case: &str, query: &str, body: impl Into<Body>) -> Response;
    async fn download(&self, id: &Value) -> Response;
}

impl Files for Person {
    async fn upload(&self, case: &str, form: multipart::Form) -> Response {
        let request = self.service(Method::POST, &format!("/v1/cases/{case}/files"));
        request.multipart(form).send().await.unwrap()
    }

    async fn upload_raw(&self, case: &str, query: &str, body: impl Into<Body>) -> Response {
        let request = self.service(Method::POST, &format!("/v1/cases/{case}/files?{query}"));
        request.body(body).send().await.unwrap()
    }

    async fn download(&self, id: &Value) -> Response {
        self.service(Method::GET, &format!("/v1/files/{id}"))
            .send()
            .await
            .unwrap()
    }
}

pub async fn success(request: RequestBuilder) -> Response {
    let answer = request.send().await.unwrap();
    if !answer.status().is_success() {
        panic!("{}: {}", answer.status(), answer.text().await.unwrap());
    }
    answer
}

pub async fn created(answer: Response) -> Value {
    let status = answer.status();
    let row: Value = answer.json().await.unwrap();
    assert_eq!(status, 201, "{row}");
    row
}

/// Status, code and field of a refusal.
pub async fn refusal(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let text = |key: &str| body["error"][key].as_str().unwrap_or_default().to_owned();
    (status, text("code"), text("field"))
}

pub fn refused(status: u16, code: &str, field: &str) -> (u16, String, String) {
    (status, code.into(), field.into())
}

/// A service of its own, Carla of one client, Otto of another, Alan, who is staff, and a case of Carla's.
pub struct Desk {
    pub service: SocketAddr,
    pub client: Person,
    pub staff: Person,
    pub other_client: Person,
    pub client_id: Uuid,
    pub case: String,
    pub case_id: i64,
    pub database: PgConnection,
    _stop: DropGuard,
}

impl Desk {
    pub async fn new(storage: &str) -> Self {
        Self::with(&[("CASEBASE_STORAGE", storage)]).await
    }

    /// With these settings of the service, the others being the project's own.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let mut database = PgConnection::connect(project().setting("DATABASE_URL"))
            .await
            .unwrap();
        let (service, stop) = start_service(&mut database, settings).await;
        let place = people::place().with_service(&format!("http://{service}"));
        let place = Arc::new(place);
        let client_id = new_client(&mut database, "Acme").await;
        let other = new_client(&mut database, "Other Ltd").await;
        let client = member(&mut database, &place, client_id, "Carla").await;
        let other_client = member(&mut database, &place, other, "Otto").await;
        let staff = staff(&mut database, &place).await;
        let case = json!({"client_id": client_id, "title": "A case of the upload tests"});
        let case = client.insert("cases", case).await.unwrap();
        Self {
            service,
            case: case["case_id"].as_str().unwrap().to_owned(),
            case_id: case["id"].as_i64().unwrap(),
            client,
            staff,
            other_client,
            client_id,
            database,
            _stop: stop,
        }
    }

    /// Where another service of the same project answers.
    pub async fn another_service(&mut self, settings: &[(&str, &str)]) -> (SocketAddr, DropGuard) {
        start_service(&mut self.database, settings).await
    }

    /// Somebody else who is staff.
    pub async fn more_staff(&mut self) -> Person {
        let place = people::place().with_service(&format!("http://{}", self.service));
        staff(&mut self.database, &Arc::new(place)).await
    }

    /// An admin.
    pub async fn admin(&mut self) -> Person {
        let mut admin = self.more_staff().await;
        sqlx::query("update public.staff_members set is_admin = true where user_id = $1")
            .bind(admin.id())
            .execute(&mut self.database)
            .await
            .unwrap();
        admin.refresh().await.unwrap();
        admin
    }

    /// A token of the client's that ends in so many seconds.
    pub fn token_of_the_client(&self, lives: i64) -> String {
        let exp = chrono::Utc::now().timestamp() + lives;
        let claims = json!({"sub": self.client.id(), "role": "authenticated", "exp": exp});
        let keys = Keys::hs256(project().setting("SUPABASE_JWT_SECRET"));
        keys.sign(claims.as_object().unwrap()).unwrap()
    }

    pub async fn interaction(&self, case_id: i64, visible: bool) -> Value {
        let row = json!({
            "case_id": case_id, "party1_name": "Alan", "party1_type": "ARGAN", "party2_name": "Firm",
            "party2_type": "CONTRACTOR", "content": "A call.", "visible_to_client": visible,
        });
        let made = self.staff.insert("interactions", row).await;
        made.unwrap()["id"].clone()
    }

    /// A file of the client's that a frontend wrote itself, and that nobody verified: its id.
    pub async fn written_by_hand(&self, name: &str) -> Value {
        self.written_by_hand_as(name, "text").await
    }

    /// The same, with these words in it.
    pub async fn written_by_hand_as(&self, name: &str, text: &str) -> Value {
        let row = json!({
            "case_id": self.case_id, "file_name": format!("{}-1634567890-{name}", self.case),
            "original_name": name, "content_type": "text/plain", "file_size": text.len(),
        });
        let row = self.client.insert("case_files", row).await.unwrap();
        let path = row["object_path"].as_str().unwrap();
        let object = format!("/storage/v1/object/client-bucket/{path}");
        let object = self.client.supabase(Method::POST, &object);
        success(
            object
                .header("content-type", "text/plain")
                .body(text.to_owned()),
        )
        .await;
        let uploaded = format!("/rest/v1/case_files?id=eq.{}", row["id"]);
        let uploaded = self.client.supabase(Method::PATCH, &uploaded);
        success(uploaded.json(&json!({"state": "uploaded"}))).await;
        row["id"].clone()
    }

    /// As if three days had gone by since anything happened to the files of the case and the documents of its client.
    pub async fn days_go_by(&mut self) {
        let (id, client) = (self.case_id, self.client_id);
        // Without the triggers, which keep the hour, and without a lock on tables that the other tests write to.
        let script = format!(
            "begin;
             set local session_replication_role = replica;
             update public.case_files set updated_at = now() - interval '3 days' where case_id = {id};
             update public.client_documents set updated_at = now() - interval '3 days' where client_id = '{client}';
             commit"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(script))
            .execute(&mut self.database)
            .await
            .unwrap();
    }

    /// Whether a file is to go that nobody finished, and waits for a sweep that has a key.
    pub async fn has_marked_files(&mut self) -> bool {
        let marked = sqlx::query_scalar(
            "select exists (
               select from public.case_files f
               where f.case_id = $1 and f.state = 'deleting' and f.rejection = 'its upload was not finished'
               union all
               select from public.client_documents d
               where d.client_id = $2 and d.state = 'deleting' and d.rejection = 'its upload was not finished')",
        );
        let marked = marked.bind(self.case_id).bind(self.client_id);
        marked.fetch_one(&mut self.database).await.unwrap()
    }

    pub async fn another_connection(&self) -> PgConnection {
        let database = PgConnection::connect(project().setting("DATABASE_URL")).await;
        database.unwrap()
    }

    /// Rows and objects of the case, whatever their state.
    pub async fn left_behind(&mut self) -> (i64, i64) {
        let rows = sqlx::query_scalar("select count(*) from public.case_files where case_id = $1");
        let rows = rows
            .bind(self.case_id)
            .fetch_one(&mut self.database)
            .await
            .unwrap();
        let objects =
            sqlx::query_scalar("select count(*) from storage.objects where name like $1 || '/%'");
        let objects = objects
            .bind(self.client_id.to_string())
            .fetch_one(&mut self.database)
            .await;
        (rows, objects.unwrap())
    }

    pub async fn nothing_is_left_behind(&mut self) {
        self.wait_until("rows and objects are left", |left| left == (0, 0))
            .await;
    }

    pub async fn something_is_reserved(&mut self) {
        self.wait_until("nothing was reserved", |(rows, _)| rows > 0)
            .await;
    }

    async fn wait_until(&mut self, otherwise: &str, holds: impl Fn((i64, i64)) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let left = self.left_behind().await;
            if holds(left) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{otherwise}: {left:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn start_service(
    database: &mut PgConnection,
    settings: &[(&str, &str)],
) -> (SocketAddr, DropGuard) {
    let config = configured(database, settings).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let service = Service::new(&config).unwrap();
    tokio::spawn(service.serve(listener, stop.clone()));
    (address, stop.drop_guard())
}

/// The database as the service's own role.
pub fn worker_url() -> Url {
    let mut url = Url::parse(project().setting("DATABASE_URL")).unwrap();
    url.set_username("casebase_worker").unwrap();
    url.set_password(Some(WORKER_PASSWORD)).unwrap();
    url
}

/// The settings of a service of the project, with these of its own.
pub async fn configured(database: &mut PgConnection, settings: &[(&str, &str)]) -> Config {
    let password = format!("alter role casebase_worker password '{WORKER_PASSWORD}'");
    // Roles are shared by all of these tests: two at once would step on each other.
    sqlx::query("select pg_advisory_lock(8787)")
        .execute(&mut *database)
        .await
        .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(password))
        .execute(&mut *database)
        .await
        .unwrap();
    sqlx::query("select pg_advisory_unlock(8787)")
        .execute(&mut *database)
        .await
        .unwrap();
    let url = worker_url();
    let config = Config::from_variables(|name| {
        let set = settings.iter().find(|(set, _)| *set == name);
        match (set, name) {
            (Some((_, value)), _) => Some((*value).to_owned()),
            (None, "CASEBASE_DATABASE_URL") => Some(url.to_string()),
            (None, "SUPABASE_PUBLIC_URL") => None,
            (None, name) if name.starts_with("CASEBASE_") => None,
            (None, name) => Some(project().setting(name).to_owned()),
        }
    });
    config.unwrap()
}

async fn new_client(database: &mut PgConnection, name: &str) -> Uuid {
    let client = sqlx::query_scalar("insert into public.clients (name) values ($1) returning id");
    client.bind(name).fetch_one(database).await.unwrap()
}

async fn member(
    database: &mut PgConnection,
    place: &Arc<Place>,
    client: Uuid,
    name: &str,
) -> Person {
    let person = people::sign_up(place).await;
    let row = sqlx::query(
        "insert into public.client_members (client_id, user_id, display_name) values ($1, $2, $3)",
    );
    row.bind(client)
        .bind(person.id())
        .bind(name)
        .execute(database)
        .await
        .unwrap();
    person
}

async fn staff(database: &mut PgConnection, place: &Arc<Place>) -> Person {
    let mut person = people::sign_up(place).await;
    let row = sqlx::query(
        "insert into public.staff_members (user_id, display_name, scope) values ($1, 'Alan', 'all')",
    );
    row.bind(person.id()).execute(database).await.unwrap();
    // The role is written into the next token.
    person.refresh().await.unwrap();
    person
}
