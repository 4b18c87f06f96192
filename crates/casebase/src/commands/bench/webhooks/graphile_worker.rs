//! graphile-worker, which empties a queue of its own in the same database with the same requests.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use tokio::process::Command;

use super::Bench;

/// What has to be there to run it: the packages, their lock, and the program.
const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("graphile_worker/package.json")),
    (
        "package-lock.json",
        include_str!("graphile_worker/package-lock.json"),
    ),
    ("drain.mjs", include_str!("graphile_worker/drain.mjs")),
];

/// How it emptied its queue.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Drained {
    jobs: f64,
    seconds: f64,
    /// Seconds of Node's processor time, and of its sessions' in the server.
    cpu: f64,
}

impl Drained {
    /// Jobs in a second.
    pub fn rate(self) -> f64 {
        self.jobs / self.seconds
    }

    /// Jobs in a second of that time.
    pub fn per_processor_second(self) -> f64 {
        self.jobs / self.cpu
    }
}

impl Bench<'_> {
    /// As many jobs as deliveries are drained. None where it can't be installed, which is said.
    pub async fn graphile_worker(&self) -> Option<Drained> {
        match self.drain_graphile_worker().await {
            Ok(drained) => Some(drained),
            Err(error) => {
                tracing::warn!(
                    "graphile-worker can't be run here, its known figures stand in: {error:#}"
                );
                None
            }
        }
    }

    async fn drain_graphile_worker(&self) -> anyhow::Result<Drained> {
        let folder = install().await?;
        let mut node = Command::new("node");
        node.arg("drain.mjs")
            .arg(self.args.deliveries.to_string())
            .arg(format!("{}/1", self.receiver.url()))
            .env(
                "DATABASE_URL",
                self.stack.database_url(casebase_local::postgres::SUPERUSER),
            )
            .current_dir(folder);
        let said = succeed(node).await?;
        let line = said.lines().last().context("it said nothing")?;
        Ok(serde_json::from_str(line)?)
    }
}

/// The folder with its packages, below the repository's `target/`.
async fn install() -> anyhow::Result<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = repository
        .canonicalize()
        .context("the repository is not here")?
        .join("target/tmp/graphile-worker");
    std::fs::create_dir_all(&folder)?;
    for (name, text) in FILES {
        std::fs::write(folder.join(name), text)?;
    }
    if !folder.join("node_modules/.package-lock.json").exists() {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        succeed(npm).await?;
    }
    Ok(folder)
}

/// What a program said on standard output.
async fn succeed(mut program: Command) -> anyhow::Result<String> {
    let output = program
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{program:?}"))?;
    anyhow::ensure!(
        output.status.success(),
        "{program:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
