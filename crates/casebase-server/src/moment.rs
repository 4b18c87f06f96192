//! A time as requests give it.

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, Unexpected},
};

/// A time with its offset (RFC 3339).
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Moment(DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = DateTime::parse_from_rfc3339(&text).map_err(|_| {
            let wanted = "a time with its offset, like 2026-11-28T09:30:00Z";
            D::Error::invalid_value(Unexpected::Str(&text), &wanted)
        })?;
        Ok(Self(read.to_utc()))
    }
}
