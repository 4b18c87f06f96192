//! Pauses between attempts at something that is not there.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Ever longer pauses, up to half a minute, until it works again.
#[derive(Debug, Default)]
pub struct Retry {
    failures: u32,
}

impl Retry {
    /// It failed again: how long to wait before the next attempt.
    pub fn pause(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(5));
        self.failures = self.failures.saturating_add(1);
        pause.min(LONGEST)
    }

    /// Whether it has failed once and not again: the time to say so.
    pub fn is_news(&self) -> bool {
        self.failures == 1
    }

    /// It worked. Whether it had failed before.
    pub fn recovered(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_only_the_first_failure_is_news() {
        let mut retry = Retry::default();
        let seconds: Vec<_> = (0..7).map(|_| retry.pause().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        assert!(!retry.is_news());
        assert!(retry.recovered() && !retry.recovered());
        assert_eq!(retry.pause(), FIRST);
        assert!(retry.is_news());
    }
}
