//! A call of a function as a source of rows.

use crate::rest::plan::call::{Argument, Arguments, CallPlan};
use crate::rest::schema_cache::Parameter;
use crate::rest::schema_cache::Qi;

use super::mutate::BODY;
use super::sql::{Param, Sql};

/// The name of the call's rows, and of the value of a function that returns values.
const CALL: &str = "pgrst_call";
pub const VALUE: &str = "pgrst_scalar";

/// Adds the query that calls the function.
pub fn call(sql: &mut Sql, plan: &CallPlan) {
    let source = Qi::local(CALL);
    sql.push("SELECT ");
    if !plan.routine.returns.is_composite {
        sql.column(&source, VALUE);
    } else if plan.returning.is_empty() {
        sql.push("*");
    } else {
        sql.list(&plan.returning, ", ", |sql, column| {
            sql.column(&source, column);
        });
    }
    sql.push(" FROM ");
    if let Arguments::Json { parameters, body } = &plan.arguments {
        body_record(sql, parameters, body.clone());
        sql.push(", LATERAL ");
    }
    if plan.routine.returns.is_composite {
        invocation(sql, plan);
        sql.push(" AS ").push(CALL);
    } else {
        sql.push("(SELECT ");
        invocation(sql, plan);
        sql.push(" AS ").push(VALUE).push(") AS ").push(CALL);
    }
}

fn invocation(sql: &mut Sql, plan: &CallPlan) {
    sql.qi(&plan.routine.qi).push("(");
    match &plan.arguments {
        Arguments::None => {}
        Arguments::Body { type_name, body } if type_name == "bytea" => {
            sql.bind(Param::bytea(body.clone()));
        }
        Arguments::Body { type_name, body } => {
            sql.bind(Param::unknown_body(body.clone()))
                .push("::")
                .push(type_name);
        }
        Arguments::Named(arguments) => {
            sql.list(arguments, ", ", |sql, (parameter, argument)| {
                name_of(sql, parameter);
                match argument {
                    Argument::One(value) => sql.value(value),
                    // Text until the call: a value that is none is an error of the call, not of the statement.
                    Argument::Several(values) => {
                        sql.push("ARRAY[");
                        sql.list(values, ", ", |sql, value| {
                            sql.value(value).push("::text");
                        });
                        sql.push("]")
                    }
                };
                sql.push("::").push(parameter.longest_type());
            });
        }
        Arguments::Json { parameters, .. } => {
            let body = Qi::local(BODY);
            sql.list(parameters, ", ", |sql, parameter| {
                name_of(sql, parameter);
                sql.column(&body, &parameter.name);
            });
        }
    }
    sql.push(")");
}

fn name_of(sql: &mut Sql, parameter: &Parameter) {
    if parameter.variadic {
        sql.push("VARIADIC ");
    }
    sql.ident(&parameter.name).push(" := ");
}

/// The arguments of a JSON body, with the parameters' types. Of an array the first counts.
fn body_record(sql: &mut Sql, parameters: &[Parameter], body: bytes::Bytes) {
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    let function = if is_object {
        "json_to_record("
    } else {
        "json_to_recordset("
    };
    sql.push("(SELECT * FROM ")
        .push(function)
        .bind(Param::json(body))
        .push(") AS _(");
    sql.list(parameters, ", ", |sql, parameter| {
        sql.ident(&parameter.name)
            .push(" ")
            .push(parameter.longest_type());
    });
    sql.push(") LIMIT 1) AS ").push(BODY);
}
