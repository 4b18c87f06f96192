//! Signed URLs: tokens that allow one thing with one object.

use serde_json::{Value, json};

use super::{
    caller::{now, verify},
    error::Error,
};
use crate::jwt::{Claims, Keys};

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To read the object.
    Download,
    /// To write it.
    Upload,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Upload => "upload",
        }
    }
}

/// A token to read `url` (`bucket/key`) for `seconds`.
pub fn sign_download(keys: &Keys, url: &str, seconds: u64) -> Result<String, Error> {
    sign(keys, Scope::Download, url, seconds, Claims::new())
}

/// A token to write `url` (`bucket/key`) for `seconds`, as `owner`.
pub fn sign_upload(
    keys: &Keys,
    url: &str,
    seconds: u64,
    owner: Option<&str>,
    upsert: bool,
) -> Result<String, Error> {
    let mut claims = Claims::new();
    if let Some(owner) = owner {
        claims.insert("owner".into(), json!(owner));
    }
    claims.insert("upsert".into(), json!(upsert));
    sign(keys, Scope::Upload, url, seconds, claims)
}

fn sign(
    keys: &Keys,
    scope: Scope,
    url: &str,
    seconds: u64,
    mut claims: Claims,
) -> Result<String, Error> {
    let now = now();
    claims.insert("url".into(), json!(url));
    claims.insert("scope".into(), json!(scope.name()));
    claims.insert("iat".into(), json!(now));
    claims.insert("exp".into(), json!(now.saturating_add(seconds)));
    keys.sign(&claims).map_err(|e| Error::internal(&e))
}

/// What a verified token says.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Until when, in seconds since 1970.
    pub expires: u64,
    /// Whose the object will be.
    pub owner: Option<String>,
    /// Whether what is there may be overwritten.
    pub upsert: bool,
}

/// Checks that `token` allows `scope` with `url` (`bucket/key`).
pub fn check(keys: &Keys, token: &str, url: &str, scope: Scope) -> Result<Grant, Error> {
    let claims = verify(keys, token).map_err(|e| Error::bad_url_token(&e))?;
    if claims.get("scope").and_then(Value::as_str) != Some(scope.name()) {
        return Err(Error::invalid_signature(&format!(
            "Token is not scoped for {}",
            scope.name()
        )));
    }
    if claims.get("url").and_then(Value::as_str) != Some(url) {
        return Err(Error::invalid_signature("Invalid signature"));
    }
    Ok(Grant {
        expires: claims
            .get("exp")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        owner: claims
            .get("owner")
            .and_then(Value::as_str)
            .map(str::to_owned),
        upsert: claims.get("upsert") == Some(&Value::Bool(true)),
    })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";

    #[test]
    fn a_token_allows_one_thing_with_one_object() {
        let keys = Keys::hs256(SECRET);
        let token = sign_download(&keys, "b/a.txt", 60).expect("a token");
        assert!(check(&keys, &token, "b/a.txt", Scope::Download).is_ok());
        for (url, scope) in [
            ("b/b.txt", Scope::Download),
            ("c/a.txt", Scope::Download),
            ("b/a.txt", Scope::Upload),
        ] {
            let error = check(&keys, &token, url, scope).expect_err("refused");
            assert_eq!(error.code, "InvalidSignature", "{url}");
        }
    }

    #[test]
    fn a_token_is_over_when_its_second_is_and_a_session_is_no_grant() {
        let keys = Keys::hs256(SECRET);
        let expired = sign_download(&keys, "b/a.txt", 0).expect("a token");
        let error = check(&keys, &expired, "b/a.txt", Scope::Download).expect_err("expired");
        assert_eq!(error.code, "InvalidJWT");
        let mut session = Claims::new();
        session.insert("role".into(), json!("service_role"));
        session.insert("url".into(), json!("b/a.txt"));
        let session = keys.sign(&session).expect("a token");
        assert!(check(&keys, &session, "b/a.txt", Scope::Download).is_err());
    }
}
