//! What may be sent to `/rest/v1`.

use casebase_local::SERVICE_ROLE_KEY;
use percent_encoding::percent_decode_str;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::server::{Answer, Attack, token};
use super::text::{encoded, hostile, json, junk, name, one_of, query, quoted_value};
use super::withstand;

/// The SQLSTATEs that PostgREST, too, answers with 500: SQL that grew beyond PostgreSQL's limits (nesting, columns,
/// arguments), and an upsert whose rows meet each other.
const FAILURES: &[&str] = &["54000", "54001", "54011", "54023", "21000"];

/// PostgREST fails over a query string that is not UTF-8, too, and then names no code.
fn postgrest_fails_too(attack: &Attack, answer: &Answer) -> bool {
    let query = attack.path.split_once('?').unwrap_or_default().1;
    let is_text = percent_decode_str(query).decode_utf8().is_ok();
    !is_text
        || FAILURES
            .iter()
            .any(|code| answer.proxy_status == format!("PostgREST; error={code}"))
}

const RELATIONS: &[&str] = &["sandbox", "o'dd \"table\".v2", "user"];
const FUNCTIONS: &[&str] = &["call; me", "echo", "echo_text", "many"];
const COLUMNS: &[&str] = &[
    "id",
    "body",
    "select",
    "a\"b",
    "c.d, e",
    "имя",
    "order",
    "(period)",
    "words",
    "group",
    "sandbox_id",
    "$1",
    "drop table",
];
const ARGUMENTS: &[&str] = &["te\"xt", "n.1", "list[]", "items"];
const HINTS: &[&str] = &["of \"which\" sandbox", "sandbox_id", "inner", "left"];
/// Types, and words that would be SQL in their place.
const CASTS: &[&str] = &[
    "int union select",
    "int as x",
    "text union all",
    "numeric or true",
    "jsonb from canary",
    "text",
    "int",
    "jsonb",
    "double precision",
    "\"text\"",
    "text[]",
    "numeric(3,1)",
    "char",
];
const OPERATORS: &[&str] = &[
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "like",
    "ilike",
    "match",
    "imatch",
    "in",
    "is",
    "isdistinct",
    "fts",
    "plfts",
    "phfts",
    "wfts",
    "fts(english)",
    "cs",
    "cd",
    "ov",
    "sl",
    "sr",
    "nxr",
    "nxl",
    "adj",
    "eq(any)",
    "like(all)",
    "not.eq",
    "not.in",
    "not.fts(\"simple\")",
];
const PREFERENCES: &[&str] = &[
    "return=representation",
    "return=minimal",
    "return=headers-only",
    "count=exact",
    "count=planned",
    "count=estimated",
    "resolution=merge-duplicates",
    "resolution=ignore-duplicates",
    "missing=default",
    "handling=strict",
    "handling=lenient",
    "max-affected=1",
    "tx=rollback",
    "timezone=UTC",
];
const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "text/csv",
    "application/vnd.pgrst.object+json",
    "application/vnd.pgrst.array+json;nulls=stripped",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/octet-stream",
    "application/openapi+json",
    "application/geo+json",
    "text/xml",
    "*/*",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "10",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
];

/// A column, perhaps with a way into its JSON.
fn field() -> impl Strategy<Value = String> {
    let step = (select(&["->", "->>"][..]), one_of(&["a", "b", "0", "-1"]));
    let path = vec(step.prop_map(|(arrow, key)| format!("{arrow}{key}")), 1..3);
    let path = option::weighted(0.2, path.prop_map(|steps| steps.concat()));
    (name(COLUMNS), path).prop_map(|(column, path)| column + &path.unwrap_or_default())
}

fn prefixed(
    mark: &'static str,
    text: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let given = text.prop_map(move |text| format!("{mark}{text}"));
    option::weighted(0.4, given).prop_map(Option::unwrap_or_default)
}

fn alias() -> impl Strategy<Value = String> {
    option::weighted(0.2, name(&["id", "x"]))
        .prop_map(|alias| alias.map(|alias| alias + ":").unwrap_or_default())
}

/// The value of `select`: columns and embedded relations.
fn selection() -> impl Strategy<Value = String> {
    let column = (alias(), field(), prefixed("::", one_of(CASTS)))
        .prop_map(|(alias, field, cast)| alias + &field + &cast);
    let item = column.prop_recursive(3, 8, 3, |inner| {
        let spread = select(&["", "", "..."][..]);
        let hint = prefixed("!", name(HINTS));
        let columns = vec(inner, 0..3).prop_map(|items| items.join(","));
        (alias(), spread, name(RELATIONS), hint, columns).prop_map(
            |(alias, spread, relation, hint, columns)| {
                format!("{alias}{spread}{relation}{hint}({columns})")
            },
        )
    });
    vec(item, 1..3).prop_map(|items| items.join(","))
}

/// What a filter compares with.
fn operand() -> impl Strategy<Value = String> {
    let list = || vec(quoted_value(), 0..3).prop_map(|items| items.join(","));
    prop_oneof![
        3 => hostile(),
        1 => one_of(&["1", "null", "true", "one", "{x,y}", "[2020-01-01,2021-01-01)", "one & two"]),
        1 => list().prop_map(|items| format!("({items})")),
        1 => list().prop_map(|items| format!("{{{items}}}")),
        1 => vec(one_of(&["1", "2"]), 0..4).prop_map(|items| format!("({})", items.join(","))),
    ]
}

fn operation() -> impl Strategy<Value = String> {
    (one_of(OPERATORS), operand()).prop_map(|(operator, operand)| format!("{operator}.{operand}"))
}

/// The value of `and` and `or`.
fn logic() -> impl Strategy<Value = String> {
    let term = (field(), one_of(OPERATORS), quoted_value())
        .prop_map(|(field, operator, value)| format!("{field}.{operator}.{value}"));
    let tree = term.prop_recursive(4, 12, 3, |inner| {
        let word = select(&["and", "or", "not.and", "not.or"][..]);
        (word, vec(inner, 1..3)).prop_map(|(word, terms)| format!("{word}({})", terms.join(",")))
    });
    vec(tree, 1..3).prop_map(|terms| format!("({})", terms.join(",")))
}

fn order() -> impl Strategy<Value = String> {
    let related = (name(RELATIONS), field()).prop_map(|(name, field)| format!("{name}({field})"));
    let suffix = one_of(&["", ".asc", ".desc", ".nullsfirst", ".desc.nullslast"]);
    let term =
        (prop_oneof![3 => field(), 1 => related], suffix).prop_map(|(by, suffix)| by + &suffix);
    vec(term, 1..3).prop_map(|terms| terms.join(","))
}

fn names(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(name(known), 1..4).prop_map(|names| names.join(","))
}

fn parameter() -> impl Strategy<Value = (String, String)> {
    let named = |name: &'static str| Just(name.to_owned());
    let word = |words: &'static [&'static str]| select(words).prop_map(str::to_owned);
    let inside = (name(RELATIONS), word(&["order", "limit", "or", "body"]));
    prop_oneof![
        6 => (named("select"), selection()),
        4 => (field(), operation()),
        2 => (word(&["and", "or", "not.and", "not.or"]), logic()),
        1 => (named("order"), order()),
        1 => (word(&["limit", "offset"]), one_of(NUMBERS)),
        1 => (named("columns"), names(COLUMNS)),
        1 => (named("on_conflict"), names(COLUMNS)),
        1 => (inside.prop_map(|(name, word)| format!("{name}.{word}")), operand()),
    ]
}

/// Arguments of a function, some of which belong together.
fn arguments() -> impl Strategy<Value = String> {
    let some = prop_oneof![6 => (one_of(ARGUMENTS), operand()), 1 => parameter()];
    let text = encoded(operand()).prop_map(|text| format!("te%22xt={text}"));
    let items = vec(encoded(operand()), 1..4)
        .prop_map(|items| items.iter().map(|item| format!("items={item}&")).collect());
    prop_oneof![text, items, query(some)]
}

/// A method, and a path with a query: a relation or a function in most cases.
fn target() -> impl Strategy<Value = (&'static str, String)> {
    let read = ["GET", "GET", "GET", "GET", "HEAD"];
    let write = ["POST", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"];
    let relation = encoded(prop_oneof![2 => Just("sandbox".to_owned()), 1 => one_of(RELATIONS)]);
    let function = encoded(one_of(FUNCTIONS)).prop_map(|name| format!("rpc/{name}"));
    let nowhere = prop_oneof![encoded(hostile()), Just(String::new())];
    let url = |(path, query)| format!("/rest/v1/{path}?{query}");
    prop_oneof![
        12 => (select([read.as_slice(), &write].concat()), (relation, query(parameter())).prop_map(url)),
        6 => (select(&["GET", "POST"][..]), (function, arguments()).prop_map(url)),
        1 => (select(&["GET", "POST", "PROPFIND"][..]), (nowhere, query(parameter())).prop_map(url)),
    ]
}

/// A row or a function's arguments.
fn object() -> impl Strategy<Value = Value> {
    let name = || prop_oneof![4 => select(COLUMNS), 2 => select(ARGUMENTS)].prop_map(str::to_owned);
    let member = (prop_oneof![5 => name(), 1 => hostile()], json());
    vec(member, 0..4).prop_map(|members| members.into_iter().collect())
}

/// A body with the media type that it has.
fn document() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let rows = vec(object(), 0..3).prop_map(|rows| Value::from(rows).to_string());
    let row = object().prop_map(|row| row.to_string());
    let csv_line = || vec(name(COLUMNS), 1..4).prop_map(|cells| cells.join(","));
    let csv = vec(csv_line(), 0..4).prop_map(|lines| lines.join("\n"));
    let form = query((name(COLUMNS), hostile()));
    prop_oneof![
        4 => (Just("application/json"), row.prop_map(String::into_bytes)),
        2 => (Just("application/json"), rows.prop_map(String::into_bytes)),
        1 => (Just("text/csv"), csv.prop_map(String::into_bytes)),
        1 => (Just("application/x-www-form-urlencoded"), form.prop_map(String::into_bytes)),
        2 => (select(MEDIA_TYPES), junk()),
    ]
}

/// A key, a token of somebody with hostile claims, or hostile text.
fn bearer() -> impl Strategy<Value = String> {
    let user = (hostile(), hostile(), json()).prop_map(|(sub, name, value)| {
        token(&json!({ "role": "authenticated", "sub": sub, "app_metadata": { name: value } }))
    });
    prop_oneof![
        12 => Just(SERVICE_ROLE_KEY.to_owned()),
        6 => user,
        1 => (hostile(), hostile(), hostile()).prop_map(|(a, b, c)| format!("{a}.{b}.{c}")),
    ]
}

/// What a header's value can hold of a text.
fn header_value(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    text.prop_map(|text| {
        text.bytes()
            .filter(|byte| *byte >= 0x20 && *byte != 0x7f)
            .collect()
    })
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let preference = prop_oneof![
        4 => select(PREFERENCES).prop_map(str::to_owned),
        1 => hostile(),
        1 => (select(&["timezone", "max-affected", "count", "resolution"][..]), hostile())
            .prop_map(|(name, value)| format!("{name}={value}")),
    ];
    let prefer = vec(preference, 0..4).prop_map(|preferences| preferences.join(", "));
    let range = (one_of(NUMBERS), one_of(NUMBERS)).prop_map(|(from, to)| format!("{from}-{to}"));
    let other = prop_oneof![
        2 => (Just("accept"), header_value(one_of(MEDIA_TYPES))),
        1 => (Just("range"), header_value(range)),
        1 => (select(&["accept-profile", "content-profile"][..]), header_value(one_of(&["public", "public", "canary"]))),
        1 => (select(&["cookie", "x-client-info", "range-unit", "origin", "apikey"][..]), header_value(hostile())),
    ];
    let authorization = header_value(bearer().prop_map(|token| format!("Bearer {token}")));
    (
        header_value(prefer),
        option::weighted(0.8, authorization),
        vec(other, 0..2),
    )
        .prop_map(|(prefer, authorization, other)| {
            let mut headers = other;
            headers.push(("prefer", prefer));
            headers.extend(authorization.map(|value| ("authorization", value)));
            headers
        })
}

fn attack() -> impl Strategy<Value = Attack> {
    (target(), headers(), document()).prop_map(|((method, path), mut headers, document)| {
        let (media_type, body) = document;
        headers.push(("content-type", media_type.into()));
        Attack {
            method,
            path,
            headers,
            body,
        }
    })
}

#[test]
fn nothing_sent_to_rest_becomes_sql_or_a_crash() {
    withstand(attack, postgrest_fails_too);
}
