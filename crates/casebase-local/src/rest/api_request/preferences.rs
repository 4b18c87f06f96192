//! The `Prefer` header (RFC 7240).

use std::collections::HashSet;

/// How an upsert treats rows that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    MergeDuplicates,
    IgnoreDuplicates,
}

/// What a write answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Representation {
    Full,
    Minimal,
    HeadersOnly,
}

/// How the total of a range is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Exact,
    Planned,
    Estimated,
}

/// What a key that a row of the payload lacks becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Default,
    Null,
}

/// Whether a preference that is not understood is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    Strict,
    Lenient,
}

/// A preference whose values are a fixed set, with each value's text.
trait Choice: Copy + 'static {
    const VALUES: &'static [(&'static str, Self)];
}

impl Choice for Resolution {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("resolution=merge-duplicates", Self::MergeDuplicates),
        ("resolution=ignore-duplicates", Self::IgnoreDuplicates),
    ];
}

impl Choice for Representation {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("return=representation", Self::Full),
        ("return=minimal", Self::Minimal),
        ("return=headers-only", Self::HeadersOnly),
    ];
}

impl Choice for Count {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("count=exact", Self::Exact),
        ("count=planned", Self::Planned),
        ("count=estimated", Self::Estimated),
    ];
}

impl Choice for Missing {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("missing=default", Self::Default),
        ("missing=null", Self::Null),
    ];
}

impl Choice for Handling {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("handling=strict", Self::Strict),
        ("handling=lenient", Self::Lenient),
    ];
}

/// The preferences of one request. Of a preference given twice the first counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    pub resolution: Option<Resolution>,
    pub representation: Option<Representation>,
    pub count: Option<Count>,
    pub missing: Option<Missing>,
    pub handling: Option<Handling>,
    pub timezone: Option<String>,
    pub max_affected: Option<i64>,
    /// What was asked for and is not known.
    pub invalid: Vec<String>,
}

/// `tx=` is known, but transactions are always committed.
const WITHOUT_EFFECT: [&str; 2] = ["tx=commit", "tx=rollback"];

impl Preferences {
    /// Reads every `Prefer` header; `timezones` are the names that PostgreSQL knows.
    pub fn parse<'a>(headers: impl Iterator<Item = &'a str>, timezones: &HashSet<String>) -> Self {
        let items: Vec<&str> = headers.flat_map(|h| h.split(',')).map(str::trim).collect();
        let timezone = prefixed(&items, "timezone=").filter(|name| timezones.contains(*name));
        let known = |item: &str| {
            is_value::<Resolution>(item)
                || is_value::<Representation>(item)
                || is_value::<Count>(item)
                || is_value::<Missing>(item)
                || is_value::<Handling>(item)
                || WITHOUT_EFFECT.contains(&item)
                || (item.starts_with("timezone=") && timezone.is_some())
                || item.starts_with("max-affected=")
        };
        Self {
            resolution: chosen(&items),
            representation: chosen(&items),
            count: chosen(&items),
            missing: chosen(&items),
            handling: chosen(&items),
            timezone: timezone.map(str::to_owned),
            max_affected: prefixed(&items, "max-affected=").and_then(|n| n.parse().ok()),
            invalid: items
                .iter()
                .filter(|item| !known(item))
                .map(|item| (*item).to_owned())
                .collect(),
        }
    }

    /// Whether a header asks for a time zone, so that the known names are needed.
    pub fn names_timezone(header: &str) -> bool {
        header.contains("timezone=")
    }

    /// Whether the rows have to be counted.
    pub fn counts_rows(&self) -> bool {
        matches!(self.count, Some(Count::Exact | Count::Estimated))
    }

    /// Whether the planner's estimate is needed.
    pub fn explains_count(&self) -> bool {
        matches!(self.count, Some(Count::Planned | Count::Estimated))
    }

    /// The limit on affected rows, where it is enforced.
    pub fn enforced_max_affected(&self) -> Option<i64> {
        self.max_affected
            .filter(|_| self.handling == Some(Handling::Strict))
    }

    /// The value of `Preference-Applied`, if anything applied.
    pub fn applied(&self) -> Option<String> {
        let mut items: Vec<String> = [
            self.resolution.and_then(text_of),
            self.missing.and_then(text_of),
            self.representation.and_then(text_of),
            self.count.and_then(text_of),
            self.handling.and_then(text_of),
        ]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect();
        items.extend(
            self.timezone
                .as_ref()
                .map(|name| format!("timezone={name}")),
        );
        items.extend(
            self.enforced_max_affected()
                .map(|limit| format!("max-affected={limit}")),
        );
        (!items.is_empty()).then(|| items.join(", "))
    }
}

fn is_value<T: Choice>(item: &str) -> bool {
    T::VALUES.iter().any(|(text, _)| *text == item)
}

fn chosen<T: Choice>(items: &[&str]) -> Option<T> {
    items.iter().find_map(|item| {
        let found = T::VALUES.iter().find(|(text, _)| text == item);
        found.map(|(_, value)| *value)
    })
}

fn text_of<T: Choice + PartialEq>(value: T) -> Option<&'static str> {
    let found = T::VALUES.iter().find(|(_, v)| *v == value);
    found.map(|(text, _)| *text)
}

fn prefixed<'a>(items: &[&'a str], prefix: &str) -> Option<&'a str> {
    items.iter().find_map(|item| item.strip_prefix(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(headers: &[&str]) -> Preferences {
        let zones = HashSet::from(["UTC".to_owned()]);
        Preferences::parse(headers.iter().copied(), &zones)
    }

    #[test]
    fn the_first_of_two_counts_and_the_unknown_is_listed() {
        let prefs = parse(&[
            "return=minimal, return=representation",
            "foo=bar,timezone=Moon",
        ]);
        assert_eq!(prefs.representation, Some(Representation::Minimal));
        assert_eq!(prefs.invalid, ["foo=bar", "timezone=Moon"]);
    }

    #[test]
    fn max_affected_applies_only_when_strict() {
        assert_eq!(parse(&["max-affected=2"]).applied(), None);
        assert_eq!(
            parse(&["max-affected=2,handling=strict,timezone=UTC"]).applied(),
            Some("handling=strict, timezone=UTC, max-affected=2".to_owned())
        );
    }
}
