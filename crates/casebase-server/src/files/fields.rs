//! What an upload says beside its bytes, named once: [`Fields`] is what the query and the form are
//! read into and what documents both.

use std::{collections::BTreeMap, str::FromStr};

use casebase_supabase::rows::InteractionId;
use serde::{
    Deserialize, Deserializer,
    de::{
        Error as _, Visitor,
        value::{Error, MapDeserializer},
    },
    forward_to_deserialize_any,
};
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;

/// Where the file goes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct Fields {
    /// The interaction it belongs to; none: the case itself.
    #[serde(default, deserialize_with = "interaction")]
    #[param(value_type = Option<i64>)]
    #[schema(value_type = i64, required = false)]
    pub(super) interaction_id: Option<InteractionId>,
    /// `true`: the client sees it; `false`: it is internal.
    #[serde(default, deserialize_with = "yes_or_no")]
    #[schema(value_type = bool, required = false)]
    pub(super) visible_to_client: Option<bool>,
}

fn interaction<'de, D: Deserializer<'de>>(text: D) -> Result<Option<InteractionId>, D::Error> {
    parsed(text, "the number of an interaction, like 7")
}

fn yes_or_no<'de, D: Deserializer<'de>>(text: D) -> Result<Option<bool>, D::Error> {
    parsed(text, "true or false")
}

/// The error is what the text should have been.
fn parsed<'de, D, T>(text: D, wanted: &str) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    let parsed = String::deserialize(text)?.parse();
    parsed.map(Some).map_err(|_| D::Error::custom(wanted))
}

impl Fields {
    /// Their names.
    pub(super) fn names() -> &'static [&'static str] {
        let mut names: &'static [&'static str] = &[];
        let _ = Self::deserialize(Names(&mut names));
        names
    }
}

/// What was given, by name, as text.
#[derive(Debug, Default, Clone)]
pub(super) struct Given(BTreeMap<&'static str, String>);

impl Given {
    /// Takes what a field is given as; what was there before. An empty text is a field that a form
    /// left blank. A name that is none is given back.
    pub(super) fn set<'a>(&mut self, name: &'a str, text: &str) -> Result<Option<String>, &'a str> {
        let known = Fields::names().iter().find(|known| **known == name);
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
                ApiError::field(name, "invalid_field", message)
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
        assert_eq!(Fields::names(), ["interaction_id", "visible_to_client"]);
        let mut all = given("interaction_id", " 7 ");
        all.set("visible_to_client", "false").unwrap();
        let fields = all.read().unwrap();
        assert_eq!(fields.interaction_id, Some(InteractionId(7)));
        assert_eq!(fields.visible_to_client, Some(false));
        for name in Fields::names() {
            assert_eq!(given(name, "  ").read().unwrap(), Fields::default());
        }
        assert_eq!(Given::default().set("other", "x"), Err("other"));
    }
}
