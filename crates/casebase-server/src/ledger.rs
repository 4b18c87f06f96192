//! The verification functions of the database, called as `casebase_worker`.

use casebase_files::verify::{Candidate, Ledger, LedgerError, Verified};
use casebase_supabase::rows::{CaseFile, FileId};
use sqlx::{PgPool, types::Json};

use crate::config::WorkerDatabase;

const CONNECTIONS: u32 = 5;

pub(crate) struct PgLedger {
    pool: PgPool,
}

impl PgLedger {
    pub(crate) fn new(database: WorkerDatabase) -> Self {
        Self {
            pool: database.pool(CONNECTIONS),
        }
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) async fn is_reachable(&self) -> Result<(), LedgerError> {
        sqlx::query("select 1")
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(refusal)
    }
}

#[async_trait::async_trait]
impl Ledger for PgLedger {
    async fn begin(&self, id: FileId) -> Result<Candidate, LedgerError> {
        let version = sqlx::query_scalar(
            "select coalesce(object_version, '') from casebase.verification_begin($1)",
        );
        let object_version = version
            .bind(id.0)
            .fetch_one(&self.pool)
            .await
            .map_err(refusal)?;
        Ok(Candidate { object_version })
    }

    async fn finish(&self, id: FileId, verified: Verified) -> Result<CaseFile, LedgerError> {
        let row = sqlx::query_scalar::<_, Json<CaseFile>>(
            "select to_jsonb(f) from casebase.verification_finish($1, $2, $3, $4, $5) f",
        );
        let row = row
            .bind(id.0)
            .bind(verified.object_version)
            .bind(verified.sha256)
            .bind(verified.file_size)
            .bind(verified.content_type);
        let Json(row) = row.fetch_one(&self.pool).await.map_err(refusal)?;
        Ok(row)
    }

    async fn reject(&self, id: FileId, reason: &str) -> Result<(), LedgerError> {
        let call = sqlx::query("select casebase.verification_reject($1, $2)");
        let called = call.bind(id.0).bind(reason).execute(&self.pool).await;
        called.map(drop).map_err(refusal)
    }
}

/// Class 55: the object is not in a state for this.
fn refusal(error: sqlx::Error) -> LedgerError {
    let refused = error.as_database_error();
    match refused.filter(|e| e.code().is_some_and(|code| code.starts_with("55"))) {
        Some(refused) => LedgerError::WrongState(refused.message().to_owned()),
        None => LedgerError::Unavailable(error.to_string()),
    }
}
