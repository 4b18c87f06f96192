//! `POST /bucket/{id}/empty`

use axum::response::Response;

use super::super::{
    database::{buckets, objects},
    error::Error,
    request::Request,
    respond,
};

/// For the project itself alone. Storage leaves the work to a queue; here it is done when the answer comes.
pub async fn handle(request: &Request, id: &str) -> Result<Response, Error> {
    if caller_sees_objects(request, id).await? {
        let mut client = request.client().await?;
        let tx = request.as_service(&mut client).await?;
        let versions = objects::delete_all(&tx, id).await?;
        tx.commit().await?;
        request.storage.files.remove(versions).await;
    }
    Ok(respond::message(
        "Empty bucket has been queued. Completion may take up to an hour.",
    ))
}

async fn caller_sees_objects(request: &Request, id: &str) -> Result<bool, Error> {
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    buckets::find(&tx, id).await?;
    let any = objects::any_in(&tx, id).await?;
    tx.commit().await?;
    Ok(any)
}
