//! A stack shared by all tests of this binary, and people who talk to it.

use std::sync::OnceLock;
use std::sync::mpsc;

use casebase_local::jwt::{Claims, Keys};
use casebase_local::{ANON_KEY, JWT_SECRET, SERVICE_ROLE_KEY};
use casebase_local::{Options, Stack};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};

/// Does as the user's `user_metadata.hook` says, and otherwise notes in the token who called it and with what.
const HOOK: &str = "
    create function public.token_hook(event jsonb) returns jsonb language plpgsql as $$
    declare
      behaviour text := event -> 'claims' -> 'user_metadata' ->> 'hook';
    begin
      case behaviour
        when 'raise' then raise exception 'the hook broke' using hint = 'mend it';
        when 'refuse' then
          return '{\"error\": {\"http_code\": 403, \"message\": \"not on Sundays\"}}';
        when 'forget' then return jsonb_build_object('claims', (event -> 'claims') - 'role');
        when 'sleep' then perform pg_sleep(60);
        else null;
      end case;
      return jsonb_set(event, '{claims,hooked}', jsonb_build_object(
        'as', current_user,
        'user_id', event -> 'user_id',
        'method', event -> 'authentication_method'));
    end $$;
    grant execute on function public.token_hook(jsonb) to supabase_auth_admin";

pub const PASSWORD: &str = "correct horse";

/// Where the stack is.
pub struct Project {
    pub url: String,
    pub mails: String,
    pub superuser: String,
    pub auth_admin: String,
    pub owner: String,
}

/// As `supabase start` runs it.
pub fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| start(Options::default()))
}

/// The same, but addresses count only once a mail was answered.
pub fn confirming() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| {
        start(Options {
            confirm_email: true,
            ..Options::default()
        })
    })
}

/// The stack lives on a runtime of its own: each test's runtime ends with the test.
fn start(options: Options) -> Project {
    let (ready, started) = mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(async move {
                let options = Options {
                    access_token_hook: Some("pg-functions://postgres/public/token_hook".into()),
                    ..options
                };
                let stack = Stack::start(options).await.expect("the stack starts");
                let project = Project {
                    url: stack.url(),
                    mails: stack.mail_url(),
                    superuser: stack.database_url("supabase_admin"),
                    auth_admin: stack.database_url("supabase_auth_admin"),
                    owner: stack.database_url("postgres"),
                };
                connect(&project.superuser)
                    .await
                    .batch_execute(HOOK)
                    .await
                    .unwrap();
                ready.send(project).unwrap();
                std::future::pending::<()>().await;
            });
    });
    started.recv().expect("the stack starts")
}

/// A database connection.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Status, headers and body of an answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The status with the error code and sentence of the 2024 shape.
    pub fn refusal(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.body[name].as_str().unwrap_or_default();
        (self.status, text("code"), text("message"))
    }
}

/// Sends a request as auth-js does, with `token` as the bearer.
pub async fn send(method: Method, path: &str, token: &str, body: Value) -> Answer {
    project().send(method, path, token, body).await
}

impl Project {
    /// Sends a request as auth-js does, with `token` as the bearer.
    pub async fn send(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let request = reqwest::Client::new()
            .request(method, format!("{}/auth/v1{path}", self.url))
            .header("x-supabase-api-version", "2024-01-01")
            .header("user-agent", "auth-tests")
            .bearer_auth(token);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        answer(request).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, token, body).await
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}

pub async fn post(path: &str, token: &str, body: Value) -> Answer {
    send(Method::POST, path, token, body).await
}

pub async fn get(path: &str, token: &str) -> Answer {
    send(Method::GET, path, token, Value::Null).await
}

pub async fn put(path: &str, token: &str, body: Value) -> Answer {
    send(Method::PUT, path, token, body).await
}

pub async fn delete(path: &str, token: &str, body: Value) -> Answer {
    send(Method::DELETE, path, token, body).await
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Session {
    pub access_token: String,
    pub refresh_token: String,
    pub body: Value,
}

impl Session {
    pub fn of(answer: Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Self {
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
            body: answer.body,
        }
    }

    pub fn user_id(&self) -> String {
        self.body["user"]["id"].as_str().unwrap().to_owned()
    }

    pub fn claims(&self) -> Claims {
        keys().verify(&self.access_token).unwrap()
    }
}

pub fn keys() -> Keys {
    Keys::hs256(JWT_SECRET)
}

/// An address nobody else uses.
pub fn address(name: &str) -> String {
    format!("{name}-{}@example.org", uuid::Uuid::new_v4())
}

pub async fn sign_up(email: &str, data: Value) -> Answer {
    post(
        "/signup",
        ANON_KEY,
        json!({ "email": email, "password": PASSWORD, "data": data }),
    )
    .await
}

pub async fn sign_in(email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    post("/token?grant_type=password", ANON_KEY, body).await
}

pub async fn refresh(token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    post("/token?grant_type=refresh_token", ANON_KEY, body).await
}

/// A new user, signed in.
pub async fn somebody(name: &str) -> (String, Session) {
    let email = address(name);
    let session = Session::of(sign_up(&email, json!({})).await);
    (email, session)
}

pub const SERVICE: &str = SERVICE_ROLE_KEY;
pub const ANON: &str = ANON_KEY;
