//! Ranges of rows: `limit`, `offset` and the `Range` header.

/// Rows from `offset` to `last`, both included; without `last`, to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRange {
    pub offset: i128,
    pub last: Option<i128>,
}

impl RowRange {
    /// Every row.
    pub const ALL: Self = Self {
        offset: 0,
        last: None,
    };

    /// What `limit=0` means: nothing, and yet no error.
    const ZERO: Self = Self {
        offset: 0,
        last: Some(-1),
    };

    /// `limit=`: what is no number limits nothing.
    pub fn from_limit(text: &str) -> Self {
        Self {
            offset: 0,
            last: parse_integer(text).map(|limit| limit.saturating_sub(1)),
        }
    }

    /// `offset=`
    pub fn from_offset(text: &str) -> Self {
        Self {
            offset: parse_integer(text).unwrap_or(0),
            last: None,
        }
    }

    /// `limit=` and `offset=` of the same level.
    pub fn with_offset(self, offset: i128) -> Self {
        let limit = self.limit().unwrap_or(0);
        Self {
            offset,
            last: Some(offset.saturating_add(limit).saturating_sub(1)),
        }
    }

    /// The `Range` header: `0-24` or `25-`. Anything else is ignored.
    pub fn from_header(text: &str) -> Self {
        let Some((first, last)) = text.split_once('-') else {
            return Self::ALL;
        };
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        match first.parse() {
            Ok(offset) if digits(first) && digits(last) => Self {
                offset,
                last: last.parse().ok(),
            },
            _ => Self::ALL,
        }
    }

    /// How many rows at most.
    pub fn limit(self) -> Option<i128> {
        self.last
            .map(|last| last.saturating_sub(self.offset).saturating_add(1))
    }

    /// No row can lie in it.
    pub fn is_empty(self) -> bool {
        self.last.is_some_and(|last| last < self.offset)
    }

    /// `limit=0` without an offset.
    pub fn is_limit_zero(self) -> bool {
        self.last == Self::ZERO.last
    }

    /// Rows in both.
    pub fn intersect(self, other: Self) -> Self {
        let last = match (self.last, other.last) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            offset: self.offset.max(other.offset),
            last,
        }
    }

    /// The range of the query and that of the header together.
    pub fn with_header(self, header: Self) -> Self {
        if self.is_limit_zero() {
            Self::ZERO
        } else {
            header.intersect(self)
        }
    }

    /// No more than `max_rows`.
    pub fn restrict(self, max_rows: Option<u64>) -> Self {
        let Some(max) = max_rows else { return self };
        if self.is_limit_zero() {
            return Self::ZERO;
        }
        let bound = self.offset.saturating_add(i128::from(max)) - 1;
        Self {
            last: Some(self.last.map_or(bound, |last| last.min(bound))),
            ..self
        }
    }
}

fn parse_integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let bound = if digits.len() < text.len() {
        i128::MIN
    } else {
        i128::MAX
    };
    Some(text.parse().unwrap_or(bound))
}

/// `Content-Range`: `0-24/*`, `*/0`, …
pub fn content_range(first: i128, last: i128, total: Option<i64>) -> String {
    let total_text = total.map_or("*".to_owned(), |t| t.to_string());
    if total != Some(0) && first <= last {
        format!("{first}-{last}/{total_text}")
    } else {
        format!("*/{total_text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_limit_is_empty_and_a_zero_limit_is_not_refused() {
        assert!(RowRange::from_limit("-1").is_empty());
        assert!(RowRange::from_limit("0").is_limit_zero());
        assert_eq!(RowRange::from_limit("1.5"), RowRange::ALL);
    }

    #[test]
    fn header_and_query_are_intersected() {
        let query = RowRange::from_limit("3").with_offset(1);
        let range = query.with_header(RowRange::from_header("0-1"));
        assert_eq!((range.offset, range.last), (1, Some(1)));
        assert_eq!(RowRange::from_header("0-1,2-3"), RowRange::ALL);
        assert_eq!(RowRange::from_header("items=0-1"), RowRange::ALL);
    }

    #[test]
    fn a_limit_beyond_64_bits_is_cut_by_max_rows() {
        let range = RowRange::from_limit("99999999999999999999").restrict(Some(1000));
        assert_eq!(range.limit(), Some(1000));
    }
}
