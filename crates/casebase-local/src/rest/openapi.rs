//! The description of a schema at the root, in OpenAPI 2.0.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::pool::Lease;
use super::query::sql::Sql;
use super::schema_cache::{
    Cardinality, Column, Parameter, Routine, SchemaCache, Table, Volatility,
};

/// The relations and functions that a caller may use.
pub struct Usable {
    relations: BTreeSet<String>,
    functions: BTreeSet<String>,
    /// The comment on the schema.
    description: Option<String>,
}

const USABLE_RELATIONS: &str = "
select c.relname::text
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = $1
   and c.relkind in ('r', 'p', 'v', 'm', 'f')
   and (
         pg_catalog.has_table_privilege(c.oid, 'select, insert, update, delete')
         or pg_catalog.has_any_column_privilege(c.oid, 'select, insert, update')
       )";

const USABLE_FUNCTIONS: &str = "
select distinct p.proname::text
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
 where n.nspname = $1
   and pg_catalog.has_function_privilege(p.oid, 'execute')";

const SCHEMA_DESCRIPTION: &str = "
select pg_catalog.obj_description(n.oid, 'pg_namespace')
  from pg_catalog.pg_namespace n
 where n.nspname = $1";

/// Asks the database, as the caller, what may be used.
pub async fn usable_names(
    lease: &mut Lease,
    settings: &Sql,
    schema: &str,
) -> Result<Usable, tokio_postgres::Error> {
    lease.in_transaction = true;
    lease.client.batch_execute("BEGIN READ ONLY").await?;
    let names = names_within(lease, settings, schema).await;
    lease.client.batch_execute("COMMIT").await?;
    lease.in_transaction = false;
    names
}

async fn names_within(
    lease: &mut Lease,
    settings: &Sql,
    schema: &str,
) -> Result<Usable, tokio_postgres::Error> {
    let typed: Vec<_> = settings
        .params
        .iter()
        .map(|p| -> (&(dyn tokio_postgres::types::ToSql + Sync), _) { (p, p.declared_type()) })
        .collect();
    lease.client.query_typed(&settings.text, &typed).await?;
    let relations = lease.client.query(USABLE_RELATIONS, &[&schema]).await?;
    let functions = lease.client.query(USABLE_FUNCTIONS, &[&schema]).await?;
    let described = lease
        .client
        .query_opt(SCHEMA_DESCRIPTION, &[&schema])
        .await?;
    Ok(Usable {
        relations: relations
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?,
        functions: functions
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?,
        description: match described {
            Some(row) => row.try_get(0)?,
            None => None,
        },
    })
}

/// The document.
pub fn document(cache: &SchemaCache, schema: &str, usable: &Usable) -> Value {
    let mut tables: Vec<&Table> = cache
        .tables
        .values()
        .filter(|t| t.qi.schema == schema && usable.relations.contains(&t.qi.name))
        .collect();
    tables.sort_by(|a, b| a.qi.name.cmp(&b.qi.name));
    let mut routines: Vec<&Routine> = cache
        .routines
        .values()
        .flatten()
        .filter(|r| r.qi.schema == schema && usable.functions.contains(&r.qi.name))
        .collect();
    routines.sort_by(|a, b| a.qi.name.cmp(&b.qi.name));

    let mut paths = Map::new();
    paths.insert("/".to_owned(), root_path());
    paths.extend(
        tables
            .iter()
            .map(|t| (format!("/{}", t.qi.name), table_path(t))),
    );
    paths.extend(
        routines
            .iter()
            .map(|r| (format!("/rpc/{}", r.qi.name), routine_path(r))),
    );
    let definitions: Map<String, Value> = tables
        .iter()
        .map(|table| (table.qi.name.clone(), definition(table, cache)))
        .collect();
    let media = json!([
        "application/json",
        "application/vnd.pgrst.object+json;nulls=stripped",
        "application/vnd.pgrst.object+json",
        "text/csv"
    ]);
    // the comment's first line is the title, as in a commit message
    let comment = usable.description.as_deref().unwrap_or_default();
    let (title, description) = comment.split_once('\n').unwrap_or((comment, ""));
    let or = |text: &str, default: &str| match text.trim_start_matches('\n') {
        "" => default.to_owned(),
        text => text.to_owned(),
    };
    json!({
        "swagger": "2.0",
        "info": {
            "title": or(title, "PostgREST API"),
            "description": or(description, "Relations and functions of the schema"),
            "version": env!("CARGO_PKG_VERSION"),
        },
        "basePath": "/",
        "consumes": media,
        "produces": media,
        "paths": paths,
        "definitions": definitions,
        "parameters": parameters(&tables),
    })
}

fn reference(to: &str) -> Value {
    json!({ "$ref": format!("#/parameters/{to}") })
}

fn root_path() -> Value {
    json!({ "get": {
        "tags": ["Introspection"],
        "summary": "This document",
        "produces": ["application/openapi+json", "application/json"],
        "responses": { "200": { "description": "OK" } },
    }})
}

fn table_path(table: &Table) -> Value {
    let name = &table.qi.name;
    let filters: Vec<Value> = table
        .columns
        .iter()
        .map(|column| reference(&format!("rowFilter.{name}.{}", column.name)))
        .collect();
    let body = format!("body.{name}");
    let with = |before: &[Value], more: &[&str]| -> Vec<Value> {
        before
            .iter()
            .cloned()
            .chain(more.iter().map(|p| reference(p)))
            .collect()
    };
    let rows = json!({ "type": "array", "items": { "$ref": format!("#/definitions/{name}") } });
    let mut path = Map::new();
    let reading = [
        "select",
        "order",
        "range",
        "rangeUnit",
        "offset",
        "limit",
        "preferCount",
    ];
    path.insert(
        "get".to_owned(),
        json!({
            "tags": [name],
            "summary": table.description,
            "parameters": with(&filters, &reading),
            "responses": {
                "200": { "description": "OK", "schema": rows },
                "206": { "description": "Partial Content" },
            },
        }),
    );
    let writable = table.insertable || table.updatable || table.deletable;
    let writes = [
        (
            "post",
            with(&[], &[&body, "select", "preferPost"]),
            "201",
            "Created",
        ),
        (
            "patch",
            with(&filters, &[&body, "preferReturn"]),
            "204",
            "No Content",
        ),
        (
            "delete",
            with(&filters, &["preferReturn"]),
            "204",
            "No Content",
        ),
    ];
    for (method, parameters, status, description) in writes.into_iter().filter(|_| writable) {
        path.insert(
            method.to_owned(),
            json!({
                "tags": [name],
                "summary": table.description,
                "parameters": parameters,
                "responses": { status: { "description": description } },
            }),
        );
    }
    Value::Object(path)
}

fn routine_path(routine: &Routine) -> Value {
    let operation = |parameters: Vec<Value>| {
        json!({
            "tags": [format!("(rpc) {}", routine.qi.name)],
            "summary": routine.description,
            "parameters": parameters,
            "responses": { "200": { "description": "OK" } },
        })
    };
    let properties: Map<String, Value> = routine
        .parameters
        .iter()
        .map(|p| (p.name.clone(), type_schema(&p.type_name)))
        .collect();
    let required: Vec<&str> = routine
        .parameters
        .iter()
        .filter(|p| p.required)
        .map(|p| p.name.as_str())
        .collect();
    let mut arguments = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        arguments["required"] = json!(required);
    }
    let body = json!({ "name": "args", "in": "body", "required": true, "schema": arguments });
    let post = operation(vec![body, reference("preferParams")]);
    match routine.volatility {
        Volatility::Volatile => json!({ "post": post }),
        Volatility::Stable | Volatility::Immutable => {
            let query = routine.parameters.iter().map(query_parameter).collect();
            json!({ "get": operation(query), "post": post })
        }
    }
}

fn query_parameter(parameter: &Parameter) -> Value {
    let mut described = type_schema(&parameter.type_name);
    if parameter.variadic {
        described["collectionFormat"] = json!("multi");
    } else if described["type"] == "array" || described["type"].is_null() {
        // arrays and JSON are written as text in a query string
        described = json!({ "type": "string", "format": described["format"] });
    }
    described["name"] = json!(parameter.name);
    described["in"] = json!("query");
    described["required"] = json!(parameter.required);
    described
}

fn definition(table: &Table, cache: &SchemaCache) -> Value {
    let properties: Map<String, Value> = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), property(column, table, cache)))
        .collect();
    let required: Vec<&str> = table
        .columns
        .iter()
        .filter(|c| !c.nullable)
        .map(|c| c.name.as_str())
        .collect();
    let mut definition = json!({ "type": "object", "properties": properties });
    if let Some(description) = &table.description {
        definition["description"] = json!(description);
    }
    if !required.is_empty() {
        definition["required"] = json!(required);
    }
    definition
}

fn property(column: &Column, table: &Table, cache: &SchemaCache) -> Value {
    let mut property = type_schema(&column.base_type);
    if !column.labels.is_empty() {
        property["enum"] = json!(column.labels);
    }
    if let Some(length) = column.max_length {
        property["maxLength"] = json!(length);
    }
    if let Some(default) = column
        .default
        .as_deref()
        .and_then(|d| literal(d, &column.base_type))
    {
        property["default"] = default;
    }
    let notes: Vec<String> = std::iter::once("Note:".to_owned())
        .chain(
            table
                .primary_key
                .contains(&column.name)
                .then(|| "This is a Primary Key.<pk/>".to_owned()),
        )
        .chain(foreign_key_note(column, table, cache))
        .collect();
    let mut paragraphs: Vec<String> = column.description.iter().cloned().collect();
    if notes.len() > 1 {
        paragraphs.push(notes.join("\n"));
    }
    if !paragraphs.is_empty() {
        property["description"] = json!(paragraphs.join("\n\n"));
    }
    property
}

/// Generators of client code read this form.
fn foreign_key_note(column: &Column, table: &Table, cache: &SchemaCache) -> Option<String> {
    let mut found: Vec<_> = cache
        .relationships_from(&table.qi)
        .iter()
        .filter_map(|relationship| match &relationship.cardinality {
            Cardinality::ManyToOne { columns, .. }
            | Cardinality::OneToOne {
                columns,
                origin_is_parent: false,
                ..
            } => match columns.as_slice() {
                [(own, foreign)] if *own == column.name => Some((relationship, foreign)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    found.sort_by_key(|(relationship, _)| relationship.foreign_is_view);
    let (relationship, foreign) = found.first()?;
    let name = &relationship.foreign_table.name;
    Some(format!(
        "This is a Foreign Key to `{name}.{foreign}`.<fk table='{name}' column='{foreign}'/>"
    ))
}

/// A default that is a literal, as JSON.
fn literal(default: &str, base_type: &str) -> Option<Value> {
    match type_schema(base_type)["type"].as_str() {
        Some("string") => {
            let text = default.strip_suffix(&format!("::{base_type}"));
            let text = text.map_or(default, |text| text.trim_matches('\''));
            Some(json!(text))
        }
        _ => serde_json::from_str(default).ok(),
    }
}

/// Type and format of an SQL type.
fn type_schema(name: &str) -> Value {
    let basic = |name: &str| match name {
        "boolean" => Some("boolean"),
        "smallint" | "integer" | "bigint" => Some("integer"),
        "numeric" | "real" | "double precision" => Some("number"),
        "json" | "jsonb" => None,
        _ => Some("string"),
    };
    let format = match name {
        "smallint" | "integer" => "int32",
        "bigint" => "int64",
        other => other,
    };
    let mut schema = json!({ "format": format });
    match name.strip_suffix("[]") {
        Some(item) => {
            schema["type"] = json!("array");
            schema["items"] = match basic(item) {
                Some(basic) => json!({ "type": basic }),
                None => json!({}),
            };
        }
        None => {
            if let Some(basic) = basic(name) {
                schema["type"] = json!(basic);
            }
        }
    }
    schema
}

fn parameters(tables: &[&Table]) -> Value {
    let text = |name: &str, place: &str, description: &str| json!({ "name": name, "in": place, "type": "string", "required": false, "description": description });
    let prefer = |values: &[&str]| {
        let mut parameter = text("Prefer", "header", "Preference");
        if !values.is_empty() {
            parameter["enum"] = json!(values);
        }
        parameter
    };
    let returns = ["return=representation", "return=minimal", "return=none"];
    let resolutions = [
        "resolution=ignore-duplicates",
        "resolution=merge-duplicates",
    ];
    let mut all = json!({
        "preferParams": prefer(&[]),
        "preferReturn": prefer(&returns),
        "preferCount": prefer(&["count=none"]),
        "preferPost": prefer(&[returns.as_slice(), resolutions.as_slice()].concat()),
        "select": text("select", "query", "Filtering Columns"),
        "on_conflict": text("on_conflict", "query", "On Conflict"),
        "order": text("order", "query", "Ordering"),
        "range": text("Range", "header", "Limiting and Pagination"),
        "rangeUnit": text("Range-Unit", "header", "Limiting and Pagination"),
        "offset": text("offset", "query", "Limiting and Pagination"),
        "limit": text("limit", "query", "Limiting and Pagination"),
    });
    for table in tables {
        let name = &table.qi.name;
        all[format!("body.{name}")] = json!({
            "name": name,
            "in": "body",
            "description": name,
            "required": false,
            "schema": { "$ref": format!("#/definitions/{name}") },
        });
        for column in &table.columns {
            let description = column.description.as_deref().unwrap_or_default();
            all[format!("rowFilter.{name}.{}", column.name)] =
                text(&column.name, "query", description);
        }
    }
    all
}
