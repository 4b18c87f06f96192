//! The loop that empties the outbox.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::attempt::{Attempt, Outcome};
use crate::config::Config;
use crate::deliver::Sender;
use crate::outbox::{self, Delivery, Outbox, Report};
use crate::retry::Retry;
use crate::schedule::Schedule;
use crate::verdict::Verdict;

/// The first wait after the outbox was found empty. A transaction that wrote before somebody listened sends no
/// notification, so the worker looks again soon, then less and less often.
const FIRST_NAP: Duration = Duration::from_millis(10);

/// How long to wait for more when one of several requests is finished: reporting them together costs one commit.
const GATHER: Duration = Duration::from_millis(1);

/// How long a notification may take to come through before the log says that none does.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// How often old deliveries are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Why the worker could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A delivery would be given away while it is being sent.
    #[error("the lease ({lease:?}) must be longer than the timeout ({timeout:?})")]
    LeaseTooShort {
        /// [`Config::lease`].
        lease: Duration,
        /// [`Config::timeout`].
        timeout: Duration,
    },
    /// The HTTP client could not be built.
    #[error("the webhook client could not be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Sends webhooks until `shutdown`, whatever the database and the receivers do meanwhile.
///
/// The pool connects as `casebase_worker` and needs two connections, one of them to listen. No transaction is open
/// while a request is under way. Killed at any point, nothing is lost: what was leased is sent again by whoever works
/// next, with the same `webhook-id`.
///
/// # Errors
/// Only at the start, for a configuration that can't work.
pub async fn run(pool: PgPool, config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    if config.lease <= config.timeout {
        return Err(Error::LeaseTooShort {
            lease: config.lease,
            timeout: config.timeout,
        });
    }
    let (grace, poll) = (config.grace, config.poll);
    let outbox = Outbox::new(pool);
    let wake = Arc::new(Notify::new());
    let mut worker = Worker {
        sender: Sender::new(config.timeout, config.egress.clone())?,
        outbox: outbox.clone(),
        schedule: Arc::new(config.schedule.clone()),
        config,
        sending: JoinSet::new(),
        reports: Vec::new(),
        tidy_at: Instant::now(),
    };

    // A call that hangs ends with the grace: its lease, if it got one, ends by itself.
    let patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    let work = async {
        tokio::select! {
            () = worker.work(&wake, &shutdown) => {}
            () = listen(&outbox, &wake, poll) => {}
        }
        worker.finish().await;
    };
    tokio::select! {
        () = work => {}
        () = patience => tracing::warn!("the database kept the webhook worker waiting; what is under way is sent again later"),
    }
    Ok(())
}

struct Worker {
    outbox: Outbox,
    sender: Sender,
    schedule: Arc<Schedule>,
    config: Config,
    /// The requests under way.
    sending: JoinSet<Report>,
    /// What became of others, not yet reported.
    reports: Vec<Report>,
    tidy_at: Instant,
}

impl Worker {
    /// Takes turns until `shutdown`, which ends the waiting but not a turn: what is leased should be known here.
    async fn work(&mut self, wake: &Notify, shutdown: &CancellationToken) {
        let mut nap = FIRST_NAP;
        let mut retry = Retry::default();
        loop {
            let turn = self.turn().await;
            if turn.is_ok() && retry.recovered() {
                tracing::info!("webhooks are sent again");
            }
            nap = match turn {
                Ok(true) => FIRST_NAP,
                Ok(false) => (nap * 2).min(self.config.poll),
                Err(error) => {
                    let pause = retry.pause();
                    match retry.is_news() {
                        true => tracing::warn!(%error, "webhooks wait until the database answers"),
                        false => tracing::debug!(%error, ?pause, "webhooks wait"),
                    }
                    pause
                }
            };
            tokio::select! {
                Some(report) = self.sending.join_next() => {
                    self.collect(report);
                    if !self.sending.is_empty() {
                        tokio::time::sleep(GATHER).await;
                    }
                }
                () = wake.notified() => {}
                () = tokio::time::sleep(nap) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Reports what is finished and takes what is due. Answers whether anything was.
    async fn turn(&mut self) -> Result<bool, outbox::Error> {
        let reported = self.report().await?;
        let leased = self.lease().await?;
        if Instant::now() >= self.tidy_at {
            // First: when it fails, the next turns do without it.
            self.tidy_at = Instant::now() + TIDY_EVERY;
            self.outbox.tidy(self.config.keep).await?;
        }
        Ok(reported || leased)
    }

    async fn report(&mut self) -> Result<bool, outbox::Error> {
        while let Some(report) = self.sending.try_join_next() {
            self.collect(report);
        }
        if self.reports.is_empty() {
            return Ok(false);
        }
        let settled = self.outbox.acknowledge(&self.reports).await?;
        if settled < self.reports.len() {
            let late = self.reports.len() - settled;
            tracing::warn!(late, "webhooks were reported too late");
        }
        self.reports.clear();
        Ok(true)
    }

    async fn lease(&mut self) -> Result<bool, outbox::Error> {
        let under_way = u16::try_from(self.sending.len()).unwrap_or(u16::MAX);
        let free = self.config.concurrency.saturating_sub(under_way);
        if free == 0 {
            return Ok(false);
        }
        let config = &self.config;
        let deliveries = self
            .outbox
            .lease(
                free,
                config.concurrency_per_endpoint,
                config.lease,
                // The next look comes before this is over, or there is no worker any more.
                2 * config.poll,
            )
            .await?;
        let any = !deliveries.is_empty();
        for delivery in deliveries {
            let sender = self.sender.clone();
            let schedule = Arc::clone(&self.schedule);
            self.sending.spawn(async move {
                let attempt = sender.send(&delivery).await;
                report_of(&delivery, attempt, &schedule)
            });
        }
        Ok(any)
    }

    fn collect(&mut self, report: Result<Report, tokio::task::JoinError>) {
        match report {
            Ok(report) => self.reports.push(report),
            // The lease ends by itself, and the delivery is tried again.
            Err(error) => tracing::error!(%error, "sending a webhook failed unexpectedly"),
        }
    }

    /// Lets requests under way finish, for most of the grace, and reports them in the rest of it.
    async fn finish(&mut self) {
        let grace = self.config.grace.mul_f64(0.8);
        let webhooks = self.sending.len();
        if webhooks > 0 {
            tracing::info!(
                webhooks,
                "waiting for webhooks under way, {} s at most",
                grace.as_secs()
            );
        }
        let all = async {
            while let Some(report) = self.sending.join_next().await {
                self.collect(report);
            }
        };
        if tokio::time::timeout(grace, all).await.is_err() {
            tracing::info!("webhooks under way are sent again later");
        }
        if let Err(error) = self.report().await {
            tracing::warn!(%error, "the last webhooks could not be reported and are sent again later");
        }
    }
}

fn report_of(delivery: &Delivery, attempt: Attempt, schedule: &Schedule) -> Report {
    let number = u32::try_from(delivery.attempt).unwrap_or(u32::MAX);
    let own = delivery.retry_waits.as_deref();
    let own = own.map(Schedule::of_milliseconds);
    let schedule = own.as_ref().unwrap_or(schedule);
    let verdict = Verdict::of(&attempt.outcome, number, schedule, rand::random());
    let happened = in_words(&attempt.outcome);
    let (status, response, error) = match attempt.outcome {
        Outcome::Answered { status, body, .. } => (Some(status), Some(body), None),
        Outcome::NoAnswer { error } | Outcome::NotSent { error } => (None, None, Some(error)),
    };
    let duration_ms = u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX);
    metrics::counter!("casebase_webhook_attempts_total", "result" => result_of(&verdict))
        .increment(1);
    metrics::histogram!("casebase_webhook_attempt_seconds").record(attempt.duration);
    tracing::info!(
        message_id = delivery.message_id,
        endpoint_id = %delivery.endpoint_id,
        attempt = delivery.attempt,
        status,
        error,
        duration_ms,
        ?verdict,
        "{happened}"
    );
    Report {
        delivery_id: delivery.delivery_id,
        lease_token: delivery.lease_token,
        started_at: attempt.started_at,
        duration_ms,
        status,
        response,
        error,
        verdict,
    }
}

/// What the metrics call it.
fn result_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Retry { .. } => "retried",
        Verdict::Failed { .. } => "given_up",
    }
}

/// What the log says first about an attempt.
fn in_words(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered {
            status: 200..=299, ..
        } => "webhook delivered",
        Outcome::Answered { .. } => "webhook refused by its receiver",
        Outcome::NoAnswer { .. } => "webhook got no answer",
        Outcome::NotSent { .. } => "webhook not sent",
    }
}

/// Wakes the worker when the database says so, for ever. Without it polling does the same, more slowly.
async fn listen(outbox: &Outbox, wake: &Notify, poll: Duration) {
    let mut retry = Retry::default();
    let mut told = None;
    loop {
        let listening = outbox.listen().await;
        if listening.is_ok() {
            retry.recovered();
        }
        let pause = retry.pause();
        match listening {
            Ok(mut listener) => {
                if let Ok(heard) = outbox.is_heard_by(&mut listener, HEARD_WITHIN).await
                    && told.replace(heard) != Some(heard)
                {
                    tell_whether_heard(heard, poll);
                }
                // Others may have come meanwhile.
                wake.notify_one();
                // None: the connection was lost and is made anew; a notification may have been missed.
                while let Ok(_notified) = listener.try_recv().await {
                    wake.notify_one();
                }
            }
            // Of a database that lets nobody in, the turns say so.
            Err(error) if retry.is_news() && !keeps_out(&error) => {
                let error = casebase_postgres::said(&error);
                tracing::warn!(error, "can't listen for webhooks, polling instead");
            }
            Err(error) => {
                let error = casebase_postgres::said(&error);
                tracing::debug!(error, ?pause, "still can't listen for webhooks");
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Says how the worker learns of what is to be sent.
fn tell_whether_heard(heard: bool, poll: Duration) {
    match heard {
        true => tracing::info!("the database notifies of webhooks as they are written"),
        false => tracing::warn!(
            "no notification of the database's comes through, as behind a pooler in transaction mode: webhooks are \
             looked for every {poll:?} instead; hint: connect directly, or through a pooler in session mode"
        ),
    }
}

/// Whether the database can't be reached, or refuses who comes: SQLSTATE classes 28, 3D and 57.
fn keeps_out(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    let class = code.as_deref().and_then(|code| code.get(..2));
    matches!(class, Some("28" | "3D" | "57")) || class.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_what_arrived_from_what_was_never_sent() {
        let answered = |status| Outcome::Answered {
            status,
            retry_after: None,
            body: String::new(),
        };
        let error = String::new;
        for (outcome, words) in [
            (answered(204), "webhook delivered"),
            (answered(302), "webhook refused by its receiver"),
            (
                Outcome::NoAnswer { error: error() },
                "webhook got no answer",
            ),
            (Outcome::NotSent { error: error() }, "webhook not sent"),
        ] {
            assert_eq!(in_words(&outcome), words);
        }
    }
}
