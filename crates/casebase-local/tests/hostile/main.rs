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

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use server::{Attack, MayFail, server};

/// Sends every request that `attacks` makes, and sees whether it did harm. `may_fail` says which
/// answers may be a 5xx.
fn withstand(attacks: impl Strategy<Value = Attack>, may_fail: MayFail) {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => rand::random(),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    eprintln!("{} requests; again: PROPTEST_RNG_SEED={seed}", config.cases);

    let server = server();
    let before = server.inventory();
    let tried =
        TestRunner::new(config).run(&attacks, |attack| match server.harm_of(&attack, may_fail) {
            Some(harm) => Err(TestCaseError::fail(harm)),
            None => Ok(()),
        });
    if let Err(failure) = tried {
        panic!("PROPTEST_RNG_SEED={seed}: {failure}");
    }
    server.answers_as_ever();
    assert_eq!(server.inventory(), before, "PROPTEST_RNG_SEED={seed}");
}
