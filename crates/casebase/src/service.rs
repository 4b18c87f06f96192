//! The service, asked by whoever is signed in. What it refuses is told in its own words.

use std::{fmt, time::Duration};

use anyhow::Context;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::RETRY_AFTER, redirect};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::session::Session;

const CONNECT: Duration = Duration::from_secs(15);
/// What did not work is tried so many times in all.
const TRIES: u32 = 4;
/// The first wait; each further one is twice as long.
const WAIT: Duration = Duration::from_millis(500);
/// Whoever is told to wait longer is told so.
const LONGEST_WAIT: Duration = Duration::from_secs(70);

/// The service beside the project that somebody is signed in at.
pub struct Service {
    session: Session,
    http: reqwest::Client,
}

/// What the service said in place of a success.
#[derive(Debug)]
pub struct Refusal {
    /// Of the answer.
    pub status: StatusCode,
    code: String,
    message: String,
    hint: Option<String>,
    retry: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// When it may be answered otherwise; none: not soon. A gateway with nobody behind it says nothing of that.
    fn wait(&self, usual: Duration) -> Option<Duration> {
        let away = [
            StatusCode::BAD_GATEWAY,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::GATEWAY_TIMEOUT,
        ];
        let usual = away.contains(&self.status).then_some(usual);
        self.retry.or(usual).filter(|wait| *wait <= LONGEST_WAIT)
    }

    /// Whether the same request gets the same answer at every later time.
    pub fn is_final(&self) -> bool {
        let passing = [
            StatusCode::UNAUTHORIZED,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CONFLICT,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        self.status.is_client_error() && !passing.contains(&self.status)
    }

    async fn of(answer: Response) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Said,
        }
        #[derive(Deserialize)]
        struct Said {
            code: String,
            message: String,
            hint: Option<String>,
        }
        let status = answer.status();
        let retry = answer.headers().get(RETRY_AFTER);
        let retry = retry.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let body = answer.bytes().await.unwrap_or_default();
        let said = match serde_json::from_slice::<Body>(&body) {
            Ok(body) => body.error,
            Err(_) => Said {
                code: String::new(),
                message: format!("what answers ({status}) is not the service"),
                hint: Some("`casebase whoami` says where it is asked for".into()),
            },
        };
        Self {
            status,
            code: said.code,
            message: said.message,
            hint: said.hint,
            retry: retry.map(Duration::from_secs),
        }
    }
}

impl Service {
    /// As whoever is signed in.
    pub fn open() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            // A token goes nowhere else.
            .redirect(redirect::Policy::none());
        Ok(Self {
            session: Session::open()?,
            http: http.build()?,
        })
    }

    /// Who asks.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What asks, without a token.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// What is there.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let answer = self.ask(Method::GET, path, async |it| Ok(it)).await?;
        Ok(answer.json().await?)
    }

    /// Adds this once, however often it has to be sent; what came of it.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let key = Uuid::new_v4().to_string();
        let answer = self.ask(Method::POST, path, async |request| {
            Ok(request.header("idempotency-key", &key).json(body))
        });
        Ok(answer.await?.json().await?)
    }

    /// Asks, once more and later where that may help; so what is asked has its effect once, or an `Idempotency-Key`. `path`
    /// begins with `/v1/`. `with` adds the rest to each try's request.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        with: impl AsyncFn(RequestBuilder) -> anyhow::Result<RequestBuilder>,
    ) -> anyhow::Result<Response> {
        let base = &self.session.place().service;
        let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
        let (mut tries, mut wait) = (1, WAIT);
        let mut token = self.session.token().await?;
        loop {
            let request = self.http.request(method.clone(), &url);
            let request = with(request.bearer_auth(token.as_str())).await?;
            match request.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => {
                    let refusal = Refusal::of(answer).await;
                    match refusal.wait(wait) {
                        _ if tries >= TRIES => return Err(refusal.into()),
                        // By the service's clock.
                        _ if refusal.code == "expired_token" => {
                            token = self.session.token_after(&token).await?;
                        }
                        None => return Err(refusal.into()),
                        Some(wait) => tokio::time::sleep(wait).await,
                    }
                }
                Err(error) if tries >= TRIES || error.is_builder() => {
                    return Err(anyhow::anyhow!(casebase_supabase::failure(error)))
                        .with_context(|| format!("the service at {base} can't be reached"));
                }
                Err(_) => {
                    tokio::time::sleep(wait).await;
                    token = self.session.token().await?;
                }
            }
            tries += 1;
            wait *= 2;
        }
    }
}
