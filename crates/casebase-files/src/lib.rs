//! Names, checks and uploads of case files.
