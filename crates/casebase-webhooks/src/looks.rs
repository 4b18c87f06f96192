//! From where on the queue is looked at.
//!
//! While a transaction keeps its snapshot, the queue's indexes keep an entry for everything that was delivered since,
//! and a look from the oldest on passes them all. So most looks begin shortly before what was found last. What became
//! due before that is found by a look at everything, which may take a small share of the time.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use uuid::Uuid;

/// How long after it was due something is usually committed.
const COMMITTED_WITHIN: TimeDelta = TimeDelta::milliseconds(100);

/// Looks at everything take one part in so many of the time, and there is one at least so often.
const PART: u32 = 100;
const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

/// What is known from the looks so far.
#[derive(Debug)]
pub struct Looks {
    /// When the last of what each endpoint got was due.
    found: BTreeMap<Uuid, DateTime<Utc>>,
    /// When to look at everything.
    everything_at: Instant,
    /// Whether the last look was.
    at_everything: bool,
}

impl Looks {
    /// The first look is at everything.
    pub fn new() -> Self {
        Self {
            found: BTreeMap::new(),
            everything_at: Instant::now(),
            at_everything: false,
        }
    }

    /// Where a look that begins at `now` begins for each endpoint; of others it is at everything. None: it is of all.
    pub fn since(&self, now: Instant) -> Option<BTreeMap<Uuid, DateTime<Utc>>> {
        (now < self.everything_at).then(|| {
            self.found
                .iter()
                .map(|(id, due)| (*id, *due - COMMITTED_WITHIN))
                .collect()
        })
    }

    /// What a look found: for whom, and when that was due. Only what comes first in its lane says how far it went.
    /// Answers whether another look would have passed some of it by.
    pub fn found(&mut self, firsts: impl Iterator<Item = (Uuid, DateTime<Utc>)>) -> bool {
        let mut found = BTreeMap::new();
        let mut too_early = false;
        for (endpoint, due) in firsts {
            let before = self.found.get(&endpoint);
            too_early |= before.is_some_and(|before| due < *before - COMMITTED_WITHIN);
            let last = found.entry(endpoint).or_insert(due);
            *last = due.max(*last);
        }
        self.found.extend(found);
        too_early
    }

    /// A lane is over that began with what was due at this time. What follows in it was due no sooner, unless several wrote
    /// to it at the same time: where it has `more`, it is looked for from the beginning.
    pub fn goes_on(&mut self, endpoint: Uuid, due: DateTime<Utc>, more: bool) {
        if more {
            self.found.remove(&endpoint);
        } else if let Some(found) = self.found.get_mut(&endpoint) {
            *found = due.min(*found);
        }
    }

    /// A look at everything took so long. The next is at everything too where it found what others pass by.
    pub fn at_everything(&mut self, now: Instant, took: Duration, too_early: bool) {
        self.everything_at = match too_early {
            true => now,
            false => now + (took * PART).min(AT_LEAST_EVERY),
        };
        self.at_everything = true;
    }

    /// Another look was not, and may have passed something by.
    pub fn at_a_part(&mut self) {
        self.at_everything = false;
    }

    /// How long to wait for the next look at most.
    pub fn rest(&self) -> Duration {
        match self.at_everything {
            true => Duration::MAX,
            false => self.everything_at.duration_since(Instant::now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: Uuid = Uuid::from_u128(1);

    fn second(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(n)
    }

    fn found(at: &[i64]) -> Looks {
        let mut looks = Looks::new();
        looks.found(at.iter().map(|n| (ENDPOINT, second(*n))));
        looks
    }

    fn begins(looks: &Looks) -> Option<DateTime<Utc>> {
        looks
            .since(looks.everything_at - Duration::from_nanos(1))
            .and_then(|since| since.get(&ENDPOINT).copied())
    }

    #[test]
    fn looks_at_everything_take_one_part_in_a_hundred_of_the_time() {
        let mut looks = Looks::new();
        let now = Instant::now();
        assert_eq!(looks.since(now), None);
        looks.at_everything(now, Duration::from_millis(1), false);
        assert_eq!(
            looks.since(now + Duration::from_millis(99)),
            Some(BTreeMap::new())
        );
        assert_eq!(looks.since(now + Duration::from_millis(100)), None);
        looks.at_everything(now, Duration::from_secs(60), false);
        assert_eq!(looks.since(now + AT_LEAST_EVERY), None);
    }

    #[test]
    fn a_look_at_everything_that_found_what_others_pass_by_is_followed_by_another() {
        let mut looks = found(&[9]);
        let early = |looks: &mut Looks, at| looks.found([(ENDPOINT, second(at))].into_iter());
        assert!(!early(&mut looks, 9));
        assert!(early(&mut looks, 8));
        let now = Instant::now();
        looks.at_everything(now, Duration::from_secs(60), true);
        assert_eq!(looks.since(now), None);
    }

    #[test]
    fn what_a_look_passed_by_is_looked_for_as_soon_as_it_may() {
        let mut looks = Looks::new();
        looks.at_everything(Instant::now(), Duration::from_secs(60), false);
        assert_eq!(looks.rest(), Duration::MAX);
        looks.at_a_part();
        assert!(looks.rest() <= AT_LEAST_EVERY);
    }

    #[test]
    fn others_begin_shortly_before_the_last_that_was_found() {
        assert_eq!(
            begins(&found(&[5, 9, 7])),
            Some(second(9) - COMMITTED_WITHIN)
        );
    }

    #[test]
    fn what_follows_in_a_lane_is_not_passed_by() {
        let mut looks = found(&[9]);
        looks.goes_on(ENDPOINT, second(5), false);
        looks.goes_on(ENDPOINT, second(7), false);
        assert_eq!(begins(&looks), Some(second(5) - COMMITTED_WITHIN));
        looks.goes_on(Uuid::nil(), second(1), false);
        assert_eq!(begins(&looks), Some(second(5) - COMMITTED_WITHIN));
        looks.goes_on(ENDPOINT, second(9), true);
        assert_eq!(begins(&looks), None);
    }
}
