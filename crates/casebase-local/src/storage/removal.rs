//! Removing objects: rows as the policies allow, then the bytes.

use super::{
    database::objects::{self, Object},
    error::Error,
    request::Request,
};

/// Removes one object; it must exist, and the policies must allow it.
pub async fn one(request: &Request, bucket: &str, key: &str) -> Result<(), Error> {
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    let found = objects::find(&tx, bucket, key).await?;
    tx.rollback().await?;
    drop(client);
    found.ok_or_else(Error::no_such_key)?;

    let removed = many(request, bucket, std::slice::from_ref(&key.to_owned())).await?;
    if removed.is_empty() {
        return Err(Error::access_denied("Access denied"));
    }
    Ok(())
}

/// Removes those of `keys` that the policies allow, and returns them.
pub async fn many(request: &Request, bucket: &str, keys: &[String]) -> Result<Vec<Object>, Error> {
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let removed = objects::delete(&tx, bucket, keys).await?;
    tx.commit().await?;
    let versions = removed
        .iter()
        .filter_map(|object| object.version.clone())
        .collect();
    request.storage.files.remove(versions).await;
    Ok(removed)
}
