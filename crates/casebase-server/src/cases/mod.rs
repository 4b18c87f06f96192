//! `/v1/cases`: case work over PostgREST with the caller's token, in the words of the tables and `rpc`. `/api/cases` is the
//! same.
//!
//! Rows are passed on as they come. A value that Rust can't hold, a number beyond `f64` or a date
//! beyond its calendar, is the reader's affair and takes no page away from anybody.

mod changes;
pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod interactions;
pub(crate) mod list;
mod paging;
pub(crate) mod reply;
pub(crate) mod search;
pub(crate) mod timeline;
pub(crate) mod update;
pub(crate) mod update_many;
pub(crate) mod version;

use axum::{Router, routing::get};
use casebase_supabase::{jwt::UserToken, rows::CaseNumber};
use serde_json::{json, value::RawValue};

use self::version::Tagged;
use crate::{State, error::ApiError};

/// Answers under both names.
pub(crate) fn under_the_old_name() -> Router<State> {
    let cases = get(list::list).post(create::create);
    let interactions = get(interactions::interactions).post(reply::reply);
    Router::new()
        .route("/api/cases", cases.patch(update_many::update_many))
        .route("/api/cases/{case_id}", get(get::get).patch(update::update))
        .route("/api/cases/{case_id}/interactions", interactions)
        .route("/api/cases/{case_id}/timeline", get(timeline::timeline))
}

/// A case's number in a path. What is no number is no case.
fn case_number(text: &str) -> Result<CaseNumber, ApiError> {
    text.parse().map_err(|_| ApiError::case_not_found(text))
}

/// What PostgREST answered, on its way to who asked.
type Unread = Box<RawValue>;
/// A row of a table.
type Row = Unread;

/// The case of this number, or the one that it was merged into.
async fn found(state: &State, user: &UserToken, case: CaseNumber) -> Result<Tagged, ApiError> {
    let row = state.db.rpc("find_case", user);
    let row = row.call(&json!({"case_id": case})).await;
    Tagged::of(row.map_err(|error| ApiError::of_number(error, case))?)
}
