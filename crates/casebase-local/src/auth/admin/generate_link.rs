//! `POST /admin/generate_link`: what a mail would say, for projects that send their own.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tokio_postgres::Transaction;

use super::super::by_mail::invitation;
use super::super::caller::Administrator;
use super::super::error::AuthError;
use super::super::letter::{Letter, Written};
use super::super::redirect::{RedirectTo, is_allowed};
use super::super::request::{Params, filled};
use super::super::sign_up::{self, Applicant};
use super::super::users::{Metadata, User};
use super::super::{Auth, commit, contact, password};

#[derive(Deserialize)]
pub(in super::super) struct Wanted {
    #[serde(default, rename = "type", deserialize_with = "filled")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    password: Option<String>,
    data: Option<Metadata>,
    #[serde(default, deserialize_with = "filled")]
    redirect_to: Option<String>,
}

#[derive(Serialize)]
pub(in super::super) struct Link {
    #[serde(flatten)]
    user: User,
    action_link: String,
    email_otp: String,
    hashed_token: String,
    verification_type: &'static str,
    redirect_to: String,
}

pub(in super::super) async fn generate_link(
    _: Administrator,
    State(auth): State<Arc<Auth>>,
    RedirectTo(target): RedirectTo,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Link>, AuthError> {
    let asked = wanted.redirect_to.clone();
    let redirect_to = asked
        .filter(|asked| is_allowed(asked, &auth.site_url))
        .unwrap_or(target);
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let (letter, written) = write(&auth, &tx, wanted, &redirect_to).await?;
    commit(tx).await?;
    Ok(Json(Link {
        user: written.user,
        action_link: written.link,
        email_otp: written.token.code,
        hashed_token: written.token.hash,
        verification_type: letter.kind(),
        redirect_to,
    }))
}

async fn write(
    auth: &Auth,
    tx: &Transaction<'_>,
    wanted: Wanted,
    redirect_to: &str,
) -> Result<(Letter, Written), AuthError> {
    let email = contact::email(wanted.email.as_deref().unwrap_or_default())?;
    let data = wanted.data.unwrap_or_default();
    let known = User::find_by_email(tx, &email)
        .await
        .map_err(AuthError::database("Database error finding user"))?;
    let letter = match wanted.kind.as_deref().unwrap_or_default() {
        "signup" => Letter::Confirmation,
        "invite" => Letter::Invitation,
        "recovery" => Letter::Recovery,
        // Whoever is not known yet signs up with it.
        "magiclink" if known.is_none() => Letter::Confirmation,
        "magiclink" => Letter::MagicLink,
        "email_change_current" | "email_change_new" => {
            return Err(AuthError::not_offered(
                "The local stack makes no links for a new address; change it with PUT /user, which mails them",
            ));
        }
        other => {
            let message = format!("Invalid email action link type requested: {other}");
            return Err(AuthError::invalid(message));
        }
    };
    if letter == Letter::Invitation {
        let written = invitation(auth, tx, email, data, redirect_to).await?;
        return Ok((letter, written));
    }
    let user = match known {
        Some(user) if letter == Letter::Confirmation && user.email_confirmed_at.is_some() => {
            return Err(AuthError::unprocessable(
                "email_exists",
                "A user with this email address has already been registered",
            ));
        }
        Some(user) => user,
        None if letter == Letter::Recovery => {
            return Err(AuthError::not_found(
                "user_not_found",
                "User with this email not found",
            ));
        }
        None => {
            let chosen = wanted.password.unwrap_or_else(password::random);
            password::check(&chosen)?;
            let applicant = Applicant {
                email,
                password: chosen,
                data,
            };
            sign_up::register(tx, applicant).await?
        }
    };
    let written = letter.write(auth, tx, &user, redirect_to).await?;
    Ok((letter, written))
}
