//! JSON bodies, read as leniently as Storage's schemas do: `"60"` is a number, `null` an empty string.

use axum::body::Body;
use http::header;
use serde_json::{Map, Value};

use super::super::{error::Error, request::Request};

/// The largest JSON body taken.
const LARGEST: usize = 1024 * 1024;

/// A JSON object, and where it stands in the body.
#[derive(Debug)]
pub struct Object {
    path: String,
    properties: Map<String, Value>,
}

/// Reads the body: `None` if its type is not JSON, an error if it says JSON and is none.
pub async fn read(request: &Request, body: Body) -> Result<Option<Sent>, Error> {
    let content_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let bytes = axum::body::to_bytes(body, LARGEST)
        .await
        .map_err(|_| Error::body_too_large())?;
    // Bodies of another type are not looked at.
    if !essence.eq_ignore_ascii_case("application/json") {
        return Ok(None);
    }
    if bytes.is_empty() {
        return Ok(Some(Sent::Nothing));
    }
    let value = serde_json::from_slice(&bytes).map_err(|_| {
        Error::malformed_json(
            "Body is not valid JSON but content-type is set to 'application/json'",
        )
    })?;
    Ok(Some(Sent::Value(value)))
}

/// What came as JSON.
#[derive(Debug)]
pub enum Sent {
    /// No byte.
    Nothing,
    /// A value.
    Value(Value),
}

/// Refuses a body that says it is JSON and has no byte.
pub fn value(sent: Option<Sent>) -> Result<Option<Value>, Error> {
    match sent {
        None => Ok(None),
        Some(Sent::Value(value)) => Ok(Some(value)),
        Some(Sent::Nothing) => Err(Error::malformed_json(
            "Body cannot be empty when content-type is set to 'application/json'",
        )),
    }
}

impl Object {
    /// A body that must be an object.
    pub fn from_body(body: Option<Value>) -> Result<Self, Error> {
        match body {
            Some(Value::Object(properties)) => Ok(Self {
                path: "body".into(),
                properties,
            }),
            _ => Err(Error::validation("body must be object")),
        }
    }

    fn refuse(&self, property: &str, must: &str) -> Error {
        Error::validation(format!("{}/{property} must {must}", self.path))
    }

    fn get(&self, property: &str) -> Option<&Value> {
        match self.properties.get(property) {
            // A list of one is the one.
            Some(Value::Array(items)) if items.len() == 1 => items.first(),
            value => value,
        }
    }

    /// Whether the property is there at all.
    pub fn has(&self, property: &str) -> bool {
        self.properties.contains_key(property)
    }

    /// Refuses a body without these properties.
    pub fn require(&self, properties: &[&str]) -> Result<(), Error> {
        match properties.iter().find(|p| !self.has(p)) {
            Some(missing) => Err(Error::validation(format!(
                "{} must have required property '{missing}'",
                self.path
            ))),
            None => Ok(()),
        }
    }

    /// Refuses a body without any of these properties.
    pub fn require_one(&self, properties: &[&str]) -> Result<(), Error> {
        if properties.iter().any(|p| self.has(p)) {
            return Ok(());
        }
        let each: Vec<String> = properties
            .iter()
            .map(|p| format!("body must have required property '{p}'"))
            .collect();
        Err(Error::validation(format!(
            "{}, body must match a schema in anyOf",
            each.join(", ")
        )))
    }

    /// A string.
    pub fn string(&self, property: &str) -> Result<Option<String>, Error> {
        match self.get(property) {
            None => Ok(None),
            Some(value) => text(value)
                .map(Some)
                .ok_or_else(|| self.refuse(property, "be string")),
        }
    }

    /// A string that must be there.
    pub fn required_string(&self, property: &str) -> Result<String, Error> {
        self.require(&[property])?;
        Ok(self.string(property)?.unwrap_or_default())
    }

    /// One of a set of strings.
    pub fn one_of(&self, property: &str, set: &[&str]) -> Result<Option<String>, Error> {
        let value = self.string(property)?;
        match value {
            Some(value) if !set.contains(&value.as_str()) => {
                Err(self.refuse(property, "be equal to one of the allowed values"))
            }
            value => Ok(value),
        }
    }

    /// A whole number not below `least`.
    pub fn integer(&self, property: &str, least: i64) -> Result<Option<i64>, Error> {
        let Some(value) = self.get(property) else {
            return Ok(None);
        };
        let number = whole(value).ok_or_else(|| self.refuse(property, "be integer"))?;
        if number < least {
            return Err(self.refuse(property, &format!("be >= {least}")));
        }
        Ok(Some(number))
    }

    /// True or false.
    pub fn boolean(&self, property: &str) -> Result<Option<bool>, Error> {
        let refuse = || self.refuse(property, "be boolean");
        let value = match self.get(property) {
            None => return Ok(None),
            Some(Value::Bool(value)) => *value,
            Some(Value::Null) => false,
            Some(Value::String(s)) if s == "true" => true,
            Some(Value::String(s)) if s == "false" => false,
            Some(Value::Number(n)) if n.as_i64() == Some(1) => true,
            Some(Value::Number(n)) if n.as_i64() == Some(0) => false,
            Some(_) => return Err(refuse()),
        };
        Ok(Some(value))
    }

    /// A list of strings; a single one is a list of one. The inner `None` is a null.
    pub fn strings(&self, property: &str) -> Result<Option<Option<Vec<String>>>, Error> {
        let items = match self.properties.get(property) {
            None => return Ok(None),
            Some(Value::Null) => return Ok(Some(None)),
            Some(Value::Array(items)) => items.as_slice(),
            Some(Value::Object(_)) => return Err(self.refuse(property, "be array")),
            Some(single) => std::slice::from_ref(single),
        };
        let strings: Option<Vec<String>> = items.iter().map(text).collect();
        match strings {
            Some(strings) => Ok(Some(Some(strings))),
            None => Err(self.refuse(property, "be string")),
        }
    }

    /// A list of at least one string that must be there.
    pub fn required_strings(&self, property: &str) -> Result<Vec<String>, Error> {
        self.require(&[property])?;
        let strings = self.strings(property)?.flatten().unwrap_or_default();
        if strings.is_empty() {
            return Err(self.refuse(property, "NOT have fewer than 1 items"));
        }
        Ok(strings)
    }

    /// An object within the object.
    pub fn object(&self, property: &str) -> Result<Option<Self>, Error> {
        match self.properties.get(property) {
            None => Ok(None),
            Some(Value::Object(properties)) => Ok(Some(Self {
                path: format!("{}/{property}", self.path),
                properties: properties.clone(),
            })),
            Some(_) => Err(self.refuse(property, "be object")),
        }
    }

    /// The value as it was sent.
    pub fn value(&self, property: &str) -> Option<&Value> {
        self.get(property)
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(n) => n.as_f64()?,
        Value::String(s) if !s.trim().is_empty() => s.trim().parse().ok()?,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::Null => 0.0,
        _ => return None,
    };
    // A double that is too large for the answer is the largest.
    (number.fract() == 0.0).then_some(number as i64)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(properties) => Object {
                path: "body".into(),
                properties,
            },
            _ => unreachable!("an object"),
        }
    }

    #[test]
    fn values_are_coerced_as_the_schemas_do() {
        let body =
            object(json!({"n": "60", "s": null, "b": "true", "l": "x", "f": 1.5, "one": [7]}));
        assert_eq!(body.integer("n", 1).expect("a number"), Some(60));
        assert_eq!(body.string("s").expect("a string"), Some(String::new()));
        assert_eq!(body.boolean("b").expect("a boolean"), Some(true));
        assert_eq!(body.required_strings("l").expect("a list"), ["x"]);
        assert_eq!(body.integer("one", 1).expect("a number"), Some(7));
        assert_eq!(
            body.integer("f", 1).expect_err("no integer").message,
            "body/f must be integer"
        );
    }

    #[test]
    fn a_refusal_names_the_property() {
        let body = object(json!({"limit": 0, "sortBy": {"column": "size"}, "prefixes": []}));
        let message = |error: Error| error.message;
        assert_eq!(
            message(body.integer("limit", 1).expect_err("too small")),
            "body/limit must be >= 1"
        );
        let sort = body.object("sortBy").expect("an object").expect("there");
        assert_eq!(
            message(
                sort.one_of("column", &["name"])
                    .expect_err("not in the set")
            ),
            "body/sortBy/column must be equal to one of the allowed values"
        );
        assert_eq!(
            message(body.required_strings("prefixes").expect_err("empty")),
            "body/prefixes must NOT have fewer than 1 items"
        );
        assert_eq!(
            message(body.required_string("prefix").expect_err("missing")),
            "body must have required property 'prefix'"
        );
    }
}
