//! Conditions in SQL and PL/pgSQL text, and what the text becomes with one of them weakened.
//!
//! No parser of the language: words, strings and parentheses are told apart, and a condition is what stands between
//! two words that end one (`where … group`, `if … then`) or between parentheses. Both what people write and what
//! `pg_get_expr` writes back are understood.

use std::ops::Range;

/// One change of a text: what is done, in words, and the text that comes of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// E.g. "`a = b` dropped". Twice the same in one text: told apart by whoever names mutants.
    pub what: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// A word or sign in lower case. A dotted name is one word.
    Word(String, Range<usize>),
    /// What parentheses enclose, or `case` and its `end`.
    Group(Vec<Item>, Range<usize>),
}

impl Item {
    fn range(&self) -> &Range<usize> {
        match self {
            Self::Word(_, range) | Self::Group(_, range) => range,
        }
    }

    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(w, _) if w == word)
    }
}

/// Words that a condition does not reach across.
const BOUNDARIES: [&str; 44] = [
    ";",
    ",",
    ":=",
    "as",
    "begin",
    "by",
    "cross",
    "declare",
    "do",
    "else",
    "elsif",
    "end",
    "except",
    "exit",
    "filter",
    "for",
    "from",
    "group",
    "having",
    "if",
    "inner",
    "intersect",
    "into",
    "join",
    "lateral",
    "left",
    "limit",
    "loop",
    "offset",
    "on",
    "order",
    "over",
    "perform",
    "return",
    "returning",
    "select",
    "set",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
];

/// Every change that weakens or drops one condition of the text.
pub fn changes(text: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    weaken(text, &items(text), &mut changes);
    changes
}

/// The same for a text that is a condition itself, so that what a `case` in it answers is one too.
pub fn changes_of_condition(text: &str) -> Vec<Change> {
    let mut changes = changes(text);
    grant_answers(text, &items(text), &mut changes);
    changes
}

fn items(text: &str) -> Vec<Item> {
    group(&mut tokens(text).into_iter().peekable(), None).0
}

fn weaken(text: &str, items: &[Item], changes: &mut Vec<Change>) {
    let mut start: usize = 0;
    for at in 0..=items.len() {
        if at == items.len() || is_boundary(items, at) {
            let starter = start.checked_sub(1).map(|before| &items[before]);
            weaken_condition(text, starter, &items[start..at], changes);
            start = at + 1;
        }
    }
    for item in items {
        if let Item::Group(inside, _) = item {
            drop_branches(text, inside, changes);
            weaken(text, inside, changes);
        }
    }
}

/// Drops each of several branches of a `case`.
fn drop_branches(text: &str, inside: &[Item], changes: &mut Vec<Change>) {
    let branches = branches(inside);
    if branches.len() < 2 {
        return;
    }
    for branch in branches {
        let mut change = replaced(text, &span(branch), "", "");
        change.what = format!("{} dropped", quoted(&text[span(branch)]));
        changes.push(change);
    }
}

/// `when … then …`, each up to the next one or to `else`. Only a `case` has them.
fn branches(inside: &[Item]) -> Vec<&[Item]> {
    let starts: Vec<_> = (0..inside.len())
        .filter(|at| inside[*at].is("when"))
        .collect();
    starts
        .iter()
        .map(|start| {
            let length = inside[start + 1..]
                .iter()
                .take_while(|item| !item.is("when") && !item.is("else"))
                .count();
            &inside[*start..start + 1 + length]
        })
        .collect()
}

/// Answers true where a branch of a `case` asks something.
fn grant_answers(text: &str, items: &[Item], changes: &mut Vec<Change>) {
    for item in items {
        let Item::Group(inside, _) = item else {
            continue;
        };
        for branch in branches(inside) {
            let answer = branch.split(|item| item.is("then")).next_back();
            let Some(answer) = answer.filter(|answer| !answer.is_empty()) else {
                continue;
            };
            let range = span(answer);
            if !text[range.clone()].starts_with('\'') && !answer[0].is("true") {
                changes.push(replaced(text, &range, "true", "is true"));
            }
        }
        grant_answers(text, inside, changes);
    }
}

fn is_boundary(items: &[Item], at: usize) -> bool {
    let Item::Word(word, _) = &items[at] else {
        return false;
    };
    let is_function = matches!(items.get(at + 1), Some(Item::Group(..)));
    match word.as_str() {
        // `is distinct from`
        "from" => !(at > 0 && items[at - 1].is("distinct")),
        "left" => !is_function,
        word => BOUNDARIES.contains(&word) || word.starts_with('$') && word.ends_with('$'),
    }
}

fn weaken_condition(text: &str, starter: Option<&Item>, items: &[Item], changes: &mut Vec<Change>) {
    if items.is_empty() {
        return;
    }
    let whole = span(items);
    let follows = |word: &str| starter.is_some_and(|s| s.is(word));
    let alternatives = split(items, "or");
    let is_single = alternatives.len() == 1 && split(items, "and").len() == 1;
    if follows("if") || follows("elsif") {
        for answer in ["true", "false"] {
            changes.push(replaced(text, &whole, answer, &format!("is {answer}")));
        }
    } else if follows("where") && is_single {
        changes.push(replaced(text, &whole, "true", "is true"));
    }
    drop_each(text, &alternatives, " or ", changes);
    for alternative in alternatives {
        drop_each(text, &split(alternative, "and"), " and ", changes);
    }
}

/// Drops each of several arms.
fn drop_each(text: &str, arms: &[&[Item]], joined_by: &str, changes: &mut Vec<Change>) {
    if arms.len() < 2 {
        return;
    }
    let (first, last) = (span(arms[0]), span(arms[arms.len() - 1]));
    let all = first.start..last.end;
    for dropped in 0..arms.len() {
        let kept: Vec<_> = (0..arms.len())
            .filter(|i| *i != dropped)
            .map(|i| &text[span(arms[i])])
            .collect();
        let mut change = replaced(text, &all, &kept.join(joined_by), "");
        change.what = format!("{} dropped", quoted(&text[span(arms[dropped])]));
        changes.push(change);
    }
}

/// The parts between the words, where those stand for themselves (`between … and …` keeps its own).
fn split<'a>(items: &'a [Item], word: &str) -> Vec<&'a [Item]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut between = false;
    for (at, item) in items.iter().enumerate() {
        if item.is("between") {
            between = true;
        } else if item.is("and") && between {
            between = false;
        } else if item.is(word) {
            parts.push(&items[start..at]);
            start = at + 1;
        }
    }
    parts.push(&items[start..]);
    if parts.iter().any(|part| part.is_empty()) {
        return vec![items];
    }
    parts
}

fn span(items: &[Item]) -> Range<usize> {
    items[0].range().start..items[items.len() - 1].range().end
}

fn replaced(text: &str, range: &Range<usize>, by: &str, what: &str) -> Change {
    Change {
        what: format!("{} {what}", quoted(&text[range.clone()])),
        text: format!("{}{by}{}", &text[..range.start], &text[range.end..]),
    }
}

/// On one line.
fn quoted(text: &str) -> String {
    format!(
        "`{}`",
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}

/// Items up to the closing parenthesis or `end`, and where that ends. What is open is `(`, or a word that `end` closes.
fn group(
    tokens: &mut std::iter::Peekable<std::vec::IntoIter<(String, Range<usize>)>>,
    opened_by: Option<&str>,
) -> (Vec<Item>, usize) {
    let mut items = Vec::new();
    // `begin`, `if` and `loop`, which `end` closes too.
    let mut blocks = 0;
    let mut end = 0;
    while let Some((word, range)) = tokens.next() {
        end = range.end;
        match word.as_str() {
            "(" => {
                let (inside, end) = group(tokens, Some("("));
                items.push(Item::Group(inside, range.start..end));
            }
            ")" if opened_by == Some("(") => return (items, end),
            "case" => {
                let (inside, end) = group(tokens, Some("case"));
                items.push(Item::Group(inside, range.start..end));
            }
            "end" if blocks == 0 && opened_by == Some("case") => {
                if tokens.peek().is_some_and(|(word, _)| word == "case") {
                    end = tokens.next().map_or(end, |(_, range)| range.end);
                }
                return (items, end);
            }
            "end" => {
                blocks -= 1;
                items.push(Item::Word(word, range));
                // Of `end if` and `end loop` the second word opens nothing.
                while tokens.peek().is_some_and(|(w, _)| w == "if" || w == "loop") {
                    tokens.next();
                }
            }
            _ => {
                blocks += i32::from(matches!(word.as_str(), "begin" | "if" | "loop"));
                items.push(Item::Word(word, range));
            }
        }
    }
    (items, end)
}

fn tokens(text: &str) -> Vec<(String, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if first == '\'' || first == '"' {
            quoted_length(rest, first)
        } else if first == '$' {
            // What a dollar quotes may be SQL itself: only its marks are words.
            1 + rest[1..].find('$').map_or(0, |mark| mark + 1)
        } else if is_of_a_word(first) {
            rest.find(|c| !is_of_a_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with(":=") {
            2
        } else {
            first.len_utf8()
        };
        let length = if first == '$' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            2
        } else {
            length
        };
        tokens.push((rest[..length].to_lowercase(), at..at + length));
        at += length;
    }
    tokens
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(end) = text[at..].find(quote) {
        at += end + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        changes(text).into_iter().map(|c| c.what).collect()
    }

    #[test]
    fn each_arm_is_dropped_at_every_depth_and_or_binds_less_than_and() {
        let text =
            "(EXISTS ( SELECT FROM cases c WHERE ((c.id = x.id) AND (c.a OR c.b)))) OR d AND e";
        let texts: Vec<_> = changes(text).into_iter().map(|c| c.text).collect();
        assert_eq!(
            texts,
            [
                "d AND e",
                "(EXISTS ( SELECT FROM cases c WHERE ((c.id = x.id) AND (c.a OR c.b))))",
                "(EXISTS ( SELECT FROM cases c WHERE ((c.id = x.id) AND (c.a OR c.b)))) OR e",
                "(EXISTS ( SELECT FROM cases c WHERE ((c.id = x.id) AND (c.a OR c.b)))) OR d",
                "(EXISTS ( SELECT FROM cases c WHERE true)) OR d AND e",
                "(EXISTS ( SELECT FROM cases c WHERE ((c.a OR c.b)))) OR d AND e",
                "(EXISTS ( SELECT FROM cases c WHERE ((c.id = x.id)))) OR d AND e",
                "(EXISTS ( SELECT FROM cases c WHERE ((c.id = x.id) AND (c.b)))) OR d AND e",
                "(EXISTS ( SELECT FROM cases c WHERE ((c.id = x.id) AND (c.a)))) OR d AND e",
            ]
        );
    }

    #[test]
    fn what_an_if_asks_is_answered_both_ways() {
        let body = "
            begin
              if a is distinct from b and not c(d) then -- or not
                return case when x and y then 'a and b' else z end;
              elsif n between 1 and 2 then
                return null;
              end if;
              delete from t where t.id = n;
            end";
        assert_eq!(
            told(body),
            [
                "`a is distinct from b and not c(d)` is true",
                "`a is distinct from b and not c(d)` is false",
                "`a is distinct from b` dropped",
                "`not c(d)` dropped",
                "`n between 1 and 2` is true",
                "`n between 1 and 2` is false",
                "`t.id = n` is true",
                "`x` dropped",
                "`y` dropped",
            ]
        );
    }

    #[test]
    fn a_case_loses_each_of_its_branches_and_in_a_condition_answers_true() {
        let text = "case (select c.as from c) when 'staff' then true when 'client' then shown and mine end";
        assert_eq!(
            told(text),
            [
                "`when 'staff' then true` dropped",
                "`when 'client' then shown and mine` dropped",
                "`shown` dropped",
                "`mine` dropped",
            ]
        );
        let more: Vec<_> = changes_of_condition(text).into_iter().skip(4).collect();
        assert_eq!(
            more,
            [Change {
                what: "`shown and mine` is true".into(),
                text:
                    "case (select c.as from c) when 'staff' then true when 'client' then true end"
                        .into(),
            }]
        );
    }

    #[test]
    fn dynamic_sql_is_read_too() {
        let body = "begin execute format($sql$ update %s f set a = 1 where f.id = $1 and f.b returning f.id $sql$, t) using n; end";
        assert_eq!(told(body), ["`f.id = $1` dropped", "`f.b` dropped"]);
    }
}
