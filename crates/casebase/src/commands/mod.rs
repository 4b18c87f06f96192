//! One file per command.

pub mod demo;
pub mod dev;
pub mod migrate;
pub mod serve;
