//! The documentation of events, written from `casebase.event_types` and `casebase.event_schemas`: the schemas that the
//! service gives out in its `/openapi.json`, and the types for a receiver in TypeScript.

use serde_json::{Map, Value};

use super::*;

const SCHEMAS: &str = "crates/casebase-server/src/webhook_events.json";
const TYPES: &str = "docs/webhook-events.ts";
const HEAD: &str = "\
// What Casebase's webhooks say. Written by `UPDATE=1 cargo test -p casebase --test database webhook_events`.
// `data` is everything, or, for thin endpoints and where it was erased, the ids alone.
";

/// Each type of event with the JSON Schema of its body.
async fn schemas() -> Map<String, Value> {
    let mut owner = connect("DATABASE_URL").await;
    let schemas: Vec<(String, Value)> = sqlx::query_as(
        "select type, casebase.event_schema(type) from casebase.event_types order by type",
    )
    .fetch_all(&mut owner)
    .await
    .expect("every type of event has a schema");
    schemas.into_iter().collect()
}

fn pascal_case(event: &str) -> String {
    let words = event.split(['.', '_']);
    words
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// A type for what fits the schema, at this depth of indentation.
fn typescript(schema: &Value, depth: usize) -> String {
    if let Some(options) = schema["anyOf"].as_array() {
        let options: Vec<_> = options.iter().map(|o| typescript(o, depth)).collect();
        return options.join(" | ");
    }
    if let Some(value) = schema.get("const") {
        return value.to_string().replace('"', "'");
    }
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().collect(),
        name => vec![name],
    };
    let types: Vec<_> = names
        .into_iter()
        .map(|name| match name.as_str().expect("a type has a name") {
            "object" => object(schema, depth),
            "array" => format!("{}[]", typescript(&schema["items"], depth)),
            "integer" => "number".to_owned(),
            name => name.to_owned(),
        })
        .collect();
    types.join(" | ")
}

fn object(schema: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth + 1);
    let required = |name: &String| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|n| n == name))
    };
    let mut text = String::from("{\n");
    for (name, property) in schema["properties"].as_object().expect("properties") {
        if let Some(meaning) = property["description"].as_str() {
            text += &format!("{indent}/** {meaning} */\n");
        }
        let optional = if required(name) { "" } else { "?" };
        let property = typescript(property, depth + 1);
        text += &format!("{indent}{name}{optional}: {property}\n");
    }
    text + &"  ".repeat(depth) + "}"
}

fn typescript_file(schemas: &Map<String, Value>) -> String {
    let mut text = HEAD.to_owned();
    for (event, schema) in schemas {
        let meaning = schema["description"].as_str().expect("a meaning");
        let name = pascal_case(event);
        text += &format!(
            "\n/** {meaning} */\nexport interface {name} {}\n",
            object(schema, 0)
        );
    }
    let names: Vec<_> = schemas.keys().map(|event| pascal_case(event)).collect();
    text + &format!(
        "\nexport type WebhookEvent =\n  | {}\n",
        names.join("\n  | ")
    )
}

#[tokio::test]
async fn the_documentation_of_webhook_events_is_what_the_database_says() {
    let _alone = ALONE.lock().await;
    let schemas = schemas().await;
    let json = serde_json::to_string_pretty(&schemas).expect("JSON") + "\n";
    for (file, text) in [(SCHEMAS, json), (TYPES, typescript_file(&schemas))] {
        let path = repository_path(file);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, text).expect("written");
            continue;
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = text.lines().zip(written.lines()).find(|(a, b)| a != b);
        assert!(
            text == written,
            "{file} is not what the database says (UPDATE=1 writes it); first difference: {differs:#?}"
        );
    }
}
