//! How [`Fields`] are read from a query and a form, where everything is text.

use std::collections::BTreeMap;

use casebase_files::Fields;
use serde::{
    Deserialize, Deserializer,
    de::{
        Error as _, Visitor,
        value::{Error, MapDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::error::ApiError;

/// The names of the fields.
pub(super) fn names() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    let _ = Fields::deserialize(Names(&mut names));
    names
}

/// What was given, by name, as text.
#[derive(Debug, Default, Clone)]
pub(super) struct Given(BTreeMap<&'static str, String>);

impl Given {
    /// Takes what a field is given as; what was there before. An empty text is a field that a form
    /// left blank. A name that is none is given back.
    pub(super) fn set<'a>(&mut self, name: &'a str, text: &str) -> Result<Option<String>, &'a str> {
        let known = names().iter().find(|known| **known == name);
        let known = known.ok_or(name)?;
        Ok(match text.trim() {
            "" => None,
            text => self.0.insert(known, text.to_owned()),
        })
    }

    /// The first that is wrong is named, with its value and what would be right.
    pub(super) fn read(&self) -> Result<Fields, ApiError> {
        let read = |given: BTreeMap<&'static str, &str>| {
            Fields::deserialize(MapDeserializer::<_, Error>::new(given.into_iter()))
        };
        for (name, text) in &self.0 {
            read([(*name, text.as_str())].into()).map_err(|wanted| {
                let message = format!("{name} is `{text}`; it has to be {wanted}");
                ApiError::field(*name, "invalid_field", message)
            })?;
        }
        let all = self.0.iter().map(|(name, text)| (*name, text.as_str()));
        read(all.collect()).map_err(|error| ApiError::field("file", "invalid_field", error))
    }
}

/// A deserializer that only hears which fields there are.
struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("no value"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no value"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use casebase_supabase::rows::InteractionId;

    use super::*;

    fn given(name: &str, text: &str) -> Given {
        let mut given = Given::default();
        given.set(name, text).unwrap();
        given
    }

    #[test]
    fn a_field_that_is_wrong_is_named_with_its_value_and_what_would_be_right() {
        let message = |name, text| given(name, text).read().unwrap_err().to_string();
        assert_eq!(
            message("interaction_id", "CASE-0001"),
            "interaction_id is `CASE-0001`; it has to be the number of an interaction, like 7"
        );
        assert_eq!(
            message("visible_to_client", "yes"),
            "visible_to_client is `yes`; it has to be true or false"
        );
    }

    #[test]
    fn every_field_is_read_from_text_and_a_blank_one_is_none() {
        assert_eq!(names(), ["interaction_id", "visible_to_client"]);
        let mut all = given("interaction_id", " 7 ");
        all.set("visible_to_client", "false").unwrap();
        let fields = all.read().unwrap();
        assert_eq!(fields.interaction_id, Some(InteractionId(7)));
        assert_eq!(fields.visible_to_client, Some(false));
        for name in names() {
            assert_eq!(given(name, "  ").read().unwrap(), Fields::default());
        }
        assert_eq!(Given::default().set("other", "x"), Err("other"));
    }
}
