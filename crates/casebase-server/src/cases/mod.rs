//! `/api/cases`: the four operations of a case, over PostgREST with the caller's token.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update_status;

use casebase_supabase::{
    jwt::UserToken,
    rows::{Case, CaseNumber},
};

use crate::{State, error::ApiError};

/// A case's number in a path. What is no number is no case.
fn case_number(text: &str) -> Result<CaseNumber, ApiError> {
    text.parse().map_err(|_| ApiError::case_not_found(text))
}

async fn find(state: &State, user: &UserToken, case: CaseNumber) -> Result<Case, ApiError> {
    let found = state
        .db
        .from("cases", user)
        .eq("case_id", case)
        .one()
        .await?;
    found.ok_or_else(|| ApiError::case_not_found(&case.to_string()))
}
