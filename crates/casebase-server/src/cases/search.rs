//! `GET /v1/search`

use axum::{Json, extract};
use casebase_supabase::rows::Case;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Unread;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
    query::Within,
};

/// What is looked for, in the words of `rpc/search_cases`.
#[derive(Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// Words, all of which are in one text of a case; or its number. No sign in it is an operator.
    #[param(max_length = 500)]
    search: String,
    /// At most this many, by default 25.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    page_size: Option<Within<1, 1000>>,
    /// `next_cursor` of the page before, of the same search.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// A page of what was found.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
pub(crate) struct SearchPage {
    /// The best first.
    hits: Vec<CaseHit>,
    /// For the next page, as `cursor`; null on the last.
    next_cursor: Option<String>,
    /// Whether all that was found was ranked; if not, the newest 1000 texts were.
    is_complete: bool,
}

/// A case, and the best of its texts that the caller may read. `title` and `excerpt` are text in parts, every second
/// of them, beginning with the second, a word that was looked for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
struct CaseHit {
    found_case: Case,
    #[schema(example = json!(["", "Invoice", " of November"]))]
    title: Vec<String>,
    source: Source,
    /// The key of the case, the interaction, the internal note or the file.
    source_id: i64,
    /// Some 200 characters; null where the case was found by its title or number alone.
    excerpt: Option<Vec<String>>,
    /// How well it fits; from 2 on it is the case of this number.
    rank: f32,
}

/// Where the words are.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "passed on unread; this documents it")]
enum Source {
    Case,
    Interaction,
    Note,
    File,
}

/// Finds the cases that the caller sees by what is written in them, as far as the caller may read it.
#[utoipa::path(get, path = "/v1/search", tag = "cases", security(("bearer" = [])),
    params(Parameters),
    responses(
        (status = OK, body = SearchPage), (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn search(
    state: extract::State<State>,
    Caller(user): Caller,
    misread::Parameters(wanted): misread::Parameters<Parameters>,
) -> Result<Json<Unread>, ApiError> {
    let page = state.db.rpc("search_cases", &user).call(&wanted).await;
    page.map(Json).map_err(ApiError::of_list)
}
