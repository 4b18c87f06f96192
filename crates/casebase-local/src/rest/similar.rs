//! Names that may have been meant.

use std::collections::BTreeSet;

use strsim::normalized_levenshtein;

/// Longer names are nobody's slip.
const LONGEST: usize = 1000;

/// The candidate most like `name`, if it is at least `least` (of 1) like it.
pub fn closest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
    least: f64,
) -> Option<&'a str> {
    let name = normal(name);
    if name.chars().count() > LONGEST {
        return None;
    }
    candidates
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|candidate| (normalized_levenshtein(&name, &normal(candidate)), candidate))
        .filter(|(score, _)| *score >= least)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Letters and digits in lower case.
fn normal(name: &str) -> String {
    let lower = name.chars().flat_map(char::to_lowercase);
    lower
        .filter(|c| c.is_alphanumeric() || " ,".contains(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let names = ["tickets", "teams", "labels"];
        assert_eq!(closest("ticket", names.into_iter(), 0.75), Some("tickets"));
        assert_eq!(closest("Tikets", names.into_iter(), 0.75), Some("tickets"));
        assert_eq!(closest("vault", names.into_iter(), 0.75), None);
    }
}
