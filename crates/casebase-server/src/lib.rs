//! The HTTP service: uploads, downloads, cases, health.
//!
//! Every request carries the caller's Supabase token. The service checks that it is one, and passes
//! it on: what the caller may do is decided by the project's policies, never here.

mod body;
mod caller;
mod cases;
pub mod config;
pub mod database_url;
mod documents;
mod error;
mod files;
mod health;
mod human_text;
mod idempotency;
mod ledger;
mod limits;
mod metrics;
mod misread;
mod moment;
mod path;
mod query;
mod requests;
mod routes;
pub mod sweep;
mod webhook_events;
mod webhook_poll;

use std::{convert::Infallible, future::Future, io, sync::Arc, time::Duration};

use axum::http::StatusCode;
use casebase_files::{
    Files, Links,
    storage::{ObjectStore, RestStore, S3Store},
};
use casebase_http::Limits;
use casebase_supabase::{AnonKey, SettingError, jwt::Verifier, postgrest::PostgrestClient};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

pub use config::Config;
pub use health::Problem;

use crate::{config::Storage, error::ApiError, health::Told, ledger::PgLedger, requests::UnderWay};

/// Requests under way when the service is stopped may take this long to finish.
pub const GRACE: Duration = Duration::from_secs(30);

const FORGET_EVERY: Duration = Duration::from_secs(600);

/// What a form may have beside its file, and a file that is a little too large beyond the limit.
const AROUND_A_FILE: u64 = 1024 * 1024;

/// What every request works with. Cheap to clone.
#[derive(Clone)]
struct State {
    db: PostgrestClient,
    files: Files,
    store: ObjectStore,
    links: Links,
    ledger: Arc<PgLedger>,
    verifier: Arc<Verifier>,
    anon_key: AnonKey,
    /// What goes on when its client went away ([`State::to_the_end`]).
    tasks: TaskTracker,
    under_way: UnderWay,
    sweeping: sweep::Files,
    limits: limits::Limits,
    max_file_bytes: u64,
    told: Told,
    /// Whether `/metrics` answers.
    watched: bool,
}

impl State {
    fn new(config: &Config) -> Result<Self, SettingError> {
        let db = PostgrestClient::new(&config.supabase_url, &config.anon_key)?;
        let rest = RestStore::new(&config.supabase_url, config.anon_key.clone())?;
        let links = Links::new(rest.clone(), &config.public_url)?;
        let store = match &config.storage {
            Storage::S3(settings) => ObjectStore::S3(S3Store::new(settings.clone())),
            Storage::Rest => ObjectStore::Rest(rest),
        };
        let ledger = Arc::new(PgLedger::new(config.database.clone()));
        let files = Files::new(
            db.clone(),
            store.clone(),
            Arc::clone(&ledger) as Arc<dyn casebase_files::ledger::Ledger>,
            config.max_file_bytes,
            config.rules.clone(),
        )
        .scanned_by(config.scanner.clone());
        let sweeping = sweep::Files::of(config, Arc::clone(&ledger), files.clone())?;
        let secret = config.jwt_secret.as_deref();
        Ok(Self {
            db,
            files,
            store,
            links,
            ledger,
            verifier: Arc::new(Verifier::new(&config.supabase_url, secret)?),
            anon_key: config.anon_key.clone(),
            tasks: TaskTracker::new(),
            under_way: UnderWay::default(),
            sweeping,
            limits: limits::Limits::new(config.requests_per_minute, config.bytes_in_flight),
            max_file_bytes: config.max_file_bytes,
            told: Told::default(),
            watched: config.metrics,
        })
    }

    /// Does what must not stop half-way, also when the client goes away and its request is dropped: an upload is then taken
    /// back, a request that may come again keeps its answer.
    async fn to_the_end<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let task = self.tasks.spawn(work.in_current_span());
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request's task failed");
            let message = "the request failed";
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(ApiError::new(status, "internal", message))
        })
    }
}

/// Requests that may come again are remembered for a day.
async fn forget_old_requests(ledger: &PgLedger, limits: &limits::Limits) -> Infallible {
    loop {
        limits.forget();
        if let Err(error) = ledger.forget_old_requests().await {
            tracing::debug!(%error, "old requests are not forgotten");
        }
        tokio::time::sleep(FORGET_EVERY).await;
    }
}

/// What the pages under `/desk/` are told. The service is one folder above them, whatever is in front of it.
fn desk(config: &Config) -> casebase_desk::Settings {
    casebase_desk::Settings {
        supabase_url: config.public_url.clone(),
        anon_key: config.anon_key.clone(),
        service_url: "..".into(),
    }
}

/// The service for one project. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    state: State,
    desk: casebase_desk::Settings,
    limits: Limits,
    notices: Vec<String>,
}

impl Service {
    /// With these settings; asks nobody yet.
    pub fn new(config: &Config) -> Result<Self, SettingError> {
        Ok(Self {
            state: State::new(config)?,
            desk: desk(config),
            limits: Limits::new(config.max_file_bytes.saturating_add(AROUND_A_FILE)),
            notices: config.notices.clone(),
        })
    }

    /// How many requests are under way: also those whose caller went away, and which are being taken back.
    pub fn under_way(&self) -> usize {
        let tasks = self.state.tasks.len();
        self.state.under_way.count().max(tasks)
    }

    /// Logs whether the project answers and takes the settings, as `/readyz` would say. Ends when nothing is away any
    /// more: what is wrong with a setting then stays so.
    pub async fn probe(&self) {
        health::tell_at_start(self.state.clone()).await;
    }

    /// Which of Auth and PostgREST does not answer within this time, and which settings they do not take.
    pub async fn problems(&self, within: Duration) -> Vec<Problem> {
        health::problems(&self.state, within).await
    }

    /// Serves until `shutdown`, then lets requests and uploads under way finish, for [`GRACE`]. Dropped, it cuts them off.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        for notice in &self.notices {
            tracing::warn!("{notice}");
        }
        let state = self.state;
        let tasks = state.tasks.clone();
        let sweeping = state.sweeping.clone();
        let limits = state.limits.clone();
        let ledger = Arc::clone(&state.ledger);
        let router = routes::router(state, self.desk);
        let serving = casebase_http::serve(listener, router, self.limits, shutdown.clone());
        let forgetting = Arc::clone(&ledger);
        let too_long = async {
            shutdown.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = async {
                serving.await?;
                tasks.close();
                tasks.wait().await;
                ledger.close().await;
                Ok(())
            } => served,
            never = forget_old_requests(&forgetting, &limits) => match never {},
            never = sweeping.keep_swept() => match never {},
            () = too_long => {
                tracing::warn!("requests that did not finish in {} s were cut off", GRACE.as_secs());
                Ok(())
            }
        }
    }
}
