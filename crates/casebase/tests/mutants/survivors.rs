//! `tests/database/survivors.toml`: the mutants that no test can tell from the original, and why.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use crate::{catalogue::Mutant, judge::Verdict};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    because: Vec<Reason>,
}

/// Why its mutants survive.
#[derive(Deserialize)]
struct Reason {
    reason: String,
    mutants: Vec<String>,
}

/// The reason of each, by the mutant's name.
pub fn listed() -> BTreeMap<String, String> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/database/survivors.toml");
    let file = std::fs::read_to_string(&path).expect("the list is there");
    let file: File = toml::from_str(&file).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut listed = BTreeMap::new();
    for because in file.because {
        assert!(!because.reason.trim().is_empty(), "a survivor has a reason");
        for mutant in because.mutants {
            let before = listed.insert(mutant.clone(), because.reason.clone());
            assert!(before.is_none(), "{mutant} is listed twice");
        }
    }
    listed
}

/// A rule that is gone leaves no survivor behind.
pub fn assert_there(listed: &BTreeMap<String, String>, all: &[Mutant]) {
    let gone: Vec<_> = listed
        .keys()
        .filter(|name| !all.iter().any(|mutant| mutant.name == **name))
        .collect();
    assert!(
        gone.is_empty(),
        "survivors.toml lists what is no mutant of this database: {gone:#?}"
    );
}

/// Whoever survives is listed, and whoever is listed survives.
pub fn compare(listed: &BTreeMap<String, String>, verdicts: &[(Mutant, Verdict)], is_full: bool) {
    let fate = |wanted: bool| {
        verdicts.iter().filter_map(move |(mutant, verdict)| {
            let survived = matches!(verdict, Verdict::Survived);
            (survived == wanted).then_some(&mutant.name)
        })
    };
    let unknown: Vec<_> = fate(true)
        .filter(|name| !listed.contains_key(*name))
        .collect();
    let noticed: Vec<_> = fate(false)
        .filter(|name| listed.contains_key(*name))
        .collect();
    if is_full {
        eprintln!(
            "{} of {} mutants survive",
            fate(true).count(),
            verdicts.len()
        );
    }
    assert!(
        unknown.is_empty(),
        "no test noticed these; write one, or a reason into survivors.toml: {unknown:#?}"
    );
    assert!(
        noticed.is_empty(),
        "survivors.toml lists what a test does notice: {noticed:#?}"
    );
}
