//! The terminal: where output goes, and whether it may be coloured.
//!
//! Data goes to standard output, everything else to standard error.

use std::io::{IsTerminal, Stderr, Stdout};

/// Where data goes.
pub fn stdout() -> Stdout {
    std::io::stdout()
}

/// Where everything else goes: what is said beside the data, and errors.
pub fn stderr() -> Stderr {
    std::io::stderr()
}

/// Whether `stream` may be coloured: a person reads it and did not ask for none (<https://no-color.org>: `NO_COLOR` set
/// and not empty).
pub fn has_color(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
