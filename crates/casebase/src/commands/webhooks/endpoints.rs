//! What is done with endpoints.

use std::{collections::BTreeMap, io::Write};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use sqlx::{query_scalar, types::Json};
use uuid::Uuid;

use super::{Output, table};
use crate::terminal;

/// Which endpoint.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The endpoint's id, as `list` shows it
    endpoint: Uuid,
}

/// What an endpoint can be told. Left out of `edit` it stays as it is.
#[derive(Debug, clap::Args)]
pub struct Settings {
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// Events and families of them, e.g. case.status_changed,interaction.*; all without it
    #[arg(long, value_delimiter = ',')]
    events: Option<Vec<String>>,
    /// Cases of these clients only (ids)
    #[arg(long = "client", value_delimiter = ',')]
    clients: Option<Vec<Uuid>>,
    /// Cases of these departments only (ids)
    #[arg(long = "department", value_delimiter = ',')]
    departments: Option<Vec<Uuid>>,
    /// Cases of these priorities only
    #[arg(long = "priority", value_delimiter = ',')]
    priorities: Option<Vec<String>>,
    /// Cases in these states only
    #[arg(long = "status", value_delimiter = ',')]
    statuses: Option<Vec<String>>,
    /// A header to send along, e.g. 'Authorization: Bearer …'; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Requests a second at most, 1 to 1000; 0 ends a limit
    #[arg(long, value_name = "N")]
    rate_limit: Option<i32>,
    /// The waits between attempts, e.g. '5 s,5 min,1 hour'; those of Standard Webhooks without it
    #[arg(long, value_delimiter = ',', value_name = "INTERVALS")]
    retry_waits: Option<Vec<String>>,
}

impl Settings {
    fn headers(&self) -> anyhow::Result<Option<Value>> {
        let mut headers = BTreeMap::new();
        for header in &self.headers {
            let (name, value) = header
                .split_once(':')
                .with_context(|| format!("--header is NAME: VALUE, not `{header}`"))?;
            headers.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Ok((!headers.is_empty()).then(|| json!(headers)))
    }
}

/// `casebase webhooks add`
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Where events are sent
    #[arg(required_unless_present = "polled")]
    url: Option<String>,
    /// No URL: its receiver fetches with rpc/poll_events
    #[arg(long, conflicts_with = "url")]
    polled: bool,
    /// Ids only, no content
    #[arg(long)]
    thin: bool,
    /// What signs: v1 is HMAC-SHA256, v1a Ed25519
    #[arg(long, default_value = "v1")]
    signature: String,
    #[command(flatten)]
    settings: Settings,
}

impl Add {
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let settings = &self.settings;
        let question = query_scalar(
            "select row_to_json(e) from public.create_webhook_endpoint(
               url => $1, description => coalesce($2, ''), event_types => coalesce($3, '{}'), thin => $4, signature => $5,
               retry_waits => $6::text[]::interval[], client_ids => coalesce($7, '{}'), department_ids => coalesce($8, '{}'),
               priorities => coalesce($9, '{}'), statuses => coalesce($10, '{}'), headers => coalesce($11, '{}'),
               rate_limit => nullif($12, 0)) e",
        );
        let question = question
            .bind(&self.url)
            .bind(&settings.description)
            .bind(&settings.events)
            .bind(self.thin)
            .bind(&self.signature)
            .bind(&settings.retry_waits)
            .bind(&settings.clients)
            .bind(&settings.departments)
            .bind(&settings.priorities)
            .bind(&settings.statuses)
            .bind(settings.headers()?.map(Json))
            .bind(settings.rate_limit);
        let rows = to.ask(question).await?;
        if rows.iter().any(|row| row["created"] == false) {
            writeln!(
                terminal::stderr(),
                "there is one like it already; a lost secret is replaced with `casebase webhooks rotate`"
            )?;
        }
        Ok(table::print(
            &rows,
            &["id", "secret", "public_key"],
            to.form,
        )?)
    }
}

/// `casebase webhooks edit`
#[derive(Debug, clap::Args)]
pub struct Edit {
    #[command(flatten)]
    one: One,
    /// Where events are sent
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

impl Edit {
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let settings = &self.settings;
        let question = query_scalar(
            "select to_json(public.update_webhook_endpoint(
               endpoint_id => $1, url => $2, description => $3, event_types => $4, retry_waits => $5::text[]::interval[],
               client_ids => $6, department_ids => $7, priorities => $8, statuses => $9, headers => $10, rate_limit => $11)::text)",
        );
        let question = question
            .bind(self.one.endpoint)
            .bind(&self.url)
            .bind(&settings.description)
            .bind(&settings.events)
            .bind(&settings.retry_waits)
            .bind(&settings.clients)
            .bind(&settings.departments)
            .bind(&settings.priorities)
            .bind(&settings.statuses)
            .bind(settings.headers()?.map(Json))
            .bind(settings.rate_limit);
        to.ask(question).await?;
        self.one.shown(to).await
    }
}

/// `casebase webhooks rotate`
#[derive(Debug, clap::Args)]
pub struct Rotate {
    #[command(flatten)]
    one: One,
    /// For how long the secrets before it go on signing beside it; 0 ends them at once
    #[arg(long, default_value = "24 hours", value_name = "INTERVAL")]
    previous_valid_for: String,
}

impl Rotate {
    pub async fn run(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question = query_scalar(
            "select json_build_object('secret', public.rotate_webhook_secret($1, $2::text::interval))",
        );
        let question = question
            .bind(self.one.endpoint)
            .bind(&self.previous_valid_for);
        to.show(&["secret"], question).await
    }
}

/// `casebase webhooks list`
pub async fn list(to: &mut Output<'_>) -> anyhow::Result<()> {
    let question = query_scalar("select row_to_json(e) from public.webhook_endpoints() e");
    to.show(LISTED, question).await
}

const LISTED: &[&str] = &[
    "id",
    "url",
    "description",
    "event_types",
    "enabled",
    "disabled_reason",
];

/// `casebase webhooks status`
pub async fn status(to: &mut Output<'_>) -> anyhow::Result<()> {
    const SHOWN: &[&str] = &[
        "endpoint_id",
        "url",
        "enabled",
        "unfinished",
        "due_since",
        "undelivered",
        "failing_since",
        "disabled_reason",
    ];
    let question = query_scalar("select row_to_json(s) from public.webhook_status() s");
    to.show(SHOWN, question).await
}

impl One {
    async fn shown(&self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question =
            query_scalar("select row_to_json(e) from public.webhook_endpoints() e where e.id = $1");
        to.show(LISTED, question.bind(self.endpoint)).await
    }

    pub async fn switch(self, to: &mut Output<'_>, on: bool) -> anyhow::Result<()> {
        let question =
            query_scalar("select to_json(public.update_webhook_endpoint($1, enabled => $2)::text)");
        to.ask(question.bind(self.endpoint).bind(on)).await?;
        self.shown(to).await
    }

    pub async fn remove(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question = query_scalar("select to_json(public.delete_webhook_endpoint($1)::text)");
        to.ask(question.bind(self.endpoint)).await?;
        Ok(writeln!(terminal::stderr(), "deleted {}", self.endpoint)?)
    }

    pub async fn test(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question =
            query_scalar("select json_build_object('delivery_id', public.send_test_webhook($1))");
        to.show(&["delivery_id"], question.bind(self.endpoint))
            .await
    }

    pub async fn retry(self, to: &mut Output<'_>) -> anyhow::Result<()> {
        let question =
            query_scalar("select json_build_object('due', public.retry_webhook_deliveries($1))");
        to.show(&["due"], question.bind(self.endpoint)).await
    }
}

impl Output<'_> {
    /// How much is still to be sent to an endpoint, counted to 10,000.
    pub async fn unfinished(&mut self, endpoint: Uuid) -> anyhow::Result<i64> {
        let question = query_scalar(
            "select row_to_json(s) from public.webhook_status() s where s.endpoint_id = $1",
        );
        let rows = self.ask(question.bind(endpoint)).await?;
        match rows.first().and_then(|row| row["unfinished"].as_i64()) {
            Some(unfinished) => Ok(unfinished),
            None => bail!("there is no webhook endpoint {endpoint}"),
        }
    }
}
