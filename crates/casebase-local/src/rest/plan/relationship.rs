//! Which relationship an embedded relation means.

use crate::rest::error::Error;
use crate::rest::schema_cache::relationship::ColumnPairs;
use crate::rest::schema_cache::{Cardinality, Qi, Relationship, SchemaCache};

/// Finds the relationship from `origin` to what `target` names: a relation, a foreign key, a
/// column with a foreign key or a computed relationship. A hint narrows it down.
pub fn find<'a>(
    cache: &'a SchemaCache,
    schema: &str,
    origin: &str,
    target: &str,
    hint: Option<&str>,
) -> Result<&'a Relationship, Error> {
    let all = cache.relationships_from(&Qi::new(schema, origin));
    let matching: Vec<&Relationship> = all
        .iter()
        .filter(|r| schema_of(r) == schema && is_meant(r, target, hint))
        .collect();
    match matching.as_slice() {
        [] => Err(Error::no_relationship(origin, target, hint, schema, cache)),
        [one] => Ok(one),
        several => Err(Error::ambiguous_relationship(origin, target, several)),
    }
}

/// The schema in which the target is looked up.
fn schema_of(relationship: &Relationship) -> &str {
    match &relationship.cardinality {
        Cardinality::Computed { function, .. } => &function.schema,
        _ => &relationship.foreign_table.schema,
    }
}

fn is_meant(relationship: &Relationship, target: &str, hint: Option<&str>) -> bool {
    if let Cardinality::Computed { function, .. } = &relationship.cardinality {
        return function.name == target;
    }
    if relationship.is_self() {
        return is_meant_within_itself(relationship, target, hint);
    }
    let names_relation = relationship.foreign_table.name == target;
    match hint {
        None => {
            let by_key = relationship
                .foreign_key()
                .is_some_and(|(constraint, columns)| {
                    constraint == target || is_single(columns, |(own, _)| own == target)
                });
            names_relation || by_key && !relationship.foreign_is_view
        }
        Some(hint) => names_relation && fits_hint(relationship, hint),
    }
}

/// One foreign key between a relation and itself is two relationships: its name means the many
/// rows that refer to a row, the key's column the one row that is referred to.
fn is_meant_within_itself(relationship: &Relationship, target: &str, hint: Option<&str>) -> bool {
    let names_relation = relationship.foreign_table.name == target;
    match (&relationship.cardinality, hint) {
        (Cardinality::OneToMany { .. }, None) => names_relation,
        (Cardinality::OneToMany { columns, .. }, Some(hint)) => {
            names_relation && is_single(columns, |(_, foreign)| foreign == hint)
        }
        (Cardinality::ManyToOne { columns, .. }, None) => {
            is_single(columns, |(own, _)| own == target)
        }
        _ => false,
    }
}

fn fits_hint(relationship: &Relationship, hint: &str) -> bool {
    match (&relationship.cardinality, relationship.foreign_key()) {
        (Cardinality::ManyToMany(junction), _) => junction.table.name == hint,
        (_, Some((constraint, columns))) => {
            constraint == hint
                || is_single(columns, |(own, foreign)| own == hint || foreign == hint)
        }
        _ => false,
    }
}

fn is_single(columns: &ColumnPairs, fits: impl Fn(&(String, String)) -> bool) -> bool {
    matches!(columns.as_slice(), [pair] if fits(pair))
}
