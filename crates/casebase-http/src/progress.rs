//! When something that is waited for stands still.

use std::{
    error::Error,
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// So much has to move in each window: less is a caller who holds a connection, not one who uses it.
const AT_LEAST: usize = 4096;

/// Whether it is the limit of [`crate::Limits::progress`] that a request's body broke at.
pub fn stood_still(error: &(dyn Error + 'static)) -> bool {
    let here = error.downcast_ref::<io::Error>();
    here.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        || error.source().is_some_and(stood_still)
}

/// Counts what moves, and only the time that is spent waiting for it: the other side is not to blame
/// for what this side takes.
pub(crate) struct Progress {
    window: Duration,
    moved: usize,
    waited: Duration,
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Progress {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            moved: 0,
            waited: Duration::ZERO,
            wait: None,
        }
    }

    /// `bytes` moved.
    pub(crate) fn moved(&mut self, bytes: usize) {
        if let Some((since, _)) = self.wait.take() {
            self.waited += since.elapsed();
        }
        self.moved += bytes;
        if self.moved >= AT_LEAST {
            self.moved = 0;
            self.waited = Duration::ZERO;
        }
    }

    /// Nothing is there to be moved; an error once that has lasted too long.
    pub(crate) fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let left = self.window.saturating_sub(self.waited);
        let (_, sleep) = self.wait.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        });
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }
}
