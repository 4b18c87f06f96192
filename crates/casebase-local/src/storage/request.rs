//! One request: what it asks, who asks, and the transactions it may open.

use std::sync::Arc;

use axum::{body::Body, extract::OriginalUri};
use deadpool_postgres::{Object as Client, Transaction};
use futures::StreamExt;
use http::{
    HeaderMap, Method, Uri,
    header::{self, AsHeaderName},
    request::Parts,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{
    Storage,
    caller::Caller,
    database::{self, Scope},
    error::Error,
    files::Incoming,
};

/// A request whose caller is known.
pub struct Request {
    /// The server.
    pub storage: Arc<Storage>,
    /// Who asks.
    pub caller: Caller,
    /// The method.
    pub method: Method,
    /// The path without the server's prefix, as it was sent.
    pub path: String,
    /// The path as it was sent to the server.
    pub original: Uri,
    /// The query, decoded.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// What is done, for `storage.operation()`.
    pub operation: &'static str,
}

impl Request {
    /// Of a request's head; the caller is nobody yet.
    pub fn new(storage: Arc<Storage>, parts: Parts, operation: &'static str) -> Self {
        let original = parts
            .extensions
            .get::<OriginalUri>()
            .map_or_else(|| parts.uri.clone(), |uri| uri.0.clone());
        Self {
            storage,
            caller: Caller::anonymous(),
            method: parts.method,
            path: parts.uri.path().to_owned(),
            original,
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            operation,
        }
    }

    /// A header's value, if it is text.
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// Refuses a `Content-Type` that names no type, where the method has a body: read as fastify 5 reads it.
    pub fn check_media_type(&self) -> Result<(), Error> {
        let Some(value) = self.headers.get(header::CONTENT_TYPE) else {
            return Ok(());
        };
        if self.method == Method::GET || self.method == Method::HEAD {
            return Ok(());
        }
        let is_token = |text: &str| {
            let punctuation = |c: char| "!#$%&'*+.^`|~-_".contains(c);
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || punctuation(c))
        };
        let essence = value.to_str().unwrap_or_default().split(';').next();
        let names = essence.and_then(|essence| essence.split_once('/'));
        match names {
            Some((kind, subtype))
                if is_token(kind.trim_start()) && is_token(subtype.trim_end()) =>
            {
                Ok(())
            }
            _ => Err(Error::no_media_type()),
        }
    }

    /// A header's value as a number.
    pub fn number(&self, name: &'static str) -> Option<u64> {
        self.header(name).and_then(|v| v.parse().ok())
    }

    /// Whether the caller asks to overwrite.
    pub fn upsert(&self) -> bool {
        self.header("x-upsert") == Some("true")
    }

    /// A connection, for [`Self::as_caller`] and [`Self::as_service`].
    pub async fn client(&self) -> Result<Client, Error> {
        self.storage.database.client().await
    }

    /// A transaction in which policies decide.
    pub async fn as_caller<'a>(&self, client: &'a mut Client) -> Result<Transaction<'a>, Error> {
        self.begin(client, &self.caller).await
    }

    /// A transaction with the project's own rights.
    pub async fn as_service<'a>(&self, client: &'a mut Client) -> Result<Transaction<'a>, Error> {
        self.begin(client, &Caller::service()).await
    }

    async fn begin<'a>(
        &self,
        client: &'a mut Client,
        caller: &Caller,
    ) -> Result<Transaction<'a>, Error> {
        let headers: serde_json::Map<String, serde_json::Value> = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
            .collect();
        let scope = Scope {
            caller,
            headers: &serde_json::Value::Object(headers).to_string(),
            method: self.method.as_str(),
            path: &self.path,
            operation: self.operation,
        };
        database::begin(client, &scope).await
    }

    /// Where the caller reached this server, e.g. `http://127.0.0.1:54321/storage/v1`.
    pub fn base_url(&self) -> String {
        let prefix = self
            .original
            .path()
            .strip_suffix(self.path.as_str())
            .unwrap_or_default();
        match self.header("host") {
            Some(host) => format!("http://{host}{prefix}"),
            None => format!("{}{prefix}", self.storage.config.url),
        }
    }
}

/// A query string's pairs, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    pub fn parse(query: &str) -> Self {
        Self(
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a name occurs.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The pairs.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// A body as a stream with Storage's errors.
pub fn incoming(body: Body) -> Incoming {
    Box::pin(body.into_data_stream().map(|chunk| {
        chunk.map_err(|_| Error::broken_body("Request stream closed before upload could complete"))
    }))
}

/// Percent-decodes a path; what is not UTF-8 then is no path of ours.
pub fn decode(path: &str) -> Option<String> {
    let well_formed = path
        .split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit));
    if !well_formed {
        return None;
    }
    percent_decode_str(path)
        .decode_utf8()
        .ok()
        .map(|decoded| decoded.into_owned())
}

/// What `encodeURIComponent` leaves as it is, beside letters and digits.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// As `encodeURIComponent` does.
pub fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}
