//! How many deliveries go out, and how soon.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::{
    Bench,
    writers::{Cases, Writer, Writers},
};
use crate::commands::bench::service::Service;

/// Connections are opened and plans made before anything counts.
const WARMING: Duration = Duration::from_secs(1);

/// Writers that go on all the time.
const WRITERS: usize = 8;

/// Single writes, each when the one before has arrived.
const IDLE_WRITES: u64 = 500;
/// For how long nothing happens between two of them.
const IDLE_PAUSE: Duration = Duration::from_millis(20);

/// How a queue was emptied.
pub struct Emptied {
    /// Deliveries in a second.
    pub rate: f64,
    /// Deliveries in a second of the worker's processor time, and of the server's on its behalf.
    pub per_processor_second: f64,
}

impl Bench<'_> {
    /// Deliveries a second to so many endpoints while eight write as fast as they can.
    pub async fn rate_while_writing(&self, endpoints: i32, cases: Cases) -> anyhow::Result<f64> {
        self.field.endpoints(&self.receiver, endpoints, 0).await?;
        let worker = self.worker().await?;
        let writers =
            Writers::start(self.stack, &self.field, WRITERS, cases, Duration::ZERO).await?;
        tokio::time::sleep(WARMING).await;
        let (before, began) = (self.receiver.count(), Instant::now());
        tokio::time::sleep(self.turn()).await;
        let came = self.receiver.count() - before;
        let took = began.elapsed();
        writers.stop().await?;
        worker.stop().await?;
        Ok(came as f64 / took.as_secs_f64())
    }

    /// Empties a queue for so many endpoints, of which the first `hanging` never answer.
    pub async fn drain(&self, endpoints: i32, hanging: i32) -> anyhow::Result<Emptied> {
        self.field
            .endpoints(&self.receiver, endpoints, hanging)
            .await?;
        let events = self.args.deliveries / endpoints;
        self.field.backlog(events).await?;
        let begin = self.receiver.count();
        let end = begin + u64::try_from(events * (endpoints - hanging))?;
        let worker = self.worker().await?;
        // Until the first of them the worker starts.
        let first = begin + (end - begin) / 10;
        self.receiver.wait_for(first).await?;
        let (began, first) = (Instant::now(), self.receiver.count());
        let used = self.field.worker_time(&worker).await?;
        self.receiver.wait_for(end).await?;
        let took = began.elapsed();
        let used = self.field.worker_time(&worker).await? - used;
        worker.stop().await?;
        let came = (end - first) as f64;
        Ok(Emptied {
            rate: came / took.as_secs_f64(),
            per_processor_second: came / used,
        })
    }

    /// Milliseconds from when a writer sends COMMIT until the request comes, in ascending order, while nothing else
    /// happens.
    pub async fn idle_latencies(&self) -> anyhow::Result<Vec<f64>> {
        self.field.endpoints(&self.receiver, 1, 0).await?;
        let worker = self.worker().await?;
        let writer = Writer::connect(self.stack, &self.field).await?;
        let writes = IDLE_WRITES.min(50 * self.args.seconds);
        let mut committed = Vec::new();
        for nth in 0..writes + writes / 10 {
            // The first ones open connections.
            if nth == writes / 10 {
                self.receiver.note_times();
                committed.clear();
            }
            let came = self.receiver.count();
            committed.push(writer.write(self.field.cases[0]).await?);
            self.receiver.wait_for(came + 1).await?;
            tokio::time::sleep(IDLE_PAUSE).await;
        }
        worker.stop().await?;
        self.latencies(&committed)
    }

    /// The same while eight write half as much as goes out when they write as fast as they can.
    pub async fn half_load_latencies(&self) -> anyhow::Result<Vec<f64>> {
        let most = self.rate_while_writing(1, Cases::All).await?;
        self.field.clear().await?;
        self.field.endpoints(&self.receiver, 1, 0).await?;
        let worker = self.worker().await?;
        let pause = Duration::from_secs_f64(WRITERS as f64 / (most / 2.0));
        let begin = self.receiver.count();
        self.receiver.note_times();
        let writers = Writers::start(self.stack, &self.field, WRITERS, Cases::All, pause).await?;
        tokio::time::sleep(WARMING + self.turn()).await;
        let committed = writers.stop().await?;
        self.receiver
            .wait_for(begin + u64::try_from(committed.len())?)
            .await?;
        worker.stop().await?;
        self.latencies(&committed)
    }

    fn latencies(&self, committed: &[(i64, Instant)]) -> anyhow::Result<Vec<f64>> {
        let came = self.receiver.noted_times();
        let mut latencies: Vec<_> = committed
            .iter()
            .filter_map(|(id, at)| Some(came.get(id)?.duration_since(*at)))
            .map(|latency| latency.as_secs_f64() * 1000.0)
            .collect();
        ensure!(
            latencies.len() == committed.len(),
            "{} of {} requests came",
            latencies.len(),
            committed.len()
        );
        latencies.sort_by(f64::total_cmp);
        Ok(latencies)
    }

    /// Milliseconds that such a request takes when it is sent to the receiver at once, the median.
    pub async fn direct_request(&self) -> anyhow::Result<f64> {
        let client = reqwest::Client::new();
        let url = format!("{}/1", self.receiver.url());
        let mut times = Vec::new();
        for _ in 0..100 {
            let began = Instant::now();
            client
                .post(&url)
                .body("{}")
                .send()
                .await?
                .error_for_status()?;
            times.push(began.elapsed().as_secs_f64() * 1000.0);
            tokio::time::sleep(IDLE_PAUSE / 4).await;
        }
        times.sort_by(f64::total_cmp);
        Ok(percentile(&times, 0.5))
    }

    /// The worker, which may send to this machine.
    pub async fn worker(&self) -> anyhow::Result<Service> {
        let settings = vec![("CASEBASE_WEBHOOKS_ALLOW_PRIVATE", "true".to_owned())];
        Service::start(self.stack, settings).await
    }

    pub fn turn(&self) -> Duration {
        Duration::from_secs(self.args.seconds)
    }
}

/// Of times in ascending order.
pub fn percentile(times: &[f64], share: f64) -> f64 {
    let nth = (times.len() as f64 * share).ceil() as usize;
    times[nth.clamp(1, times.len()) - 1]
}
