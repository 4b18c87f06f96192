//! Who is asking: the role and the claims of the bearer token.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde_json::Value;

use super::error::Error;
use crate::jwt::{Claims, Keys, TokenError};

/// The role that a request runs as, and its claims.
#[derive(Debug, Clone)]
pub struct Caller {
    pub role: String,
    pub claims: Claims,
}

/// The roles that a token may name. PostgreSQL would let `authenticator` stay what it is (`none`) as well.
const ROLES: [&str; 3] = ["anon", "authenticated", "service_role"];

/// Clocks may differ by this many seconds.
const LEEWAY: i64 = 30;

impl Caller {
    /// Reads and verifies the token; without one the request runs as `anon_role`. Where no
    /// gateway does it, an `apikey` header stands in for a missing token.
    pub fn identify(headers: &HeaderMap, keys: &Keys, anon_role: &str) -> Result<Self, Error> {
        let mut claims = match bearer(headers).or_else(|| api_key(headers)) {
            Some(token) => verified(&token, keys)?,
            None => Claims::new(),
        };
        let role = match claims.get("role") {
            Some(Value::String(role)) => role.clone(),
            Some(other) => other.to_string(),
            None => anon_role.to_owned(),
        };
        claims.insert("role".to_owned(), Value::String(role.clone()));
        Ok(Self { role, claims })
    }

    /// Refuses a role that is none of the project's. PostgREST leaves that to PostgreSQL, so what is wrong
    /// with the request itself is said first.
    pub fn require_known_role(&self) -> Result<(), Error> {
        match ROLES.contains(&self.role.as_str()) {
            true => Ok(()),
            false => Err(Error::unknown_role(&self.role)),
        }
    }
}

/// The token of an `Authorization` header with the scheme `Bearer`, perhaps empty.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start().to_owned())
}

/// An `apikey` header that holds a token.
fn api_key(headers: &HeaderMap) -> Option<String> {
    if headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    let key = headers.get("apikey")?.to_str().ok()?;
    (key.split('.').count() == 3).then(|| key.to_owned())
}

fn verified(token: &str, keys: &Keys) -> Result<Claims, Error> {
    if token.is_empty() {
        return Err(Error::token(
            "Empty JWT is sent in Authorization header",
            None,
        ));
    }
    let parts = token.split('.').count();
    if parts != 3 {
        let message = format!("Expected 3 parts in JWT; got {parts}");
        return Err(Error::token(&message, None));
    }
    let claims = keys.verify(token).map_err(|error| refusal(&error, token))?;
    check(&claims)?;
    Ok(claims)
}

fn refusal(error: &TokenError, token: &str) -> Error {
    let no_key = |details: &str| Error::token("No suitable key or wrong key type", Some(details));
    match algorithm(token).as_deref() {
        None => return Error::token("JWT cryptographic operation failed", None),
        Some("none") => {
            let details = "JWT is unsecured but expected 'alg' was not 'none'";
            return Error::token("Wrong or unsupported encoding algorithm", Some(details));
        }
        Some(_) => {}
    }
    match error {
        TokenError::Algorithm => no_key("No suitable key was found to decode the JWT"),
        TokenError::Signature => no_key("None of the keys was able to decode the JWT"),
        TokenError::Expired => Error::claims("JWT expired"),
        TokenError::Claims(claim) if claim == "nbf" => Error::claims("JWT not yet valid"),
        TokenError::Claims(_) | TokenError::Malformed(_) => {
            // the token is refused either way; its claims only word the refusal
            let malformed = unverified_claims(token).and_then(|claims| check(&claims).err());
            malformed.unwrap_or_else(|| Error::claims("Parsing claims failed"))
        }
    }
}

/// The algorithms of signed tokens (RFC 7518, RFC 8037) that PostgREST's library knows.
const ALGORITHMS: [&str; 11] = [
    "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512",
    "EdDSA",
];

/// What a token that has the form of one says it was signed with.
fn algorithm(token: &str) -> Option<String> {
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| BASE64_URL_SAFE_NO_PAD.decode(part))
        .collect::<Result<_, _>>()
        .ok()?;
    let header: Value = serde_json::from_slice(parts.first()?).ok()?;
    let named = header.get("alg")?.as_str()?;
    ALGORITHMS.contains(&named).then(|| named.to_owned())
}

fn unverified_claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The claims about time are numbers and fit the present, the audience is a text or several.
fn check(claims: &Claims) -> Result<(), Error> {
    let now = chrono::Utc::now().timestamp();
    let time = |name: &str| match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(n)) => Ok(n.as_i64().or_else(|| n.as_f64().map(|n| n as i64))),
        Some(_) => Err(Error::claims(&format!(
            "The JWT '{name}' claim must be a number"
        ))),
    };
    if time("exp")?.is_some_and(|exp| exp < now - LEEWAY) {
        return Err(Error::claims("JWT expired"));
    }
    if time("nbf")?.is_some_and(|nbf| nbf > now + LEEWAY) {
        return Err(Error::claims("JWT not yet valid"));
    }
    if time("iat")?.is_some_and(|iat| iat > now + LEEWAY) {
        return Err(Error::claims("JWT issued at future"));
    }
    match claims.get("aud") {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => Ok(()),
        Some(_) => Err(Error::claims(
            "The JWT 'aud' claim must be a string or an array of strings",
        )),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn identify(name: &'static str, value: &str) -> Result<Caller, Error> {
        let keys = Keys::hs256("super-secret-jwt-token-with-at-least-32-characters-long");
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        Caller::identify(&headers, &keys, "anon")
    }

    fn token(claims: Value) -> String {
        let keys = Keys::hs256("super-secret-jwt-token-with-at-least-32-characters-long");
        keys.sign(claims.as_object().unwrap()).unwrap()
    }

    #[test]
    fn another_scheme_is_no_token() {
        assert_eq!(
            identify("authorization", "Basic eA==").unwrap().role,
            "anon"
        );
        assert!(identify("authorization", "bearer abc").is_err());
        assert!(identify("authorization", "Bearer").is_err());
    }

    #[test]
    fn an_api_key_stands_in_for_a_missing_token() {
        let key = token(serde_json::json!({"role": "service_role"}));
        assert_eq!(identify("apikey", &key).unwrap().role, "service_role");
        assert_eq!(identify("apikey", "sb_publishable_x").unwrap().role, "anon");
    }

    #[test]
    fn only_the_projects_roles_are_known() {
        let caller = |role: &str| {
            let bearer = format!("Bearer {}", token(serde_json::json!({ "role": role })));
            identify("authorization", &bearer).unwrap()
        };
        assert!(caller("authenticated").require_known_role().is_ok());
        for role in ["none", "authenticator", "postgres", "anon\0", ""] {
            assert!(caller(role).require_known_role().is_err(), "{role:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_token_is_said_as_postgrest_says_it() {
        let encoded = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let valid = token(serde_json::json!({"role": "anon"}));
        let (signed, _) = valid.rsplit_once('.').unwrap();
        let with = |header: &str| format!("{}.{}.{}", encoded(header), encoded("{}"), encoded("x"));
        let broken = "JWT cryptographic operation failed";
        for (token, expected) in [
            (format!("{signed}.not base64"), broken),
            (format!("{signed}.===="), broken),
            ("a.b.c".into(), broken),
            (with("{"), broken),
            (with(r#"{"typ":"JWT"}"#), broken),
            (with(r#"{"alg":"HS1"}"#), broken),
            (
                with(r#"{"alg":"none"}"#),
                "JWT is unsecured but expected 'alg' was not 'none'",
            ),
            (
                with(r#"{"alg":"RS256"}"#),
                "No suitable key was found to decode the JWT",
            ),
            (
                format!("{signed}.{}", encoded("another")),
                "None of the keys was able to decode the JWT",
            ),
            ("a.b".into(), "Expected 3 parts in JWT; got 2"),
        ] {
            let body = identify("authorization", &format!("Bearer {token}"))
                .unwrap_err()
                .body();
            let said = String::from_utf8_lossy(&body).into_owned();
            assert!(
                said.contains(expected) && said.contains("PGRST301"),
                "{token}: {said}"
            );
        }
    }

    #[test]
    fn claims_are_checked() {
        let far = 4_102_444_800_i64;
        for claims in [
            serde_json::json!({"exp": 1}),
            serde_json::json!({"exp": "soon"}),
            serde_json::json!({"nbf": far}),
            serde_json::json!({"iat": far}),
            serde_json::json!({"aud": 1}),
        ] {
            let bearer = format!("Bearer {}", token(claims.clone()));
            let body = identify("authorization", &bearer).unwrap_err().body();
            assert!(
                String::from_utf8_lossy(&body).contains("PGRST303"),
                "{claims}"
            );
        }
    }
}
