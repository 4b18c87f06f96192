//! The parts of the command line that tests drive too.

pub mod commands;
mod database;
pub mod environment;
pub mod made;
pub mod migrations;
pub mod preflight;
mod service;
mod session;
pub mod terminal;
