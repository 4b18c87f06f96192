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

pub use error::{ApiError, Error};
pub use query::{Page, Query};

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
        self.query("", table, user)
    }

    /// A call of a function, as the user.
    pub fn rpc(&self, function: &str, user: &UserToken) -> Query {
        self.query("rpc/", function, user)
    }

    /// Whether PostgREST answers at all. Any answer but a server error will do: a hosted project
    /// refuses the root path to public keys, which still shows that it is there.
    pub async fn is_reachable(&self) -> Result<(), Error> {
        let headers = HeaderMap::from_iter([(APIKEY, self.anon_key.clone())]);
        let root = format!("{}/", self.base);
        let status = self.transport.head(&root, headers).await?.status();
        if status.is_server_error() {
            return Err(Error::UnexpectedAnswer {
                status: status.as_u16(),
                reason: "PostgREST is not ready".into(),
            });
        }
        Ok(())
    }

    fn query(&self, prefix: &str, name: &str, user: &UserToken) -> Query {
        // Headers are made here and not by the builder's `auth`, which panics on what it can't carry.
        let headers = secret_header(&format!("Bearer {}", user.as_str())).map(|bearer| {
            let apikey = self.anon_key.clone();
            HeaderMap::from_iter([(AUTHORIZATION, bearer), (APIKEY, apikey)])
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
