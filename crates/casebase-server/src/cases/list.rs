//! `GET /v1/cases`

use axum::{Json, extract};
use casebase_supabase::rows::{Case, CaseStatus, Priority};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Unread;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
    moment::Moment,
    query::Within,
};

/// Which cases: those that have one of each list given, and everything else that is given. The words are those of
/// `rpc/list_cases`.
#[derive(Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// Cases that are this far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    status: Vec<CaseStatus>,
    /// Cases at this stage: one of `case_stages`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stage: Vec<String>,
    /// Cases that hurry this much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    priority: Vec<Priority>,
    /// Cases of this staff member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assigned_to: Vec<Uuid>,
    /// Cases that nobody has; or, if false, that somebody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    unassigned: Option<bool>,
    /// Cases of this department.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    department_id: Vec<Uuid>,
    /// Cases of this client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    client_id: Vec<Uuid>,
    /// Cases with all of these tags, for staff.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// Cases whose next move is late; or, if false, is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    overdue: Option<bool>,
    /// Cases opened then or later.
    #[param(value_type = Option<DateTime<Utc>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_from: Option<Moment>,
    /// Cases opened earlier.
    #[param(value_type = Option<DateTime<Utc>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_before: Option<Moment>,
    /// Cases that last changed then or later.
    #[param(value_type = Option<DateTime<Utc>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_from: Option<Moment>,
    /// Cases that last changed earlier.
    #[param(value_type = Option<DateTime<Utc>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_before: Option<Moment>,
    /// Cases with these values in `metadata`: a JSON object.
    #[param(value_type = Option<String>, example = r#"{"site": "north"}"#)]
    #[serde(
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    metadata: Option<Box<RawValue>>,
    /// Cases with these words in a text that the caller may read, as `/v1/search` finds them.
    #[param(max_length = 500)]
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<String>,
    /// By default `created_at.desc`.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    order_by: Option<Order>,
    /// At most this many, by default 25.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    page_size: Option<Within<1, 1000>>,
    /// `next_cursor` of the page before, in the same order and with the same filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// How far `total` is counted, by default 1000; 0: not at all.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 10_000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    count_up_to: Option<Within<0, 10_000>>,
    /// Whether the page has `last_activity`, by default not.
    #[serde(skip_serializing_if = "Option::is_none")]
    with_activity: Option<bool>,
}

/// In which order.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
enum Order {
    /// The newest first.
    #[serde(rename = "created_at.desc")]
    Newest,
    /// The oldest first.
    #[serde(rename = "created_at.asc")]
    Oldest,
    /// What changed last first.
    #[serde(rename = "updated_at.desc")]
    ChangedLast,
    /// What has lain longest first.
    #[serde(rename = "updated_at.asc")]
    ChangedFirst,
    /// What is urgent first, and of that the newest.
    #[serde(rename = "priority.desc")]
    Urgent,
    /// What can wait first, and of that the oldest.
    #[serde(rename = "priority.asc")]
    CanWait,
    /// What is due first first, and what has no deadline last.
    #[serde(rename = "due_at.asc")]
    DueFirst,
}

/// JSON that is an object, as it is: its numbers may be none that Rust has.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = serde_json::from_str::<Box<RawValue>>(&text).ok();
    let object = read.filter(|value| value.get().starts_with('{'));
    object.map(Some).ok_or_else(|| {
        let wanted = "a JSON object, like {\"site\": \"north\"}";
        de::Error::invalid_value(de::Unexpected::Str(&text), &wanted)
    })
}

/// A page of cases.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
pub(crate) struct CasePage {
    cases: Vec<Case>,
    /// For the next page, as `cursor`; null on the last.
    next_cursor: Option<String>,
    /// How many cases there are on all pages, counted up to `count_up_to`.
    total: Option<u32>,
    /// Whether `total` is all.
    total_is_exact: Option<bool>,
    /// When something last happened to each of the cases, also a reply or a file; null unless asked for.
    last_activity: Option<Vec<DateTime<Utc>>>,
}

/// Lists the cases that the caller sees, the newest first unless asked otherwise.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", security(("bearer" = [])),
    params(Parameters),
    responses(
        (status = OK, body = CasePage), (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn list(
    state: extract::State<State>,
    Caller(user): Caller,
    misread::Parameters(wanted): misread::Parameters<Parameters>,
) -> Result<Json<Unread>, ApiError> {
    let page = state.db.rpc("list_cases", &user).call(&wanted).await;
    page.map(Json).map_err(ApiError::of_list)
}
