//! One person of the story and her browser: plain HTTP with her own JWT, as any frontend would send it.

use anyhow::{Context, bail};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// Where the story plays.
#[derive(Clone)]
pub struct Place {
    /// The project's URL.
    pub supabase: String,
    /// The service's URL.
    pub casebase: String,
    /// The project's anon key.
    pub anon_key: String,
    /// The HTTP client that everybody shares.
    pub http: reqwest::Client,
}

/// Somebody with an account.
pub struct Person {
    place: Place,
    email: String,
    /// `auth.users.id`.
    pub id: String,
    token: String,
}

const PASSWORD: &str = "correct horse battery staple";

impl Person {
    /// Signs up, which also signs in.
    pub async fn sign_up(place: &Place, email: &str) -> anyhow::Result<Self> {
        let session = sign(place, "signup", email).await?;
        Self::from_session(place, email, &session)
    }

    /// Signs in again: a new token with the claims of now.
    pub async fn sign_in_again(&mut self) -> anyhow::Result<()> {
        let session = sign(&self.place, "token?grant_type=password", &self.email).await?;
        *self = Self::from_session(&self.place, &self.email, &session)?;
        Ok(())
    }

    fn from_session(place: &Place, email: &str, session: &Value) -> anyhow::Result<Self> {
        let text = |pointer: &str| {
            session
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .with_context(|| format!("Auth's answer for {email} has no {pointer}: {session}"))
        };
        Ok(Self {
            place: place.clone(),
            email: email.to_owned(),
            id: text("/user/id")?,
            token: text("/access_token")?,
        })
    }

    /// A request to PostgREST, e.g. `cases?select=*`.
    pub fn rest(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/rest/v1/{path}", self.place.supabase);
        self.request(method, url)
            .header("apikey", &self.place.anon_key)
    }

    /// A request to the service, e.g. `/v1/files/1`.
    pub fn service(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, format!("{}{path}", self.place.casebase))
    }

    fn request(&self, method: Method, url: String) -> RequestBuilder {
        self.place
            .http
            .request(method, url)
            .bearer_auth(&self.token)
    }

    /// Inserts a row and returns it.
    pub async fn insert(&self, table: &str, row: Value) -> anyhow::Result<Value> {
        let request = self
            .rest(Method::POST, table)
            .header("Prefer", "return=representation")
            .json(&row);
        first(json_of(request).await?, table)
    }

    /// Updates the rows that `filter` names and returns the one that changed.
    pub async fn update(&self, table: &str, filter: &str, change: Value) -> anyhow::Result<Value> {
        let request = self
            .rest(Method::PATCH, &format!("{table}?{filter}"))
            .header("Prefer", "return=representation")
            .json(&change);
        first(json_of(request).await?, table)
    }

    /// The rows of a query.
    pub async fn select(&self, query: &str) -> anyhow::Result<Vec<Value>> {
        match json_of(self.rest(Method::GET, query)).await? {
            Value::Array(rows) => Ok(rows),
            other => bail!("PostgREST answered no list for {query}: {other}"),
        }
    }

    /// Calls a function.
    pub async fn rpc(&self, function: &str, arguments: Value) -> anyhow::Result<Value> {
        json_of(
            self.rest(Method::POST, &format!("rpc/{function}"))
                .json(&arguments),
        )
        .await
    }
}

async fn sign(place: &Place, path: &str, email: &str) -> anyhow::Result<Value> {
    let request = place
        .http
        .post(format!("{}/auth/v1/{path}", place.supabase))
        .header("apikey", &place.anon_key)
        .json(&json!({"email": email, "password": PASSWORD}));
    json_of(request)
        .await
        .with_context(|| format!("{email} can't sign in"))
}

fn first(rows: Value, table: &str) -> anyhow::Result<Value> {
    match rows {
        Value::Array(mut rows) if rows.len() == 1 => Ok(rows.remove(0)),
        other => bail!("one row of {table} was expected back: {other}"),
    }
}

async fn json_of(request: RequestBuilder) -> anyhow::Result<Value> {
    let text = accepted(request.send().await?).await?.text().await?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("the answer is not JSON: {text}"))
}

/// The answer itself where it is a success; else an error with what the server said.
pub async fn accepted(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let url = response.url().clone();
    bail!(
        "{url} answered {status}: {}",
        response.text().await.unwrap_or_default()
    )
}

/// Fails unless the answer is the refusal that the story is about.
pub fn refused(response: &Response, expected: StatusCode) -> anyhow::Result<()> {
    if response.status() == expected {
        return Ok(());
    }
    bail!(
        "{} answered {} where {expected} was due",
        response.url(),
        response.status()
    )
}
