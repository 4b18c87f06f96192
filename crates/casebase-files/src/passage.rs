//! What a file's bytes pass on their way: whoever has to see all of them.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::Mutex;

use crate::{
    check::{Inspection, Inspector},
    digest::{Claim, Tags},
    error::Error,
    scan::{Scan, Verdict},
    storage::{Bytestream, StreamError},
};

/// Sees bytes in their order.
#[derive(Default)]
pub(crate) struct Passage {
    inspector: Inspector,
    tags: Option<Tags>,
    claims: Vec<Claim>,
    scan: Option<Scan>,
}

/// What it saw.
pub(crate) struct Passed {
    pub(crate) file: Inspection,
    /// The tags by which Storage may know the bytes, of those that are sent there.
    pub(crate) etags: Vec<String>,
}

impl Passage {
    /// Of what comes from Storage.
    pub(crate) fn back(scan: Option<Scan>) -> Self {
        Self {
            scan,
            ..Self::default()
        }
    }

    /// Of what goes there, with the digests that came along.
    pub(crate) fn out(tags: Tags, claims: Vec<Claim>, scan: Option<Scan>) -> Self {
        Self {
            tags: Some(tags),
            claims,
            scan,
            ..Self::default()
        }
    }

    /// The next bytes.
    pub(crate) async fn update(&mut self, bytes: &Bytes) -> Result<(), StreamError> {
        match &mut self.tags {
            Some(tags) => self
                .inspector
                .update_beside(bytes, |block| tags.update(block)),
            None => self.inspector.update(bytes),
        }
        self.claims.iter_mut().for_each(|claim| claim.update(bytes));
        match &mut self.scan {
            Some(scan) => scan.update(bytes).await.map_err(StreamError::NotScanned),
            None => Ok(()),
        }
    }

    /// There are no more.
    pub(crate) async fn finish(self) -> Result<Passed, Error> {
        for claim in self.claims {
            claim.check()?;
        }
        if let Some(scan) = self.scan
            && let Verdict::Infected(name) = scan.verdict().await?
        {
            return Err(Error::Infected(name));
        }
        Ok(Passed {
            file: self.inspector.finish(),
            etags: self.tags.map(Tags::finish).unwrap_or_default(),
        })
    }
}

/// A passage that a body takes while an HTTP client has it.
pub(crate) struct Shared(Arc<Mutex<Option<Passage>>>);

impl Passage {
    pub(crate) fn share(self) -> Shared {
        Shared(Arc::new(Mutex::new(Some(self))))
    }
}

impl Shared {
    /// The same bytes, each seen before it goes on.
    pub(crate) fn over(&self, body: Bytestream) -> Bytestream {
        let shared = Arc::clone(&self.0);
        let seen = body.and_then(move |bytes| {
            let shared = Arc::clone(&shared);
            async move {
                if let Some(passage) = &mut *shared.lock().await {
                    passage.update(&bytes).await?;
                }
                Ok(bytes)
            }
        });
        seen.boxed()
    }

    /// Once the body is through.
    pub(crate) async fn take(self) -> Passage {
        self.0.lock().await.take().unwrap_or_default()
    }
}
