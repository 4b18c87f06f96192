//! A lane's deliveries, sent one after another, and what became of each.

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::attempt::{Attempt, Outcome};
use crate::deliver::Sender;
use crate::outbox::{Delivery, Leased, Report};
use crate::schedule::Schedule;
use crate::verdict::Verdict;

/// What follows in a lane goes out while this holds.
#[derive(Debug, Clone)]
pub struct Until {
    /// Until then a request may begin: its lease lasts longer than it can.
    pub instant: Instant,
    /// Until then too.
    pub shutdown: CancellationToken,
}

impl Until {
    fn is_over(&self) -> bool {
        self.shutdown.is_cancelled() || Instant::now() >= self.instant
    }
}

/// What was leased, those of a lane together, in their order.
pub fn lanes(leased: Vec<Leased>) -> Vec<Vec<Leased>> {
    let mut lanes: Vec<Vec<Leased>> = Vec::new();
    for one in leased {
        let its = |lane: &&mut Vec<Leased>| lane.first().is_some_and(|first| share(first, &one));
        match lanes.iter_mut().find(its) {
            Some(lane) => lane.push(one),
            None => lanes.push(vec![one]),
        }
    }
    lanes
}

fn share(one: &Leased, other: &Leased) -> bool {
    one.delivery.endpoint_id == other.delivery.endpoint_id
        && one.case_id.is_some()
        && one.case_id == other.case_id
}

/// Sends the first, and each of the others when the one before was taken. What isn't sent is reported as that.
pub async fn send(
    lane: Vec<Leased>,
    sender: Sender,
    schedule: &Schedule,
    until: Until,
    reports: UnboundedSender<Report>,
) {
    let mut lane = lane.into_iter().map(|leased| leased.delivery);
    for delivery in lane.by_ref() {
        let attempt = sender.send(&delivery).await;
        let report = report_of(&delivery, attempt, schedule);
        let taken = report.verdict == Verdict::Delivered;
        // Nobody hears of it when the worker is gone; its leases end by themselves.
        let _ = reports.send(report);
        if !taken || until.is_over() {
            break;
        }
    }
    for unsent in lane {
        let _ = reports.send(Report::of_unsent(&unsent));
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
        endpoint_id: delivery.endpoint_id,
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
        Verdict::Unsent => "unsent",
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
