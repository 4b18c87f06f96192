//! `casebase webhooks listen`: events as they happen, and what a receiver answers to them.

use std::{io::Write, time::Duration};

use anyhow::{Context, anyhow};
use casebase_webhooks::{Egress, Outcome, Sender, outbox::Delivery};
use serde_json::Value;
use sqlx::{query_scalar, types::Json};
use uuid::Uuid;

use super::{Form, Output, in_words};
use crate::terminal;

/// How often to ask for events.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How long a receiver may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// `casebase webhooks listen`
#[derive(Debug, clap::Args)]
pub struct Listen {
    /// Events and families of them, e.g. case.*; all without it
    #[arg(long, value_delimiter = ',')]
    events: Vec<String>,
    /// Send them on, signed, to this URL, e.g. a receiver on this machine
    #[arg(long, value_name = "URL")]
    forward_to: Option<String>,
}

impl Listen {
    /// Makes an endpoint that is fetched from, and deletes it at the end. Killed, it leaves one that `rm` deletes.
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let name = format!("casebase webhooks listen {}", Uuid::new_v4());
        let question = query_scalar(
            "select row_to_json(e) from public.create_webhook_endpoint(url => null, description => $1, event_types => $2) e",
        );
        let made = to.ask(question.bind(&name).bind(&self.events)).await?;
        let made = made.first().context("the endpoint was not made")?;
        let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
        let (endpoint, secret) = (text("id").parse::<Uuid>()?, text("secret"));
        writeln!(
            terminal::stderr(),
            "listening; Ctrl-C ends it\nsigning secret: {secret}"
        )?;

        let ended = tokio::select! {
            ended = self.pass_on(to, endpoint, &secret) => ended,
            stopped = crate::commands::stop_signal() => Ok(stopped?),
        };
        sqlx::query("select public.delete_webhook_endpoint($1)")
            .bind(endpoint)
            .execute(&mut *to.database)
            .await
            .map_err(in_words)?;
        ended
    }

    async fn pass_on(
        &self,
        to: &mut Output<'_>,
        endpoint: Uuid,
        secret: &str,
    ) -> anyhow::Result<()> {
        let egress = Egress {
            allow_private: true,
            ..Egress::default()
        };
        let sender = Sender::new(ANSWER_WITHIN, egress)?;
        let mut cursor: Option<String> = None;
        loop {
            let question = query_scalar("select public.poll_events($1, $2)");
            let batch = to.ask(question.bind(endpoint).bind(&cursor)).await?;
            let batch = batch.into_iter().next().unwrap_or_default();
            for event in batch["events"].as_array().into_iter().flatten() {
                let answer = match &self.forward_to {
                    Some(url) => Some(forward(&sender, url, endpoint, secret, event).await),
                    None => None,
                };
                tell(event, answer, to.form == Form::Json)?;
            }
            cursor = batch["cursor"].as_str().map(str::to_owned);
            if batch["events"].as_array().is_none_or(Vec::is_empty) {
                tokio::time::sleep(ASK_EVERY).await;
            }
        }
    }
}

async fn forward(
    sender: &Sender,
    url: &str,
    endpoint: Uuid,
    secret: &str,
    event: &Value,
) -> String {
    let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let delivery = Delivery {
        delivery_id: 0,
        lease_token: Uuid::nil(),
        attempt: 1,
        endpoint_id: endpoint,
        url: url.to_owned(),
        message_id: text("webhook_id"),
        body: text("body"),
        secrets: vec![secret.to_owned()].into(),
        retry_waits: None,
        headers: Json::default(),
    };
    match sender.send(&delivery).await.outcome {
        Outcome::Answered { status, .. } => status.to_string(),
        Outcome::NoAnswer { error } | Outcome::NotSent { error } => error,
    }
}

fn tell(event: &Value, answer: Option<String>, json: bool) -> anyhow::Result<()> {
    let mut out = terminal::stdout();
    let body = event["body"].as_str().unwrap_or_default();
    if json {
        writeln!(out, "{body}")?;
    } else {
        let body: Value =
            serde_json::from_str(body).map_err(|e| anyhow!("an event is no JSON: {e}"))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let answer = answer
            .map(|answer| format!("  → {answer}"))
            .unwrap_or_default();
        writeln!(
            out,
            "{}  {}  {}  {}{answer}",
            text(&body["timestamp"]),
            text(&event["webhook_id"]),
            text(&body["type"]),
            text(&body["data"]["case_id"]),
        )?;
    }
    Ok(())
}
