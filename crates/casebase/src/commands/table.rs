//! Rows for a person, or for a program.

use std::io::{self, Write};

use serde_json::Value;

use crate::terminal;

/// Prints the rows: each as JSON on a line of its own, or these columns under their names.
pub fn print(rows: &[Value], columns: &[&str], json: bool) -> io::Result<()> {
    let mut out = terminal::stdout();
    if json {
        return rows.iter().try_for_each(|row| writeln!(out, "{row}"));
    }
    out.write_all(lines(rows, columns).as_bytes())
}

fn lines(rows: &[Value], columns: &[&str]) -> String {
    let head = columns.iter().map(|name| name.replace('_', " ")).collect();
    let body = rows
        .iter()
        .map(|row| columns.iter().map(|&name| cell(&row[name])).collect());
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(body).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|n| {
            lines
                .iter()
                .map(|line| line[n].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    lines
        .iter()
        .map(|line| {
            let padded = line
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        })
        .collect()
}

/// A value in one line, without control characters: people and receivers wrote it.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            json!({"id": 1, "event_types": ["case.*", "interaction.*"], "url": null}),
            json!({"id": 12, "event_types": [], "url": "a\u{1b}b"}),
        ];
        assert_eq!(
            lines(&rows, &["id", "event_types", "url"]),
            "id  event types           url\n1   case.*,interaction.*\n12                        a b\n"
        );
    }
}
