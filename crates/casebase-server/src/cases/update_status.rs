//! `PATCH /v1/cases/{case_id}`

use axum::{Json, extract, http::StatusCode};
use casebase_supabase::rows::{Case, CaseKey, CaseStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Row, case_number, found, named};
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    path::{CaseInPath, Segment},
};

/// A case's new status.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStatus {
    status: CaseStatus,
}

/// Sets a case's status.
#[utoipa::path(patch, path = "/v1/cases/{case_id}", tag = "cases", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path)),
    request_body = NewStatus,
    responses(
        (status = OK, body = Case), (status = NOT_FOUND, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn update_status(
    state: extract::State<State>,
    Segment(case): Segment,
    Caller(user): Caller,
    PlainJson(new): PlainJson<NewStatus>,
) -> Result<Json<Row>, ApiError> {
    let case = case_number(&case)?;
    let key = named(&state, &user, case)
        .select("id,case_id")
        .one()
        .await?;
    let case: CaseKey = found(key, case)?;
    let query = state.db.from("cases", &user).eq("id", case.id);
    let changed = query.update(&new).await;
    let mut changed: Vec<Row> = changed.map_err(ApiError::of_change)?;
    // Visible and not changed: PostgreSQL passes over rows that the caller may not update.
    changed.pop().map(Json).ok_or_else(|| {
        let message = "you may not change the status of this case";
        ApiError::new(StatusCode::FORBIDDEN, "not_allowed", message)
    })
}
