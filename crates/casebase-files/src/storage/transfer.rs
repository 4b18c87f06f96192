//! A request that moves bytes: who stopped it, and when to give up.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::StreamExt as _;

use super::{
    bytestream::{Bytestream, StreamError},
    error::Error,
};

/// How long Storage is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until the first byte of an answer that needs no body.
    pub(super) answer: Duration,
    /// A request that moved no byte for this long is stuck. Longer than [`super::bytestream::IDLE`], so that a silent
    /// sender is told from a stuck Storage; long enough for Storage to put a large object together.
    pub(super) stuck: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(30),
            stuck: Duration::from_secs(120),
        }
    }
}

impl Patience {
    /// The answer to a request without a body, if it comes in time.
    pub(super) async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let answer = tokio::time::timeout(self.answer, answer).await;
        answer.unwrap_or_else(|_| Err(Error::Unavailable("no answer in time".into())))
    }
}

/// Watches a body on its way out. An HTTP client reports a failing body as a failing request; this
/// remembers whose fault it was.
#[derive(Clone)]
pub(super) struct Watch {
    patience: Patience,
    failure: Arc<Mutex<Option<StreamError>>>,
    moved: Arc<AtomicU64>,
}

impl Watch {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            patience,
            failure: Arc::default(),
            moved: Arc::default(),
        }
    }

    /// The same bytes, watched.
    pub(super) fn over(&self, body: Bytestream) -> Bytestream {
        let watch = self.clone();
        let watched = body.map(move |bytes| match bytes {
            Ok(bytes) => {
                watch.moved.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                Ok(bytes)
            }
            Err(error) => {
                *watch.failure() = Some(error.clone());
                Err(error)
            }
        });
        watched.boxed()
    }

    /// Runs the request that sends the body, as long as bytes move.
    pub(super) async fn run<T>(
        &self,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::pin!(request);
        let mut moved = self.moved.load(Ordering::Relaxed);
        let result = loop {
            match tokio::time::timeout(self.patience.stuck, &mut request).await {
                Ok(result) => break result,
                Err(_) => {
                    let now = self.moved.load(Ordering::Relaxed);
                    if now == moved {
                        break Err(Error::Unavailable("it stopped taking the file".into()));
                    }
                    moved = now;
                }
            }
        };
        match self.failure().take() {
            Some(failure) if result.is_err() => Err(Error::Interrupted(failure)),
            _ => result,
        }
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<StreamError>> {
        // A poisoned lock holds nothing but the error it was set to.
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
