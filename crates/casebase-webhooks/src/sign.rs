//! Signing secrets, and signatures by the Standard Webhooks specification.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signer as _, SigningKey};
use standardwebhooks::{Webhook, WebhookError};

/// A signing secret, and how it signs. Never printed.
#[derive(Clone)]
enum WebhookSecret {
    /// `whsec_…`: HMAC-SHA256, the specification's scheme `v1`.
    HmacSha256(Vec<u8>),
    /// `whsk_…`: Ed25519, the specification's scheme `v1a`. Receivers verify by the public key.
    Ed25519(SigningKey),
}

/// Why nothing can be signed. It is for admins to read and never repeats the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error("the endpoint has no signing secret, and nothing is sent unsigned; rotate its secret")]
    Missing,
    /// What it begins with is no kind that is known here.
    #[error(
        "the endpoint's secret can't be used: it begins with neither whsec_ nor whsk_; rotate its secret"
    )]
    UnknownKind,
    /// Its bytes can't be read.
    #[error(
        "the endpoint's secret can't be used: what follows its kind is not base64; rotate its secret"
    )]
    NotBase64,
    /// Its bytes are no Ed25519 key.
    #[error(
        "the endpoint's secret can't be used: it is not an Ed25519 seed and its public key; rotate its secret"
    )]
    NoKey,
    /// The library refused to sign.
    #[error("the webhook can't be signed: {0}")]
    Library(String),
}

impl From<WebhookError> for SecretError {
    fn from(error: WebhookError) -> Self {
        Self::Library(error.to_string())
    }
}

impl FromStr for WebhookSecret {
    type Err = SecretError;

    /// From `whsec_<base64>` or `whsk_<base64>`, as the database writes it.
    fn from_str(text: &str) -> Result<Self, SecretError> {
        let (kind, encoded) = text.split_once('_').ok_or(SecretError::UnknownKind)?;
        let bytes = || STANDARD.decode(encoded).map_err(|_| SecretError::NotBase64);
        match kind {
            "whsec" => bytes().map(Self::HmacSha256),
            "whsk" => {
                let bytes = bytes()?.try_into().map_err(|_| SecretError::NoKey)?;
                let key = SigningKey::from_keypair_bytes(&bytes);
                key.map(Self::Ed25519).map_err(|_| SecretError::NoKey)
            }
            _ => Err(SecretError::UnknownKind),
        }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret(…)")
    }
}

impl WebhookSecret {
    /// One entry of the `webhook-signature` header, over `id.timestamp.body`.
    fn sign(
        &self,
        message_id: &str,
        sent_at: DateTime<Utc>,
        body: &str,
    ) -> Result<String, SecretError> {
        let timestamp = sent_at.timestamp();
        match self {
            Self::HmacSha256(bytes) => {
                let webhook = Webhook::from_bytes(bytes.clone())?;
                Ok(webhook.sign(message_id, timestamp, body.as_bytes())?)
            }
            Self::Ed25519(key) => {
                let signature = key.sign(format!("{message_id}.{timestamp}.{body}").as_bytes());
                Ok(format!("v1a,{}", STANDARD.encode(signature.to_bytes())))
            }
        }
    }
}

/// An endpoint's secrets, newest first, or why they can't be used: that is this endpoint's trouble, and must not keep
/// the deliveries of others that were leased with it.
#[derive(Debug, Clone)]
pub struct SigningSecrets(Result<Vec<WebhookSecret>, SecretError>);

impl From<Vec<String>> for SigningSecrets {
    fn from(secrets: Vec<String>) -> Self {
        if secrets.is_empty() {
            return Self(Err(SecretError::Missing));
        }
        Self(secrets.iter().map(|secret| secret.parse()).collect())
    }
}

impl SigningSecrets {
    /// The `webhook-signature` header: one signature a secret, separated by spaces, so that a receiver may still check
    /// with the old secret while it is being rotated.
    ///
    /// # Errors
    /// When one of the secrets can't be used, or there is none.
    pub fn sign(
        &self,
        message_id: &str,
        sent_at: DateTime<Utc>,
        body: &str,
    ) -> Result<String, SecretError> {
        let secrets = self.0.as_ref().map_err(Clone::clone)?;
        let signatures: Result<Vec<String>, SecretError> = secrets
            .iter()
            .map(|secret| secret.sign(message_id, sent_at, body))
            .collect();
        Ok(signatures?.join(" "))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};

    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const MESSAGE_ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    fn sign_with(secrets: &[&str]) -> Result<String, SecretError> {
        let secrets: Vec<String> = secrets.iter().map(|&secret| secret.into()).collect();
        let sent_at = DateTime::from_timestamp(1_649_367_553, 0).unwrap();
        SigningSecrets::from(secrets).sign(MESSAGE_ID, sent_at, BODY)
    }

    #[test]
    fn a_signature_is_the_one_of_the_specifications_vector() {
        assert_eq!(sign_with(&[SECRET]).unwrap(), SIGNATURE);
    }

    /// The first vector of RFC 8032, 7.1, as the database keeps a key.
    const KEY: &str = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";

    #[test]
    fn an_ed25519_key_signs_what_its_public_key_verifies() {
        let header = sign_with(&[KEY]).unwrap();
        let signature = STANDARD.decode(header.strip_prefix("v1a,").unwrap());
        let signature = Signature::from_slice(&signature.unwrap()).unwrap();
        let public = STANDARD.decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        let public = VerifyingKey::from_bytes(&public.unwrap().try_into().unwrap()).unwrap();
        let signed = format!("{MESSAGE_ID}.1649367553.{BODY}");
        public.verify_strict(signed.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn during_rotation_every_valid_secret_signs() {
        let header = sign_with(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SECRET]).unwrap();
        let signatures: Vec<&str> = header.split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert_ne!(signatures[0], SIGNATURE);
        assert_eq!(signatures[1], SIGNATURE);
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secrets = SigningSecrets::from(vec![SECRET.to_owned()]);
        assert_eq!(
            format!("{secrets:?}"),
            "SigningSecrets(Ok([WebhookSecret(…)]))"
        );
    }

    #[test]
    fn what_is_no_secret_of_a_known_kind_is_told_apart_and_not_repeated() {
        for (secret, reason) in [
            ("whsec_hush hush", SecretError::NotBase64),
            ("whsk_C2FVsBQIhrscChlQ", SecretError::NoKey),
            // A seed with another one's public key.
            (&format!("whsk_{}==", "A".repeat(86)), SecretError::NoKey),
            // What receivers have, and a secret without a kind.
            ("whpk_C2FVsBQIhrscChlQ", SecretError::UnknownKind),
            ("C2FVsBQIhrscChlQIMV", SecretError::UnknownKind),
            ("", SecretError::UnknownKind),
        ] {
            let error = sign_with(&[SECRET, secret]).unwrap_err();
            assert_eq!(error, reason, "{secret}");
            let encoded = secret.rsplit('_').next().unwrap();
            assert!(encoded.is_empty() || !error.to_string().contains(encoded));
        }
        assert_eq!(sign_with(&[]), Err(SecretError::Missing));
    }
}
