//! Somebody at a project: an account, its JWT, and what is asked with it. The demo plays with these, and so do the
//! tests.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use casebase_supabase::{
    AnonKey,
    auth::{AuthClient, Session},
    postgrest::{PostgrestClient, Query},
};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use uuid::Uuid;

/// Uploads may be large.
const TIMEOUT: Duration = Duration::from_secs(300);

/// What who signs up here signs in with.
pub const PASSWORD: &str = "correct horse battery staple";

/// A project, and the service beside it where there is one.
pub struct Place {
    auth: AuthClient,
    db: PostgrestClient,
    supabase: String,
    anon_key: AnonKey,
    service: Option<String>,
    http: reqwest::Client,
}

impl Place {
    /// The project at `supabase`, e.g. `http://127.0.0.1:54321`, with its public key. Nobody is asked yet; the error
    /// says which of the two can't be used.
    pub fn new(supabase: &str, anon_key: &str) -> anyhow::Result<Self> {
        let url = supabase
            .parse()
            .with_context(|| format!("`{supabase}` is no URL of a Supabase project"))?;
        let anon_key = AnonKey::new(anon_key)?;
        Ok(Self {
            auth: AuthClient::new(&url, &anon_key)?,
            db: PostgrestClient::new(&url, &anon_key)?,
            supabase: supabase.trim_end_matches('/').to_owned(),
            anon_key,
            service: None,
            http: reqwest::Client::builder().timeout(TIMEOUT).build()?,
        })
    }

    /// With the service at this URL, e.g. `http://127.0.0.1:8787`.
    #[must_use]
    pub fn with_service(mut self, url: &str) -> Self {
        self.service = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// A request to the project, e.g. `/rest/v1/cases`, by whoever holds the token: a user's, or a key's.
    pub fn supabase(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        let request = self.request(token, method, &self.supabase, path);
        request.header("apikey", self.anon_key.as_str())
    }

    fn request(&self, token: &str, method: Method, base: &str, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{base}{path}"));
        request.bearer_auth(token)
    }
}

/// Somebody who is signed in.
pub struct Person {
    place: Arc<Place>,
    email: String,
    session: Session,
}

impl Person {
    /// Signs up, which also signs in.
    pub async fn sign_up(place: &Arc<Place>, email: &str) -> anyhow::Result<Self> {
        let session = place.auth.sign_up(email, PASSWORD).await;
        let session = session.with_context(|| format!("{email} can't sign up"))?;
        let session = session.with_context(|| format!("{email} is to be confirmed first"))?;
        Ok(Self::new(place, email, session))
    }

    /// Signs in to an account that is there.
    pub async fn sign_in(place: &Arc<Place>, email: &str, password: &str) -> anyhow::Result<Self> {
        let session = place.auth.sign_in(email, password).await;
        let session = session.with_context(|| format!("{email} can't sign in"))?;
        Ok(Self::new(place, email, session))
    }

    fn new(place: &Arc<Place>, email: &str, session: Session) -> Self {
        Self {
            place: Arc::clone(place),
            email: email.to_owned(),
            session,
        }
    }

    /// A new token, with the claims of now.
    pub async fn refresh(&mut self) -> anyhow::Result<()> {
        let session = self.place.auth.refresh(&self.session.refresh_token).await;
        self.session =
            session.with_context(|| format!("the session of {} can't go on", self.email))?;
        Ok(())
    }

    /// `auth.users.id`.
    pub fn id(&self) -> Uuid {
        self.session.user_id
    }

    /// What they sign in as.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The JWT.
    pub fn token(&self) -> &str {
        self.session.token.as_str()
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

    /// A request to the project, e.g. `/storage/v1/object/client-bucket/…`.
    pub fn supabase(&self, method: Method, path: &str) -> RequestBuilder {
        self.place.supabase(self.token(), method, path)
    }

    /// A request to the service at this URL.
    pub fn at(&self, service: &str, method: Method, path: &str) -> RequestBuilder {
        self.place.request(self.token(), method, service, path)
    }

    /// A request to the service, e.g. `/v1/files/1`. At a place without one it fails when it is sent.
    pub fn service(&self, method: Method, path: &str) -> RequestBuilder {
        let service = self.place.service.as_deref().unwrap_or_default();
        self.place.request(self.token(), method, service, path)
    }
}
