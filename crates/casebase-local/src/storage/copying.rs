//! Copying and moving objects.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    database::objects::{self, Destination, NewObject, Object},
    error::Error,
    files, names,
    policy::{self, Target},
    request::Request,
    respond::iso,
    upload,
};

/// An object to copy.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its bucket.
    pub bucket: &'a str,
    /// Its key.
    pub key: &'a str,
}

/// What the copy says of itself.
#[derive(Debug)]
pub enum Labels {
    /// What the source says.
    Source,
    /// Its own metadata; of the file's, what is given, and the source's where that is `kept`.
    Own {
        /// How long it may be cached.
        cache_control: Option<String>,
        /// The type.
        mimetype: Option<String>,
        /// The uploader's own metadata.
        user_metadata: Option<Value>,
        /// Whether what is not given is the source's.
        kept: bool,
    },
}

/// A copy that was made.
#[derive(Debug)]
pub struct Copied {
    /// Its row.
    pub object: Object,
    /// Written when.
    pub modified: DateTime<Utc>,
}

async fn find_source(request: &Request, source: Source<'_>) -> Result<Object, Error> {
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let found = objects::find(&tx, source.bucket, source.key).await?;
    tx.commit().await?;
    found.ok_or_else(Error::no_such_key)
}

/// Copies an object that the caller may read to a key that the caller may write.
pub async fn copy(
    request: &Request,
    source: Source<'_>,
    target: Target<'_>,
    labels: Labels,
) -> Result<Copied, Error> {
    names::check_bucket(source.bucket)?;
    names::check_key(target.key)?;
    let origin = find_source(request, source).await?;
    let (mut metadata, user_metadata) = relabel(&origin, labels);
    policy::can_write(request, target, &metadata, user_metadata.as_ref()).await?;
    names::check_segments(target.key)?;

    let version = files::new_version();
    let files = &request.storage.files;
    let modified = files.copy(origin.version.as_deref(), &version).await?;
    metadata["lastModified"] = json!(iso(modified));
    let object = NewObject {
        bucket_id: target.bucket,
        name: target.key,
        owner: target.owner,
        version: &version,
        metadata: &metadata,
        user_metadata: user_metadata.as_ref(),
    };
    match upload::write_row(request, &object).await {
        Ok((object, replaced)) => {
            files.remove(Vec::from_iter(replaced)).await;
            Ok(Copied { object, modified })
        }
        Err(e) => {
            files.remove(vec![version]).await;
            Err(e)
        }
    }
}

/// The copy's metadata and user metadata.
fn relabel(origin: &Object, labels: Labels) -> (Value, Option<Value>) {
    let mut metadata = match &origin.metadata {
        Value::Object(metadata) => metadata.clone(),
        _ => serde_json::Map::new(),
    };
    let user_metadata = match labels {
        // None at the source is none at the copy, also where there was some.
        Labels::Source => Some(origin.user_metadata.clone().unwrap_or_default()),
        Labels::Own {
            cache_control,
            mimetype,
            user_metadata,
            kept,
        } => {
            for (key, value) in [("cacheControl", cache_control), ("mimetype", mimetype)] {
                match value {
                    Some(value) => {
                        metadata.insert(key.into(), json!(value));
                    }
                    None if kept => {}
                    None => {
                        metadata.shift_remove(key);
                    }
                }
            }
            user_metadata
        }
    };
    (Value::Object(metadata), user_metadata)
}

/// Moves an object: the row gets another key and version, and keeps its id.
pub async fn move_to(
    request: &Request,
    source: Source<'_>,
    bucket: &str,
    key: &str,
) -> Result<(), Error> {
    names::check_bucket(source.bucket)?;
    names::check_key(key)?;
    let version = files::new_version();
    let owner = request.caller.owner();
    let mut destination = Destination {
        bucket_id: bucket,
        name: key,
        owner,
        version: &version,
        metadata: None,
    };
    let origin = ask_policies(request, source, &destination).await?;
    if (source.bucket, source.key) == (bucket, key) {
        return Ok(());
    }
    names::check_segments(key)?;

    let files = &request.storage.files;
    let modified = files.copy(origin.version.as_deref(), &version).await?;
    let mut metadata = origin.metadata.clone();
    metadata["lastModified"] = json!(iso(modified));
    destination.metadata = Some(&metadata);
    match relocate(request, source, &destination).await {
        Ok(()) => {
            files.remove(Vec::from_iter(origin.version)).await;
            Ok(())
        }
        Err(e) => {
            files.remove(vec![version]).await;
            Err(e)
        }
    }
}

/// The caller must see the source and may give it the new key. Returns the source.
async fn ask_policies(
    request: &Request,
    source: Source<'_>,
    destination: &Destination<'_>,
) -> Result<Object, Error> {
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let origin = objects::find(&tx, source.bucket, source.key)
        .await?
        .ok_or_else(Error::no_such_key)?;
    objects::relocate(&tx, source.bucket, source.key, destination).await?;
    tx.rollback().await?;
    Ok(origin)
}

async fn relocate(
    request: &Request,
    source: Source<'_>,
    destination: &Destination<'_>,
) -> Result<(), Error> {
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    objects::lock_key(&tx, source.bucket, destination.name).await?;
    objects::relocate(&tx, source.bucket, source.key, destination).await?;
    tx.commit().await?;
    Ok(())
}
