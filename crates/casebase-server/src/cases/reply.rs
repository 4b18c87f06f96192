//! `POST /v1/cases/{case_id}/interactions`

use axum::extract;
use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseId, CaseNumber, Interaction},
};
use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Object};
use uuid::Uuid;

use super::{Row, case_number, found};
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    human_text,
    idempotency::{self, Asked, Kept, Key, Turn},
    path::{CaseInPath, Segment},
};

/// What is said in a case. What is left out is taken from the case: who speaks, and to whom.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInteraction {
    #[schema(schema_with = content)]
    content: String,
    /// By default what clients say, and nothing that staff say.
    #[serde(skip_serializing_if = "Option::is_none")]
    visible_to_client: Option<bool>,
    /// Who speaks; for staff.
    #[schema(schema_with = name, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    party1_name: Option<String>,
    /// A party type's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    party1_type: Option<String>,
    /// To whom; for staff.
    #[schema(schema_with = name, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    party2_name: Option<String>,
    /// A party type's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    party2_type: Option<String>,
}

/// Markdown, as text.
fn content() -> Object {
    human_text::text(50_000)
}

fn name() -> Object {
    human_text::line(200)
}

/// Says something in a case, or records what others said.
///
/// A client's reply to a closed case is in another that points back (`follow_up_of`): the answer's `case_id` is the `id`
/// of the one it is in.
#[utoipa::path(post, path = "/v1/cases/{case_id}/interactions", tag = "cases", security(("bearer" = [])),
    params(("case_id" = inline(CaseInPath), Path), idempotency::Header),
    request_body = NewInteraction,
    responses(
        (status = CREATED, body = Interaction), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn reply(
    state: extract::State<State>,
    key: Key,
    Segment(case): Segment,
    Caller(user): Caller,
    PlainJson(new): PlainJson<NewInteraction>,
) -> Result<Kept, ApiError> {
    let reply = Reply {
        state: state.0.clone(),
        user,
        case: case_number(&case)?,
        new,
    };
    state.to_the_end(reply.once(key)).await
}

struct Reply {
    state: State,
    user: UserToken,
    case: CaseNumber,
    new: NewInteraction,
}

#[derive(Serialize)]
struct InCase<'a> {
    case_id: CaseId,
    #[serde(flatten)]
    new: &'a NewInteraction,
}

impl Reply {
    async fn once(self, key: Key) -> Result<Kept, ApiError> {
        let asked = Asked::to("say something in a case")
            .with(self.case.to_string())
            .with(serde_json::to_vec(&self.new)?);
        match idempotency::turn(&self.state, &self.user, key, asked).await? {
            Turn::Answered(kept) => Ok(kept),
            Turn::Mine(work) => {
                let (claim, made) = (work.claim(), work.made());
                let said = async {
                    match made {
                        Some(interaction) => self.said_before(interaction).await,
                        None => self.say(claim).await,
                    }
                };
                work.done(said).await
            }
        }
    }

    async fn say(&self, claim: Option<Uuid>) -> Result<Kept, ApiError> {
        let case_id = found(&self.state, &self.user, self.case).await?.id();
        let interactions = self
            .state
            .db
            .from("interactions", &self.user)
            .claimed(claim);
        let said = interactions
            .insert(&InCase {
                case_id,
                new: &self.new,
            })
            .await;
        match (said, claim) {
            (Ok(row), _) => Ok(Self::answer(&row)),
            // Under a key it is safe to ask again, whatever was made.
            (Err(error), Some(_)) => Err(error.into()),
            (Err(error), None) => Err(ApiError::of_change(error)),
        }
    }

    /// By a request under the same key, which then had no answer.
    async fn said_before(&self, interaction: i64) -> Result<Kept, ApiError> {
        let row = self
            .state
            .db
            .from("interactions", &self.user)
            .eq("id", interaction);
        let row: Option<Row> = row.one().await?;
        let row = row.ok_or_else(|| ApiError::gone("interaction that this request made"))?;
        Ok(Self::answer(&row))
    }

    fn answer(row: &Row) -> Kept {
        Kept::added(row.get().to_owned())
    }
}
