//! The rows that are there from the beginning are the same in every project, their ids included: what refers to them in one
//! project's dump finds them in another.

use std::collections::BTreeMap;

use super::*;
use crate::declared::made_of;

/// Every row of the tables that the migrations make, but for the moments at which rows were made.
const ROWS: &str = "
    select c.oid::regclass::text,
           format(
             'select jsonb_agg(to_jsonb(r)%s order by r::text) from %s r',
             (select coalesce(string_agg(format(' - %L', a.attname), ''), '')
              from pg_attribute a
              where a.attrelid = c.oid and a.atttypid = 'timestamptz'::regtype),
             c.oid::regclass)
    from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace)
    union all
    select 'storage.buckets', 'select jsonb_agg(to_jsonb(r) - ''created_at'' - ''updated_at'' order by r::text) from storage.buckets r'";

async fn seeded() -> BTreeMap<String, serde_json::Value> {
    let (stack, mut owner) = made_of(sql_files("migrations")).await;
    let tables: Vec<(String, String)> = sqlx::query_as(ROWS)
        .fetch_all(&mut owner)
        .await
        .expect("the catalogue answers");
    let mut seeded = BTreeMap::new();
    for (table, question) in tables {
        let rows: Option<serde_json::Value> = sqlx::query_scalar(AssertSqlSafe(question))
            .fetch_one(&mut owner)
            .await
            .expect("the table answers");
        seeded.extend(rows.map(|rows| (table, rows)));
    }
    drop(owner);
    stack.stop().await;
    seeded
}

#[tokio::test]
async fn seeded_rows_are_the_same_in_every_project() {
    let (one, other) = (seeded().await, seeded().await);
    for table in [
        "departments",
        "party_types",
        "casebase.event_types",
        "storage.buckets",
    ] {
        assert!(
            one.contains_key(table),
            "{table} is empty: {:?}",
            one.keys()
        );
    }
    assert_eq!(one, other);
}
