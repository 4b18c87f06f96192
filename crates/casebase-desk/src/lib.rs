//! The case desk: pages for the people of a case, in a browser.
//!
//! The sources are in `app/`, what `npm run build` makes of them in `built/`, which is part of this crate: neither the
//! binary nor who runs it needs Node.js. The pages ask PostgREST, Auth and the service with the token of whoever signed
//! in; nothing here decides who may do what. Where they ask is told at run time, by [`Settings`].

mod headers;
mod serve;
mod write;

use include_dir::{Dir, include_dir};
use serde::{Serialize, Serializer};
use url::Url;

pub use casebase_supabase::AnonKey;
pub use headers::content_security_policy;
pub use serve::router;
pub use write::write;

static BUILT: Dir = include_dir!("$CARGO_MANIFEST_DIR/built");

/// The page that everything begins with.
const ENTRY: &str = "index.html";

/// What the pages are told before they ask anybody: `config.json`, beside the entry page.
const CONFIG: &str = "config.json";

/// Where files lie whose names change with their content, and so never change themselves.
const HASHED: &str = "assets/";

/// Where the desk's pages find the project and the service. All of it is public.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The project, as browsers reach it.
    #[serde(serialize_with = "url")]
    pub supabase_url: Url,
    /// The project's public key.
    #[serde(serialize_with = "key")]
    pub anon_key: AnonKey,
    /// The service, absolute or relative to the desk's entry page.
    pub service_url: String,
}

fn url<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.as_str())
}

fn key<S: Serializer>(key: &AnonKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(key.as_str())
}
