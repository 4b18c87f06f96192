//! Who calls: what the token says, and as which role PostgreSQL is asked.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::error::Error;
use crate::jwt::{Claims, Keys, TokenError};

/// The roles that a token may name. Any other is refused before the database sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nobody in particular.
    Anon,
    /// A signed-in user.
    Authenticated,
    /// The project itself: policies do not apply.
    Service,
}

impl Role {
    fn named(name: &str) -> Option<Self> {
        match name {
            "anon" => Some(Self::Anon),
            "authenticated" => Some(Self::Authenticated),
            "service_role" => Some(Self::Service),
            _ => None,
        }
    }

    /// The role's name in PostgreSQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::Authenticated => "authenticated",
            Self::Service => "service_role",
        }
    }
}

/// The caller of one request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The role to act as.
    pub role: Role,
    /// What `request.jwt.claims` will hold.
    pub claims: Claims,
    /// The token itself, for `request.jwt`.
    pub token: String,
    /// Whether a valid token was shown.
    pub authenticated: bool,
}

impl Caller {
    /// Nobody: no token, or one that the route may ignore.
    pub fn anonymous() -> Self {
        Self::of_role(Role::Anon, false)
    }

    /// The project itself, as signed URLs, public buckets and static S3 keys act.
    pub fn service() -> Self {
        Self::of_role(Role::Service, true)
    }

    fn of_role(role: Role, authenticated: bool) -> Self {
        let mut claims = Claims::new();
        claims.insert("role".into(), json!(role.name()));
        Self {
            role,
            claims,
            token: String::new(),
            authenticated,
        }
    }

    /// The caller that `token` proves.
    pub fn from_token(keys: &Keys, token: &str) -> Result<Self, Error> {
        let claims = verify(keys, token).map_err(|e| Error::bad_token(&e))?;
        let role = match claims.get("role") {
            None | Some(Value::Null) => Some(Role::Anon),
            Some(named) => named.as_str().and_then(Role::named),
        };
        let role = role
            .ok_or_else(|| Error::access_denied("the token's role is not one of this project's"))?;
        Ok(Self {
            role,
            claims,
            token: token.to_owned(),
            authenticated: true,
        })
    }

    /// Whom objects and buckets made by this caller belong to: the token's subject.
    pub fn owner(&self) -> Option<&str> {
        self.claims.get("sub").and_then(|s| s.as_str())
    }
}

/// Storage grants no leeway: a token is over when its second is.
pub fn verify(keys: &Keys, token: &str) -> Result<Claims, TokenError> {
    let claims = keys.verify(token)?;
    let expires = claims.get("exp").and_then(serde_json::Value::as_f64);
    if expires.is_some_and(|exp| exp <= now() as f64) {
        return Err(TokenError::Expired);
    }
    Ok(claims)
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}
