//! One file per command.

#[cfg(feature = "local")]
pub mod bench;
#[cfg(feature = "local")]
pub mod demo;
#[cfg(feature = "local")]
pub mod dev;
pub mod migrate;
pub mod owner;
pub mod serve;
pub mod webhooks;

/// Returns at Ctrl-C or when the process is told to end.
pub async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}
