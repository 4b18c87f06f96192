//! How much one user may ask for: requests in a minute, and bytes on their way in at the same time.
//!
//! No rule about who may do what: it keeps one caller from taking what all share. Each service counts for itself.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::Response,
};
use casebase_supabase::jwt::UserToken;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use uuid::Uuid;

use crate::error::ApiError;

/// draft-ietf-httpapi-ratelimit-headers-10: what is allowed, and what is left of it.
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(crate) const LEFT: HeaderName = HeaderName::from_static("ratelimit");

type Requests =
    RateLimiter<Uuid, DefaultKeyedStateStore<Uuid>, DefaultClock, StateInformationMiddleware>;

/// What each user may have. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Limits {
    requests: Option<Arc<(NonZeroU32, Requests)>>,
    most_bytes: Option<u64>,
    /// Bytes on their way in, by user.
    bytes: Arc<Mutex<HashMap<Uuid, u64>>>,
}

impl Limits {
    /// 0: no limit.
    pub(crate) fn new(requests_per_minute: u32, bytes_in_flight: u64) -> Self {
        let requests = NonZeroU32::new(requests_per_minute).map(|most| {
            let limiter = RateLimiter::keyed(Quota::per_minute(most));
            Arc::new((most, limiter.with_middleware()))
        });
        Self {
            requests,
            most_bytes: Some(bytes_in_flight).filter(|most| *most > 0),
            bytes: Arc::default(),
        }
    }

    /// Counts a request of a user's. `standing`: where what is left is noted, for the answer.
    pub(crate) fn admit(
        &self,
        user: &UserToken,
        standing: Option<&Standing>,
    ) -> Result<(), ApiError> {
        let (Some(limit), Some(who)) = (&self.requests, user.claims().sub) else {
            return Ok(());
        };
        let (most, requests) = &**limit;
        let (left, refused) = match requests.check_key(&who) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                (0, Some(i64::try_from(wait.as_secs()).unwrap_or(60) + 1))
            }
        };
        if let Some(standing) = standing {
            let _ = standing.0.set(Left { most: *most, left });
        }
        match refused {
            None => Ok(()),
            Some(seconds) => {
                let message =
                    format!("{most} requests in a minute are as many as one user may make");
                let status = StatusCode::TOO_MANY_REQUESTS;
                Err(ApiError::new(status, "too_many_requests", message).retry_after(seconds))
            }
        }
    }

    /// Room for bytes that are coming, as long as what is given back is there.
    pub(crate) fn hold(&self, user: &UserToken, bytes: u64) -> Result<Held, ApiError> {
        let (Some(most), Some(who)) = (self.most_bytes, user.claims().sub) else {
            return Ok(Held(None));
        };
        let mut held = lock(&self.bytes);
        let now = held.entry(who).or_default();
        let then = now.saturating_add(bytes);
        // Whoever sends nothing else may send one file, whatever its size.
        if *now > 0 && then > most {
            let message = format!("{most} bytes at a time are as many as one user may send");
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Err(ApiError::new(status, "too_many_bytes", message)
                .hint("wait until some of what you are sending has arrived")
                .may_be_tried_again());
        }
        *now = then;
        let counted = then > 0;
        if !counted {
            held.remove(&who);
        }
        drop(held);
        Ok(Held(counted.then(|| (self.clone(), who, bytes))))
    }

    /// Forgets who has not asked for a minute.
    pub(crate) fn forget(&self) {
        if let Some(limit) = &self.requests {
            limit.1.retain_recent();
        }
    }
}

/// Room for the bytes of a user, until it is dropped.
pub(crate) struct Held(Option<(Limits, Uuid, u64)>);

impl Drop for Held {
    fn drop(&mut self) {
        let Some((limits, who, bytes)) = &self.0 else {
            return;
        };
        let mut held = lock(&limits.bytes);
        let left = held.get(who).map_or(0, |now| now.saturating_sub(*bytes));
        match left {
            0 => held.remove(who),
            left => held.insert(*who, left),
        };
    }
}

fn lock(bytes: &Mutex<HashMap<Uuid, u64>>) -> std::sync::MutexGuard<'_, HashMap<Uuid, u64>> {
    // Counts are whole after each step.
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
struct Left {
    most: NonZeroU32,
    left: u32,
}

/// What is left for who asks, once it is known who does.
#[derive(Clone, Default)]
pub(crate) struct Standing(Arc<OnceLock<Left>>);

/// Says in every answer to a user what is left.
pub(crate) async fn tell(mut request: Request, next: Next) -> Response {
    let standing = Standing::default();
    request.extensions_mut().insert(standing.clone());
    let mut response = next.run(request).await;
    if let Some(Left { most, left }) = standing.0.get() {
        let used = u64::from(most.get() - left.min(&most.get()));
        // Until all of it is there again.
        let seconds = (used * 60).div_ceil(u64::from(most.get()));
        let said = [
            (POLICY, format!("\"requests\";q={most};w=60")),
            (LEFT, format!("\"requests\";r={left};t={seconds}")),
        ];
        for (name, value) in said {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    response
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    // {"sub":"7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10","role":"authenticated","exp":4102444800}
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3ZjBjOWQwZS0yZjdlLTRjNTMtOWE0ZS02ZjBhM2E0YTdhMTAiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln";

    #[test]
    fn bytes_are_held_until_they_arrived_and_one_file_always_is_taken() {
        let user = UserToken::issued(TOKEN).unwrap();
        let limits = Limits::new(0, 100);
        let large = limits.hold(&user, 500).unwrap();
        assert!(limits.hold(&user, 1).is_err());
        drop(large);
        let first = limits.hold(&user, 60).unwrap();
        let second = limits.hold(&user, 40).unwrap();
        assert!(limits.hold(&user, 1).is_err());
        drop(first);
        let third = limits.hold(&user, 60).unwrap();
        drop((second, third));
        assert!(limits.bytes.lock().unwrap().is_empty());
        assert!(limits.hold(&user, 0).is_ok());
        assert!(limits.bytes.lock().unwrap().is_empty());
    }

    #[test]
    fn what_is_not_limited_is_not_counted() {
        let user = UserToken::issued(TOKEN).unwrap();
        let limits = Limits::new(0, 0);
        let standing = Standing::default();
        for _ in 0..1000 {
            limits.admit(&user, Some(&standing)).unwrap();
        }
        let _first = limits.hold(&user, u64::MAX).unwrap();
        assert!(limits.hold(&user, u64::MAX).is_ok());
        assert!(standing.0.get().is_none());
    }
}
