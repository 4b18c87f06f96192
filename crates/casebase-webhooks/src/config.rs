//! How the worker works.

use std::time::Duration;

use crate::resolve::Egress;
use crate::schedule::Schedule;

/// How the worker works. [`Config::default`] is right for production.
#[derive(Debug, Clone)]
pub struct Config {
    /// Requests under way at the same time to endpoints that answer. Those that keep a request waiting, while others
    /// answer or for a second, count apart: with them it is at most eight times as many.
    pub concurrency: u16,
    /// Requests under way at the same time to one endpoint, so that a slow one leaves room for the others.
    pub concurrency_per_endpoint: u16,
    /// Deliveries of one endpoint and case that are leased together and sent one after another. Of each, what was sent
    /// and not yet reported is sent again when the worker is killed.
    pub in_lane: u16,
    /// How long a receiver may take to answer. Standard Webhooks: 15 to 30 seconds.
    pub timeout: Duration,
    /// How long a delivery stays with a worker that doesn't report; must exceed `timeout`.
    pub lease: Duration,
    /// The longest a due delivery can go unnoticed when no notification wakes the worker.
    pub poll: Duration,
    /// When a failed delivery is tried again.
    pub schedule: Schedule,
    /// How long finished deliveries and their attempts are kept.
    pub keep: Duration,
    /// How long requests under way may take to finish when the worker is stopped.
    pub grace: Duration,
    /// Where requests may go.
    pub egress: Egress,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            concurrency: 64,
            concurrency_per_endpoint: 32,
            in_lane: 32,
            timeout: Duration::from_secs(20),
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            schedule: Schedule::default(),
            keep: Duration::from_secs(30 * 24 * 60 * 60),
            grace: Duration::from_secs(5),
            egress: Egress::default(),
        }
    }
}
