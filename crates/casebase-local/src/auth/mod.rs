//! `/auth/v1`: what Supabase Auth answers.

use std::sync::Arc;

use axum::Router;

use crate::jwt::Keys;

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
}

/// The routes, without the `/auth/v1` prefix.
pub async fn router(_config: Config) -> Result<Router, tokio_postgres::Error> {
    Ok(Router::new())
}
