//! A query string as serde reads it: a name that comes several times is a list.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeOwned, Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use url::form_urlencoded;

/// What a query says, as a struct of parameters. The error has the parameter's place.
pub(crate) fn read<T: DeserializeOwned>(
    query: &str,
) -> Result<T, serde_path_to_error::Error<Error>> {
    let mut given = BTreeMap::<String, Given>::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let values = given.entry(name.into_owned()).or_default();
        values.0.push(text.into_owned());
    }
    serde_path_to_error::deserialize(MapDeserializer::new(given.into_iter()))
}

/// What is given for one name.
#[derive(Default)]
struct Given(Vec<String>);

impl Given {
    fn once(mut self) -> Result<String, Error> {
        match self.0.pop() {
            Some(text) if self.0.is_empty() => Ok(text),
            _ => Err(Error::custom("too many values, expected only one of them")),
        }
    }
}

impl IntoDeserializer<'_, Error> for Given {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($deserialize:ident $visit:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.once()?.parse().map_err(Error::custom)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Given {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.once()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let each = self.0.into_iter().map(|text| Self(vec![text]));
        visitor.visit_seq(SeqDeserializer::new(each))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let text = self.once()?.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    parsed! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Within<const LEAST: u32, const MOST: u32>(u32);

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Within<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.parse().ok().filter(|n| (LEAST..=MOST).contains(n));
        number.map(Self).ok_or_else(|| {
            let wanted = format!("a whole number from {LEAST} to {MOST}");
            D::Error::invalid_value(Unexpected::Str(&text), &wanted.as_str())
        })
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(default)]
        words: Vec<String>,
        size: Option<Within<1, 10>>,
        late: Option<bool>,
    }

    #[test]
    fn a_name_that_comes_several_times_is_a_list() {
        let read: Wanted = read("words=a%2Cb&size=3&words=&late=false").expect("well formed");
        let words = vec!["a,b".to_owned(), String::new()];
        let (size, late) = (Some(Within(3)), Some(false));
        assert_eq!(read, Wanted { words, size, late });
    }

    #[test]
    fn what_is_no_list_comes_once_and_is_what_it_has_to_be() {
        for (query, place, said) in [
            ("size=1&size=2", "size", "too many values"),
            ("size=", "size", "expected a whole number from 1 to 10"),
            ("size=11", "size", "expected a whole number from 1 to 10"),
            ("late=", "late", "`true` or `false`"),
            ("late=1", "late", "`true` or `false`"),
            (
                "word=a",
                "word",
                "unknown field `word`, expected one of `words`",
            ),
        ] {
            let error = read::<Wanted>(query).expect_err(query);
            assert_eq!(error.path().to_string(), place);
            let error = error.inner().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
