//! Text that means something somewhere: to SQL, JSON, CSV, URLs, LIKE, array literals or PostgREST's own grammar.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const FRAGMENTS: &[&str] = &[
    "'; drop table public.sandbox; --",
    "'; delete from canary.bird; --",
    "\"; delete from canary.bird; --",
    "' or canary.sing() is null --",
    "\" or canary.sing() is null --",
    "'||canary.sing()||'",
    "\"||canary.sing()||\"",
    "\"), (canary.sing()), (\"",
    ") union select canary.sing() --",
    "(select pg_sleep(30))",
    "canary.sing()",
    "\\",
    "\\\"",
    "\"",
    "\"\"",
    "'",
    "''",
    "E'\\''",
    "U&'\\0027'",
    "\u{0}",
    "\\u0000",
    "%00",
    "$1",
    "$2::text",
    "$$",
    "$q$",
    "/*",
    "*/",
    "--",
    ";",
    "\n",
    "\r\n",
    "\t",
    "?",
    "%_",
    "{",
    "}",
    "{{\"",
    "[",
    "]",
    "(",
    ")",
    ",",
    ".",
    ":",
    "::",
    "!",
    "!inner",
    "->",
    "->>",
    "*",
    "...",
    "=",
    "&",
    "not.",
    "eq.",
    "null",
    "select",
    "current_user",
    "-1",
    "0",
    "2147483648",
    "99999999999999999999999999",
    "1e999",
    "NaN",
    "-infinity",
    "\u{202e}txet",
    "\u{feff}",
    "a\u{301}\u{200d}",
    "👩‍👩‍👧",
    "ﷺ",
    "\u{10ffff}",
    "İ",
];

/// Up to a few fragments, or one that is long or deeply nested.
pub fn hostile() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        12 => select(FRAGMENTS).prop_map(str::to_owned),
        2 => "\\PC{0,8}",
        1 => any::<String>(),
    ];
    let long = (
        select(&["x", "\"", "'", "(", "and(", "[", "{", "9", ".", "ü", ","][..]),
        50..3000_usize,
    )
        .prop_map(|(unit, times)| unit.repeat(times));
    prop_oneof![20 => vec(fragment, 0..4).prop_map(|parts| parts.concat()), 1 => long]
}

/// One of `known`, or now and then hostile text.
pub fn one_of(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![12 => select(known).prop_map(str::to_owned), 1 => hostile()]
}

/// One of the `known` names or a hostile one, quoted as PostgREST has it; now and then without the quotes.
pub fn name(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    let name = prop_oneof![5 => select(known).prop_map(str::to_owned), 1 => hostile()];
    prop_oneof![15 => name.prop_map(quoted), 1 => hostile()]
}

/// Hostile text in quotes, where it would otherwise end a list.
pub fn quoted_value() -> impl Strategy<Value = String> {
    prop_oneof![15 => hostile().prop_map(quoted), 1 => hostile()]
}

fn quoted(text: String) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// JSON whose texts and names are hostile.
pub fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        4 => hostile().prop_map(serde_json::Value::from),
        1 => select(&["0", "-1", "1e400", "9223372036854775808", "0.1"][..]).prop_map(|n| serde_json::from_str(n).unwrap_or_default()),
        1 => any::<bool>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            vec((hostile(), inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

/// Bytes that are no document of any kind, or nested too deeply to be read naively.
pub fn junk() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..40),
        hostile().prop_map(String::into_bytes),
        (1..20_000_usize).prop_map(|depth| "[".repeat(depth).into_bytes()),
        (1..5_000_usize)
            .prop_map(|depth| (r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth)).into_bytes()),
    ]
}

/// Nothing, or now and then bytes that are no text.
fn tail() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        400 => Just(""),
        1 => Just("%00"),
        1 => Just("%ff"),
        1 => Just("%zz"),
        1 => Just("%"),
    ]
}

fn percent_encode(text: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// A URL's path segment or query part: percent-encoded, and sometimes followed by bytes that are no text.
pub fn encoded(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (text, tail()).prop_map(|(text, tail)| percent_encode(&text) + tail)
}

/// A query string.
pub fn query(parameter: impl Strategy<Value = (String, String)>) -> impl Strategy<Value = String> {
    let pair = (parameter, tail()).prop_map(|((name, value), tail)| {
        format!("{}={}{tail}", percent_encode(&name), percent_encode(&value))
    });
    vec(pair, 0..4).prop_map(|pairs| pairs.join("&"))
}
