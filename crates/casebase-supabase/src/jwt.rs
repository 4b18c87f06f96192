//! Who is calling: the token of a Supabase user, verified before anything is done with it.
//!
//! HS256 tokens are checked against the project's secret, asymmetric ones against the keys the
//! project publishes. The header's algorithm only chooses which of the two it is; which algorithm a
//! published key takes is said by the key.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    errors::ErrorKind, jwk::JwkSet,
};
use serde::Deserialize;
use tokio::{sync::Mutex, task::JoinError};
use tracing::Instrument as _;
use url::Url;
use uuid::Uuid;

use crate::SettingError;

/// Published keys are read again after this long, so that a revoked one stops working.
const KEYS_LIVE: Duration = Duration::from_secs(600);
/// A token with an unknown key id causes at most one request in this time.
const REFETCH_AFTER: Duration = Duration::from_secs(30);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What Casebase reads of a token's claims. All of them reach PostgreSQL inside the token.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// The user's id; tokens of a project key (anon) have none.
    pub sub: Option<Uuid>,
    /// The database role: `authenticated`, `anon`, `service_role`.
    #[serde(default)]
    pub role: String,
    /// When the token ends.
    pub exp: NumericDate,
    /// From when it holds.
    nbf: Option<NumericDate>,
    /// When it was issued.
    iat: Option<NumericDate>,
}

/// A time in a token: seconds since 1970, which may have decimals (RFC 7519, 2).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(transparent)]
pub struct NumericDate(f64);

impl NumericDate {
    /// In whole unix seconds.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a time beyond the range is as far as it goes"
    )]
    pub fn seconds(self) -> i64 {
        self.0.floor() as i64
    }
}

/// By how many seconds this clock and the project's may differ: what PostgREST allows. Storage allows nothing, and says so
/// for itself.
const LEEWAY: f64 = 30.0;

fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}

impl Claims {
    /// As PostgREST judges (`src/PostgREST/Auth/Jwt.hs`): by whole seconds.
    fn hold_at(&self, now: f64) -> Result<(), TokenError> {
        let late = |time: Option<NumericDate>| time.is_some_and(|t| t.0 > now.floor() + LEEWAY);
        match () {
            () if self.exp.0 < now.floor() - LEEWAY => Err(TokenError::Expired),
            () if late(self.nbf) || late(self.iat) => Err(TokenError::NotYetValid),
            () => Ok(()),
        }
    }
}

/// A verified token, to be passed on to PostgREST and Storage.
#[derive(Clone)]
pub struct UserToken {
    raw: String,
    claims: Claims,
}

impl UserToken {
    /// The token as it came. It is a credential: never log it.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether its time is over, for a server that allows no difference of clocks.
    pub fn is_over(&self) -> bool {
        self.claims.exp.0 <= now()
    }

    /// For how long something may go on under it and leave time to finish it, or to take it back: a part of its last
    /// seconds is left. One whose time is over is taken for as long as PostgREST takes it.
    pub fn time_to_work(&self) -> Duration {
        const TO_FINISH: f64 = 5.0;
        let left = self.claims.exp.0 - now();
        let left = match left > 0.0 {
            true => left,
            false => (left + LEEWAY).max(0.0),
        };
        let work = left - TO_FINISH.min(left / 2.0);
        // A time that no clock reaches.
        Duration::try_from_secs_f64(work).map_or(YEAR, |work| work.min(YEAR))
    }

    /// Takes a token as Auth handed it out over the caller's own connection, without checking its
    /// signature: for clients, which only carry it. A server uses [`Verifier::verify`].
    pub fn issued(token: &str) -> Result<Self, TokenError> {
        let data =
            jsonwebtoken::dangerous::insecure_decode::<Claims>(shape(token)?).map_err(refusal)?;
        Ok(Self {
            raw: token.to_owned(),
            claims: data.claims,
        })
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserToken")
            .field("sub", &self.claims.sub)
            .field("role", &self.claims.role)
            .finish_non_exhaustive()
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three base64url parts with a JSON header and payload.
    #[error("the token is malformed")]
    Malformed,
    /// Signed with an algorithm (`none` included) or a key that is not this project's.
    #[error("the token is signed with a key this project does not use")]
    UnknownKey,
    /// The signature was made with another key, or the content was changed.
    #[error("the token's signature does not match")]
    Signature,
    /// `exp` lies in the past.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Auth has signed its user out, or deleted them.
    #[error("the token's session has ended, or its user is gone")]
    Ended,
    /// The project takes it for none of these reasons.
    #[error("the project does not take the token: {0}")]
    Refused(String),
    /// The project's keys could not be read: nobody's fault who is calling.
    #[error("the project's signing keys cannot be read: {0}")]
    KeysUnavailable(String),
}

/// Verifies tokens for one project.
pub struct Verifier {
    secret: Option<DecodingKey>,
    signing: Option<EncodingKey>,
    published: PublishedKeys,
}

impl Verifier {
    /// For the project at `supabase_url`; `secret` is its JWT secret, where it has one.
    pub fn new(supabase_url: &Url, secret: Option<&str>) -> Result<Self, SettingError> {
        let http = reqwest::Client::builder()
            .timeout(FETCH_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| SettingError::Client(e.to_string()))?;
        Ok(Self {
            secret: secret.map(|s| DecodingKey::from_secret(s.as_bytes())),
            signing: secret.map(|s| EncodingKey::from_secret(s.as_bytes())),
            published: PublishedKeys {
                url: crate::below(supabase_url, "auth/v1/.well-known/jwks.json")?,
                http,
                cache: Arc::default(),
            },
        })
    }

    /// Checks signature and lifetime, the latter as PostgREST does.
    pub async fn verify(&self, token: &str) -> Result<UserToken, TokenError> {
        let header = decode_header(shape(token)?).map_err(refusal)?;
        let (key, algorithm) = self.key_for(&header).await?;
        let mut validation = Validation::new(algorithm);
        // Times are judged by `hold_at`; that there is an `exp`, by [`Claims`].
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        // Supabase's audience is the role, which PostgREST reads for itself.
        validation.validate_aud = false;
        let data = decode::<Claims>(token, &key, &validation).map_err(refusal)?;
        data.claims.hold_at(now())?;
        Ok(UserToken {
            raw: token.to_owned(),
            claims: data.claims,
        })
    }

    /// A token of the role `anon`, signed with the secret, where there is one: whether the project takes it is whether
    /// the secret is the project's. It may do what the public key may, for a minute.
    pub fn of_nobody(&self) -> Option<UserToken> {
        let exp = jsonwebtoken::get_current_timestamp() + 60;
        let claims = serde_json::json!({"role": "anon", "exp": exp});
        let token = encode(&Header::default(), &claims, self.signing.as_ref()?);
        UserToken::issued(&token.ok()?).ok()
    }

    /// How many keys the project publishes, asked anew: without any, and without a secret, no token can be verified.
    pub async fn published_keys(&self) -> Result<usize, TokenError> {
        Ok(self.published.fetch().await?.keys.len())
    }

    async fn key_for(&self, header: &Header) -> Result<(DecodingKey, Algorithm), TokenError> {
        match (header.alg, &header.kid) {
            (Algorithm::HS256, _) => self
                .secret
                .clone()
                .map(|key| (key, Algorithm::HS256))
                .ok_or(TokenError::UnknownKey),
            (Algorithm::ES256 | Algorithm::RS256 | Algorithm::EdDSA, Some(kid)) => {
                let key = self.published.find(kid).await?;
                Ok((key, header.alg))
            }
            _ => Err(TokenError::UnknownKey),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("secret", &self.secret.is_some())
            .field("published", &self.published.url.as_str())
            .finish()
    }
}

/// The project's JWKS, read when needed and kept for a while.
#[derive(Clone)]
struct PublishedKeys {
    url: Url,
    http: reqwest::Client,
    cache: Arc<Mutex<KeyCache>>,
}

#[derive(Default)]
struct KeyCache {
    /// What was read last, and when. An attempt that fails leaves it as it is.
    read: Option<(JwkSet, Instant)>,
    /// How the last attempt ended, and when.
    tried: Option<(Result<(), TokenError>, Instant)>,
}

impl KeyCache {
    fn key(&self, kid: &str) -> Result<DecodingKey, TokenError> {
        let keys = self.read.as_ref().map(|(keys, _)| keys);
        match (keys.and_then(|keys| keys.find(kid)), &self.tried) {
            // Old keys are better than none while Auth is away.
            (Some(key), _) => DecodingKey::from_jwk(key).map_err(|_| TokenError::UnknownKey),
            (None, Some((Err(error), _))) => Err(error.clone()),
            (None, _) => Err(TokenError::UnknownKey),
        }
    }

    /// Whether Auth is to be asked at this time before this key is looked for.
    fn is_due(&self, kid: &str, now: Instant) -> bool {
        let within = |at: Instant, time| now.duration_since(at) < time;
        let fresh = self
            .read
            .as_ref()
            .is_some_and(|(keys, at)| keys.find(kid).is_some() && within(*at, KEYS_LIVE));
        let tried = self.tried.as_ref();
        !fresh && !tried.is_some_and(|(_, at)| within(*at, REFETCH_AFTER))
    }

    fn note(&mut self, answer: Result<JwkSet, TokenError>, now: Instant) {
        let ended = answer.map(|keys| self.read = Some((keys, now)));
        if let Err(error) = &ended {
            tracing::warn!(%error, "the project's signing keys were not read");
        }
        self.tried = Some((ended, now));
    }
}

impl PublishedKeys {
    /// The lock is held while fetching: a burst of calls makes one request. It is made in a task of its own, so
    /// that a caller who goes away takes neither the answer from the others nor the limit on requests.
    async fn find(&self, kid: &str) -> Result<DecodingKey, TokenError> {
        let mut cache = Arc::clone(&self.cache).lock_owned().await;
        if !cache.is_due(kid, Instant::now()) {
            return cache.key(kid);
        }
        let keys = self.clone();
        let fetch = async move {
            cache.note(keys.fetch().await, Instant::now());
            cache
        };
        let fetched = tokio::spawn(fetch.in_current_span());
        let ended = |e: JoinError| TokenError::KeysUnavailable(e.to_string());
        fetched.await.map_err(ended)?.key(kid)
    }

    async fn fetch(&self) -> Result<JwkSet, TokenError> {
        let unavailable = |e: reqwest::Error| TokenError::KeysUnavailable(crate::failure(e));
        let answer = self.http.get(self.url.clone()).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let keys = answer.map_err(unavailable)?.json().await;
        keys.map_err(unavailable)
    }
}

/// Refuses what no header could carry, before anything looks inside.
fn shape(token: &str) -> Result<&str, TokenError> {
    looks_like_jwt(token)
        .then_some(token)
        .ok_or(TokenError::Malformed)
}

/// Three parts of base64url, joined by dots.
pub(crate) fn looks_like_jwt(token: &str) -> bool {
    let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let parts: Vec<_> = token.split('.').collect();
    parts.len() == 3 && parts.iter().all(|p| p.chars().all(base64url)) && !parts[0].is_empty()
}

/// The role that a token says it is of, if it is one and says so. Nothing of it is verified.
pub(crate) fn role_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Role {
        role: String,
    }
    let read = jsonwebtoken::dangerous::insecure_decode::<Role>(shape(token).ok()?);
    read.ok().map(|token| token.claims.role)
}

fn refusal(error: jsonwebtoken::errors::Error) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm
        | ErrorKind::InvalidKeyFormat => TokenError::UnknownKey,
        _ => TokenError::Malformed,
    }
}

/// Codes that say of themselves that it is the token: PostgREST's, Storage's, S3's and Auth's.
const ABOUT_THE_TOKEN: &[&str] = &[
    "PGRST301",
    "PGRST302",
    "PGRST303",
    "InvalidJWT",
    "InvalidToken",
    "ExpiredToken",
    "ExpiredTokenException",
    "TokenRefreshRequired",
    "bad_jwt",
    "no_authorization",
    "session_expired",
    "session_not_found",
    "user_banned",
    "user_not_found",
];
/// Codes of any refusal, beside which only the words tell. An older Storage had its words for a code.
const OF_ANY_REFUSAL: &[&str] = &["", "AccessDenied", "Unauthorized", "jwt expired"];

/// What PostgREST (`JwtError`), Storage (the libraries jose and, before, jsonwebtoken) and Auth say, in lower case.
const EXPIRED: &[&str] = &[
    "\"exp\" claim timestamp",
    "jwt expired",
    "jwt is expired",
    "token is expired",
    "token has expired",
];
const NOT_YET_VALID: &[&str] = &[
    "\"nbf\" claim timestamp",
    "\"iat\" claim timestamp",
    "jwt not yet valid",
    "jwt not active",
    "jwt issued at future",
];
const SIGNATURE: &[&str] = &[
    "signature verification failed",
    "invalid signature",
    "signature is invalid",
    "no suitable key",
    "no applicable key",
];
const MALFORMED: &[&str] = &[
    "invalid compact jws",
    "jws protected header",
    "jwt malformed",
    "invalid jwt",
    "invalid token",
    "jwt claims set",
    "expected 3 parts in jwt",
    "jwt couldn't be decoded",
];
const ENDED: &[&str] = &[
    "session_id claim in jwt does not exist",
    "user from sub claim in jwt does not exist",
];

/// Why a server of Supabase's refused a token, if that is what its code and sentence say: what ended while a request was
/// under way is heard from whoever was asked next.
pub fn refused_token(code: &str, message: &str) -> Option<TokenError> {
    let about_the_token = ABOUT_THE_TOKEN.contains(&code);
    if !about_the_token && !OF_ANY_REFUSAL.contains(&code) {
        return None;
    }
    let words = message.to_ascii_lowercase();
    let says = |known: &[&str]| known.iter().any(|known| words.contains(known));
    Some(match code {
        "ExpiredToken" | "ExpiredTokenException" => TokenError::Expired,
        "session_expired" | "session_not_found" | "user_banned" | "user_not_found" => {
            TokenError::Ended
        }
        _ if says(EXPIRED) => TokenError::Expired,
        _ if says(NOT_YET_VALID) => TokenError::NotYetValid,
        _ if says(SIGNATURE) => TokenError::Signature,
        _ if says(MALFORMED) => TokenError::Malformed,
        _ if says(ENDED) => TokenError::Ended,
        _ if about_the_token => TokenError::Refused(message.to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use jsonwebtoken::jwk::Jwk;
    use serde_json::{Value, json};
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

    use super::*;

    const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";
    /// A P-256 key made for these tests.
    const EC_KEY: &str = include_str!("../tests/data/es256.pem");

    fn now() -> i64 {
        jsonwebtoken::get_current_timestamp().cast_signed()
    }

    fn token(claims: &Value) -> UserToken {
        UserToken::issued(&hs256(claims, SECRET)).unwrap()
    }

    fn claims(exp: i64) -> Value {
        json!({
            "sub": "7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10", "role": "authenticated", "exp": exp,
            "aud": "authenticated",
        })
    }

    fn hs256(claims: &Value, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }

    #[tokio::test]
    async fn a_token_of_nobody_is_the_publics_and_signed_with_the_secret() {
        let url = Url::parse("http://127.0.0.1:9").unwrap();
        let verifier = Verifier::new(&url, Some(SECRET)).unwrap();
        let nobody = verifier.of_nobody().unwrap();
        let verified = verifier.verify(nobody.as_str()).await.unwrap();
        assert_eq!(
            (verified.claims().role.as_str(), verified.claims().sub),
            ("anon", None)
        );
        assert!(Verifier::new(&url, None).unwrap().of_nobody().is_none());
    }

    fn ec_key() -> EncodingKey {
        EncodingKey::from_ec_pem(EC_KEY.as_bytes()).unwrap()
    }

    fn es256(claims: &Value, kid: &str) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(kid.into());
        encode(&header, claims, &ec_key()).unwrap()
    }

    fn with_secret() -> Verifier {
        let nowhere = Url::parse("http://127.0.0.1:9").unwrap();
        Verifier::new(&nowhere, Some(SECRET)).unwrap()
    }

    fn keys(kid: &str) -> JwkSet {
        let mut key = Jwk::from_encoding_key(&ec_key(), Algorithm::ES256).unwrap();
        key.common.key_id = Some(kid.into());
        JwkSet { keys: vec![key] }
    }

    async fn publishing(kid: &str) -> (MockServer, Verifier) {
        publishing_after(Duration::ZERO, kid).await
    }

    async fn publishing_after(delay: Duration, kid: &str) -> (MockServer, Verifier) {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(keys(kid));
        Mock::given(path("/auth/v1/.well-known/jwks.json"))
            .respond_with(answer.set_delay(delay))
            .mount(&server)
            .await;
        let verifier = Verifier::new(&Url::parse(&server.uri()).unwrap(), None).unwrap();
        (server, verifier)
    }

    #[tokio::test]
    async fn a_good_token_gives_its_claims_and_hides_itself_from_logs() {
        let token = hs256(&claims(now() + 60), SECRET);
        let user = with_secret().verify(&token).await.unwrap();
        assert_eq!(user.claims().role, "authenticated");
        assert_eq!(user.as_str(), token);
        assert!(!format!("{user:?}").contains(&token[..20]));
    }

    #[tokio::test]
    async fn each_bad_token_is_refused_for_its_own_reason() {
        let verifier = with_secret();
        let good = claims(now() + 60);
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            hs256(&claims, SECRET)
        };
        let unsigned = {
            // {"alg":"none"}
            let payload = hs256(&good, SECRET);
            let payload = payload.split('.').nth(1).unwrap().to_owned();
            format!("eyJhbGciOiJub25lIn0.{payload}.")
        };
        for (token, expected) in [
            (with("exp", json!(now() - 40)), TokenError::Expired),
            (with("exp", json!(1.5)), TokenError::Expired),
            (with("nbf", json!(now() + 60)), TokenError::NotYetValid),
            (with("iat", json!(now() + 60)), TokenError::NotYetValid),
            (with("exp", json!("soon")), TokenError::Malformed),
            (with("nbf", json!("soon")), TokenError::Malformed),
            (
                hs256(&good, "another project's secret"),
                TokenError::Signature,
            ),
            (
                hs256(&json!({"role": "authenticated"}), SECRET),
                TokenError::Malformed,
            ),
            (unsigned, TokenError::Malformed),
            ("abc".into(), TokenError::Malformed),
            ("a.b\r\nx: y.c".into(), TokenError::Malformed),
            (String::new(), TokenError::Malformed),
        ] {
            assert_eq!(
                verifier.verify(&token).await.unwrap_err(),
                expected,
                "{token}"
            );
        }
    }

    #[tokio::test]
    async fn times_may_have_decimals_and_clocks_may_differ_as_for_postgrest() {
        let verifier = with_secret();
        for (name, value) in [
            ("exp", json!(now() as f64 + 60.25)),
            ("exp", json!(now() - 20)),
            ("nbf", json!(now() + 20)),
            ("iat", json!(now() as f64 + 20.5)),
            ("nbf", Value::Null),
        ] {
            let mut claims = claims(now() + 60);
            claims[name] = value;
            verifier.verify(&hs256(&claims, SECRET)).await.unwrap();
        }
        let held = |exp: f64, at: f64| {
            let mut claims = claims(0);
            claims["exp"] = json!(exp);
            token(&claims).claims().hold_at(at).is_ok()
        };
        assert!(held(1000.0, 1030.9) && !held(1000.0, 1031.0));
        assert!(held(1000.5, 1030.0) && !held(1000.5, 1031.0));
    }

    #[test]
    fn a_token_leaves_time_to_finish_what_is_done_under_it() {
        for (left, least, most) in [
            (3600, 3593, 3595),
            (4, 1, 2),
            // A second may begin meanwhile.
            (-10, 13, 15),
            (-100, 0, 0),
            (i64::MAX / 2, YEAR.as_secs(), YEAR.as_secs()),
        ] {
            let token = token(&claims(now().saturating_add(left)));
            let time = token.time_to_work().as_secs_f64();
            assert!(
                (least as f64..=most as f64).contains(&time),
                "{left}: {time}"
            );
            assert_eq!(token.is_over(), left <= 0);
        }
    }

    /// In the servers' own words, as they were recorded or stand in their sources.
    #[test]
    fn every_way_to_refuse_a_token_is_told_from_a_refusal_of_what_was_asked() {
        use TokenError as E;
        let refused = |message: &str| E::Refused(message.to_owned());
        for (code, message, expected) in [
            ("PGRST303", "JWT expired", E::Expired),
            ("PGRST301", "JWT expired", E::Expired),
            ("PGRST303", "JWT not yet valid", E::NotYetValid),
            ("PGRST303", "JWT issued at future", E::NotYetValid),
            (
                "PGRST303",
                "JWT not in audience",
                refused("JWT not in audience"),
            ),
            (
                "PGRST301",
                "No suitable key or wrong key type",
                E::Signature,
            ),
            ("PGRST301", "Expected 3 parts in JWT; got 1", E::Malformed),
            (
                "PGRST302",
                "Anonymous access is disabled",
                refused("Anonymous access is disabled"),
            ),
            (
                "AccessDenied",
                "\"exp\" claim timestamp check failed",
                E::Expired,
            ),
            (
                "AccessDenied",
                "\"nbf\" claim timestamp check failed",
                E::NotYetValid,
            ),
            (
                "AccessDenied",
                "signature verification failed",
                E::Signature,
            ),
            ("AccessDenied", "Invalid Compact JWS", E::Malformed),
            (
                "AccessDenied",
                "JWS Protected Header is invalid",
                E::Malformed,
            ),
            ("InvalidJWT", "jwt expired", E::Expired),
            ("jwt expired", "jwt expired", E::Expired),
            ("Unauthorized", "jwt malformed", E::Malformed),
            (
                "ExpiredToken",
                "The provided token has expired.",
                E::Expired,
            ),
            (
                "InvalidToken",
                "The provided token is malformed or otherwise invalid.",
                refused("The provided token is malformed or otherwise invalid."),
            ),
            (
                "session_not_found",
                "Session from session_id claim in JWT does not exist",
                E::Ended,
            ),
            (
                "user_not_found",
                "User from sub claim in JWT does not exist",
                E::Ended,
            ),
            (
                "bad_jwt",
                "invalid JWT: unable to parse or verify signature, token is expired",
                E::Expired,
            ),
        ] {
            assert_eq!(
                refused_token(code, message),
                Some(expected),
                "{code}: {message}"
            );
        }
        for (code, message) in [
            ("AccessDenied", "new row violates row-level security policy"),
            ("AccessDenied", "Invalid Access Key"),
            ("AccessDenied", "Access denied"),
            (
                "SignatureDoesNotMatch",
                "The session token should be a valid JWT token",
            ),
            ("InvalidSignature", "Invalid signature"),
            ("42501", "permission denied for table cases"),
            ("P0001", "this token has expired"),
            ("", "Invalid API key"),
        ] {
            assert_eq!(refused_token(code, message), None, "{code}: {message}");
        }
    }

    #[tokio::test]
    async fn published_keys_are_read_once_and_unknown_ids_do_not_flood_auth() {
        let (server, verifier) = publishing("k1").await;
        let good = claims(now() + 60);
        verifier.verify(&es256(&good, "k1")).await.unwrap();
        verifier.verify(&es256(&good, "k1")).await.unwrap();
        for _ in 0..5 {
            let stranger = verifier.verify(&es256(&good, "k2")).await.unwrap_err();
            assert_eq!(stranger, TokenError::UnknownKey);
        }
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_while_keys_are_read_leaves_them_to_the_others() {
        let (server, verifier) = publishing_after(Duration::from_secs(1), "k1").await;
        let token = es256(&claims(now() + 60), "k1");
        let asked = async {
            while server.received_requests().await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            () = asked => {}
            verified = verifier.verify(&token) => panic!("it didn't wait: {verified:?}"),
        }
        verifier.verify(&token).await.unwrap();
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }

    #[test]
    fn keys_that_could_not_be_read_again_are_used_and_soon_asked_for_once_more() {
        let mut cache = KeyCache::default();
        let read = Instant::now();
        cache.note(Ok(keys("k1")), read);
        assert!(!cache.is_due("k1", read + KEYS_LIVE - REFETCH_AFTER));

        let failed = read + KEYS_LIVE;
        assert!(cache.is_due("k1", failed));
        cache.note(Err(TokenError::KeysUnavailable("away".into())), failed);
        assert!(cache.key("k1").is_ok());
        assert!(!cache.is_due("k1", failed));
        assert!(cache.is_due("k1", failed + REFETCH_AFTER));
    }

    #[tokio::test]
    async fn a_public_key_is_never_taken_for_a_secret() {
        let (_server, verifier) = publishing("k1").await;
        let token = hs256(&claims(now() + 60), EC_KEY);
        let refused = verifier.verify(&token).await.unwrap_err();
        assert_eq!(refused, TokenError::UnknownKey);
    }

    #[tokio::test]
    async fn keys_that_cannot_be_read_are_not_the_callers_fault() {
        let verifier = with_secret();
        let token = es256(&claims(now() + 60), "k1");
        let refused = verifier.verify(&token).await.unwrap_err();
        assert!(
            matches!(refused, TokenError::KeysUnavailable(_)),
            "{refused:?}"
        );
    }
}
