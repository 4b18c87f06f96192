//! `PATCH /v1/cases/{case_id}`

use axum::{extract, http::HeaderMap};
use casebase_supabase::{postgrest::Refused, rows::Case};
use serde::Deserialize;

use super::{
    Row, case_number,
    changes::Changes,
    found,
    update_many::ManyChanges,
    version::{IfMatch, Tagged},
};
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    path::{CaseInPath, Segment},
};

/// Changes a case.
///
/// With `If-Match`, only while it is what the caller read; otherwise the answer is 412 with the case as it is now.
#[utoipa::path(patch, path = "/v1/cases/{case_id}", tag = "cases", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path), IfMatch),
    request_body = Changes,
    responses(
        (status = OK, body = Case, headers(("ETag" = String))), (status = NOT_FOUND, body = ErrorBody),
        (status = PRECONDITION_FAILED, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn update(
    state: extract::State<State>,
    Segment(case): Segment,
    Caller(user): Caller,
    headers: HeaderMap,
    PlainJson(mut changes): PlainJson<Changes>,
) -> Result<Tagged, ApiError> {
    let wanted = IfMatch::of(&headers)?;
    let number = case_number(&case)?;
    let read = found(&state, &user, number).await?;
    let id = read.id();
    if let Some(wanted) = wanted {
        if !wanted.matches(&read) {
            return Err(ApiError::changed_meanwhile(read));
        }
        changes.version = Some(read.version());
    }
    let outcomes = state.db.rpc("update_cases", &user);
    let outcomes = outcomes.call(&ManyChanges::of_one(id, changes)).await;
    let outcomes: Vec<Outcome> = outcomes.map_err(ApiError::of_change)?;
    let not_found = || ApiError::case_not_found(&number.to_string());
    match outcomes.into_iter().next() {
        Some(Outcome {
            error: Some(refusal),
            ..
        }) => Err(ApiError::of_case(refusal.into())),
        Some(Outcome { result, .. }) if result != "not_visible" => {
            let row: Option<Row> = state.db.from("cases", &user).eq("id", id).one().await?;
            Tagged::of(row.ok_or_else(not_found)?)
        }
        // Gone, or out of sight, since it was read.
        _ => Err(not_found()),
    }
}

/// What `rpc/update_cases` says of a case.
#[derive(Deserialize)]
struct Outcome {
    result: String,
    error: Option<Refused>,
}
