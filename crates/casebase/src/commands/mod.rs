//! One file per command.

#[cfg(feature = "local")]
pub mod bench;
#[cfg(feature = "local")]
pub mod demo;
pub mod desk;
#[cfg(feature = "local")]
pub mod dev;
pub mod files;
pub mod migrate;
pub mod owner;
pub mod serve;
pub mod webhooks;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C and being told to end, one after the other: none that comes while nobody waits is lost.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// From now on.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next. May be given up and asked for again.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Returns at Ctrl-C or when the process is told to end.
pub async fn stop_signal() -> std::io::Result<()> {
    StopSignals::listen()?.next().await;
    Ok(())
}
