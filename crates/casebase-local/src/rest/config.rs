//! What the REST server is told at its start.

use std::sync::Arc;

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
