//! What is under way to whom, and how much more there may be.
//!
//! A receiver that hangs must cost the others nothing. So requests take a slot only while their endpoint answers: once
//! it was silent while as many answers as there are slots came from others, or for a second, what it has under way
//! counts no more.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// Who says nothing for so long keeps no slot, even where nobody else answers: they might all be taken.
pub const SILENT_AFTER: Duration = Duration::from_secs(1);

/// How many requests, in multiples of the slots, may be under way to silent endpoints before these get no more.
const TO_SILENT: usize = 4;

/// The same for everybody, silent or not: sockets and memory are bounded.
const IN_ALL: usize = 8;

/// Requests under way, by endpoint.
#[derive(Debug)]
pub struct UnderWay {
    slots: usize,
    endpoints: BTreeMap<Uuid, Endpoint>,
    /// By all of them, since the start.
    answers: u64,
}

#[derive(Debug)]
struct Endpoint {
    requests: usize,
    /// [`UnderWay::answers`] when it answered last, or got its first request.
    answered: u64,
    /// When that was.
    heard: Instant,
}

impl UnderWay {
    /// Nothing, yet; at most so many `slots` are taken by endpoints that answer.
    pub fn new(slots: u16) -> Self {
        Self {
            slots: usize::from(slots),
            endpoints: BTreeMap::new(),
            answers: 0,
        }
    }

    /// A request, or one after another to the same lane, begins.
    pub fn begins(&mut self, endpoint: Uuid, now: Instant) {
        let new = Endpoint {
            requests: 0,
            answered: self.answers,
            heard: now,
        };
        self.endpoints.entry(endpoint).or_insert(new).requests += 1;
    }

    /// The receiver said something.
    pub fn answered(&mut self, endpoint: Uuid, now: Instant) {
        self.answers += 1;
        if let Some(endpoint) = self.endpoints.get_mut(&endpoint) {
            endpoint.answered = self.answers;
            endpoint.heard = now;
        }
    }

    /// What began is over, however it went.
    pub fn ends(&mut self, endpoint: Uuid) {
        if let Some(under_way) = self.endpoints.get_mut(&endpoint) {
            under_way.requests -= 1;
            if under_way.requests == 0 {
                self.endpoints.remove(&endpoint);
            }
        }
    }

    /// How many more may begin.
    pub fn free(&self, now: Instant) -> u16 {
        let all: usize = self.endpoints.values().map(|e| e.requests).sum();
        let in_slots = all - self.to_silent(now);
        let free = self.slots.saturating_sub(in_slots);
        let free = free.min((IN_ALL * self.slots).saturating_sub(all));
        u16::try_from(free).unwrap_or(u16::MAX)
    }

    /// What each endpoint has under way, as [`crate::outbox::Limits`] wants to know it, where it may have `most`: a
    /// silent one has all that it may have once there is enough under way to such.
    pub fn by_endpoint(&self, most: u16, now: Instant) -> BTreeMap<Uuid, usize> {
        let enough = self.to_silent(now) >= TO_SILENT * self.slots;
        self.endpoints
            .iter()
            .map(
                |(id, endpoint)| match enough && self.is_silent(endpoint, now) {
                    true => (*id, endpoint.requests.max(usize::from(most))),
                    false => (*id, endpoint.requests),
                },
            )
            .collect()
    }

    fn to_silent(&self, now: Instant) -> usize {
        let endpoints = self.endpoints.values();
        let silent = endpoints.filter(|endpoint| self.is_silent(endpoint, now));
        silent.map(|endpoint| endpoint.requests).sum()
    }

    fn is_silent(&self, endpoint: &Endpoint, now: Instant) -> bool {
        self.answers - endpoint.answered >= self.slots as u64
            || now - endpoint.heard >= SILENT_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: u16 = 4;
    const HANGS: Uuid = Uuid::from_u128(1);
    const ANSWERS: Uuid = Uuid::from_u128(2);

    /// So many requests are under way to the endpoint that hangs, and then the other answers as often.
    fn hanging(requests: usize, answers: usize, now: Instant) -> UnderWay {
        let mut under_way = UnderWay::new(SLOTS);
        (0..requests).for_each(|_| under_way.begins(HANGS, now));
        for _ in 0..answers {
            under_way.begins(ANSWERS, now);
            under_way.answered(ANSWERS, now);
            under_way.ends(ANSWERS);
        }
        under_way
    }

    #[test]
    fn who_is_overtaken_by_as_many_answers_as_there_are_slots_takes_none() {
        let now = Instant::now();
        assert_eq!(hanging(3, 3, now).free(now), 1);
        assert_eq!(hanging(3, 4, now).free(now), 4);
    }

    #[test]
    fn who_takes_every_slot_loses_them_with_the_time() {
        let now = Instant::now();
        let under_way = hanging(4, 0, now);
        assert_eq!(under_way.free(now + SILENT_AFTER / 2), 0);
        assert_eq!(under_way.free(now + SILENT_AFTER), 4);
    }

    #[test]
    fn who_answers_takes_slots_again() {
        let now = Instant::now();
        let mut under_way = hanging(3, 4, now);
        under_way.answered(HANGS, now + SILENT_AFTER);
        under_way.ends(HANGS);
        assert_eq!(under_way.free(now + SILENT_AFTER), 2);
        under_way.ends(HANGS);
        under_way.ends(HANGS);
        assert_eq!(under_way.free(now), 4);
        assert_eq!(under_way.by_endpoint(9, now), BTreeMap::new());
    }

    #[test]
    fn silent_ones_get_no_more_when_there_is_enough_under_way_to_them() {
        let now = Instant::now();
        let told = |requests, answers, most| {
            hanging(requests, answers, now).by_endpoint(most, now)[&HANGS]
        };
        assert_eq!(told(15, 4, 99), 15);
        assert_eq!(told(16, 3, 99), 16);
        assert_eq!(told(16, 4, 99), 99);
        assert_eq!(told(16, 4, 9), 16);
    }

    #[test]
    fn all_together_are_bounded() {
        let now = Instant::now();
        assert_eq!(hanging(30, 4, now).free(now), 2);
        assert_eq!(hanging(33, 4, now).free(now), 0);
    }
}
