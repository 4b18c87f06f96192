//! Hostile input at every REST and Auth endpoint: generated requests whose names, values, headers and bodies mean
//! something to SQL, JSON, URLs or PostgREST's grammar. Whatever is sent, the server answers in time and without
//! failing, nothing of it reaches PostgreSQL as SQL, and nothing changes but the rows that were to change.
//! Storage has a test of its own beside its others.
//!
//! `PROPTEST_CASES=10000` tries more than the usual run does; `PROPTEST_RNG_SEED`, as the run printed it, tries the
//! same again.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a failing test may panic, and says how to fail again"
)]

mod auth;
mod rest;
mod roles;
mod server;
mod text;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use server::{Attack, MayFail, server};

/// Enough for a name or a value that is not quoted to be found in a run, and mostly for a type.
const CASES: u32 = 500;

/// Sends every request that `attacks` makes, and sees whether it did harm. `may_fail` says which
/// answers may be a 5xx.
fn withstand<S: Strategy<Value = Attack>>(
    attacks: impl FnOnce() -> S + Send + 'static,
    may_fail: MayFail,
) {
    // Making and shrinking nested requests takes more stack than a test's thread has.
    let attacker = std::thread::Builder::new().stack_size(256 << 20);
    let tried = attacker.spawn(move || try_all(attacks(), may_fail));
    if let Err(failure) = tried.unwrap().join() {
        std::panic::resume_unwind(failure);
    }
}

fn try_all(attacks: impl Strategy<Value = Attack>, may_fail: MayFail) {
    let mut config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => rand::random(),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    eprintln!("{} requests; again: PROPTEST_RNG_SEED={seed}", config.cases);

    let server = server();
    let before = server.inventory();
    let let_through = Cell::new(0);
    let cases = config.cases;
    let tried = TestRunner::new(config).run(&attacks, |attack| {
        let through = server
            .withstand(&attack, may_fail)
            .map_err(TestCaseError::fail)?;
        let_through.set(let_through.get() + u32::from(through));
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("PROPTEST_RNG_SEED={seed}: {failure}");
    }
    server.answers_as_ever();
    assert_eq!(server.inventory(), before, "PROPTEST_RNG_SEED={seed}");
    // Requests that are all refused at the door would try nothing behind it.
    assert!(
        let_through.get() * 20 > cases,
        "{} of {cases} let through, PROPTEST_RNG_SEED={seed}",
        let_through.get()
    );
}
