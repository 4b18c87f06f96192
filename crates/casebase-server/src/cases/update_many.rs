//! `PATCH /v1/cases`

use axum::{Json, extract};
use casebase_supabase::rows::CaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Unread, changes::Changes};
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, Refusals},
};

/// The same changes for many cases: the arguments of `rpc/update_cases`.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManyChanges {
    /// Cases by `id`, up to 1000.
    #[schema(max_items = 1000)]
    ids: Vec<CaseId>,
    changes: Changes,
    /// Says what would happen, and changes nothing.
    #[serde(default)]
    dry_run: bool,
}

impl ManyChanges {
    pub(super) fn of_one(id: CaseId, changes: Changes) -> Self {
        Self {
            ids: vec![id],
            changes,
            dry_run: false,
        }
    }
}

/// What became of one of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
pub(crate) struct Outcome {
    id: CaseId,
    result: ChangeResult,
    /// Why it was refused, as PostgREST says it.
    error: Option<RefusalOfOne>,
    /// The entries of the history that the change left, for staff: `rpc/undo_changes` takes them back.
    events: Option<Vec<i64>>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "passed on unread; this documents it")]
enum ChangeResult {
    Done,
    /// It was so already.
    Unchanged,
    Refused,
    /// There is none, or the caller may not see it.
    NotVisible,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
struct RefusalOfOne {
    /// A SQLSTATE.
    code: String,
    message: String,
    details: Option<String>,
    hint: Option<String>,
}

/// Changes many cases, with an answer for each, in the order of their ids. What is refused takes nothing else along.
#[utoipa::path(patch, path = "/v1/cases", tag = "cases", security(("bearer" = [])),
    request_body = ManyChanges,
    responses((status = OK, body = Vec<Outcome>), Refusals, BodyRefusals))]
pub(crate) async fn update_many(
    state: extract::State<State>,
    Caller(user): Caller,
    PlainJson(many): PlainJson<ManyChanges>,
) -> Result<Json<Unread>, ApiError> {
    let outcomes = state.db.rpc("update_cases", &user).call(&many).await;
    outcomes.map(Json).map_err(ApiError::of_change)
}
