//! A project over the years: its data goes away and comes back, the next migration finds data in it, and Casebase leaves.
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

mod home;
mod restored;
mod uninstalled;
mod upgraded;
