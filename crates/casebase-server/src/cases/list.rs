//! `GET /v1/cases`

use std::num::NonZeroU32;

use axum::{Json, extract};
use casebase_supabase::rows::{Case, CaseStatus, Priority};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Row;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
};

const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(25).unwrap();
const MAX_LIMIT: NonZeroU32 = NonZeroU32::new(200).unwrap();

/// Which cases.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// Cases that are this far.
    status: Option<CaseStatus>,
    /// Cases that hurry this much.
    priority: Option<Priority>,
    /// Cases of this client.
    client_id: Option<Uuid>,
    /// Cases of this staff member.
    assigned_to: Option<Uuid>,
    /// At most this many: 1 to 200, by default 25. More than 200 is taken for 200.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64)]
    limit: Option<NonZeroU32>,
    /// After this many.
    #[param(value_type = i64, minimum = 0, maximum = 4_294_967_295_i64)]
    #[serde(default)]
    offset: u32,
}

/// A page of cases.
#[derive(Serialize, ToSchema)]
pub(crate) struct CasePage {
    #[schema(value_type = Vec<Case>)]
    cases: Vec<Row>,
    /// How many there are on all pages.
    total: u64,
}

/// Lists the cases that the caller sees, the newest first.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", security(("bearer" = [])),
    params(Parameters),
    responses(
        (status = OK, body = CasePage), (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn list(
    state: extract::State<State>,
    Caller(user): Caller,
    misread::Parameters(wanted): misread::Parameters<Parameters>,
) -> Result<Json<CasePage>, ApiError> {
    let mut query = state.db.from("cases", &user);
    for (column, value) in [
        ("status", wanted.status.map(|status| status.to_string())),
        (
            "priority",
            wanted.priority.map(|priority| priority.to_string()),
        ),
        ("client_id", wanted.client_id.map(|id| id.to_string())),
        ("assigned_to", wanted.assigned_to.map(|id| id.to_string())),
    ] {
        if let Some(value) = value {
            query = query.eq(column, value);
        }
    }
    // The id settles what was made in the same moment, so that no page repeats a row.
    let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let page = query
        .descending(&["created_at", "id"])
        .page(wanted.offset, limit)
        .await?;
    Ok(Json(CasePage {
        cases: page.rows,
        total: page.total,
    }))
}
