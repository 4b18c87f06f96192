//! What anyone may ask: health, settings, public keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use serde_json::{Map, Value, json};

use super::Auth;

/// The providers that clients look for in `/settings`; only `email` is on.
const PROVIDERS: [&str; 26] = [
    "anonymous_users",
    "apple",
    "azure",
    "bitbucket",
    "discord",
    "facebook",
    "snapchat",
    "figma",
    "fly",
    "github",
    "gitlab",
    "google",
    "keycloak",
    "kakao",
    "linkedin",
    "linkedin_oidc",
    "notion",
    "spotify",
    "slack",
    "slack_oidc",
    "workos",
    "twitch",
    "twitter",
    "email",
    "phone",
    "zoom",
];

/// `GET /health`
pub(super) async fn health() -> Json<Value> {
    Json(json!({
        "version": concat!("casebase-local/", env!("CARGO_PKG_VERSION")),
        "name": "GoTrue",
        "description": "A stand-in for Supabase Auth, for development and tests only",
    }))
}

/// `GET /settings`
pub(super) async fn settings(State(auth): State<Arc<Auth>>) -> Json<Value> {
    let external: Map<String, Value> = PROVIDERS
        .iter()
        .map(|name| ((*name).to_owned(), Value::Bool(*name == "email")))
        .collect();
    Json(json!({
        "external": external,
        "disable_signup": false,
        "mailer_autoconfirm": !auth.confirm_email,
        "phone_autoconfirm": false,
        "sms_provider": "",
        "saml_enabled": false,
        "saml_private_key_next_configured": false,
        "passkeys_enabled": false,
    }))
}

/// `GET /.well-known/jwks.json`
pub(super) async fn jwks(State(auth): State<Arc<Auth>>) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, "public, max-age=600")],
        Json(auth.keys.jwks()),
    )
}
