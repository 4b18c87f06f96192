//! The HTTP service: uploads, downloads, `/api/cases`, health.
//!
//! Every request carries the caller's Supabase token. The service checks that it is one, and passes
//! it on: what the caller may do is decided by the project's policies, never here.

mod body;
mod caller;
mod cases;
pub mod config;
pub mod database_url;
mod error;
mod files;
mod health;
mod ledger;
mod metrics;
mod path;
mod routes;
mod webhook_events;
mod webhook_poll;

use std::{io, sync::Arc, time::Duration};

use casebase_files::{
    CaseFiles,
    storage::{ObjectStore, RestStore, S3Store},
};
use casebase_http::Limits;
use casebase_supabase::{AnonKey, SettingError, jwt::Verifier, postgrest::PostgrestClient};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::Config;

use crate::{config::Storage, ledger::PgLedger};

/// Uploads under way when the service is stopped may take this long to finish.
const GRACE: Duration = Duration::from_secs(30);

/// What a form may have beside its file, and a file that is a little too large beyond the limit.
const AROUND_A_FILE: u64 = 1024 * 1024;

/// What every request works with. Cheap to clone.
#[derive(Clone)]
struct State {
    db: PostgrestClient,
    files: CaseFiles,
    store: ObjectStore,
    ledger: Arc<PgLedger>,
    verifier: Arc<Verifier>,
    anon_key: AnonKey,
    /// Uploads run in tasks of their own, so that one whose client went away is still taken back.
    uploads: TaskTracker,
}

impl State {
    fn new(config: &Config) -> Result<Self, SettingError> {
        let db = PostgrestClient::new(&config.supabase_url, &config.anon_key)?;
        let store = match &config.storage {
            Storage::S3(settings) => ObjectStore::S3(S3Store::new(settings.clone())),
            Storage::Rest => ObjectStore::Rest(RestStore::new(
                &config.supabase_url,
                config.anon_key.clone(),
            )?),
        };
        let ledger = Arc::new(PgLedger::new(config.database.clone()));
        let files = CaseFiles::new(
            db.clone(),
            store.clone(),
            Arc::clone(&ledger) as Arc<dyn casebase_files::ledger::Ledger>,
            config.max_file_bytes,
        );
        let secret = config.jwt_secret.as_deref();
        Ok(Self {
            db,
            files,
            store,
            ledger,
            verifier: Arc::new(Verifier::new(&config.supabase_url, secret)?),
            anon_key: config.anon_key.clone(),
            uploads: TaskTracker::new(),
        })
    }
}

/// Logs whether the project answers and takes the settings, as `/readyz` would say. Ends when nothing is away any more:
/// what is wrong with a setting then stays so.
pub async fn probe(config: &Config) -> Result<(), SettingError> {
    health::tell_at_start(State::new(config)?).await;
    Ok(())
}

/// Serves until `shutdown`, then lets requests and uploads under way finish.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: CancellationToken,
) -> io::Result<()> {
    for notice in &config.notices {
        tracing::warn!("{notice}");
    }
    let state = State::new(&config).map_err(io::Error::other)?;
    let uploads = state.uploads.clone();
    let ledger = Arc::clone(&state.ledger);
    let watched = config.metrics;
    if watched {
        metrics::recorder();
    }
    let limits = Limits::new(config.max_file_bytes.saturating_add(AROUND_A_FILE));
    let serving = casebase_http::serve(
        listener,
        routes::router(state, watched),
        limits,
        shutdown.clone(),
    );
    let too_long = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = async {
            serving.await?;
            uploads.close();
            uploads.wait().await;
            ledger.close().await;
            Ok(())
        } => served,
        () = too_long => {
            tracing::warn!("requests that did not finish in {} s were cut off", GRACE.as_secs());
            Ok(())
        }
    }
}
