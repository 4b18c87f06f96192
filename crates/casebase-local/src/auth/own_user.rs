//! `GET` and `PUT /user`: what users see and change of themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::Transaction;
use tokio_postgres::types::Json as Jsonb;

use super::caller::Caller;
use super::error::AuthError;
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
}

pub(super) async fn get(caller: Caller) -> Result<Json<User>, AuthError> {
    caller.require_audience()?;
    Ok(Json(caller.user))
}

pub(super) async fn update(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
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
    refuse_new_contact(&tx, &caller.user, email, phone).await?;
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
    let user = changes
        .apply(&tx, caller.user.id)
        .await
        .map_err(AuthError::database("Error updating user"))?;
    commit(tx).await?;
    Ok(Json(user))
}

/// A new address takes effect when a mail to it is answered; the local stack sends none.
async fn refuse_new_contact(
    tx: &Transaction<'_>,
    user: &User,
    email: Option<String>,
    phone: Option<String>,
) -> Result<(), AuthError> {
    if let Some(email) = email.filter(|email| *email != user.email) {
        let owner = User::find_owner_of_email(tx, &email, Some(user.id))
            .await
            .map_err(AuthError::database("Database error checking email"))?;
        return Err(match owner {
            Some(_) => AuthError::unprocessable(
                "email_exists",
                "A user with this email address has already been registered",
            ),
            None => AuthError::not_offered(
                "The local stack sends no mail to confirm a new address; set it with PUT /admin/users/{id}",
            ),
        });
    }
    if phone.is_some_and(|phone| phone != user.phone) {
        return Err(AuthError::not_offered(
            "The local stack sends no messages to confirm a new number; set it with PUT /admin/users/{id}",
        ));
    }
    Ok(())
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
