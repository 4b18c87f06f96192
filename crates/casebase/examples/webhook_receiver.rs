//! A receiver of Casebase's webhooks.
#![expect(clippy::print_stdout, reason = "it says what arrives")]

use axum::{Router, body::Bytes, http::HeaderMap, http::StatusCode, routing::post};
use serde_json::Value;
use standardwebhooks::Webhook;

/// Answers 204 to what the secret signed, and 400 to everything else.
pub fn receiver(secret: &str) -> Result<Router, standardwebhooks::WebhookError> {
    let webhook = std::sync::Arc::new(Webhook::new(secret)?);
    let receive = async move |headers: HeaderMap, body: Bytes| {
        let verified = webhook.verify(&body, &headers).is_ok();
        match serde_json::from_slice::<Value>(&body) {
            Ok(event) if verified => {
                println!("{} {}", event["type"], event["data"]["case_id"]);
                StatusCode::NO_CONTENT
            }
            _ => StatusCode::BAD_REQUEST,
        }
    };
    Ok(Router::new().route("/webhooks/casebase", post(receive)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("CASEBASE_WEBHOOK_SECRET")?;
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    axum::serve(listener, receiver(&secret)?).await?;
    Ok(())
}
