//! The `postgrest` crate builds a request, the client of everything else here sends it.
//!
//! The crate would send with reqwest 0.11, whose TLS stack (rustls 0.21, rustls-webpki 0.101) gets no
//! more corrections. What the crate is given in its place can send nothing, and no credential passes
//! through it: headers of ours are added to the finished request.

use std::time::Duration;

use postgrest::Builder;
use reqwest::{
    Client, Method, Request, Response,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};

use super::Error;
use crate::SettingError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: Client,
    /// For the crate's builder, which won't do without one: it refuses `http:` and trusts nobody's
    /// certificate.
    inert: reqwest011::Client,
}

impl Transport {
    /// A request and its answer get `timeout`.
    pub(super) fn new(timeout: Duration) -> Result<Self, SettingError> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(Policy::none())
            .build();
        let inert = reqwest011::Client::builder()
            .https_only(true)
            .tls_built_in_root_certs(false)
            .build();
        Ok(Self {
            client: client.map_err(|e| SettingError::Client(e.to_string()))?,
            inert: inert.map_err(|e| SettingError::Client(e.to_string()))?,
        })
    }

    /// A request in the crate's words.
    pub(super) fn builder(&self, url: &str) -> Builder {
        Builder::new(
            url,
            None,
            reqwest011::header::HeaderMap::new(),
            self.inert.clone(),
        )
    }

    /// Sends what was built, with these headers in place of its own of the same name.
    pub(super) async fn send(&self, built: Builder, headers: HeaderMap) -> Result<Response, Error> {
        let mut request = translated(built)?;
        request.headers_mut().extend(headers);
        let answer = self.client.execute(request).await;
        answer.map_err(Error::from_transport)
    }
}

/// The same request in the types of the current reqwest.
fn translated(built: Builder) -> Result<Request, Error> {
    let unbuilt = |reason: &dyn std::fmt::Display| Error::NotBuilt(reason.to_string());
    let built = built
        .build()
        .build()
        .map_err(|e| unbuilt(&e.without_url()))?;
    let method = Method::from_bytes(built.method().as_str().as_bytes());
    let mut request = Request::new(method.map_err(|e| unbuilt(&e))?, built.url().clone());
    for (name, value) in built.headers() {
        let name = HeaderName::from_bytes(name.as_ref()).map_err(|e| unbuilt(&e))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|e| unbuilt(&e))?;
        request.headers_mut().append(name, value);
    }
    // A GET of the crate's has an empty body.
    let body = built.body().and_then(|body| body.as_bytes());
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        *request.body_mut() = Some(body.to_vec().into());
    }
    Ok(request)
}
