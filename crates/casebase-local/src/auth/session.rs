//! Sessions and their tokens: a refresh token is used once, an access token is signed anew each time.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use serde::Serialize;
use serde_json::{Value, json};
use tokio_postgres::{Error, Transaction};
use uuid::Uuid;

use super::Auth;
use super::error::AuthError;
use super::redirect::with_fragment;
use super::users::{Changes, User, json_object};

/// A token used again within this time is taken for a race between two tabs, not for a theft.
const REUSE_INTERVAL: TimeDelta = TimeDelta::seconds(10);
const REFRESH_TOKEN_LENGTH: usize = 12;
const REFRESH_TOKEN_ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// What a client gets when it signs in or refreshes.
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    expires_at: i64,
    refresh_token: String,
    user: User,
}

impl Tokens {
    /// Where a browser takes them after a link of this type was followed.
    pub fn in_fragment(&self, target: &str, kind: &str) -> String {
        let (expires_at, expires_in) = (self.expires_at.to_string(), self.expires_in.to_string());
        let values = [
            ("access_token", self.access_token.as_str()),
            ("expires_at", &expires_at),
            ("expires_in", &expires_in),
            ("refresh_token", &self.refresh_token),
            ("token_type", self.token_type),
            ("type", kind),
        ];
        with_fragment(target, &values)
    }
}

/// What came of a refresh. Both are to be committed.
pub(super) enum Refreshed {
    Tokens(Box<Tokens>),
    /// The token had been used before, so the session's refresh tokens are revoked now.
    ReuseDetected,
}

/// Starts a session for a user who has just proved who they are by `method` (`password`, `otp`).
pub(super) async fn start(
    auth: &Auth,
    tx: &Transaction<'_>,
    user: Uuid,
    method: &str,
    user_agent: Option<&str>,
) -> Result<Tokens, AuthError> {
    let failed = || AuthError::database("Database error granting user");
    let session = Uuid::new_v4();
    insert_session(tx, session, user, method, user_agent)
        .await
        .map_err(failed())?;
    let refresh_token = insert_refresh_token(tx, session, user, None)
        .await
        .map_err(failed())?;
    let mut changes = Changes::default();
    changes.set("last_sign_in_at", Utc::now());
    let user = changes.apply(tx, user).await.map_err(failed())?;
    tokens(auth, tx, user, session, method, refresh_token).await
}

async fn insert_session(
    tx: &Transaction<'_>,
    session: Uuid,
    user: Uuid,
    method: &str,
    user_agent: Option<&str>,
) -> Result<(), Error> {
    tx.execute(
        "insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent)
         values ($1, $2, now(), now(), 'aal1', $3)",
        &[&session, &user, &user_agent],
    )
    .await?;
    tx.execute(
        "insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
         values ($1, $2, now(), now(), $3)",
        &[&Uuid::new_v4(), &session, &method],
    )
    .await?;
    Ok(())
}

async fn insert_refresh_token(
    tx: &Transaction<'_>,
    session: Uuid,
    user: Uuid,
    parent: Option<&str>,
) -> Result<String, Error> {
    let token = random_refresh_token();
    tx.execute(
        "insert into auth.refresh_tokens
           (instance_id, token, user_id, session_id, parent, revoked, created_at, updated_at)
         values ($1, $2, $3, $4, $5, false, clock_timestamp(), clock_timestamp())",
        &[&Uuid::nil(), &token, &user.to_string(), &session, &parent],
    )
    .await?;
    Ok(token)
}

fn random_refresh_token() -> String {
    let mut rng = rand::rng();
    (0..REFRESH_TOKEN_LENGTH)
        .map(|_| {
            char::from(REFRESH_TOKEN_ALPHABET[rng.random_range(0..REFRESH_TOKEN_ALPHABET.len())])
        })
        .collect()
}

/// The form that this stack's refresh tokens have.
pub(super) fn is_refresh_token(token: &str) -> bool {
    token.len() == REFRESH_TOKEN_LENGTH
        && token
            .bytes()
            .all(|byte| REFRESH_TOKEN_ALPHABET.contains(&byte))
}

/// Exchanges a refresh token for new tokens.
pub(super) async fn refresh(
    auth: &Auth,
    tx: &Transaction<'_>,
    token: &str,
    user_agent: Option<&str>,
) -> Result<Refreshed, AuthError> {
    let failed = || AuthError::database("Database error refreshing the session");
    let session = LockedSession::find(tx, token)
        .await
        .map_err(failed())?
        .ok_or_else(refresh_token_not_found)?;
    let user = User::find(tx, session.user)
        .await
        .map_err(failed())?
        .ok_or_else(refresh_token_not_found)?;
    if user.is_banned() {
        let message = "Invalid Refresh Token: User Banned";
        return Err(AuthError::bad_request("user_banned", message));
    }
    if session.not_after.is_some_and(|end| Utc::now() > end) {
        let message = "Invalid Refresh Token: Session Expired";
        return Err(AuthError::bad_request("session_expired", message));
    }
    let Some(next) = session.next_token(tx, token).await.map_err(failed())? else {
        session.revoke_all(tx).await.map_err(failed())?;
        return Ok(Refreshed::ReuseDetected);
    };
    session
        .mark_refreshed(tx, user_agent)
        .await
        .map_err(failed())?;
    let tokens = tokens(auth, tx, user, session.id, "token_refresh", next).await?;
    Ok(Refreshed::Tokens(Box::new(tokens)))
}

fn refresh_token_not_found() -> AuthError {
    AuthError::bad_request(
        "refresh_token_not_found",
        "Invalid Refresh Token: Refresh Token Not Found",
    )
}

/// The session of a refresh token, locked: of two refreshes at once the second sees what the first did.
struct LockedSession {
    id: Uuid,
    user: Uuid,
    not_after: Option<DateTime<Utc>>,
}

impl LockedSession {
    async fn find(tx: &Transaction<'_>, token: &str) -> Result<Option<Self>, Error> {
        let row = tx
            .query_opt(
                "select id, user_id, not_after from auth.sessions
                 where id = (select session_id from auth.refresh_tokens where token = $1)
                 for update",
                &[&token],
            )
            .await?;
        row.map(|row| {
            Ok(Self {
                id: row.try_get(0)?,
                user: row.try_get(1)?,
                not_after: row.try_get(2)?,
            })
        })
        .transpose()
    }

    /// The token to hand out for `token`; none if `token` was used before and may not be used again.
    async fn next_token(&self, tx: &Transaction<'_>, token: &str) -> Result<Option<String>, Error> {
        let row = tx
            .query_one(
                "select coalesce(revoked, false), updated_at from auth.refresh_tokens where token = $1",
                &[&token],
            )
            .await?;
        let (revoked, used_at): (bool, DateTime<Utc>) = (row.try_get(0)?, row.try_get(1)?);
        if revoked {
            // The client never stored the answer to its last refresh: it gets the same one again.
            if let Some(child) = self.active_child_of(tx, token).await? {
                return Ok(Some(child));
            }
            if Utc::now() > used_at + REUSE_INTERVAL {
                return Ok(None);
            }
        }
        tx.execute(
            "update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp() where token = $1",
            &[&token],
        )
        .await?;
        insert_refresh_token(tx, self.id, self.user, Some(token))
            .await
            .map(Some)
    }

    async fn active_child_of(
        &self,
        tx: &Transaction<'_>,
        token: &str,
    ) -> Result<Option<String>, Error> {
        let row = tx
            .query_opt(
                "select token from auth.refresh_tokens
                 where session_id = $1 and not revoked and parent = $2
                   and id = (select max(id) from auth.refresh_tokens where session_id = $1 and not revoked)",
                &[&self.id, &token],
            )
            .await?;
        row.map(|row| row.try_get(0)).transpose()
    }

    async fn revoke_all(&self, tx: &Transaction<'_>) -> Result<(), Error> {
        tx.execute(
            "update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp()
             where session_id = $1 and not revoked",
            &[&self.id],
        )
        .await?;
        Ok(())
    }

    async fn mark_refreshed(
        &self,
        tx: &Transaction<'_>,
        user_agent: Option<&str>,
    ) -> Result<(), Error> {
        tx.execute(
            "update auth.sessions
             set refreshed_at = now() at time zone 'utc', user_agent = $2, updated_at = now()
             where id = $1",
            &[&self.id, &user_agent],
        )
        .await?;
        Ok(())
    }
}

async fn tokens(
    auth: &Auth,
    tx: &Transaction<'_>,
    user: User,
    session: Uuid,
    method: &str,
    refresh_token: String,
) -> Result<Tokens, AuthError> {
    let issued_at = Utc::now().timestamp();
    let expires_at = issued_at.saturating_add_unsigned(auth.jwt_expiry);
    let mut claims = json_object(json!({
        "iss": auth.issuer,
        "sub": user.id,
        "aud": user.aud,
        "exp": expires_at,
        "iat": issued_at,
        "email": user.email,
        "phone": user.phone,
        "app_metadata": user.app_metadata,
        "user_metadata": user.user_metadata,
        "role": user.role,
        "aal": "aal1",
        "amr": authentication_methods(tx, session)
            .await
            .map_err(AuthError::database("Database error reading the session"))?,
        "session_id": session,
        "is_anonymous": user.is_anonymous,
    }));
    if let Some(hook) = &auth.access_token_hook {
        claims = hook.rewrite(tx, user.id, claims, method).await?;
    }
    let access_token = auth
        .keys
        .sign(&claims)
        .map_err(|_| AuthError::internal("error generating jwt token"))?;
    Ok(Tokens {
        access_token,
        token_type: "bearer",
        expires_in: auth.jwt_expiry,
        expires_at,
        refresh_token,
        user,
    })
}

/// How the session's user proved who they are, the latest first.
async fn authentication_methods(tx: &Transaction<'_>, session: Uuid) -> Result<Vec<Value>, Error> {
    let rows = tx
        .query(
            "select authentication_method, extract(epoch from updated_at)::bigint
             from auth.mfa_amr_claims where session_id = $1 order by updated_at desc",
            &[&session],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (method, timestamp): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
            Ok(json!({ "method": method, "timestamp": timestamp }))
        })
        .collect()
}

/// Ends all sessions of a user.
pub(super) async fn end_all(tx: &Transaction<'_>, user: Uuid) -> Result<(), Error> {
    tx.execute("delete from auth.sessions where user_id = $1", &[&user])
        .await?;
    Ok(())
}

/// Ends the sessions of a user but for one.
pub(super) async fn end_others(tx: &Transaction<'_>, user: Uuid, kept: Uuid) -> Result<(), Error> {
    tx.execute(
        "delete from auth.sessions where user_id = $1 and id <> $2",
        &[&user, &kept],
    )
    .await?;
    Ok(())
}

/// Ends one session.
pub(super) async fn end_one(tx: &Transaction<'_>, session: Uuid) -> Result<(), Error> {
    tx.execute("delete from auth.sessions where id = $1", &[&session])
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_tokens_have_one_form() {
        assert!(is_refresh_token(&random_refresh_token()));
        for other in ["", "short", "ABCDEFGHIJKL", "abcdefghijk!", "abcdefghijklm"] {
            assert!(!is_refresh_token(other), "{other}");
        }
    }
}
