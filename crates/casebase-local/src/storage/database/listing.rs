//! Lists of objects, through the functions of the storage schema.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use serde_json::Value;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::super::error::Error;

/// An object or, without an id, a folder.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The last segment, where the listing gives one.
    pub key: Option<String>,
    /// The key, or what the listing shows of it.
    pub name: String,
    /// The object's id; none for a folder.
    pub id: Option<Uuid>,
    /// Changed when.
    pub updated_at: Option<DateTime<Utc>>,
    /// Made when.
    pub created_at: Option<DateTime<Utc>>,
    /// Read when.
    pub last_accessed_at: Option<DateTime<Utc>>,
    /// What Storage knows of the bytes.
    pub metadata: Option<Value>,
}

impl From<&Row> for Entry {
    fn from(row: &Row) -> Self {
        Self {
            key: row.try_get("key").ok(),
            name: row.get("name"),
            id: row.get("id"),
            updated_at: row.get("updated_at"),
            created_at: row.get("created_at"),
            last_accessed_at: row.get("last_accessed_at"),
            metadata: row.get("metadata"),
        }
    }
}

/// Takes LIKE's meaning from `%`, `_` and `\`.
pub fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// The first listing: one folder level, pages by offset, ignores case.
#[derive(Debug)]
pub struct Search<'a> {
    /// The folder, with its slash.
    pub prefix: &'a str,
    /// What names in it begin with.
    pub search: &'a str,
    /// How many at most.
    pub limit: i32,
    /// How many to skip.
    pub offset: i32,
    /// `name`, `updated_at`, `created_at` or `last_accessed_at`.
    pub column: &'a str,
    /// `asc` or `desc`.
    pub order: &'a str,
}

/// Runs a [`Search`].
pub async fn search(
    tx: &Transaction<'_>,
    bucket: &str,
    query: &Search<'_>,
) -> Result<Vec<Entry>, Error> {
    // Sorted by name the function compares text, otherwise patterns.
    let (prefix, search) = if query.column == "name" {
        (query.prefix.to_owned(), query.search.to_owned())
    } else {
        (escape_like(query.prefix), escape_like(query.search))
    };
    let levels = i32::try_from(format!("{prefix}{search}").split('/').count()).unwrap_or(i32::MAX);
    let statement = tx
        .prepare_cached("select * from storage.search($1, $2, $3, $4, $5, $6, $7, $8)")
        .await?;
    let rows = tx
        .query(
            &statement,
            &[
                &prefix,
                &bucket,
                &query.limit,
                &levels,
                &query.offset,
                &search,
                &query.column,
                &query.order,
            ],
        )
        .await?;
    Ok(rows.iter().map(Entry::from).collect())
}

/// The second listing's sort columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeColumn {
    /// When it was made.
    CreatedAt,
    /// When it was changed.
    UpdatedAt,
}

impl TimeColumn {
    /// The column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
        }
    }

    /// Its value.
    pub fn of(self, entry: &Entry) -> Option<DateTime<Utc>> {
        match self {
            Self::CreatedAt => entry.created_at,
            Self::UpdatedAt => entry.updated_at,
        }
    }
}

/// A page of the second listing.
#[derive(Debug)]
pub struct Page<'a> {
    /// What names begin with.
    pub prefix: &'a str,
    /// What separates folders; every object is listed without one.
    pub delimiter: Option<&'a str>,
    /// How many rows.
    pub limit: i32,
    /// Names after this one.
    pub start_after: &'a str,
    /// Whether `start_after` continues a page, in the page's order.
    pub continues: bool,
    /// Sorted by a time instead of the name.
    pub column: Option<TimeColumn>,
    /// From the end.
    pub descending: bool,
    /// The time of `start_after`.
    pub after_time: &'a str,
}

/// The rows of a page.
pub async fn page(
    tx: &Transaction<'_>,
    bucket: &str,
    page: &Page<'_>,
) -> Result<Vec<Entry>, Error> {
    match page.delimiter {
        None => flat(tx, bucket, page).await,
        Some("/") => by_folder(tx, bucket, page).await,
        Some(delimiter) => by_delimiter(tx, bucket, page, delimiter).await,
    }
}

async fn by_folder(
    tx: &Transaction<'_>,
    bucket: &str,
    page: &Page<'_>,
) -> Result<Vec<Entry>, Error> {
    let levels = i32::try_from(page.prefix.split('/').count()).unwrap_or(i32::MAX);
    let order = if page.descending { "desc" } else { "asc" };
    let column = page.column.map_or("name", TimeColumn::name);
    let sql = "select * from storage.search_v2($1, $2, $3, $4, $5, $6, $7, $8)";
    let statement = tx.prepare_cached(sql).await?;
    let rows = tx
        .query(
            &statement,
            &[
                &page.prefix,
                &bucket,
                &page.limit,
                &levels,
                &page.start_after,
                &order,
                &column,
                &page.after_time,
            ],
        )
        .await?;
    Ok(rows.iter().map(Entry::from).collect())
}

async fn by_delimiter(
    tx: &Transaction<'_>,
    bucket: &str,
    page: &Page<'_>,
    delimiter: &str,
) -> Result<Vec<Entry>, Error> {
    let sql = "select * from storage.list_objects_with_delimiter($1, $2, $3, $4, $5)";
    let statement = tx.prepare_cached(sql).await?;
    let rows = tx
        .query(
            &statement,
            &[
                &bucket,
                &page.prefix,
                &delimiter,
                &page.limit,
                &page.start_after,
            ],
        )
        .await?;
    Ok(rows.iter().map(Entry::from).collect())
}

async fn flat(tx: &Transaction<'_>, bucket: &str, page: &Page<'_>) -> Result<Vec<Entry>, Error> {
    let pattern = format!("{}%", escape_like(page.prefix));
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&bucket, &pattern, &page.limit];
    let mut conditions = String::new();
    let (operator, order) = if page.descending {
        ("<", "desc")
    } else {
        (">", "asc")
    };
    if !page.start_after.is_empty() {
        parameters.push(&page.start_after);
        conditions = match page.column {
            Some(column) if page.continues => {
                parameters.push(&page.after_time);
                format!(
                    "and row (date_trunc('milliseconds', {}), name collate \"C\")
                     {operator} row (coalesce(nullif($5, '')::timestamptz, 'epoch'), $4)",
                    column.name()
                )
            }
            _ if page.continues => format!("and name collate \"C\" {operator} $4"),
            _ => "and name collate \"C\" > $4".to_owned(),
        };
    }
    let by_time = page.column.map_or(String::new(), |c| {
        format!("date_trunc('milliseconds', {}) {order}, ", c.name())
    });
    let sql = format!(
        "select id, name, metadata, updated_at, created_at, last_accessed_at
         from storage.objects
         where bucket_id = $1 and name like $2 {conditions}
         order by {by_time} name collate \"C\" {order}
         limit $3::integer"
    );
    let statement = tx.prepare_cached(&sql).await?;
    let rows = tx.query(&statement, &parameters).await?;
    Ok(rows.iter().map(Entry::from).collect())
}
