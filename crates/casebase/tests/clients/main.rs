//! Supabase's own clients and command line, unmodified, against the project.

#[path = "../support/dev.rs"]
mod dev;
#[path = "../support/extension.rs"]
mod extension;
mod programs;
mod stories;
mod supabase_cli;
#[path = "../support/mod.rs"]
mod support;
