//! INSERT, UPDATE and DELETE.

use crate::rest::api_request::preferences::Resolution;
use crate::rest::plan::mutate::{Change, MutatePlan, OnConflict, Rows};
use crate::rest::plan::read::Condition;
use crate::rest::schema_cache::Qi;

use super::read::condition;
use super::sql::{Param, Sql};

/// The name of the rows of the body.
pub const BODY: &str = "pgrst_body";

/// How many of an upsert's rows were new: each row of the source adds one before it is inserted,
/// each that turns out to exist takes one away.
const COUNT_INSERTED: &str = "set_config('pgrst.inserted', (coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0) + 1)::text, true) <> '0'";
const COUNT_EXISTING: &str = "set_config('pgrst.inserted', (coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0) - 1)::text, true) <> '-1'";

/// Adds the statement.
pub fn mutate(sql: &mut Sql, relation: &Qi, plan: &MutatePlan) {
    match &plan.change {
        Change::Insert {
            rows,
            on_conflict,
            conditions,
        } => insert(sql, relation, rows, on_conflict.as_ref(), conditions),
        Change::Update { rows, .. } if rows.columns.is_empty() => {
            no_rows(sql, relation, plan);
            return;
        }
        Change::Update { rows, conditions } => update(sql, relation, rows, conditions),
        Change::Delete { conditions } => {
            sql.push("DELETE FROM ").qi(relation);
            limited_to(sql, relation, conditions);
        }
    }
    sql.push(" RETURNING ");
    if plan.returning.is_empty() {
        sql.push("1");
    }
    sql.list(&plan.returning, ", ", |sql, column| {
        sql.column(relation, column);
    });
}

fn insert(
    sql: &mut Sql,
    relation: &Qi,
    rows: &Rows,
    on_conflict: Option<&OnConflict>,
    conditions: &[Condition],
) {
    let body = Qi::local(BODY);
    sql.push("INSERT INTO ").qi(relation);
    if !rows.columns.is_empty() {
        sql.push("(").list(&rows.columns, ", ", |sql, column| {
            sql.ident(&column.name);
        });
        sql.push(")");
    }
    sql.push(" SELECT ")
        .list(&rows.columns, ", ", |sql, column| {
            sql.column(&body, &column.name);
        });
    sql.push(" FROM ");
    body_rows(sql, rows);
    let merges = on_conflict.is_some_and(|c| c.resolution == Resolution::MergeDuplicates);
    if merges {
        sql.push(" WHERE ").push(COUNT_INSERTED);
        for each in conditions {
            sql.push(" AND ");
            condition(sql, &body, each);
        }
    }
    match on_conflict {
        Some(conflict) if !conflict.columns.is_empty() => conflicts(sql, rows, conflict),
        _ => {}
    }
}

fn conflicts(sql: &mut Sql, rows: &Rows, conflict: &OnConflict) {
    sql.push(" ON CONFLICT(")
        .list(&conflict.columns, ", ", |sql, column| {
            sql.ident(column);
        });
    sql.push(")");
    if conflict.resolution == Resolution::IgnoreDuplicates || rows.columns.is_empty() {
        sql.push(" DO NOTHING");
        return;
    }
    sql.push(" DO UPDATE SET ")
        .list(&rows.columns, ", ", |sql, column| {
            sql.ident(&column.name)
                .push(" = EXCLUDED.")
                .ident(&column.name);
        });
    sql.push(" WHERE ").push(COUNT_EXISTING);
}

fn update(sql: &mut Sql, relation: &Qi, rows: &Rows, conditions: &[Condition]) {
    let body = Qi::local(BODY);
    sql.push("UPDATE ").qi(relation).push(" SET ");
    sql.list(&rows.columns, ", ", |sql, column| {
        sql.ident(&column.name)
            .push(" = ")
            .column(&body, &column.name);
    });
    sql.push(" FROM ");
    body_rows(sql, rows);
    limited_to(sql, relation, conditions);
}

/// An update of no column changes no row, but its columns can be asked for.
fn no_rows(sql: &mut Sql, relation: &Qi, plan: &MutatePlan) {
    let own = Qi::local(&relation.name);
    sql.push("SELECT ");
    if plan.returning.is_empty() {
        sql.push("NULL");
    }
    sql.list(&plan.returning, ", ", |sql, column| {
        sql.column(&own, column);
    });
    sql.push(" FROM ").qi(relation).push(" WHERE false");
}

fn limited_to(sql: &mut Sql, relation: &Qi, conditions: &[Condition]) {
    let mut keyword = " WHERE ";
    for each in conditions {
        sql.push(keyword);
        condition(sql, relation, each);
        keyword = " AND ";
    }
}

/// The rows of the body as a relation with the columns' types.
fn body_rows(sql: &mut Sql, rows: &Rows) {
    match (rows.columns.is_empty(), rows.is_object()) {
        (true, true) => {
            sql.push("(VALUES (1)) AS ").push(BODY);
            return;
        }
        (true, false) => {
            let body = Param::json(rows.body.clone());
            sql.push("json_array_elements(")
                .bind(body)
                .push(") AS ")
                .push(BODY);
            return;
        }
        (false, true) if rows.with_defaults => {
            sql.push("jsonb_to_record(");
            defaults(sql, rows);
            sql.push(" || ").bind(Param::jsonb(rows.body.clone()));
        }
        (false, false) if rows.with_defaults => {
            sql.push("jsonb_to_recordset((SELECT jsonb_agg(");
            defaults(sql, rows);
            sql.push(" || given) FROM jsonb_array_elements(");
            sql.bind(Param::jsonb(rows.body.clone()))
                .push(") AS given)");
        }
        (false, is_object) => {
            sql.push(if is_object {
                "json_to_record("
            } else {
                "json_to_recordset("
            });
            sql.bind(Param::json(rows.body.clone()));
        }
    }
    sql.push(") AS ").push(BODY).push("(");
    sql.list(&rows.columns, ", ", |sql, column| {
        sql.ident(&column.name).push(" ").push(&column.nominal_type);
    });
    sql.push(")");
}

/// An object of the columns' defaults, which are expressions from the catalog.
fn defaults(sql: &mut Sql, rows: &Rows) {
    let with_default = rows
        .columns
        .iter()
        .filter_map(|column| Some((&column.name, column.default.as_deref()?)));
    sql.push("jsonb_build_object(");
    sql.list(with_default, ", ", |sql, (name, default)| {
        sql.value(name).push("::text, ").push(default);
    });
    sql.push(")");
}
