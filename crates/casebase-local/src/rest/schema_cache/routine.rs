//! Functions that can be called.

use serde::Deserialize;

use super::qi::Qi;

/// A parameter that takes an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Empty if the parameter has no name.
    pub name: String,
    pub type_name: String,
    pub required: bool,
    pub variadic: bool,
}

impl Parameter {
    /// The type with its longest length: `bit` and `character` alone would cut values off.
    pub fn longest_type(&self) -> &str {
        match self.type_name.as_str() {
            "bit" => "bit varying",
            "bit[]" => "bit varying[]",
            "character" => "character varying",
            "character[]" => "character varying[]",
            other => other,
        }
    }
}

/// Whether a function may change data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Volatility {
    #[serde(rename = "v")]
    Volatile,
    #[serde(rename = "s")]
    Stable,
    #[serde(rename = "i")]
    Immutable,
}

/// What a function returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnType {
    pub is_set: bool,
    pub is_composite: bool,
    /// The type, or the relation whose row it is.
    pub qi: Qi,
}

/// One function of possibly several with its name.
#[derive(Debug, Clone)]
pub struct Routine {
    pub qi: Qi,
    pub description: Option<String>,
    pub parameters: Vec<Parameter>,
    pub returns: ReturnType,
    pub volatility: Volatility,
    /// `set` clauses that have to hold for the whole transaction.
    pub settings: Vec<(String, String)>,
    pub isolation_level: Option<String>,
}

impl Routine {
    /// Where it stands among the functions with its name: the fewest parameters first.
    pub(super) fn order(&self) -> (usize, Option<String>, Vec<(String, String)>) {
        let parameters = self.parameters.iter();
        let types = parameters.map(|p| (p.name.clone(), p.type_name.clone()));
        (
            self.parameters.len(),
            self.description.clone(),
            types.collect(),
        )
    }

    /// One value.
    pub fn returns_scalar(&self) -> bool {
        !self.returns.is_set && !self.returns.is_composite
    }

    /// One row.
    pub fn returns_row(&self) -> bool {
        !self.returns.is_set && self.returns.is_composite
    }

    /// Several values.
    pub fn returns_values(&self) -> bool {
        self.returns.is_set && !self.returns.is_composite
    }

    /// Nothing.
    pub fn returns_void(&self) -> bool {
        !self.returns.is_set && self.returns.qi == Qi::new("pg_catalog", "void")
    }
}

/// A function as the catalogs describe it.
#[derive(Debug, Deserialize)]
pub(super) struct CatalogRoutine {
    #[serde(flatten)]
    qi: Qi,
    description: Option<String>,
    arguments: Vec<CatalogArgument>,
    defaults: usize,
    variadic: bool,
    returns_set: bool,
    returns_composite: bool,
    return_schema: String,
    return_name: String,
    volatility: Volatility,
    settings: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct CatalogArgument {
    name: Option<String>,
    type_name: String,
}

/// The types that a single unnamed parameter may have to be called with a whole body.
const BODY_TYPES: [&str; 5] = ["bytea", "json", "jsonb", "text", "xml"];

/// Settings of a function that would come too late if they began with its call.
const HOISTED_SETTINGS: [&str; 2] = ["statement_timeout", "plan_filter.statement_cost_limit"];

impl CatalogRoutine {
    /// `None` if the arguments cannot be given by name.
    pub(super) fn into_routine(self) -> Option<Routine> {
        let unnamed = self.arguments.iter().filter(|a| a.name.is_none()).count();
        let callable = match unnamed {
            0 => true,
            1 => BODY_TYPES.contains(&self.arguments[0].type_name.as_str()),
            _ => false,
        };
        if !callable {
            return None;
        }
        let count = self.arguments.len();
        let parameters = self
            .arguments
            .into_iter()
            .enumerate()
            .map(|(i, argument)| Parameter {
                name: argument.name.unwrap_or_default(),
                type_name: argument.type_name,
                required: i < count.saturating_sub(self.defaults),
                variadic: self.variadic && i + 1 == count,
            });
        let pairs = self.settings.iter().filter_map(|s| s.split_once('='));
        let isolation_level = pairs
            .clone()
            .find(|(name, _)| *name == "default_transaction_isolation")
            .map(|(_, level)| level.to_owned());
        let settings = pairs
            .filter(|(name, _)| HOISTED_SETTINGS.contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Some(Routine {
            qi: self.qi,
            description: self.description,
            parameters: parameters.collect(),
            returns: ReturnType {
                is_set: self.returns_set,
                is_composite: self.returns_composite,
                qi: Qi::new(&self.return_schema, &self.return_name),
            },
            volatility: self.volatility,
            settings,
            isolation_level,
        })
    }
}
