//! One-time tokens: the code that a mail shows and the hash in its link, kept as Auth keeps them.

use chrono::TimeDelta;
use rand::RngExt;
use sha2::{Digest, Sha224};
use tokio_postgres::{Error, Transaction};
use uuid::Uuid;

/// How long a token is good for, as in the configuration that `supabase init` writes.
pub(super) const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// A code has six digits.
const CODES: u32 = 1_000_000;

/// What a token proves that somebody reads the mails of an address for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Signing up, and accepting an invitation.
    Confirmation,
    /// Signing in without the password.
    Recovery,
    /// Changing the address: the new one.
    EmailChangeNew,
    /// Changing the address: the one so far.
    EmailChangeCurrent,
}

impl Purpose {
    const ALL: [Self; 4] = [
        Self::Confirmation,
        Self::Recovery,
        Self::EmailChangeNew,
        Self::EmailChangeCurrent,
    ];

    /// The column of `auth.users`, and the value of `auth.one_time_token_type`.
    pub fn column(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation_token",
            Self::Recovery => "recovery_token",
            Self::EmailChangeNew => "email_change_token_new",
            Self::EmailChangeCurrent => "email_change_token_current",
        }
    }
}

/// A token as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Six digits, to be typed.
    pub code: String,
    /// What links carry and the database keeps.
    pub hash: String,
}

/// The hash of a code that was sent to this address.
pub(super) fn hash(address: &str, code: &str) -> String {
    hex::encode(Sha224::digest(format!("{address}{code}")))
}

/// Makes a token for somebody; an older one for the same purpose is no longer good.
pub(super) async fn issue(
    tx: &Transaction<'_>,
    user: Uuid,
    purpose: Purpose,
    address: &str,
) -> Result<Token, Error> {
    let code = format!("{:06}", rand::rng().random_range(0..CODES));
    let hash = hash(address, &code);
    clear(tx, user, purpose).await?;
    tx.execute(
        "insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
         values ($1, $2, $3::text::auth.one_time_token_type, $4, lower($5))",
        &[&Uuid::new_v4(), &user, &purpose.column(), &hash, &address],
    )
    .await?;
    Ok(Token { code, hash })
}

/// Whose token that is, and which of these purposes it was made for.
pub(super) async fn find(
    tx: &Transaction<'_>,
    hash: &str,
    purposes: &[Purpose],
) -> Result<Option<(Uuid, Purpose)>, Error> {
    let types: Vec<&str> = purposes.iter().map(|purpose| purpose.column()).collect();
    let row = tx
        .query_opt(
            "select user_id, token_type::text from auth.one_time_tokens
             where token_hash = $1 and token_type::text = any ($2) limit 1",
            &[&hash, &types],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (user, found): (Uuid, &str) = (row.try_get(0)?, row.try_get(1)?);
    let purpose = Purpose::ALL.into_iter().find(|p| p.column() == found);
    Ok(purpose.map(|purpose| (user, purpose)))
}

/// Ends what was made for this purpose.
pub(super) async fn clear(tx: &Transaction<'_>, user: Uuid, purpose: Purpose) -> Result<(), Error> {
    tx.execute(
        "delete from auth.one_time_tokens
         where user_id = $1 and token_type = $2::text::auth.one_time_token_type",
        &[&user, &purpose.column()],
    )
    .await
    .map(drop)
}

/// Ends every token of somebody.
pub(super) async fn clear_all(tx: &Transaction<'_>, user: Uuid) -> Result<(), Error> {
    tx.execute(
        "delete from auth.one_time_tokens where user_id = $1",
        &[&user],
    )
    .await
    .map(drop)
}
