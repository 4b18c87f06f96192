//! Files that were left half-way, and whether all is as it should be: at regular times beside the service, and at the command
//! line.

use std::{convert::Infallible, sync::Arc, time::Duration};

use casebase_files::{
    ledger::Ledger,
    storage::{ObjectStore, RestStore},
    sweep::{SweepLedger, Sweeper, Swept},
};
use casebase_supabase::{SettingError, postgrest::PostgrestClient, rows::FileKind};

use crate::{Config, ledger::PgLedger};

/// How often a service looks for what was left half-way.
const EVERY: Duration = Duration::from_secs(600);

/// What a sweep did, by how many files.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Checked, and available now.
    pub verified: u64,
    /// Checked and refused; their bytes are gone.
    pub refused: u64,
    /// Gone, with their bytes.
    pub removed: u64,
    /// Moved to the other bucket, to the end.
    pub moved: u64,
    /// Not done, for want of a secret key.
    pub need_key: u64,
    /// Not done; the log says why.
    pub failed: u64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Something is wrong with a file that can be read.
    File {
        /// Of which kind.
        kind: FileKind,
        /// Its key.
        id: i64,
        /// What.
        fault: String,
    },
    /// An object that no file names. Nothing of Casebase's ever deletes it.
    Unnamed {
        /// Its bucket.
        bucket: &'static str,
        /// Its path.
        path: String,
    },
}

/// Looks after the files of one project. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    ledger: Arc<PgLedger>,
    sweeper: Sweeper,
}

impl Files {
    /// For the project of these settings; asks nobody yet.
    pub fn new(config: &Config) -> Result<Self, SettingError> {
        let db = PostgrestClient::new(&config.supabase_url, &config.anon_key)?;
        let rest = RestStore::new(&config.supabase_url, config.anon_key.clone())?;
        let ledger = Arc::new(PgLedger::new(config.database.clone()));
        let files = casebase_files::Files::new(
            db,
            ObjectStore::Rest(rest),
            Arc::clone(&ledger) as Arc<dyn Ledger>,
            config.max_file_bytes,
            config.rules.clone(),
        );
        Self::of(config, ledger, files.scanned_by(config.scanner.clone()))
    }

    pub(crate) fn of(
        config: &Config,
        ledger: Arc<PgLedger>,
        files: casebase_files::Files,
    ) -> Result<Self, SettingError> {
        let sweeping = Arc::clone(&ledger) as Arc<dyn SweepLedger>;
        let key = config.secret_key.clone();
        Ok(Self {
            sweeper: Sweeper::new(files, sweeping, &config.supabase_url, key)?,
            ledger,
        })
    }

    /// Ends, or takes away, what was left half-way. `progress`: how many files of how many were seen to.
    pub async fn sweep(
        &self,
        progress: impl Fn(usize, usize),
    ) -> Result<Outcome, casebase_files::Error> {
        let unfinished = self.sweeper.unfinished().await?;
        let mut outcome = Outcome::default();
        for (done, file) in unfinished.iter().enumerate() {
            progress(done, unfinished.len());
            match self.sweeper.sweep(file).await {
                Ok(Swept::Verified) => outcome.verified += 1,
                Ok(Swept::Refused) => outcome.refused += 1,
                Ok(Swept::Removed) => outcome.removed += 1,
                Ok(Swept::Moved) => outcome.moved += 1,
                Ok(Swept::Meanwhile) => {}
                Ok(Swept::NeedsKey) => outcome.need_key += 1,
                Err(error) => {
                    outcome.failed += 1;
                    tracing::warn!(kind = %file.key.kind, id = file.key.id, step = ?file.step, %error, "a file is left half-way");
                }
            }
        }
        progress(unfinished.len(), unfinished.len());
        Ok(outcome)
    }

    /// What is not as it should be. Changes nothing. `progress`: how many rows and objects were looked at.
    pub async fn check(&self, progress: impl Fn(u64)) -> Result<Vec<Fault>, sqlx::Error> {
        let (mut faults, mut looked_at) = (Vec::new(), 0);
        for kind in [FileKind::CaseFile, FileKind::ClientDocument] {
            let mut after = 0;
            loop {
                let rows = self.ledger.check_files(kind, after).await?;
                let Some((last, _)) = rows.last() else { break };
                after = *last;
                looked_at += rows.len() as u64;
                progress(looked_at);
                let wrong = rows
                    .into_iter()
                    .filter_map(|(id, fault)| fault.map(|fault| Fault::File { kind, id, fault }));
                faults.extend(wrong);
            }
        }
        for bucket in ["admin-bucket", "client-bucket"] {
            let mut after = String::new();
            loop {
                let objects = self.ledger.check_objects(bucket, &after).await?;
                let Some((last, _)) = objects.last() else {
                    break;
                };
                after.clone_from(last);
                looked_at += objects.len() as u64;
                progress(looked_at);
                let unnamed = objects.into_iter().filter(|(_, is_named)| !is_named);
                faults.extend(unnamed.map(|(path, _)| Fault::Unnamed { bucket, path }));
            }
        }
        Ok(faults)
    }

    /// Sweeps at regular times, for as long as the service runs.
    pub(crate) async fn keep_swept(&self) -> Infallible {
        loop {
            match self.sweep(|_, _| ()).await {
                Ok(outcome) if outcome != Outcome::default() => {
                    tracing::info!(?outcome, "files that were left half-way");
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "files are not swept"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
