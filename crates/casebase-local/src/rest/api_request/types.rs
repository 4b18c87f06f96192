//! What a query string says, as types.

/// A column (or computed column) and the path into its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub json_path: Vec<JsonStep>,
}

/// `->` or `->>` and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonStep {
    pub as_text: bool,
    pub operand: JsonOperand,
}

/// A key of an object or an index of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonOperand {
    Key(String),
    Index(String),
}

/// An item of `select=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectItem {
    Field(SelectField),
    Relation(SelectRelation),
}

/// `alias:field::cast`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectField {
    pub field: Field,
    pub alias: Option<String>,
    pub cast: Option<String>,
    /// `field.sum()` and the like; they are not allowed, so which one does not matter.
    pub is_aggregate: bool,
}

/// `alias:relation!hint!inner(…)` or `...relation(…)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectRelation {
    pub name: String,
    pub alias: Option<String>,
    pub hint: Option<String>,
    pub join: Option<JoinType>,
    pub is_spread: bool,
    pub items: Vec<SelectItem>,
}

/// How an embedded relation limits its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinType {
    Inner,
    Left,
}

/// `field=operator.value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub field: Field,
    pub negated: bool,
    pub operation: Operation,
}

/// What a filter compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// An operator without quantifier, as SQL writes it.
    Simple(&'static str, String),
    /// An operator that takes `any` or `all`.
    Quantified(QuantifiedOperator, Option<Quantifier>, String),
    In(Vec<String>),
    /// The keyword after `is`, as SQL writes it.
    Is(&'static str),
    IsDistinctFrom(String),
    /// The query function, the language and the query.
    FullText(&'static str, Option<String>, String),
}

/// An operator that takes a quantifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantifiedOperator {
    pub sql: &'static str,
    /// `like` and `ilike`: `*` stands for `%`.
    pub is_pattern: bool,
}

impl QuantifiedOperator {
    /// `eq`
    pub const EQUAL: Self = Self {
        sql: "=",
        is_pattern: false,
    };
}

/// `any` or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    Any,
    All,
}

/// `and=(…)`, `or=(…)` and what they nest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogicTree {
    Filter(Filter),
    Group {
        negated: bool,
        operator: LogicOperator,
        trees: Vec<LogicTree>,
    },
}

/// How a group's trees are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogicOperator {
    And,
    Or,
}

/// A term of `order=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTerm {
    /// The embedded relation that the field belongs to.
    pub relation: Option<String>,
    pub field: Field,
    /// `ASC` or `DESC`.
    pub direction: Option<&'static str>,
    /// `NULLS FIRST` or `NULLS LAST`.
    pub nulls: Option<&'static str>,
}

/// The embedded relations from the root to what a parameter is about.
pub type EmbedPath = Vec<String>;
