//! From `select=` and the other parameters to a tree of related relations.

use crate::rest::api_request::range::RowRange;
use crate::rest::api_request::types::*;
use crate::rest::api_request::{Action, ApiRequest};
use crate::rest::error::Error;
use crate::rest::plan::{SOURCE, is_mutation, relationship};
use crate::rest::schema_cache::{Cardinality, Qi, Relationship, SchemaCache};

use super::{Condition, FieldRef, JoinCondition, OrderBy, ReadPlan, SelectTerm, Spread};

/// What the stages of building have in common.
pub(super) struct Builder<'a> {
    pub(super) request: &'a ApiRequest,
    pub(super) cache: &'a SchemaCache,
}

impl Builder<'_> {
    /// The tree that `select=` describes, not yet related.
    pub(super) fn tree(&self, relation: &Qi, items: &[SelectItem], depth: usize) -> ReadPlan {
        let mut plan = ReadPlan {
            select: Vec::new(),
            from: relation.clone(),
            from_alias: None,
            conditions: Vec::new(),
            order: Vec::new(),
            range: RowRange::ALL,
            name: relation.name.clone(),
            alias: None,
            hint: None,
            join: None,
            spread: Spread::No,
            relationship: None,
            parent_row: String::new(),
            join_conditions: Vec::new(),
            aggregate: String::new(),
            has_aggregate_function: false,
            depth,
            children: Vec::new(),
        };
        for item in items {
            match item {
                SelectItem::Field(field) => {
                    plan.has_aggregate_function |= field.is_aggregate;
                    plan.select.push(SelectTerm {
                        field: FieldRef::resolve(&field.field, relation, self.cache),
                        cast: field.cast.clone(),
                        alias: field.alias.clone(),
                    });
                }
                SelectItem::Relation(embed) => {
                    let target = Qi::new(&relation.schema, &embed.name);
                    let child = self.tree(&target, &embed.items, depth + 1);
                    plan.children.push(ReadPlan {
                        alias: embed.alias.clone(),
                        hint: embed.hint.clone(),
                        join: embed.join,
                        spread: if embed.is_spread {
                            Spread::ToOne
                        } else {
                            Spread::No
                        },
                        ..child
                    });
                }
            }
        }
        plan
    }

    /// The root's filters limit a write itself, so only embedded relations' are read with.
    fn applies(&self, path: &EmbedPath) -> bool {
        !is_mutation(self.request) || !path.is_empty()
    }

    pub(super) fn add_filters(&self, plan: &mut ReadPlan) -> Result<(), Error> {
        for (path, filter) in self.request.query.filters.iter().rev() {
            if self.applies(path) {
                let node = plan.at_path(path)?;
                let condition = Condition::from_filter(filter, &node.from, self.cache);
                node.conditions.insert(0, condition);
            }
        }
        Ok(())
    }

    pub(super) fn add_orders(&self, plan: &mut ReadPlan) -> Result<(), Error> {
        for (path, terms) in self.request.query.order.iter().rev() {
            let node = plan.at_path(path)?;
            let from = node.from.clone();
            let resolve = |term: &OrderTerm| OrderBy {
                relation: term.relation.clone(),
                field: match term.relation {
                    // of another relation's column nothing is known here
                    Some(_) => FieldRef {
                        json_path: term.field.json_path.clone(),
                        ..FieldRef::plain(&term.field.name)
                    },
                    None => FieldRef::resolve(&term.field, &from, self.cache),
                },
                direction: term.direction,
                nulls: term.nulls,
            };
            node.order = terms.iter().map(resolve).collect();
        }
        Ok(())
    }

    pub(super) fn add_ranges(&self, plan: &mut ReadPlan) -> Result<(), Error> {
        if is_mutation(self.request) {
            return Ok(());
        }
        for (path, range) in &self.request.query.ranges {
            plan.at_path(path)?.range = *range;
        }
        plan.range = self.request.range;
        Ok(())
    }

    pub(super) fn add_logic(&self, plan: &mut ReadPlan) -> Result<(), Error> {
        for (path, tree) in self.request.query.logic.iter().rev() {
            if self.applies(path) {
                let node = plan.at_path(path)?;
                let condition = Condition::from_logic(tree, &node.from, self.cache);
                node.conditions.insert(0, condition);
            }
        }
        Ok(())
    }

    /// Finds how each relation belongs to its parent. The rows of a write or a call are read from
    /// the source under the name of their relation.
    pub(super) fn relate(&self, root: &mut ReadPlan) -> Result<(), Error> {
        if !matches!(self.request.action, Action::Read { .. }) {
            root.from_alias = Some(std::mem::replace(&mut root.from, Qi::local(SOURCE)).name);
        }
        self.relate_children(root)
    }

    fn relate_children(&self, parent: &mut ReadPlan) -> Result<(), Error> {
        let origin = match (&parent.from_alias, parent.depth) {
            (Some(alias), 0) => alias.clone(),
            _ => parent.from.name.clone(),
        };
        let parent_alias = parent.from_alias.clone();
        for child in &mut parent.children {
            let found = relationship::find(
                self.cache,
                &self.request.schema,
                &origin,
                &child.name,
                child.hint.as_deref(),
            )?;
            child.set_relationship(found, parent_alias.as_deref());
            self.relate_children(child)?;
        }
        Ok(())
    }

    /// To make an array of each column, the columns have to be known.
    pub(super) fn expand_stars(&self, plan: &mut ReadPlan, within_spread: bool) {
        let expand = within_spread || matches!(plan.spread, Spread::ToMany { .. });
        if let (true, Some(table)) = (expand, self.cache.tables.get(&plan.from)) {
            let columns = |term: SelectTerm| match term.field.name.as_str() {
                "*" => table
                    .columns
                    .iter()
                    .map(|column| SelectTerm {
                        field: FieldRef::plain(&column.name),
                        ..term.clone()
                    })
                    .collect(),
                _ => vec![term],
            };
            plan.select = std::mem::take(&mut plan.select)
                .into_iter()
                .flat_map(columns)
                .collect();
        }
        for child in &mut plan.children {
            self.expand_stars(child, expand);
        }
    }
}

impl ReadPlan {
    fn set_relationship(&mut self, found: &Relationship, parent_alias: Option<&str>) {
        self.from = found.foreign_table.clone();
        self.aggregate = format!("{}_{}_{}", found.table.name, self.output_name(), self.depth);
        if matches!(self.spread, Spread::ToOne) && !found.is_to_one() {
            self.spread = Spread::ToMany {
                extra: Vec::new(),
                order: Vec::new(),
            };
        }
        let parent = match parent_alias {
            Some(alias) => Qi::local(alias),
            None => found.table.clone(),
        };
        match &found.cardinality {
            // the junction is joined by its own name, so the target keeps its own too
            Cardinality::ManyToMany(junction) => {
                let to_junction = |(outer, inner): &(String, String), side: &Qi| JoinCondition {
                    left: (junction.table.clone(), inner.clone()),
                    right: (side.clone(), outer.clone()),
                };
                let target = junction.target_columns.iter();
                let origin = junction.origin_columns.iter();
                self.join_conditions = target
                    .map(|pair| to_junction(pair, &found.foreign_table))
                    .chain(origin.map(|pair| to_junction(pair, &parent)))
                    .collect();
            }
            _ => {
                let alias = format!("{}_{}", found.foreign_table.name, self.depth);
                let own = Qi::local(&alias);
                let columns = found
                    .foreign_key()
                    .into_iter()
                    .flat_map(|(_, columns)| columns);
                self.join_conditions = columns
                    .map(|(outer, inner)| JoinCondition {
                        left: (own.clone(), inner.clone()),
                        right: (parent.clone(), outer.clone()),
                    })
                    .collect();
                self.from_alias = Some(alias);
            }
        }
        self.parent_row = parent.name;
        self.relationship = Some(found.clone());
    }
}
