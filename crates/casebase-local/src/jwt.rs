//! The project's JWT keys: what Auth signs with and what REST and Storage verify against.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value};

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

/// Signs and verifies the tokens of one project.
#[derive(Clone)]
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Keys {
    /// Keys for HS256 over the project's JWT secret.
    pub fn hs256(secret: &str) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
        }
    }

    /// Signs `claims` as they stand.
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .map_err(|e| TokenError::Malformed(e.to_string()))
    }

    /// Checks signature and expiry (30 s leeway, as PostgREST) and returns the claims.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        use jsonwebtoken::errors::ErrorKind;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        validation.leeway = 30;
        match jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation) {
            Ok(data) => Ok(data.claims),
            Err(e) => Err(match e.kind() {
                ErrorKind::InvalidSignature => TokenError::Signature,
                ErrorKind::ExpiredSignature => TokenError::Expired,
                ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
                    TokenError::Algorithm
                }
                ErrorKind::ImmatureSignature => TokenError::Claims("nbf".into()),
                _ => TokenError::Malformed(e.to_string()),
            }),
        }
    }
}
