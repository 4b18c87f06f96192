//! `DELETE /admin/users/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::caller::Administrator;
use super::super::error::AuthError;
use super::super::request::{OptionalParams, flag};
use super::super::{Auth, commit};
use super::find;

#[derive(Deserialize, Default)]
pub(in super::super) struct Deletion {
    #[serde(default, deserialize_with = "flag")]
    should_soft_delete: bool,
}

pub(in super::super) async fn delete(
    _: Administrator,
    State(auth): State<Arc<Auth>>,
    Path(id): Path<String>,
    OptionalParams(params): OptionalParams<Deletion>,
) -> Result<Json<Value>, AuthError> {
    if params.should_soft_delete {
        return Err(AuthError::not_offered(
            "The local stack deletes users for good; leave out should_soft_delete",
        ));
    }
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let user = find(&tx, &id).await?;
    tx.execute("delete from auth.users where id = $1", &[&user.id])
        .await
        .map_err(AuthError::database("Database error deleting user"))?;
    commit(tx).await?;
    Ok(Json(json!({})))
}
