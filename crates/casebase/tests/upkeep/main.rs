//! A project over the years: its data goes away and comes back, the next migration finds data in it, and Casebase leaves.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failing test may panic"
)]

mod home;
#[path = "../clients/programs.rs"]
#[expect(dead_code, reason = "no other program is needed here")]
mod programs;
mod restored;
mod uninstalled;
mod upgraded;
