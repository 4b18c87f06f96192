//! `GET /v1/webhooks/{endpoint_id}/events`

use axum::{Json, extract, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
    path::Segment,
};

const DEFAULT_MOST: u16 = 100;

/// Which events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// That of the answer before: it acknowledges the events that came with it. Without it nothing is acknowledged.
    cursor: Option<Uuid>,
    /// How many at most: 1 to 1000, by default 100. A few more come where others of their cases belong before them.
    #[param(minimum = 1, maximum = 1000)]
    most: Option<u16>,
}

/// The next events of a webhook endpoint without a URL.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Batch {
    /// For the next request.
    cursor: String,
    events: Vec<Event>,
}

/// One event.
#[derive(Serialize, Deserialize, ToSchema)]
struct Event {
    /// The same whenever this event comes again.
    webhook_id: String,
    /// The seq of the case's event before this one that this receiver got, if there was one.
    previous_seq: Option<i64>,
    /// The JSON of the event, byte for byte what would be sent to a URL.
    body: String,
}

/// Gives the next events of a webhook endpoint without a URL, in the order of each case, and acknowledges those before.
/// The caller is an admin, or holds a service key.
#[utoipa::path(get, path = "/v1/webhooks/{endpoint_id}/events", tag = "webhooks", security(("bearer" = [])),
    params(("endpoint_id" = Uuid, Path), Parameters),
    responses(
        (status = OK, body = Batch), (status = NOT_FOUND, body = ErrorBody), (status = CONFLICT, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn poll(
    state: extract::State<State>,
    Segment(endpoint): Segment,
    Caller(user): Caller,
    misread::Parameters(wanted): misread::Parameters<Parameters>,
) -> Result<Json<Batch>, ApiError> {
    let endpoint: Uuid = endpoint.parse().map_err(|_| {
        let message = format!("there is no webhook endpoint {endpoint} that you may manage");
        ApiError::new(StatusCode::NOT_FOUND, "endpoint_not_found", message)
    })?;
    let most = wanted.most.unwrap_or(DEFAULT_MOST);
    if !(1..=1000).contains(&most) {
        let message = format!("most is {most}, and a batch has 1 to 1000 events");
        return Err(ApiError::field("most", "invalid_query", message));
    }
    let arguments = json!({"endpoint_id": endpoint, "cursor": wanted.cursor, "most": most});
    let batch = state.db.rpc("poll_events", &user).call(&arguments).await?;
    Ok(Json(batch))
}
