//! What is called.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::rest::api_request::media_type::MediaType;
use crate::rest::api_request::payload::Payload;
use crate::rest::api_request::{ApiRequest, Invocation};
use crate::rest::error::Error;
use crate::rest::schema_cache::{Parameter, Qi, Routine, SchemaCache};

use super::read::ReadPlan;

/// A call with its arguments.
#[derive(Debug)]
pub struct CallPlan {
    pub routine: Routine,
    pub arguments: Arguments,
    /// The columns that the answer and its filters need; empty: all.
    pub returning: BTreeSet<String>,
}

/// How the arguments are given.
#[derive(Debug)]
pub enum Arguments {
    None,
    /// Each by itself, as text.
    Named(Vec<(Parameter, Argument)>),
    /// As keys of a JSON object.
    Json {
        parameters: Vec<Parameter>,
        body: Bytes,
    },
    /// The whole body as the only, unnamed parameter.
    Body {
        type_name: String,
        body: Bytes,
    },
}

/// The text of an argument.
#[derive(Debug)]
pub enum Argument {
    One(String),
    /// For a variadic parameter.
    Several(Vec<String>),
}

/// The names of the arguments that a request gives.
pub fn argument_names(request: &ApiRequest, invocation: Invocation) -> BTreeSet<String> {
    match invocation {
        Invocation::Read { .. } => {
            let names = request.query.arguments.iter().map(|(name, _)| name.clone());
            names.collect()
        }
        Invocation::Post => request.payload_keys(),
    }
}

/// The function whose parameters fit the arguments. A function with one unnamed parameter takes
/// the whole body if no other fits.
pub fn find_routine<'a>(
    cache: &'a SchemaCache,
    function: &Qi,
    keys: &BTreeSet<String>,
    request: &ApiRequest,
    invocation: Invocation,
) -> Result<&'a Routine, Error> {
    let is_post = invocation == Invocation::Post;
    let content_type = &request.content_type;
    let overloads = cache
        .routines
        .get(function)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let takes_keys = |r: &&Routine| takes(r, keys, is_post && is_body_type(content_type));
    let by_name: Vec<&Routine> = overloads.iter().filter(takes_keys).collect();
    let takes_body = |r: &&Routine| is_post && !takes_keys(r) && takes_whole(r, content_type);
    let by_body: Vec<&Routine> = overloads.iter().filter(takes_body).collect();
    match (by_name.as_slice(), by_body.as_slice()) {
        ([one], _) | ([], [one]) => Ok(one),
        ([], []) => Err(Error::no_function(
            function,
            keys,
            content_type,
            is_post,
            cache,
        )),
        ([], several) | (several, _) => Err(Error::ambiguous_function(several)),
    }
}

fn is_body_type(content_type: &MediaType) -> bool {
    matches!(
        content_type,
        MediaType::OctetStream | MediaType::Text | MediaType::Xml
    )
}

/// Whether the names are those of the required parameters and perhaps of others.
fn takes(routine: &Routine, keys: &BTreeSet<String>, body_is_argument: bool) -> bool {
    let parameters = &routine.parameters;
    if parameters.is_empty() {
        return keys.is_empty() && !body_is_argument;
    }
    let given = parameters
        .iter()
        .filter(|p| p.required)
        .all(|p| keys.contains(&p.name));
    given
        && keys
            .iter()
            .all(|key| parameters.iter().any(|p| p.name == *key))
}

fn takes_whole(routine: &Routine, content_type: &MediaType) -> bool {
    let [parameter] = routine.parameters.as_slice() else {
        return false;
    };
    parameter.name.is_empty()
        && matches!(
            (content_type, parameter.type_name.as_str()),
            (MediaType::Json, "json" | "jsonb")
                | (MediaType::Text, "text")
                | (MediaType::Xml, "xml")
                | (MediaType::OctetStream, "bytea")
        )
}

impl CallPlan {
    /// The call of `routine` with what the request gives.
    pub fn build(
        request: &ApiRequest,
        routine: &Routine,
        keys: &BTreeSet<String>,
        read: &ReadPlan,
    ) -> Self {
        let mut returning = read.needed_columns(&[]);
        if !returning.is_empty() && !returning.contains("*") {
            returning.extend(read.filtered_fields());
        }
        Self {
            routine: routine.clone(),
            arguments: arguments(request, routine, keys),
            returning,
        }
    }
}

fn arguments(request: &ApiRequest, routine: &Routine, keys: &BTreeSet<String>) -> Arguments {
    let given = routine
        .parameters
        .iter()
        .filter(|p| keys.contains(&p.name))
        .cloned();
    let parameters: Vec<Parameter> = given.collect();
    match (&request.payload, routine.parameters.as_slice()) {
        (Some(Payload::Json { body, .. } | Payload::Raw(body)), [only]) if only.name.is_empty() => {
            Arguments::Body {
                type_name: only.type_name.clone(),
                body: body.clone(),
            }
        }
        _ if parameters.is_empty() => Arguments::None,
        (Some(Payload::Json { body, .. } | Payload::Raw(body)), _) => Arguments::Json {
            parameters,
            body: body.clone(),
        },
        (Some(Payload::Arguments(pairs)), _) => Arguments::Named(named(parameters, pairs)),
        (None, _) => Arguments::Named(named(parameters, &request.query.arguments)),
    }
}

/// Of an argument given twice the last counts, but a variadic parameter takes all of them.
fn named(parameters: Vec<Parameter>, pairs: &[(String, String)]) -> Vec<(Parameter, Argument)> {
    let mut arguments = Vec::new();
    for parameter in parameters {
        let mut values: Vec<String> = pairs
            .iter()
            .filter(|(name, _)| *name == parameter.name)
            .map(|(_, value)| value.clone())
            .collect();
        let argument = if parameter.variadic {
            Argument::Several(values)
        } else {
            Argument::One(values.pop().unwrap_or_default())
        };
        arguments.push((parameter, argument));
    }
    arguments
}
