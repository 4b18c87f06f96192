//! `POST /object/list/{bucket}`

use axum::{body::Body, response::Response};
use serde_json::json;

use super::{
    super::{
        database::listing::{self, Entry, Search},
        error::Error,
        names,
        respond::{self, iso},
    },
    Unproven,
    body::Object,
};

pub async fn handle(asked: Unproven, bucket: &str, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    let mut prefix = body.required_string("prefix")?;
    let limit = body.integer("limit", 1)?.unwrap_or(100);
    let offset = body.integer("offset", 0)?.unwrap_or(0);
    let search = body.string("search")?.unwrap_or_default();
    let (column, order) = sort(
        &body,
        &["name", "updated_at", "created_at", "last_accessed_at"],
    )?;
    let request = &asked.prove()?;
    names::check_bucket(bucket)?;
    if !prefix.is_empty() && !prefix.ends_with('/') {
        prefix.push('/');
    }
    let search = Search {
        prefix: &prefix,
        search: &search,
        limit: i32::try_from(limit).unwrap_or(i32::MAX),
        offset: i32::try_from(offset).unwrap_or(i32::MAX),
        column: column.as_deref().unwrap_or("name"),
        order: order.as_deref().unwrap_or("asc"),
    };
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let entries = listing::search(&tx, bucket, &search).await?;
    tx.commit().await?;
    let entries: Vec<_> = entries.iter().map(entry).collect();
    Ok(respond::ok(&entries))
}

/// `sortBy`: the column and the order.
pub fn sort(body: &Object, columns: &[&str]) -> Result<(Option<String>, Option<String>), Error> {
    let Some(sort) = body.object("sortBy")? else {
        return Ok((None, None));
    };
    sort.require(&["column"])?;
    Ok((
        sort.one_of("column", columns)?,
        sort.one_of("order", &["asc", "desc"])?,
    ))
}

fn entry(entry: &Entry) -> serde_json::Value {
    json!({
        "name": entry.name,
        "id": entry.id,
        "updated_at": entry.updated_at.map(iso),
        "created_at": entry.created_at.map(iso),
        "last_accessed_at": entry.last_accessed_at.map(iso),
        "metadata": entry.metadata,
    })
}
