//! The tables whose rows are Casebase's, as the catalogue has them.

use std::collections::BTreeSet;

use anyhow::bail;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use super::{Outside, Sequence};
use crate::{made::Made, migrations};

/// The record of migrations belongs to a project, and so does what it still waits for.
const OURS: &str = "
    with ours as (
      select c.oid
      from pg_class c
      where c.relkind = 'r'
        and (
          c.relnamespace = 'casebase'::regnamespace and c.relname not in ('migrations', 'objects_to_restore')
          or c.relnamespace = 'public'::regnamespace and c.relname = any ($1)
             and (c.relname <> 'clients' or (select s.is_ours from casebase.client_source s))
        )
    )";

/// A table of ours.
#[derive(Debug, FromRow)]
pub struct Table {
    /// With its schema, as SQL has it.
    pub name: String,
    /// What can be written.
    pub columns: Vec<String>,
    /// Those of ours that it refers to, but for itself.
    refers_to: Vec<String>,
}

impl Table {
    /// The tables, each after those that it refers to.
    pub async fn all(database: &mut PgConnection) -> anyhow::Result<Vec<Self>> {
        let found = sqlx::query_as(AssertSqlSafe(format!(
            "{OURS}
             select format('%I.%I', c.relnamespace::regnamespace, c.relname) as name,
                    array(
                      select a.attname::text
                      from pg_attribute a
                      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                      order by a.attnum
                    ) as columns,
                    array(
                      select distinct format('%I.%I', f.relnamespace::regnamespace, f.relname)
                      from pg_constraint k
                      join pg_class f on f.oid = k.confrelid
                      where k.contype = 'f' and k.conrelid = c.oid and f.oid <> c.oid and f.oid in (select oid from ours)
                    ) as refers_to
             from ours
             join pg_class c using (oid)
             order by 1"
        )));
        in_order(found.bind(ours()).fetch_all(database).await?)
    }

    /// What is written of it. A secret that lies in the Vault, encrypted for one project, is written as it is.
    pub fn select(&self) -> String {
        let columns = self
            .columns
            .iter()
            .map(|column| match self.is_of_secrets() {
                true if column == "secret" => {
                    "coalesce(secret, casebase.vault_secret(vault_id)) as secret".to_owned()
                }
                true if column == "vault_id" => "null::uuid as vault_id".to_owned(),
                _ => quoted(column),
            });
        format!(
            "select {} from {}",
            columns.collect::<Vec<_>>().join(", "),
            self.name
        )
    }

    /// Whether what is written into it goes through a trigger that puts it where secrets are kept.
    pub fn is_of_secrets(&self) -> bool {
        self.name == "casebase.webhook_secrets"
    }
}

/// A name, for SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn ours() -> Vec<String> {
    Made::list(&Made::by(&migrations::all()).tables)
}

fn in_order(mut left: Vec<Table>) -> anyhow::Result<Vec<Table>> {
    let (mut order, mut names) = (Vec::new(), BTreeSet::new());
    while !left.is_empty() {
        let (free, rest): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|table| table.refers_to.iter().all(|name| names.contains(name)));
        if free.is_empty() {
            bail!("tables refer to each other in a circle: {rest:?}");
        }
        names.extend(free.iter().map(|table| table.name.clone()));
        order.extend(free);
        left = rest;
    }
    Ok(order)
}

/// Where the numbers of new rows go on.
pub async fn sequences(database: &mut PgConnection) -> anyhow::Result<Vec<Sequence>> {
    let found = sqlx::query_as(AssertSqlSafe(format!(
        "{OURS}
         select format('%I.%I', c.relnamespace::regnamespace, c.relname) as \"table\",
                a.attname::text as \"column\",
                coalesce(pg_sequence_last_value(pg_get_serial_sequence(c.oid::regclass::text, a.attname)::regclass) + 1, 1) as next
         from ours
         join pg_class c using (oid)
         join pg_attribute a on a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped
         order by 1, 2"
    )));
    Ok(found.bind(ours()).fetch_all(database).await?)
}

/// The rows of other tables that ours refer to.
pub async fn outside(database: &mut PgConnection) -> anyhow::Result<Vec<Outside>> {
    let references = sqlx::query_as(AssertSqlSafe(format!(
        "{OURS}
         select k.confrelid::regclass::text,
                quote_ident(theirs.attname),
                string_agg(
                  distinct format('select %I::text as key from %s where %1$I is not null', mine.attname, k.conrelid::regclass),
                  ' union ')
         from pg_constraint k
         join pg_attribute mine on mine.attrelid = k.conrelid and mine.attnum = k.conkey[1]
         join pg_attribute theirs on theirs.attrelid = k.confrelid and theirs.attnum = k.confkey[1]
         where k.contype = 'f'
           and k.conrelid in (select oid from ours)
           and k.confrelid not in (select oid from ours)
         group by 1, 2
         order by 1"
    )));
    let references: Vec<(String, String, String)> =
        references.bind(ours()).fetch_all(&mut *database).await?;
    let mut outside = Vec::new();
    for (table, column, keys) in references {
        let keys = sqlx::query_scalar(AssertSqlSafe(format!("{keys} order by key")));
        outside.push(Outside {
            table,
            column,
            keys: keys.fetch_all(&mut *database).await?,
        });
    }
    Ok(outside)
}
