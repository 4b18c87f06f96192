//! `/storage/v1`: what Supabase Storage answers, over REST and the S3 protocol.

use std::{path::PathBuf, sync::Arc};

use axum::Router;

use crate::jwt::Keys;

/// Storage's configuration, as far as this stack offers it.
#[derive(Clone)]
pub struct Config {
    /// How to connect; the user is `supabase_storage_admin`.
    pub database: tokio_postgres::Config,
    /// What tokens are verified against, and signed URLs signed with.
    pub keys: Arc<Keys>,
    /// The public URL of the project, e.g. `http://127.0.0.1:54321`.
    pub url: String,
    /// Where the objects' bytes are kept.
    pub data: PathBuf,
    /// Access key id of S3 session credentials.
    pub project_ref: String,
    /// Secret of S3 session credentials.
    pub anon_key: String,
    /// The static S3 key pair (id, secret): acts as `service_role`.
    pub s3_static_key: (String, String),
    /// The S3 region.
    pub region: String,
    /// The largest object in bytes.
    pub file_size_limit: u64,
}

/// The routes, without the `/storage/v1` prefix; S3 is below `/s3`.
pub async fn router(_config: Config) -> Result<Router, tokio_postgres::Error> {
    Ok(Router::new())
}
