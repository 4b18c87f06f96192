//! What the service does in the database as `casebase_worker`, by functions made for it.

use casebase_files::{
    ledger::{Candidate, Finished, Ledger, LedgerError, Sent, Verified},
    sweep::{Step, SweepLedger, Unfinished},
};
use casebase_supabase::rows::{CaseFile, FileId, FileKey, FileKind};
use serde_json::Value;
use sqlx::{PgPool, types::Json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::WorkerDatabase;

/// Verifications that ask the database at a time; there is one connection more, to see whether it
/// is there at all.
const AT_A_TIME: u32 = 5;
pub(crate) struct PgLedger {
    pool: PgPool,
    turns: Semaphore,
}

impl PgLedger {
    pub(crate) fn new(database: WorkerDatabase) -> Self {
        Self {
            pool: database.pool(AT_A_TIME + 1),
            turns: Semaphore::new(AT_A_TIME as usize),
        }
    }

    /// However many verify at once, each waits its turn as long as that takes: what the pool gives
    /// up on is then a database that is away, never a queue.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, LedgerError> {
        let turn = self.turns.acquire().await;
        turn.map_err(|closed| LedgerError::Unavailable(closed.to_string()))
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// Requests under an `Idempotency-Key` that are older than a day, a thousand at a time.
    pub(crate) async fn forget_old_requests(&self) -> Result<(), sqlx::Error> {
        let forget = sqlx::query("select casebase.forget_idempotency_keys()");
        forget.execute(&self.pool).await.map(drop)
    }

    /// What the database counts for who watches: name, label and value.
    pub(crate) async fn metrics(&self) -> Result<Vec<(String, String, f64)>, sqlx::Error> {
        sqlx::query_as("select name, label, value from casebase.service_metrics()")
            .fetch_all(&self.pool)
            .await
    }

    /// Whether the database lets the service in, as the role it runs as. Takes as long as the pool is patient.
    pub(crate) async fn is_reachable(&self) -> Result<(), sqlx::Error> {
        sqlx::query("select 1").execute(&self.pool).await.map(drop)
    }
}

#[async_trait::async_trait]
impl Ledger for PgLedger {
    async fn begin(&self, file: FileKey) -> Result<Candidate, LedgerError> {
        let _turn = self.turn().await?;
        let version = sqlx::query_scalar(
            "select coalesce(object_version, '') from casebase.verification_begin($1, $2)",
        );
        let object_version = version
            .bind(file.kind.to_string())
            .bind(file.id)
            .fetch_one(&self.pool)
            .await
            .map_err(refusal)?;
        Ok(Candidate { object_version })
    }

    async fn finish(&self, file: FileKey, verified: Verified) -> Result<Value, LedgerError> {
        let _turn = self.turn().await?;
        let notes: Vec<String> = verified.notes.iter().map(ToString::to_string).collect();
        let row =
            sqlx::query_scalar("select casebase.verification_finish($1, $2, $3, $4, $5, $6, $7)");
        let row = row
            .bind(file.kind.to_string())
            .bind(file.id)
            .bind(verified.object_version)
            .bind(verified.sha256)
            .bind(verified.file_size)
            .bind(verified.content_type)
            .bind(notes);
        row.fetch_one(&self.pool).await.map_err(refusal)
    }

    async fn finish_sent(&self, file: FileKey, sent: Sent) -> Result<Finished, LedgerError> {
        let _turn = self.turn().await?;
        let notes: Vec<String> = sent.notes.iter().map(ToString::to_string).collect();
        let said = sqlx::query_scalar::<_, Json<Finished>>(
            "select casebase.verification_finish_sent($1, $2, $3, $4, $5, $6, $7)",
        );
        let said = said
            .bind(file.kind.to_string())
            .bind(file.id)
            .bind(sent.etags)
            .bind(sent.sha256)
            .bind(sent.file_size)
            .bind(sent.content_type)
            .bind(notes);
        let Json(said) = said.fetch_one(&self.pool).await.map_err(refusal)?;
        Ok(said)
    }

    async fn reject(&self, file: FileKey, reason: &str) -> Result<(), LedgerError> {
        let _turn = self.turn().await?;
        let call = sqlx::query("select casebase.verification_reject($1, $2, $3)");
        let call = call.bind(file.kind.to_string()).bind(file.id).bind(reason);
        call.execute(&self.pool).await.map(drop).map_err(refusal)
    }

    async fn move_copied(&self, id: FileId) -> Result<String, LedgerError> {
        let _turn = self.turn().await?;
        let call = sqlx::query_scalar("select casebase.file_move_copied($1)");
        let called = call.bind(id.0).fetch_one(&self.pool).await;
        called.map_err(refusal)
    }

    async fn move_finish(
        &self,
        id: FileId,
        version: &str,
        sha256: &str,
    ) -> Result<CaseFile, LedgerError> {
        let _turn = self.turn().await?;
        let call = sqlx::query_scalar("select casebase.file_move_finish($1, $2, $3)");
        let call = call.bind(id.0).bind(version).bind(sha256);
        let Json(row) = call.fetch_one(&self.pool).await.map_err(refusal)?;
        Ok(row)
    }

    async fn move_give_up(&self, id: FileId) -> Result<(), LedgerError> {
        let _turn = self.turn().await?;
        let call = sqlx::query("select casebase.file_move_give_up($1)");
        let called = call.bind(id.0).execute(&self.pool).await;
        called.map(drop).map_err(refusal)
    }

    async fn move_end(&self, id: FileId) -> Result<CaseFile, LedgerError> {
        let _turn = self.turn().await?;
        let call = sqlx::query_scalar("select casebase.file_move_end($1)");
        let Json(row) = call
            .bind(id.0)
            .fetch_one(&self.pool)
            .await
            .map_err(refusal)?;
        Ok(row)
    }

    async fn withdraw(&self, file: FileKey) -> Result<bool, LedgerError> {
        let _turn = self.turn().await?;
        let call = sqlx::query_scalar("select casebase.upload_withdraw($1, $2)");
        let call = call.bind(file.kind.to_string()).bind(file.id);
        call.fetch_one(&self.pool).await.map_err(refusal)
    }
}

type UnfinishedRow = (
    String,
    i64,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    String,
    i64,
    Option<String>,
);

fn unfinished(row: UnfinishedRow) -> Result<Unfinished, LedgerError> {
    let (kind, id, step, bucket, path, other_bucket, other_path, name, content_type, size, sha256) =
        row;
    let step = match step.as_str() {
        "verify" => Step::Verify,
        "remove" => Step::Remove,
        "move" => Step::Move,
        "clear" => Step::Clear,
        other => {
            let unknown =
                format!("the database wants a step that this service does not know: {other}");
            return Err(LedgerError::Unavailable(unknown));
        }
    };
    let kind = match kind.as_str() {
        "case_file" => FileKind::CaseFile,
        "client_document" => FileKind::ClientDocument,
        other => {
            let unknown = format!(
                "the database has files of a kind that this service does not know: {other}"
            );
            return Err(LedgerError::Unavailable(unknown));
        }
    };
    Ok(Unfinished {
        key: FileKey { kind, id },
        step,
        place: (bucket, path),
        other_place: other_bucket.zip(other_path),
        original_name: name,
        content_type,
        file_size: size,
        sha256,
    })
}

#[async_trait::async_trait]
impl SweepLedger for PgLedger {
    async fn unfinished(&self) -> Result<Vec<Unfinished>, LedgerError> {
        let rows: Vec<UnfinishedRow> = sqlx::query_as(
            "select kind, id, step, bucket_id, object_path, other_bucket_id, other_object_path, original_name,
                    content_type, file_size, sha256
             from casebase.files_to_sweep()",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(refusal)?;
        rows.into_iter().map(unfinished).collect()
    }

    async fn complete(&self, file: FileKey) -> Result<(), LedgerError> {
        let call = sqlx::query("select casebase.upload_complete($1, $2)");
        let call = call.bind(file.kind.to_string()).bind(file.id);
        call.execute(&self.pool).await.map(drop).map_err(refusal)
    }
}

impl PgLedger {
    /// The files of a kind that can be read, a thousand after `after`, and what is wrong with each.
    pub(crate) async fn check_files(
        &self,
        kind: FileKind,
        after: i64,
    ) -> Result<Vec<(i64, Option<String>)>, sqlx::Error> {
        let rows = sqlx::query_as("select id, fault from casebase.check_files($1, $2)");
        let rows = rows.bind(kind.to_string()).bind(after);
        rows.fetch_all(&self.pool).await
    }

    /// The objects of a bucket, a thousand after `after`, and whether a file names each.
    pub(crate) async fn check_objects(
        &self,
        bucket: &str,
        after: &str,
    ) -> Result<Vec<(String, bool)>, sqlx::Error> {
        let rows =
            sqlx::query_as("select object_path, is_named from casebase.check_objects($1, $2)");
        rows.bind(bucket).bind(after).fetch_all(&self.pool).await
    }
}

/// By SQLSTATE: class 55, the object is not in a state for this; class 23, a constraint stands against it.
fn refusal(error: sqlx::Error) -> LedgerError {
    let refused = error.as_database_error();
    let state = refused.and_then(|e| e.code()).unwrap_or_default();
    match (state.get(..2), refused) {
        (Some("55"), Some(refused)) => LedgerError::WrongState(refused.message().to_owned()),
        (Some("23"), Some(refused)) => LedgerError::Refused(refused.message().to_owned()),
        _ => LedgerError::Unavailable(casebase_postgres::said(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, error::Error, fmt};

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    #[derive(Debug)]
    struct WithState(&'static str);

    impl fmt::Display for WithState {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.message())
        }
    }

    impl Error for WithState {}

    impl DatabaseError for WithState {
        fn message(&self) -> &str {
            "no"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn a_constraint_refuses_the_file_and_only_what_is_away_or_not_granted_is_unavailable() {
        let said = |state| refusal(sqlx::Error::Database(Box::new(WithState(state))));
        assert!(matches!(said("55000"), LedgerError::WrongState(m) if m == "no"));
        assert!(matches!(said("23514"), LedgerError::Refused(m) if m == "no"));
        for state in ["42501", "57P01", "08006"] {
            assert!(
                matches!(said(state), LedgerError::Unavailable(_)),
                "{state}"
            );
        }
        let away = refusal(sqlx::Error::PoolTimedOut);
        assert!(matches!(away, LedgerError::Unavailable(_)));
    }
}
