//! `POST /object/list-v2/{bucket}`

use axum::{body::Body, response::Response};
use serde_json::{Value, json};

use super::{
    super::{
        database::listing::Entry,
        error::Error,
        listing::{self, Listed, Query},
        names,
        respond::{self, iso},
    },
    Unproven,
    object_list::sort,
};

pub async fn handle(asked: Unproven, bucket: &str, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    let prefix = body.string("prefix")?.unwrap_or_default();
    let limit = body.integer("limit", 1)?.unwrap_or_default();
    let cursor = body.string("cursor")?.filter(|c| !c.is_empty());
    let by_folder = body.boolean("with_delimiter")?.unwrap_or(false);
    let (column, order) = sort(&body, &["name", "updated_at", "created_at"])?;
    let request = &asked.prove()?;
    names::check_bucket(bucket)?;
    let query = Query {
        prefix: &prefix,
        delimiter: by_folder.then_some("/"),
        limit: usize::try_from(limit).unwrap_or(listing::LARGEST_PAGE),
        cursor: cursor.as_deref(),
        start_after: None,
        column: column.as_deref().and_then(listing::column_named),
        descending: order.as_deref() == Some("desc"),
        url_encoded: false,
    };
    let listed = listing::page(request, bucket, &query).await?;
    Ok(respond::ok(&answer(&listed)))
}

fn answer(listed: &Listed) -> Value {
    let mut answer = json!({ "hasNext": listed.next.is_some() });
    if let Some(next) = &listed.next {
        answer["nextCursor"] = json!(next.cursor);
        answer["nextCursorKey"] = json!(next.key);
    }
    answer["folders"] = listed.folders.iter().map(entry).collect();
    answer["objects"] = listed.objects.iter().map(entry).collect();
    answer
}

fn entry(entry: &Entry) -> Value {
    let mut shown = json!({
        "id": entry.id,
        "name": entry.name,
        "metadata": entry.metadata,
        "updated_at": entry.updated_at.map(iso),
        "created_at": entry.created_at.map(iso),
        "last_accessed_at": entry.last_accessed_at.map(iso),
    });
    if let Some(key) = &entry.key {
        shown["key"] = json!(key);
    }
    shown
}
