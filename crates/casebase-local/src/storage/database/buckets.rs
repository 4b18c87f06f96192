//! `storage.buckets`.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use tokio_postgres::{Row, error::SqlState};
use uuid::Uuid;

use super::{
    super::{error::Error, respond::iso},
    objects::uuid_of,
};

/// One row.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its id.
    pub id: String,
    name: String,
    owner: Option<Uuid>,
    /// Readable by everybody.
    pub public: bool,
    /// The largest object in bytes, if the bucket has its own limit.
    pub file_size_limit: Option<i64>,
    /// The types it takes; every type if empty.
    pub allowed_mime_types: Option<Vec<String>>,
    /// Made when.
    pub created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    kind: String,
}

impl From<&Row> for Bucket {
    fn from(row: &Row) -> Self {
        Self {
            id: row.get("id"),
            name: row.get("name"),
            owner: row.get("owner"),
            public: row.get::<_, Option<bool>>("public").unwrap_or(false),
            file_size_limit: row.get("file_size_limit"),
            allowed_mime_types: row.get("allowed_mime_types"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            kind: row.get("kind"),
        }
    }
}

impl Bucket {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The types it takes; every type if empty.
    pub fn mime_types(&self) -> &[String] {
        self.allowed_mime_types.as_deref().unwrap_or_default()
    }

    /// The row as REST shows it.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "owner": self.owner.map(|o| o.to_string()).unwrap_or_default(),
            "public": self.public,
            "file_size_limit": self.file_size_limit,
            "allowed_mime_types": self.allowed_mime_types,
            "created_at": self.created_at.map(iso),
            "updated_at": self.updated_at.map(iso),
        })
    }

    /// The row as the list of buckets shows it: with its type.
    pub fn to_list_json(&self) -> Value {
        let mut bucket = self.to_json();
        bucket["type"] = json!(self.kind);
        bucket
    }
}

const COLUMNS: &str = "id, name, owner, public, file_size_limit, allowed_mime_types, created_at, updated_at, \
                       type::text as kind";

/// The bucket, or [`Error::no_such_bucket`] if the transaction's role sees none.
pub async fn find(tx: &Transaction<'_>, id: &str) -> Result<Bucket, Error> {
    let sql = format!("select {COLUMNS} from storage.buckets where id = $1");
    let statement = tx.prepare_cached(&sql).await?;
    let row = tx.query_opt(&statement, &[&id]).await?;
    row.as_ref()
        .map(Bucket::from)
        .ok_or_else(Error::no_such_bucket)
}

/// Holds the bucket against changes until the transaction ends.
pub async fn lock(tx: &Transaction<'_>, id: &str) -> Result<(), Error> {
    let statement = tx
        .prepare_cached("select from storage.buckets where id = $1 for update")
        .await?;
    let row = tx.query_opt(&statement, &[&id]).await?;
    row.map(|_| ()).ok_or_else(Error::no_such_bucket)
}

/// The columns that a list may be sorted by.
#[derive(Debug, Clone, Copy)]
pub enum SortColumn {
    /// The id.
    Id,
    /// The name.
    Name,
    /// When it was made.
    CreatedAt,
    /// When it was changed.
    UpdatedAt,
}

/// Which buckets to list, and how.
#[derive(Debug, Default)]
pub struct Listing {
    /// Part of the name.
    pub search: Option<String>,
    /// By what to sort, and whether from the end.
    pub sort: Option<(SortColumn, bool)>,
    /// How many at most.
    pub limit: Option<i64>,
    /// How many to skip.
    pub offset: i64,
}

/// The buckets that the transaction's role sees.
pub async fn list(tx: &Transaction<'_>, listing: &Listing) -> Result<Vec<Bucket>, Error> {
    let order = listing.sort.map_or(String::new(), |(column, descending)| {
        let column = match column {
            SortColumn::Id => "id",
            SortColumn::Name => "name",
            SortColumn::CreatedAt => "created_at",
            SortColumn::UpdatedAt => "updated_at",
        };
        format!(
            "order by {column} {}",
            if descending { "desc" } else { "asc" }
        )
    });
    let sql = format!(
        "select {COLUMNS} from storage.buckets where name ilike $1 {order} limit $2 offset $3"
    );
    let statement = tx.prepare_cached(&sql).await?;
    let pattern = format!(
        "%{}%",
        super::listing::escape_like(listing.search.as_deref().unwrap_or_default())
    );
    let rows = tx
        .query(&statement, &[&pattern, &listing.limit, &listing.offset])
        .await?;
    Ok(rows.iter().map(Bucket::from).collect())
}

/// A bucket to make.
#[derive(Debug)]
pub struct NewBucket<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whose.
    pub owner: Option<&'a str>,
    /// Readable by everybody.
    pub public: bool,
    /// The largest object in bytes.
    pub file_size_limit: Option<i64>,
    /// The types it takes.
    pub allowed_mime_types: Option<&'a [String]>,
}

/// Makes a bucket.
pub async fn insert(tx: &Transaction<'_>, bucket: &NewBucket<'_>) -> Result<(), Error> {
    let sql = "
        insert into storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
        values ($1, $2, $3, $4, $5, $6, $7)";
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(
        &statement,
        &[
            &bucket.id,
            &bucket.name,
            &uuid_of(bucket.owner),
            &bucket.owner,
            &bucket.public,
            &bucket.file_size_limit,
            &bucket.allowed_mime_types,
        ],
    )
    .await
    .map_err(|e| match e.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => Error::bucket_exists(),
        _ => e.into(),
    })?;
    Ok(())
}

/// What to change. The outer `None` leaves a value, the inner removes it.
#[derive(Debug)]
pub struct Changes {
    /// Readable by everybody.
    pub public: Option<bool>,
    /// The largest object in bytes.
    pub file_size_limit: Option<Option<i64>>,
    /// The types it takes.
    pub allowed_mime_types: Option<Option<Vec<String>>>,
}

/// Changes a bucket's settings.
pub async fn update(tx: &Transaction<'_>, id: &str, changes: &Changes) -> Result<(), Error> {
    let sql = "
        update storage.buckets
        set public = coalesce($2, public),
            file_size_limit = case when $3 then $4 else file_size_limit end,
            allowed_mime_types = case when $5 then $6 else allowed_mime_types end
        where id = $1";
    let statement = tx.prepare_cached(sql).await?;
    let changed = tx
        .execute(
            &statement,
            &[
                &id,
                &changes.public,
                &changes.file_size_limit.is_some(),
                &changes.file_size_limit.flatten(),
                &changes.allowed_mime_types.is_some(),
                &changes.allowed_mime_types.as_ref().and_then(Option::as_ref),
            ],
        )
        .await?;
    if changed == 0 {
        return Err(Error::no_such_bucket());
    }
    Ok(())
}

/// Deletes a bucket that the transaction's role may delete.
pub async fn delete(tx: &Transaction<'_>, id: &str) -> Result<(), Error> {
    let statement = tx
        .prepare_cached("delete from storage.buckets where id = $1")
        .await?;
    if tx.execute(&statement, &[&id]).await? == 0 {
        return Err(Error::no_such_bucket());
    }
    Ok(())
}
