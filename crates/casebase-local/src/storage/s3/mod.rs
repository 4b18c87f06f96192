//! S3
use super::{Storage, respond};
use axum::{extract::Request as HttpRequest, response::Response};
use std::sync::Arc;
pub async fn serve(_s: Arc<Storage>, _r: HttpRequest) -> Response {
    respond::empty(http::StatusCode::NOT_FOUND)
}
