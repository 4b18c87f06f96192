//! A page of what happened in a case, as `rpc/list_interactions` and `rpc/case_timeline` take it.

use casebase_supabase::rows::CaseId;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::query::Within;

/// Which page.
#[derive(Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// At most this many, by default 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    page_size: Option<Within<1, 1000>>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
pub(super) struct OfCase {
    pub(super) case_id: CaseId,
    #[serde(flatten)]
    pub(super) page: Page,
}
