//! What is done with deliveries.

use std::{io::Write, time::Duration};

use serde_json::json;
use sqlx::query_scalar;
use uuid::Uuid;

use super::{Output, table};
use crate::terminal;

/// A part is replayed when no more than this waits for the endpoint, so that what happens meanwhile gets its turn.
const FEW: i64 = 500;

/// How long to wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Which delivery.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The delivery's id, as `deliveries` shows it
    delivery: i64,
}

/// `casebase webhooks deliveries`
#[derive(Debug, clap::Args)]
pub struct List {
    /// Of this endpoint
    #[arg(long)]
    endpoint: Option<Uuid>,
    /// In this state: pending, waiting, leased, delivered, failed or skipped
    #[arg(long)]
    state: Option<String>,
    /// Older than this delivery
    #[arg(long, value_name = "DELIVERY")]
    before: Option<i64>,
    /// How many, 1000 at most
    #[arg(long, default_value_t = 25)]
    most: i32,
}

impl List {
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        const SHOWN: &[&str] = &[
            "id",
            "endpoint_id",
            "event_type",
            "case_id",
            "state",
            "attempts",
            "next_attempt_at",
            "finished_at",
        ];
        let question =
            query_scalar("select row_to_json(d) from public.webhook_deliveries($1, $2, $3, $4) d");
        let question = question
            .bind(self.endpoint)
            .bind(&self.state)
            .bind(self.before)
            .bind(self.most);
        to.show(SHOWN, question).await
    }
}

impl One {
    pub async fn attempts(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        const SHOWN: &[&str] = &[
            "number",
            "started_at",
            "duration_ms",
            "status",
            "response",
            "error",
        ];
        let question = query_scalar("select row_to_json(a) from public.webhook_attempts($1) a");
        to.show(SHOWN, question.bind(self.delivery)).await
    }

    pub async fn replay(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question = query_scalar(
            "select json_build_object('delivery_id', public.replay_webhook_delivery($1))",
        );
        to.show(&["delivery_id"], question.bind(self.delivery))
            .await
    }
}

/// `casebase webhooks skip`
#[derive(Debug, clap::Args)]
pub struct Skip {
    #[command(flatten)]
    one: One,
    /// Why, for whoever reads the deliveries
    #[arg(long)]
    reason: String,
}

impl Skip {
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question = query_scalar("select to_json(public.skip_webhook_delivery($1, $2)::text)");
        to.ask(question.bind(self.one.delivery).bind(&self.reason))
            .await?;
        Ok(writeln!(
            terminal::stderr(),
            "skipped {}",
            self.one.delivery
        )?)
    }
}

/// `casebase webhooks trigger`
#[derive(Debug, clap::Args)]
pub struct Trigger {
    /// The type of event, e.g. case.status_changed
    event: String,
    /// Which endpoint gets it
    #[arg(long)]
    endpoint: Uuid,
}

impl Trigger {
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question = query_scalar(
            "select json_build_object('delivery_id', public.send_test_webhook($1, $2))",
        );
        let question = question.bind(self.endpoint).bind(&self.event);
        to.show(&["delivery_id"], question).await
    }
}

/// `casebase webhooks recover`
#[derive(Debug, clap::Args)]
pub struct Recover {
    /// The endpoint's id
    endpoint: Uuid,
    /// What was to be sent since then, e.g. 2026-11-28T08:00Z
    #[arg(
        long,
        default_value = "-infinity",
        allow_hyphen_values = true,
        value_name = "TIME"
    )]
    since: String,
    /// Events and families of them; all without it
    #[arg(long, value_delimiter = ',')]
    events: Vec<String>,
}

impl Recover {
    /// Stopped half-way it can be called again: what was replayed is not replayed twice.
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let mut replayed = 0;
        loop {
            let question = query_scalar(
                "select json_build_object('replayed', public.replay_webhook_deliveries($1, $2::text::timestamptz, $3))",
            );
            let question = question
                .bind(self.endpoint)
                .bind(&self.since)
                .bind(&self.events);
            let rows = to.ask(question).await?;
            let part = rows
                .first()
                .and_then(|row| row["replayed"].as_i64())
                .unwrap_or(0);
            replayed += part;
            if part == 0 {
                break;
            }
            writeln!(terminal::stderr(), "{replayed} are sent once more")?;
            while to.unfinished(self.endpoint).await? > FEW {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        Ok(table::print(
            &[json!({"replayed": replayed})],
            &["replayed"],
            to.form,
        )?)
    }
}
