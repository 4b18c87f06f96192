//! How Casebase's HTTP servers listen, the service and the local stack alike.
//!
//! A caller who is slow, silent or gone costs a bounded time and never somebody else's connection:
//! [`serve`] gives every wait a limit ([`Limits`]), and when all connections are taken, the one that
//! has waited longest for a request makes room. An answer that is sent while the request is still
//! being written arrives: what is still coming is taken off the wire before the connection closes.
//! A request whose length can be read in two ways is refused.

mod connections;
mod framing;
mod message;
mod progress;
mod wire;

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub use progress::stood_still;

use crate::{
    connections::{Connections, Slot},
    message::Answering,
    wire::Wire,
};

/// What a caller may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time. Further ones take the place of those that wait for a request, the
    /// longest wait first; where all have a request under way, they wait to be accepted.
    pub connections: usize,
    /// From when a connection could carry a request until that request's head is there: so long a
    /// head may take, and so long a connection stays open unused.
    pub head: Duration,
    /// A body, or an answer that is being read, stands still when less than 4 KiB move while it is
    /// waited for so long.
    pub progress: Duration,
    /// So many bytes of a request that was answered unread are taken off the wire …
    pub unread_bytes: u64,
    /// … in this time; pauses in it may have a sixth of it.
    pub unread_time: Duration,
}

impl Limits {
    /// The defaults: 30 s for a head, 30 s for 4 KiB, 60 s for what is unread, and half of the
    /// process's file descriptors, of which there are made as many as the system allows. The other
    /// half is for what the process itself opens: a request needs one connection to another server
    /// at a time, and webhooks are sent meanwhile.
    ///
    /// `unread_bytes`: the size of the largest body that the server takes.
    pub fn new(unread_bytes: u64) -> Self {
        Self {
            connections: descriptors() / 2,
            head: Duration::from_secs(30),
            progress: Duration::from_secs(30),
            unread_bytes,
            unread_time: Duration::from_secs(60),
        }
    }
}

/// More than that would be memory's concern, not the system's.
const MOST_DESCRIPTORS: u64 = 16_384;
/// What every Unix gives.
const FEWEST_DESCRIPTORS: u64 = 64;

/// How many files and sockets this process may have open, after it asked for as many as it can get.
fn descriptors() -> usize {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = hard.min(MOST_DESCRIPTORS).max(soft);
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
        Ok(wanted)
    });
    let descriptors = raised.unwrap_or(FEWEST_DESCRIPTORS);
    usize::try_from(descriptors.min(MOST_DESCRIPTORS)).unwrap_or(usize::MAX)
}

/// After an accept that failed for want of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// So many waiting connections are then ended.
const ROOM: usize = 16;

/// Answers with `app` until `shutdown`, then lets requests under way finish. Dropped, it cuts them off.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let connections = Arc::new(Connections::new(limits.connections));
    let limits = Arc::new(limits);
    let mut serving = JoinSet::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let slot = shutdown.run_until_cancelled(Connections::slot(&connections));
                let Some(slot) = slot.await else { break };
                let (app, limits) = (app.clone(), Arc::clone(&limits));
                serving.spawn(connection(stream, app, limits, slot, shutdown.clone()));
            }
            Err(error) => not_accepted(&error, &connections).await?,
        }
        while serving.try_join_next().is_some() {}
    }
    drop(listener);
    while serving.join_next().await.is_some() {}
    Ok(())
}

/// A caller who is gone again is nobody's trouble. Where descriptors or memory are wanting, a waiting
/// connection gives its own back.
async fn not_accepted(error: &io::Error, connections: &Connections) -> io::Result<()> {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionAborted | Kind::ConnectionReset | Kind::ConnectionRefused => {}
        Kind::InvalidInput => return Err(io::Error::other(error.to_string())),
        _ => {
            tracing::warn!(%error, "a connection could not be accepted");
            for _ in 0..ROOM {
                connections.make_room();
            }
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
    Ok(())
}

async fn connection(
    stream: TcpStream,
    app: Router,
    limits: Arc<Limits>,
    slot: Slot,
    shutdown: CancellationToken,
) {
    // An answer is written in one piece; waiting for more to send would only delay it.
    let _ = stream.set_nodelay(true);
    let slot = Arc::new(slot);
    let wire = Wire::new(stream, &limits);
    let service = Answering::new(app, &limits, wire.verdict(), Arc::clone(&slot));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(framing::MAX_HEAD);
    let serving = http.serve_connection(TokioIo::new(wire), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        biased;
        () = slot.evicted() => return tracing::debug!("a waiting connection made room for another"),
        ended = &mut serving => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
