//! Tells the demo's steps: a line for people, or one JSON object a step.

use std::io::Write;

use serde_json::{Map, Value};

use crate::terminal;

/// Writes to standard output.
pub struct Narrator {
    json: bool,
    color: bool,
    told: usize,
}

impl Narrator {
    /// `json`: one JSON object a step instead of lines.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            color: !json && terminal::has_color(&terminal::stdout()),
            told: 0,
        }
    }

    /// Tells one finished step: its name, a sentence, and what a program would want of it.
    pub fn tell(&mut self, step: &str, sentence: &str, facts: Value) -> std::io::Result<()> {
        self.told += 1;
        let mut out = terminal::stdout().lock();
        if self.json {
            let mut line = Map::new();
            line.insert("step".into(), step.into());
            line.insert("ok".into(), true.into());
            line.insert("message".into(), sentence.into());
            if let Value::Object(facts) = facts {
                line.extend(facts);
            }
            return writeln!(out, "{}", Value::Object(line));
        }
        let number = format!("{:>2}", self.told);
        if self.color {
            writeln!(out, "\x1b[2m{number}\x1b[0m \x1b[32m✓\x1b[0m {sentence}")
        } else {
            writeln!(out, "{number} ✓ {sentence}")
        }
    }

    /// Adds something to look at below the step just told; left out of the JSON lines, which have it as a fact.
    pub fn show(&self, text: &str) -> std::io::Result<()> {
        if self.json {
            return Ok(());
        }
        let mut out = terminal::stdout().lock();
        for line in text.lines() {
            writeln!(out, "       {line}")?;
        }
        Ok(())
    }

    /// Tells the step that failed, for programs; people get the error itself on standard error.
    pub fn tell_failure(&self, step: &str, error: &anyhow::Error) -> std::io::Result<()> {
        if !self.json {
            return Ok(());
        }
        let line =
            serde_json::json!({"step": step, "ok": false, "message": terminal::describe(error)});
        writeln!(terminal::stdout().lock(), "{line}")
    }
}
