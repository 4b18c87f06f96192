//! PostgREST, Auth and JWT as Casebase uses them.
//!
//! The two client crates underneath (`postgrest`, `supabase-auth`) are each used in one module that
//! closes their gaps; nothing else in the workspace imports them.

pub mod auth;
pub mod jwt;
pub mod postgrest;
pub mod rows;
pub mod violation;

use std::{error::Error as _, fmt, str::FromStr};

use url::Url;

/// A setting that no client can be made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The project's URL is not `http(s)://host…`. Only its scheme is kept: what was pasted instead may be a
    /// database's URL with its password.
    #[error("the URL of a Supabase project begins with http:// or https://, not with `{scheme}:`")]
    Url {
        /// What it begins with.
        scheme: String,
    },
    /// The key holds what no HTTP header may carry.
    #[error("the key has characters that no key has (a line break?)")]
    Key,
    /// The key of somebody who may do more than the public may.
    #[error("the key is a secret one (`{kind}`), which whoever has it may do everything with")]
    SecretKey {
        /// How such keys begin.
        kind: &'static str,
    },
    /// A JWT that is not the public's.
    #[error("the key is a token of {}, not of the role `anon`", of_role(role.as_deref()))]
    KeyOfRole {
        /// Its role, if it has one.
        role: Option<String>,
    },
    /// Neither kind of public key.
    #[error("the key is neither a JWT nor begins with sb_publishable_")]
    NoKey,
    /// Neither kind of secret key.
    #[error("the key neither begins with sb_secret_ nor is a token of the role `service_role`")]
    NoSecretKey,
    /// The TLS or resolver set-up of this machine failed.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

fn of_role(role: Option<&str>) -> String {
    role.map_or("no role".to_owned(), |role| format!("the role `{role}`"))
}

/// How keys of the newer kind begin.
const PUBLISHABLE: &str = "sb_publishable_";

/// The project's public key: a legacy anon JWT, or `sb_publishable_…`.
#[derive(Clone, PartialEq, Eq)]
pub struct AnonKey(String);

impl AnonKey {
    /// Takes a key that a header can carry, and none that is known not to be public: with such a one, whoever
    /// comes without a token of their own would pass for its owner.
    pub fn new(key: impl Into<String>) -> Result<Self, SettingError> {
        let key = key.into();
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SettingError::Key);
        }
        for (prefix, kind) in [("sb_secret_", "sb_secret_…"), ("sbp_", "sbp_…")] {
            if key.starts_with(prefix) {
                return Err(SettingError::SecretKey { kind });
            }
        }
        if let Some(name) = key.strip_prefix(PUBLISHABLE) {
            return match name {
                "" => Err(SettingError::NoKey),
                _ => Ok(Self(key)),
            };
        }
        if !jwt::looks_like_jwt(&key) {
            return Err(SettingError::NoKey);
        }
        match jwt::role_of(&key) {
            Some(role) if role == "anon" => Ok(Self(key)),
            role => Err(SettingError::KeyOfRole { role }),
        }
    }

    /// The key itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a legacy JWT key, the only kind that S3 session credentials are made from.
    pub fn is_jwt(&self) -> bool {
        jwt::looks_like_jwt(&self.0)
    }
}

impl fmt::Debug for AnonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnonKey(…)")
    }
}

/// A key that may do everything: `sb_secret_…`, or the legacy service_role JWT. For jobs that nobody asked for; never in
/// the request of a user.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// The key itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretKey {
    type Err = SettingError;

    fn from_str(key: &str) -> Result<Self, SettingError> {
        let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic());
        let newer = key
            .strip_prefix("sb_secret_")
            .is_some_and(|name| !name.is_empty());
        match (plain, newer, jwt::looks_like_jwt(key)) {
            (false, ..) => Err(SettingError::Key),
            (true, true, _) => Ok(Self(key.to_owned())),
            (true, false, true) if jwt::role_of(key).as_deref() == Some("service_role") => {
                Ok(Self(key.to_owned()))
            }
            _ => Err(SettingError::NoSecretKey),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Why a request came to nothing: reqwest's sentence with the causes that it leaves out, and without
/// the URL that it puts in, which may hold what should not be logged.
pub fn failure(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// `base` with `path` below whatever path it already has; its query and fragment are dropped.
pub fn below(base: &Url, path: &str) -> Result<Url, SettingError> {
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        let scheme = base.scheme().to_owned();
        return Err(SettingError::Url { scheme });
    }
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    Ok(url)
}
