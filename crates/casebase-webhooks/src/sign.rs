//! Signatures by the Standard Webhooks specification, scheme `v1`: HMAC-SHA256 over `id.timestamp.body`.

use std::fmt;

use chrono::{DateTime, Utc};
use standardwebhooks::{Webhook, WebhookError};

/// A signing secret, `whsec_<base64>`, as the database and receivers write it. Never printed.
#[derive(Clone, sqlx::Type)]
#[sqlx(transparent)]
pub struct WebhookSecret(String);

impl From<String> for WebhookSecret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret(…)")
    }
}

/// The `webhook-signature` header: one signature a secret, separated by spaces, so that a receiver may still check
/// with the old secret while it is being rotated.
///
/// # Errors
/// When what follows a secret's `whsec_` is not base64.
pub fn signature_header(
    secrets: &[WebhookSecret],
    message_id: &str,
    sent_at: DateTime<Utc>,
    body: &str,
) -> Result<String, WebhookError> {
    let signatures: Result<Vec<String>, WebhookError> = secrets
        .iter()
        .map(|secret| {
            let webhook = Webhook::new(&secret.0)?;
            webhook.sign(message_id, sent_at.timestamp(), body.as_bytes())
        })
        .collect();
    Ok(signatures?.join(" "))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const MESSAGE_ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    fn sign_with(secrets: &[&str]) -> Result<String, WebhookError> {
        let secrets: Vec<WebhookSecret> = secrets
            .iter()
            .map(|secret| WebhookSecret((*secret).to_owned()))
            .collect();
        let sent_at = DateTime::from_timestamp(1_649_367_553, 0).unwrap();
        signature_header(&secrets, MESSAGE_ID, sent_at, BODY)
    }

    #[test]
    fn a_signature_is_the_one_of_the_specifications_vector() {
        assert_eq!(sign_with(&[SECRET]).unwrap(), SIGNATURE);
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
        let printed = format!("{:?}", WebhookSecret(SECRET.to_owned()));
        assert_eq!(printed, "WebhookSecret(…)");
    }

    #[test]
    fn what_is_not_base64_is_no_secret() {
        assert!(sign_with(&[SECRET, "whsec_not base64"]).is_err());
    }
}
