//! What a receiver's answer means for the delivery and for the endpoint.

use std::time::Duration;

use serde::Serialize;

use crate::attempt::Outcome;
use crate::schedule::Schedule;

/// How long an endpoint that is overloaded, and doesn't say for how long, gets no requests.
const BREATHER: Duration = Duration::from_secs(5);

/// What follows from an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The receiver took it.
    Delivered,
    /// It is tried again.
    Retry {
        /// After this many milliseconds.
        retry_in_ms: u64,
        /// For how many milliseconds nothing is sent to the endpoint at all.
        pause_ms: Option<u64>,
    },
    /// It is given up.
    Failed {
        /// Why the endpoint is disabled, if it is.
        disable_because: Option<&'static str>,
    },
    /// There was no attempt, and it goes back.
    Unsent,
}

impl Verdict {
    /// Judges the outcome of the `attempt`-th attempt. `luck`, between 0 and 1, chooses within the schedule's jitter.
    ///
    /// Only 2xx is success: a redirect is a failure too, since following it could lead anywhere.
    #[must_use]
    pub fn of(outcome: &Outcome, attempt: u32, schedule: &Schedule, luck: f64) -> Self {
        match outcome {
            Outcome::Answered {
                status: 200..=299, ..
            } => Self::Delivered,
            Outcome::Answered { status: 410, .. } => Self::Failed {
                disable_because: Some("The receiver answered 410 Gone."),
            },
            Outcome::Answered {
                status,
                retry_after,
                ..
            } => Self::retry(attempt, schedule, luck, pause(*status, *retry_after)),
            Outcome::NoAnswer { .. } | Outcome::NotSent { .. } => {
                Self::retry(attempt, schedule, luck, None)
            }
        }
    }

    fn retry(attempt: u32, schedule: &Schedule, luck: f64, pause: Option<Duration>) -> Self {
        match schedule.wait_after(attempt, luck) {
            Some(wait) => Self::Retry {
                retry_in_ms: milliseconds(wait.max(pause.unwrap_or_default())),
                pause_ms: pause.map(milliseconds),
            },
            None => Self::Failed {
                disable_because: None,
            },
        }
    }
}

/// How long the endpoint as a whole is left alone: as long as it asks, or a moment when it is overloaded.
fn pause(status: u16, retry_after: Option<Duration>) -> Option<Duration> {
    let overloaded = matches!(status, 429 | 502 | 504);
    retry_after.or(overloaded.then_some(BREATHER))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: f64 = 0.5;

    fn judge(status: u16, retry_after: Option<u64>, attempt: u32) -> Verdict {
        let outcome = Outcome::Answered {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            body: String::new(),
        };
        Verdict::of(&outcome, attempt, &Schedule::default(), MIDDLE)
    }

    fn retry(seconds: u64, pause: Option<u64>) -> Verdict {
        Verdict::Retry {
            retry_in_ms: seconds * 1000,
            pause_ms: pause.map(|seconds| seconds * 1000),
        }
    }

    #[test]
    fn only_2xx_is_success() {
        assert_eq!(judge(200, None, 1), Verdict::Delivered);
        assert_eq!(judge(204, None, 9), Verdict::Delivered);
        for status in [301, 302, 308, 400, 404, 500, 503] {
            assert_eq!(judge(status, None, 1), retry(5, None), "{status}");
        }
    }

    #[test]
    fn no_answer_is_tried_again() {
        for outcome in [
            Outcome::NoAnswer {
                error: "timed out".into(),
            },
            Outcome::NotSent {
                error: "no signing secret".into(),
            },
        ] {
            assert_eq!(
                Verdict::of(&outcome, 2, &Schedule::default(), MIDDLE),
                retry(300, None)
            );
        }
    }

    #[test]
    fn gone_disables_the_endpoint() {
        assert!(matches!(
            judge(410, None, 1),
            Verdict::Failed {
                disable_because: Some(_)
            }
        ));
    }

    #[test]
    fn an_overloaded_endpoint_gets_a_pause() {
        for status in [429, 502, 504] {
            assert_eq!(judge(status, None, 2), retry(300, Some(5)), "{status}");
        }
    }

    #[test]
    fn retry_after_is_honoured_when_it_is_later_than_the_schedule() {
        assert_eq!(judge(503, Some(60), 1), retry(60, Some(60)));
        assert_eq!(judge(429, Some(60), 2), retry(300, Some(60)));
    }

    #[test]
    fn after_the_last_attempt_it_is_given_up() {
        assert_eq!(
            judge(500, Some(60), 10),
            Verdict::Failed {
                disable_because: None
            }
        );
    }
}
