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

use std::{sync::Arc, time::Duration};

use reqwest011::{
    Client,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect::Policy,
};
use url::Url;

pub use error::{ApiError, Error};
pub use query::{Page, Query};

use crate::{AnonKey, SettingError, jwt::UserToken};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than the `authenticated` role's statement timeout on a hosted project (8 s).
const TIMEOUT: Duration = Duration::from_secs(15);

/// The REST interface of one project. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PostgrestClient {
    base: Arc<str>,
    anon_key: HeaderValue,
    http: Client,
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
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(Policy::none())
            .build()
            .map_err(|e| SettingError::Client(e.to_string()))?;
        Ok(Self {
            base: crate::below(supabase_url, "rest/v1")?.as_str().into(),
            anon_key: secret_header(anon_key.as_str())?,
            http,
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
        let request = self.http.head(format!("{}/", self.base));
        let answer = request.header("apikey", self.anon_key.clone()).send().await;
        let status = answer.map_err(Error::from_transport)?.status();
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
            let apikey = ("apikey".parse().ok(), self.anon_key.clone());
            [(Some(AUTHORIZATION), bearer), apikey]
                .into_iter()
                .filter_map(|(name, value)| Some((name?, value)))
                .collect::<HeaderMap>()
        });
        Query::new(&self.base, prefix, name, headers, self.http.clone())
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
