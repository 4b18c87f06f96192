//! When a failed delivery is tried again.

use std::time::Duration;

use chrono::{DateTime, Utc};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The longest wait that a receiver can ask for with `Retry-After`.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How far a wait may be from the one of the schedule, so that what failed together doesn't come back together.
const JITTER: f64 = 0.2;

/// The waits between attempts: one more attempt than there are waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

impl Default for Schedule {
    /// What Standard Webhooks suggests: ten attempts over three days.
    fn default() -> Self {
        Self(vec![
            5 * SECOND,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ])
    }
}

impl Schedule {
    /// A schedule with these waits.
    #[must_use]
    pub fn new(waits: Vec<Duration>) -> Self {
        Self(waits)
    }

    /// A schedule with these waits in milliseconds, as the database gives them.
    #[must_use]
    pub fn of_milliseconds(waits: &[i64]) -> Self {
        let wait = |&ms: &i64| Duration::from_millis(u64::try_from(ms).unwrap_or_default());
        Self(waits.iter().map(wait).collect())
    }

    /// The wait after the `attempt`-th attempt (the first is 1), or none when that was the last. `luck`, between 0
    /// and 1, chooses within the jitter.
    #[must_use]
    pub fn wait_after(&self, attempt: u32, luck: f64) -> Option<Duration> {
        let wait = self.0.get(attempt.checked_sub(1)? as usize)?;
        Some(wait.mul_f64(1.0 - JITTER + 2.0 * JITTER * luck))
    }
}

/// How long a `Retry-After` header asks to wait: seconds, or a date in any of the three forms of RFC 9110, 5.6.7. At
/// most a day; none when it can't be read.
#[must_use]
pub fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let wait = match header.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(header.trim()).ok()?;
            (DateTime::<Utc>::from(date) - now)
                .to_std()
                .unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_default_makes_ten_attempts_over_three_days() {
        let schedule = Schedule::default();
        let waits: Vec<Duration> = (1..=9)
            .map(|attempt| schedule.wait_after(attempt, 0.5).unwrap())
            .collect();
        assert_eq!(waits[0], 5 * SECOND);
        assert_eq!(
            waits.iter().sum::<Duration>(),
            75 * HOUR + 35 * MINUTE + 5 * SECOND
        );
        assert_eq!(schedule.wait_after(10, 0.5), None);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let schedule = Schedule::new(vec![10 * SECOND]);
        assert_eq!(schedule.wait_after(1, 0.0), Some(8 * SECOND));
        assert_eq!(schedule.wait_after(1, 1.0), Some(12 * SECOND));
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00Z")
            .unwrap()
            .to_utc();
        assert_eq!(retry_after("120", now), Some(120 * SECOND));
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(retry_after(date, now), Some(37 * SECOND), "{date}");
        }
        assert_eq!(
            retry_after("Sat, 05 Nov 1994 08:49:37 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn a_receiver_cannot_put_a_delivery_off_for_more_than_a_day() {
        assert_eq!(
            retry_after("99999999999999", Utc::now()),
            Some(LONGEST_RETRY_AFTER)
        );
    }
}
