//! The project's JWT keys: what Auth signs with and what REST and Storage verify against.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use rand::Rng;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The JWT secret that `supabase start` documents.
pub const JWT_SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";

/// Clocks may differ by this many seconds, as PostgREST allows.
const LEEWAY: u64 = 30;

/// The claims of a token, as PostgreSQL gets them in `request.jwt.claims`.
pub type Claims = Map<String, Value>;

/// Why a token was refused. Each server words its own answer from this.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// Not three base64url parts with a JSON header and payload.
    #[error("the token is malformed: {0}")]
    Malformed(String),
    /// The algorithm is not one this project's keys use (`none` included).
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// The signature was made with another key.
    #[error("the token's signature does not match")]
    Signature,
    /// `exp` lies in the past.
    #[error("the token has expired")]
    Expired,
    /// Another claim stands against it (`nbf`, `iat`, `aud`, or a claim of the wrong type).
    #[error("the token's claims are not accepted: {0}")]
    Claims(String),
}

/// What a project signs its users' tokens with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// The project's shared secret, as `supabase start` does by default.
    #[default]
    Hs256,
    /// A key pair whose public half is published as JWKS, as hosted projects do by default.
    Es256,
}

impl FromStr for SigningAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        match name.to_ascii_lowercase().as_str() {
            "hs256" => Ok(Self::Hs256),
            "es256" => Ok(Self::Es256),
            _ => Err(UnknownAlgorithm),
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hs256 => "hs256",
            Self::Es256 => "es256",
        })
    }
}

/// The name of no algorithm that tokens are signed with here.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("neither hs256 nor es256")]
pub struct UnknownAlgorithm;

/// Why a signing key was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("not a private ES256 key in JWK form: {0}")]
pub struct KeyError(&'static str);

/// Signs and verifies the tokens of one project.
///
/// Every project has an HS256 secret. A project with an ES256 key signs with that, and goes on
/// accepting what the secret signed: its API keys are such tokens.
#[derive(Clone)]
pub struct Keys {
    secret_encoding: EncodingKey,
    secret_decoding: DecodingKey,
    es256: Option<Es256>,
}

#[derive(Clone)]
struct Es256 {
    encoding: EncodingKey,
    decoding: DecodingKey,
    kid: String,
    public_jwk: Value,
}

impl Keys {
    /// Keys for HS256 over the project's JWT secret.
    pub fn hs256(secret: &str) -> Self {
        Self {
            secret_encoding: EncodingKey::from_secret(secret.as_bytes()),
            secret_decoding: DecodingKey::from_secret(secret.as_bytes()),
            es256: None,
        }
    }

    /// Keys that sign with a private ES256 JWK and also verify HS256 tokens over `secret`.
    ///
    /// The JWK is what [`generate_es256`] or `supabase gen signing-key --algorithm ES256` makes.
    pub fn es256(secret: &str, private_jwk: &Value) -> Result<Self, KeyError> {
        Ok(Self {
            es256: Some(Es256::from_jwk(private_jwk)?),
            ..Self::hs256(secret)
        })
    }

    /// Signs `claims` as they stand.
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        let (header, key) = match &self.es256 {
            Some(es256) => {
                let mut header = Header::new(Algorithm::ES256);
                header.kid = Some(es256.kid.clone());
                (header, &es256.encoding)
            }
            None => (Header::new(Algorithm::HS256), &self.secret_encoding),
        };
        jsonwebtoken::encode(&header, claims, key).map_err(|e| TokenError::Malformed(e.to_string()))
    }

    /// Checks signature and times (30 s leeway, as PostgREST) and returns the claims.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let (algorithm, key) = self.key_for(token)?;
        let mut validation = Validation::new(algorithm);
        validation.validate_aud = false;
        validation.validate_nbf = true;
        validation.required_spec_claims.clear();
        validation.leeway = LEEWAY;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
            .map_err(|e| token_error(e.kind()))?
            .claims;
        check_issued_at(&claims)?;
        Ok(claims)
    }

    /// The public keys, as `/.well-known/jwks.json` publishes them. A shared secret is not among them.
    pub fn jwks(&self) -> Value {
        let keys: Vec<&Value> = self.es256.iter().map(|key| &key.public_jwk).collect();
        json!({ "keys": keys })
    }

    /// The key follows from the header, the algorithm from the key: a public key is never taken as a secret.
    fn key_for(&self, token: &str) -> Result<(Algorithm, &DecodingKey), TokenError> {
        let header = header_of(token)?;
        let kid = header.get("kid").and_then(Value::as_str);
        match (header.get("alg").and_then(Value::as_str), &self.es256) {
            (Some("HS256"), _) => Ok((Algorithm::HS256, &self.secret_decoding)),
            (Some("ES256"), Some(es256)) if kid.is_none_or(|kid| kid == es256.kid) => {
                Ok((Algorithm::ES256, &es256.decoding))
            }
            _ => Err(TokenError::Algorithm),
        }
    }
}

impl Es256 {
    fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("kty") != Some("EC") || text("crv") != Some("P-256") {
            return Err(KeyError("kty must be EC and crv P-256"));
        }
        let scalar = text("d")
            .and_then(|d| BASE64.decode(d).ok())
            .ok_or(KeyError("d is missing or not base64url"))?;
        let secret = p256::SecretKey::from_slice(&scalar)
            .map_err(|_| KeyError("d is no scalar of P-256"))?;
        let kid = text("kid").ok_or(KeyError("kid is missing"))?.to_owned();
        let der = secret
            .to_pkcs8_der()
            .map_err(|_| KeyError("d cannot be encoded"))?;
        let (x, y) = coordinates(&secret);
        Ok(Self {
            encoding: EncodingKey::from_ec_der(der.as_bytes()),
            decoding: DecodingKey::from_ec_components(&x, &y)
                .map_err(|_| KeyError("the public key cannot be derived"))?,
            public_jwk: json!({
                "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "key_ops": ["verify"],
                "kid": kid, "x": x, "y": y,
            }),
            kid,
        })
    }
}

/// A new private ES256 key as a JWK with a random `kid`.
pub fn generate_es256() -> Value {
    let secret = loop {
        let mut scalar = [0; 32];
        rand::rng().fill_bytes(&mut scalar);
        // Only zero and the few values above the curve's order are refused.
        if let Ok(secret) = p256::SecretKey::from_slice(&scalar) {
            break secret;
        }
    };
    let (x, y) = coordinates(&secret);
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "key_ops": ["sign", "verify"],
        "kid": Uuid::new_v4(), "x": x, "y": y, "d": BASE64.encode(secret.to_bytes()),
    })
}

/// The public point's coordinates, base64url as a JWK has them.
fn coordinates(secret: &p256::SecretKey) -> (String, String) {
    let point = secret.public_key().to_encoded_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(32);
    (BASE64.encode(x), BASE64.encode(y))
}

fn header_of(token: &str) -> Result<Map<String, Value>, TokenError> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, _] = parts[..] else {
        return Err(TokenError::Malformed(format!(
            "{} parts instead of 3",
            parts.len()
        )));
    };
    let json = BASE64
        .decode(header)
        .map_err(|_| TokenError::Malformed("the header is not base64url".into()))?;
    serde_json::from_slice(&json)
        .map_err(|_| TokenError::Malformed("the header is not a JSON object".into()))
}

fn token_error(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
        ErrorKind::ImmatureSignature => TokenError::Claims("nbf".into()),
        ErrorKind::InvalidClaimFormat(claim) => TokenError::Claims(claim.clone()),
        other => TokenError::Malformed(format!("{other:?}")),
    }
}

fn check_issued_at(claims: &Claims) -> Result<(), TokenError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |elapsed| elapsed.as_secs_f64());
    match claims.get("iat").map(Value::as_f64) {
        None => Ok(()),
        Some(Some(issued)) if issued <= now + LEEWAY as f64 => Ok(()),
        Some(_) => Err(TokenError::Claims("iat".into())),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";

    fn claims(value: Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    fn far_future() -> Claims {
        claims(json!({"sub": "someone", "exp": 4_102_444_800u64}))
    }

    #[test]
    fn what_was_signed_verifies_to_the_same_claims() {
        for keys in [
            Keys::hs256(SECRET),
            Keys::es256(SECRET, &generate_es256()).unwrap(),
        ] {
            let token = keys.sign(&far_future()).unwrap();
            assert_eq!(keys.verify(&token).unwrap(), far_future());
        }
    }

    #[test]
    fn an_es256_project_still_accepts_its_hs256_api_keys_but_no_other_key_pair() {
        let project = Keys::es256(SECRET, &generate_es256()).unwrap();
        let api_key = Keys::hs256(SECRET).sign(&far_future()).unwrap();
        assert_eq!(project.verify(&api_key).unwrap(), far_future());

        let stranger = Keys::es256(SECRET, &generate_es256()).unwrap();
        let foreign = stranger.sign(&far_future()).unwrap();
        assert!(matches!(
            project.verify(&foreign),
            Err(TokenError::Algorithm)
        ));
        let mut same_kid = generate_es256();
        same_kid["kid"] = project.jwks()["keys"][0]["kid"].clone();
        let forged = Keys::es256(SECRET, &same_kid)
            .unwrap()
            .sign(&far_future())
            .unwrap();
        assert!(matches!(
            project.verify(&forged),
            Err(TokenError::Signature)
        ));
    }

    #[test]
    fn a_public_key_used_as_an_hs256_secret_forges_nothing() {
        let project = Keys::es256(SECRET, &generate_es256()).unwrap();
        let public = project.jwks()["keys"][0].to_string();
        let forged = Keys::hs256(&public).sign(&far_future()).unwrap();
        assert!(matches!(
            project.verify(&forged),
            Err(TokenError::Signature)
        ));
    }

    #[test]
    fn jwks_publishes_the_public_half_only() {
        let jwk = generate_es256();
        let published = Keys::es256(SECRET, &jwk).unwrap().jwks();
        assert_eq!(published["keys"][0]["x"], jwk["x"]);
        assert!(published["keys"][0].get("d").is_none());
        assert_eq!(Keys::hs256(SECRET).jwks(), json!({"keys": []}));
    }

    #[test]
    fn unsigned_malformed_and_mistimed_tokens_are_told_apart() {
        let keys = Keys::hs256(SECRET);
        let unsigned = format!(
            "{}.{}.",
            BASE64.encode(r#"{"alg":"none"}"#),
            BASE64.encode("{}")
        );
        assert!(matches!(keys.verify(&unsigned), Err(TokenError::Algorithm)));
        assert!(matches!(keys.verify("a.b"), Err(TokenError::Malformed(_))));
        assert!(matches!(
            keys.verify("!.b.c"),
            Err(TokenError::Malformed(_))
        ));

        let verify = |value| keys.verify(&keys.sign(&claims(value)).unwrap());
        assert!(matches!(
            verify(json!({"exp": 1})),
            Err(TokenError::Expired)
        ));
        assert!(matches!(verify(json!({"exp": "soon"})), Err(TokenError::Claims(c)) if c == "exp"));
        for early in ["nbf", "iat"] {
            let result = verify(json!({early: 4_102_444_800u64}));
            assert!(matches!(result, Err(TokenError::Claims(c)) if c == early));
        }
        let elsewhere = Keys::hs256("another secret").sign(&far_future()).unwrap();
        assert!(matches!(
            keys.verify(&elsewhere),
            Err(TokenError::Signature)
        ));
    }

    #[test]
    fn a_key_that_is_no_private_p256_jwk_is_refused() {
        let mut jwk = generate_es256();
        jwk["crv"] = json!("P-384");
        assert!(Keys::es256(SECRET, &jwk).is_err());
        let mut public = generate_es256();
        public["d"] = Value::Null;
        assert!(Keys::es256(SECRET, &public).is_err());
    }
}
