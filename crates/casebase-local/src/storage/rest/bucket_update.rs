//! `PUT /bucket/{id}`

use axum::{body::Body, response::Response};

use super::{
    super::{
        database::buckets::{self, Changes},
        error::Error,
        names,
        request::Request,
        respond,
    },
    body,
    bucket_create::{mime_types, size_limit},
};

pub async fn handle(request: &Request, id: &str, body: Body) -> Result<Response, Error> {
    let body = body::read(request, body).await?;
    body.require_one(&["public", "file_size_limit", "allowed_mime_types"])?;
    let changes = Changes {
        public: body.boolean("public")?,
        file_size_limit: size_limit(request, &body)?,
        allowed_mime_types: mime_types(&body)?,
    };
    names::check_bucket(id)?;
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    buckets::update(&tx, id, &changes).await?;
    tx.commit().await?;
    Ok(respond::message("Successfully updated"))
}
