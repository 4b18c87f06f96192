//! Somebody else's system: takes a webhook in and trusts it only when its signature holds.

use anyhow::Context;
use axum::{Router, body::Bytes, http::HeaderMap, http::StatusCode, routing::post};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

/// A receiver on a free port of this machine.
pub struct Receiver {
    /// Where webhooks are to be sent.
    pub url: String,
    arrived: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts listening.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/webhooks/casebase", listener.local_addr()?);
        let (sender, arrived) = mpsc::unbounded_channel();
        let app = Router::new().route(
            "/webhooks/casebase",
            post(async move |headers: HeaderMap, body: Bytes| {
                let _ = sender.send((headers, body));
                StatusCode::NO_CONTENT
            }),
        );
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            url,
            arrived,
            server,
        })
    }

    /// Waits for an event of this type, verifies its signature and returns its id and payload.
    pub async fn next(
        &mut self,
        secret: &str,
        event_type: &str,
    ) -> anyhow::Result<(String, Value)> {
        let webhook = Webhook::new(secret).map_err(|e| anyhow::anyhow!("the secret: {e}"))?;
        loop {
            let (headers, body) = self.arrived.recv().await.context("the receiver ended")?;
            webhook.verify(&body, &headers).map_err(|e| {
                anyhow::anyhow!("a webhook came whose signature does not hold: {e}")
            })?;
            let payload: Value = serde_json::from_slice(&body)?;
            if payload["type"] == event_type {
                let id = headers
                    .get("webhook-id")
                    .and_then(|id| id.to_str().ok())
                    .unwrap_or_default();
                return Ok((id.to_owned(), payload));
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}
