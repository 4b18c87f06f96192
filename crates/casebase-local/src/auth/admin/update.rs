//! `PUT /admin/users/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use chrono::Utc;
use tokio_postgres::types::Json as Jsonb;
use tokio_postgres::{Error, Transaction};

use super::super::caller::Administrator;
use super::super::error::AuthError;
use super::super::request::Params;
use super::super::users::{Changes, Identity, Metadata, User, merge};
use super::super::{Auth, commit, password, session};
use super::ban::banned_until;
use super::{UserParams, find};

pub(in super::super) async fn update(
    _: Administrator,
    State(auth): State<Arc<Auth>>,
    Path(id): Path<String>,
    Params(params): Params<UserParams>,
) -> Result<Json<User>, AuthError> {
    let failed = || AuthError::database("Error updating user");
    let params = params.checked()?;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let user = find(&tx, &id).await?;
    let mut changes = contact_changes(&params);
    if let Some(password) = &params.password {
        password::check(password)?;
        changes.set(
            "encrypted_password",
            password::hash(password.clone()).await?,
        );
        session::end_all(&tx, user.id).await.map_err(failed())?;
    }
    if let Some(role) = &params.role {
        changes.set("role", role.trim().to_owned());
    }
    if let Some(duration) = &params.ban_duration {
        changes.set("banned_until", banned_until(duration)?);
    }
    if let Some(metadata) = user_metadata(&user, &params) {
        changes.set("raw_user_meta_data", Jsonb(metadata));
    }
    if let Some(updates) = params.app_metadata.clone() {
        let mut metadata = user.app_metadata.clone();
        merge(&mut metadata, updates);
        changes.set("raw_app_meta_data", Jsonb(metadata));
    }
    move_identities(&tx, &user, &params)
        .await
        .map_err(failed())?;
    let user = changes.apply(&tx, user.id).await.map_err(failed())?;
    commit(tx).await?;
    Ok(Json(user))
}

fn contact_changes(params: &UserParams) -> Changes {
    let mut changes = Changes::default();
    if let Some(email) = params.email.clone() {
        changes.set("email", email);
    }
    if let Some(phone) = params.phone.clone() {
        changes.set("phone", phone);
    }
    if params.email_confirm {
        changes.set("email_confirmed_at", Utc::now());
    }
    if params.phone_confirm {
        changes.set("phone_confirmed_at", Utc::now());
    }
    changes
}

fn user_metadata(user: &User, params: &UserParams) -> Option<Metadata> {
    if !params.email_confirm && params.user_metadata.is_none() {
        return None;
    }
    let mut metadata = user.user_metadata.clone();
    if params.email_confirm {
        metadata.insert("email_verified".into(), true.into());
    }
    merge(
        &mut metadata,
        params.user_metadata.clone().unwrap_or_default(),
    );
    Some(metadata)
}

/// A user's identities follow the user's address and number.
async fn move_identities(
    tx: &Transaction<'_>,
    user: &User,
    params: &UserParams,
) -> Result<(), Error> {
    let contacts = [
        ("email", &params.email, params.email_confirm),
        ("phone", &params.phone, params.phone_confirm),
    ];
    for (provider, contact, verified) in contacts {
        let Some(contact) = contact else { continue };
        match user.identity(provider) {
            Some(_) => Identity::set_contact(tx, user.id, provider, contact, verified).await?,
            None => {
                Identity::insert(tx, user.id, provider, contact, verified, &Metadata::new()).await?
            }
        }
    }
    Ok(())
}
