//! `POST /api/cases`

use axum::{
    Json, extract,
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
};
use casebase_supabase::rows::{Case, CaseKey, Priority};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Row;
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, Refusals},
};

/// A case to be opened. A client's member gives the first three and nothing else.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCase {
    client_id: Uuid,
    /// More than white space.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$"
    )]
    title: String,
    /// Markdown, as text.
    #[schema(max_length = 50_000, pattern = r"^[^\x00]*$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department_id: Option<Uuid>,
}

/// Opens a case.
#[utoipa::path(post, path = "/api/cases", tag = "cases", security(("bearer" = [])),
    request_body = NewCase,
    responses(
        (status = CREATED, body = Case), Refusals, BodyRefusals,
    ))]
pub(crate) async fn create(
    state: extract::State<State>,
    Caller(user): Caller,
    PlainJson(new): PlainJson<NewCase>,
) -> Result<impl IntoResponse, ApiError> {
    let opened = state.db.from("cases", &user).insert(&new).await;
    let row: Row = opened.map_err(ApiError::of_change)?;
    let key: CaseKey = serde_json::from_str(row.get()).map_err(ApiError::of_change)?;
    let location = [(LOCATION, format!("/api/cases/{}", key.case_id))];
    Ok((StatusCode::CREATED, location, Json(row)))
}
