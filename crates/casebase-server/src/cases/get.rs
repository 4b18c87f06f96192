//! `GET /v1/cases/{case_id}`

use axum::extract;
use casebase_supabase::rows::Case;

use super::{case_number, found, version::Tagged};
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    path::{CaseInPath, Segment},
};

/// One case, or the one that it was merged into.
#[utoipa::path(get, path = "/v1/cases/{case_id}", tag = "cases", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path)),
    responses(
        (status = OK, body = Case, headers(("ETag" = String))), (status = NOT_FOUND, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn get(
    state: extract::State<State>,
    Segment(case): Segment,
    Caller(user): Caller,
) -> Result<Tagged, ApiError> {
    let case = case_number(&case)?;
    found(&state, &user, case).await
}
