//! `DELETE /bucket/{id}`

use axum::response::Response;

use super::super::{
    database::{buckets, multipart, objects},
    error::Error,
    request::Request,
    respond,
};

pub async fn handle(request: &Request, id: &str) -> Result<Response, Error> {
    delete(request, id).await?;
    Ok(respond::message("Successfully deleted"))
}

/// Deletes an empty bucket. Whether it is empty is not a matter of what the caller may see.
pub async fn delete(request: &Request, id: &str) -> Result<(), Error> {
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    buckets::lock(&tx, id).await?;
    if objects::any_in(&tx, id).await? {
        return Err(Error::bucket_not_empty());
    }
    if multipart::any_in(&tx, id).await? {
        return Err(Error::bucket_has_uploads());
    }
    tx.rollback().await?;

    let tx = request.as_caller(&mut client).await?;
    buckets::delete(&tx, id).await?;
    tx.commit().await?;
    Ok(())
}
