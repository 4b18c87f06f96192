//! Whom and what cases are worked for and by: what admins keep, and others read as far as the database lets them.

pub mod clients;
pub mod departments;
pub mod invite;
mod register;
pub mod specialties;
pub mod staff;

/// What is said below the options of each.
const AFTER_HELP: &str = "\
They work as whoever signed in with `casebase login`: what they may not do, these can't. Changes are the admins'.
People, departments, specialties and clients are named by their name, a part of it that no other has, or their id.
Exit codes: 0 done; 1 failed; 2 called in a way that makes no sense.";
