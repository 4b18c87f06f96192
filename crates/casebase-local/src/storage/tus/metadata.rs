//! `Upload-Metadata`: pairs of a key and a value in base64, separated by commas.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::super::database::resumable::Metadata;

/// Reads the header; `None` if it breaks the protocol's rules.
pub fn parse(header: &str) -> Option<Metadata> {
    if header.trim().is_empty() {
        return None;
    }
    let mut metadata = Metadata::new();
    for pair in header.split(',') {
        let mut tokens = pair.split(' ');
        let key = tokens.next().filter(|key| is_key(key))?;
        let value = match tokens.next() {
            None | Some("") => Value::Null,
            Some(encoded) => {
                let bytes = STANDARD.decode(encoded).ok()?;
                Value::String(String::from_utf8_lossy(&bytes).into_owned())
            }
        };
        let unique = metadata.insert(key.to_owned(), value).is_none();
        if tokens.next().is_some() || !unique {
            return None;
        }
    }
    Some(metadata)
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.is_ascii()
}

/// Writes the header.
pub fn format(metadata: &Metadata) -> String {
    let pairs: Vec<String> = metadata
        .iter()
        .map(|(key, value)| match value {
            Value::String(value) => format!("{key} {}", STANDARD.encode(value)),
            _ => key.clone(),
        })
        .collect();
    pairs.join(",")
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_comes_back_in_its_order() {
        let header = "bucketName YWxwaGE=,objectName YS90LnR4dA==,flag";
        let metadata = parse(header).expect("metadata");
        assert_eq!(metadata["bucketName"], "alpha");
        assert_eq!(metadata["flag"], Value::Null);
        assert_eq!(format(&metadata), header);
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        for bad in [
            "",
            " ",
            "a b c",
            "a !!!!",
            "a YQ",
            "a YQ==,a YQ==",
            "ä YQ==",
            ",",
            "a YQ==,",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
