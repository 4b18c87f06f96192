//! Attackers: random calls to PostgREST and Storage by users of two clients, staff of two departments, an admin and
//! people who are nobody, each answer compared with a small model of the access table; and what they find by searching
//! compared with what they may read.
//!
//! `CASEBASE_TEST_STEPS=10000` walks further than the usual run does; `CASEBASE_TEST_SEED` walks the same way again.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a failing test may panic, and says how to fail again"
)]

mod by_hand;
mod calls;
mod chance;
mod desk;
mod late_writes;
mod model;
#[path = "../support/people.rs"]
mod people;
mod search;
#[path = "../support/mod.rs"]
mod support;
mod walk;

use chance::Chance;
use desk::Desk;
use search::Oracle;
use walk::Walk;

/// Enough for every kind of call to be allowed and refused, with the seed that is used unless another is named.
const STEPS: usize = 1000;
const SEED: u64 = 5;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[tokio::test]
async fn nobody_sees_or_changes_more_or_less_than_the_access_table_says() {
    let steps = number("CASEBASE_TEST_STEPS").map_or(STEPS, |n| n as usize);
    let seed = number("CASEBASE_TEST_SEED").unwrap_or(SEED);
    eprintln!("{steps} steps; again: CASEBASE_TEST_SEED={seed}");
    let mut walk = Walk::new(Desk::new().await, Oracle::new().await, Chance::new(seed));
    for _ in 0..steps {
        walk.step().await;
    }
    walk.everybody_sees_what_is_theirs().await;
    eprintln!("{}", walk.summary());
    assert!(
        walk.was_everywhere(),
        "some kind of call was never both allowed and refused:\n{}",
        walk.summary()
    );
}
