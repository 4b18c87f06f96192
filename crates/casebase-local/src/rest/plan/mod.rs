//! From a request to what is asked of the database, with the help of the schema cache.

pub mod call;
pub mod mutate;
pub mod negotiate;
pub mod read;
mod relationship;

use crate::rest::api_request::media_type::MediaType;
use crate::rest::api_request::preferences::Handling;
use crate::rest::api_request::{Action, ApiRequest, Invocation, Mutation};
use crate::rest::error::Error;
use crate::rest::schema_cache::{Qi, Routine, SchemaCache, Table, Volatility};

use self::call::CallPlan;
use self::mutate::MutatePlan;
use self::negotiate::Handler;
use self::read::ReadPlan;

/// A query on rows: what it does, what it reads of them and how the answer is made.
#[derive(Debug)]
pub struct CrudPlan {
    pub operation: Operation,
    pub read: ReadPlan,
    pub handler: Handler,
    pub media: MediaType,
}

/// Where the rows come from.
#[derive(Debug)]
pub enum Operation {
    Read {
        relation: Qi,
        head: bool,
    },
    Mutate {
        relation: Qi,
        mutation: Mutation,
        plan: MutatePlan,
    },
    Call {
        plan: CallPlan,
        invocation: Invocation,
    },
}

/// The name under which the rows of a write or a call are read.
pub const SOURCE: &str = "pgrst_source";

impl CrudPlan {
    /// A query on a relation.
    pub fn read(
        request: &ApiRequest,
        cache: &SchemaCache,
        relation: &Qi,
        head: bool,
        max_rows: Option<u64>,
    ) -> Result<Self, Error> {
        find_table(cache, relation)?;
        let read = ReadPlan::build(request, cache, relation, max_rows)?;
        let (handler, media) = negotiate::choose(request)?;
        check_preferences(request)?;
        Ok(Self {
            operation: Operation::Read {
                relation: relation.clone(),
                head,
            },
            read,
            handler,
            media,
        })
    }

    /// A write to a relation.
    pub fn mutate(
        request: &ApiRequest,
        cache: &SchemaCache,
        relation: &Qi,
        mutation: Mutation,
    ) -> Result<Self, Error> {
        let table = find_table(cache, relation)?;
        let read = ReadPlan::build(request, cache, relation, None)?;
        let plan = MutatePlan::build(request, table, mutation, &read, cache)?;
        check_preferences(request)?;
        let (handler, media) = negotiate::choose(request)?;
        Ok(Self {
            operation: Operation::Mutate {
                relation: relation.clone(),
                mutation,
                plan,
            },
            read,
            handler,
            media,
        })
    }

    /// A call of a function.
    pub fn call(
        request: &ApiRequest,
        cache: &SchemaCache,
        function: &Qi,
        invocation: Invocation,
        max_rows: Option<u64>,
    ) -> Result<Self, Error> {
        let keys = call::argument_names(request, invocation);
        let routine = call::find_routine(cache, function, &keys, request, invocation)?;
        let relation = match routine.returns.is_composite {
            true => Qi::new(&routine.qi.schema, &routine.returns.qi.name),
            false => routine.qi.clone(),
        };
        let read = ReadPlan::build(request, cache, &relation, max_rows)?;
        let plan = CallPlan::build(request, routine, &keys, &read);
        let (handler, media) = negotiate::choose(request)?;
        check_preferences(request)?;
        if request.preferences.enforced_max_affected().is_some() && !routine.returns.is_set {
            return Err(Error::max_affected_single());
        }
        Ok(Self {
            operation: Operation::Call { plan, invocation },
            read,
            handler,
            media,
        })
    }

    /// The function that is called, if one is.
    pub fn routine(&self) -> Option<&Routine> {
        match &self.operation {
            Operation::Call { plan, .. } => Some(&plan.routine),
            _ => None,
        }
    }

    /// Whether the transaction may not write.
    pub fn is_read_only(&self) -> bool {
        match &self.operation {
            Operation::Read { .. } => true,
            Operation::Mutate { .. } => false,
            Operation::Call { plan, invocation } => {
                *invocation != Invocation::Post || plan.routine.volatility != Volatility::Volatile
            }
        }
    }
}

/// The relation that a request names.
pub fn find_table<'a>(cache: &'a SchemaCache, relation: &Qi) -> Result<&'a Table, Error> {
    cache
        .tables
        .get(relation)
        .ok_or_else(|| Error::table_not_found(relation, cache))
}

fn check_preferences(request: &ApiRequest) -> Result<(), Error> {
    let preferences = &request.preferences;
    if preferences.handling == Some(Handling::Strict) && !preferences.invalid.is_empty() {
        return Err(Error::invalid_preferences(&preferences.invalid));
    }
    Ok(())
}

/// Whether a request changes rows of a relation.
pub(crate) fn is_mutation(request: &ApiRequest) -> bool {
    matches!(request.action, Action::Mutate { .. })
}
