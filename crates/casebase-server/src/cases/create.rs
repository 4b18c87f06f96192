//! `POST /v1/cases`

use axum::extract::{self, OriginalUri};
use casebase_supabase::{
    jwt::UserToken,
    rows::{Case, CaseKey, Priority},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{ToSchema, openapi::Object};
use uuid::Uuid;

use super::Row;
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    human_text,
    idempotency::{self, Asked, Kept, Key, Turn},
};

/// A case to be opened. A client's member gives the first three and nothing else.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCase {
    client_id: Uuid,
    #[schema(schema_with = title)]
    title: String,
    #[schema(schema_with = description)]
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department_id: Option<Uuid>,
}

pub(super) fn title() -> Object {
    human_text::line(200)
}

/// Markdown, as text.
fn description() -> Object {
    human_text::text_or_nothing(50_000)
}

/// Opens a case.
#[utoipa::path(post, path = "/v1/cases", tag = "cases", security(("bearer" = [])),
    params(idempotency::Header),
    request_body = NewCase,
    responses(
        (status = CREATED, body = Case), (status = INTERNAL_SERVER_ERROR, body = ErrorBody),
        Refusals, BodyRefusals,
    ))]
pub(crate) async fn create(
    state: extract::State<State>,
    key: Key,
    Caller(user): Caller,
    OriginalUri(here): OriginalUri,
    PlainJson(new): PlainJson<NewCase>,
) -> Result<Kept, ApiError> {
    let opening = Opening {
        state: state.0.clone(),
        user,
        cases: here.path().to_owned(),
        new,
    };
    state.to_the_end(opening.once(key)).await
}

struct Opening {
    state: State,
    user: UserToken,
    /// The path that cases are below, as it was asked.
    cases: String,
    new: NewCase,
}

impl Opening {
    async fn once(self, key: Key) -> Result<Kept, ApiError> {
        let asked = Asked::to("open a case").with(serde_json::to_vec(&self.new)?);
        match idempotency::turn(&self.state, &self.user, key, asked).await? {
            Turn::Answered(kept) => Ok(kept),
            Turn::Mine(work) => {
                let (claim, made) = (work.claim(), work.made());
                let opened = async {
                    match made {
                        Some(case) => self.opened_before(case).await,
                        None => self.open(claim).await,
                    }
                };
                work.done(opened).await
            }
        }
    }

    async fn open(&self, claim: Option<Uuid>) -> Result<Kept, ApiError> {
        let cases = self.state.db.from("cases", &self.user).claimed(claim);
        let opened = cases.insert(&self.new).await;
        let opened = opened
            .map_err(ApiError::from)
            .and_then(|row: Row| self.answer(&row));
        // Under a key it is safe to ask again, whatever was made.
        opened.map_err(|error| match claim {
            Some(_) => error,
            None => ApiError::of_change(error),
        })
    }

    /// By a request under the same key, which then had no answer.
    async fn opened_before(&self, case: i64) -> Result<Kept, ApiError> {
        let row = self.state.db.from("cases", &self.user).eq("id", case);
        let row: Option<Row> = row.one().await?;
        let row = row.ok_or_else(|| ApiError::gone("case that this request opened"))?;
        self.answer(&row)
    }

    fn answer(&self, row: &RawValue) -> Result<Kept, ApiError> {
        let key: CaseKey = serde_json::from_str(row.get())?;
        let location = format!("{}/{}", self.cases, key.case_id);
        Ok(Kept::created(location, row.get().to_owned()))
    }
}
