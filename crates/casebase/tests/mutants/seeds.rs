//! The rows that the migrations write, which decide as much as any code: which status follows which, which events there
//! are and for whom, who is on whose side.

use serde_json::Value;
use sqlx::{FromRow, PgConnection};

use crate::catalogue::{Kind, Mutant, rows};

#[derive(FromRow)]
struct Table {
    name: String,
    table: String,
    /// The columns of the primary key.
    key: Vec<String>,
    /// Columns that are no part of it, each with what it may be instead.
    columns: sqlx::types::Json<Vec<Column>>,
}

#[derive(serde::Deserialize)]
struct Column {
    name: String,
    kind: String,
    /// Of a code, as its check lists them.
    codes: Vec<String>,
}

const TABLES: &str = r"
    select t.oid::regclass::text as name, t.relname::text as table,
           array(select a.attname::text from pg_attribute a
                 where a.attrelid = t.oid and a.attnum = any (i.indkey) order by a.attnum) as key,
           (select jsonb_agg(jsonb_build_object('name', a.attname, 'kind', a.atttypid::regtype,
                     'codes', array(
                       select code[1]
                       from pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''::text', 'g') code
                       where c.conrelid = t.oid and c.contype = 'c' and c.conkey = array[a.attnum]
                         and pg_get_constraintdef(c.oid) ~ '^CHECK \(\([a-z_]+ = ANY \(ARRAY\[')))
            from pg_attribute a
            where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and not a.attnum = any (i.indkey)
              -- The rest of a bucket is Storage's.
              and (t.oid <> 'storage.buckets'::regclass or a.attname in ('public', 'file_size_limit'))) as columns
    from pg_class t
    join pg_index i on i.indrelid = t.oid and i.indisprimary
    where (t.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or t.oid = 'storage.buckets'::regclass)
      and t.relkind = 'r'
      -- A key that was drawn by lot is no name.
      and not exists (select from pg_attribute a
                      where a.attrelid = t.oid and a.attnum = any (i.indkey) and a.atttypid = 'uuid'::regtype)
      and exists (select from pg_attribute a
                  where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and not a.attnum = any (i.indkey))
    order by 1";

#[derive(FromRow)]
struct Row {
    row: Value,
}

/// Each row gone; each yes a no, each code each other one, each number one more.
pub async fn mutants(connection: &mut PgConnection) -> Vec<Mutant> {
    let tables: Vec<Table> = rows(connection, TABLES).await;
    let mut mutants = Vec::new();
    for table in tables {
        let all = format!(
            "select to_jsonb(t) as row from {} t order by to_jsonb(t)::text",
            table.name
        );
        let rows: Vec<Row> = rows(connection, &all).await;
        for Row { row } in rows {
            mutants.extend(changed(&table, &row));
        }
    }
    mutants
}

fn changed(table: &Table, row: &Value) -> Vec<Mutant> {
    let place = |column: &String| {
        row[column]
            .as_str()
            .map_or(row[column].to_string(), str::to_owned)
    };
    let places: Vec<_> = table.key.iter().map(place).collect();
    let same = table.key.iter().zip(&places);
    let same: Vec<_> = same
        .map(|(column, value)| format!("{column}::text = {}", literal(value)))
        .collect();
    let only = same.join(" and ");
    let mut changes = vec![(
        "deleted".to_owned(),
        format!("delete from {} where {only}", table.name),
    )];
    for column in &table.columns.0 {
        for (what, value) in others(column, &row[&column.name]) {
            let sql = format!(
                "update {} set {} = {value} where {only}",
                table.name, column.name
            );
            changes.push((format!("{} {what}", column.name), sql));
        }
    }
    changes
        .into_iter()
        .map(|(what, sql)| Mutant {
            kind: Kind::Seed,
            name: format!("{} of {}: {what}", places.join(" to "), table.name),
            sql,
            subjects: vec![table.table.clone()],
        })
        .collect()
}

/// What a column of a row may be instead, in words and in SQL.
fn others(column: &Column, value: &Value) -> Vec<(String, String)> {
    match column.kind.as_str() {
        "boolean" => vec![("turned round".to_owned(), format!("not {}", column.name))],
        "integer" | "bigint" if !value.is_null() => {
            vec![("plus 1".to_owned(), format!("{} + 1", column.name))]
        }
        _ => {
            let codes = column.codes.iter();
            codes
                .filter(|code| value.as_str() != Some(code))
                .map(|code| (format!("is {code}"), literal(code)))
                .collect()
        }
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
