//! Qualified names.

use serde::Deserialize;

/// A name in a schema. Without schema it is a name that the query itself introduces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Qi {
    pub schema: String,
    pub name: String,
}

impl Qi {
    /// `schema.name`
    pub fn new(schema: &str, name: &str) -> Self {
        Self {
            schema: schema.to_owned(),
            name: name.to_owned(),
        }
    }

    /// A name that the query itself introduces.
    pub fn local(name: &str) -> Self {
        Self::new("", name)
    }
}
