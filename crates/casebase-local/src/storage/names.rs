//! What buckets, keys and types may be called.

use super::error::Error;

/// The longest bucket name, in characters.
const LONGEST_BUCKET_NAME: usize = 100;

/// Punctuation that keys may have beside letters, digits and `/`.
const PUNCTUATION: &[u8] = b"_!.*'() &$=@;:+,?-";

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || PUNCTUATION.contains(&byte)
}

/// Refuses a key that is empty or has a character outside of Storage's set.
pub fn check_key(key: &str) -> Result<(), Error> {
    let valid = !key.is_empty() && key.bytes().all(|b| b == b'/' || is_safe(b));
    if valid {
        Ok(())
    } else {
        Err(Error::invalid_key(key))
    }
}

/// Refuses `.` and `..` segments. The file backend does so when it writes, that is after the policies.
pub fn check_segments(key: &str) -> Result<(), Error> {
    if key.split(['/', '\\']).any(|s| s == "." || s == "..") {
        return Err(Error::invalid_key(&format!(
            "{key} contains dot path segment"
        )));
    }
    Ok(())
}

/// Refuses a bucket name that is empty, too long or has a character outside of Storage's set.
pub fn check_bucket(name: &str) -> Result<(), Error> {
    let valid = !name.is_empty() && name.len() <= LONGEST_BUCKET_NAME && name.bytes().all(is_safe);
    if valid {
        Ok(())
    } else {
        Err(Error::invalid_bucket_name())
    }
}

/// Dashboards mark empty folders with an object of this name, which must have no bytes.
pub fn is_empty_folder(key: &str) -> bool {
    key.ends_with(".emptyFolderPlaceholder")
}

/// Refuses a declared type that the bucket's list does not have; `image/*` stands for every image.
pub fn check_mime(mime: &str, allowed: &[String]) -> Result<(), Error> {
    if allowed.is_empty() {
        return Ok(());
    }
    let refuse = || Error::invalid_mime_type(mime);
    let mut parts = mime.split('/');
    let (kind, subtype) = parts.next().zip(parts.next()).ok_or_else(refuse)?;
    let matches = |allowed: &String| {
        let mut parts = allowed.split('/');
        parts.next() == Some(kind) && matches!(parts.next(), Some(s) if s == "*" || s == subtype)
    };
    if allowed.iter().any(matches) {
        Ok(())
    } else {
        Err(refuse())
    }
}

/// Refuses an entry of `allowed_mime_types` that is no type; `*` after anything is one.
pub fn check_mime_pattern(pattern: &str) -> Result<(), Error> {
    let refuse = || Error::invalid_mime_type(pattern);
    if pattern.len() > 1000 {
        return Err(refuse());
    }
    if pattern.ends_with('*') {
        return Ok(());
    }
    let (essence, parameter) = match pattern.split_once(';') {
        Some((essence, parameter)) => (essence, Some(parameter.trim_start())),
        None => (pattern, None),
    };
    let is_token = |s: &str, more: &[u8]| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    let essence_is_valid = essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind, b"-+.") && is_token(subtype, b"-+."));
    let parameter_is_valid = parameter.is_none_or(|p| {
        p.strip_prefix("charset=")
            .is_some_and(|charset| is_token(charset, b"-"))
    });
    if essence_is_valid && parameter_is_valid {
        Ok(())
    } else {
        Err(refuse())
    }
}

/// `20MB` in bytes: decimal units, three significant digits.
pub fn parse_size(text: &str) -> Result<f64, Error> {
    let digits = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_uppercase().as_str() {
        "GB" => 1e9,
        "MB" => 1e6,
        "KB" => 1e3,
        "B" => 1.0,
        _ => return Err(Error::invalid_file_size_limit()),
    };
    let value: f64 = number
        .parse()
        .map_err(|_| Error::invalid_file_size_limit())?;
    if !value.is_finite() || !number.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Error::invalid_file_size_limit());
    }
    let three_digits: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    Ok(three_digits * factor)
}

const ROBOTS_RULES: &[&str] = &[
    "all",
    "noindex",
    "nofollow",
    "none",
    "nosnippet",
    "indexifembedded",
    "notranslate",
    "noimageindex",
];

/// Refuses an `X-Robots-Tag` that is to be stored with the object but is none.
pub fn check_robots_tag(value: &str) -> Result<(), Error> {
    let mut rest = value.trim();
    if rest.is_empty() {
        return Err(Error::invalid_robots_tag(""));
    }
    while !rest.is_empty() {
        // The only value that may hold a comma is a date; nothing sensible follows it.
        if let Some(date) = rest.strip_prefix("unavailable_after:") {
            return if date.trim().is_empty() {
                Err(Error::invalid_robots_tag(rest))
            } else {
                Ok(())
            };
        }
        let (rule, after) = rest.split_once(',').unwrap_or((rest, ""));
        check_robots_rule(rule.trim())?;
        rest = after.trim();
    }
    Ok(())
}

fn check_robots_rule(rule: &str) -> Result<(), Error> {
    let refuse = || Error::invalid_robots_tag(rule);
    let Some((name, value)) = rule.split_once(':') else {
        return if ROBOTS_RULES.contains(&rule) {
            Ok(())
        } else {
            Err(refuse())
        };
    };
    let value = value.trim();
    let valid = match name.trim() {
        "max-snippet" | "max-video-preview" => value.parse::<i64>().is_ok_and(|n| n >= -1),
        "max-image-preview" => ["none", "standard", "large"].contains(&value),
        // Anything else before a colon names a robot, and what follows are its rules.
        _ => return check_robots_tag(value),
    };
    if valid { Ok(()) } else { Err(refuse()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_storages_characters_only() {
        for key in ["a/b.txt", "q'*&$=@;:+,?-_!.()", " ", "../x", "a//b/"] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        for key in ["", "ä", "a%b", "a#b", "[a]", "a\\b", "a\nb", "a~b", "\0"] {
            assert!(check_key(key).is_err(), "{key}");
        }
    }

    #[test]
    fn dot_segments_are_refused_wherever_they_stand() {
        for key in ["../a", "a/../b", "a/.", "./a", "a\\..\\b"] {
            assert!(check_segments(key).is_err(), "{key}");
        }
        for key in ["a/..b", "...", "a/.hidden", "a./b"] {
            assert!(check_segments(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn a_bucket_takes_its_types_and_a_star_takes_a_family() {
        let allowed = ["image/*".to_owned(), "text/plain".to_owned()];
        assert!(check_mime("image/gif", &allowed).is_ok());
        assert!(check_mime("text/plain", &allowed).is_ok());
        assert!(check_mime("text/plain;charset=utf-8", &allowed).is_err());
        assert!(check_mime("text", &allowed).is_err());
        assert!(check_mime("whatever", &[]).is_ok());
    }

    #[test]
    fn sizes_have_decimal_units() {
        assert_eq!(parse_size("2MB").ok(), Some(2e6));
        assert_eq!(parse_size("1.5gb").ok(), Some(1.5e9));
        assert_eq!(parse_size("1.2345kb").ok(), Some(1230.0));
        for bad in ["", "MB", "20", "20XB", "-1B", "1e3B", "NaNB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_robots_tag_is_made_of_known_rules() {
        for good in [
            "none",
            "noindex, nofollow",
            "googlebot: noindex",
            "max-snippet: -1",
            "unavailable_after: Sat, 01 Jan 2028 00:00:00 GMT",
        ] {
            assert!(check_robots_tag(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "noindexx",
            "max-snippet: x",
            "max-image-preview: huge",
            "bot:",
        ] {
            assert!(check_robots_tag(bad).is_err(), "{bad}");
        }
    }
}
