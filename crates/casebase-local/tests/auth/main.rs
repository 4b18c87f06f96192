//! Auth over HTTP against a running stack: what clients see, as Supabase Auth documents it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failing test may panic"
)]

mod admin;
mod database;
mod hook;
mod mails;
mod refusals;
mod sessions;
mod signing;
mod support;
mod users;
