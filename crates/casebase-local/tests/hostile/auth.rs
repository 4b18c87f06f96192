//! What may be sent to `/auth/v1`.

use casebase_local::SERVICE_ROLE_KEY;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::server::{Attack, server, token};
use super::text::{encoded, hostile, json, junk, query};
use super::withstand;

/// Paths that take no part of the request.
const ENDPOINTS: &[(&str, &str)] = &[
    ("POST", "/signup"),
    ("POST", "/token"),
    ("GET", "/user"),
    ("PUT", "/user"),
    ("POST", "/logout"),
    ("GET", "/admin/users"),
    ("POST", "/admin/users"),
    ("GET", "/settings"),
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/otp"),
    ("POST", "/recover"),
    ("POST", "/resend"),
    ("POST", "/invite"),
    ("GET", "/verify"),
    ("POST", "/verify"),
    ("POST", "/admin/generate_link"),
    ("GET", "/authorize"),
    ("PATCH", "/token"),
];
const IDS: &[&str] = &[
    "00000000-0000-0000-0000-000000000000",
    "11111111-1111-4111-8111-111111111111",
];
const ADDRESSES: &[&str] = &[
    "victim@example.org",
    "o'neil+x@example.org",
    "new@example.org",
];

fn target() -> impl Strategy<Value = (&'static str, String)> {
    let id = prop_oneof![1 => select(IDS).prop_map(str::to_owned), 2 => hostile()];
    let user = (select(&["GET", "PUT", "DELETE"][..]), encoded(id))
        .prop_map(|(method, id)| (method, format!("/admin/users/{id}")));
    let nowhere = (select(&["GET", "POST"][..]), encoded(hostile()))
        .prop_map(|(method, name)| (method, format!("/{name}")));
    prop_oneof![
        8 => select(ENDPOINTS).prop_map(|(method, path)| (method, path.to_owned())),
        2 => user,
        1 => nowhere,
    ]
}

/// One of `known`, or hostile text.
fn text(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![2 => select(known).prop_map(str::to_owned), 1 => hostile()]
}

fn parameter() -> impl Strategy<Value = (String, String)> {
    let named = |name: &'static str| Just(name.to_owned());
    prop_oneof![
        3 => (named("grant_type"), text(&["password", "password", "refresh_token"])),
        1 => (named("scope"), text(&["global", "local", "others"])),
        1 => (select(&["page", "per_page"][..]).prop_map(str::to_owned), text(&["1", "4294967295", "4294967296", "-1"])),
        1 => (named("filter"), hostile()),
        2 => (named("type"), text(&["signup", "recovery", "email_change"])),
        1 => (named("token"), hostile()),
        1 => (named("redirect_to"), text(&["http://127.0.0.1:5173/reset"])),
        1 => (named("sort"), text(&["created_at asc", "created_at desc"])),
        1 => (hostile(), hostile()),
    ]
}

/// The members that the endpoints know, each as it should be or not.
fn document() -> impl Strategy<Value = Value> {
    let texts = |known| prop_oneof![8 => text(known).prop_map(Value::from), 1 => json()];
    let metadata = || prop_oneof![1 => Just(json!({})), 2 => (hostile(), json()).prop_map(|(name, value)| json!({ name: value }))];
    let member = prop_oneof![
        (Just("id"), texts(IDS)),
        (Just("role"), texts(&["authenticated", "postgres"])),
        (Just("password"), texts(&["correct horse"])),
        (
            Just("password_hash"),
            texts(&["$2a$05$", "$argon2id$v=19$"])
        ),
        (Just("phone"), texts(&["+442079460000"])),
        (Just("refresh_token"), texts(&["abcdefghijkl"])),
        (
            Just("ban_duration"),
            texts(&["none", "24h", "99999999999999999999h", "-99999999999h"])
        ),
        (Just("email_confirm"), json()),
        (
            Just("type"),
            texts(&[
                "signup",
                "email_change",
                "recovery",
                "invite",
                "magiclink",
                "email"
            ])
        ),
        (Just("token"), texts(&["123456"])),
        (Just("token_hash"), texts(&["0"])),
        (Just("redirect_to"), texts(&["http://127.0.0.1:5173/reset"])),
        (Just("create_user"), json()),
        (Just("should_soft_delete"), json()),
        (Just("data"), metadata()),
        (Just("user_metadata"), metadata()),
        (Just("app_metadata"), metadata()),
    ];
    (
        texts(ADDRESSES),
        texts(&["correct horse"]),
        vec(member, 0..3),
    )
        .prop_map(|(email, password, members)| {
            let mut document = json!({ "email": email, "password": password });
            for (name, value) in members {
                document[name] = value;
            }
            document
        })
}

/// A user's token, the service's key, a token with hostile claims, or hostile text.
fn bearer(session: String) -> impl Strategy<Value = String> {
    let claims = (
        text(&["authenticated", "service_role"]),
        text(IDS),
        text(IDS),
        json(),
    )
        .prop_map(|(role, sub, session, aud)| {
            token(&json!({ "role": role, "sub": sub, "session_id": session, "aud": aud }))
        });
    prop_oneof![
        3 => Just(session),
        5 => Just(SERVICE_ROLE_KEY.to_owned()),
        1 => claims,
        1 => hostile(),
    ]
}

fn attack(session: String) -> impl Strategy<Value = Attack> {
    let body = prop_oneof![6 => document().prop_map(|document| document.to_string().into_bytes()), 1 => junk()];
    let shape = proptest::option::of(text(&["2024-01-01"]));
    (
        target(),
        query(parameter()),
        bearer(session),
        shape,
        hostile(),
        body,
    )
        .prop_map(|((method, path), query, bearer, shape, agent, body)| {
            let value = |text: String| {
                text.bytes()
                    .filter(|byte| *byte >= 0x20 && *byte != 0x7f)
                    .collect::<Vec<_>>()
            };
            let mut headers = vec![
                ("authorization", value(format!("Bearer {bearer}"))),
                ("user-agent", value(agent)),
            ];
            headers.extend(shape.map(|shape| ("x-supabase-api-version", value(shape))));
            Attack {
                method,
                path: format!("/auth/v1{path}?{query}"),
                headers,
                body,
            }
        })
}

#[test]
fn nothing_sent_to_auth_becomes_sql_or_a_crash() {
    let session = server().session.clone();
    withstand(move || attack(session), |_, _| false);
}
