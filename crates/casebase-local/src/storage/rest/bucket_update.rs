//! `PUT /bucket/{id}`

use axum::{body::Body, response::Response};

use super::{
    super::{
        database::buckets::{self, Changes},
        error::Error,
        names, respond,
    },
    Unproven,
    bucket_create::{check_types, checked_size, mime_types, size_limit},
};

pub async fn handle(asked: Unproven, id: &str, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    body.require_one(&["public", "file_size_limit", "allowed_mime_types"])?;
    let public = body.boolean("public")?;
    let size = size_limit(&body)?;
    let types = mime_types(&body)?;
    let request = &asked.prove()?;
    names::check_bucket(id)?;
    check_types(types.as_ref().and_then(Option::as_deref))?;
    let changes = Changes {
        public,
        file_size_limit: size.map(|bytes| checked_size(request, bytes)).transpose()?,
        allowed_mime_types: types,
    };
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    buckets::update(&tx, id, &changes).await?;
    tx.commit().await?;
    Ok(respond::message("Successfully updated"))
}
