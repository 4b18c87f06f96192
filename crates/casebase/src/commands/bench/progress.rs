//! Says on standard error what a benchmark is at: a person who waits wants to know for what.

use std::io::{IsTerminal, Write};

use crate::terminal;

/// On a terminal one line that changes, elsewhere a line for each thing that is done.
pub struct Progress {
    total: usize,
    done: usize,
    rewrites: bool,
}

impl Progress {
    /// `total`: how many things are measured.
    pub fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            rewrites: terminal::stderr().is_terminal(),
        }
    }

    /// What is done before anything is measured.
    pub fn prepares(what: &str) {
        let _ = writeln!(terminal::stderr(), "{what} …");
    }

    /// The next measurement begins.
    pub fn measures(&mut self, name: &str) {
        self.done += 1;
        let (begin, end) = if self.rewrites {
            ("\r\x1b[K", "")
        } else {
            ("", "\n")
        };
        let mut out = terminal::stderr();
        let _ = write!(out, "{begin}[{}/{}] {name}{end}", self.done, self.total);
        let _ = out.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.rewrites && self.done > 0 {
            let _ = write!(terminal::stderr(), "\r\x1b[K");
        }
    }
}
