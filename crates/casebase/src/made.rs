//! What the migrations make in the schema `public`, read from their own text: all else of theirs lies in the schema
//! `casebase`, or in Storage under names that begin with `casebase_`.

use std::collections::BTreeSet;

use crate::migrations::Migration;

/// Names in `public`, each without its schema. What a later migration drops again is among them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Tables. `clients` is among them, which a project may have had before (`casebase.client_source`).
    pub tables: BTreeSet<String>,
    /// Views.
    pub views: BTreeSet<String>,
    /// Functions.
    pub functions: BTreeSet<String>,
    /// Types.
    pub types: BTreeSet<String>,
}

impl Made {
    /// By these migrations.
    pub fn by(migrations: &[Migration]) -> Self {
        let mut made = Self::default();
        for migration in migrations {
            let sql = &migration.sql;
            let named = |kind| named(sql, kind);
            made.tables.extend(named("table"));
            made.views.extend(named("view"));
            made.functions.extend(named("function"));
            made.types.extend(named("type"));
        }
        made
    }

    /// The names of one kind, as the database takes an array.
    pub fn list(names: &BTreeSet<String>) -> Vec<String> {
        names.iter().cloned().collect()
    }
}

/// The names in `public` that are created as this.
fn named(sql: &str, kind: &str) -> impl Iterator<Item = String> {
    let words = [
        format!("create {kind} public."),
        format!("create or replace {kind} public."),
    ];
    words.into_iter().flat_map(move |words| {
        let followed = sql.match_indices(&words).filter_map(|(at, words)| {
            let rest = &sql[at + words.len()..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
            Some(rest[..end].to_owned())
        });
        followed.collect::<Vec<_>>()
    })
}
