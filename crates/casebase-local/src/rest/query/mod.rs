//! From a plan to SQL.

mod call;
mod mutate;
mod read;
pub mod settings;
pub mod sql;
pub mod statement;
