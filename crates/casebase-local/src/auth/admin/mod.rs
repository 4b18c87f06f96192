//! `/admin/users` and `/admin/generate_link`: for whoever holds the service role's key.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod generate_link;
pub(super) mod list;
pub(super) mod update;

mod ban;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::caller::Administrator;
use super::error::AuthError;
use super::request::{filled, flag};
use super::users::{Metadata, User};
use super::{Auth, contact};

/// What may be said of a user when creating or changing one.
#[derive(Deserialize)]
pub(super) struct UserParams {
    #[serde(default, deserialize_with = "filled")]
    id: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    role: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    phone: Option<String>,
    password: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    password_hash: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    email_confirm: bool,
    #[serde(default, deserialize_with = "flag")]
    phone_confirm: bool,
    user_metadata: Option<Metadata>,
    app_metadata: Option<Metadata>,
    #[serde(default, deserialize_with = "filled")]
    ban_duration: Option<String>,
}

impl UserParams {
    /// With address and number as they are stored.
    fn checked(mut self) -> Result<Self, AuthError> {
        self.email = self.email.as_deref().map(contact::email).transpose()?;
        self.phone = self.phone.as_deref().map(contact::phone).transpose()?;
        Ok(self)
    }
}

/// `GET /admin/users/{id}`
pub(super) async fn get(
    _: Administrator,
    State(auth): State<Arc<Auth>>,
    Path(id): Path<String>,
) -> Result<Json<User>, AuthError> {
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    find(&tx, &id).await.map(Json)
}

async fn find(tx: &Transaction<'_>, id: &str) -> Result<User, AuthError> {
    let id: Uuid = id
        .parse()
        .map_err(|_| AuthError::not_found("validation_failed", "user_id must be an UUID"))?;
    User::find(tx, id)
        .await
        .map_err(AuthError::database("Database error loading user"))?
        .ok_or_else(|| AuthError::not_found("user_not_found", "User not found"))
}
