//! What one request to a receiver came to.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// A request that was made, or could not be.
#[derive(Debug)]
pub struct Attempt {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub duration: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// How long it asked to wait.
        retry_after: Option<Duration>,
        /// The beginning of what it said.
        body: String,
    },
    /// It got the request, or may have, and did not answer.
    NoAnswer {
        /// Why, for admins to read.
        error: String,
    },
    /// It got nothing: there was no connection, or none was tried.
    NotSent {
        /// Why, for admins to read.
        error: String,
    },
}
