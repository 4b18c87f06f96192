//! `POST /logout?scope=global|local|others`: ends sessions.

use std::sync::Arc;

use axum::extract::{Query, State};
use http::StatusCode;
use serde::Deserialize;

use super::caller::Caller;
use super::error::AuthError;
use super::{Auth, commit, session};

#[derive(Deserialize)]
pub(super) struct LogOut {
    #[serde(default)]
    scope: String,
}

pub(super) async fn log_out(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Query(params): Query<LogOut>,
) -> Result<StatusCode, AuthError> {
    let user = caller.user.id;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let ended = match (params.scope.as_str(), caller.session) {
        ("local", Some(session)) => session::end_one(&tx, session).await,
        ("others", Some(session)) => session::end_others(&tx, user, session).await,
        // A token without a session has nothing to end or keep but all of them.
        ("" | "global" | "local" | "others", _) => session::end_all(&tx, user).await,
        (scope, _) => {
            return Err(AuthError::invalid(format!(
                "Unsupported logout scope {scope:?}"
            )));
        }
    };
    ended.map_err(AuthError::database("Error logging out user"))?;
    commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
