//! One person of the story: her account, her JWT, and what she does with it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use casebase_supabase::{
    AnonKey,
    auth::{AuthClient, Session},
    postgrest::{PostgrestClient, Query},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use uuid::Uuid;

/// Uploads may be large.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Where the story plays.
pub struct Place {
    auth: AuthClient,
    db: PostgrestClient,
    casebase: String,
    http: reqwest::Client,
}

impl Place {
    /// The project and the service at these URLs.
    pub fn new(supabase: &str, casebase: &str) -> anyhow::Result<Self> {
        let supabase = supabase.parse()?;
        let anon_key = AnonKey::new(casebase_local::ANON_KEY)?;
        Ok(Self {
            auth: AuthClient::new(&supabase, &anon_key)?,
            db: PostgrestClient::new(&supabase, &anon_key)?,
            casebase: casebase.to_owned(),
            http: reqwest::Client::builder().timeout(TIMEOUT).build()?,
        })
    }
}

/// Somebody with an account.
pub struct Person {
    place: Arc<Place>,
    email: String,
    session: Session,
}

const PASSWORD: &str = "correct horse battery staple";

impl Person {
    /// Signs up, which also signs in.
    pub async fn sign_up(place: &Arc<Place>, email: &str) -> anyhow::Result<Self> {
        let session = place.auth.sign_up(email, PASSWORD).await;
        let session = session.with_context(|| format!("{email} can't sign up"))?;
        Ok(Self {
            place: Arc::clone(place),
            email: email.to_owned(),
            session: session.with_context(|| format!("{email} is to be confirmed first"))?,
        })
    }

    /// Signs in again: a new token with the claims of now.
    pub async fn sign_in_again(&mut self) -> anyhow::Result<()> {
        let session = self.place.auth.sign_in(&self.email, PASSWORD).await;
        self.session = session.with_context(|| format!("{} can't sign in", self.email))?;
        Ok(())
    }

    /// `auth.users.id`.
    pub fn id(&self) -> Uuid {
        self.session.user_id
    }

    /// A query on a table, over PostgREST.
    pub fn from(&self, table: &str) -> Query {
        self.place.db.from(table, &self.session.token)
    }

    /// A call of a function, over PostgREST.
    pub fn rpc(&self, function: &str) -> Query {
        self.place.db.rpc(function, &self.session.token)
    }

    /// Inserts a row and returns it.
    pub async fn insert(&self, table: &str, row: Value) -> anyhow::Result<Value> {
        let inserted = self.from(table).insert(&row).await;
        inserted.with_context(|| format!("{} can't insert into {table}", self.email))
    }

    /// A request to the service, e.g. `/v1/files/1`.
    pub fn service(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.place.casebase);
        let request = self.place.http.request(method, url);
        request.bearer_auth(self.session.token.as_str())
    }
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
