//! What is written.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::rest::api_request::payload::Payload;
use crate::rest::api_request::preferences::{Missing, Representation, Resolution};
use crate::rest::api_request::types::{Operation, QuantifiedOperator};
use crate::rest::api_request::{ApiRequest, Mutation};
use crate::rest::error::Error;
use crate::rest::schema_cache::{Column, SchemaCache, Table};

use super::read::{Condition, ReadPlan};

/// A statement that changes rows.
#[derive(Debug)]
pub struct MutatePlan {
    pub change: Change,
    /// What the changed rows give; nothing: only how many they are.
    pub returning: BTreeSet<String>,
    pub primary_key: Vec<String>,
}

/// The change.
#[derive(Debug)]
pub enum Change {
    Insert {
        rows: Rows,
        on_conflict: Option<OnConflict>,
        /// For PUT: what the row must fulfil.
        conditions: Vec<Condition>,
    },
    Update {
        rows: Rows,
        conditions: Vec<Condition>,
    },
    Delete {
        conditions: Vec<Condition>,
    },
}

/// Rows of a JSON body, as columns.
#[derive(Debug)]
pub struct Rows {
    pub body: Bytes,
    pub columns: Vec<Column>,
    /// A key that a row lacks takes the column's default instead of null.
    pub with_defaults: bool,
}

/// What happens to rows that exist.
#[derive(Debug)]
pub struct OnConflict {
    pub resolution: Resolution,
    pub columns: Vec<String>,
}

impl MutatePlan {
    /// The plan for a write to `table`.
    pub fn build(
        request: &ApiRequest,
        table: &Table,
        mutation: Mutation,
        read: &ReadPlan,
        cache: &SchemaCache,
    ) -> Result<Self, Error> {
        let change = match mutation {
            Mutation::Create => Change::Insert {
                rows: Rows::of(request, table)?,
                on_conflict: request.preferences.resolution.map(|resolution| OnConflict {
                    resolution,
                    columns: conflict_columns(request, table),
                }),
                conditions: Vec::new(),
            },
            Mutation::Update => Change::Update {
                rows: Rows::of(request, table)?,
                conditions: conditions(request, table, cache),
            },
            Mutation::SingleUpsert => {
                require_primary_key_filters(request, table)?;
                let rows = Rows::of(request, table)?;
                Change::Insert {
                    rows: Rows {
                        with_defaults: false,
                        ..rows
                    },
                    on_conflict: Some(OnConflict {
                        resolution: Resolution::MergeDuplicates,
                        columns: table.primary_key.clone(),
                    }),
                    conditions: conditions(request, table, cache),
                }
            }
            Mutation::Delete => Change::Delete {
                conditions: conditions(request, table, cache),
            },
        };
        let returning = match request.preferences.representation {
            None | Some(Representation::Minimal) => BTreeSet::new(),
            Some(_) => read.needed_columns(&table.primary_key),
        };
        Ok(Self {
            change,
            returning,
            primary_key: table.primary_key.clone(),
        })
    }

    /// Whether an upsert may have changed rows instead of adding them.
    pub fn is_merge(&self) -> bool {
        matches!(
            &self.change,
            Change::Insert {
                on_conflict: Some(OnConflict {
                    resolution: Resolution::MergeDuplicates,
                    ..
                }),
                ..
            }
        )
    }
}

impl Rows {
    fn of(request: &ApiRequest, table: &Table) -> Result<Self, Error> {
        let columns = request
            .payload_keys()
            .iter()
            .map(|name| {
                let column = table.column(name);
                column
                    .cloned()
                    .ok_or_else(|| Error::column_not_found(&table.qi.name, name))
            })
            .collect::<Result<_, _>>()?;
        let body = match &request.payload {
            Some(Payload::Json { body, .. }) => body.clone(),
            _ => Bytes::new(),
        };
        Ok(Self {
            body,
            columns,
            with_defaults: request.preferences.missing == Some(Missing::Default),
        })
    }

    /// Whether the body is one object. That it is valid JSON is left to PostgreSQL.
    pub fn is_object(&self) -> bool {
        self.body.trim_ascii_start().first() == Some(&b'{')
    }
}

fn conflict_columns(request: &ApiRequest, table: &Table) -> Vec<String> {
    let given = request.query.on_conflict.clone();
    given.unwrap_or_else(|| table.primary_key.clone())
}

/// The conditions on the rows that are changed.
fn conditions(request: &ApiRequest, table: &Table, cache: &SchemaCache) -> Vec<Condition> {
    // as PostgREST does, logic trees count here whatever level they name
    let logic = request.query.logic.iter();
    let logic = logic.map(|(_, tree)| Condition::from_logic(tree, &table.qi, cache));
    let filters = request.query.root_filters();
    filters
        .map(|filter| Condition::from_filter(filter, &table.qi, cache))
        .chain(logic)
        .collect()
}

/// PUT names its row by the whole primary key and nothing else.
fn require_primary_key_filters(request: &ApiRequest, table: &Table) -> Result<(), Error> {
    let query = &request.query;
    let key: BTreeSet<String> = table.primary_key.iter().cloned().collect();
    let is_equality = |operation: &Operation| {
        matches!(
            operation,
            Operation::Quantified(QuantifiedOperator::EQUAL, None, _)
        )
    };
    let only_equalities = query
        .root_filters()
        .all(|filter| !filter.negated && is_equality(&filter.operation));
    if query.logic.is_empty() && !key.is_empty() && query.filter_names == key && only_equalities {
        Ok(())
    } else {
        Err(Error::put_filters())
    }
}
