//! `POST /v1/cases`

use axum::{
    Json,
    extract::{self, OriginalUri},
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
};
use casebase_supabase::rows::{Case, CaseKey, Priority};
use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Object};
use uuid::Uuid;

use super::Row;
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, Refusals},
    human_text,
};

/// A case to be opened. A client's member gives the first three and nothing else.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCase {
    client_id: Uuid,
    #[schema(schema_with = title)]
    title: String,
    #[schema(schema_with = description)]
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department_id: Option<Uuid>,
}

fn title() -> Object {
    human_text::line(200)
}

/// Markdown, as text.
fn description() -> Object {
    human_text::text_or_nothing(50_000)
}

/// Opens a case.
#[utoipa::path(post, path = "/v1/cases", tag = "cases", security(("bearer" = [])),
    request_body = NewCase,
    responses(
        (status = CREATED, body = Case), Refusals, BodyRefusals,
    ))]
pub(crate) async fn create(
    state: extract::State<State>,
    Caller(user): Caller,
    OriginalUri(here): OriginalUri,
    PlainJson(new): PlainJson<NewCase>,
) -> Result<impl IntoResponse, ApiError> {
    let opened = state.db.from("cases", &user).insert(&new).await;
    let row: Row = opened.map_err(ApiError::of_change)?;
    let key: CaseKey = serde_json::from_str(row.get()).map_err(ApiError::of_change)?;
    let location = [(LOCATION, format!("{}/{}", here.path(), key.case_id))];
    Ok((StatusCode::CREATED, location, Json(row)))
}
