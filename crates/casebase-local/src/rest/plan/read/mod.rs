//! What is read: a tree of relations with their columns, conditions and order.

mod builder;

use std::collections::BTreeSet;

use crate::rest::api_request::ApiRequest;
use crate::rest::api_request::range::RowRange;
use crate::rest::api_request::types::*;
use crate::rest::error::Error;
use crate::rest::schema_cache::{Cardinality, Qi, Relationship, SchemaCache};

use super::is_mutation;

use self::builder::Builder;

/// A field with what has to be done to reach into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRef {
    pub name: String,
    pub json_path: Vec<JsonStep>,
    /// The column is no JSON and has to become it before the path applies.
    pub to_json: bool,
    /// The column is no text search vector and has to become one, in this language.
    pub to_tsvector: Option<Option<String>>,
}

impl FieldRef {
    /// A field about which nothing is known.
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            json_path: Vec::new(),
            to_json: false,
            to_tsvector: None,
        }
    }

    /// A field of `relation`; unknown ones are left to PostgreSQL to refuse.
    fn resolve(field: &Field, relation: &Qi, cache: &SchemaCache) -> Self {
        let table = cache.tables.get(relation);
        let column = table.and_then(|table| table.column(&field.name));
        let is_json = column.is_some_and(|c| ["json", "jsonb"].contains(&c.nominal_type.as_str()));
        Self {
            name: field.name.clone(),
            json_path: field.json_path.clone(),
            to_json: !is_json,
            to_tsvector: None,
        }
    }
}

/// A column of the answer.
#[derive(Debug, Clone)]
pub struct SelectTerm {
    pub field: FieldRef,
    pub cast: Option<String>,
    pub alias: Option<String>,
}

impl SelectTerm {
    /// What the column is called in the answer.
    pub fn output_name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.field.name)
    }
}

/// A condition on a row.
#[derive(Debug, Clone)]
pub enum Condition {
    Filter {
        field: FieldRef,
        negated: bool,
        operation: Operation,
    },
    /// An embedded relation has no row (or, negated, has one).
    EmbedIsNull { aggregate: String, negated: bool },
    Group {
        negated: bool,
        operator: LogicOperator,
        conditions: Vec<Condition>,
    },
}

impl Condition {
    /// A filter on `relation`.
    pub fn from_filter(filter: &Filter, relation: &Qi, cache: &SchemaCache) -> Self {
        let mut field = FieldRef::resolve(&filter.field, relation, cache);
        if let Operation::FullText(_, language, _) = &filter.operation {
            let table = cache.tables.get(relation);
            let column = table.and_then(|table| table.column(&field.name));
            if column.is_none_or(|c| c.base_type != "tsvector") {
                field.to_tsvector = Some(language.clone());
            }
        }
        Self::Filter {
            field,
            negated: filter.negated,
            operation: filter.operation.clone(),
        }
    }

    /// A logic tree on `relation`.
    pub fn from_logic(tree: &LogicTree, relation: &Qi, cache: &SchemaCache) -> Self {
        match tree {
            LogicTree::Filter(filter) => Self::from_filter(filter, relation, cache),
            LogicTree::Group {
                negated,
                operator,
                trees,
            } => Self::Group {
                negated: *negated,
                operator: *operator,
                conditions: trees
                    .iter()
                    .map(|tree| Self::from_logic(tree, relation, cache))
                    .collect(),
            },
        }
    }

    /// `relation=is.null` asks whether an embedded relation of that name has a row.
    fn mark_null_embeds(&mut self, children: &[ReadPlan]) {
        match self {
            Self::Group { conditions, .. } => {
                for condition in conditions {
                    condition.mark_null_embeds(children);
                }
            }
            Self::Filter {
                field,
                negated,
                operation: Operation::Is("NULL"),
            } if field.json_path.is_empty() => {
                let embed = children
                    .iter()
                    .find(|child| child.output_name() == field.name);
                if let Some(child) = embed {
                    *self = Self::EmbedIsNull {
                        aggregate: child.aggregate.clone(),
                        negated: *negated,
                    };
                }
            }
            _ => {}
        }
    }

    fn add_field_names(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Filter { field, .. } => {
                names.insert(field.name.clone());
            }
            Self::EmbedIsNull { .. } => {}
            Self::Group { conditions, .. } => {
                for condition in conditions {
                    condition.add_field_names(names);
                }
            }
        }
    }
}

/// A term of an order.
#[derive(Debug, Clone)]
pub struct OrderBy {
    /// The embedded relation that the field belongs to; once checked, its aggregate's name.
    pub relation: Option<String>,
    pub field: FieldRef,
    pub direction: Option<&'static str>,
    pub nulls: Option<&'static str>,
}

/// `left.column = right.column`
#[derive(Debug, Clone)]
pub struct JoinCondition {
    pub left: (Qi, String),
    pub right: (Qi, String),
}

/// How an embedded relation's columns appear in its parent.
#[derive(Debug, Clone)]
pub enum Spread {
    /// As one value: an object or an array.
    No,
    /// As columns of the parent.
    ToOne,
    /// As columns of the parent, each an array. The order is applied where the arrays are made, so
    /// what it needs is selected under a name of its own.
    ToMany {
        extra: Vec<(Option<String>, SelectTerm)>,
        order: Vec<OrderBy>,
    },
}

/// A relation, what is read of it and what is embedded in it.
#[derive(Debug, Clone)]
pub struct ReadPlan {
    pub select: Vec<SelectTerm>,
    pub from: Qi,
    pub from_alias: Option<String>,
    pub conditions: Vec<Condition>,
    pub order: Vec<OrderBy>,
    pub range: RowRange,
    /// As it is called in `select=`.
    pub name: String,
    pub alias: Option<String>,
    pub hint: Option<String>,
    pub join: Option<JoinType>,
    pub spread: Spread,
    pub relationship: Option<Relationship>,
    /// The name by which the parent's row is known, as a computed relationship needs it.
    pub parent_row: String,
    pub join_conditions: Vec<JoinCondition>,
    /// The name of the subquery that yields this relation's rows to its parent.
    pub aggregate: String,
    has_aggregate_function: bool,
    depth: usize,
    pub children: Vec<ReadPlan>,
}

impl ReadPlan {
    /// The plan for `relation`.
    pub fn build(
        request: &ApiRequest,
        cache: &SchemaCache,
        relation: &Qi,
        max_rows: Option<u64>,
    ) -> Result<Self, Error> {
        let builder = Builder { request, cache };
        let mut plan = builder.tree(relation, &request.query.select, 0);
        builder.add_filters(&mut plan)?;
        builder.add_orders(&mut plan)?;
        builder.add_ranges(&mut plan)?;
        builder.add_logic(&mut plan)?;
        builder.relate(&mut plan)?;
        builder.expand_stars(&mut plan, false);
        plan.name_json_fields();
        plan.check_related_orders()?;
        plan.mark_null_embeds();
        plan.refuse_aggregates()?;
        plan.move_spread_orders();
        if !is_mutation(request) {
            plan.restrict_ranges(max_rows);
        }
        Ok(plan)
    }

    /// What an embedded relation is called in the answer.
    pub fn output_name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }

    /// By what its columns are qualified.
    pub fn qualifier(&self) -> Qi {
        match &self.from_alias {
            Some(alias) => Qi::local(alias),
            None => self.from.clone(),
        }
    }

    /// Nothing is selected of it or of anything in it.
    pub fn is_empty_embed(&self) -> bool {
        self.select.is_empty() && self.children.iter().all(Self::is_empty_embed)
    }

    /// Whether every row of the parent has at most one.
    pub fn is_to_one(&self) -> bool {
        self.relationship
            .as_ref()
            .is_some_and(Relationship::is_to_one)
    }

    /// The columns that a spread relation gives its parent.
    pub fn spread_columns(&self) -> Vec<&str> {
        let own = self.select.iter().map(SelectTerm::output_name);
        let embedded = self.children.iter().flat_map(|child| match child.spread {
            Spread::No if child.is_empty_embed() => Vec::new(),
            Spread::No => vec![child.output_name()],
            _ => child.spread_columns(),
        });
        own.chain(embedded).collect()
    }

    /// The columns that a write or a call has to give for this plan to be read from them.
    pub fn needed_columns(&self, primary_key: &[String]) -> BTreeSet<String> {
        let all = || BTreeSet::from(["*".to_owned()]);
        let mut needed: BTreeSet<String> = self
            .select
            .iter()
            .map(|term| term.field.name.clone())
            .collect();
        if needed.contains("*") {
            return all();
        }
        for child in &self.children {
            let Some(relationship) = &child.relationship else {
                continue;
            };
            match &relationship.cardinality {
                Cardinality::Computed { .. } => return all(),
                Cardinality::ManyToMany(junction) => {
                    needed.extend(junction.origin_columns.iter().map(|(own, _)| own.clone()));
                }
                _ => {
                    let columns = relationship.foreign_key().into_iter().flat_map(|(_, c)| c);
                    needed.extend(columns.map(|(own, _)| own.clone()));
                }
            }
        }
        needed.extend(primary_key.iter().cloned());
        needed
    }

    /// The names in the conditions of this plan and what is embedded in it.
    pub fn filtered_fields(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for condition in &self.conditions {
            condition.add_field_names(&mut names);
        }
        names
    }

    /// The plan that a parameter's path leads to. It moves to the front of its siblings.
    fn at_path(&mut self, path: &[String]) -> Result<&mut Self, Error> {
        let Some((target, rest)) = path.split_first() else {
            return Ok(self);
        };
        let found = self
            .children
            .iter()
            .position(|child| child.name == *target || child.alias.as_ref() == Some(target));
        let Some(found) = found else {
            return Err(Error::not_embedded(target));
        };
        self.children[..=found].rotate_right(1);
        self.children[0].at_path(rest)
    }

    /// A path into JSON is called by its last key.
    fn name_json_fields(&mut self) {
        for term in self.select.iter_mut().filter(|term| term.alias.is_none()) {
            let path = &term.field.json_path;
            let last_key = path.iter().rev().find_map(|step| match &step.operand {
                JsonOperand::Key(key) => Some(key.clone()),
                JsonOperand::Index(_) => None,
            });
            if !path.is_empty() {
                term.alias = Some(last_key.unwrap_or_else(|| term.field.name.clone()));
            }
        }
        for child in &mut self.children {
            child.name_json_fields();
        }
    }

    /// `order=relation(column)` needs that relation embedded, with at most one row.
    fn check_related_orders(&mut self) -> Result<(), Error> {
        for term in &mut self.order {
            let Some(relation) = &term.relation else {
                continue;
            };
            let embedded = self
                .children
                .iter()
                .find(|child| child.output_name() == relation);
            match embedded {
                None => return Err(Error::not_embedded(relation)),
                Some(child) if !child.is_to_one() => {
                    return Err(Error::related_order_not_to_one(
                        &self.from.name,
                        child.output_name(),
                    ));
                }
                Some(child) => term.relation = Some(child.aggregate.clone()),
            }
        }
        self.children
            .iter_mut()
            .try_for_each(Self::check_related_orders)
    }

    fn mark_null_embeds(&mut self) {
        for condition in &mut self.conditions {
            condition.mark_null_embeds(&self.children);
        }
        for child in &mut self.children {
            child.mark_null_embeds();
        }
    }

    fn refuse_aggregates(&self) -> Result<(), Error> {
        if self.has_aggregate_function {
            return Err(Error::aggregates_not_allowed());
        }
        self.children.iter().try_for_each(Self::refuse_aggregates)
    }

    fn move_spread_orders(&mut self) {
        if let Spread::ToMany { extra, order } = &mut self.spread {
            for (number, term) in std::mem::take(&mut self.order).into_iter().enumerate() {
                let name = format!("{}_{}_{}", self.aggregate, term.field.name, number + 1);
                order.push(OrderBy {
                    relation: None,
                    field: FieldRef::plain(&name),
                    ..term
                });
                let selected = SelectTerm {
                    field: term.field,
                    cast: None,
                    alias: Some(name),
                };
                extra.push((term.relation, selected));
            }
        }
        for child in &mut self.children {
            child.move_spread_orders();
        }
    }

    fn restrict_ranges(&mut self, max_rows: Option<u64>) {
        self.range = self.range.restrict(max_rows);
        for child in &mut self.children {
            child.restrict_ranges(max_rows);
        }
    }
}
