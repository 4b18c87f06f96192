//! A column in words: its type, what it begins as, who sends it, what it takes.

use super::catalogue::{Catalogue, Column, Relation};
use super::constraint_words::{Entry, Limit, entry};

/// As PostgreSQL writes types for short, and without the schema of ours.
pub fn short_type(name: &str) -> String {
    name.replace("timestamp with time zone", "timestamptz")
        .replace("public.", "")
}

/// What the column is where nobody says.
pub fn default(column: &Column) -> String {
    if column.is_counted {
        return "counted".to_owned();
    } else if column.is_computed {
        return "computed".to_owned();
    }
    match column.expression.as_str() {
        "" if column.is_required && column.in_new => "**needed**".to_owned(),
        "" => String::new(),
        expression => value(expression),
    }
}

/// An SQL expression as a person reads it.
pub fn value(expression: &str) -> String {
    let literal = expression
        .strip_prefix('\'')
        .and_then(|rest| rest.split_once('\''))
        .map(|(text, cast)| (text, cast.strip_prefix("::").unwrap_or(cast)));
    match (expression, literal) {
        ("now()" | "clock_timestamp()", _) => "now".to_owned(),
        ("gen_random_uuid()", _) => "a new one".to_owned(),
        ("auth.uid()", _) => "the caller".to_owned(),
        ("casebase.default_department()", _) => "the default department".to_owned(),
        ("(now() + '30 days'::interval)", _) => "in 30 days".to_owned(),
        (_, Some((text, "interval"))) => format!("`{}`", text.replace(":00:00", " hours")),
        (_, Some(("{}", list))) if list.ends_with("[]") => "`[]`".to_owned(),
        (_, Some(("", _))) => "empty".to_owned(),
        (_, Some((text, _))) => format!("`{text}`"),
        (plain, None) if plain.starts_with("NULL") => "null".to_owned(),
        (plain, None) => {
            let is_plain = plain.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(is_plain, "how does a person read {plain}?");
            format!("`{plain}`")
        }
    }
}

/// Where users of the API may send it.
pub fn sent(column: &Column) -> &'static str {
    match (column.in_new, column.in_change) {
        (true, true) => "new, change",
        (true, false) => "new",
        (false, true) => "change",
        (false, false) => "",
    }
}

/// What is accepted, as sentences; of what nobody sends only the words that there are.
pub fn takes(column: &Column, relation: &Relation, catalogue: &Catalogue) -> String {
    let name = (relation.name.clone(), column.name.clone());
    let mut sentences = Vec::new();
    for check in catalogue.checks.get(&name).into_iter().flatten() {
        let entry = entry(check.clone());
        if entry.rule == "one_of" || column.in_new || column.in_change {
            sentences.extend(sentence(&entry));
        }
    }
    let reference = column.refers_to.as_ref();
    if let Some(reference) = reference.filter(|r| !column.comment.contains(r.as_str())) {
        let (table, key) = reference.split_once('.').expect("a column of a table");
        sentences.push(format!("One of [{table}.{key}](#table-{table})."));
    }
    sentences.join(" ")
}

fn sentence(entry: &Entry) -> Option<String> {
    let limits: Vec<_> = entry.limits.iter().map(limit).collect();
    let limits = limits.join(", ");
    Some(match entry.rule {
        "one_of" => format!("One of `{}`.", entry.values.join("`, `")),
        "line" => format!("[One line](frontend.md#what-people-write), {limits}."),
        "text" => format!("[Text](frontend.md#what-people-write), {limits}."),
        "lines" => format!("[Lines](frontend.md#what-people-write), {limits}."),
        "object" => format!("An object, {limits}."),
        "readable_json" | "time" => return None,
        "pattern" => {
            let pattern = entry.pattern.as_deref().expect("the pattern");
            let limits = match limits.as_str() {
                "" => String::new(),
                limits => format!(", {limits}"),
            };
            format!("Matches `{}`{limits}.", pattern.replace('|', "\\|"))
        }
        _ if entry.sentence.is_empty() => return None,
        _ => entry.sentence.clone(),
    })
}

fn limit(limit: &Limit) -> String {
    let Limit { least, most, unit } = limit;
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most} {unit}"),
        (Some(least), None) => format!("at least {least} {unit}"),
        (None, Some(most)) => format!("at most {most} {unit}"),
        (None, None) => String::new(),
    }
}
