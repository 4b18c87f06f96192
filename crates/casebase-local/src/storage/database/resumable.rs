//! `storage.resumable_uploads`: what TUS has to remember.

use deadpool_postgres::Transaction;
use serde_json::{Map, Value};
use tokio_postgres::types::Json;

use super::super::error::Error;

/// The uploader's key-value pairs; a key without a value is null. The order is kept.
pub type Metadata = Map<String, Value>;

/// A resumable upload, under way or complete.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Which bytes it is.
    pub version: String,
    /// Its bucket.
    pub bucket_id: String,
    /// The key that it will have.
    pub object_name: String,
    /// How many bytes it will have, once that is known.
    pub length: Option<i64>,
    /// How many bytes it has.
    pub offset: i64,
    /// What the uploader said of it.
    pub metadata: Metadata,
}

impl Upload {
    /// Whether all bytes are there.
    pub fn is_complete(&self) -> bool {
        self.length == Some(self.offset)
    }

    /// A value of the metadata, if it has one.
    pub fn metadata_value(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).and_then(Value::as_str)
    }
}

/// Uploads may be resumed for a day.
const ALIVE: &str = "created_at > now() - interval '24 hours'";

/// Forgets what nobody can resume any more; returns the versions.
pub async fn forget_old(tx: &Transaction<'_>) -> Result<Vec<String>, Error> {
    let sql =
        format!("delete from storage.resumable_uploads where not ({ALIVE}) returning version");
    let statement = tx.prepare_cached(&sql).await?;
    let rows = tx.query(&statement, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Remembers a new upload.
pub async fn insert(tx: &Transaction<'_>, upload: &Upload) -> Result<(), Error> {
    // json, not jsonb, would keep the order; a list of pairs does so in both.
    let pairs: Vec<(&String, &Value)> = upload.metadata.iter().collect();
    let sql = "
        insert into storage.resumable_uploads (version, bucket_id, object_name, upload_length, upload_metadata)
        values ($1, $2, $3, $4, $5)";
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(
        &statement,
        &[
            &upload.version,
            &upload.bucket_id,
            &upload.object_name,
            &upload.length,
            &Json(pairs),
        ],
    )
    .await?;
    Ok(())
}

/// The upload, if it is known.
pub async fn find(
    tx: &Transaction<'_>,
    version: &str,
    bucket: &str,
    name: &str,
) -> Result<Option<Upload>, Error> {
    let sql = format!(
        "select upload_length, upload_offset, upload_metadata
         from storage.resumable_uploads
         where version = $1 and bucket_id = $2 and object_name = $3 and {ALIVE}"
    );
    let statement = tx.prepare_cached(&sql).await?;
    let row = tx
        .query_opt(&statement, &[&version, &bucket, &name])
        .await?;
    Ok(row.map(|row| Upload {
        version: version.to_owned(),
        bucket_id: bucket.to_owned(),
        object_name: name.to_owned(),
        length: row.get(0),
        offset: row.get(1),
        metadata: row
            .get::<_, Json<Vec<(String, Value)>>>(2)
            .0
            .into_iter()
            .collect(),
    }))
}

/// Records how far an upload has come, and its length if that was declared only now.
pub async fn advance(tx: &Transaction<'_>, upload: &Upload) -> Result<(), Error> {
    let sql = "
        update storage.resumable_uploads
        set upload_offset = $2,
            upload_length = $3
        where version = $1";
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(
        &statement,
        &[&upload.version, &upload.offset, &upload.length],
    )
    .await?;
    Ok(())
}

/// Forgets an upload.
pub async fn delete(tx: &Transaction<'_>, version: &str) -> Result<(), Error> {
    let statement = tx
        .prepare_cached("delete from storage.resumable_uploads where version = $1")
        .await?;
    tx.execute(&statement, &[&version]).await?;
    Ok(())
}
