//! `GET /bucket`

use axum::response::Response;

use super::super::{
    database::buckets::{self, Listing, SortColumn},
    error::Error,
    request::Request,
    respond,
};

pub async fn handle(request: &Request) -> Result<Response, Error> {
    let listing = listing(request)?;
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let buckets = buckets::list(&tx, &listing).await?;
    tx.commit().await?;
    let buckets: Vec<_> = buckets.iter().map(buckets::Bucket::to_list_json).collect();
    Ok(respond::ok(&buckets))
}

fn listing(request: &Request) -> Result<Listing, Error> {
    let refuse =
        |name: &str, must: &str| Error::validation(format!("querystring/{name} must {must}"));
    let number = |name: &str, least: i64| match request.query.get(name) {
        None => Ok(None),
        Some(text) => match text.parse::<i64>() {
            Err(_) => Err(refuse(name, "be integer")),
            Ok(n) if n < least => Err(refuse(name, &format!("be >= {least}"))),
            Ok(n) => Ok(Some(n)),
        },
    };
    let allowed = "be equal to one of the allowed values";
    let column = match request.query.get("sortColumn") {
        None => None,
        Some("id") => Some(SortColumn::Id),
        Some("name") => Some(SortColumn::Name),
        Some("created_at") => Some(SortColumn::CreatedAt),
        Some("updated_at") => Some(SortColumn::UpdatedAt),
        Some(_) => return Err(refuse("sortColumn", allowed)),
    };
    let descending = match request.query.get("sortOrder") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(refuse("sortOrder", allowed)),
    };
    Ok(Listing {
        search: request.query.get("search").map(str::to_owned),
        sort: column.map(|column| (column, descending)),
        limit: number("limit", 1)?,
        offset: number("offset", 0)?.unwrap_or_default(),
    })
}
