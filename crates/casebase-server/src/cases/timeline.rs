//! `GET /v1/cases/{case_id}/timeline`

use axum::{Json, extract};
use chrono::{DateTime, Utc};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Unread, case_number, found,
    paging::{OfCase, Page},
};
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
    path::{CaseInPath, Segment},
};

/// A page of a case's history.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
pub(crate) struct TimelinePage {
    entries: Vec<TimelineEntry>,
    /// For the next page, as `cursor`; null on the last.
    next_cursor: Option<String>,
}

/// Something that happened.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
struct TimelineEntry {
    created_at: DateTime<Utc>,
    /// A webhook event's type.
    #[schema(example = "case.status_changed")]
    r#type: String,
    /// Who did it, where that is known.
    actor_name: Option<String>,
    /// What the event says.
    #[schema(value_type = Object)]
    data: Value,
}

/// What happened to a case, the newest first, as its client may read it; also to its duplicates.
#[utoipa::path(get, path = "/v1/cases/{case_id}/timeline", tag = "cases", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path), Page),
    responses(
        (status = OK, body = TimelinePage), (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn timeline(
    state: extract::State<State>,
    Segment(case): Segment,
    Caller(user): Caller,
    misread::Parameters(page): misread::Parameters<Page>,
) -> Result<Json<Unread>, ApiError> {
    let case = found(&state, &user, case_number(&case)?).await?;
    let wanted = OfCase {
        case_id: case.id(),
        page,
    };
    let page = state.db.rpc("case_timeline", &user).call(&wanted).await;
    page.map(Json).map_err(ApiError::of_list)
}
