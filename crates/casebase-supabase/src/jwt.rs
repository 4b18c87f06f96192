//! Who is calling: the token of a Supabase user, verified before anything is done with it.
//!
//! HS256 tokens are checked against the project's secret, asymmetric ones against the keys the
//! project publishes. The header's algorithm only chooses which of the two it is; which algorithm a
//! published key takes is said by the key.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    errors::ErrorKind, jwk::JwkSet,
};
use serde::Deserialize;
use tokio::{sync::Mutex, task::JoinError};
use url::Url;
use uuid::Uuid;

use crate::SettingError;

/// Published keys are read again after this long, so that a revoked one stops working.
const KEYS_LIVE: Duration = Duration::from_secs(600);
/// A token with an unknown key id causes at most one request in this time.
const REFETCH_AFTER: Duration = Duration::from_secs(30);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// What Casebase reads of a token's claims. All of them reach PostgreSQL inside the token.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// The user's id; tokens of a project key (anon) have none.
    pub sub: Option<Uuid>,
    /// The database role: `authenticated`, `anon`, `service_role`.
    #[serde(default)]
    pub role: String,
    /// When the token ends, in unix seconds.
    pub exp: i64,
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
    /// `nbf` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
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

    /// Checks signature and lifetime. There is no leeway: PostgREST and Storage see the token a
    /// moment later and give none that could be relied on.
    pub async fn verify(&self, token: &str) -> Result<UserToken, TokenError> {
        let header = decode_header(shape(token)?).map_err(refusal)?;
        let (key, algorithm) = self.key_for(&header).await?;
        let mut validation = Validation::new(algorithm);
        validation.leeway = 0;
        validation.validate_nbf = true;
        // Supabase's audience is the role, which PostgREST reads for itself.
        validation.validate_aud = false;
        let data = decode::<Claims>(token, &key, &validation).map_err(refusal)?;
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
        let fetched = tokio::spawn(async move {
            cache.note(keys.fetch().await, Instant::now());
            cache
        });
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
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYetValid,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm
        | ErrorKind::InvalidKeyFormat => TokenError::UnknownKey,
        _ => TokenError::Malformed,
    }
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
        let mut early = good.clone();
        early["nbf"] = json!(now() + 60);
        let unsigned = {
            // {"alg":"none"}
            let payload = hs256(&good, SECRET);
            let payload = payload.split('.').nth(1).unwrap().to_owned();
            format!("eyJhbGciOiJub25lIn0.{payload}.")
        };
        for (token, expected) in [
            (hs256(&claims(now() - 1), SECRET), TokenError::Expired),
            (hs256(&early, SECRET), TokenError::NotYetValid),
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
        let (server, verifier) = publishing_after(Duration::from_millis(300), "k1").await;
        let token = es256(&claims(now() + 60), "k1");
        let gone = tokio::time::timeout(Duration::from_millis(50), verifier.verify(&token));
        gone.await.unwrap_err();
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
