//! Over Storage's own interface, `/storage/v1/object`.

use std::time::Duration;

use casebase_supabase::{AnonKey, SettingError, below, jwt::UserToken};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::{
    Body, Client, Method, RequestBuilder, Response,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, RANGE},
    redirect::Policy,
};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    Bytestream, Error, NewObject, Object, ObjectPath, StreamError,
    transfer::{Patience, Watch},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The REST interface of one project's Storage.
#[derive(Clone)]
pub struct RestStore {
    base: Url,
    apikey: String,
    http: Client,
    pub(super) patience: Patience,
}

impl RestStore {
    /// For the project at `supabase_url`.
    pub fn new(supabase_url: &Url, anon_key: AnonKey) -> Result<Self, SettingError> {
        Self::with_key(supabase_url, anon_key.as_str())
    }

    pub(super) fn with_key(supabase_url: &Url, apikey: &str) -> Result<Self, SettingError> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .build()
            .map_err(|e| SettingError::Client(e.to_string()))?;
        Ok(Self {
            base: below(supabase_url, "storage/v1")?,
            apikey: apikey.to_owned(),
            http,
            patience: Patience::default(),
        })
    }

    pub(super) async fn put(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        object: NewObject,
    ) -> Result<(), Error> {
        self.put_as(user.as_str(), path, object).await
    }

    pub(super) async fn put_as(
        &self,
        token: &str,
        path: &ObjectPath,
        object: NewObject,
    ) -> Result<(), Error> {
        let watch = Watch::new(self.patience);
        let mut request = self
            .request_as(Method::POST, "object", token, path)
            .header(CONTENT_TYPE, object.content_type)
            .header("x-upsert", "false")
            .body(Body::wrap_stream(watch.over(object.body)));
        if let Some(length) = object.length {
            request = request.header(CONTENT_LENGTH, length);
        }
        let sent = watch.run(async {
            let answer = request.send().await.map_err(unavailable)?;
            checked(answer).await
        });
        sent.await.map(drop)
    }

    pub(super) async fn get(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        range: Option<&str>,
    ) -> Result<Object, Error> {
        self.get_as(user.as_str(), path, range).await
    }

    pub(super) async fn get_as(
        &self,
        token: &str,
        path: &ObjectPath,
        range: Option<&str>,
    ) -> Result<Object, Error> {
        let mut request = self.request_as(Method::GET, "object/authenticated", token, path);
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let answer = self.answer(request).await?;
        Ok(Object {
            content_type: text(answer.headers(), CONTENT_TYPE.as_str()),
            length: answer.content_length(),
            content_range: text(answer.headers(), CONTENT_RANGE.as_str()),
            body: bytes_of(answer),
        })
    }

    pub(super) async fn delete(&self, user: &UserToken, path: &ObjectPath) -> Result<(), Error> {
        self.delete_as(user.as_str(), path).await
    }

    pub(super) async fn delete_as(&self, token: &str, path: &ObjectPath) -> Result<(), Error> {
        let request = self.request_as(Method::DELETE, "object", token, path);
        self.answer(request).await.map(drop)
    }

    pub(super) async fn is_reachable(&self) -> Result<(), Error> {
        let url = format!("{}/status", self.base);
        let sent = async { self.http.get(url).send().await.map_err(unavailable) };
        let answer = self.patience.in_time(sent).await?;
        if answer.status().is_server_error() {
            return Err(Error::Unavailable(answer.status().to_string()));
        }
        Ok(())
    }

    /// Where, from the interface's root on, whoever asks gets the object for a while. Storage's policies are asked now and not
    /// then.
    pub(crate) async fn sign(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        lifetime: Duration,
    ) -> Result<String, Error> {
        let wanted = json!({"expiresIn": lifetime.as_secs()});
        let request = self.request(Method::POST, "object/sign", user, path);
        let answer = self.answer(request.json(&wanted)).await;
        let answer = answer.map_err(|error| error.under(user))?;
        let signed: Signed = answer.json().await.map_err(unavailable)?;
        Ok(signed.url)
    }

    /// Storage copies by itself; what it says last may be late for a large object.
    pub(crate) async fn copy_as(
        &self,
        token: &str,
        from: &ObjectPath,
        to: &ObjectPath,
    ) -> Result<(), Error> {
        let wanted = json!({
            "bucketId": from.bucket,
            "sourceKey": from.key,
            "destinationBucket": to.bucket,
            "destinationKey": to.key,
        });
        let request = self.http.post(format!("{}/object/copy", self.base));
        let request = request.bearer_auth(token).json(&wanted);
        let request = request.header("apikey", &self.apikey);
        let copied = async { checked(request.send().await.map_err(unavailable)?).await };
        let copied = tokio::time::timeout(self.patience.stuck, copied).await;
        copied
            .unwrap_or_else(|_| Err(Error::Unavailable("no answer in time".into())))
            .map(drop)
    }

    /// The query of a URL, `token=…`, under which whoever has it writes the object once. Storage's policies are asked now and
    /// not then; the object's owner is who asked.
    pub(crate) async fn sign_upload(
        &self,
        user: &UserToken,
        path: &ObjectPath,
    ) -> Result<String, Error> {
        let request = self.request(Method::POST, "object/upload/sign", user, path);
        let answer = self.answer(request.json(&json!({}))).await;
        let answer = answer.map_err(|error| error.under(user))?;
        let signed: SignedUpload = answer.json().await.map_err(unavailable)?;
        let token = signed.url.split_once("?token=").map(|(_, token)| token);
        token
            .map(str::to_owned)
            .ok_or_else(|| Error::Unexpected("a signed URL for an upload that has no token".into()))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Response, Error> {
        let answer = async { checked(request.send().await.map_err(unavailable)?).await };
        self.patience.in_time(answer).await
    }

    fn request(
        &self,
        method: Method,
        route: &str,
        user: &UserToken,
        path: &ObjectPath,
    ) -> RequestBuilder {
        self.request_as(method, route, user.as_str(), path)
    }

    fn request_as(
        &self,
        method: Method,
        route: &str,
        token: &str,
        path: &ObjectPath,
    ) -> RequestBuilder {
        let url = format!("{}/{route}/{}", self.base, path.in_url());
        let request = self.http.request(method, url).bearer_auth(token);
        request.header("apikey", &self.apikey)
    }
}

/// A link, from [`RestStore::base`] on.
#[derive(Deserialize)]
struct Signed {
    #[serde(rename = "signedURL")]
    url: String,
}

/// A link to write to.
#[derive(Deserialize)]
struct SignedUpload {
    url: String,
}

/// Storage's error envelope: the true status and code stand in the body, most often under HTTP 400.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    status_code: Option<String>,
    code: Option<String>,
    error: Option<String>,
    message: Option<String>,
}

async fn checked(answer: Response) -> Result<Response, Error> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer.bytes().await.map_err(unavailable)?;
    let Ok(body) = serde_json::from_slice::<Envelope>(&body) else {
        return Err(Error::from_answer(
            status.as_u16(),
            "",
            "no error message".into(),
        ));
    };
    let hidden = body.status_code.and_then(|s| s.parse().ok());
    let code = body.code.or(body.error).unwrap_or_default();
    let message = body.message.unwrap_or_default();
    Err(Error::from_answer(
        hidden.unwrap_or(status.as_u16()),
        &code,
        message,
    ))
}

fn unavailable(error: reqwest::Error) -> Error {
    Error::Unavailable(casebase_supabase::failure(error))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn bytes_of(answer: Response) -> Bytestream {
    answer.bytes_stream().map_err(StreamError::broken).boxed()
}
