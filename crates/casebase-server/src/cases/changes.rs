//! What a change of cases may say, in the words of `rpc/update_cases`.

use casebase_supabase::rows::{CaseStatus, Priority};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::{ToSchema, openapi::Object};
use uuid::Uuid;

use crate::{human_text, moment::Moment};

/// New values for columns of a case, and tags; what is left out stays as it is.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    #[schema(schema_with = super::create::title, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    title: Option<String>,
    #[schema(schema_with = description, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    description: Option<String>,
    #[schema(value_type = CaseStatus, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    status: Option<CaseStatus>,
    /// One of `case_stages`; it brings its status.
    #[schema(value_type = Option<String>)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    stage: Option<Option<String>>,
    #[schema(value_type = Priority, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    priority: Option<Priority>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    assigned_to: Option<Option<Uuid>>,
    #[schema(value_type = Uuid, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    department_id: Option<Uuid>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    required_specialty_id: Option<Option<Uuid>>,
    #[schema(value_type = Option<DateTime<Utc>>)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    action_required_by: Option<Option<Moment>>,
    /// A party type's code.
    #[schema(value_type = Option<String>)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    action_required_of: Option<Option<String>>,
    #[schema(value_type = Object, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    metadata: Option<Box<RawValue>>,
    /// Tags to be there, too; for staff.
    #[schema(value_type = Vec<String>, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    add_tags: Option<Vec<String>>,
    /// Tags to be there no more; for staff.
    #[schema(value_type = Vec<String>, required = false)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    remove_tags: Option<Vec<String>>,
    /// That of the case that the change is made from; of `If-Match` where a request has it.
    #[schema(ignore)]
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<i32>,
}

/// Null is a value, and nothing is none.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(given: D) -> Result<Option<T>, D::Error> {
    T::deserialize(given).map(Some)
}

/// Markdown, as text.
fn description() -> Object {
    human_text::text_or_empty(50_000)
}
