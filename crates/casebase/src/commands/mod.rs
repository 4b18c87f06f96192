//! One file per command.

pub mod backup;
#[cfg(feature = "local")]
pub mod bench;
pub mod cases;
pub mod client_data;
#[cfg(feature = "local")]
pub mod demo;
pub mod desk;
#[cfg(feature = "local")]
pub mod dev;
pub mod doctor;
pub mod documents;
pub mod files;
mod folder;
pub mod install;
pub mod login;
pub mod man;
pub mod migrate;
mod moment;
mod naming;
pub mod owner;
pub mod people;
mod place;
mod project;
pub mod realtime;
pub mod serve;
mod table;
mod transfer;
pub mod uninstall;
pub mod webhooks;
mod writing;

use std::future::Future;

use clap::error::ErrorKind;
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

/// Ctrl-C came first.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped;

/// Does the work, unless it is stopped: then what it made for the while goes. Nothing is made before it listens.
async fn unless_stopped<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut stopped = StopSignals::listen()?;
    tokio::select! {
        done = work => done,
        () = stopped.next() => Err(Stopped.into()),
    }
}

/// What clap can't tell by itself, told as it tells it: `main` ends with its exit code.
fn usage(kind: ErrorKind, message: &str) -> anyhow::Error {
    clap::Error::raw(kind, format!("{message}\n")).into()
}

/// The end of a command over several things, each of whose failures was told.
fn fail_for_some(failed: usize, of: usize, done: &str) -> anyhow::Result<()> {
    match failed {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of {of} not {done}"),
    }
}
