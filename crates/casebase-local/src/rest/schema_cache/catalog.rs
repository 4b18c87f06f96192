//! The queries on PostgreSQL's catalogs. Each returns one JSON document.

use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;
use tokio_postgres::Client;
use tokio_postgres::types::{Json, ToSql};

use super::key::Key;
use super::relationship::ComputedRelationship;
use super::routine::CatalogRoutine;
use super::table::Table;
use super::view::View;

/// Everything that the cache is made from.
pub(super) struct Objects {
    pub tables: Vec<Table>,
    pub keys: Vec<Key>,
    pub views: Vec<View>,
    pub routines: Vec<CatalogRoutine>,
    pub computed: Vec<ComputedRelationship>,
    pub role_settings: HashMap<String, Vec<(String, String)>>,
}

const TABLES: &str = include_str!("tables.sql");
const KEYS: &str = include_str!("keys.sql");
const VIEWS: &str = include_str!("views.sql");
const ROUTINES: &str = include_str!("routines.sql");
const COMPUTED: &str = include_str!("computed.sql");
const ROLE_SETTINGS: &str = include_str!("role_settings.sql");
const FINGERPRINT: &str = include_str!("fingerprint.sql");

pub(super) async fn read(
    client: &Client,
    schemas: &[String],
    extra_search_path: &[String],
) -> Result<Objects, tokio_postgres::Error> {
    let visible: Vec<&String> = schemas.iter().chain(extra_search_path).collect();
    Ok(Objects {
        tables: document(client, TABLES, &[&schemas]).await?,
        keys: document(client, KEYS, &[]).await?,
        views: document(client, VIEWS, &[&visible]).await?,
        routines: document(client, ROUTINES, &[&schemas]).await?,
        computed: document(client, COMPUTED, &[]).await?,
        role_settings: document(client, ROLE_SETTINGS, &[]).await?,
    })
}

async fn document<T: DeserializeOwned>(
    client: &Client,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<T, tokio_postgres::Error> {
    let row = client.query_one(sql, params).await?;
    row.try_get::<_, Json<T>>(0).map(|json| json.0)
}

/// A text that differs whenever something in the catalogs was created, changed or dropped.
pub async fn fingerprint(client: &Client) -> Result<String, tokio_postgres::Error> {
    client.query_one(FINGERPRINT, &[]).await?.try_get(0)
}

/// The names of all time zones.
pub async fn timezones(client: &Client) -> Result<HashSet<String>, tokio_postgres::Error> {
    let rows = client
        .query("select name from pg_timezone_names", &[])
        .await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}
