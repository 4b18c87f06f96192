//! `GET /bucket/{id}`

use axum::response::Response;

use super::super::{database::buckets, error::Error, request::Request, respond};

pub async fn handle(request: &Request, id: &str) -> Result<Response, Error> {
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let bucket = buckets::find(&tx, id).await?;
    tx.commit().await?;
    Ok(respond::ok(&bucket.to_json()))
}
