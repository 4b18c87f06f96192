//! Who has a connection, and who makes room when there are no more.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The connections that a server may have.
pub(crate) struct Connections {
    free: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    /// One more is waiting.
    more: Notify,
}

/// Those that wait for a request, in the order in which they began to.
#[derive(Default)]
struct Waiting {
    next: u64,
    by_turn: BTreeMap<u64, Arc<Notify>>,
}

impl Connections {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            waiting: Mutex::default(),
            more: Notify::new(),
        }
    }

    /// A place for one more connection, another's if need be.
    pub(crate) async fn slot(connections: &Arc<Self>) -> Slot {
        loop {
            let free = Arc::clone(&connections.free);
            if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
                return Slot::new(Arc::clone(connections), permit);
            }
            let made_room = connections.make_room();
            tokio::select! {
                permit = free.acquire_owned() => if let Ok(permit) = permit {
                    return Slot::new(Arc::clone(connections), permit);
                },
                () = connections.more.notified(), if !made_room => {}
            }
        }
    }

    /// Ends the connection that has waited longest for a request, if any waits.
    pub(crate) fn make_room(&self) -> bool {
        let longest = self.waiting().by_turn.pop_first();
        longest.inspect(|(_, evict)| evict.notify_one()).is_some()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds it can leave it half-changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place, which it gives back when it is dropped.
pub(crate) struct Slot {
    connections: Arc<Connections>,
    turn: Mutex<u64>,
    evict: Arc<Notify>,
    _permit: OwnedSemaphorePermit,
}

impl Slot {
    fn new(connections: Arc<Connections>, permit: OwnedSemaphorePermit) -> Self {
        let slot = Self {
            connections,
            turn: Mutex::new(0),
            evict: Arc::new(Notify::new()),
            _permit: permit,
        };
        slot.waits();
        slot
    }

    /// The connection has no request under way.
    pub(crate) fn waits(&self) {
        let mut waiting = self.connections.waiting();
        waiting.next += 1;
        let turn = waiting.next;
        waiting.by_turn.insert(turn, Arc::clone(&self.evict));
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        drop(waiting);
        self.connections.more.notify_one();
    }

    /// The connection has a request under way; false: too late, another takes its place.
    pub(crate) fn works(&self) -> bool {
        let turn = *self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.connections.waiting().by_turn.remove(&turn).is_some()
    }

    /// Another took its place.
    pub(crate) async fn evicted(&self) {
        self.evict.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.works();
    }
}
