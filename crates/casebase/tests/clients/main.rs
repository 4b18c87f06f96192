//! Supabase's own clients and command line, unmodified, against the project.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

mod case_work;
mod declarative;
#[path = "../support/dev.rs"]
mod dev;
mod document;
#[path = "../support/extension.rs"]
mod extension;
mod policy_linter;
mod programs;
mod readme;
mod signatures;
mod stories;
mod supabase_cli;
#[path = "../support/mod.rs"]
mod support;
mod three_ways;
mod webhook_receivers;
mod words;
