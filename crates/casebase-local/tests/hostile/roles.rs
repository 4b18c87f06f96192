//! Tokens that are genuine and name a role that no token may have.

use serde_json::{Value, json};

use super::server::{Attack, server, token};

/// The database's own roles, the ways to say "whoever is connected", and what is no name at all.
fn roles() -> Vec<Value> {
    let names = [
        "postgres",
        "supabase_admin",
        "supabase_auth_admin",
        "supabase_storage_admin",
        "authenticator",
        "none",
        "NONE",
        "public",
        "session_user",
        "pg_read_all_data",
        "nobody_here",
        "Service_Role",
        " service_role",
        "service_role\u{0}x",
        "\"service_role\"",
        "service_role; reset role",
        "",
    ];
    let mut roles: Vec<Value> = names.map(Value::from).into();
    roles.extend([
        json!(7),
        json!(["service_role"]),
        json!({ "role": "service_role" }),
        json!(true),
    ]);
    roles
}

#[test]
fn a_role_that_is_not_the_projects_is_refused_by_rest_auth_and_storage() {
    let server = server();
    for role in roles() {
        let bearer = token(&json!({ "role": role, "sub": "11111111-1111-4111-8111-111111111111" }));
        for (path, refusals) in [
            ("/rest/v1/rpc/many?items=x", [401, 403]),
            ("/auth/v1/admin/users", [401, 403]),
            ("/storage/v1/bucket", [400, 403]),
        ] {
            // Supabase Auth takes the superuser for an administrator, too.
            if role == "supabase_admin" && path.starts_with("/auth") {
                continue;
            }
            let attack = Attack {
                method: "GET",
                path: path.into(),
                headers: vec![("authorization", format!("Bearer {bearer}").into_bytes())],
                body: vec![],
            };
            let answer = server.send(&attack).unwrap().expect("plain HTTP");
            assert!(
                refusals.contains(&answer.status),
                "{role} at {path}: {answer:?}"
            );
        }
    }
}
