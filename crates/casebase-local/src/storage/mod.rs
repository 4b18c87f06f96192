//! `/storage/v1`: what Supabase Storage answers, over REST, TUS and the S3 protocol.
//!
//! A request becomes a [`request::Request`] with a [`caller::Caller`]. Each operation is a file of [`rest`],
//! [`tus`] or [`s3`]; all of them ask the policies through [`policy`], keep rows through [`database`] and bytes
//! through [`files`].
//!
//! Not here: image transformation (`/render`), CDN purging, Iceberg and vector buckets, S3's POST forms, webhooks.

mod caller;
mod copying;
mod database;
mod error;
mod files;
mod listing;
mod names;
mod policy;
mod range;
mod removal;
mod render;
mod request;
mod respond;
mod rest;
mod s3;
mod signed_url;
mod tus;
mod upload;

use std::{path::PathBuf, sync::Arc};

use axum::{Router, extract::Request as HttpRequest, response::Response};

use crate::jwt::Keys;
use database::Database;
use files::Files;

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
    /// The largest object in bytes that one request may bring; larger ones come in parts (TUS, S3 multipart).
    pub single_upload_limit: u64,
}

/// The server's state. All that lasts is in the database and in the files.
pub struct Storage {
    config: Config,
    database: Database,
    files: Files,
    uploads: tus::Locks,
}

/// The routes, without the `/storage/v1` prefix; S3 is below `/s3`.
pub async fn router(config: Config) -> Result<Router, tokio_postgres::Error> {
    let files = Files::new(config.data.clone());
    files.clear_incoming().await;
    let storage = Arc::new(Storage {
        database: Database::connect(config.database.clone()).await?,
        files,
        uploads: tus::Locks::default(),
        config,
    });
    Ok(Router::new().fallback(move |request| serve(storage.clone(), request)))
}

/// Paths hold keys, and keys hold slashes and whatever else: the routes are read from the path as it was sent.
async fn serve(storage: Arc<Storage>, request: HttpRequest) -> Response {
    let path = request.uri().path();
    let first = path.split('/').nth(1).unwrap_or_default();
    match first {
        "s3" => s3::serve(storage, request).await,
        "upload" if path.starts_with("/upload/resumable") => tus::serve(storage, request).await,
        _ => rest::serve(storage, request).await,
    }
}
