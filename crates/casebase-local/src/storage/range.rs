//! Ranges of bytes.

use super::error::Error;

/// A range within an object, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte's position.
    pub first: u64,
    /// The last byte's position.
    pub last: u64,
}

impl ByteRange {
    /// How many bytes.
    pub fn size(&self) -> u64 {
        self.last - self.first + 1
    }

    /// The value of `Content-Range` for an object of `total` bytes.
    pub fn content_range(&self, total: u64) -> String {
        format!("bytes {}-{}/{total}", self.first, self.last)
    }

    /// Reads a `Range` header for an object of `total` bytes. One range only; an end beyond the object is cut.
    pub fn parse(header: &str, total: u64) -> Result<Self, Error> {
        Self::parse_within(header, total).ok_or_else(Error::invalid_range)
    }

    fn parse_within(header: &str, total: u64) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
        if total == 0 {
            return None;
        }
        let range = match (position(first)?, position(last)?) {
            (None, None | Some(0)) => return None,
            (None, Some(suffix)) => Self {
                first: total.saturating_sub(suffix),
                last: total - 1,
            },
            (Some(first), last) => Self {
                first,
                last: last.unwrap_or(total - 1),
            },
        };
        let valid = range.first <= range.last && range.first < total;
        valid.then(|| Self {
            last: range.last.min(total - 1),
            ..range
        })
    }

    /// Reads the range of a part to copy: both ends given, both within the source.
    pub fn parse_copy_source(header: &str, total: u64) -> Result<Self, Error> {
        let parse = || {
            let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
            let range = Self {
                first: position(first)??,
                last: position(last)??,
            };
            (range.first <= range.last && range.last < total).then_some(range)
        };
        parse().ok_or_else(Error::invalid_copy_range)
    }
}

/// Digits only, or nothing.
fn position(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_object() {
        let parse = |header| ByteRange::parse(header, 10).ok().map(|r| (r.first, r.last));
        assert_eq!(parse("bytes=0-3"), Some((0, 3)));
        assert_eq!(parse("bytes=4-"), Some((4, 9)));
        assert_eq!(parse("bytes=-3"), Some((7, 9)));
        assert_eq!(parse("bytes=-30"), Some((0, 9)));
        assert_eq!(parse("bytes=2-100"), Some((2, 9)));
        for bad in [
            "bytes=10-",
            "bytes=5-2",
            "bytes=-",
            "bytes=-0",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=+1-2",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(ByteRange::parse("bytes=0-0", 0).is_err());
    }

    #[test]
    fn a_part_to_copy_lies_within_its_source() {
        assert!(ByteRange::parse_copy_source("bytes=0-9", 10).is_ok());
        for bad in ["bytes=0-10", "bytes=0-", "bytes=-3", "bytes=5-4"] {
            assert!(ByteRange::parse_copy_source(bad, 10).is_err(), "{bad}");
        }
    }
}
