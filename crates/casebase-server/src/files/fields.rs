//! How the fields of an upload are read from a query and a form, where everything is text.

use std::{collections::BTreeMap, marker::PhantomData};

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error as _, Visitor,
        value::{Error, MapDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::error::ApiError;

/// The names of the fields.
pub(super) fn names<F: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    let _ = F::deserialize(Names(&mut names));
    names
}

/// What was given, by name, as text.
#[derive(Debug)]
pub(super) struct Given<F>(BTreeMap<&'static str, String>, PhantomData<fn() -> F>);

impl<F> Default for Given<F> {
    fn default() -> Self {
        Self(BTreeMap::new(), PhantomData)
    }
}

impl<F: DeserializeOwned> Given<F> {
    /// Takes what a field is given as; what was there before. An empty text is a field that a form
    /// left blank. A name that is none is given back.
    pub(super) fn set<'a>(&mut self, name: &'a str, text: &str) -> Result<Option<String>, &'a str> {
        let known = names::<F>().iter().find(|known| **known == name);
        let known = known.ok_or(name)?;
        Ok(match text.trim() {
            "" => None,
            text => self.0.insert(known, text.to_owned()),
        })
    }

    /// The first that is wrong is named, with its value and what would be right. Others may still come.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        for (name, text) in &self.0 {
            match read::<F>([(*name, text.as_str())].into()) {
                Err(wanted) if missing::<F>(&wanted).is_none() => {
                    let message = format!("{name} is `{text}`; it has to be {wanted}");
                    return Err(ApiError::field(*name, "invalid_field", message));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Once no more can come.
    pub(super) fn read(&self) -> Result<F, ApiError> {
        self.check()?;
        let all = self.0.iter().map(|(name, text)| (*name, text.as_str()));
        read(all.collect()).map_err(|error| match missing::<F>(&error) {
            Some(name) => ApiError::field(name, "missing_field", format!("{name} is missing")),
            None => ApiError::field("file", "invalid_field", error),
        })
    }
}

fn read<F: DeserializeOwned>(given: BTreeMap<&'static str, &str>) -> Result<F, Error> {
    F::deserialize(MapDeserializer::new(given.into_iter()))
}

/// The field that serde misses.
fn missing<F: DeserializeOwned>(error: &Error) -> Option<&'static str> {
    let said = error.to_string();
    let mut names = names::<F>().iter().copied();
    names.find(|name| said == format!("missing field `{name}`"))
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
    use casebase_files::{DocumentFields, Fields};
    use casebase_supabase::rows::InteractionId;

    use super::*;

    fn given(name: &str, text: &str) -> Given<Fields> {
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
        assert_eq!(names::<Fields>(), ["interaction_id", "visible_to_client"]);
        let mut all = given("interaction_id", " 7 ");
        all.set("visible_to_client", "false").unwrap();
        let fields = all.read().unwrap();
        assert_eq!(fields.interaction_id, Some(InteractionId(7)));
        assert_eq!(fields.visible_to_client, Some(false));
        for name in names::<Fields>() {
            assert_eq!(given(name, "  ").read().unwrap(), Fields::default());
        }
        assert_eq!(Given::<Fields>::default().set("other", "x"), Err("other"));
    }

    #[test]
    fn a_field_that_has_to_be_there_is_named() {
        let error = Given::<DocumentFields>::default().read().unwrap_err();
        assert_eq!(error.about(), Some("category"));
        assert_eq!(error.to_string(), "category is missing");
    }
}
