//! Names that may have been meant.

use std::collections::BTreeSet;

/// Longer names are nobody's slip.
const LONGEST: usize = 1000;

/// The candidate most like `name`, if it is at least `least` (of 1) like it.
pub fn closest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
    least: f64,
) -> Option<&'a str> {
    let name = normal(name);
    if name.len() > LONGEST {
        return None;
    }
    candidates
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|candidate| (similarity(&name, &normal(candidate)), candidate))
        .filter(|(score, _)| *score >= least)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Letters and digits in lower case.
fn normal(name: &str) -> Vec<char> {
    let lower = name.chars().flat_map(char::to_lowercase);
    lower
        .filter(|c| c.is_alphanumeric() || " ,".contains(*c))
        .collect()
}

/// 1 for the same, 0 for nothing in common: the share of characters that need no edit.
fn similarity(a: &[char], b: &[char]) -> f64 {
    let longest = a.len().max(b.len());
    if longest == 0 {
        return 1.0;
    }
    1.0 - edits(a, b) as f64 / longest as f64
}

/// Levenshtein's distance, row by row.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut current = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = previous[j] + usize::from(from != to);
            let inserted = current[j] + 1;
            let deleted = previous[j + 1] + 1;
            current.push(replaced.min(inserted).min(deleted));
        }
        previous = current;
    }
    previous[b.len()]
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
