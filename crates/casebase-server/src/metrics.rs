//! `GET /metrics`, in Prometheus' format: what the process counted since it started, and what is in the database now.

use std::{sync::OnceLock, time::Duration};

use axum::{Router, extract, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::State;

/// How long the database may take: who watches asks again.
const WITHIN: Duration = Duration::from_secs(2);

/// The latency of requests to receivers, in seconds.
const BUCKETS: [f64; 9] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0];

/// What the process counts into, from the first call on. There is one recorder a process.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = match builder.set_buckets(&BUCKETS) {
            Ok(builder) => builder,
            // Of no buckets only.
            Err(_) => PrometheusBuilder::new(),
        };
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!(
                "something else records this process's metrics: /metrics has the database's only"
            );
        }
        handle
    })
}

/// Adds the route, and counts from now on.
pub(crate) fn route(router: Router<State>) -> Router<State> {
    recorder();
    router.route("/metrics", get(render))
}

/// The metrics, as text. Nobody is asked who they are: they count, and name nobody. While the database is away,
/// `casebase_database_up` is 0 and what it would count stays as it was.
async fn render(state: extract::State<State>) -> String {
    let recorder = recorder();
    let counted = tokio::time::timeout(WITHIN, state.ledger.metrics()).await;
    let up = match counted {
        Ok(Ok(counted)) => {
            for (name, label, value) in counted {
                metrics::gauge!(name, "state" => label).set(value);
            }
            1.0
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database's metrics can't be read");
            0.0
        }
        Err(_) => 0.0,
    };
    metrics::gauge!("casebase_database_up").set(up);
    recorder.render()
}
