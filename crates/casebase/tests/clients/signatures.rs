//! What the worker signs, verified by Standard Webhooks' own libraries and by others' Ed25519. The secrets are the
//! database's.

use casebase_webhooks::sign::SigningSecrets;
use chrono::Utc;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use standardwebhooks::Webhook;

use crate::{
    programs::{node, python, succeed},
    support::project,
};

/// A webhook that two old secrets and a new one sign, with what its receivers have to verify it.
struct Signed {
    secret: String,
    public_key: String,
    headers: Value,
    body: &'static str,
}

async fn signed() -> Signed {
    let mut database = PgConnection::connect(project().setting("DATABASE_URL"))
        .await
        .expect("a connection");
    let secrets: Vec<String> =
        sqlx::query_scalar("select casebase.new_webhook_secret(unnest(array['v1', 'v1a', 'v1']))")
            .fetch_all(&mut database)
            .await
            .expect("new secrets");
    let public_key = sqlx::query_scalar(
        "select 'whpk_' || encode(casebase.ed25519_public_key(
           substr(casebase.webhook_secret_bytes($1, 'whsk'), 1, 32)), 'base64')",
    )
    .bind(&secrets[1])
    .fetch_one(&mut database)
    .await
    .expect("a public key");

    let (id, now) = ("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", Utc::now());
    let body = r#"{"type":"case.created","data":{"title":"Größe"}}"#;
    let secret = secrets[2].clone();
    let signature = SigningSecrets::from(secrets).sign(id, now, body);
    Signed {
        secret,
        public_key,
        headers: json!({
            "webhook-id": id,
            "webhook-timestamp": now.timestamp().to_string(),
            "webhook-signature": signature.expect("it is signed"),
        }),
        body,
    }
}

impl Signed {
    fn as_json(&self) -> String {
        json!({
            "secret": self.secret,
            "public_key": self.public_key,
            "headers": self.headers,
            "body": self.body,
        })
        .to_string()
    }
}

#[tokio::test]
async fn the_official_library_for_rust_verifies() {
    let signed = signed().await;
    let headers = signed.headers.as_object().expect("headers");
    let headers = headers
        .iter()
        .map(|(name, value)| {
            (
                name.parse().expect("a name"),
                value.as_str().expect("text").parse().expect("a value"),
            )
        })
        .collect::<reqwest::header::HeaderMap>();
    let webhook = Webhook::new(&signed.secret).expect("a secret");
    webhook
        .verify(signed.body.as_bytes(), &headers)
        .expect("it verifies");
    webhook
        .verify(b"{}", &headers)
        .expect_err("another body does not");
}

#[tokio::test]
async fn the_official_library_for_javascript_and_nodes_ed25519_verify() {
    let Some(mut node) = node() else { return };
    let webhook = signed().await.as_json();
    let said = succeed(node.arg("verify.mjs").env("WEBHOOK", webhook));
    assert_eq!(said.trim(), "verified");
}

#[tokio::test]
async fn the_official_library_for_python_and_cryptographys_ed25519_verify() {
    let Some(mut python) = python() else { return };
    let webhook = signed().await.as_json();
    let said = succeed(python.arg("verify.py").env("WEBHOOK", webhook));
    assert_eq!(said.trim(), "verified");
}
