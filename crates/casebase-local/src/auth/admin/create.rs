//! `POST /admin/users`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::Utc;
use serde_json::json;
use tokio_postgres::Transaction;
use tokio_postgres::types::Json as Jsonb;
use uuid::Uuid;

use super::super::caller::Administrator;
use super::super::error::AuthError;
use super::super::request::Params;
use super::super::users::{Changes, DEFAULT_ROLE, Metadata, NewUser, User, json_object, merge};
use super::super::{Auth, commit, password};
use super::UserParams;
use super::ban::banned_until;

pub(in super::super) async fn create(
    _: Administrator,
    State(auth): State<Arc<Auth>>,
    Params(params): Params<UserParams>,
) -> Result<Json<User>, AuthError> {
    let failed = || AuthError::database("Database error creating new user");
    let params = params.checked()?;
    if params.email.is_none() && params.phone.is_none() {
        return Err(AuthError::invalid(
            "Cannot create a user without either an email or phone",
        ));
    }
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    refuse_taken(&tx, params.email.as_deref(), params.phone.as_deref()).await?;
    let changes = after_creation(&params)?;
    let new = NewUser {
        id: chosen_id(params.id.as_deref())?,
        app_metadata: app_metadata(&params.email, &params.phone, params.app_metadata),
        user_metadata: params.user_metadata.unwrap_or_default(),
        role: params.role.unwrap_or_else(|| DEFAULT_ROLE.to_owned()),
        encrypted_password: chosen_hash(params.password, params.password_hash).await?,
        email: params.email,
        phone: params.phone,
    };
    let user = new.insert(&tx, &Metadata::new()).await.map_err(failed())?;
    let user = changes.apply(&tx, user.id).await.map_err(failed())?;
    commit(tx).await?;
    Ok(Json(user))
}

async fn refuse_taken(
    tx: &Transaction<'_>,
    email: Option<&str>,
    phone: Option<&str>,
) -> Result<(), AuthError> {
    if let Some(email) = email {
        let owner = User::find_owner_of_email(tx, email, None)
            .await
            .map_err(AuthError::database("Database error checking email"))?;
        if owner.is_some() {
            return Err(AuthError::unprocessable(
                "email_exists",
                "A user with this email address has already been registered",
            ));
        }
    }
    if let Some(phone) = phone {
        let owner = User::find_by_phone(tx, phone)
            .await
            .map_err(AuthError::database("Database error checking phone"))?;
        if owner.is_some() {
            return Err(AuthError::unprocessable(
                "phone_exists",
                "Phone number already registered by another user",
            ));
        }
    }
    Ok(())
}

fn chosen_id(id: Option<&str>) -> Result<Uuid, AuthError> {
    let Some(id) = id else {
        return Ok(Uuid::new_v4());
    };
    let id: Uuid = id
        .parse()
        .map_err(|_| AuthError::invalid("ID must conform to the uuid v4 format"))?;
    if id.is_nil() {
        return Err(AuthError::invalid("ID cannot be a nil uuid"));
    }
    Ok(id)
}

fn app_metadata(
    email: &Option<String>,
    phone: &Option<String>,
    given: Option<Metadata>,
) -> Metadata {
    let providers: Vec<&str> = [
        email.as_ref().map(|_| "email"),
        phone.as_ref().map(|_| "phone"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut metadata =
        json_object(json!({ "provider": providers.first(), "providers": providers }));
    merge(&mut metadata, given.unwrap_or_default());
    metadata
}

/// An administrator's passwords are not held to the minimum length.
async fn chosen_hash(password: Option<String>, hash: Option<String>) -> Result<String, AuthError> {
    match (password, hash) {
        (Some(_), Some(_)) => Err(AuthError::invalid(
            "Only a password or a password hash should be provided",
        )),
        (None, Some(hash)) => password::check_hash(&hash).map(|()| hash),
        (password, None) => {
            let password = password.filter(|password| !password.is_empty());
            password::hash(password.unwrap_or_else(password::random)).await
        }
    }
}

/// What Auth writes once the row is there: confirmation and ban.
fn after_creation(params: &UserParams) -> Result<Changes, AuthError> {
    let mut changes = Changes::default();
    if params.email_confirm {
        let mut metadata = params.user_metadata.clone().unwrap_or_default();
        metadata.insert("email_verified".into(), true.into());
        changes.set("email_confirmed_at", Utc::now());
        changes.set("raw_user_meta_data", Jsonb(metadata));
    }
    if params.phone_confirm {
        changes.set("phone_confirmed_at", Utc::now());
    }
    if let Some(duration) = &params.ban_duration {
        changes.set("banned_until", banned_until(duration)?);
    }
    Ok(changes)
}
