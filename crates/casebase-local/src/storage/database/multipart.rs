//! `storage.s3_multipart_uploads` and its parts.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use serde_json::Value;
use tokio_postgres::Row;

use super::{super::error::Error, listing::escape_like};

/// An upload in parts that is under way.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// Its bucket.
    pub bucket_id: String,
    /// The key that it will have.
    pub key: String,
    /// Which bytes it will be.
    pub version: String,
    /// What the uploader says of it.
    pub user_metadata: Option<Value>,
    /// `mimetype` and `cacheControl`.
    pub metadata: Option<Value>,
}

impl From<&Row> for Upload {
    fn from(row: &Row) -> Self {
        Self {
            id: row.get("id"),
            bucket_id: row.get("bucket_id"),
            key: row.get("key"),
            version: row.get("version"),
            user_metadata: row.get("user_metadata"),
            metadata: row.get("metadata"),
        }
    }
}

const COLUMNS: &str = "id, bucket_id, key, version, user_metadata, metadata";

/// Starts an upload.
pub async fn insert(
    tx: &Transaction<'_>,
    upload: &Upload,
    owner: Option<&str>,
) -> Result<(), Error> {
    let sql = "
        insert into storage.s3_multipart_uploads
          (id, upload_signature, bucket_id, key, version, owner_id, user_metadata, metadata)
        values ($1, '', $2, $3, $4, $5, $6, $7)";
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(
        &statement,
        &[
            &upload.id,
            &upload.bucket_id,
            &upload.key,
            &upload.version,
            &owner,
            &upload.user_metadata,
            &upload.metadata,
        ],
    )
    .await?;
    Ok(())
}

/// The upload, or [`Error::no_such_upload`].
pub async fn find(tx: &Transaction<'_>, id: &str) -> Result<Upload, Error> {
    let sql = format!("select {COLUMNS} from storage.s3_multipart_uploads where id = $1");
    let statement = tx.prepare_cached(&sql).await?;
    let row = tx.query_opt(&statement, &[&id]).await?;
    row.as_ref()
        .map(Upload::from)
        .ok_or_else(Error::no_such_upload)
}

/// Counts a part's bytes before they are taken (or, negative, gives them back); refuses if they are too many.
pub async fn reserve(tx: &Transaction<'_>, id: &str, bytes: i64, limit: i64) -> Result<(), Error> {
    let sql = "
        update storage.s3_multipart_uploads
        set in_progress_size = in_progress_size + $2
        where id = $1
        returning in_progress_size";
    let statement = tx.prepare_cached(sql).await?;
    let row = tx.query_opt(&statement, &[&id, &bytes]).await?;
    let total: i64 = row.ok_or_else(Error::no_such_upload)?.get(0);
    if total > limit {
        return Err(Error::too_large());
    }
    Ok(())
}

/// Ends an upload; its parts go with it.
pub async fn delete(tx: &Transaction<'_>, id: &str) -> Result<(), Error> {
    let statement = tx
        .prepare_cached("delete from storage.s3_multipart_uploads where id = $1")
        .await?;
    tx.execute(&statement, &[&id]).await?;
    Ok(())
}

/// A part that was sent.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its number, from 1.
    pub number: i32,
    /// The MD5 of its bytes in hex.
    pub etag: String,
    /// Sent when.
    pub created_at: DateTime<Utc>,
}

/// Records a part.
pub async fn insert_part(
    tx: &Transaction<'_>,
    upload: &Upload,
    part: &Part,
    size: i64,
    owner: Option<&str>,
) -> Result<(), Error> {
    let sql = "
        insert into storage.s3_multipart_uploads_parts
          (upload_id, size, part_number, bucket_id, key, etag, owner_id, version)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(
        &statement,
        &[
            &upload.id,
            &size,
            &part.number,
            &upload.bucket_id,
            &upload.key,
            &part.etag,
            &owner,
            &upload.version,
        ],
    )
    .await?;
    Ok(())
}

/// Parts after a number, in order; of a part that was sent again, each sending.
pub async fn parts(
    tx: &Transaction<'_>,
    id: &str,
    after: i32,
    limit: i64,
) -> Result<Vec<Part>, Error> {
    let sql = "
        select part_number, etag, created_at
        from storage.s3_multipart_uploads_parts
        where upload_id = $1
          and part_number > $2
        order by part_number, created_at
        limit $3";
    let statement = tx.prepare_cached(sql).await?;
    let rows = tx.query(&statement, &[&id, &after, &limit]).await?;
    let part = |row: &Row| Part {
        number: row.get(0),
        etag: row.get(1),
        created_at: row.get(2),
    };
    Ok(rows.iter().map(part).collect())
}

/// An entry in the list of uploads.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The upload's id.
    pub id: String,
    /// Its key.
    pub key: String,
    /// Begun when.
    pub created_at: DateTime<Utc>,
}

/// Which uploads to list.
#[derive(Debug)]
pub struct Listing<'a> {
    /// What keys begin with.
    pub prefix: &'a str,
    /// What separates folders.
    pub delimiter: Option<&'a str>,
    /// Keys after this one.
    pub key_after: &'a str,
    /// Ids after this one.
    pub id_after: &'a str,
    /// How many at most.
    pub limit: i32,
}

/// The uploads of a bucket that the transaction's role sees.
pub async fn list(
    tx: &Transaction<'_>,
    bucket: &str,
    listing: &Listing<'_>,
) -> Result<Vec<Listed>, Error> {
    let prefix = escape_like(listing.prefix);
    let rows = match listing.delimiter {
        Some(delimiter) => {
            let sql = "select id, key, created_at from storage.list_multipart_uploads_with_delimiter($1, $2, $3, $4, $5, $6)";
            let statement = tx.prepare_cached(sql).await?;
            tx.query(
                &statement,
                &[
                    &bucket,
                    &prefix,
                    &delimiter,
                    &listing.limit,
                    &listing.key_after,
                    &listing.id_after,
                ],
            )
            .await?
        }
        None => {
            let sql = "
                select id, key, created_at
                from storage.s3_multipart_uploads
                where bucket_id = $1
                  and key ilike $2 || '%'
                  and ($3 = '' or $4 <> '' or key collate \"C\" > $3)
                  and ($4 = '' or id collate \"C\" > $4)
                order by key collate \"C\", created_at
                limit $5";
            let statement = tx.prepare_cached(sql).await?;
            let limit = i64::from(listing.limit);
            tx.query(
                &statement,
                &[
                    &bucket,
                    &prefix,
                    &listing.key_after,
                    &listing.id_after,
                    &limit,
                ],
            )
            .await?
        }
    };
    let listed = |row: &Row| Listed {
        id: row.get(0),
        key: row.get(1),
        created_at: row.get(2),
    };
    Ok(rows.iter().map(listed).collect())
}

/// Whether anybody uploads into the bucket in parts.
pub async fn any_in(tx: &Transaction<'_>, bucket: &str) -> Result<bool, Error> {
    let sql = "select exists (select from storage.s3_multipart_uploads where bucket_id = $1)";
    let statement = tx.prepare_cached(sql).await?;
    Ok(tx.query_one(&statement, &[&bucket]).await?.get(0))
}
