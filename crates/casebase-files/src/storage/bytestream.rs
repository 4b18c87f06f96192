//! Bytes on their way, and why they may end early.

use std::{fmt::Display, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use tokio::time::Instant;

use crate::scan::ScanError;

/// A sender that is silent for this long is gone.
pub(super) const IDLE: Duration = Duration::from_secs(30);

/// Bytes on their way.
pub type Bytestream = BoxStream<'static, Result<Bytes, StreamError>>;

/// Why a stream of bytes ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// More bytes came than are taken.
    #[error("more than {limit} bytes")]
    AboveLimit {
        /// The limit in bytes.
        limit: u64,
    },
    /// Its sender was silent for too long.
    #[error("no more bytes came for {} seconds", IDLE.as_secs())]
    Silent,
    /// Its sender's token ends before it does.
    #[error("the token ended before the file did")]
    TokenEnds,
    /// The virus scanner gave no verdict.
    #[error(transparent)]
    NotScanned(ScanError),
    /// The connection, or what the bytes came wrapped in, broke off; the reason is for the log.
    #[error("{0}")]
    Broken(String),
    /// It came in a form, and the form has parts after it.
    #[error("the form has parts after the file")]
    NotLast,
    /// It came in a form, and the form has another file.
    #[error("one file a request: the form has a second one")]
    SecondFile,
    /// It came in a form whose boundary is a browser's, and the form does not end as theirs do.
    #[error("the form does not end with its boundary, two hyphens and a line break")]
    EndsOtherwise,
    /// It came in a form, and too much of the form is something else.
    #[error("the form has more than {limit} bytes beside its file")]
    TooMuchBeside {
        /// The limit in bytes.
        limit: usize,
    },
}

impl StreamError {
    /// What the layer below said.
    pub fn broken(error: impl Display) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The stream, ending in [`StreamError::AboveLimit`] when it is longer than `limit` bytes.
pub(crate) fn at_most(limit: u64, body: Bytestream) -> Bytestream {
    let mut size = 0;
    let limited = body.map(move |bytes| {
        let bytes = bytes?;
        size += bytes.len() as u64;
        if size > limit {
            return Err(StreamError::AboveLimit { limit });
        }
        Ok(bytes)
    });
    limited.boxed()
}

/// The stream, ending in [`StreamError::TokenEnds`] when it is not over within `time` from now.
pub(crate) fn within(time: Duration, body: Bytestream) -> Bytestream {
    let until = Instant::now() + time;
    let limited = futures::stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        let next = async {
            match Instant::now() < until {
                true => tokio::time::timeout_at(until, body.next()).await.ok(),
                false => None,
            }
        };
        match next.await {
            Some(Some(bytes)) => Some((bytes, Some(body))),
            Some(None) => None,
            None => Some((Err(StreamError::TokenEnds), None)),
        }
    });
    limited.fuse().boxed()
}

/// The stream, ending in [`StreamError::Silent`] when its next bytes don't come within half a minute.
pub fn with_idle_limit(body: Bytestream) -> Bytestream {
    let limited = futures::stream::unfold(Some(body), |body| async {
        let mut body = body?;
        match tokio::time::timeout(IDLE, body.next()).await {
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(body))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(StreamError::Silent), None)),
        }
    });
    limited.fuse().boxed()
}
