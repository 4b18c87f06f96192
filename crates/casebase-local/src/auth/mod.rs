//! `/auth/v1`: what Supabase Auth answers for e-mail and password, sessions, and the admin API.
//!
//! Statuses, error codes and sentences are those of Supabase Auth under `supabase start`'s defaults:
//! sign-ups are confirmed at once, refresh tokens rotate, a reused one is noticed after ten seconds, mails are caught.

mod admin;
mod by_mail;
mod caller;
mod contact;
mod error;
mod hook;
mod letter;
mod log_out;
mod not_offered;
mod one_time;
mod own_user;
mod password;
mod public;
mod redirect;
mod request;
mod session;
mod sign_in;
mod sign_up;
mod users;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use deadpool_postgres::{Manager, Object, Pool, Transaction};
use http::{HeaderName, Method};
use tokio_postgres::NoTls;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::{jwt::Keys, mail::Mailbox};
use error::AuthError;
use hook::Hook;
pub use hook::HookUriError;

/// Auth's configuration, as far as this stack offers it.
#[derive(Clone)]
pub struct Config {
    /// How to connect; the user is `supabase_auth_admin`.
    pub database: tokio_postgres::Config,
    /// What tokens are signed with and verified against.
    pub keys: Arc<Keys>,
    /// The public URL of the project, e.g. `http://127.0.0.1:54321`; `iss` is this plus `/auth/v1`.
    pub url: String,
    /// The custom access token hook as Supabase's config names it: `pg-functions://postgres/schema/function`.
    pub access_token_hook: Option<String>,
    /// How long an access token lives, in seconds.
    pub jwt_expiry: u64,
    /// Whether an address counts only once a mail to it was answered.
    pub confirm_email: bool,
    /// The project's site: where links in mails lead on to when the request names no other page.
    pub site_url: String,
    /// Where the mails go.
    pub mailbox: Mailbox,
}

/// Why Auth could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configured hook is no address of a PostgreSQL function.
    #[error(transparent)]
    Hook(#[from] HookUriError),
    /// Links would lead nowhere.
    #[error("the site's URL is http://… or https://…, not {0:?}")]
    SiteUrl(String),
    /// No connection pool could be made.
    #[error("auth's connection pool: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
    /// The database does not let Auth in.
    #[error("auth cannot connect to the database: {0}")]
    Database(#[from] deadpool_postgres::PoolError),
}

/// What every request needs.
struct Auth {
    pool: Pool,
    keys: Arc<Keys>,
    issuer: String,
    access_token_hook: Option<Hook>,
    jwt_expiry: u64,
    confirm_email: bool,
    site_url: String,
    mailbox: Mailbox,
}

impl Auth {
    async fn start(config: Config) -> Result<Self, StartError> {
        let access_token_hook = config
            .access_token_hook
            .as_deref()
            .map(str::parse)
            .transpose()?;
        if !redirect::is_web_page(&config.site_url) {
            return Err(StartError::SiteUrl(config.site_url));
        }
        let pool = Pool::builder(Manager::new(config.database, NoTls)).build()?;
        drop(pool.get().await?);
        Ok(Self {
            pool,
            keys: config.keys,
            issuer: format!("{}/auth/v1", config.url),
            access_token_hook,
            jwt_expiry: config.jwt_expiry,
            confirm_email: config.confirm_email,
            site_url: config.site_url,
            mailbox: config.mailbox,
        })
    }

    async fn connect(&self) -> Result<Object, AuthError> {
        self.pool.get().await.map_err(|error| {
            tracing::warn!(%error, "auth has no database connection");
            AuthError::internal("Database error connecting")
        })
    }

    async fn begin<'a>(&self, client: &'a mut Object) -> Result<Transaction<'a>, AuthError> {
        client
            .transaction()
            .await
            .map_err(AuthError::database("Database error starting a transaction"))
    }
}

async fn commit(tx: Transaction<'_>) -> Result<(), AuthError> {
    tx.commit()
        .await
        .map_err(AuthError::database("Database error committing"))
}

/// Any page may call Auth from a browser, and read what auth-js needs of the answer.
fn cors() -> CorsLayer {
    let readable = ["x-total-count", "link", "x-supabase-api-version"];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(readable.map(HeaderName::from_static))
}

/// The routes, without the `/auth/v1` prefix.
pub async fn router(config: Config) -> Result<Router, StartError> {
    let auth = Arc::new(Auth::start(config).await?);
    let router = Router::new()
        .route("/health", get(public::health))
        .route("/settings", get(public::settings))
        .route("/.well-known/jwks.json", get(public::jwks))
        .route("/signup", post(sign_up::sign_up))
        .route("/token", post(sign_in::token))
        .route("/user", get(own_user::get).put(own_user::update))
        .route("/logout", post(log_out::log_out))
        .route("/recover", post(by_mail::recover))
        .route("/otp", post(by_mail::sign_in))
        .route("/magiclink", post(by_mail::sign_in))
        .route("/resend", post(by_mail::resend))
        .route("/invite", post(by_mail::invite))
        .route("/verify", get(verify::follow).post(verify::ask))
        .route(
            "/admin/generate_link",
            post(admin::generate_link::generate_link),
        )
        .route(
            "/admin/users",
            get(admin::list::list).post(admin::create::create),
        )
        .route(
            "/admin/users/{id}",
            get(admin::get)
                .put(admin::update::update)
                .delete(admin::delete::delete),
        )
        .merge(not_offered::routes())
        .layer(DefaultBodyLimit::max(request::BODY_LIMIT))
        .layer(from_fn(error::render_errors))
        .layer(cors())
        .with_state(auth);
    Ok(router)
}
