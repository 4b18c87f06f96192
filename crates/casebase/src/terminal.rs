//! The terminal: where output goes, and whether it may be coloured.
//!
//! Data goes to standard output, everything else to standard error.

use std::{
    fmt::Display,
    io::{IsTerminal, Stderr, Stdout, Write},
};

use crate::environment::{self, LogFormat};

/// Where data goes.
pub fn stdout() -> Stdout {
    std::io::stdout()
}

/// Where everything else goes: what is said beside the data, and errors.
pub fn stderr() -> Stderr {
    std::io::stderr()
}

/// Whether a terminal does something at this character in the place of showing it: controls but for line breaks and tabs, and
/// what reorders the text behind it.
pub fn is_obeyed(c: char) -> bool {
    let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reorders || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// What others wrote, for a terminal.
pub fn harmless(text: &str) -> String {
    text.replace("\r\n", "\n").replace(is_obeyed, "\u{fffd}")
}

/// Says something beside the data: a line as it is, or one of the log where everything is to be read by a program.
pub fn say(text: impl Display) {
    match environment::log_format() {
        LogFormat::Text => drop(writeln!(stderr(), "{}", harmless(&text.to_string()))),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// Says why the command failed, in the same way.
pub fn say_error(error: &anyhow::Error) {
    let said = describe(error);
    match environment::log_format() {
        LogFormat::Text => drop(writeln!(stderr(), "error: {}", harmless(&said))),
        LogFormat::Json => tracing::error!("{said}"),
    }
}

/// Whether `stream` may be coloured: a person reads it and did not ask for none (<https://no-color.org>: `NO_COLOR` set
/// and not empty).
pub fn has_color(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Says on standard error how far something is: on a terminal in one line that changes and goes, elsewhere a line each
/// time there is more to say.
pub struct Progress {
    rewrites: bool,
}

impl Progress {
    /// Nothing is said yet.
    pub fn new() -> Self {
        Self {
            rewrites: stderr().is_terminal(),
        }
    }

    /// How far.
    pub fn says(&self, text: impl Display) {
        let mut out = stderr();
        let _ = match self.rewrites {
            true => write!(out, "\r\x1b[K{text}"),
            false => writeln!(out, "{text}"),
        };
        let _ = out.flush();
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.rewrites {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

/// An error and its causes, each said once: many errors of libraries repeat their cause.
pub fn describe(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain() {
        let database = cause.downcast_ref::<sqlx::Error>();
        let cause = database.map_or_else(|| cause.to_string(), casebase_postgres::said);
        if !said.contains(&cause) {
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(&cause);
        }
        // Below it there is the same once more.
        if database.is_some() {
            break;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn what_others_wrote_moves_no_cursor() {
        assert_eq!(
            harmless("a\r\n\tb\u{1b}[2J\u{9b}2J\u{202e}c"),
            "a\n\tb\u{fffd}[2J\u{fffd}2J\u{fffd}c"
        );
        assert_eq!(harmless("日本語 👩\u{200d}🚒"), "日本語 👩\u{200d}🚒");
    }

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let cause = std::io::Error::other("no route");
        let error = anyhow::Error::from(cause).context("asking: no route\nhint: plug it in");
        let error = Err::<(), _>(error).context("the start failed");
        assert_eq!(
            error.map_err(|e| describe(&e)),
            Err("the start failed: asking: no route\nhint: plug it in".to_owned())
        );
    }
}
