//! Is the service alive, and does it have what it needs.

use std::fmt::Display;

use axum::{Json, extract, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;

/// The answer of `/healthz`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Live {
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = OK, body = Live)))]
pub(crate) async fn live() -> Json<Live> {
    Json(Live { status: "ok" })
}

/// The answer of `/readyz`: each part is `ok` or `unavailable`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    status: &'static str,
    postgrest: &'static str,
    storage: &'static str,
    database: &'static str,
}

/// Supabase and the database answer.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = OK, body = Ready), (status = SERVICE_UNAVAILABLE, body = Ready)))]
pub(crate) async fn ready(state: extract::State<State>) -> (StatusCode, Json<Ready>) {
    let (postgrest, storage, database) = tokio::join!(
        state.db.is_reachable(),
        state.store.is_reachable(),
        state.ledger.is_reachable(),
    );
    let all = postgrest.is_ok() && storage.is_ok() && database.is_ok();
    let ready = Ready {
        status: if all { "ready" } else { "not ready" },
        postgrest: part("PostgREST", postgrest),
        storage: part("Storage", storage),
        database: part("the database", database),
    };
    let status = if all {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(ready))
}

/// Why is for the log; an open endpoint does not tell.
fn part<E: Display>(name: &str, result: Result<(), E>) -> &'static str {
    match result {
        Ok(()) => "ok",
        Err(error) => {
            tracing::warn!(%error, "{name} is unavailable");
            "unavailable"
        }
    }
}
