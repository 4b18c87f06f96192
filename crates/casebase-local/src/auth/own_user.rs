//! `GET` and `PUT /user`: what users see and change of themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::Transaction;
use tokio_postgres::types::Json as Jsonb;

use super::by_mail::refuse_pkce;
use super::caller::Caller;
use super::error::AuthError;
use super::letter::ask_about_new_address;
use super::redirect::RedirectTo;
use super::request::{Params, filled};
use super::users::{Changes, Metadata, User, merge};
use super::{Auth, commit, contact, password, session};

#[derive(Deserialize)]
pub(super) struct UserUpdate {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    phone: Option<String>,
    password: Option<String>,
    data: Option<Metadata>,
    app_metadata: Option<Value>,
    #[serde(default, deserialize_with = "filled")]
    code_challenge: Option<String>,
}

pub(super) async fn get(caller: Caller) -> Result<Json<User>, AuthError> {
    caller.require_audience()?;
    Ok(Json(caller.user))
}

pub(super) async fn update(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    RedirectTo(target): RedirectTo,
    Params(params): Params<UserUpdate>,
) -> Result<Json<User>, AuthError> {
    let email = params.email.as_deref().map(contact::email).transpose()?;
    let phone = params.phone.as_deref().map(contact::phone).transpose()?;
    if let Some(password) = &params.password {
        password::check(password)?;
    }
    if params.app_metadata.is_some() {
        let message = "Updating app_metadata requires admin privileges";
        return Err(AuthError::forbidden("not_admin", message));
    }

    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    refuse_new_phone(&caller.user, phone)?;
    let new_email = email.filter(|email| *email != caller.user.email);
    if let Some(email) = &new_email {
        refuse_pkce(params.code_challenge.as_deref())?;
        refuse_taken(&tx, &caller.user, email).await?;
    }
    let mut changes = Changes::default();
    if let Some(password) = params.password {
        changes.set(
            "encrypted_password",
            new_hash(&caller.user, password).await?,
        );
        end_other_sessions(&tx, &caller).await?;
    }
    if let Some(data) = params.data {
        let mut metadata = caller.user.user_metadata.clone();
        merge(&mut metadata, data);
        changes.set("raw_user_meta_data", Jsonb(metadata));
    }
    let mut user = changes
        .apply(&tx, caller.user.id)
        .await
        .map_err(AuthError::database("Error updating user"))?;
    let mut mails = Vec::new();
    if let Some(email) = new_email {
        (user, mails) = ask_about_new_address(&auth, &tx, &user, &email, &target).await?;
    }
    commit(tx).await?;
    for mail in mails {
        auth.mailbox.deliver(mail);
    }
    Ok(Json(user))
}

async fn refuse_taken(tx: &Transaction<'_>, user: &User, email: &str) -> Result<(), AuthError> {
    let owner = User::find_owner_of_email(tx, email, Some(user.id))
        .await
        .map_err(AuthError::database("Database error checking email"))?;
    match owner {
        None => Ok(()),
        Some(_) => Err(AuthError::unprocessable(
            "email_exists",
            "A user with this email address has already been registered",
        )),
    }
}

/// A new number takes effect when a message to it is answered.
fn refuse_new_phone(user: &User, phone: Option<String>) -> Result<(), AuthError> {
    match phone {
        Some(phone) if phone != user.phone => Err(AuthError::not_offered(
            "The local stack sends no messages to confirm a new number; set it with PUT /admin/users/{id}",
        )),
        _ => Ok(()),
    }
}

async fn new_hash(user: &User, password: String) -> Result<String, AuthError> {
    if let Some(hash) = user.password_hash()
        && password::matches(password.clone(), hash.to_owned()).await
    {
        return Err(AuthError::unprocessable(
            "same_password",
            "New password should be different from the old password.",
        ));
    }
    password::hash(password).await
}

/// Whoever knew the old password is signed out.
async fn end_other_sessions(tx: &Transaction<'_>, caller: &Caller) -> Result<(), AuthError> {
    match caller.session {
        Some(session) => session::end_others(tx, caller.user.id, session).await,
        None => session::end_all(tx, caller.user.id).await,
    }
    .map_err(AuthError::database("Error during password storage"))
}
