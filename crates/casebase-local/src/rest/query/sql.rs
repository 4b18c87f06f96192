//! A statement under construction. What comes from a request enters it only through [`Sql::bind`]
//! (as a parameter) or [`Sql::ident`] (as a quoted identifier).

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use crate::rest::schema_cache::Qi;

/// A statement and its parameters.
#[derive(Debug, Default)]
pub struct Sql {
    pub text: String,
    pub params: Vec<Param>,
}

impl Sql {
    /// Adds SQL that this program itself is the author of.
    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// Adds a quoted identifier. What follows a NUL cannot be part of one.
    pub fn ident(&mut self, name: &str) -> &mut Self {
        let name = name.split('\0').next().unwrap_or_default();
        self.text.push('"');
        self.text.push_str(&name.replace('"', "\"\""));
        self.text.push('"');
        self
    }

    /// Adds a name with its schema, if it has one.
    pub fn qi(&mut self, qi: &Qi) -> &mut Self {
        if !qi.schema.is_empty() {
            self.ident(&qi.schema).push(".");
        }
        self.ident(&qi.name)
    }

    /// Adds a column of a relation, or all of them.
    pub fn column(&mut self, relation: &Qi, name: &str) -> &mut Self {
        self.qi(relation).push(".");
        match name {
            "*" => self.push("*"),
            _ => self.ident(name),
        }
    }

    /// Adds a parameter.
    pub fn bind(&mut self, param: Param) -> &mut Self {
        self.params.push(param);
        let number = self.params.len();
        self.text.push('$');
        self.text.push_str(&number.to_string());
        self
    }

    /// Adds a parameter whose type PostgreSQL finds out.
    pub fn value(&mut self, text: &str) -> &mut Self {
        self.bind(Param::unknown(text))
    }

    /// Adds a parameter that holds an array of texts, as a literal of whatever array type fits.
    pub fn array<'a>(&mut self, items: impl IntoIterator<Item = &'a str>) -> &mut Self {
        let quoted: Vec<String> = items
            .into_iter()
            .map(|item| {
                let item = item.split('\0').next().unwrap_or_default();
                format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""))
            })
            .collect();
        self.value(&format!("{{{}}}", quoted.join(",")))
    }

    /// Adds what `each` makes of the items, with a separator between.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (number, item) in items.into_iter().enumerate() {
            if number > 0 {
                self.push(separator);
            }
            each(self, item);
        }
        self
    }

    /// Adds a type name that a request gave. Types that SQL spells in keywords have no quoted
    /// form; every other name is quoted, folded as PostgreSQL folds names without quotes.
    pub fn type_name(&mut self, name: &str) -> &mut Self {
        let folded = name.to_lowercase();
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        let name = words.join(" ");
        if KEYWORD_TYPES.contains(&name.as_str()) {
            self.push(&name)
        } else {
            self.ident(&name)
        }
    }
}

const KEYWORD_TYPES: [&str; 30] = [
    "bigint",
    "bit",
    "bit varying",
    "boolean",
    "char",
    "char varying",
    "character",
    "character varying",
    "dec",
    "decimal",
    "double precision",
    "float",
    "int",
    "integer",
    "interval",
    "national char",
    "national char varying",
    "national character",
    "national character varying",
    "nchar",
    "nchar varying",
    "numeric",
    "real",
    "smallint",
    "time",
    "time with time zone",
    "time without time zone",
    "timestamp",
    "timestamp with time zone",
    "timestamp without time zone",
];

/// How a parameter is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Json,
    Jsonb,
    Bytea,
}

/// A parameter.
#[derive(Debug, Clone)]
pub struct Param {
    kind: Kind,
    value: Bytes,
}

impl Param {
    /// Text for a type that PostgreSQL finds out. A NUL would end it on the wire.
    pub fn unknown(text: &str) -> Self {
        let text = text.split('\0').next().unwrap_or_default();
        Self {
            kind: Kind::Unknown,
            value: Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    /// The bytes of a body as text for a type that PostgreSQL finds out.
    pub fn unknown_body(body: Bytes) -> Self {
        Self {
            kind: Kind::Unknown,
            value: body,
        }
    }

    /// JSON as it was sent.
    pub fn json(body: Bytes) -> Self {
        Self {
            kind: Kind::Json,
            value: body,
        }
    }

    /// JSON to be taken apart and put together again.
    pub fn jsonb(body: Bytes) -> Self {
        Self {
            kind: Kind::Jsonb,
            value: body,
        }
    }

    /// Bytes.
    pub fn bytea(body: Bytes) -> Self {
        Self {
            kind: Kind::Bytea,
            value: body,
        }
    }

    /// The type that the statement is prepared with.
    pub fn declared_type(&self) -> Type {
        match self.kind {
            Kind::Unknown => Type::UNKNOWN,
            Kind::Json => Type::JSON,
            Kind::Jsonb => Type::JSONB,
            Kind::Bytea => Type::BYTEA,
        }
    }
}

impl ToSql for Param {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.put_slice(&self.value);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        match self.kind {
            Kind::Bytea => Format::Binary,
            _ => Format::Text,
        }
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(build: impl FnOnce(&mut Sql)) -> String {
        let mut sql = Sql::default();
        build(&mut sql);
        sql.text
    }

    #[test]
    fn identifiers_are_quoted() {
        let quoted = text(|sql| {
            sql.qi(&Qi::new("a\"b", "x; drop table y --\0z"));
        });
        assert_eq!(quoted, r#""a""b"."x; drop table y --""#);
    }

    #[test]
    fn type_names_are_keywords_or_quoted() {
        let name = |name: &str| {
            text(|sql| {
                sql.type_name(name);
            })
        };
        assert_eq!(name("INT"), "int");
        assert_eq!(name(" double  precision"), "double precision");
        assert_eq!(name("Mood"), "\"mood\"");
        assert_eq!(name("int $$ x $$"), "\"int $$ x $$\"");
    }

    #[test]
    fn array_items_are_escaped_inside_the_parameter() {
        let mut sql = Sql::default();
        sql.array([r#"a"b\c"#, "d,e"]);
        assert_eq!(sql.text, "$1");
        assert_eq!(&sql.params[0].value[..], br#"{"a\"b\\c","d,e"}"#);
    }
}
