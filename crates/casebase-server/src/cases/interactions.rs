//! `GET /v1/cases/{case_id}/interactions`

use axum::{Json, extract};
use casebase_supabase::rows::Interaction;
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

/// A page of interactions.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
pub(crate) struct InteractionPage {
    interactions: Vec<Interaction>,
    /// For the next page, as `cursor`; null on the last.
    next_cursor: Option<String>,
}

/// What was said in a case, the newest first, as far as the caller sees it; also in its duplicates.
#[utoipa::path(get, path = "/v1/cases/{case_id}/interactions", tag = "cases", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path), Page),
    responses(
        (status = OK, body = InteractionPage), (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn interactions(
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
    let page = state.db.rpc("list_interactions", &user).call(&wanted).await;
    page.map(Json).map_err(ApiError::of_list)
}
