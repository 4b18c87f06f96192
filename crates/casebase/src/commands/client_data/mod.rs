//! All that is kept of a client: given away (`casebase export-client`) and erased (`casebase erase-client`), by the project's
//! owner. Which rows those are, and how they go, stands in `supabase/schemas/client_data.sql`.

pub mod erase;
pub mod export;
mod report;

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

/// How many rows there are of each table, and objects.
type Counts = BTreeMap<String, i64>;

async fn counts(database: &mut PgConnection, client: Uuid) -> anyhow::Result<Counts> {
    let counted = sqlx::query_as(
        "select r.kind, count(*) from casebase.client_records($1) r group by r.kind",
    );
    let counted: Vec<(String, i64)> = counted.bind(client).fetch_all(database).await?;
    Ok(counted.into_iter().collect())
}

/// The client of this id or exact name.
async fn find(database: &mut PgConnection, wanted: &str) -> anyhow::Result<Option<(Uuid, String)>> {
    let found = sqlx::query_as(
        "select c.id, coalesce(casebase.client_name(c.id), c.id::text)
         from public.clients c
         where c.id = $1 or casebase.client_name(c.id) = $2
         order by c.id",
    );
    let id: Option<Uuid> = wanted.parse().ok();
    let mut found: Vec<(Uuid, String)> = found.bind(id).bind(wanted).fetch_all(database).await?;
    if found.len() > 1 {
        let ids: Vec<_> = found.iter().map(|(id, _)| id.to_string()).collect();
        anyhow::bail!(
            "{} clients are called `{wanted}`\nhint: say which by its id: {}",
            ids.len(),
            ids.join(", ")
        );
    }
    Ok(found.pop())
}

fn nobody(wanted: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "there is no client `{wanted}`\nhint: it takes a client's id, or its name exactly as it is written"
    )
}
