//! The outbox in the database, as the role `casebase_worker` may use it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgListener;
use sqlx::types::Json;
use sqlx::{PgPool, Postgres};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use uuid::Uuid;

use crate::sign::SigningSecrets;
use crate::verdict::Verdict;

/// The channel on which the database says that an idle worker has something to do.
const CHANNEL: &str = "casebase_webhooks";

/// How long to wait for an answer. The database stops a call sooner, by the role's `statement_timeout`; this is for a
/// server or a network that has fallen silent.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// SQLSTATE `query_canceled`.
const CANCELED: &str = "57014";

/// Why a call did nothing. Whatever it was to do, a later one does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was stopped by the database.
    #[error("{call} took longer than the database allows casebase_worker (statement_timeout)")]
    Stopped {
        /// The function.
        call: &'static str,
    },
    /// No answer came, and the connection was given up.
    #[error("{call} got no answer from the database within {ANSWER_WITHIN:?}")]
    NoAnswer {
        /// The function.
        call: &'static str,
    },
    /// The database refused it or can't be reached.
    #[error("{call} failed: {}", casebase_postgres::said(.source))]
    Failed {
        /// The function.
        call: &'static str,
        /// What the database says.
        source: sqlx::Error,
    },
}

impl Error {
    fn of(call: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| match source.as_database_error().and_then(|e| e.code()) {
            Some(code) if code == CANCELED => Self::Stopped { call },
            _ => Self::Failed { call, source },
        }
    }
}

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
    /// The endpoint's own waits between attempts, in milliseconds; none: the worker's.
    pub retry_waits: Option<Vec<i64>>,
    /// What the endpoint wants sent along.
    pub headers: Json<BTreeMap<String, String>>,
}

/// A delivery, and its place in the queue.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Leased {
    /// What is sent.
    #[sqlx(flatten)]
    pub delivery: Delivery,
    /// Its lane, with the endpoint's; none: it is in none.
    pub case_id: Option<i64>,
    /// Since when it was due.
    pub due_at: DateTime<Utc>,
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
    /// The endpoint's, which the database knows.
    #[serde(skip)]
    pub endpoint_id: Uuid,
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

impl Report {
    /// Of what was leased behind others of its lane, and not sent.
    #[must_use]
    pub fn of_unsent(delivery: &Delivery) -> Self {
        Self {
            delivery_id: delivery.delivery_id,
            endpoint_id: delivery.endpoint_id,
            lease_token: delivery.lease_token,
            started_at: Utc::now(),
            duration_ms: 0,
            status: None,
            response: None,
            error: None,
            verdict: Verdict::Unsent,
        }
    }
}

/// How much a worker takes.
#[derive(Debug)]
pub struct Limits {
    /// So many lanes.
    pub lanes: u16,
    /// So many lanes of one endpoint, with those under way.
    pub per_endpoint: u16,
    /// So many deliveries of one lane, to be sent one after another.
    pub in_lane: u16,
    /// The lanes that the worker has under way already, by endpoint.
    pub under_way: BTreeMap<Uuid, usize>,
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

    /// Takes what is due, within these limits, for the time of `lease`. Looks from the given times on, and where there
    /// are none at everything: the former may pass by what was committed late. When nothing is found, writers send
    /// notifications for the time of `listens_for`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lease(
        &self,
        limits: Limits,
        since: Option<BTreeMap<Uuid, DateTime<Utc>>>,
        lease: Duration,
        listens_for: Duration,
    ) -> Result<Vec<Leased>, Error> {
        const CALL: &str = "casebase.webhook_lease";
        let mut connection = self.pool.acquire().await.map_err(Error::of(CALL))?;
        let leased =
            sqlx::query_as("select * from casebase.webhook_lease($1, $2, $3, $4, $5, $6, $7)")
                .bind(i32::from(limits.lanes))
                .bind(i32::from(limits.per_endpoint))
                .bind(lease)
                .bind(listens_for)
                .bind(i32::from(limits.in_lane))
                .bind(Json(limits.under_way))
                .bind(since.map(Json))
                .fetch_all(&mut *connection);
        let answer = timeout(ANSWER_WITHIN, leased).await;
        answered(CALL, connection, answer)
    }

    /// Reports outcomes. Answers how many of them counted: not those whose lease went to another worker.
    ///
    /// # Errors
    /// What the database says; nothing is reported then.
    pub async fn acknowledge(&self, reports: &[Report]) -> Result<usize, Error> {
        const CALL: &str = "casebase.webhook_ack";
        let mut connection = self.pool.acquire().await.map_err(Error::of(CALL))?;
        let settled = sqlx::query_scalar("select casebase.webhook_ack($1)")
            .bind(Json(reports))
            .fetch_one(&mut *connection);
        let answer = timeout(ANSWER_WITHIN, settled).await;
        let settled: i32 = answered(CALL, connection, answer)?;
        Ok(usize::try_from(settled).unwrap_or_default())
    }

    /// Forgets old deliveries, a bounded number at a time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tidy(&self, keep: Duration) -> Result<(), Error> {
        const CALL: &str = "casebase.webhook_tidy";
        let mut connection = self.pool.acquire().await.map_err(Error::of(CALL))?;
        let tidied = sqlx::query("select casebase.webhook_tidy($1)")
            .bind(keep)
            .execute(&mut *connection);
        let answer = timeout(ANSWER_WITHIN, tidied).await;
        answered(CALL, connection, answer)?;
        Ok(())
    }

    /// A connection that hears when there is something to do, if anything comes through to it
    /// ([`Outbox::is_heard_by`]).
    ///
    /// # Errors
    /// What the database says.
    pub async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    /// Whether a notification comes through to this listener `within` that time. A pooler in transaction mode accepts
    /// LISTEN, and passes nothing on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_heard_by(
        &self,
        listener: &mut PgListener,
        within: Duration,
    ) -> Result<bool, sqlx::Error> {
        let word = Uuid::new_v4().to_string();
        sqlx::query("select pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(&word)
            .execute(&self.pool)
            .await?;
        let heard = async {
            while let Some(notification) = listener.try_recv().await? {
                if notification.payload() == word {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        timeout(within, heard).await.unwrap_or(Ok(false))
    }
}

/// What came of a call. A connection that still waits for its answer is not used again: the pool would wait for it too.
fn answered<T>(
    call: &'static str,
    mut connection: PoolConnection<Postgres>,
    answer: Result<Result<T, sqlx::Error>, Elapsed>,
) -> Result<T, Error> {
    answer.map_or_else(
        |_| {
            connection.close_on_drop();
            Err(Error::NoAnswer { call })
        },
        |answer| answer.map_err(Error::of(call)),
    )
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
            retry_waits: None,
            headers: Json(BTreeMap::from([(
                "authorization".to_owned(),
                "hush".to_owned(),
            )])),
        };
        let printed = format!("{delivery:?}");
        assert!(printed.contains("delivery_id: 7"), "{printed}");
        assert!(!printed.contains("hush"), "{printed}");
    }
}
