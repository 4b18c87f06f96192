//! The little languages inside query parameters, by recursive descent.
//!
//! PostgREST's grammar is written with parser combinators, and which requests it refuses follows
//! from their rule: an alternative is tried only if the one before failed without having read
//! anything, unless it was wrapped in an attempt. [`Parser`] keeps that rule: a failure leaves the
//! position where it happened, and [`Parser::attempt`] puts it back.

use super::types::*;

/// Where the text stopped making sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Counted in characters from 1.
    pub column: usize,
    /// What stood there and what might have stood there.
    pub details: String,
}

/// The grammar did not fit. Why is kept by the parser, for the furthest place that it reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch;

type Parsed<T> = Result<T, Mismatch>;

/// Parses `text` with `grammar`. As in PostgREST, what follows the longest match is ignored where
/// the grammar itself does not look for the end.
pub fn parse<T>(
    text: &str,
    grammar: impl FnOnce(&mut Parser) -> Parsed<T>,
) -> Result<T, ParseError> {
    let mut parser = Parser {
        chars: text.chars().collect(),
        position: 0,
        depth: 0,
        furthest: 0,
        expected: Vec::new(),
    };
    grammar(&mut parser).map_err(|Mismatch| parser.error())
}

/// Nesting beyond this is refused, so that no request can exhaust the stack.
const MAX_DEPTH: usize = 64;

const END: &str = "end of input";
const FIELD_NAME: &str = "field name (* or [a..z0..9_$])";
const OPERATOR: &str = "operator (eq, gt, ...)";

/// A position in a text.
pub struct Parser {
    chars: Vec<char>,
    position: usize,
    depth: usize,
    /// The furthest place where something else was expected, and what.
    furthest: usize,
    expected: Vec<String>,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    fn fail<T>(&mut self, expecting: &str) -> Parsed<T> {
        self.fail_at(self.position, expecting)
    }

    fn fail_at<T>(&mut self, position: usize, expecting: &str) -> Parsed<T> {
        if position > self.furthest {
            self.expected.clear();
            self.furthest = position;
        }
        if position == self.furthest && !self.expected.iter().any(|e| e == expecting) {
            self.expected.push(expecting.to_owned());
        }
        Err(Mismatch)
    }

    fn error(&self) -> ParseError {
        let found = match self.chars.get(self.furthest) {
            Some(c) => format!("\"{c}\""),
            None => END.to_owned(),
        };
        let expected = match self.expected.as_slice() {
            [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
            expected => expected.concat(),
        };
        ParseError {
            column: self.furthest + 1,
            details: format!("unexpected {found} expecting {expected}"),
        }
    }

    /// Puts the position back if `inner` fails.
    fn attempt<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let start = self.position;
        inner(self).inspect_err(|_| self.position = start)
    }

    /// `None` if `inner` fails without having read anything.
    fn optional<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<Option<T>> {
        let start = self.position;
        match inner(self) {
            Ok(value) => Ok(Some(value)),
            Err(_) if self.position == start => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn many<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        while let Some(value) = self.optional(&mut item)? {
            items.push(value);
        }
        Ok(items)
    }

    /// At least one item, with separators between.
    fn separated<T, S>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
        mut separator: impl FnMut(&mut Self) -> Parsed<S>,
    ) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.optional(&mut separator)?.is_some() {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            return self.fail("less nesting");
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn char(&mut self, wanted: char) -> Parsed<()> {
        if self.peek() != Some(wanted) {
            return self.fail(&format!("\"{wanted}\""));
        }
        self.position += 1;
        Ok(())
    }

    fn string(&mut self, wanted: &str) -> Parsed<()> {
        let start = self.position;
        for c in wanted.chars() {
            if self.peek() != Some(c) {
                return self.fail_at(start, &format!("\"{wanted}\""));
            }
            self.position += 1;
        }
        Ok(())
    }

    /// Reads `wanted` if it stands here.
    fn take(&mut self, wanted: &str) -> bool {
        let rest = &self.chars[self.position..];
        let length = wanted.chars().count();
        let found = rest.len() >= length
            && rest
                .iter()
                .copied()
                .zip(wanted.chars())
                .all(|(a, b)| a == b);
        if found {
            self.position += length;
        }
        found
    }

    fn take_while(&mut self, pass: impl Fn(char) -> bool) -> String {
        let start = self.position;
        while self.peek().is_some_and(&pass) {
            self.position += 1;
        }
        self.chars[start..self.position].iter().collect()
    }

    fn take_while1(&mut self, pass: impl Fn(char) -> bool, expecting: &str) -> Parsed<String> {
        let text = self.take_while(pass);
        if text.is_empty() {
            return self.fail(expecting);
        }
        Ok(text)
    }

    fn spaces(&mut self) {
        self.take_while(|c| c == ' ' || c == '\t');
    }

    /// `inner` with white space around it.
    fn lexeme<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.spaces();
        let value = inner(self)?;
        self.spaces();
        Ok(value)
    }

    fn between_parens<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.char('(')?;
        let value = self.nested(inner)?;
        self.char(')')?;
        Ok(value)
    }

    fn delimiter(&mut self) -> Parsed<()> {
        if self.peek() != Some('.') {
            return self.fail("delimiter (.)");
        }
        self.position += 1;
        Ok(())
    }

    /// One of `ends` follows, or (if `at_end`) nothing.
    fn followed_by(&mut self, ends: &[char], at_end: bool) -> Parsed<()> {
        match self.peek() {
            Some(c) if ends.contains(&c) => return Ok(()),
            None if at_end => return Ok(()),
            _ => {}
        }
        for end in ends {
            let _: Parsed<()> = self.fail(&format!("\"{end}\""));
        }
        if at_end {
            return self.fail(END);
        }
        Err(Mismatch)
    }

    // ---------------------------------------------------------------- names

    fn identifier(&mut self, expecting: &str) -> Parsed<String> {
        let text = self.take_while1(|c| c.is_alphanumeric() || "_ $".contains(c), expecting)?;
        Ok(text.trim().to_owned())
    }

    fn quoted(&mut self) -> Parsed<String> {
        self.char('"')?;
        let mut text = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.position += 1;
                    return Ok(text);
                }
                Some('\\') => {
                    self.position += 1;
                    match self.peek() {
                        Some(c) => text.push(c),
                        None => return self.fail("a character"),
                    }
                }
                Some(c) => text.push(c),
                None => return self.fail("\"\\\"\""),
            }
            self.position += 1;
        }
    }

    /// Parts joined by dashes, none of which begins an arrow.
    fn dashed(&mut self, part: impl Fn(&mut Self) -> Parsed<String>) -> Parsed<String> {
        let parts = self.separated(part, |p| {
            p.attempt(|p| {
                p.char('-')?;
                match p.peek() {
                    Some('>') => p.fail("no arrow"),
                    _ => Ok(()),
                }
            })
        })?;
        Ok(parts.join("-"))
    }

    fn field_name(&mut self) -> Parsed<String> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        self.dashed(|p| p.identifier(FIELD_NAME))
    }

    fn json_path(&mut self) -> Parsed<Vec<JsonStep>> {
        self.many(|p| {
            let as_text = match p.optional(|p| p.attempt(|p| p.string("->>")))? {
                Some(()) => true,
                None => {
                    p.attempt(|p| p.string("->"))?;
                    false
                }
            };
            let operand = match p.optional(|p| p.attempt(Self::json_index))? {
                Some(index) => JsonOperand::Index(index),
                None => JsonOperand::Key(p.json_key()?),
            };
            Ok(JsonStep { as_text, operand })
        })
    }

    fn json_index(&mut self) -> Parsed<String> {
        let sign = match self.optional(|p| p.char('-'))? {
            Some(()) => '-',
            None => '+',
        };
        let digits = self.take_while1(|c| c.is_ascii_digit(), "digit")?;
        let rest = &self.chars[self.position..];
        let ends = rest.is_empty()
            || [".", ",", "->", "::"]
                .iter()
                .any(|end| rest.iter().copied().take(end.len()).eq(end.chars()));
        if !ends {
            return self.fail("digit, \"->\", \"::\", \".\", \",\" or end of input");
        }
        Ok(format!("{sign}{digits}"))
    }

    fn json_key(&mut self) -> Parsed<String> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        self.dashed(|p| {
            let text = p.take_while1(
                |c| !"(-:.,>)".contains(c),
                "any non reserved character different from: .,>()",
            )?;
            Ok(text.trim().to_owned())
        })
    }

    fn field(&mut self) -> Parsed<Field> {
        self.lexeme(|p| {
            Ok(Field {
                name: p.field_name()?,
                json_path: p.json_path()?,
            })
        })
    }

    // ---------------------------------------------------------------- select

    /// `select=`
    pub fn select(&mut self) -> Parsed<Vec<SelectItem>> {
        let first = self.optional(Self::select_item)?;
        let Some(first) = first else {
            return Ok(Vec::new());
        };
        let mut items = vec![first];
        while self.optional(|p| p.lexeme(|p| p.char(',')))?.is_some() {
            items.push(self.select_item()?);
        }
        Ok(items)
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        let relation = match self.optional(|p| p.attempt(Self::spread_head))? {
            Some(head) => Some(head),
            None => self.optional(|p| p.attempt(Self::relation_head))?,
        };
        match relation {
            Some(head) => {
                let items = self.between_parens(Self::select)?;
                Ok(SelectItem::Relation(SelectRelation { items, ..head }))
            }
            None => Ok(SelectItem::Field(self.select_field()?)),
        }
    }

    fn spread_head(&mut self) -> Parsed<SelectRelation> {
        self.lexeme(|p| {
            p.string("...")?;
            let name = p.field_name()?;
            p.relation_rest(name, None, true)
        })
    }

    fn relation_head(&mut self) -> Parsed<SelectRelation> {
        self.lexeme(|p| {
            let alias = p.alias()?;
            let name = p.field_name()?;
            if name == "count" {
                return p.fail("a relation");
            }
            p.relation_rest(name, alias, false)
        })
    }

    fn relation_rest(
        &mut self,
        name: String,
        alias: Option<String>,
        is_spread: bool,
    ) -> Parsed<SelectRelation> {
        let mut relation = SelectRelation {
            name,
            alias,
            hint: None,
            join: None,
            is_spread,
            items: Vec::new(),
        };
        for _ in 0..2 {
            self.optional(|p| p.embed_parameter(&mut relation))?;
        }
        self.followed_by(&['('], false)?;
        Ok(relation)
    }

    /// `!inner`, `!left` or `!hint`; of two hints or joins the first counts.
    fn embed_parameter(&mut self, relation: &mut SelectRelation) -> Parsed<()> {
        self.char('!')?;
        for (word, join) in [("left", JoinType::Left), ("inner", JoinType::Inner)] {
            if self.take(word) {
                relation.join.get_or_insert(join);
                return Ok(());
            }
        }
        let hint = self.attempt(Self::field_name)?;
        relation.hint.get_or_insert(hint);
        Ok(())
    }

    fn alias(&mut self) -> Parsed<Option<String>> {
        self.optional(|p| {
            p.attempt(|p| {
                let name = p.field_name()?;
                p.char(':')?;
                match p.peek() {
                    Some(':') => p.fail("no cast"),
                    _ => Ok(name),
                }
            })
        })
    }

    fn cast(&mut self) -> Parsed<Option<String>> {
        self.optional(|p| {
            p.string("::")?;
            p.identifier("letter or digit")
        })
    }

    fn select_field(&mut self) -> Parsed<SelectField> {
        self.lexeme(|p| {
            if let Some(all) = p.optional(|p| p.attempt(Self::select_all))? {
                return Ok(all);
            }
            if let Some(count) = p.optional(|p| p.attempt(Self::select_count))? {
                return Ok(count);
            }
            let alias = p.alias()?;
            let field = p.field()?;
            let cast = p.cast()?;
            let aggregate = p.optional(|p| p.attempt(Self::aggregate))?;
            p.cast()?;
            p.followed_by(&[')', ','], true)?;
            Ok(SelectField {
                field,
                alias,
                cast,
                is_aggregate: aggregate.is_some(),
            })
        })
    }

    fn select_all(&mut self) -> Parsed<SelectField> {
        self.char('*')?;
        self.followed_by(&[')', ','], true)?;
        Ok(SelectField::all())
    }

    fn select_count(&mut self) -> Parsed<SelectField> {
        let alias = self.alias()?;
        self.string("count()")?;
        self.cast()?;
        self.followed_by(&[')', ','], true)?;
        Ok(SelectField {
            alias,
            is_aggregate: true,
            ..SelectField::all()
        })
    }

    fn aggregate(&mut self) -> Parsed<()> {
        self.char('.')?;
        for name in ["sum", "avg", "count", "max", "min"] {
            if self.take(name) {
                return self.string("()");
            }
        }
        self.fail("\"sum\", \"avg\", \"count\", \"max\" or \"min\"")
    }

    // ---------------------------------------------------------------- filters

    /// The name of a filter, an order or a range: `relation.relation.field->path`.
    pub fn tree_path(&mut self) -> Parsed<(EmbedPath, Field)> {
        let mut names = self.separated(Self::field_name, Self::delimiter)?;
        let name = names.pop().unwrap_or_default();
        let json_path = self.json_path()?;
        Ok((names, Field { name, json_path }))
    }

    /// `not.eq.value`, where the value runs to the end.
    pub fn filter_value(&mut self) -> Parsed<(bool, Operation)> {
        self.operation_with(|p| Ok(p.take_while(|_| true)))
    }

    /// As [`Parser::filter_value`]; `None` if no operator begins here, as in an argument of a function.
    pub fn filter_value_or_argument(&mut self) -> Parsed<Option<(bool, Operation)>> {
        self.optional(Self::filter_value)
    }

    fn operation_with(
        &mut self,
        value: impl Fn(&mut Self) -> Parsed<String>,
    ) -> Parsed<(bool, Operation)> {
        let negated = self.negation()?;
        Ok((negated, self.operation(value)?))
    }

    fn negation(&mut self) -> Parsed<bool> {
        if self.keyword("not") {
            return Ok(true);
        }
        let _: Parsed<()> = self.fail("\"not\"");
        Ok(false)
    }

    fn operation(&mut self, value: impl Fn(&mut Self) -> Parsed<String>) -> Parsed<Operation> {
        if self.keyword("in") {
            return Ok(Operation::In(self.list()?));
        }
        if self.keyword("is") {
            return Ok(Operation::Is(self.is_value()?));
        }
        if self.keyword("isdistinct") {
            return Ok(Operation::IsDistinctFrom(value(self)?));
        }
        let start = self.position;
        for alternative in [
            Self::full_text_head,
            Self::simple_head,
            Self::quantified_head,
        ] {
            if let Some(head) = self.optional(|p| p.attempt(alternative))? {
                let operand = value(self)?;
                return Ok(match head {
                    OperatorHead::FullText(function, language) => {
                        Operation::FullText(function, language, operand)
                    }
                    OperatorHead::Simple(sql) => Operation::Simple(sql, operand),
                    OperatorHead::Quantified(operator, quantifier) => {
                        Operation::Quantified(operator, quantifier, operand)
                    }
                });
            }
        }
        self.position = start;
        self.fail(OPERATOR)
    }

    /// Whether `word.` stands here; if so it is read.
    fn keyword(&mut self, word: &str) -> bool {
        let start = self.position;
        let found = self.take(word) && self.take(".");
        if !found {
            self.position = start;
        }
        found
    }

    /// The first of `words` that stands here.
    fn one_of<T: Copy>(&mut self, words: &[(&str, T)], expecting: &str) -> Parsed<T> {
        for (word, value) in words {
            if self.take(word) {
                return Ok(*value);
            }
        }
        self.fail(expecting)
    }

    /// As [`Parser::one_of`], for words that an error names one by one.
    fn one_of_keywords<T: Copy>(&mut self, words: &[(&str, T)]) -> Parsed<T> {
        for (word, value) in words {
            if self.take(word) {
                return Ok(*value);
            }
            let _: Parsed<()> = self.fail(&format!("\"{word}\""));
        }
        Err(Mismatch)
    }

    /// What comes between an operator and its value.
    fn operator_end(&mut self) -> Parsed<()> {
        match self.take(".") {
            true => Ok(()),
            false => self.fail(OPERATOR),
        }
    }

    fn full_text_head(&mut self) -> Parsed<OperatorHead> {
        let function = self.one_of(
            &[
                ("fts", "to_tsquery"),
                ("plfts", "plainto_tsquery"),
                ("phfts", "phraseto_tsquery"),
                ("wfts", "websearch_to_tsquery"),
            ],
            OPERATOR,
        )?;
        let language =
            self.optional(|p| p.attempt(|p| p.between_parens(|p| p.identifier("language"))))?;
        self.operator_end()?;
        Ok(OperatorHead::FullText(function, language))
    }

    fn simple_head(&mut self) -> Parsed<OperatorHead> {
        let sql = self.one_of(
            &[
                ("neq", "<>"),
                ("cs", "@>"),
                ("cd", "<@"),
                ("ov", "&&"),
                ("sl", "<<"),
                ("sr", ">>"),
                ("nxr", "&<"),
                ("nxl", "&>"),
                ("adj", "-|-"),
            ],
            OPERATOR,
        )?;
        self.operator_end()?;
        Ok(OperatorHead::Simple(sql))
    }

    fn quantified_head(&mut self) -> Parsed<OperatorHead> {
        let plain = |sql| QuantifiedOperator {
            sql,
            is_pattern: false,
        };
        let pattern = |sql| QuantifiedOperator {
            sql,
            is_pattern: true,
        };
        let operator = self.one_of(
            &[
                ("eq", QuantifiedOperator::EQUAL),
                ("gte", plain(">=")),
                ("gt", plain(">")),
                ("lte", plain("<=")),
                ("lt", plain("<")),
                ("like", pattern("like")),
                ("ilike", pattern("ilike")),
                ("match", plain("~")),
                ("imatch", plain("~*")),
            ],
            OPERATOR,
        )?;
        let quantifier = self.optional(|p| {
            p.attempt(|p| {
                p.between_parens(|p| {
                    p.one_of_keywords(&[("any", Quantifier::Any), ("all", Quantifier::All)])
                })
            })
        })?;
        self.operator_end()?;
        Ok(OperatorHead::Quantified(operator, quantifier))
    }

    fn is_value(&mut self) -> Parsed<&'static str> {
        let words = [
            ("null", "NULL"),
            ("not_null", "NOT NULL"),
            ("true", "TRUE"),
            ("false", "FALSE"),
            ("unknown", "UNKNOWN"),
        ];
        let rest = &self.chars[self.position..];
        for (word, sql) in words {
            let found = rest.len() >= word.len()
                && rest
                    .iter()
                    .zip(word.chars())
                    .all(|(c, w)| c.eq_ignore_ascii_case(&w));
            if found {
                self.position += word.len();
                return Ok(sql);
            }
        }
        self.fail("isVal: (null, not_null, true, false, unknown)")
    }

    fn list(&mut self) -> Parsed<Vec<String>> {
        self.lexeme(|p| p.char('('))?;
        let items = self.separated(Self::list_item, |p| p.char(','))?;
        self.lexeme(|p| p.char(')'))?;
        Ok(items)
    }

    fn list_item(&mut self) -> Parsed<String> {
        match self.optional(|p| p.attempt(Self::quoted_item))? {
            Some(text) => Ok(text),
            None => Ok(self.take_while(|c| c != ',' && c != ')')),
        }
    }

    fn quoted_item(&mut self) -> Parsed<String> {
        let text = self.quoted()?;
        self.followed_by(&[',', ')'], true)?;
        Ok(text)
    }

    // ---------------------------------------------------------------- logic

    /// The name of `and=`, `or=`: `relation.not.or`.
    pub fn logic_path(&mut self) -> Parsed<(EmbedPath, String)> {
        let mut names = self.separated(Self::field_name, Self::delimiter)?;
        let negated = names.iter().any(|name| name == "not");
        let operator = names.pop().unwrap_or_default();
        names.retain(|name| name != "not");
        let prefix = if negated { "not." } else { "" };
        Ok((names, format!("{prefix}{operator}")))
    }

    /// `not.and(…)`, `or(…)` or a filter `field.operator.value`.
    pub fn logic_tree(&mut self) -> Parsed<LogicTree> {
        if let Some(filter) = self.optional(|p| p.attempt(Self::logic_filter))? {
            return Ok(LogicTree::Filter(filter));
        }
        let negated = self.negation()?;
        let operator = self.one_of(
            &[("and", LogicOperator::And), ("or", LogicOperator::Or)],
            "logic operator (and, or)",
        )?;
        self.lexeme(|p| p.char('('))?;
        let trees =
            self.nested(|p| p.separated(Self::logic_tree, |p| p.lexeme(|p| p.char(','))))?;
        self.lexeme(|p| p.char(')'))?;
        Ok(LogicTree::Group {
            negated,
            operator,
            trees,
        })
    }

    fn logic_filter(&mut self) -> Parsed<Filter> {
        let field = self.field()?;
        self.delimiter()?;
        let (negated, operation) = self.operation_with(Self::logic_value)?;
        Ok(Filter {
            field,
            negated,
            operation,
        })
    }

    fn logic_value(&mut self) -> Parsed<String> {
        if let Some(text) = self.optional(|p| p.attempt(Self::quoted_item))? {
            return Ok(text);
        }
        if let Some(array) = self.optional(|p| p.attempt(Self::array_literal))? {
            return Ok(array);
        }
        Ok(self.take_while(|c| c != ',' && c != ')'))
    }

    fn array_literal(&mut self) -> Parsed<String> {
        self.char('{')?;
        let inner = self.take_while(|c| c != '{' && c != '}');
        self.char('}')?;
        Ok(format!("{{{inner}}}"))
    }

    // ---------------------------------------------------------------- order and columns

    /// `order=`
    pub fn order(&mut self) -> Parsed<Vec<OrderTerm>> {
        self.separated(|p| p.lexeme(Self::order_term), |p| p.char(','))
    }

    fn order_term(&mut self) -> Parsed<OrderTerm> {
        if let Some(term) = self.optional(|p| p.attempt(Self::related_order_term))? {
            return Ok(term);
        }
        let field = self.field()?;
        self.order_rest(None, field)
    }

    fn related_order_term(&mut self) -> Parsed<OrderTerm> {
        let relation = self.field_name()?;
        let field = self.between_parens(Self::field)?;
        self.order_rest(Some(relation), field)
    }

    fn order_rest(&mut self, relation: Option<String>, field: Field) -> Parsed<OrderTerm> {
        let direction = self.order_word(&[("asc", "ASC"), ("desc", "DESC")])?;
        let nulls =
            self.order_word(&[("nullsfirst", "NULLS FIRST"), ("nullslast", "NULLS LAST")])?;
        self.followed_by(&[','], true)?;
        Ok(OrderTerm {
            relation,
            field,
            direction,
            nulls,
        })
    }

    fn order_word(&mut self, words: &[(&str, &'static str)]) -> Parsed<Option<&'static str>> {
        self.optional(|p| {
            p.attempt(|p| {
                p.delimiter()?;
                p.one_of_keywords(words)
            })
        })
    }

    /// `columns=` and `on_conflict=`
    pub fn columns(&mut self) -> Parsed<Vec<String>> {
        self.separated(Self::field_name, |p| p.lexeme(|p| p.char(',')))
    }
}

/// An operator before its value.
enum OperatorHead {
    FullText(&'static str, Option<String>),
    Simple(&'static str),
    Quantified(QuantifiedOperator, Option<Quantifier>),
}

impl SelectField {
    /// `*`
    pub fn all() -> Self {
        Self {
            field: Field {
                name: "*".to_owned(),
                json_path: Vec::new(),
            },
            alias: None,
            cast: None,
            is_aggregate: false,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn field(text: &str) -> SelectField {
        match parse(text, Parser::select).unwrap().remove(0) {
            SelectItem::Field(field) => field,
            other => panic!("{other:?} is no field"),
        }
    }

    fn relation(text: &str) -> SelectRelation {
        match parse(text, Parser::select).unwrap().remove(0) {
            SelectItem::Relation(relation) => relation,
            other => panic!("{other:?} is no relation"),
        }
    }

    fn filter(text: &str) -> (bool, Operation) {
        parse(text, Parser::filter_value).unwrap()
    }

    fn details(text: &str, grammar: impl FnOnce(&mut Parser) -> Parsed<()>) -> (usize, String) {
        let error = parse(text, grammar).unwrap_err();
        (error.column, error.details)
    }

    #[test]
    fn a_selected_field_has_alias_path_and_cast() {
        let item = field("total:data->items->-1->>price::numeric");
        assert_eq!(item.alias.as_deref(), Some("total"));
        assert_eq!(item.cast.as_deref(), Some("numeric"));
        let operands: Vec<_> = item.field.json_path.iter().map(|s| &s.operand).collect();
        assert_eq!(
            operands,
            [
                &JsonOperand::Key("items".into()),
                &JsonOperand::Index("-1".into()),
                &JsonOperand::Key("price".into())
            ]
        );
        assert!(item.field.json_path[2].as_text);
    }

    #[test]
    fn quoted_names_keep_every_character() {
        assert_eq!(field(r#""a.b,\"c""#).field.name, r#"a.b,"c"#);
        assert_eq!(field(" first name ").field.name, "first name");
        assert_eq!(field("with-dash").field.name, "with-dash");
    }

    #[test]
    fn relations_nest_and_carry_hint_and_join() {
        let item = relation("author:people!author_id!inner(name,...teams(*))");
        assert_eq!(item.hint.as_deref(), Some("author_id"));
        assert_eq!(item.join, Some(JoinType::Inner));
        assert!(matches!(&item.items[1], SelectItem::Relation(r) if r.is_spread));
    }

    #[test]
    fn count_is_a_field_and_count_with_parens_an_aggregate() {
        assert!(!field("count").is_aggregate);
        assert!(field("count()").is_aggregate);
        assert!(field("cost.max()").is_aggregate);
        assert!(parse("cost.median()", Parser::select).is_err());
    }

    #[test]
    fn what_follows_a_complete_select_is_ignored_only_without_a_comma() {
        assert_eq!(parse("id)", Parser::select).unwrap().len(), 1);
        assert!(parse("", Parser::select).unwrap().is_empty());
        assert!(parse(",id", Parser::select).unwrap().is_empty());
        assert!(parse("id!", Parser::select).is_err());
    }

    #[test]
    fn filters_read_to_the_end() {
        assert_eq!(
            filter("not.like(any).{a*,b}"),
            (
                true,
                Operation::Quantified(
                    QuantifiedOperator {
                        sql: "like",
                        is_pattern: true
                    },
                    Some(Quantifier::Any),
                    "{a*,b}".into()
                )
            )
        );
        assert_eq!(
            filter(r#"in.("a,b",c,)"#),
            (
                false,
                Operation::In(vec!["a,b".into(), "c".into(), String::new()])
            )
        );
        assert_eq!(filter("is.TRUE"), (false, Operation::Is("TRUE")));
        assert_eq!(
            filter("fts(english).a & b"),
            (
                false,
                Operation::FullText("to_tsquery", Some("english".into()), "a & b".into())
            )
        );
    }

    #[test]
    fn an_operator_that_is_cut_short_is_refused() {
        for text in [
            "eq",
            "zz.1",
            "not.zz.1",
            "in.1,2",
            "in.(1,2",
            "neq(all).{1}",
            "is.maybe",
        ] {
            assert!(parse(text, Parser::filter_value).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_names_what_the_furthest_place_could_have_been() {
        let filter = |p: &mut Parser| p.filter_value().map(|_| ());
        let order = |p: &mut Parser| p.order().map(|_| ());
        assert_eq!(
            details("zz.1", filter),
            (
                1,
                r#"unexpected "z" expecting "not" or operator (eq, gt, ...)"#.to_owned()
            )
        );
        assert_eq!(
            details("eq", filter),
            (
                3,
                r#"unexpected end of input expecting "(" or operator (eq, gt, ...)"#.to_owned()
            )
        );
        assert_eq!(
            details("id.desc.", order),
            (
                9,
                r#"unexpected end of input expecting "nullsfirst" or "nullslast""#.to_owned()
            )
        );
    }

    #[test]
    fn logic_trees_nest() {
        let tree = parse(
            "not.or(id.eq.1,and(name.eq.\"a,b\",tags.cs.{x,y}))",
            Parser::logic_tree,
        );
        let Ok(LogicTree::Group { negated, trees, .. }) = tree else {
            panic!("{tree:?}");
        };
        assert!(negated);
        let LogicTree::Group { trees, .. } = &trees[1] else {
            panic!("{trees:?}");
        };
        assert!(matches!(
            &trees[1],
            LogicTree::Filter(Filter { operation: Operation::Simple("@>", value), .. }) if value == "{x,y}"
        ));
    }

    #[test]
    fn order_terms_have_direction_nulls_and_relation() {
        let terms = parse("a.desc.nullslast,rel(b->c).asc", Parser::order).unwrap();
        assert_eq!(terms[0].direction, Some("DESC"));
        assert_eq!(terms[0].nulls, Some("NULLS LAST"));
        assert_eq!(terms[1].relation.as_deref(), Some("rel"));
        for text in ["", "id.descc", "id.desc.", ".id", "a.desc.nullslast.x"] {
            assert!(parse(text, Parser::order).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "and(".repeat(100_000);
        assert!(parse(&deep, Parser::logic_tree).is_err());
        let deep = "a(".repeat(100_000);
        assert!(parse(&deep, Parser::select).is_err());
    }
}
