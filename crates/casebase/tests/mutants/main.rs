//! Whether the database's tests notice when a rule is broken.
//!
//! Each mutant is a copy of the migrated database with one thing wrong, taken from the catalogue: a policy let go, or for
//! others than it is meant for; a trigger that is dropped or fires at other times; a constraint, a default or a reference
//! that says something else; a row of the migrations' changed; a condition of a function answered wrongly; a function with
//! another's rights. The files of `tests/database` run against it until one of their people sees a wrong answer. A mutant
//! that none of them notices stands in `tests/database/survivors.toml`, with the reason why nobody can tell it from the
//! original.
//!
//! Grants are not mutated one by one: `docs/grants.md` holds them all. Nor are the functions' search paths, which
//! `crates/casebase/tests/database/hijack.rs` tries.
//!
//! A sample runs with the other tests; `CASEBASE_TEST_MUTANTS=all` runs every mutant, another number that many,
//! `CASEBASE_TEST_SEED` the same ones again, and `CASEBASE_TEST_MUTANTS='case_files|see_cases'` those with one of these in their
//! name.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a failing test may panic, and says what it tries"
)]

mod catalogue;
mod columns;
mod conditions;
#[path = "../support/extension.rs"]
mod extension;
mod judge;
#[path = "../support/pgtap.rs"]
mod pgtap;
mod seeds;
mod survivors;
mod triggers;

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use casebase::{commands::dev, migrations};
use casebase_local::{Options, Stack, postgres::SUPERUSER};
use futures::StreamExt;
use sqlx::{Connection, PgConnection};

use catalogue::{Kind, Mutant};
use judge::{Judge, Verdict};

/// About a minute's worth.
const SAMPLE: usize = 30;
/// How many are tried at once: as many as CI has cores.
const AT_ONCE: usize = 2;

/// Another sample for each change of the database, and the same one for whoever runs the tests of a commit again.
fn of_the_migrations() -> u64 {
    let mut hasher = DefaultHasher::new();
    for migration in migrations::all() {
        migration.sql.hash(&mut hasher);
    }
    hasher.finish()
}

/// Which mutants are tried.
fn chosen(all: Vec<Mutant>, known: &BTreeMap<String, String>) -> (Vec<Mutant>, bool) {
    let wanted = std::env::var("CASEBASE_TEST_MUTANTS").unwrap_or_else(|_| SAMPLE.to_string());
    let Ok(count) = wanted.parse::<usize>() else {
        let is_full = wanted == "all";
        let named =
            |mutant: &Mutant| is_full || wanted.split('|').any(|part| mutant.name.contains(part));
        return (all.into_iter().filter(named).collect(), is_full);
    };
    let seed = std::env::var("CASEBASE_TEST_SEED").ok();
    let seed = seed.map_or_else(of_the_migrations, |s| s.parse().expect("a number"));
    eprintln!("{count} mutants; again: CASEBASE_TEST_MUTANTS={count} CASEBASE_TEST_SEED={seed}");
    let mut left: Vec<_> = all
        .into_iter()
        .filter(|mutant| !known.contains_key(&mutant.name))
        .collect();
    // Each has its place: one that is mended or gets its reason leaves the others where they were.
    left.sort_by_cached_key(|mutant| {
        let mut place = DefaultHasher::new();
        (seed, &mutant.name).hash(&mut place);
        place.finish()
    });
    left.truncate(count);
    (left, false)
}

/// How many of a kind met which fate.
#[derive(Default)]
struct Tally {
    killed: usize,
    by_an_error: usize,
    survived: usize,
    impossible: usize,
}

fn report(verdicts: &[(Mutant, Verdict)]) {
    let mut kinds: BTreeMap<Kind, Tally> = BTreeMap::new();
    for (mutant, verdict) in verdicts {
        let tally = kinds.entry(mutant.kind).or_default();
        match verdict {
            Verdict::Killed { by_an_error, .. } => {
                tally.killed += 1;
                tally.by_an_error += usize::from(*by_an_error);
            }
            Verdict::Survived => tally.survived += 1,
            Verdict::Impossible(_) => tally.impossible += 1,
        }
    }
    for (kind, tally) in kinds {
        eprintln!(
            "{kind}: {} killed ({} of them by an error), {} survived, {} that PostgreSQL refuses",
            tally.killed, tally.by_an_error, tally.survived, tally.impossible
        );
    }
}

#[tokio::test]
async fn every_broken_rule_is_noticed() {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    dev::migrate(&stack).await.expect("the migrations apply");
    let mut admin = PgConnection::connect(&stack.database_url(SUPERUSER))
        .await
        .expect("a connection");
    if !extension::is_available(&mut admin, "pgtap", "pgtap").await {
        return;
    }
    let known = survivors::listed();
    let all = catalogue::mutants(&mut admin).await;
    survivors::assert_there(&known, &all);
    drop(admin);

    let judge = Judge::new(&stack, AT_ONCE).await;
    eprintln!("{} mutants there are", all.len());
    let (mutants, is_full) = chosen(all, &known);
    let verdicts: Vec<_> = futures::stream::iter(mutants)
        .map(|mutant| async {
            let verdict = judge.try_on(&mutant).await;
            eprintln!("{}: {verdict}", mutant.name);
            (mutant, verdict)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    drop(judge);
    stack.stop().await;

    report(&verdicts);
    survivors::compare(&known, &verdicts, is_full);
}
