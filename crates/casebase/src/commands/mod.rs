//! One file per command.

pub mod bench;
pub mod demo;
pub mod dev;
pub mod migrate;
pub mod serve;
