//! Asking the policies before anything is written.
//!
//! A row is inserted (or upserted) as the caller in a transaction that is rolled back. What policies see is
//! what the caller declared; the true row is written afterwards with the project's own rights.

use serde_json::{Value, json};

use super::{
    database::objects::{self, NewObject},
    error::Error,
    request::Request,
};

/// What the caller declares of an upload.
#[derive(Debug, Clone, Default)]
pub struct Declared<'a> {
    /// The type.
    pub mimetype: Option<&'a str>,
    /// How many bytes.
    pub content_length: Option<u64>,
    /// The caller's own metadata.
    pub user_metadata: Option<&'a Value>,
}

impl Declared<'_> {
    fn metadata(&self) -> Value {
        let mut metadata = serde_json::Map::new();
        if let Some(mimetype) = self.mimetype {
            metadata.insert("mimetype".into(), json!(mimetype));
        }
        if let Some(length) = self.content_length {
            metadata.insert("contentLength".into(), json!(length));
        }
        Value::Object(metadata)
    }
}

/// The key that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// Whose it will be.
    pub owner: Option<&'a str>,
    /// Whether what is there may be overwritten.
    pub upsert: bool,
}

/// Refuses if the policies do.
pub async fn can_upload(
    request: &Request,
    target: Target<'_>,
    declared: &Declared<'_>,
) -> Result<(), Error> {
    can_write(
        request,
        target,
        &declared.metadata(),
        declared.user_metadata,
    )
    .await
}

/// [`can_upload`] with the metadata that a copy takes along.
pub async fn can_write(
    request: &Request,
    target: Target<'_>,
    metadata: &Value,
    user_metadata: Option<&Value>,
) -> Result<(), Error> {
    let object = NewObject {
        bucket_id: target.bucket,
        name: target.key,
        owner: target.owner,
        version: "1",
        metadata,
        user_metadata,
    };
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    if target.upsert {
        objects::upsert(&tx, &object).await?;
    } else {
        objects::insert(&tx, &object).await?;
    }
    tx.rollback().await?;
    Ok(())
}
