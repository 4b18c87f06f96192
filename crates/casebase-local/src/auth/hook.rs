//! The custom access token hook: a PostgreSQL function that rewrites an access token's claims.

use std::str::FromStr;

use chrono::{SecondsFormat, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::error::AuthError;
use crate::jwt::Claims;

/// A hook that takes longer fails the sign-in.
const TIMEOUT: &str = "set local statement_timeout to '2s'";
const TIMEOUT_AS_BEFORE: &str = "set local statement_timeout to default";

/// What every token must hold, and what types its claims may have, as Auth checks a hook's output.
const REQUIRED: [&str; 10] = [
    "aud",
    "exp",
    "iat",
    "sub",
    "email",
    "phone",
    "role",
    "aal",
    "session_id",
    "is_anonymous",
];
const TYPES: [(&str, &[&str]); 16] = [
    ("aud", &["string", "array"]),
    ("exp", &["integer"]),
    ("jti", &["string"]),
    ("iat", &["integer"]),
    ("iss", &["string"]),
    ("nbf", &["integer"]),
    ("sub", &["string"]),
    ("email", &["string"]),
    ("phone", &["string"]),
    ("app_metadata", &["object"]),
    ("user_metadata", &["object"]),
    ("role", &["string"]),
    ("aal", &["string"]),
    ("amr", &["array"]),
    ("session_id", &["string"]),
    ("client_id", &["string"]),
];

/// A hook's address is not `pg-functions://<host>/<schema>/<function>`.
#[derive(Debug, thiserror::Error)]
#[error("the access token hook {0:?} is not pg-functions://postgres/<schema>/<function>")]
pub struct HookUriError(String);

/// A configured hook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    uri: String,
    call: String,
}

impl FromStr for Hook {
    type Err = HookUriError;

    fn from_str(uri: &str) -> Result<Self, HookUriError> {
        let refused = || HookUriError(uri.to_owned());
        let path = uri.strip_prefix("pg-functions://").ok_or_else(refused)?;
        let parts: Vec<&str> = path.split('/').collect();
        let [_, schema, function] = parts[..] else {
            return Err(refused());
        };
        if !is_plain_name(schema) || !is_plain_name(function) {
            return Err(refused());
        }
        Ok(Self {
            uri: uri.to_owned(),
            call: format!(r#"select to_jsonb("{schema}"."{function}"($1::jsonb))"#),
        })
    }
}

/// Auth takes only names that need no escaping inside double quotes.
fn is_plain_name(name: &str) -> bool {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let rest = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    starts_well && rest && name.len() <= 63
}

impl Hook {
    /// The claims that the hook makes of `claims`, called as the role of `tx`.
    pub async fn rewrite(
        &self,
        tx: &Transaction<'_>,
        user: Uuid,
        claims: Claims,
        method: &str,
    ) -> Result<Claims, AuthError> {
        let event = json!({
            "metadata": {
                "uuid": Uuid::new_v4(),
                "time": Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
                "name": "customize-access-token",
            },
            "user_id": user,
            "claims": claims,
            "authentication_method": method,
        });
        let output = self.call(tx, &event).await?;
        claims_of(output)
    }

    async fn call(&self, tx: &Transaction<'_>, event: &Value) -> Result<Value, AuthError> {
        let failed = || AuthError::database(format!("Error running hook URI: {}", self.uri));
        tx.batch_execute(TIMEOUT).await.map_err(failed())?;
        let row = tx
            .query_one(&self.call, &[&Json(event)])
            .await
            .map_err(failed())?;
        tx.batch_execute(TIMEOUT_AS_BEFORE)
            .await
            .map_err(failed())?;
        Ok(row.get::<_, Option<Value>>(0).unwrap_or_default())
    }
}

fn claims_of(mut output: Value) -> Result<Claims, AuthError> {
    if let Some(error) = output.get("error")
        && let Some(message) = error.get("message").and_then(Value::as_str)
        && !message.is_empty()
    {
        return Err(refusal(error.get("http_code"), message));
    }
    let Some(Value::Object(claims)) = output.get_mut("claims").map(Value::take) else {
        return Err(AuthError::internal("output claims field is missing"));
    };
    let faults = faults_of(&claims);
    if faults.is_empty() {
        return Ok(claims);
    }
    Err(AuthError::internal(format!(
        "output claims do not conform to the expected schema: \n- {}\n",
        faults.join("\n- ")
    )))
}

/// A hook that says no: its own status and sentence.
fn refusal(http_code: Option<&Value>, message: &str) -> AuthError {
    let status = http_code
        .and_then(Value::as_u64)
        .and_then(|code| u16::try_from(code).ok())
        .and_then(|code| StatusCode::from_u16(code).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status {
        StatusCode::INTERNAL_SERVER_ERROR => "unexpected_failure",
        _ => "unknown",
    };
    AuthError::new(status, code, message)
}

fn faults_of(claims: &Claims) -> Vec<String> {
    let missing = REQUIRED
        .iter()
        .filter(|name| !claims.contains_key(**name))
        .map(|name| format!("(root): {name} is required"));
    let mistyped = TYPES.iter().filter_map(|(name, expected)| {
        let given = json_type(claims.get(*name)?);
        (!expected.contains(&given)).then(|| {
            let expected = expected.join(" or ");
            format!("{name}: Invalid type. Expected: {expected}, given: {given}")
        })
    });
    missing.chain(mistyped).collect()
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn complete() -> Value {
        json!({
            "aud": "authenticated", "exp": 2, "iat": 1, "sub": "u", "email": "", "phone": "",
            "role": "authenticated", "aal": "aal1", "session_id": "s", "is_anonymous": false,
        })
    }

    #[test]
    fn a_hook_is_addressed_by_schema_and_function_and_nothing_else() {
        let hook: Hook = "pg-functions://postgres/casebase/custom_access_token_hook"
            .parse()
            .unwrap();
        assert_eq!(
            hook.call,
            r#"select to_jsonb("casebase"."custom_access_token_hook"($1::jsonb))"#
        );
        for wrong in [
            "https://example.org/hook",
            "pg-functions://postgres/casebase",
            "pg-functions://postgres/casebase/f/g",
            r#"pg-functions://postgres/casebase/f"(); drop table x; --"#,
            "pg-functions://postgres//f",
        ] {
            assert!(wrong.parse::<Hook>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn claims_come_back_as_the_hook_made_them() {
        let mut claims = complete();
        claims["app_metadata"] = json!({"case_role": "staff"});
        let made = claims_of(json!({ "claims": claims })).unwrap();
        assert_eq!(Value::Object(made), claims);
    }

    #[test]
    fn a_refusing_hook_chooses_the_status() {
        let status = |output| claims_of(output).unwrap_err().into_response().status();
        assert_eq!(
            status(json!({"error": {"http_code": 403, "message": "no"}})),
            403
        );
        assert_eq!(status(json!({"error": {"message": "no"}})), 500);
    }

    #[test]
    fn claims_without_what_every_token_has_are_refused() {
        assert!(claims_of(json!(null)).is_err());
        assert!(claims_of(json!({"claims": []})).is_err());
        for name in REQUIRED {
            let mut claims = complete();
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(
                faults_of(claims.as_object().unwrap()),
                [format!("(root): {name} is required")]
            );
        }
        let mut claims = complete();
        claims["exp"] = json!("soon");
        assert_eq!(
            faults_of(claims.as_object().unwrap()),
            ["exp: Invalid type. Expected: integer, given: string"]
        );
    }
}
