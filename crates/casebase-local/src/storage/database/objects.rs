//! `storage.objects`.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use tokio_postgres::{Row, error::SqlState, types::Json};
use uuid::Uuid;

use super::super::{error::Error, respond::iso};

/// One row.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its id, which moving keeps.
    pub id: Uuid,
    /// Its bucket.
    pub bucket_id: String,
    /// Its key.
    pub name: String,
    /// The owner as Storage first knew it; a uuid.
    pub owner: Option<Uuid>,
    /// The owner: the `sub` of whose token made it.
    pub owner_id: Option<String>,
    /// Which bytes are its own.
    pub version: Option<String>,
    /// What Storage knows of the bytes.
    pub metadata: Value,
    /// What the uploader said of them.
    pub user_metadata: Option<Value>,
    /// Made when.
    pub created_at: Option<DateTime<Utc>>,
    /// Changed when.
    pub updated_at: Option<DateTime<Utc>>,
    /// Read when, by those who keep it.
    pub last_accessed_at: Option<DateTime<Utc>>,
}

impl From<&Row> for Object {
    fn from(row: &Row) -> Self {
        Self {
            id: row.get("id"),
            bucket_id: row.get("bucket_id"),
            name: row.get("name"),
            owner: row.get("owner"),
            owner_id: row.get("owner_id"),
            version: row.get("version"),
            metadata: row
                .get::<_, Option<Value>>("metadata")
                .unwrap_or(Value::Null),
            user_metadata: row.get("user_metadata"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            last_accessed_at: row.get("last_accessed_at"),
        }
    }
}

impl Object {
    /// The row as REST shows it; there, absent owners are empty strings.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "bucket_id": self.bucket_id,
            "owner": self.owner.map(|o| o.to_string()).unwrap_or_default(),
            "owner_id": self.owner_id.as_deref().unwrap_or_default(),
            "version": self.version.as_deref().unwrap_or_default(),
            "id": self.id,
            "updated_at": self.updated_at.map(iso),
            "created_at": self.created_at.map(iso),
            "last_accessed_at": self.last_accessed_at.map(iso),
            "metadata": self.metadata,
            "user_metadata": self.user_metadata,
        })
    }
}

/// What is written for a key. `None` leaves an existing row's value as it is, a JSON null removes it.
#[derive(Debug, Clone)]
pub struct NewObject<'a> {
    /// The bucket.
    pub bucket_id: &'a str,
    /// The key.
    pub name: &'a str,
    /// The owner's id.
    pub owner: Option<&'a str>,
    /// Which bytes.
    pub version: &'a str,
    /// What Storage knows of the bytes.
    pub metadata: &'a Value,
    /// What the uploader says of them.
    pub user_metadata: Option<&'a Value>,
}

impl NewObject<'_> {
    fn owner_uuid(&self) -> Option<Uuid> {
        uuid_of(self.owner)
    }
}

/// The `owner` columns take only uuids; whoever has another id is in `owner_id` alone.
pub fn uuid_of(owner: Option<&str>) -> Option<Uuid> {
    owner.and_then(|o| Uuid::try_parse(o).ok())
}

const COLUMNS: &str = "id, bucket_id, name, owner, owner_id, version, metadata, user_metadata, created_at, \
                       updated_at, last_accessed_at";

/// The object at a key, if there is one that the transaction's role may see.
pub async fn find(tx: &Transaction<'_>, bucket: &str, name: &str) -> Result<Option<Object>, Error> {
    let sql = format!("select {COLUMNS} from storage.objects where bucket_id = $1 and name = $2");
    let statement = tx.prepare_cached(&sql).await?;
    let row = tx.query_opt(&statement, &[&bucket, &name]).await?;
    Ok(row.as_ref().map(Object::from))
}

/// [`find`], held against other writers until the transaction ends.
pub async fn find_for_update(
    tx: &Transaction<'_>,
    bucket: &str,
    name: &str,
) -> Result<Option<Object>, Error> {
    let sql = format!(
        "select {COLUMNS} from storage.objects where bucket_id = $1 and name = $2 for update"
    );
    let statement = tx.prepare_cached(&sql).await?;
    let row = tx.query_opt(&statement, &[&bucket, &name]).await?;
    Ok(row.as_ref().map(Object::from))
}

/// Which of these keys exist for the transaction's role.
pub async fn existing(
    tx: &Transaction<'_>,
    bucket: &str,
    names: &[String],
) -> Result<Vec<String>, Error> {
    let sql = "select name from storage.objects where bucket_id = $1 and name = any ($2)";
    let statement = tx.prepare_cached(sql).await?;
    let rows = tx.query(&statement, &[&bucket, &names]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// A row for a free key. It returns nothing, so that only the INSERT policies are asked.
pub async fn insert(tx: &Transaction<'_>, object: &NewObject<'_>) -> Result<(), Error> {
    let sql = "
        insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
        values ($1, $2, $3, $4, $5, $6, nullif($7, 'null'::jsonb))";
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(
        &statement,
        &[
            &object.bucket_id,
            &object.name,
            &object.owner_uuid(),
            &object.owner,
            &object.version,
            &object.metadata,
            &object.user_metadata,
        ],
    )
    .await
    .map_err(|e| match e.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => Error::key_exists(),
        _ => e.into(),
    })?;
    Ok(())
}

/// A row for a key, free or not. The INSERT, SELECT and (if it is not free) UPDATE policies are asked.
pub async fn upsert(tx: &Transaction<'_>, object: &NewObject<'_>) -> Result<Object, Error> {
    let sql = format!(
        "insert into storage.objects as o (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
         values ($1, $2, $3, $4, $5, $6, nullif($7, 'null'::jsonb))
         on conflict (bucket_id, name) do update
         set owner = coalesce(excluded.owner, o.owner),
             owner_id = coalesce(excluded.owner_id, o.owner_id),
             version = excluded.version,
             metadata = excluded.metadata,
             user_metadata = case when $7 is null then o.user_metadata else excluded.user_metadata end
         returning {COLUMNS}"
    );
    let statement = tx.prepare_cached(&sql).await?;
    let row = tx
        .query_one(
            &statement,
            &[
                &object.bucket_id,
                &object.name,
                &object.owner_uuid(),
                &object.owner,
                &object.version,
                &object.metadata,
                &object.user_metadata,
            ],
        )
        .await?;
    Ok(Object::from(&row))
}

/// Where an object moves to.
pub struct Destination<'a> {
    /// The bucket.
    pub bucket_id: &'a str,
    /// The key.
    pub name: &'a str,
    /// Who moves it, if anybody in particular.
    pub owner: Option<&'a str>,
    /// Which bytes.
    pub version: &'a str,
    /// What Storage knows of them; `None` leaves it.
    pub metadata: Option<&'a Value>,
}

/// Gives the row another key.
pub async fn relocate(
    tx: &Transaction<'_>,
    bucket: &str,
    name: &str,
    to: &Destination<'_>,
) -> Result<(), Error> {
    let sql = "
        update storage.objects
        set bucket_id = $3,
            name = $4,
            owner = coalesce($5, owner),
            owner_id = coalesce($6, owner_id),
            version = $7,
            metadata = coalesce($8, metadata)
        where bucket_id = $1
          and name = $2
        returning *";
    let statement = tx.prepare_cached(sql).await?;
    let metadata = to.metadata.map(Json);
    let moved = tx
        .query_opt(
            &statement,
            &[
                &bucket,
                &name,
                &to.bucket_id,
                &to.name,
                &uuid_of(to.owner),
                &to.owner,
                &to.version,
                &metadata,
            ],
        )
        .await?;
    moved.map(|_| ()).ok_or_else(Error::no_such_key)
}

/// Deletes the rows of these keys that the transaction's role may see and delete, and returns them.
pub async fn delete(
    tx: &Transaction<'_>,
    bucket: &str,
    names: &[String],
) -> Result<Vec<Object>, Error> {
    let sql = format!(
        "delete from storage.objects where bucket_id = $1 and name = any ($2) returning {COLUMNS}"
    );
    let statement = tx.prepare_cached(&sql).await?;
    let rows = tx.query(&statement, &[&bucket, &names]).await?;
    Ok(rows.iter().map(Object::from).collect())
}

/// Deletes all rows of a bucket made up to now, and returns their versions.
pub async fn delete_all(tx: &Transaction<'_>, bucket: &str) -> Result<Vec<String>, Error> {
    let sql = "delete from storage.objects where bucket_id = $1 and created_at <= now() returning version";
    let statement = tx.prepare_cached(sql).await?;
    let rows = tx.query(&statement, &[&bucket]).await?;
    Ok(rows.iter().filter_map(|row| row.get(0)).collect())
}

/// Whether the transaction's role sees anything in the bucket.
pub async fn any_in(tx: &Transaction<'_>, bucket: &str) -> Result<bool, Error> {
    let sql = "select exists (select from storage.objects where bucket_id = $1)";
    let statement = tx.prepare_cached(sql).await?;
    Ok(tx.query_one(&statement, &[&bucket]).await?.get(0))
}

/// Holds the key, existing or not, against other writers until the transaction ends.
pub async fn lock_key(tx: &Transaction<'_>, bucket: &str, name: &str) -> Result<(), Error> {
    let sql = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
    let statement = tx.prepare_cached(sql).await?;
    tx.query_one(&statement, &[&format!("{bucket}/{name}")])
        .await?;
    Ok(())
}
