//! Constraints of the database and the words for whom one refuses.
//!
//! The table is `types/constraints.json`, written from the database's catalogue. PostgreSQL names a
//! constraint in its message only, and PostgREST passes that on.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

/// A row that a constraint refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// The constraint's name; `<table>_<column>_not_null` where a column must not be null.
    pub constraint: &'static str,
    /// The column that it is about, if it is one that a user writes.
    pub field: Option<&'static str>,
    /// For people: what would be accepted, or why not.
    pub sentence: &'static str,
}

#[derive(Deserialize)]
struct Constraint {
    constraint: String,
    field: Option<String>,
    sentence: String,
    /// For whoever deletes what a row still refers to.
    in_use: Option<String>,
}

static CONSTRAINTS: LazyLock<HashMap<String, Constraint>> = LazyLock::new(|| {
    let table = include_str!("../../../types/constraints.json");
    let constraints: Vec<Constraint> = serde_json::from_str(table).unwrap_or_default();
    let by_name = constraints.into_iter();
    by_name.map(|one| (one.constraint.clone(), one)).collect()
});

impl Violation {
    /// What PostgreSQL's message (in English) is about; nothing where no constraint of Casebase's is
    /// named in it.
    pub fn of(message: &str) -> Option<Self> {
        // In double quotes: the table or column first, then the constraint.
        let names: Vec<_> = message.split('"').skip(1).step_by(2).collect();
        let not_null = match names.as_slice() {
            [column, table, ..] if message.contains("not-null") => {
                CONSTRAINTS.get(&format!("{table}_{column}_not_null"))
            }
            _ => None,
        };
        let named = || names.iter().find_map(|name| CONSTRAINTS.get(*name));
        let found = not_null.or_else(named)?;
        // "update or delete on table … violates foreign key constraint … on table …".
        let sentence = match &found.in_use {
            Some(in_use) if names.len() > 2 => in_use,
            _ => &found.sentence,
        };
        Some(Self {
            constraint: &found.constraint,
            field: found.field.as_deref(),
            sentence,
        })
    }
}
