//! A storage server shared by all tests of this binary, and people who talk to it.
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock, mpsc},
};

use casebase_local::{
    ANON_KEY, JWT_SECRET, Options, PROJECT_REF, S3_STATIC_KEY, Stack,
    jwt::{Claims, Keys},
    storage,
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

pub const ALICE: &str = "11111111-1111-4111-8111-111111111111";
pub const BOB: &str = "22222222-2222-4222-8222-222222222222";
const FILE_SIZE_LIMIT: u64 = 500 * 1024 * 1024;
/// The largest object that one request may bring, in these tests.
pub const SINGLE_UPLOAD_LIMIT: usize = 50 * 1024 * 1024;

/// `own`: each user's folder is theirs, but nothing in it can be overwritten. `free`: the folder is wholly theirs.
pub const BUCKETS: &str = "
    insert into storage.buckets (id, name, public) values ('own', 'own', false), ('free', 'free', false), ('open', 'open', true);
    create policy own_read on storage.objects for select to authenticated
      using (bucket_id in ('own', 'free') and (storage.foldername(name))[1] = auth.uid()::text);
    create policy own_add on storage.objects for insert to authenticated
      with check (bucket_id in ('own', 'free') and (storage.foldername(name))[1] = auth.uid()::text);
    create policy own_delete on storage.objects for delete to authenticated
      using (bucket_id in ('own', 'free') and (storage.foldername(name))[1] = auth.uid()::text);
    create policy free_change on storage.objects for update to authenticated
      using (bucket_id = 'free' and (storage.foldername(name))[1] = auth.uid()::text);";

/// Where the server is.
pub struct Server {
    pub base: String,
    pub superuser: String,
    pub owner: String,
    pub data: PathBuf,
}

/// The server lives on a runtime of its own: each test's runtime ends with the test.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start(Some(BUCKETS)))
}

/// A stack's database, with Storage in front of it as the recorded server was set.
pub fn start(sql: Option<&'static str>) -> Server {
    let (ready, started) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async move {
            let stack = Stack::start(Options::default()).await.unwrap();
            let data = tempfile::tempdir().unwrap();
            if let Some(sql) = sql {
                execute(&stack.database_url("supabase_admin"), sql).await;
            }
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let config = storage::Config {
                database: stack
                    .database_url("supabase_storage_admin")
                    .parse()
                    .unwrap(),
                keys: Arc::new(keys()),
                url: format!("http://{address}"),
                data: data.path().to_owned(),
                project_ref: PROJECT_REF.into(),
                anon_key: ANON_KEY.into(),
                s3_static_key: (S3_STATIC_KEY.0.into(), S3_STATIC_KEY.1.into()),
                region: "us-east-1".into(),
                file_size_limit: FILE_SIZE_LIMIT,
                single_upload_limit: SINGLE_UPLOAD_LIMIT as u64,
            };
            let app =
                axum::Router::new().nest("/storage/v1", storage::router(config).await.unwrap());
            let server = Server {
                base: format!("http://{address}/storage/v1"),
                superuser: stack.database_url("supabase_admin"),
                owner: stack.database_url("postgres"),
                data: data.path().to_owned(),
            };
            ready.send(server).unwrap();
            let limits = casebase_http::Limits::new(FILE_SIZE_LIMIT);
            let never = tokio_util::sync::CancellationToken::new();
            casebase_http::serve(listener, app, limits, never)
                .await
                .unwrap();
        });
    });
    started.recv().unwrap()
}

pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub async fn execute(url: &str, sql: &str) {
    connect(url).await.batch_execute(sql).await.unwrap();
}

pub fn keys() -> Keys {
    Keys::hs256(JWT_SECRET)
}

/// Signs claims given as JSON.
pub fn token(claims: Value) -> String {
    let Value::Object(claims) = claims else {
        unreachable!("claims are an object")
    };
    keys().sign(&Claims::from(claims)).unwrap()
}

/// A user's session.
pub fn session(user: &str) -> String {
    token(json!({ "role": "authenticated", "sub": user, "exp": 4_000_000_000_u64 }))
}

/// The project's own key.
pub fn service() -> String {
    token(json!({ "role": "service_role", "exp": 4_000_000_000_u64 }))
}

/// Status and body of an answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// What a refusal says: the HTTP status, the status in the body, and the code.
    pub fn refusal(&self) -> (u16, String, String) {
        let text = |name: &str| self.json()[name].as_str().unwrap_or_default().to_owned();
        (self.status, text("statusCode"), text("code"))
    }
}

/// A request to the server, as the bearer of `token`.
pub fn request(method: Method, path: &str, token: &str) -> RequestBuilder {
    Client::new()
        .request(method, format!("{}{path}", server().base))
        .bearer_auth(token)
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

pub async fn get(path: &str, token: &str) -> Answer {
    send(request(Method::GET, path, token)).await
}

pub async fn post(path: &str, token: &str, body: &Value) -> Answer {
    send(request(Method::POST, path, token).json(body)).await
}

/// Uploads text.
pub async fn upload(path: &str, token: &str, text: &str) -> Answer {
    let request = request(Method::POST, &format!("/object/{path}"), token);
    send(
        request
            .header("content-type", "text/plain")
            .body(text.to_owned()),
    )
    .await
}

/// A key in a user's folder that no other test uses.
pub fn key(user: &str) -> String {
    format!("{user}/{}.txt", uuid::Uuid::new_v4())
}

/// How many files of bytes are kept in a folder.
pub fn files_kept(data: &std::path::Path) -> usize {
    fn count(dir: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .map(|entry| match entry.file_type() {
                Ok(kind) if kind.is_dir() => count(&entry.path()),
                _ => 1,
            })
            .sum()
    }
    count(data)
}
