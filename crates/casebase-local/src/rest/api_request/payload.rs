//! The request body.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::media_type::MediaType;
use crate::rest::error::Error;

/// A body that was read, with the columns or arguments that it names.
#[derive(Debug, Clone)]
pub enum Payload {
    /// JSON (also made from CSV or a form).
    Json { body: Bytes, keys: BTreeSet<String> },
    /// A form as arguments of a function.
    Arguments(Vec<(String, String)>),
    /// The whole body as the one argument of a function.
    Raw(Bytes),
}

impl Payload {
    /// Reads `body`. With `columns`, JSON is left to PostgreSQL to check.
    pub fn parse(
        body: Bytes,
        content_type: &MediaType,
        columns: Option<&BTreeSet<String>>,
        is_call: bool,
    ) -> Result<Self, Error> {
        match (content_type, is_call) {
            (MediaType::Json, _) => match columns {
                Some(keys) => Ok(Self::Json {
                    body,
                    keys: keys.clone(),
                }),
                None if body.is_empty() && is_call => Ok(Self::Json {
                    body: Bytes::from_static(b"{}"),
                    keys: BTreeSet::new(),
                }),
                None => Self::from_json(body),
            },
            (MediaType::Csv, _) => Self::from_csv(&body),
            (MediaType::UrlEncoded, true) => Ok(Self::Arguments(form_pairs(&body))),
            (MediaType::UrlEncoded, false) => {
                let row: Map<String, Value> = form_pairs(&body)
                    .into_iter()
                    .map(|(name, value)| (name, Value::String(value)))
                    .collect();
                Ok(Self::Json {
                    keys: row.keys().cloned().collect(),
                    body: Value::Object(row).to_string().into(),
                })
            }
            (MediaType::Text | MediaType::Xml | MediaType::OctetStream, true) => {
                Ok(Self::Raw(body))
            }
            (other, _) => Err(Error::invalid_body(format!(
                "Content-Type not acceptable: {}",
                other.name()
            ))),
        }
    }

    fn from_json(body: Bytes) -> Result<Self, Error> {
        let invalid = || Error::invalid_body("Empty or invalid json".to_owned());
        let value: &RawValue = serde_json::from_slice(&body).map_err(|_| invalid())?;
        if has_lone_surrogate(value.get()) {
            return Err(invalid());
        }
        let keys = match value.get().as_bytes().first() {
            Some(b'{') => object_keys(value).ok_or_else(invalid)?,
            Some(b'[') => {
                let rows: Vec<&RawValue> =
                    serde_json::from_str(value.get()).map_err(|_| invalid())?;
                if rows.is_empty() {
                    return Ok(Self::no_rows());
                }
                common_keys(&rows)
                    .ok_or_else(|| Error::invalid_body("All object keys must match".to_owned()))?
            }
            _ => return Ok(Self::no_rows()),
        };
        Ok(Self::Json { body, keys })
    }

    fn no_rows() -> Self {
        Self::Json {
            body: Bytes::from_static(b"[]"),
            keys: BTreeSet::new(),
        }
    }

    fn from_csv(body: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(body)
            .map_err(|_| Error::invalid_body("the body is not UTF-8".to_owned()))?;
        let mut records = csv_records(text).map_err(Error::invalid_body)?.into_iter();
        let Some(header) = records.next() else {
            return Err(Error::invalid_body(
                "parse error (not enough input) at \"\"".to_owned(),
            ));
        };
        let mut rows = Vec::new();
        for record in records {
            if record.len() < header.len() {
                return Err(Error::invalid_body(
                    "All lines must have same number of fields".to_owned(),
                ));
            }
            let row: Map<String, Value> = header
                .iter()
                .zip(record)
                .map(|(name, value)| match value.as_str() {
                    "NULL" => (name.clone(), Value::Null),
                    _ => (name.clone(), Value::String(value)),
                })
                .collect();
            rows.push(Value::Object(row));
        }
        if rows.is_empty() {
            return Ok(Self::no_rows());
        }
        Ok(Self::Json {
            body: json!(rows).to_string().into(),
            keys: header.into_iter().collect(),
        })
    }

    /// The columns or arguments that the body names.
    pub fn keys(&self) -> BTreeSet<String> {
        match self {
            Self::Json { keys, .. } => keys.clone(),
            Self::Arguments(pairs) => pairs.iter().map(|(name, _)| name.clone()).collect(),
            Self::Raw(_) => BTreeSet::new(),
        }
    }
}

/// Whether an escape in valid JSON is half of a surrogate pair: no text can hold it.
fn has_lone_surrogate(json: &str) -> bool {
    let mut rest = json;
    let mut expects_low = false;
    while let Some(start) = rest.find('\\') {
        let escape = &rest[start + 1..];
        let unit = escape
            .strip_prefix('u')
            .and_then(|hex| u16::from_str_radix(hex.get(..4)?, 16).ok());
        let is_low = unit.is_some_and(|u| (0xDC00..0xE000).contains(&u));
        let adjoins = start == 0;
        if is_low != expects_low || expects_low && !adjoins {
            return true;
        }
        expects_low = unit.is_some_and(|u| (0xD800..0xDC00).contains(&u));
        // what is escaped is one ASCII character, or `u` and four digits
        rest = &escape[if unit.is_some() { 5 } else { 1 }..];
    }
    expects_low
}

fn object_keys(value: &RawValue) -> Option<BTreeSet<String>> {
    let object: HashMap<String, IgnoredAny> = serde_json::from_str(value.get()).ok()?;
    Some(object.into_keys().collect())
}

/// The keys of every row, if they are objects with the same keys.
fn common_keys(rows: &[&RawValue]) -> Option<BTreeSet<String>> {
    let mut all = rows.iter().map(|row| object_keys(row));
    let first = all.next()??;
    all.all(|keys| keys.as_ref() == Some(&first))
        .then_some(first)
}

fn form_pairs(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// CSV by RFC 4180: records of fields, quoted or not. Empty lines are no records.
fn csv_records(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut records = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let mut record = Vec::new();
        loop {
            record.push(csv_field(&mut chars)?);
            match chars.next() {
                Some(',') => {}
                Some('\r') => {
                    chars.next_if_eq(&'\n');
                    break;
                }
                _ => break,
            }
        }
        if record != [""] {
            records.push(record);
        }
    }
    Ok(records)
}

/// One field; the character after it (`,`, a line's end or nothing) is left.
fn csv_field(chars: &mut std::iter::Peekable<std::str::Chars>) -> Result<String, String> {
    let mut field = String::new();
    if chars.next_if_eq(&'"').is_none() {
        while let Some(c) = chars.next_if(|c| !",\r\n".contains(*c)) {
            if c == '"' {
                return Err("parse error (a quote inside an unquoted field)".to_owned());
            }
            field.push(c);
        }
        return Ok(field);
    }
    while let Some(c) = chars.next() {
        if c != '"' {
            field.push(c);
        } else if chars.next_if_eq(&'"').is_some() {
            field.push('"');
        } else {
            return match chars.peek() {
                None | Some(',' | '\r' | '\n') => Ok(field),
                Some(_) => Err("parse error (text after a quoted field)".to_owned()),
            };
        }
    }
    Err("parse error (a quoted field without end)".to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn json(body: &'static str) -> Result<BTreeSet<String>, Error> {
        let payload = Payload::parse(
            Bytes::from_static(body.as_bytes()),
            &MediaType::Json,
            None,
            false,
        )?;
        Ok(payload.keys())
    }

    #[test]
    fn every_row_has_the_same_keys() {
        let keys = json(r#"[{"a":1,"b":{}},{"b":[],"a":null}]"#).unwrap();
        assert_eq!(keys, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        for body in [
            r#"[{"a":1},{"b":1}]"#,
            "[1]",
            r#"[{},{"a":1}]"#,
            r#"[{"a":1},2]"#,
        ] {
            assert!(json(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_scalar_is_no_row() {
        for body in ["null", "1", "\"x\"", "[]"] {
            assert!(json(body).unwrap().is_empty(), "{body}");
        }
    }

    #[test]
    fn broken_json_is_refused() {
        let lone = [
            r#"{"a":"\ud83e"}"#,
            r#"{"a":"\udd8a"}"#,
            r#"{"a":"\ud83e x\udd8a"}"#,
        ];
        let broken = ["", "{", "{} x", "\u{feff}{}", "title=x"];
        for body in broken.into_iter().chain(lone) {
            assert!(json(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_surrogate_pair_is_text() {
        assert!(json(r#"{"a":"\\ud83e \ud83e\udd8a"}"#).is_ok());
    }

    #[test]
    fn csv_fields_may_be_quoted() {
        let records = csv_records("a,b\r\n\"x, \"\"y\"\"\",\n\n1,2").unwrap();
        assert_eq!(records, [["a", "b"], ["x, \"y\"", ""], ["1", "2"]]);
        assert!(csv_records("a\n\"x").is_err());
    }
}
