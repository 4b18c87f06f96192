//! pgrls, a linter of row level security: every finding has its reason in `tests/database/pgrls.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    programs::{installed::output, python},
    support::project,
};

#[derive(Deserialize)]
struct Reasons {
    because: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    rule: String,
    /// The objects that it is about; none: all of them.
    #[serde(default)]
    of: Vec<String>,
    reason: String,
}

impl Reason {
    fn covers(&self, (rule, object): &(String, String)) -> bool {
        self.rule == *rule && (self.of.is_empty() || self.of.contains(object))
    }
}

/// Rules and the objects that break them.
fn findings() -> Option<BTreeSet<(String, String)>> {
    let mut lint = python()?;
    lint.args(["-m", "pgrls", "lint", "--format", "json"])
        .args(["--schemas", "public,casebase", "--database-url"])
        .arg(project().setting("DATABASE_ADMIN_URL"));
    let said = output(&mut lint);
    let report: Value = serde_json::from_slice(&said.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&said.stderr)));
    let found = report["violations"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let found = found.iter();
    Some(
        found
            .map(|finding| (text(&finding["rule_id"]), text(&finding["location"])))
            .collect(),
    )
}

#[test]
fn finds_nothing_without_a_written_reason() {
    let Some(found) = findings() else { return };
    let reasons = include_str!("../../../../tests/database/pgrls.toml");
    let Reasons { because } = toml::from_str(reasons).expect("reasons");
    let unexplained: Vec<_> = found
        .iter()
        .filter(|finding| !because.iter().any(|reason| reason.covers(finding)))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    for reason in &because {
        assert!(!reason.reason.is_empty(), "{} has no reason", reason.rule);
        let gone = |object: &&String| !found.contains(&(reason.rule.clone(), (*object).clone()));
        let gone: Vec<_> = reason.of.iter().filter(gone).collect();
        let is_used = found.iter().any(|finding| reason.covers(finding));
        assert!(
            is_used && gone.is_empty(),
            "nothing is left of {} {gone:?}",
            reason.rule
        );
    }
    assert!(found.len() > 100, "it looked at little: {found:#?}");
}
