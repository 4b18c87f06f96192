//! `GET /v1/cases/{case_id}`

use axum::{Json, extract};
use casebase_supabase::rows::Case;

use super::{Row, case_number, found, named};
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    path::{CaseInPath, Segment},
};

/// One case.
#[utoipa::path(get, path = "/v1/cases/{case_id}", tag = "cases", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path)),
    responses(
        (status = OK, body = Case), (status = NOT_FOUND, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn get(
    state: extract::State<State>,
    Segment(case): Segment,
    Caller(user): Caller,
) -> Result<Json<Row>, ApiError> {
    let case = case_number(&case)?;
    let row = named(&state, &user, case).one().await?;
    found(row, case).map(Json)
}
