//! `/rest/v1`: what PostgREST answers.

use std::sync::Arc;

use axum::Router;

use crate::jwt::Keys;

/// PostgREST's configuration, as far as this stack offers it.
#[derive(Clone)]
pub struct Config {
    /// How to connect; the user is `authenticator`.
    pub database: tokio_postgres::Config,
    /// What tokens are verified against.
    pub keys: Arc<Keys>,
    /// `db-schemas`: the exposed schemas, the first is the default.
    pub schemas: Vec<String>,
    /// `db-extra-search-path`.
    pub extra_search_path: Vec<String>,
    /// `db-anon-role`.
    pub anon_role: String,
    /// `db-max-rows`.
    pub max_rows: Option<u64>,
}

/// The routes, without the `/rest/v1` prefix.
pub async fn router(_config: Config) -> Result<Router, tokio_postgres::Error> {
    Ok(Router::new())
}
