//! Primary, unique and foreign keys.

use serde::Deserialize;

use super::qi::Qi;

/// The kind of a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum KeyKind {
    #[serde(rename = "p")]
    Primary,
    #[serde(rename = "u")]
    Unique,
    #[serde(rename = "f")]
    Foreign,
}

/// A primary, unique or foreign key.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Key {
    pub kind: KeyKind,
    pub name: String,
    pub table: Qi,
    pub table_oid: u32,
    pub columns: Vec<String>,
    pub target: Option<KeyTarget>,
}

/// What a foreign key refers to.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KeyTarget {
    pub table: Qi,
    pub table_oid: u32,
    pub columns: Vec<String>,
}
