//! `GET` and `POST /verify`: what a link in a mail, or the code beside it, is good for.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio_postgres::Transaction;

use super::error::AuthError;
use super::one_time::{self, Purpose};
use super::redirect::{RedirectTo, with_fragment};
use super::request::{Params, filled, user_agent};
use super::session::{self, Tokens};
use super::users::{Changes, Identity, Metadata, User};
use super::{Auth, commit, contact, password, sign_up};

#[derive(Deserialize)]
pub(super) struct Verification {
    #[serde(default, rename = "type", deserialize_with = "filled")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    token: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    token_hash: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    phone: Option<String>,
}

/// What came of it.
enum Verified {
    SignedIn(Box<Tokens>),
    /// A new address counts once both addresses have answered.
    OneOfTwo,
}

const ONE_OF_TWO: &str =
    "Confirmation link accepted. Please proceed to confirm link sent to the other email";
const LINK_EXPIRED: &str = "Email link is invalid or has expired";
const CODE_EXPIRED: &str = "Token has expired or is invalid";

/// A link was followed: the browser goes on to the page, with a session or with what went wrong.
pub(super) async fn follow(
    State(auth): State<Arc<Auth>>,
    headers: HeaderMap,
    RedirectTo(target): RedirectTo,
    Query(params): Query<Verification>,
) -> Result<Redirect, AuthError> {
    let kind = params.kind()?;
    let Some(hash) = &params.token else {
        return Err(AuthError::invalid(
            "Verify requires a token or a token hash",
        ));
    };
    let verified = verify(&auth, kind, hash, LINK_EXPIRED, &headers).await;
    let location = match verified {
        Ok(Verified::SignedIn(tokens)) => tokens.in_fragment(&target, kind),
        Ok(Verified::OneOfTwo) => with_fragment(&target, &[("message", ONE_OF_TWO)]),
        Err(error) => refusal_in_fragment(&target, &error),
    };
    Ok(Redirect::to(&location))
}

fn refusal_in_fragment(target: &str, error: &AuthError) -> String {
    let (status, code, message) = error.parts();
    let name = match status {
        StatusCode::BAD_REQUEST => "invalid_request",
        StatusCode::FORBIDDEN => "access_denied",
        _ => "server_error",
    };
    let values = [
        ("error", name),
        ("error_code", code),
        ("error_description", message),
    ];
    with_fragment(target, &values)
}

/// A page asks, with the hash of a link or with the address and the code that was sent to it.
pub(super) async fn ask(
    State(auth): State<Arc<Auth>>,
    headers: HeaderMap,
    Params(params): Params<Verification>,
) -> Result<Response, AuthError> {
    let kind = params.kind()?;
    let (hash, expired) = params.hash()?;
    match verify(&auth, kind, &hash, expired, &headers).await? {
        Verified::SignedIn(tokens) => Ok(Json(tokens).into_response()),
        Verified::OneOfTwo => Ok(Json(json!({ "msg": ONE_OF_TWO, "code": "200" })).into_response()),
    }
}

impl Verification {
    fn kind(&self) -> Result<&str, AuthError> {
        self.kind
            .as_deref()
            .ok_or_else(|| AuthError::invalid("Verify requires a verification type"))
    }

    /// The hash to look for, and what to say when it is not there.
    fn hash(&self) -> Result<(String, &'static str), AuthError> {
        match (&self.token, &self.token_hash, &self.email, &self.phone) {
            (None, Some(hash), None, None) => Ok((hash.clone(), LINK_EXPIRED)),
            (None, Some(_), ..) => Err(AuthError::invalid(
                "Only the token_hash and type should be provided",
            )),
            (Some(code), None, Some(email), None) => {
                let email = contact::email(email)?;
                Ok((one_time::hash(&email, code), CODE_EXPIRED))
            }
            (Some(_), None, ..) => Err(AuthError::invalid(
                "Only an email address or phone number should be provided on verify",
            )),
            _ => Err(AuthError::invalid(
                "Verify requires either a token or a token hash",
            )),
        }
    }
}

/// What the token of a verification of this type was made for.
fn purposes(kind: &str) -> Result<&'static [Purpose], AuthError> {
    Ok(match kind {
        "signup" | "invite" => &[Purpose::Confirmation],
        "recovery" | "magiclink" => &[Purpose::Recovery],
        "email" => &[Purpose::Confirmation, Purpose::Recovery],
        "email_change" => &[Purpose::EmailChangeNew, Purpose::EmailChangeCurrent],
        _ => return Err(AuthError::invalid("Invalid email verification type")),
    })
}

async fn verify(
    auth: &Auth,
    kind: &str,
    hash: &str,
    expired: &str,
    headers: &HeaderMap,
) -> Result<Verified, AuthError> {
    let failed = || AuthError::database("Database error finding user from email link");
    let expired = || AuthError::forbidden("otp_expired", expired);
    let purposes = purposes(kind)?;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let (user, purpose) = one_time::find(&tx, hash, purposes)
        .await
        .map_err(failed())?
        .ok_or_else(expired)?;
    let user = User::find(&tx, user)
        .await
        .map_err(failed())?
        .ok_or_else(expired)?;
    if user.is_banned() {
        return Err(AuthError::forbidden("user_banned", "User is banned"));
    }
    let sent_at = match purpose {
        Purpose::Confirmation => user.confirmation_sent_at,
        Purpose::Recovery => user.recovery_sent_at,
        Purpose::EmailChangeNew | Purpose::EmailChangeCurrent => user.email_change_sent_at,
    };
    if sent_at.is_none_or(|at| Utc::now() > at + one_time::LIFETIME) {
        return Err(expired());
    }
    match purpose {
        Purpose::Confirmation => accept(&tx, &user).await?,
        Purpose::Recovery => recover(&tx, &user).await?,
        Purpose::EmailChangeNew | Purpose::EmailChangeCurrent => {
            if !change_address(auth, &tx, &user, purpose).await? {
                commit(tx).await?;
                return Ok(Verified::OneOfTwo);
            }
        }
    }
    let agent = user_agent(headers);
    let tokens = session::start(auth, &tx, user.id, "otp", agent.as_deref()).await?;
    commit(tx).await?;
    Ok(Verified::SignedIn(Box::new(tokens)))
}

/// Confirms the address. Whoever was invited has no password yet, and gets one that nobody knows.
async fn accept(tx: &Transaction<'_>, user: &User) -> Result<(), AuthError> {
    let failed = || AuthError::database("Error confirming user");
    let mut changes = Changes::default();
    changes.set(Purpose::Confirmation.column(), "");
    if user.password_hash().is_none() && user.invited_at.is_some() {
        changes.set(
            "encrypted_password",
            password::hash(password::random()).await?,
        );
    }
    changes.apply(tx, user.id).await.map_err(failed())?;
    one_time::clear_all(tx, user.id).await.map_err(failed())?;
    sign_up::confirm(tx, user).await?;
    Identity::set_contact(tx, user.id, "email", &user.email, true)
        .await
        .map_err(failed())
}

/// Who reads the mails of an address has it confirmed with that.
async fn recover(tx: &Transaction<'_>, user: &User) -> Result<(), AuthError> {
    let failed = || AuthError::database("Database error updating user");
    let mut changes = Changes::default();
    changes.set(Purpose::Recovery.column(), "");
    changes.apply(tx, user.id).await.map_err(failed())?;
    one_time::clear_all(tx, user.id).await.map_err(failed())?;
    if user.email_confirmed_at.is_none() {
        sign_up::confirm(tx, user).await?;
    }
    Ok(())
}

/// Answers whether the address has changed: where addresses are confirmed, it takes both.
async fn change_address(
    auth: &Auth,
    tx: &Transaction<'_>,
    user: &User,
    answered: Purpose,
) -> Result<bool, AuthError> {
    let failed = || AuthError::database("Error confirm email");
    let row = tx
        .query_one(
            "select coalesce(email_change_confirm_status, 0::smallint) from auth.users where id = $1 for update",
            &[&user.id],
        )
        .await
        .map_err(failed())?;
    let confirmed: i16 = row.try_get(0).map_err(failed())?;
    let mut changes = Changes::default();
    if auth.confirm_email && confirmed == 0 && !user.email.is_empty() {
        changes.set("email_change_confirm_status", 1_i16);
        changes.set(answered.column(), "");
        changes.apply(tx, user.id).await.map_err(failed())?;
        one_time::clear(tx, user.id, answered)
            .await
            .map_err(failed())?;
        return Ok(false);
    }
    let address = user.new_email.as_str();
    match user.identity("email") {
        Some(_) => Identity::set_contact(tx, user.id, "email", address, true).await,
        None => Identity::insert(tx, user.id, "email", address, true, &Metadata::new()).await,
    }
    .map_err(failed())?;
    changes.set("email", address.to_owned());
    changes.set("email_change", "");
    changes.set(Purpose::EmailChangeNew.column(), "");
    changes.set(Purpose::EmailChangeCurrent.column(), "");
    changes.set("email_change_confirm_status", 0_i16);
    let user = changes.apply(tx, user.id).await.map_err(failed())?;
    one_time::clear_all(tx, user.id).await.map_err(failed())?;
    if user.email_confirmed_at.is_none() {
        sign_up::confirm(tx, &user).await?;
    }
    Ok(true)
}
