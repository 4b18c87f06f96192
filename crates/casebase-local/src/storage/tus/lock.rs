//! One writer at a time for each resumable upload.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// The uploads that are being written.
#[derive(Debug, Clone, Default)]
pub struct Locks(Arc<Mutex<HashSet<String>>>);

/// Held while an upload is written.
#[derive(Debug)]
pub struct Guard {
    locks: Locks,
    version: String,
}

impl Locks {
    /// The right to write, unless somebody has it.
    pub fn acquire(&self, version: &str) -> Option<Guard> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(version.to_owned()).then(|| Guard {
            locks: self.clone(),
            version: version.to_owned(),
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut held = self.locks.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.version);
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_upload_has_one_writer_at_a_time() {
        let locks = Locks::default();
        let first = locks.acquire("a").expect("free");
        assert!(locks.acquire("a").is_none());
        assert!(locks.acquire("b").is_some());
        drop(first);
        assert!(locks.acquire("a").is_some());
    }
}
