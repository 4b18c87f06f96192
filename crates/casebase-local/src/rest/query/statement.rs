//! The whole statement: the source of the rows, what is read of it, and the body made of that.

use crate::rest::api_request::Mutation;
use crate::rest::api_request::preferences::{Count, Preferences, Representation};
use crate::rest::plan::negotiate::Handler;
use crate::rest::plan::{CrudPlan, Operation, SOURCE};
use crate::rest::schema_cache::{Qi, Routine};

use super::call::{self, VALUE};
use super::sql::Sql;
use super::{mutate, read};

/// The name of the rows that the body is made of.
const ROWS: &str = "_postgrest_t";

/// Adds the columns, in this order: the total of all rows, the number of these, the parts of the
/// location, the body, `response.headers`, `response.status` and the number of inserted rows.
pub fn main(plan: &CrudPlan, preferences: &Preferences, max_rows: Option<u64>) -> Sql {
    let mut sql = Sql::default();
    sql.push("WITH ").push(SOURCE).push(" AS (");
    match &plan.operation {
        Operation::Read { .. } => read::select(&mut sql, &plan.read),
        Operation::Mutate { relation, plan, .. } => mutate::mutate(&mut sql, relation, plan),
        Operation::Call { plan, .. } => call::call(&mut sql, plan),
    }
    sql.push(")");
    let total = counted(&mut sql, plan, preferences, max_rows);
    sql.push(" SELECT ").push(total).push(", ");
    sql.push(match plan.routine() {
        Some(routine) if !routine.returns.is_set => "1::bigint",
        _ => "pg_catalog.count(_postgrest_t)",
    });
    sql.push(", ");
    location(&mut sql, plan, preferences);
    sql.push(", ");
    body(&mut sql, plan.handler, plan.routine());
    sql.push(", nullif(current_setting('response.headers', true), '')");
    sql.push(", nullif(current_setting('response.status', true), '')");
    sql.push(", ").push(inserted(plan)).push(" FROM (");
    match &plan.operation {
        Operation::Read { .. } => {
            sql.push("SELECT * FROM ").push(SOURCE);
        }
        // without a body the selected columns are not there
        Operation::Mutate { .. } if plan.handler == Handler::None => {
            sql.push("SELECT * FROM ").push(SOURCE);
        }
        _ => read::select(&mut sql, &plan.read),
    }
    sql.push(") ").push(ROWS);
    sql
}

/// The query whose rows the planner is asked to estimate.
pub fn explain(plan: &CrudPlan) -> Sql {
    let mut sql = Sql::default();
    sql.push("EXPLAIN (FORMAT JSON) ");
    read::count(&mut sql, &plan.read);
    sql
}

/// Adds the counting query, if there is one, and returns the expression for the total.
fn counted(
    sql: &mut Sql,
    plan: &CrudPlan,
    preferences: &Preferences,
    max_rows: Option<u64>,
) -> &'static str {
    let is_mutation = matches!(plan.operation, Operation::Mutate { .. });
    if is_mutation || !preferences.counts_rows() {
        return "null::bigint";
    }
    sql.push(", pgrst_source_count AS (");
    read::count(sql, &plan.read);
    if let (Some(max), Some(Count::Estimated), Operation::Read { .. }) =
        (max_rows, preferences.count, &plan.operation)
    {
        // one more than can be given shows that the estimate is wanted
        sql.push(" LIMIT ").value(&(max + 1).to_string());
    }
    sql.push(")");
    "(SELECT pg_catalog.count(*) FROM pgrst_source_count)"
}

fn location(sql: &mut Sql, plan: &CrudPlan, preferences: &Preferences) {
    let wanted = preferences.representation == Some(Representation::HeadersOnly);
    match &plan.operation {
        Operation::Mutate {
            mutation: Mutation::Create,
            plan,
            ..
        } if wanted && !plan.primary_key.is_empty() => {
            sql.push(
                "CASE WHEN pg_catalog.count(_postgrest_t) = 1 THEN (\
                 SELECT array_agg(pair.key || '=' || coalesce('eq.' || pair.value, 'is.null')) \
                 FROM pgrst_source, json_each_text(row_to_json(pgrst_source)) AS pair \
                 WHERE pair.key = ANY(",
            );
            sql.array(plan.primary_key.iter().map(String::as_str));
            sql.push(")) END");
        }
        _ => {
            sql.push("null::text[]");
        }
    }
}

fn inserted(plan: &CrudPlan) -> &'static str {
    match &plan.operation {
        Operation::Mutate { plan, .. } if plan.is_merge() => {
            "nullif(current_setting('pgrst.inserted', true), '')::bigint"
        }
        _ => "null::bigint",
    }
}

fn body(sql: &mut Sql, handler: Handler, routine: Option<&Routine>) {
    let returns = |what: fn(&Routine) -> bool| routine.is_some_and(what);
    let value = Qi::local(ROWS);
    match handler {
        Handler::None => {
            sql.push("''::text");
        }
        Handler::Csv => {
            csv(sql);
        }
        Handler::GeoJson => {
            sql.push(
                "json_build_object('type', 'FeatureCollection', 'features', \
                 coalesce(json_agg(ST_AsGeoJSON(_postgrest_t)::json), '[]'))",
            );
        }
        Handler::Object { strip_nulls } => {
            let only_value = returns(Routine::returns_scalar);
            json(sql, strip_nulls, "->0", "null", |sql| {
                if only_value {
                    sql.column(&value, VALUE);
                } else {
                    sql.push(ROWS);
                }
            });
        }
        Handler::Json { strip_nulls } => {
            let single = returns(Routine::returns_scalar) || returns(Routine::returns_row);
            let (item, empty) = if single { ("->0", "null") } else { ("", "[]") };
            let values = returns(Routine::returns_scalar) || returns(Routine::returns_values);
            json(sql, strip_nulls, item, empty, |sql| {
                if values {
                    sql.column(&value, VALUE);
                } else {
                    sql.push(ROWS);
                }
            });
        }
    }
}

fn json(sql: &mut Sql, strip_nulls: bool, item: &str, empty: &str, rows: impl FnOnce(&mut Sql)) {
    sql.push("coalesce(");
    sql.push(if strip_nulls {
        "json_strip_nulls(json_agg("
    } else {
        "(json_agg("
    });
    rows(sql);
    sql.push(")").push(item).push("), '").push(empty).push("')");
}

/// A line of column names, then PostgreSQL's own text of each row without its parentheses.
fn csv(sql: &mut Sql) {
    sql.push(
        "(SELECT coalesce(string_agg(name, ','), '') FROM json_object_keys((\
         SELECT row_to_json(s) FROM pgrst_source s LIMIT 1)) AS name) || E'\\n' || \
         coalesce(string_agg(substring(_postgrest_t::text, 2, length(_postgrest_t::text) - 2), E'\\n'), '')",
    );
}
