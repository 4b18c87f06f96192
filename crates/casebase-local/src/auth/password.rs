//! Password hashes and what a password must be.

use rand::RngExt;
use rand::distr::Alphanumeric;

use super::error::AuthError;

/// bcrypt's cost for new hashes. Supabase uses 10; these accounts are for development and tests,
/// where an unoptimised build would spend most of a second on each sign-in.
const COST: u32 = 5;
/// As in the configuration that `supabase init` writes.
const MIN_LENGTH: usize = 6;
/// bcrypt reads no further.
const MAX_BYTES: usize = 72;

/// Whether a password may be chosen.
pub(super) fn check(password: &str) -> Result<(), AuthError> {
    if password.len() > MAX_BYTES {
        let message = format!("Password cannot be longer than {MAX_BYTES} characters");
        return Err(AuthError::invalid(message));
    }
    match weakness(password) {
        Some(message) => Err(AuthError::weak_password(message, vec!["length"])),
        None => Ok(()),
    }
}

/// The sentence about a password that is too weak by today's rules.
pub(super) fn weakness(password: &str) -> Option<String> {
    (password.len() < MIN_LENGTH)
        .then(|| format!("Password should be at least {MIN_LENGTH} characters."))
}

/// The bcrypt hash, as `auth.users.encrypted_password` holds it.
pub(super) async fn hash(password: String) -> Result<String, AuthError> {
    if password.len() > MAX_BYTES {
        return Err(AuthError::invalid(
            "bcrypt: password length exceeds 72 bytes",
        ));
    }
    tokio::task::spawn_blocking(move || bcrypt::hash(password, COST))
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| AuthError::internal("Error hashing the password"))
}

/// Whether `password` made `hash`. A hash that is not bcrypt's matches nothing.
pub(super) async fn matches(password: String, hash: String) -> bool {
    tokio::task::spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false))
        .await
        .unwrap_or(false)
}

/// A password nobody knows, for users who are created without one.
pub(super) fn random() -> String {
    let letters = rand::rng().sample_iter(Alphanumeric).take(64);
    letters.map(char::from).collect()
}

/// Whether an administrator's ready-made hash is one this stack can check.
pub(super) fn check_hash(hash: &str) -> Result<(), AuthError> {
    hash.parse::<bcrypt::HashParts>()
        .map(drop)
        .map_err(|_| AuthError::not_offered("The local stack reads bcrypt password hashes only"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_matches_its_password_and_no_other() {
        let hash = hash("correct horse".into()).await.unwrap_or_default();
        assert!(matches("correct horse".into(), hash.clone()).await);
        assert!(!matches("correct house".into(), hash).await);
        assert!(!matches("anything".into(), "not a hash".into()).await);
    }

    #[tokio::test]
    async fn a_hash_made_by_pgcrypto_matches() {
        let seeded = "$2a$04$jaVDQLuvb3oDimlWssJ0DuyAk4rTathxNU0PefI4xaAA9T83u5KIO";
        assert!(check_hash(seeded).is_ok());
        assert!(matches("seeded password".into(), seeded.into()).await);
        assert!(check_hash("$argon2id$v=19$m=16,t=2,p=1$YWFhYWFhYWE$abc").is_err());
    }

    #[test]
    fn short_and_overlong_passwords_are_refused() {
        assert!(check("12345").is_err());
        assert!(check("123456").is_ok());
        assert!(check(&"x".repeat(73)).is_err());
    }
}
