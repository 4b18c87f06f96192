//! Relations and their columns.

use std::collections::HashMap;

use serde::Deserialize;

use super::key::{Key, KeyKind};
use super::qi::Qi;

/// A column of a relation.
#[derive(Debug, Clone, Deserialize)]
pub struct Column {
    pub name: String,
    pub description: Option<String>,
    pub nullable: bool,
    /// The type without its modifiers; a domain's base type.
    pub base_type: String,
    /// The type as declared.
    pub nominal_type: String,
    pub max_length: Option<i32>,
    /// An SQL expression.
    pub default: Option<String>,
    /// The labels of an enum.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// A table or view of an exposed schema.
#[derive(Debug, Clone, Deserialize)]
pub struct Table {
    #[serde(flatten)]
    pub qi: Qi,
    pub description: Option<String>,
    pub insertable: bool,
    pub updatable: bool,
    pub deletable: bool,
    pub columns: Vec<Column>,
    #[serde(skip)]
    pub primary_key: Vec<String>,
}

impl Table {
    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The tables by name, with their primary keys.
pub(super) fn by_name(tables: Vec<Table>, keys: &[Key]) -> HashMap<Qi, Table> {
    let mut by_name: HashMap<Qi, Table> = tables.into_iter().map(|t| (t.qi.clone(), t)).collect();
    for key in keys.iter().filter(|key| key.kind == KeyKind::Primary) {
        if let Some(table) = by_name.get_mut(&key.table) {
            table.primary_key = key.columns.clone();
            table.primary_key.sort();
        }
    }
    by_name
}
