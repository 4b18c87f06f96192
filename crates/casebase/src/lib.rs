//! The parts of the command line that tests drive too.

pub mod commands;
mod database;
pub mod environment;
pub mod made;
pub mod migrations;
pub mod preflight;
pub mod schema;
mod service;
mod session;
pub mod terminal;
pub mod version;
