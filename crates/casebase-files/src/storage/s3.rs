//! Over the S3 protocol, `/storage/v1/s3`.
//!
//! A user's session: the project's reference is the access key, its anon key the secret, the user's
//! token the session token; row level security then applies to every operation. One client is
//! shared, the credentials are given with each call.

use std::{convert::Infallible, sync::Arc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Builder, Config, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, StalledStreamProtectionConfig, retry::RetryConfig,
        timeout::TimeoutConfig,
    },
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::{ByteStream, SdkBody},
    types::{CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::Bytes;
use casebase_supabase::{AnonKey, jwt::UserToken};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use memmap2::MmapMut;
use sync_wrapper::SyncStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::digest::PART;

use super::{
    Bytestream, Error, NewObject, Object, ObjectPath, S3Setting, StreamError,
    error::{INVALID_ACCESS_KEY, INVALID_REGION},
    transfer::{Patience, Watch},
};

/// While a body of unknown length is sent up to three parts are in memory: two on their way, one being collected.
const PARTS_AT_ONCE: usize = 2;
/// All bodies of unknown length together have no more parts in memory than this, 120 MiB: what is above it waits.
const PARTS_IN_MEMORY: usize = 24;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What Storage takes for every project's region, unless it was told to insist on its own.
const ANY_REGION: &str = "us-east-1";

/// What makes a user's S3 session.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// E.g. `https://<ref>.storage.supabase.co/storage/v1/s3`.
    pub endpoint: Url,
    /// The project's region; a wrong one makes every signature wrong.
    pub region: String,
    /// The project's reference, the access key of its sessions.
    pub project_ref: String,
    /// The legacy anon key, the secret of its sessions.
    pub anon_key: AnonKey,
}

/// The S3 interface of one project's Storage.
#[derive(Clone)]
pub struct S3Store {
    client: Client,
    settings: S3Settings,
    memory: Arc<Semaphore>,
    pub(super) patience: Patience,
}

impl S3Store {
    /// For the project that the settings name.
    pub fn new(settings: S3Settings) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(http)
            // The SDK glues the bucket to the path it is given.
            .endpoint_url(format!(
                "{}/",
                settings.endpoint.as_str().trim_end_matches('/')
            ))
            .region(Region::new(settings.region.clone()))
            .force_path_style(true)
            // Storage checks no checksum; ours is taken of what comes back.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            // A slow person is no stalled stream: the body has its own limit.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            settings,
            memory: Arc::new(Semaphore::new(PARTS_IN_MEMORY)),
            patience: Patience::default(),
        }
    }

    pub(super) async fn put(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        object: NewObject,
    ) -> Result<(), Error> {
        let watch = Watch::new(self.patience);
        let body = watch.over(object.body);
        match object.length {
            Some(length) => {
                let body = SdkBody::from_body_1_x(StreamBody::new(SyncStream::new(
                    body.map_ok(Frame::data),
                )));
                let sent = self.put_whole(
                    user,
                    path,
                    &object.content_type,
                    length,
                    ByteStream::new(body),
                );
                watch.run(sent).await
            }
            None => {
                self.put_parts(user, path, &object.content_type, body, &watch)
                    .await
            }
        }
    }

    async fn put_whole(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        content_type: &str,
        length: u64,
        body: ByteStream,
    ) -> Result<(), Error> {
        let request = self.client.put_object().bucket(&path.bucket).key(&path.key);
        let request = request.content_type(content_type).body(body);
        let request = request.content_length(length.try_into().map_err(|_| Error::TooLarge)?);
        let sent = request
            .customize()
            .config_override(self.session(user))
            .send()
            .await;
        sent.map(drop).map_err(from_sdk)
    }

    /// A body of unknown length: what fits into one part is sent whole, the rest as a multipart
    /// upload, which is aborted when anything fails: the abort is not watched, because it has to run
    /// also when the watch gave up.
    async fn put_parts(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        content_type: &str,
        body: Bytestream,
        watch: &Watch,
    ) -> Result<(), Error> {
        let mut parts = parts_of(body, Arc::clone(&self.memory)).boxed();
        let first = async { parts.try_next().await.map_err(Error::Interrupted) };
        let first = watch.run(first).await?.unwrap_or_default();
        if first.bytes.len() < PART {
            let length = first.bytes.len() as u64;
            let sent = self.put_whole(user, path, content_type, length, first.body());
            return watch.run(sent).await;
        }
        let upload = self.start_parts(user, path, content_type).await?;
        let all = stream::once(async { Ok(first) }).chain(parts).boxed();
        let sent = watch.run(upload.send_and_complete(all)).await;
        if sent.is_err() {
            upload.abort().await;
        }
        sent
    }

    async fn start_parts<'a>(
        &'a self,
        user: &'a UserToken,
        path: &'a ObjectPath,
        content_type: &str,
    ) -> Result<Multipart<'a>, Error> {
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&path.bucket)
            .key(&path.key);
        let request = request.content_type(content_type).customize();
        let request = request.config_override(self.session(user));
        let started = async { request.send().await.map_err(from_sdk) };
        let started = self.patience.in_time(started).await?;
        let id = started
            .upload_id
            .ok_or_else(|| Error::Unexpected("an upload without an id".into()))?;
        Ok(Multipart {
            store: self,
            user,
            path,
            id,
        })
    }

    pub(super) async fn get(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        range: Option<&str>,
    ) -> Result<Object, Error> {
        let request = self.client.get_object().bucket(&path.bucket).key(&path.key);
        let request = request.set_range(range.map(str::to_owned)).customize();
        let request = request.config_override(self.session(user));
        let answer = async { request.send().await.map_err(from_sdk) };
        let answer = self.patience.in_time(answer).await?;
        Ok(Object {
            content_type: answer.content_type,
            length: answer.content_length.and_then(|n| n.try_into().ok()),
            content_range: answer.content_range,
            body: bytes_of(answer.body),
        })
    }

    pub(super) async fn delete(&self, user: &UserToken, path: &ObjectPath) -> Result<(), Error> {
        let request = self
            .client
            .delete_object()
            .bucket(&path.bucket)
            .key(&path.key);
        let request = request.customize().config_override(self.session(user));
        let answer = async { request.send().await.map(drop).map_err(from_sdk) };
        self.patience.in_time(answer).await
    }

    /// Asks as nobody, the public key being the session's token as well: what is refused before the token is looked at
    /// is the access key, the region or the signature.
    pub(super) async fn is_reachable(&self) -> Result<(), Error> {
        match self.ask(&self.settings.region).await {
            Err(Error::Misconfigured(reason)) => {
                let setting = self.wrong_setting(&reason).await;
                Err(Error::WrongSetting { setting, reason })
            }
            Err(Error::NotFound) => Err(Error::WrongSetting {
                setting: S3Setting::Endpoint,
                reason: "there is nothing at this address".into(),
            }),
            Err(error @ (Error::Unavailable(_) | Error::Unexpected(_))) => Err(error),
            _ => Ok(()),
        }
    }

    /// A signature says only that it is wrong; with the region that holds for every project, the region doesn't count.
    async fn wrong_setting(&self, reason: &str) -> S3Setting {
        match reason {
            INVALID_ACCESS_KEY => S3Setting::ProjectRef,
            INVALID_REGION => S3Setting::Region,
            _ if self.settings.region == ANY_REGION => S3Setting::AnonKey,
            _ => match self.ask(ANY_REGION).await {
                Err(Error::Misconfigured(_)) => S3Setting::AnonKey,
                _ => S3Setting::Region,
            },
        }
    }

    async fn ask(&self, region: &str) -> Result<(), Error> {
        let session = self.session_of(self.settings.anon_key.as_str());
        let session = session.region(Region::new(region.to_owned()));
        let request = self.client.list_buckets().customize();
        let answer = request.config_override(session).send();
        let answer = async { answer.await.map(drop).map_err(from_sdk) };
        self.patience.in_time(answer).await
    }

    fn session(&self, user: &UserToken) -> Builder {
        self.session_of(user.as_str())
    }

    fn session_of(&self, token: &str) -> Builder {
        let token = Some(token.to_owned());
        let secret = self.settings.anon_key.as_str();
        let session = Credentials::new(
            &self.settings.project_ref,
            secret,
            token,
            None,
            "supabase-session",
        );
        Config::builder().credentials_provider(session)
    }
}

struct Multipart<'a> {
    store: &'a S3Store,
    user: &'a UserToken,
    path: &'a ObjectPath,
    id: String,
}

impl Multipart<'_> {
    async fn send_and_complete(
        &self,
        parts: stream::BoxStream<'_, Result<Part, StreamError>>,
    ) -> Result<(), Error> {
        let numbered = parts.map_err(Error::Interrupted).zip(stream::iter(1..));
        let sent =
            numbered.map(|(part, number)| async move { self.send_part(part?, number).await });
        let sent: Vec<_> = sent.buffered(PARTS_AT_ONCE).try_collect().await?;
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(sent))
            .build();
        let client = &self.store.client;
        let request = client
            .complete_multipart_upload()
            .bucket(&self.path.bucket)
            .key(&self.path.key);
        let request = request
            .upload_id(&self.id)
            .multipart_upload(parts)
            .customize();
        let request = request.config_override(self.store.session(self.user));
        request.send().await.map(drop).map_err(from_sdk)
    }

    async fn send_part(&self, part: Part, number: i32) -> Result<CompletedPart, Error> {
        let client = &self.store.client;
        let request = client
            .upload_part()
            .bucket(&self.path.bucket)
            .key(&self.path.key);
        let request = request
            .upload_id(&self.id)
            .part_number(number)
            .content_length(i64::try_from(part.bytes.len()).map_err(|_| Error::TooLarge)?)
            .body(part.body())
            .customize();
        let answer = request
            .config_override(self.store.session(self.user))
            .send()
            .await;
        let tag = answer.map_err(from_sdk)?.e_tag;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(tag)
            .build())
    }

    async fn abort(&self) {
        let client = &self.store.client;
        let request = client
            .abort_multipart_upload()
            .bucket(&self.path.bucket)
            .key(&self.path.key);
        let request = request.upload_id(&self.id).customize();
        let request = request.config_override(self.store.session(self.user));
        let answer = async { request.send().await.map_err(from_sdk) };
        if let Err(error) = self.store.patience.in_time(answer).await {
            tracing::warn!(%error, "a multipart upload could not be aborted; Storage will expire it");
        }
    }
}

/// The bytes as they come.
fn bytes_of(body: ByteStream) -> Bytestream {
    let bytes = stream::try_unfold(body, |mut body| async move {
        let next = body.try_next().await.map_err(StreamError::broken)?;
        Ok(next.map(|bytes| (bytes, body)))
    });
    bytes.boxed()
}

/// A part of a body, and its room in memory while it is there.
#[derive(Default)]
struct Part {
    bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

/// What of a part is sent in one go.
const PIECE: usize = 64 * 1024;

impl Part {
    /// A body that can be sent again. In pieces: of bytes in one piece the SDK would take the hash.
    fn body(&self) -> ByteStream {
        let bytes = self.bytes.clone();
        ByteStream::new(SdkBody::retryable(move || {
            let bytes = bytes.clone();
            let starts = stream::iter((0..bytes.len()).step_by(PIECE));
            let frames = starts.map(move |at| {
                let piece = bytes.slice(at..bytes.len().min(at + PIECE));
                Ok::<_, Infallible>(Frame::data(piece))
            });
            SdkBody::from_body_1_x(StreamBody::new(SyncStream::new(frames)))
        }))
    }
}

/// The body in parts of exactly [`PART`] bytes, the last one shorter. Each waits for its room; those on their way need
/// nothing more, so that there is always some again. Their memory is the system's own and goes back to it with them: an
/// allocator would keep most of it.
fn parts_of(
    body: Bytestream,
    memory: Arc<Semaphore>,
) -> impl stream::Stream<Item = Result<Part, StreamError>> + Send {
    let start = (body.fuse(), Bytes::new(), memory);
    stream::try_unfold(start, |(mut body, mut rest, memory)| async move {
        let room = Arc::clone(&memory).acquire_owned().await.ok();
        let mut map = MmapMut::map_anon(PART).map_err(StreamError::broken)?;
        let mut length = 0;
        loop {
            let now = rest.split_to(rest.len().min(PART - length));
            if let Some(free) = map.get_mut(length..length + now.len()) {
                free.copy_from_slice(&now);
            }
            length += now.len();
            if length == PART {
                break;
            }
            match body.try_next().await? {
                Some(bytes) => rest = bytes,
                None => break,
            }
        }
        let bytes = Bytes::from_owner(map).slice(..length);
        Ok((length > 0).then(|| (Part { bytes, _room: room }, (body, rest, memory))))
    })
}

fn from_sdk<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let code = answer.err().code().unwrap_or_default();
            let message = answer.err().message().unwrap_or("no error message");
            Error::from_answer(status, code, message.to_owned())
        }
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => {
            Error::Unavailable(DisplayErrorContext(&error).to_string())
        }
        _ => Error::Unexpected(DisplayErrorContext(&error).to_string()),
    }
}
