//! `/v1/cases`: the four operations of a case, over PostgREST with the caller's token. `/api/cases` is the same.
//!
//! Rows are passed on as they come. A value that Rust can't hold, a number beyond `f64` or a date
//! beyond its calendar, is the reader's affair and takes no page away from anybody.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update_status;

use axum::{Router, routing};
use casebase_supabase::{jwt::UserToken, postgrest::Query, rows::CaseNumber};
use serde_json::value::RawValue;

use crate::{State, error::ApiError};

/// Answers under both names.
pub(crate) fn under_the_old_name() -> Router<State> {
    Router::new()
        .route("/api/cases", routing::get(list::list).post(create::create))
        .route(
            "/api/cases/{case_id}",
            routing::get(get::get).patch(update_status::update_status),
        )
}

/// A case's number in a path. What is no number is no case.
fn case_number(text: &str) -> Result<CaseNumber, ApiError> {
    text.parse().map_err(|_| ApiError::case_not_found(text))
}

/// A row of `cases`, unread.
type Row = Box<RawValue>;

fn named(state: &State, user: &UserToken, case: CaseNumber) -> Query {
    state.db.from("cases", user).eq("case_id", case)
}

fn found<T>(row: Option<T>, case: CaseNumber) -> Result<T, ApiError> {
    row.ok_or_else(|| ApiError::case_not_found(&case.to_string()))
}
