//! A project that signs with ES256 publishes the key that its tokens verify with.

use std::sync::Arc;

use casebase_local::JWT_SECRET;
use casebase_local::auth;
use casebase_local::jwt::{Keys, generate_es256};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::*;

/// A second Auth over the same database.
async fn es256_project() -> String {
    let config = auth::Config {
        database: project().auth_admin.parse().unwrap(),
        keys: Arc::new(Keys::es256(JWT_SECRET, &generate_es256()).unwrap()),
        url: "http://127.0.0.1:54321".into(),
        access_token_hook: None,
        jwt_expiry: 60,
        confirm_email: false,
        site_url: casebase_local::SITE_URL.into(),
        mailbox: casebase_local::mail::Mailbox::default(),
    };
    let router = auth::router(config).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_stranger_verifies_tokens_with_the_published_keys() {
    let url = es256_project().await;
    let client = reqwest::Client::new();
    let body = json!({ "email": address("es256"), "password": PASSWORD });
    let session = Session::of(answer(client.post(format!("{url}/signup")).json(&body)).await);

    let published = answer(client.get(format!("{url}/.well-known/jwks.json"))).await;
    let keys: JwkSet = serde_json::from_value(published.body).unwrap();
    let header = jsonwebtoken::decode_header(&session.access_token).unwrap();
    assert_eq!(header.alg, Algorithm::ES256);
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["authenticated"]);
    let token = jsonwebtoken::decode::<Value>(&session.access_token, &key, &validation).unwrap();
    assert_eq!(token.claims["sub"], session.user_id());

    let user = answer(
        client
            .get(format!("{url}/user"))
            .bearer_auth(&session.access_token),
    )
    .await;
    assert_eq!(user.body["id"], session.user_id());
    let path = format!("{url}/admin/users/{}", session.user_id());
    let found = answer(client.get(path).bearer_auth(SERVICE)).await;
    assert_eq!(found.status, 200, "the HS256 service key still administers");
}

#[tokio::test]
async fn a_project_with_a_shared_secret_publishes_nothing() {
    assert_eq!(
        get("/.well-known/jwks.json", "").await.body,
        json!({ "keys": [] })
    );
}

#[tokio::test]
async fn a_hook_with_a_malformed_address_is_refused_at_the_start() {
    let config = auth::Config {
        database: project().auth_admin.parse().unwrap(),
        keys: Arc::new(keys()),
        url: project().url.clone(),
        access_token_hook: Some("pg-functions://postgres/only_a_schema".into()),
        jwt_expiry: 60,
        confirm_email: false,
        site_url: casebase_local::SITE_URL.into(),
        mailbox: casebase_local::mail::Mailbox::default(),
    };
    assert!(matches!(
        auth::router(config).await,
        Err(auth::StartError::Hook(_))
    ));
}
