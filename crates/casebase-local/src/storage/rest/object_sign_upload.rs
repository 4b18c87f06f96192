//! `POST /object/upload/sign/{bucket}/{key}`

use axum::response::Response;
use http::header;
use serde_json::json;

use super::super::{
    error::Error,
    names,
    policy::{self, Declared, Target},
    request::Request,
    respond, signed_url, upload,
};

/// How long an upload URL is good: two hours.
const VALID_SECONDS: u64 = 2 * 60 * 60;

/// The policies are asked now, and not again when the URL is used.
pub async fn handle(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    names::check_bucket(bucket)?;
    let owner = request.caller.owner();
    let target = Target {
        bucket,
        key,
        owner,
        upsert: request.upsert(),
    };
    let user_metadata = request
        .header("x-metadata")
        .and_then(upload::decode_metadata);
    let declared = Declared {
        mimetype: request.header(header::CONTENT_TYPE),
        content_length: request.number("content-length"),
        user_metadata: user_metadata.as_ref(),
    };
    policy::can_upload(request, target, &declared).await?;
    let path = format!("{bucket}/{key}");
    let keys = &request.storage.config.keys;
    let token = signed_url::sign_upload(keys, &path, VALID_SECONDS, owner, target.upsert)?;
    let url = format!("/object/upload/sign/{path}?token={token}");
    Ok(respond::ok(&json!({ "url": url, "token": token })))
}
