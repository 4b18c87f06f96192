//! `GET /api/cases/{case_id}`

use axum::{
    Json,
    extract::{self, Path},
};
use casebase_supabase::rows::Case;

use super::{Row, case_number, found, named};
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
) -> Result<Json<Row>, ApiError> {
    let case = case_number(&case)?;
    let row = named(&state, &user, case).one().await?;
    found(row, case).map(Json)
}
