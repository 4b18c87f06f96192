//! Requests that are answered by mail: `/recover`, `/otp`, `/magiclink`, `/resend`, `/invite`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::Transaction;

use super::caller::Administrator;
use super::error::AuthError;
use super::letter::{Letter, Written, ask_about_new_address};
use super::redirect::RedirectTo;
use super::request::{Params, filled};
use super::sign_up::{self, Applicant};
use super::users::{Metadata, User};
use super::{Auth, commit, contact, password};

#[derive(Deserialize)]
pub(super) struct Request {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    phone: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "filled")]
    kind: Option<String>,
    #[serde(default = "yes")]
    create_user: bool,
    data: Option<Metadata>,
    #[serde(default, deserialize_with = "filled")]
    code_challenge: Option<String>,
}

fn yes() -> bool {
    true
}

/// With a code challenge the link would have to lead to a code that only the asking browser can exchange.
pub(super) fn refuse_pkce(code_challenge: Option<&str>) -> Result<(), AuthError> {
    match code_challenge {
        None => Ok(()),
        Some(_) => Err(AuthError::not_offered(
            "The local stack's mails have no PKCE links; make the client with flowType: 'implicit', or use the code in \
             the mail with verifyOtp",
        )),
    }
}

impl Request {
    fn email(&self, missing: &str) -> Result<String, AuthError> {
        refuse_pkce(self.code_challenge.as_deref())?;
        match (&self.email, &self.phone) {
            (Some(email), None) => contact::email(email),
            (None, Some(_)) => Err(AuthError::bad_request(
                "phone_provider_disabled",
                "Unsupported phone provider",
            )),
            (Some(_), Some(_)) => Err(AuthError::invalid(
                "Only an email address or phone number should be provided",
            )),
            (None, None) => Err(AuthError::invalid(missing)),
        }
    }
}

async fn known(tx: &Transaction<'_>, email: &str) -> Result<Option<User>, AuthError> {
    User::find_by_email(tx, email)
        .await
        .map_err(AuthError::database("Unable to process request"))
}

/// Whether the address is known, nobody is told.
fn done() -> Json<Value> {
    Json(json!({}))
}

/// `POST /recover`
pub(super) async fn recover(
    State(auth): State<Arc<Auth>>,
    RedirectTo(target): RedirectTo,
    Params(request): Params<Request>,
) -> Result<Json<Value>, AuthError> {
    let email = request.email("Password recovery requires an email")?;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let Some(user) = known(&tx, &email).await? else {
        return Ok(done());
    };
    let written = Letter::Recovery.write(&auth, &tx, &user, &target).await?;
    commit(tx).await?;
    auth.mailbox.deliver(written.mail);
    Ok(done())
}

/// `POST /otp` and `/magiclink`: signs in without a password, and up whoever is not known.
pub(super) async fn sign_in(
    State(auth): State<Arc<Auth>>,
    RedirectTo(target): RedirectTo,
    Params(request): Params<Request>,
) -> Result<Json<Value>, AuthError> {
    let email = request.email("One of email or phone must be set")?;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let known = known(&tx, &email).await?;
    if known.is_none() && !request.create_user {
        return Err(AuthError::unprocessable(
            "otp_disabled",
            "Signups not allowed for otp",
        ));
    }
    let is_new = known
        .as_ref()
        .is_none_or(|user| user.email_confirmed_at.is_none());
    let user = match known {
        Some(user) => user,
        None => {
            let applicant = Applicant {
                email,
                password: password::random(),
                data: request.data.unwrap_or_default(),
            };
            sign_up::register(&tx, applicant).await?
        }
    };
    let letter = match is_new {
        // The confirmation signs in, too.
        true if auth.confirm_email => Letter::Confirmation,
        true => {
            sign_up::confirm(&tx, &user).await?;
            Letter::MagicLink
        }
        false => Letter::MagicLink,
    };
    let written = letter.write(&auth, &tx, &user, &target).await?;
    commit(tx).await?;
    auth.mailbox.deliver(written.mail);
    Ok(done())
}

/// `POST /resend`: the confirmation of a sign-up or of a new address once more.
pub(super) async fn resend(
    State(auth): State<Arc<Auth>>,
    RedirectTo(target): RedirectTo,
    Params(request): Params<Request>,
) -> Result<Json<Value>, AuthError> {
    let kind = request.kind.as_deref().unwrap_or_default();
    if !["signup", "email_change"].contains(&kind) {
        return Err(AuthError::invalid(
            "Missing one of these types: signup, email_change, sms, phone_change",
        ));
    }
    let email = request.email("Type provided requires an email address")?;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let Some(user) = known(&tx, &email).await? else {
        return Ok(done());
    };
    let mails = match kind {
        "signup" if user.email_confirmed_at.is_some() => Vec::new(),
        "signup" => {
            let letter = Letter::Confirmation;
            vec![letter.write(&auth, &tx, &user, &target).await?.mail]
        }
        _ if user.new_email.is_empty() => Vec::new(),
        _ => {
            let address = user.new_email.clone();
            ask_about_new_address(&auth, &tx, &user, &address, &target)
                .await?
                .1
        }
    };
    commit(tx).await?;
    for mail in mails {
        auth.mailbox.deliver(mail);
    }
    Ok(done())
}

/// `POST /invite`
pub(super) async fn invite(
    _: Administrator,
    State(auth): State<Arc<Auth>>,
    RedirectTo(target): RedirectTo,
    Params(request): Params<Request>,
) -> Result<Json<User>, AuthError> {
    let email = request.email("An email address is required")?;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let data = request.data.unwrap_or_default();
    let Written { user, mail, .. } = invitation(&auth, &tx, email, data, &target).await?;
    commit(tx).await?;
    auth.mailbox.deliver(mail);
    Ok(Json(user))
}

/// Whoever is not confirmed yet may be invited, once more if need be.
pub(super) async fn invitation(
    auth: &Auth,
    tx: &Transaction<'_>,
    email: String,
    data: Metadata,
    target: &str,
) -> Result<Written, AuthError> {
    let user = match known(tx, &email).await? {
        Some(user) if user.email_confirmed_at.is_some() => {
            return Err(AuthError::unprocessable(
                "email_exists",
                "A user with this email address has already been registered",
            ));
        }
        Some(user) => user,
        None => sign_up::register_invited(tx, email, data).await?,
    };
    Letter::Invitation.write(auth, tx, &user, target).await
}
