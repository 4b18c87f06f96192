//! Rows for a person, for a program or for a spreadsheet. Others wrote what is in them: nothing of it can move the cursor, be
//! taken for a formula or change what stands beside it.

use std::io::{self, Write};

use chrono::{DateTime, Local};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::terminal;

/// No column is made narrower than this to fit the terminal.
const NARROWEST: usize = 8;
/// Between two columns.
const GAP: &str = "  ";

/// How rows are told.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Told {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Print CSV (RFC 4180), whole and with times in UTC; a text that a spreadsheet may take for a formula begins with '
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Told {
    /// As it was asked for.
    pub fn form(self) -> Form {
        match (self.json, self.csv) {
            (true, _) => Form::Json,
            (_, true) => Form::Csv,
            _ => Form::Table,
        }
    }
}

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A person: columns below their names, times in their zone, as wide as the terminal.
    Table,
    /// A program: each row as it is, as JSON on a line of its own.
    Json,
    /// A spreadsheet.
    Csv,
}

/// Prints the rows: each as JSON, or these columns.
pub fn print(rows: &[Value], columns: &[&str], form: Form) -> io::Result<()> {
    let mut printed = Rows::printed(form, columns)?;
    printed.write(rows)?;
    printed.end()
}

/// Rows that come a few at a time. Only a table keeps them, for its columns are as wide as their widest cell.
pub struct Rows<'a, W: Write> {
    to: W,
    form: Form,
    columns: &'a [&'a str],
    kept: Vec<Vec<String>>,
    /// The terminal's, where there is one.
    width: Option<usize>,
}

impl<'a> Rows<'a, io::Stdout> {
    /// To standard output.
    pub fn printed(form: Form, columns: &'a [&'a str]) -> io::Result<Self> {
        let size = console::Term::stdout().size_checked();
        let width = size.map(|(_, width)| usize::from(width));
        Self::begin(terminal::stdout(), form, columns, width)
    }
}

impl<'a, W: Write> Rows<'a, W> {
    /// To there, whole.
    pub fn to(to: W, form: Form, columns: &'a [&'a str]) -> io::Result<Self> {
        Self::begin(to, form, columns, None)
    }

    fn begin(to: W, form: Form, columns: &'a [&'a str], width: Option<usize>) -> io::Result<Self> {
        let mut rows = Self {
            to,
            form,
            columns,
            kept: Vec::new(),
            width,
        };
        match form {
            Form::Json => {}
            Form::Csv => rows.record(columns.iter().map(|name| (*name).to_owned()))?,
            Form::Table => {
                let names = columns.iter().map(|name| name.replace('_', " "));
                rows.kept.push(names.collect());
            }
        }
        Ok(rows)
    }

    /// These, too.
    pub fn write(&mut self, rows: &[Value]) -> io::Result<()> {
        let columns = self.columns;
        for row in rows {
            let cells = columns.iter().map(|&name| (name, &row[name]));
            match self.form {
                Form::Json => writeln!(self.to, "{}", json(row))?,
                Form::Csv => self.record(cells.map(|(_, value)| field(value)))?,
                Form::Table => {
                    let cells = cells.map(|(name, value)| cell(name, value));
                    self.kept.push(cells.collect());
                }
            }
        }
        Ok(())
    }

    /// There are no others.
    pub fn end(mut self) -> io::Result<()> {
        if self.form == Form::Table {
            let lines = lines(self.columns, &self.kept, self.width);
            self.to.write_all(lines.as_bytes())?;
        }
        self.to.flush()
    }

    fn record(&mut self, fields: impl Iterator<Item = String>) -> io::Result<()> {
        let on_terminal = self.width.is_some();
        let mut line = Vec::new();
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(&mut line);
        let fields = fields.map(|field| match on_terminal {
            true => terminal::harmless(&field),
            false => field,
        });
        writer.write_record(fields)?;
        drop(writer);
        // By itself: the crate's errors don't say that a pipe was closed.
        self.to.write_all(&line)
    }
}

/// A value as JSON in one line, in which every character that a terminal obeys is escaped.
pub fn json(value: &Value) -> String {
    let text = value.to_string();
    if !text.contains(terminal::is_obeyed) {
        return text;
    }
    let escaped = text.chars().map(|c| match terminal::is_obeyed(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    });
    escaped.collect()
}

/// A value as a field of CSV. A text that a spreadsheet may take for a formula gets an apostrophe, which takes it for a text;
/// so does one that begins with an apostrophe, so that whoever takes the first one off has what it was.
fn field(value: &Value) -> String {
    let Value::String(text) = value else {
        return plain(value);
    };
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text.clone(),
    }
}

/// A value as a cell: in one line, without what a terminal obeys.
fn cell(name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) if is_time(name) => local_time(text).unwrap_or_else(|| text.to_owned()),
        other => plain(other),
    };
    text.replace(|c| terminal::is_obeyed(c) || c.is_control(), " ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

/// Columns of times are called so.
fn is_time(name: &str) -> bool {
    name.ends_with("_at") || name == "action_required_by"
}

/// A time where the terminal is, to the minute.
pub fn local_time(text: &str) -> Option<String> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let time = time.with_timezone(&Local);
    Some(time.format("%Y-%m-%d %H:%M").to_string())
}

fn lines(columns: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let widest = |n: usize| rows.iter().map(|row| row[n].width()).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    if let Some(width) = width {
        fit(columns, &mut widths, width);
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, &width)| {
            let cell = cut(cell, width);
            let padding = width.saturating_sub(cell.width());
            cell + &" ".repeat(padding)
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Takes from the widest column what is too much, and then from the next. Of what is copied nothing goes.
fn fit(columns: &[&str], widths: &mut [usize], width: usize) {
    let is_copied = |name: &str| {
        name == "id" || name.ends_with("_id") || matches!(name, "secret" | "public_key")
    };
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        let read = widths.iter_mut().zip(columns);
        let read = read.filter(|(_, name)| !is_copied(name));
        match read.map(|(width, _)| width).max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

/// So much of the text as has this width, with a mark where some is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let ends = text.char_indices().map(|(at, _)| at);
    let fits = ends.take_while(|&at| text[..at].width() < width);
    let end = fits.last().unwrap_or(0);
    // What joins is nothing without what it joined to.
    let cut = text[..end].trim_end_matches(['\u{200d}', '\u{fe0f}']);
    cut.to_owned() + "…"
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[&str] = &["id", "title"];

    fn told(rows: &[Value], columns: &[&str], form: Form) -> String {
        let mut out = Vec::new();
        let mut rows_to = Rows::to(&mut out, form, columns).unwrap();
        rows_to.write(rows).unwrap();
        rows_to.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            json!({"id": 1, "event_types": ["case.*", "interaction.*"], "url": null}),
            json!({"id": 12, "event_types": [], "url": "a\u{1b}b"}),
        ];
        assert_eq!(
            told(&rows, &["id", "event_types", "url"], Form::Table),
            "id  event types           url\n1   case.*,interaction.*\n12                        a b\n"
        );
    }

    #[test]
    fn a_table_fits_the_terminal_by_what_is_seen_of_it() {
        let table = [
            vec!["id".to_owned(), "title".to_owned()],
            vec!["1".to_owned(), "日本語の題名です".to_owned()],
            vec!["2".to_owned(), "e\u{301}te\u{301} 👩‍🚒👩‍🚒👩‍🚒 ok".to_owned()],
        ];
        let cut = lines(COLUMNS, &table, Some(14));
        assert_eq!(
            cut,
            "id  title\n1   日本語の…\n2   e\u{301}te\u{301} 👩‍🚒👩‍🚒…\n"
        );
        assert!(cut.lines().all(|line| line.width() <= 14), "{cut}");
        let whole = lines(COLUMNS, &table, None);
        assert!(whole.contains("日本語の題名です") && !whole.contains('…'));
        // Where nothing fits, every column is there.
        assert_eq!(lines(COLUMNS, &table, Some(3)).lines().count(), 3);
    }

    #[test]
    fn csv_is_whole_and_its_texts_are_no_formulas() {
        let rows = [
            json!({"id": -1, "title": "=1+1", "note": "a \"b\",\r\nc"}),
            json!({"id": 2, "title": "'tis", "note": "plain"}),
        ];
        assert_eq!(
            told(&rows, &["id", "title", "note"], Form::Csv),
            "id,title,note\r\n-1,'=1+1,\"a \"\"b\"\",\r\nc\"\r\n2,''tis,plain\r\n"
        );
    }

    #[test]
    fn json_means_the_same_and_says_nothing_to_a_terminal() {
        let row = json!({"metadata": {"a": "\u{1b}[31m\u{9b}2J\u{202e}x"}});
        let line = told(std::slice::from_ref(&row), &[], Form::Json);
        assert!(!line.trim_end().contains(terminal::is_obeyed), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), row);
    }
}
