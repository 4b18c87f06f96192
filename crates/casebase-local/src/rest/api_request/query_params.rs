//! The query string: `select`, `order`, filters and the rest.

use std::collections::{BTreeSet, HashMap};

use percent_encoding::percent_decode;

use super::parser::{self, ParseError, Parser};
use super::range::RowRange;
use super::types::*;
use crate::rest::error::Error;

/// A parsed query string.
#[derive(Debug, Clone)]
pub struct QueryParams {
    pub select: Vec<SelectItem>,
    pub filters: Vec<(EmbedPath, Filter)>,
    pub logic: Vec<(EmbedPath, LogicTree)>,
    pub order: Vec<(EmbedPath, Vec<OrderTerm>)>,
    /// `limit` and `offset` of each level; the root's is under the empty path.
    pub ranges: Vec<(EmbedPath, RowRange)>,
    pub columns: Option<BTreeSet<String>>,
    pub on_conflict: Option<Vec<String>>,
    /// Arguments of a function called with GET.
    pub arguments: Vec<(String, String)>,
    /// The names of all filters as they were written.
    pub filter_names: BTreeSet<String>,
    /// The parameters sorted and encoded again, for `Content-Location`.
    pub canonical: String,
}

/// `%FF` and the like: PostgREST fails on a query string that is not UTF-8.
#[derive(Debug)]
pub struct NotUtf8 {
    /// The parameter's name, if that much could be read.
    name: Option<String>,
}

impl NotUtf8 {
    /// What is refused before the value is looked at.
    pub fn refusal(&self) -> Option<Error> {
        parse_path(self.name.as_deref()?).err()
    }
}

/// Splits a query string into its decoded parameters.
pub fn decode(query: &str) -> Result<Vec<(String, Option<String>)>, NotUtf8> {
    let text = |encoded: &str, name: Option<&str>| {
        let spaced = encoded.replace('+', " ");
        let decoded = percent_decode(spaced.as_bytes()).decode_utf8();
        decoded.map(|s| s.into_owned()).map_err(|_| NotUtf8 {
            name: name.map(str::to_owned),
        })
    };
    query
        .split(['&', ';'])
        .filter(|item| !item.is_empty())
        .map(|item| match item.split_once('=') {
            Some((name, value)) => {
                let name = text(name, None)?;
                let value = text(value, Some(&name))?;
                Ok((name, Some(value)))
            }
            None => Ok((text(item, None)?, None)),
        })
        .collect()
}

const RESERVED: [&str; 3] = ["select", "columns", "on_conflict"];
const RESERVED_AT_ANY_LEVEL: [&str; 5] = ["order", "limit", "offset", "and", "or"];

fn last_word(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl QueryParams {
    /// Parses decoded parameters. In a call with GET, a parameter that is no filter is an argument.
    pub fn parse(params: &[(String, Option<String>)], is_call: bool) -> Result<Self, Error> {
        let given = || {
            let with_value =
                |(name, value): &'_ (String, Option<String>)| Some((name.clone(), value.clone()?));
            params.iter().filter_map(with_value)
        };
        let ending = |word: &'static str| given().filter(move |(name, _)| last_word(name) == word);
        let single = |word: &str| {
            let first = params.iter().find(|(name, _)| name == word);
            first.and_then(|(_, value)| value.clone())
        };

        let order = ending("order").map(parse_order).collect::<Result<_, _>>()?;
        let logic = given()
            .filter(|(name, _)| ["and", "or"].contains(&last_word(name)))
            .map(parse_logic)
            .collect::<Result<_, _>>()?;
        let columns = match single("columns") {
            Some(text) => Some(parse_columns("columns", &text)?.into_iter().collect()),
            None => None,
        };
        let select = parse_select(&single("select").unwrap_or_else(|| "*".to_owned()))?;

        let filter_params: Vec<(String, String)> = given()
            .filter(|(name, _)| {
                !RESERVED.contains(&name.as_str())
                    && !RESERVED_AT_ANY_LEVEL.contains(&last_word(name))
            })
            .collect();
        let mut filters = Vec::new();
        let mut arguments = Vec::new();
        for (name, value) in &filter_params {
            match parse_filter(name, value, is_call)? {
                Parameter::Filter(path, filter) => filters.push((path, filter)),
                Parameter::Argument(name) => arguments.push((name, value.clone())),
            }
        }
        let on_conflict = match single("on_conflict") {
            Some(text) => Some(parse_columns("on_conflict", &text)?),
            None => None,
        };

        Ok(Self {
            select,
            filters,
            logic,
            order,
            ranges: parse_ranges(ending("limit").collect(), ending("offset").collect())?,
            columns,
            on_conflict,
            arguments,
            filter_names: filter_params.into_iter().map(|(name, _)| name).collect(),
            canonical: canonical(params),
        })
    }

    /// The filters of the root: what an update or a delete is limited to.
    pub fn root_filters(&self) -> impl Iterator<Item = &Filter> {
        let root = self.filters.iter().filter(|(path, _)| path.is_empty());
        root.map(|(_, filter)| filter)
    }

    /// `limit` and `offset` of the root.
    pub fn root_range(&self) -> RowRange {
        let root = self.ranges.iter().find(|(path, _)| path.is_empty());
        root.map_or(RowRange::ALL, |(_, range)| *range)
    }
}

/// A parameter that is neither reserved nor a range, order or logic tree.
enum Parameter {
    Filter(EmbedPath, Filter),
    Argument(String),
}

fn refusal(what: &str, text: &str, error: &ParseError) -> Error {
    let message = format!(
        "\"failed to parse {what} ({text})\" (line 1, column {})",
        error.column
    );
    Error::query_parameter(message, error.details.clone())
}

fn parse_path(name: &str) -> Result<(EmbedPath, Field), Error> {
    parser::parse(name, Parser::tree_path).map_err(|e| refusal("tree path", name, &e))
}

fn parse_filter(name: &str, value: &str, is_call: bool) -> Result<Parameter, Error> {
    let (path, field) = parse_path(name)?;
    let parsed = parser::parse(value, |p| match is_call {
        true => p.filter_value_or_argument(),
        false => p.filter_value().map(Some),
    });
    let operation = parsed.map_err(|e| refusal("filter", value, &e))?;
    Ok(match operation {
        Some((negated, operation)) => Parameter::Filter(
            path,
            Filter {
                field,
                negated,
                operation,
            },
        ),
        None => Parameter::Argument(field.name),
    })
}

fn parse_order((name, value): (String, String)) -> Result<(EmbedPath, Vec<OrderTerm>), Error> {
    let (path, _) = parse_path(&name)?;
    let terms = parser::parse(&value, Parser::order).map_err(|e| refusal("order", &value, &e))?;
    Ok((path, terms))
}

fn parse_logic((name, value): (String, String)) -> Result<(EmbedPath, LogicTree), Error> {
    let (path, operator) =
        parser::parse(&name, Parser::logic_path).map_err(|e| refusal("logic path", &name, &e))?;
    let tree = parser::parse(&format!("{operator}{value}"), Parser::logic_tree)
        .map_err(|e| refusal("logic tree", &value, &e))?;
    Ok((path, tree))
}

fn parse_columns(parameter: &str, text: &str) -> Result<Vec<String>, Error> {
    let what = format!("{parameter} parameter");
    parser::parse(text, Parser::columns).map_err(|e| refusal(&what, text, &e))
}

fn parse_select(text: &str) -> Result<Vec<SelectItem>, Error> {
    parser::parse(text, Parser::select).map_err(|e| refusal("select parameter", text, &e))
}

/// Limits and offsets by level; of several of the same level the last counts. The root's have no other name.
fn parse_ranges(
    limits: Vec<(String, String)>,
    offsets: Vec<(String, String)>,
) -> Result<Vec<(EmbedPath, RowRange)>, Error> {
    let level = |name: &str, of_root: &str| {
        let (path, _) = parse_path(name)?;
        Ok::<_, Error>((!path.is_empty() || name == of_root).then_some(path))
    };
    let mut ranges: HashMap<EmbedPath, RowRange> = HashMap::new();
    for (name, value) in limits {
        if let Some(path) = level(&name, "limit")? {
            ranges.insert(path, RowRange::from_limit(&value));
        }
    }
    let mut last_offsets: HashMap<EmbedPath, RowRange> = HashMap::new();
    for (name, value) in offsets {
        if let Some(path) = level(&name, "offset")? {
            last_offsets.insert(path, RowRange::from_offset(&value));
        }
    }
    for (path, offset) in last_offsets {
        let range = match ranges.get(&path) {
            Some(limit) => limit.with_offset(offset.offset),
            None => offset,
        };
        ranges.insert(path, range);
    }
    Ok(ranges.into_iter().collect())
}

fn canonical(params: &[(String, Option<String>)]) -> String {
    let mut sorted: Vec<_> = params.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let pairs = sorted
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()));
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn parse(query: &str) -> QueryParams {
        QueryParams::parse(&decode(query).unwrap(), false).unwrap()
    }

    #[test]
    fn semicolons_separate_and_a_name_without_value_is_nothing() {
        let params = parse("limit=5;drop&select");
        assert_eq!(params.root_range().limit(), Some(5));
        assert!(params.filters.is_empty());
    }

    #[test]
    fn filters_know_their_level() {
        let params = parse("id=eq.1&messages.author.name=eq.x");
        assert_eq!(params.root_filters().count(), 1);
        assert_eq!(params.filters[1].0, ["messages", "author"]);
        assert!(params.filter_names.contains("id"));
    }

    #[test]
    fn the_roots_limit_has_no_other_name() {
        assert_eq!(parse("t(ickets.limit=1").root_range(), RowRange::ALL);
        assert_eq!(parse("limit=1&t(ickets.offset=2").root_range().offset, 0);
    }

    #[test]
    fn a_name_that_is_none_is_said_before_a_value_that_is_no_text() {
        let refusal = |query| decode(query).unwrap_err().refusal();
        assert!(refusal("%3Eitle=eq.%FF").is_some());
        assert!(refusal("title=eq.%FF").is_none());
        assert!(refusal("%FF=eq.1").is_none());
    }

    #[test]
    fn an_argument_of_a_call_is_no_filter() {
        let params = decode("a=1&total=gt.1").unwrap();
        let params = QueryParams::parse(&params, true).unwrap();
        assert_eq!(params.arguments, [("a".to_owned(), "1".to_owned())]);
        assert_eq!(params.filters.len(), 1);
        assert!(QueryParams::parse(&decode("a=1").unwrap(), false).is_err());
    }

    #[test]
    fn an_offset_without_a_readable_limit_leaves_nothing() {
        assert!(parse("limit=x&offset=2").root_range().is_empty());
        assert_eq!(parse("offset=2").root_range().offset, 2);
    }
}
