//! A receiver that answers at once, and can be asked what it got and when.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

/// What came of it counts for nothing: longer than any benchmark takes.
const HANGS: Duration = Duration::from_secs(3600);

/// Listens on a free port until it is dropped. `/hang` takes a request and never answers.
pub struct Receiver {
    url: String,
    got: Arc<Got>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Got {
    count: AtomicU64,
    /// When each interaction's event came, while somebody wants to know.
    times: Mutex<Option<HashMap<i64, Instant>>>,
    one_came: Notify,
}

impl Got {
    fn take(&self, body: &Bytes) {
        let now = Instant::now();
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = times.as_mut()
            && let Ok(event) = serde_json::from_slice::<Value>(body)
            && let Some(id) = event["data"]["interaction_id"].as_i64()
        {
            times.insert(id, now);
        }
        drop(times);
        self.one_came.notify_waiters();
    }
}

impl Receiver {
    pub async fn start() -> anyhow::Result<Self> {
        let got = Arc::new(Got::default());
        let taken = Arc::clone(&got);
        let take = async move |body: Bytes| {
            taken.take(&body);
            StatusCode::NO_CONTENT
        };
        let hang = async || tokio::time::sleep(HANGS).await;
        let router = Router::new()
            .route("/hang", post(hang))
            .route("/{endpoint}", post(take));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, got, serving })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many requests came since the start.
    pub fn count(&self) -> u64 {
        self.got.count.load(Ordering::Relaxed)
    }

    /// Waits until so many have come since the start, and fails when nothing comes for a minute.
    pub async fn wait_for(&self, count: u64) -> anyhow::Result<()> {
        loop {
            let came = self.got.one_came.notified();
            if self.count() >= count {
                return Ok(());
            }
            tokio::time::timeout(Duration::from_secs(60), came)
                .await
                .with_context(|| format!("{} of {count} deliveries came", self.count()))?;
        }
    }

    /// From now on notes when what came, and forgets what it noted before.
    pub fn note_times(&self) {
        *self.times() = Some(HashMap::new());
    }

    /// What was noted, by the interaction's id.
    pub fn noted_times(&self) -> HashMap<i64, Instant> {
        self.times().take().unwrap_or_default()
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Option<HashMap<i64, Instant>>> {
        self.got
            .times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
