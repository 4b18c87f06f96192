//! The webhooks in `/openapi.json`. They are sent by the worker; here they are only described.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

/// Each type of event with the JSON Schema of its body; written from the database by a test.
const EVENTS: &str = include_str!("webhook_events.json");

/// The document with OpenAPI 3.1's `webhooks`, which utoipa doesn't know.
#[derive(Clone, Serialize)]
pub(crate) struct Document {
    #[serde(flatten)]
    api: OpenApi,
    webhooks: BTreeMap<String, Value>,
}

impl Document {
    pub(crate) fn new(api: OpenApi) -> Self {
        let events: BTreeMap<String, Value> = serde_json::from_str(EVENTS).unwrap_or_default();
        let webhooks = events
            .into_iter()
            .map(|(event, schema)| (event, json!({"post": operation(&schema)})))
            .collect();
        Self { api, webhooks }
    }
}

/// What a receiver is asked: the headers are those of Standard Webhooks.
fn operation(schema: &Value) -> Value {
    let header = |name: &str, meaning: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": true,
            "description": meaning,
            "schema": {"type": "string"},
        })
    };
    json!({
        "tags": ["webhooks"],
        "summary": schema["description"],
        "parameters": [
            header("webhook-id", "The same whenever this event is sent to this endpoint again."),
            header("webhook-timestamp", "When it was sent, in unix seconds."),
            header("webhook-signature", "Signatures of `id.timestamp.body`, separated by spaces."),
        ],
        "requestBody": {"required": true, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "2XX": {"description": "It is taken, and not sent again."},
            "410": {"description": "The endpoint is gone: it is disabled."},
            "default": {"description": "It is sent again later."},
        },
    })
}
