//! Names, checks and uploads of case files.
pub mod check;
pub mod name;
pub mod storage;
