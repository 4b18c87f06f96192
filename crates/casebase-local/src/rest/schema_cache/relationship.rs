//! Relationships between relations: from foreign keys, through junction tables, and computed.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::key::{Key, KeyKind};
use super::qi::Qi;
use super::table::Table;
use super::view::{KeySide, ViewKey};

/// A function from a row to rows of another relation.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ComputedRelationship {
    pub function: Qi,
    pub table: Qi,
    pub foreign_table: Qi,
    pub to_one: bool,
}

/// Pairs of a column of the origin and one of the target.
pub type ColumnPairs = Vec<(String, String)>;

/// How rows of two relations belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cardinality {
    ManyToOne {
        constraint: String,
        columns: ColumnPairs,
    },
    OneToMany {
        constraint: String,
        columns: ColumnPairs,
    },
    OneToOne {
        constraint: String,
        columns: ColumnPairs,
        /// The origin is the side that is referred to.
        origin_is_parent: bool,
    },
    ManyToMany(Junction),
    /// A function from a row to rows.
    Computed {
        function: Qi,
        to_one: bool,
    },
}

/// The table between the two sides of a many-to-many relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Junction {
    pub table: Qi,
    pub origin_constraint: String,
    pub target_constraint: String,
    /// Columns of the origin and of the junction.
    pub origin_columns: ColumnPairs,
    /// Columns of the target and of the junction.
    pub target_columns: ColumnPairs,
}

/// A way from a relation to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relationship {
    pub table: Qi,
    pub foreign_table: Qi,
    pub cardinality: Cardinality,
    pub foreign_is_view: bool,
}

impl Relationship {
    /// Between a relation and itself.
    pub fn is_self(&self) -> bool {
        self.table == self.foreign_table
    }

    /// At most one row for each row of the origin.
    pub fn is_to_one(&self) -> bool {
        matches!(
            self.cardinality,
            Cardinality::ManyToOne { .. }
                | Cardinality::OneToOne { .. }
                | Cardinality::Computed { to_one: true, .. }
        )
    }

    /// The constraint and the columns of a relationship by one foreign key.
    pub fn foreign_key(&self) -> Option<(&str, &ColumnPairs)> {
        match &self.cardinality {
            Cardinality::ManyToOne {
                constraint,
                columns,
            }
            | Cardinality::OneToMany {
                constraint,
                columns,
            }
            | Cardinality::OneToOne {
                constraint,
                columns,
                ..
            } => Some((constraint, columns)),
            Cardinality::ManyToMany(_) | Cardinality::Computed { .. } => None,
        }
    }

    /// The same foreign key from its other side.
    fn inverse(&self) -> Option<Self> {
        let swap = |columns: &ColumnPairs| {
            columns
                .iter()
                .map(|(a, b)| (b.clone(), a.clone()))
                .collect()
        };
        let cardinality = match &self.cardinality {
            Cardinality::ManyToOne {
                constraint,
                columns,
            } => Cardinality::OneToMany {
                constraint: constraint.clone(),
                columns: swap(columns),
            },
            Cardinality::OneToOne {
                constraint,
                columns,
                origin_is_parent,
            } => Cardinality::OneToOne {
                constraint: constraint.clone(),
                columns: swap(columns),
                origin_is_parent: !origin_is_parent,
            },
            _ => return None,
        };
        Some(Self {
            table: self.foreign_table.clone(),
            foreign_table: self.table.clone(),
            cardinality,
            foreign_is_view: false,
        })
    }
}

/// A foreign key between two relations of which either may be a view.
struct Reference {
    relationship: Relationship,
    table_is_view: bool,
}

/// All relationships.
pub(super) fn find(
    keys: &[Key],
    computed: &[ComputedRelationship],
    tables: &HashMap<Qi, Table>,
    views: &[ViewKey],
) -> Vec<Relationship> {
    let mut references = Vec::new();
    for key in keys {
        references.extend(references_of(key, keys, views));
    }
    let many_to_many = many_to_many(&references, tables);
    let inverse: Vec<Relationship> = references
        .iter()
        .filter_map(|reference| {
            Some(Relationship {
                foreign_is_view: reference.table_is_view,
                ..reference.relationship.inverse()?
            })
        })
        .collect();
    let mut found: Vec<Relationship> = references.into_iter().map(|r| r.relationship).collect();
    found.extend(inverse);
    found.extend(many_to_many);

    // a computed relationship stands for the detected ones to the relation of its own name
    for computed in computed {
        found.retain(|r| r.table != computed.table || r.foreign_table != computed.function);
        found.push(Relationship {
            table: computed.table.clone(),
            foreign_table: computed.foreign_table.clone(),
            cardinality: Cardinality::Computed {
                function: computed.function.clone(),
                to_one: computed.to_one,
            },
            foreign_is_view: false,
        });
    }
    found
}

/// The relationships by origin, as far as they stay within the exposed schemas.
pub(super) fn by_origin(
    relationships: Vec<Relationship>,
    schemas: &[String],
) -> HashMap<Qi, Vec<Relationship>> {
    let exposed = |qi: &Qi| schemas.contains(&qi.schema);
    let mut by_origin: HashMap<Qi, Vec<Relationship>> = HashMap::new();
    for relationship in relationships {
        let through = match &relationship.cardinality {
            Cardinality::ManyToMany(junction) => exposed(&junction.table),
            Cardinality::Computed { function, .. } => exposed(function),
            _ => true,
        };
        if through && exposed(&relationship.table) && exposed(&relationship.foreign_table) {
            let from = by_origin.entry(relationship.table.clone()).or_default();
            from.push(relationship);
        }
    }
    by_origin
}

/// A foreign key between its tables, and between the views that show its columns.
fn references_of(key: &Key, keys: &[Key], views: &[ViewKey]) -> Vec<Reference> {
    let Some(target) = &key.target else {
        return Vec::new();
    };
    let one_to_one = is_unique(key, keys);
    let identity = &(key.table.clone(), key.name.clone());
    let shown = |side: KeySide| {
        let of_this = move |v: &&ViewKey| v.side == side && v.constraint == *identity;
        views
            .iter()
            .filter(of_this)
            .flat_map(|v| v.choices().into_iter().map(move |c| (&v.view, c)))
    };
    let own = || key.columns.iter().map(String::as_str).collect::<Vec<_>>();
    let other = || {
        target
            .columns
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
    };

    let origins = std::iter::once((&key.table, own(), false))
        .chain(shown(KeySide::Referencing).map(|(view, columns)| (view, columns, true)));
    let targets: Vec<_> = std::iter::once((&target.table, other(), false))
        .chain(shown(KeySide::Referenced).map(|(view, columns)| (view, columns, true)))
        .collect();
    origins
        .flat_map(|(table, columns, table_is_view)| {
            targets
                .iter()
                .map(move |(foreign, foreign_columns, foreign_is_view)| {
                    let pairs = columns
                        .iter()
                        .zip(foreign_columns)
                        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                        .collect();
                    Reference {
                        relationship: Relationship {
                            table: table.clone(),
                            foreign_table: (*foreign).clone(),
                            cardinality: reference_cardinality(&key.name, pairs, one_to_one),
                            foreign_is_view: *foreign_is_view,
                        },
                        table_is_view,
                    }
                })
        })
        .collect()
}

fn reference_cardinality(name: &str, columns: ColumnPairs, one_to_one: bool) -> Cardinality {
    let constraint = name.to_owned();
    if one_to_one {
        Cardinality::OneToOne {
            constraint,
            columns,
            origin_is_parent: false,
        }
    } else {
        Cardinality::ManyToOne {
            constraint,
            columns,
        }
    }
}

/// Whether a foreign key's columns are a primary or unique key of their table.
fn is_unique(key: &Key, keys: &[Key]) -> bool {
    let columns: BTreeSet<&String> = key.columns.iter().collect();
    keys.iter()
        .filter(|k| k.kind != KeyKind::Foreign && k.table_oid == key.table_oid)
        .any(|k| k.columns.iter().collect::<BTreeSet<_>>() == columns)
}

/// A relation with two foreign keys inside its primary key connects what they refer to.
fn many_to_many(references: &[Reference], tables: &HashMap<Qi, Table>) -> Vec<Relationship> {
    let mut by_junction: HashMap<&Qi, Vec<&Relationship>> = HashMap::new();
    for reference in references {
        let relationship = &reference.relationship;
        if matches!(relationship.cardinality, Cardinality::ManyToOne { .. }) {
            by_junction
                .entry(&relationship.table)
                .or_default()
                .push(relationship);
        }
    }
    let mut found = Vec::new();
    for (junction, sides) in by_junction {
        let Some(table) = tables.get(junction) else {
            continue;
        };
        for origin in &sides {
            for target in &sides {
                found.extend(through_junction(table, origin, target));
            }
        }
    }
    found
}

fn through_junction(
    junction: &Table,
    origin: &Relationship,
    target: &Relationship,
) -> Option<Relationship> {
    let (origin_constraint, origin_columns) = origin.foreign_key()?;
    let (target_constraint, target_columns) = target.foreign_key()?;
    let mut columns = origin_columns.iter().chain(target_columns);
    if origin_constraint == target_constraint
        || !columns.all(|(column, _)| junction.primary_key.contains(column))
    {
        return None;
    }
    let outside_first = |columns: &ColumnPairs| {
        columns
            .iter()
            .map(|(inner, outer)| (outer.clone(), inner.clone()))
            .collect()
    };
    Some(Relationship {
        table: origin.foreign_table.clone(),
        foreign_table: target.foreign_table.clone(),
        cardinality: Cardinality::ManyToMany(Junction {
            table: junction.qi.clone(),
            origin_constraint: origin_constraint.to_owned(),
            target_constraint: target_constraint.to_owned(),
            origin_columns: outside_first(origin_columns),
            target_columns: outside_first(target_columns),
        }),
        foreign_is_view: target.foreign_is_view,
    })
}
