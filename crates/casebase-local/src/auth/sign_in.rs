//! `POST /token`: a session for a password, or for a refresh token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::AuthError;
use super::request::{Body, filled, parse, user_agent};
use super::session::{self, Refreshed, Tokens};
use super::users::User;
use super::{Auth, commit, password};

#[derive(Deserialize)]
pub(super) struct Grant {
    #[serde(default)]
    grant_type: String,
}

#[derive(Deserialize)]
struct PasswordGrant {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    phone: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    password: Option<String>,
}

#[derive(Deserialize)]
struct RefreshTokenGrant {
    #[serde(default, deserialize_with = "filled")]
    refresh_token: Option<String>,
}

/// A password sign-in says what is wrong with a password that was fine when it was chosen.
#[derive(serde::Serialize)]
struct SignedIn {
    #[serde(flatten)]
    tokens: Tokens,
    weak_password: Value,
}

pub(super) async fn token(
    State(auth): State<Arc<Auth>>,
    Query(grant): Query<Grant>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, AuthError> {
    let user_agent = user_agent(&headers);
    match grant.grant_type.as_str() {
        "password" => by_password(&auth, parse(&body)?, user_agent.as_deref()).await,
        "refresh_token" => by_refresh_token(&auth, parse(&body)?, user_agent.as_deref()).await,
        "pkce" | "id_token" | "web3" => Err(AuthError::not_offered(
            "The local stack has no external sign-in providers; sign in with e-mail and password",
        )),
        _ => Err(AuthError::bad_request(
            "invalid_credentials",
            "unsupported_grant_type",
        )),
    }
}

async fn by_password(
    auth: &Auth,
    params: PasswordGrant,
    user_agent: Option<&str>,
) -> Result<Response, AuthError> {
    let email = params.email_only()?;
    let password = params.password.unwrap_or_default();
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let user = User::find_by_email(&tx, &email)
        .await
        .map_err(AuthError::database("Database error querying schema"))?
        .ok_or_else(invalid_credentials)?;
    let hash = user.password_hash().ok_or_else(invalid_credentials)?;
    if user.is_banned() {
        return Err(AuthError::bad_request("user_banned", "User is banned"));
    }
    if !password::matches(password.clone(), hash.to_owned()).await {
        return Err(invalid_credentials());
    }
    if user.email_confirmed_at.is_none() {
        return Err(AuthError::bad_request(
            "email_not_confirmed",
            "Email not confirmed",
        ));
    }
    let tokens = session::start(auth, &tx, user.id, "password", user_agent).await?;
    commit(tx).await?;
    let weak_password = password::weakness(&password).map_or(
        Value::Null,
        |message| json!({ "message": message, "reasons": ["length"] }),
    );
    Ok(Json(SignedIn {
        tokens,
        weak_password,
    })
    .into_response())
}

impl PasswordGrant {
    fn email_only(&self) -> Result<String, AuthError> {
        match (&self.email, &self.phone) {
            (Some(email), None) => Ok(email.clone()),
            (Some(_), Some(_)) => Err(AuthError::invalid(
                "Only an email address or phone number should be provided on login.",
            )),
            (None, Some(_)) => {
                let message = "Phone logins are disabled";
                Err(AuthError::unprocessable("phone_provider_disabled", message))
            }
            (None, None) => Err(AuthError::invalid("missing email or phone")),
        }
    }
}

/// The same for an unknown user and a wrong password.
fn invalid_credentials() -> AuthError {
    AuthError::bad_request("invalid_credentials", "Invalid login credentials")
}

async fn by_refresh_token(
    auth: &Auth,
    params: RefreshTokenGrant,
    user_agent: Option<&str>,
) -> Result<Response, AuthError> {
    let token = params.refresh_token.unwrap_or_default();
    if !session::is_refresh_token(&token) {
        return Err(AuthError::invalid("Refresh token is not valid"));
    }
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let refreshed = session::refresh(auth, &tx, &token, user_agent).await?;
    commit(tx).await?;
    match refreshed {
        Refreshed::Tokens(tokens) => Ok(Json(tokens).into_response()),
        Refreshed::ReuseDetected => Err(AuthError::bad_request(
            "refresh_token_already_used",
            "Invalid Refresh Token: Already Used",
        )),
    }
}
