//! An upload past the service, in pieces, over the TUS protocol 1.0.0 as Storage speaks it.
//!
//! The service reserves the row, Storage takes the bytes, the service completes the file. Each step is recorded, so it goes
//! on wherever it stopped. Storage's token ends after two hours: for a file that is still pending its uploader gets another.

use std::{ops::ControlFlow, time::Duration};

use anyhow::{Context, anyhow};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use casebase_supabase::below;
use chrono::{TimeDelta, Utc};
use indicatif::ProgressBar;
use reqwest::{
    Body, RequestBuilder, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::{
    begun::{Record, Reserved},
    source::Source,
};
use crate::{service::Service, terminal};

/// A token is replaced when it lives no longer: a piece takes a while.
const SOON: TimeDelta = TimeDelta::minutes(10);
/// So often in a row what breaks is begun again.
const TRIES: u32 = 5;
const WAIT: Duration = Duration::from_secs(1);

/// One upload.
pub struct Pieces<'a> {
    pub service: &'a Service,
    pub source: &'a Source,
    pub record: &'a mut Record,
    pub bar: &'a ProgressBar,
    pub name: &'a str,
}

/// Storage takes no more of the upload, now and later.
#[derive(Debug, thiserror::Error)]
#[error("{0}\nhint: the same command begins it anew")]
pub struct NoMore(String);

/// Why a piece is not there.
enum Broken {
    /// It may go on in a while.
    ForNow(anyhow::Error),
    /// Storage does not know the upload.
    Unknown,
    /// It can't go on.
    Refused(anyhow::Error),
}

impl Pieces<'_> {
    /// Sends what Storage has not got yet.
    pub async fn send(&mut self) -> anyhow::Result<()> {
        let mut failures = 0;
        while !self.record.begun().written {
            let had = self.bar.position();
            match self.go_on().await? {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(_) if self.bar.position() > had => failures = 0,
                ControlFlow::Break(error) if failures + 1 >= TRIES => return Err(error),
                ControlFlow::Break(_) => failures += 1,
            }
            if failures > 0 {
                tokio::time::sleep(WAIT * failures).await;
            }
        }
        Ok(())
    }

    /// From where it stopped to the end, or to where it breaks.
    async fn go_on(&mut self) -> anyhow::Result<ControlFlow<anyhow::Error>> {
        let Some(reserved) = self.with_a_token().await? else {
            self.record.change(|begun| begun.written = true)?;
            return Ok(ControlFlow::Continue(()));
        };
        let done = match self.record.begun().url.clone() {
            Some(url) => self.rest(&reserved, &url).await,
            None => match self.create(&reserved).await {
                Ok(url) => {
                    self.record.change(|begun| begun.url = Some(url.clone()))?;
                    self.rest(&reserved, &url).await
                }
                Err(broken) => Err(broken),
            },
        };
        match done {
            Ok(()) => self.record.change(|begun| begun.written = true)?,
            Err(Broken::Unknown) => {
                self.record.change(|begun| begun.url = None)?;
                return Ok(ControlFlow::Break(anyhow!("Storage has lost the upload")));
            }
            Err(Broken::ForNow(error)) => return Ok(ControlFlow::Break(error)),
            Err(Broken::Refused(error)) => return Err(error),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What was reserved, with a token that lives; none: the object is there whole.
    async fn with_a_token(&mut self) -> anyhow::Result<Option<Reserved>> {
        let reserved = self.record.begun().reserved.clone();
        let mut reserved = reserved.context("nothing is reserved")?;
        if reserved.upload.expires_at - Utc::now() > SOON {
            return Ok(Some(reserved));
        }
        let Some(token) = self.another_token(&reserved).await? else {
            return Ok(None);
        };
        reserved.upload.token = token;
        // As long as Storage's tokens for uploads live.
        reserved.upload.expires_at = Utc::now() + TimeDelta::hours(2);
        let kept = reserved.clone();
        self.record.change(|begun| begun.reserved = Some(kept))?;
        Ok(Some(reserved))
    }

    async fn another_token(&self, reserved: &Reserved) -> anyhow::Result<Option<String>> {
        #[derive(Deserialize)]
        struct Signed {
            url: String,
        }
        let session = self.service.session();
        let [bucket, path] = ["bucket_id", "object_path"].map(|column| reserved.text(column));
        let sign = format!("storage/v1/object/upload/sign/{bucket}/{path}");
        let request = self
            .service
            .http()
            .post(below(&session.place().supabase, &sign)?);
        let request = request.header("apikey", session.place().anon_key.as_str());
        let request = request.bearer_auth(session.token().await?.as_str());
        let answer = request.json(&serde_json::json!({})).send().await;
        let answer = answer.map_err(|error| anyhow!(casebase_supabase::failure(error)));
        let answer = answer.context("Storage can't be reached")?;
        if !answer.status().is_success() {
            let (status, said) = said(answer).await;
            return match status {
                409 => Ok(None),
                status => {
                    let reason = format!("Storage gives no other token ({status}): {said}");
                    Err(NoMore(reason).into())
                }
            };
        }
        let signed: Signed = answer.json().await?;
        let token = signed
            .url
            .split_once("?token=")
            .map(|(_, token)| token.to_owned());
        token.map(Some).context("Storage's other token is none")
    }

    /// Where the pieces go.
    async fn create(&self, reserved: &Reserved) -> Result<String, Broken> {
        let resumable = &reserved.upload.resumable;
        let metadata: Vec<_> = resumable
            .metadata
            .iter()
            .map(|(name, value)| format!("{name} {}", BASE64_STANDARD.encode(value)))
            .collect();
        let request = self.service.http().post(&resumable.endpoint);
        let request = request
            .header("upload-length", self.source.size)
            .header("upload-metadata", metadata.join(","));
        let answer = asked(request, reserved).await?;
        let location = answer.headers().get(LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        let endpoint = reqwest::Url::parse(&resumable.endpoint).ok();
        let url = location.and_then(|location| endpoint?.join(location).ok());
        let url = url.map(|url| url.to_string());
        url.ok_or_else(|| Broken::ForNow(anyhow!("Storage does not say where the pieces go")))
    }

    async fn rest(&self, reserved: &Reserved, url: &str) -> Result<(), Broken> {
        let head = asked(self.service.http().head(url), reserved).await?;
        let mut offset = offset(&head)?;
        if offset > self.bar.position() {
            let (name, size) = (self.name, self.source.size);
            let say = || terminal::say(format_args!("{name} goes on at {offset} of {size} bytes"));
            self.bar.suspend(say);
        }
        self.bar.set_position(offset);
        // What was there before says nothing of the pace.
        self.bar.reset_eta();
        while offset < self.source.size {
            offset = self.piece(reserved, url, offset).await?;
            self.bar.set_position(offset);
        }
        Ok(())
    }

    async fn piece(&self, reserved: &Reserved, url: &str, from: u64) -> Result<u64, Broken> {
        let length = reserved.upload.resumable.chunk_size;
        let length = length.min(self.source.size - from);
        let reader = self.source.from(from, length).await;
        let reader = reader.map_err(|error| Broken::Refused(error.into()))?;
        let bytes = ReaderStream::new(self.bar.wrap_async_read(reader));
        let request = self.service.http().patch(url);
        let request = request
            .header("upload-offset", from)
            .header(CONTENT_TYPE, "application/offset+octet-stream")
            .header(CONTENT_LENGTH, length)
            .body(Body::wrap_stream(bytes));
        offset(&asked(request, reserved).await?)
    }
}

fn offset(answer: &Response) -> Result<u64, Broken> {
    let offset = answer.headers().get("upload-offset");
    let offset = offset.and_then(|offset| offset.to_str().ok()?.parse().ok());
    offset.ok_or_else(|| Broken::ForNow(anyhow!("Storage does not say how much it has")))
}

async fn asked(request: RequestBuilder, reserved: &Reserved) -> Result<Response, Broken> {
    let request = request
        .header("tus-resumable", "1.0.0")
        .header("x-signature", &reserved.upload.token);
    let answer = request.send().await.map_err(|error| {
        let reason = casebase_supabase::failure(error);
        Broken::ForNow(anyhow!("Storage can't be reached: {reason}"))
    })?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let (shown, text) = said(answer).await;
    let said = format!("Storage took no more of it ({shown}): {text}");
    Err(match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Broken::Unknown,
        // Another offset than it has, or an earlier piece that it still writes.
        StatusCode::CONFLICT | StatusCode::LOCKED | StatusCode::TOO_MANY_REQUESTS => {
            Broken::ForNow(anyhow!(said))
        }
        status if status.is_server_error() => Broken::ForNow(anyhow!(said)),
        _ => Broken::Refused(NoMore(said).into()),
    })
}

/// The status, which Storage hides in the body of a 400, and its words.
async fn said(answer: Response) -> (u16, String) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Envelope {
        status_code: Option<String>,
        message: String,
    }
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    match serde_json::from_str::<Envelope>(&text) {
        Ok(body) => {
            let hidden = body.status_code.and_then(|status| status.parse().ok());
            (hidden.unwrap_or(status), body.message)
        }
        Err(_) => (status, text.chars().take(200).collect()),
    }
}
