//! `GET /api/cases/{case_id}`

use axum::{
    Json,
    extract::{self, Path},
};
use casebase_supabase::rows::Case;

use super::{case_number, find};
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody},
};

/// One case.
#[utoipa::path(get, path = "/api/cases/{case_id}", tag = "cases", security(("bearer" = [])),
    params(("case_id" = String, Path, example = "CASE-0001")),
    responses(
        (status = OK, body = Case), (status = UNAUTHORIZED, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody),
    ))]
pub(crate) async fn get(
    state: extract::State<State>,
    Path(case): Path<String>,
    Caller(user): Caller,
) -> Result<Json<Case>, ApiError> {
    Ok(Json(find(&state, &user, case_number(&case)?).await?))
}
