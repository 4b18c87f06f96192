//! Who is asking: a signed-in user whose session still exists, or an administrator.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use chrono::Utc;
use http::request::Parts;
use http::{HeaderMap, header};
use serde_json::Value;
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::Auth;
use super::error::AuthError;
use super::users::User;
use crate::jwt::{Claims, TokenError};

/// Roles whose tokens may use `/admin`.
const ADMIN_ROLES: [&str; 2] = ["service_role", "supabase_admin"];

/// A signed-in user.
pub(super) struct Caller {
    pub user: User,
    /// The session the token belongs to, if it names one.
    pub session: Option<Uuid>,
    has_audience: bool,
}

impl Caller {
    /// Refuses tokens that were made for nobody, as `GET /user` does.
    pub fn require_audience(&self) -> Result<(), AuthError> {
        if self.has_audience {
            return Ok(());
        }
        Err(AuthError::invalid(
            "Token audience doesn't match request audience",
        ))
    }
}

impl FromRequestParts<Arc<Auth>> for Caller {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, auth: &Arc<Auth>) -> Result<Self, AuthError> {
        let claims = claims(&parts.headers, auth)?;
        let caller = load(auth, &claims).await?;
        if caller.user.is_banned() {
            return Err(AuthError::forbidden("user_banned", "User is banned"));
        }
        Ok(caller)
    }
}

/// Somebody with the service role's key.
pub(super) struct Administrator;

impl FromRequestParts<Arc<Auth>> for Administrator {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, auth: &Arc<Auth>) -> Result<Self, AuthError> {
        let claims = claims(&parts.headers, auth)?;
        if session_id(&claims)?.is_some() {
            load(auth, &claims).await?;
        }
        let role = claims
            .get("role")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if ADMIN_ROLES.contains(&role) {
            return Ok(Self);
        }
        Err(AuthError::forbidden("not_admin", "User not allowed"))
    }
}

fn claims(headers: &HeaderMap, auth: &Auth) -> Result<Claims, AuthError> {
    let token = bearer(headers).ok_or_else(|| {
        AuthError::unauthorized(
            "no_authorization",
            "This endpoint requires a valid Bearer token",
        )
    })?;
    let claims = auth.keys.verify(token).map_err(|error| bad_jwt(&error))?;
    // Auth allows no leeway here, unlike PostgREST.
    let expires = claims.get("exp").and_then(Value::as_f64);
    if expires.is_some_and(|at| at <= Utc::now().timestamp() as f64) {
        return Err(bad_jwt(&TokenError::Expired));
    }
    Ok(claims)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value
        .strip_prefix("Bearer ")
        .or_else(|| value.strip_prefix("bearer "))?;
    (!token.is_empty() && !token.contains(char::is_whitespace)).then_some(token)
}

fn bad_jwt(error: &TokenError) -> AuthError {
    let why = match error {
        TokenError::Expired => "token has invalid claims: token is expired".to_owned(),
        TokenError::Signature => "token signature is invalid: signature is invalid".to_owned(),
        other => other.to_string(),
    };
    let message = format!("invalid JWT: unable to parse or verify signature, {why}");
    AuthError::forbidden("bad_jwt", message)
}

async fn load(auth: &Auth, claims: &Claims) -> Result<Caller, AuthError> {
    let subject = claims
        .get("sub")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if subject.is_empty() {
        return Err(AuthError::forbidden(
            "bad_jwt",
            "invalid claim: missing sub claim",
        ));
    }
    let id = subject.parse().map_err(|_| {
        AuthError::bad_request("bad_jwt", "invalid claim: sub claim must be a UUID")
    })?;
    let session = session_id(claims)?;

    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let user = User::find(&tx, id)
        .await
        .map_err(AuthError::database("Database error finding user"))?
        .ok_or_else(|| {
            AuthError::forbidden(
                "user_not_found",
                "User from sub claim in JWT does not exist",
            )
        })?;
    if let Some(session) = session {
        require_session(&tx, session).await?;
    }
    Ok(Caller {
        user,
        session,
        has_audience: has_audience(claims),
    })
}

/// A signed-out session ends its access tokens too, as far as Auth itself is asked.
async fn require_session(tx: &Transaction<'_>, session: Uuid) -> Result<(), AuthError> {
    let found = tx
        .query_opt("select from auth.sessions where id = $1", &[&session])
        .await
        .map_err(AuthError::database("Database error finding session"))?;
    match found {
        Some(_) => Ok(()),
        None => Err(AuthError::forbidden(
            "session_not_found",
            "Session from session_id claim in JWT does not exist",
        )),
    }
}

fn session_id(claims: &Claims) -> Result<Option<Uuid>, AuthError> {
    let claim = claims
        .get("session_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if claim.is_empty() {
        return Ok(None);
    }
    let id: Uuid = claim.parse().map_err(|_| {
        AuthError::forbidden("bad_jwt", "invalid claim: session_id claim must be a UUID")
    })?;
    Ok(Some(id).filter(|id| !id.is_nil()))
}

fn has_audience(claims: &Claims) -> bool {
    let first = match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.first(),
        other => other,
    };
    first
        .and_then(Value::as_str)
        .is_some_and(|audience| !audience.is_empty())
}
