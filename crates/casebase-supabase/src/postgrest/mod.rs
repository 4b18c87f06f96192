//! PostgREST under the caller's token.
//!
//! A request is a [`Query`]: names are checked before anything is sent, every request has a timeout,
//! no redirect is followed, and an answer is rows or an [`Error`].
//!
//! ```no_run
//! # use casebase_supabase::{jwt::UserToken, postgrest::{Error, PostgrestClient}, rows::CaseKey};
//! # async fn example(db: PostgrestClient, user: UserToken) -> Result<(), Error> {
//! let open: Vec<CaseKey> = db.from("cases", &user).eq("status", "open").rows().await?;
//! # Ok(()) }
//! ```

mod error;
mod query;
mod transport;

use std::{sync::Arc, time::Duration};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

pub use error::{ApiError, Error, Refused};
pub use query::Query;

use self::transport::Transport;
use crate::{AnonKey, SettingError, jwt::UserToken};

const APIKEY: HeaderName = HeaderName::from_static("apikey");
/// Longer than the `authenticated` role's statement timeout on a hosted project (8 s).
const TIMEOUT: Duration = Duration::from_secs(15);

/// The REST interface of one project. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PostgrestClient {
    base: Arc<str>,
    anon_key: HeaderValue,
    transport: Transport,
}

impl PostgrestClient {
    /// For the project at `supabase_url`.
    pub fn new(supabase_url: &Url, anon_key: &AnonKey) -> Result<Self, SettingError> {
        Self::with_timeout(supabase_url, anon_key, TIMEOUT)
    }

    fn with_timeout(
        supabase_url: &Url,
        anon_key: &AnonKey,
        timeout: Duration,
    ) -> Result<Self, SettingError> {
        Ok(Self {
            base: crate::below(supabase_url, "rest/v1")?.as_str().into(),
            anon_key: secret_header(anon_key.as_str())?,
            transport: Transport::new(timeout)?,
        })
    }

    /// A query on a table or view, as the user.
    pub fn from(&self, table: &str, user: &UserToken) -> Query {
        self.query("", table, Some(user))
    }

    /// A query on a table or view with nothing but the project's public key: as whoever is not signed in. A gateway that
    /// doesn't take the key answers before anything else.
    pub fn from_public(&self, table: &str) -> Query {
        self.query("", table, None)
    }

    /// A call of a function, as the user.
    pub fn rpc(&self, function: &str, user: &UserToken) -> Query {
        self.query("rpc/", function, Some(user))
    }

    fn query(&self, prefix: &str, name: &str, user: Option<&UserToken>) -> Query {
        let apikey = (APIKEY, self.anon_key.clone());
        // Headers are made here and not by the builder's `auth`, which panics on what it can't carry.
        let bearer = user.map(|user| secret_header(&format!("Bearer {}", user.as_str())));
        let headers = bearer.transpose().map(|bearer| {
            let bearer = bearer.map(|bearer| (AUTHORIZATION, bearer));
            HeaderMap::from_iter(bearer.into_iter().chain([apikey]))
        });
        Query::new(&self.base, prefix, name, headers, self.transport.clone())
    }
}

/// A header value that is left out of debug output.
fn secret_header(text: &str) -> Result<HeaderValue, SettingError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| SettingError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
