//! The outbox in the database, as the role `casebase_worker` may use it.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use sqlx::types::Json;
use uuid::Uuid;

use crate::sign::SigningSecrets;
use crate::verdict::Verdict;

/// The channel on which the database says that an idle worker has something to do.
const CHANNEL: &str = "casebase_webhooks";

/// A delivery that this worker holds the lease of.
#[derive(Clone, sqlx::FromRow)]
pub struct Delivery {
    /// Its row.
    pub delivery_id: i64,
    /// Proves the lease when the outcome is reported.
    pub lease_token: Uuid,
    /// Which attempt this is; the first is 1.
    pub attempt: i32,
    /// The endpoint's row.
    pub endpoint_id: Uuid,
    /// Where it goes.
    pub url: String,
    /// The `webhook-id`, the same for every attempt.
    pub message_id: String,
    /// The JSON to send, byte for byte.
    pub body: String,
    /// The secrets that sign now, newest first.
    #[sqlx(try_from = "Vec<String>")]
    pub secrets: SigningSecrets,
}

/// Which one it is. The URL can carry a receiver's token, and the body is about people.
impl fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Delivery")
            .field("delivery_id", &self.delivery_id)
            .field("attempt", &self.attempt)
            .field("endpoint_id", &self.endpoint_id)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// What became of one request, as `casebase.webhook_ack` reads it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The delivery's row.
    pub delivery_id: i64,
    /// The lease it was sent under.
    pub lease_token: Uuid,
    /// When the request began.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub duration_ms: u64,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The beginning of the answer's body.
    pub response: Option<String>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// What follows from it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The functions of the database that the worker calls.
#[derive(Debug, Clone)]
pub struct Outbox {
    pool: PgPool,
}

impl Outbox {
    /// The outbox behind this pool, which must connect as `casebase_worker` and needs two connections.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Takes up to `limit` due deliveries, and no more than `limit_per_endpoint` for one endpoint, for the time of
    /// `lease`. When there are none, writers send notifications for the time of `listens_for`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lease(
        &self,
        limit: u16,
        limit_per_endpoint: u16,
        lease: Duration,
        listens_for: Duration,
    ) -> Result<Vec<Delivery>, sqlx::Error> {
        sqlx::query_as("select * from casebase.webhook_lease($1, $2, $3, $4)")
            .bind(i32::from(limit))
            .bind(i32::from(limit_per_endpoint))
            .bind(lease)
            .bind(listens_for)
            .fetch_all(&self.pool)
            .await
    }

    /// Reports outcomes. Answers how many of them counted: not those whose lease went to another worker.
    ///
    /// # Errors
    /// What the database says; nothing is reported then.
    pub async fn acknowledge(&self, reports: &[Report]) -> Result<usize, sqlx::Error> {
        let settled: i32 = sqlx::query_scalar("select casebase.webhook_ack($1)")
            .bind(Json(reports))
            .fetch_one(&self.pool)
            .await?;
        Ok(usize::try_from(settled).unwrap_or_default())
    }

    /// Forgets old deliveries, a bounded number at a time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tidy(&self, keep: Duration) -> Result<(), sqlx::Error> {
        sqlx::query("select casebase.webhook_tidy($1)")
            .bind(keep)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// A connection that hears when there is something to do. Through a transaction pooler it hears nothing, and
    /// polling has to do.
    ///
    /// # Errors
    /// What the database says.
    pub async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_printed_without_what_only_its_receiver_may_know() {
        let delivery = Delivery {
            delivery_id: 7,
            lease_token: Uuid::nil(),
            attempt: 1,
            endpoint_id: Uuid::nil(),
            url: "https://example.com/?token=hush".to_owned(),
            message_id: "msg_1".to_owned(),
            body: r#"{"title":"hush"}"#.to_owned(),
            secrets: vec!["whsec_hush".to_owned()].into(),
        };
        let printed = format!("{delivery:?}");
        assert!(printed.contains("delivery_id: 7"), "{printed}");
        assert!(!printed.contains("hush"), "{printed}");
    }
}
