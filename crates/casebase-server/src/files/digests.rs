//! The digests that come with a file: `Content-MD5` (RFC 1864), `Digest` (RFC 3230), and `Repr-Digest` and
//! `Content-Digest` (RFC 9530), which are the same here, because no coding is taken off.

use axum::http::{HeaderMap, StatusCode};
use casebase_files::digest::Claim;

use crate::error::ApiError;

const CONTENT_MD5: &str = "content-md5";
/// With the way that each writes a value: in base64, bare or between colons.
const LISTS: [(&str, bool); 3] = [
    ("digest", false),
    ("repr-digest", true),
    ("content-digest", true),
];

/// What the headers claim of the bytes they came with. Algorithms that are not checked here claim nothing.
pub(super) fn claims(headers: &HeaderMap) -> Result<Vec<Claim>, ApiError> {
    let mut claims = Vec::new();
    for value in headers.get_all(CONTENT_MD5) {
        claims.extend(claim(CONTENT_MD5, "md5", value.as_bytes())?);
    }
    for (header, colons) in LISTS {
        let values = headers.get_all(header).iter();
        for member in values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')) {
            claims.extend(member_of(header, colons, member.trim_ascii())?);
        }
    }
    Ok(claims)
}

/// A form's digests are not its file's.
pub(super) fn none_of_form(headers: &HeaderMap) -> Result<(), ApiError> {
    let all = [CONTENT_MD5]
        .into_iter()
        .chain(LISTS.map(|(header, _)| header));
    match all.into_iter().find(|header| headers.contains_key(*header)) {
        None => Ok(()),
        Some(header) => Err(ApiError::of_header(
            StatusCode::BAD_REQUEST,
            "digest_of_form",
            header,
            format!("`{header}` of a whole form is not checked"),
        )
        .hint("send it in the head of the part `file`, or the file itself as the body")),
    }
}

fn member_of(header: &'static str, colons: bool, member: &[u8]) -> Result<Option<Claim>, ApiError> {
    if member.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(member);
    let (algorithm, value) = text
        .split_once('=')
        .ok_or_else(|| malformed(header, &text, "an algorithm, `=` and a digest"))?;
    let value = match colons {
        false => value,
        // A structured field may have parameters behind its value.
        true => value
            .strip_prefix(':')
            .and_then(|value| value.split_once(':'))
            .map(|(value, _)| value)
            .ok_or_else(|| malformed(header, &text, "a digest in base64 between colons"))?,
    };
    claim(header, algorithm.trim(), value.as_bytes())
}

fn claim(header: &'static str, algorithm: &str, value: &[u8]) -> Result<Option<Claim>, ApiError> {
    let text = String::from_utf8_lossy(value);
    Claim::new(header, algorithm, text.trim()).map_err(|wanted| {
        let wanted = format!("{} bytes in base64 for {algorithm}", wanted.0);
        malformed(header, &text, &wanted)
    })
}

fn malformed(header: &'static str, value: &str, wanted: &str) -> ApiError {
    let message = format!("`{header}` is `{value}`; it has to be {wanted}");
    ApiError::of_header(StatusCode::BAD_REQUEST, "invalid_digest", header, message)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(header: &'static str, value: &str) -> Result<usize, String> {
        let headers = HeaderMap::from_iter([(header.parse().unwrap(), value.parse().unwrap())]);
        let claims = claims(&headers).map_err(|error| error.to_string());
        claims.map(|claims| claims.len())
    }

    #[test]
    fn digests_are_read_as_each_header_writes_them() {
        let (md5, sha) = (
            "XUFAKrxLKna5cZ2REBfFkg==",
            "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        );
        assert_eq!(read("content-md5", md5), Ok(1));
        assert_eq!(read("digest", &format!("SHA-256={sha}, md5={md5}")), Ok(2));
        assert_eq!(read("repr-digest", &format!("sha-256=:{sha}:")), Ok(1));
        assert_eq!(
            read(
                "content-digest",
                &format!("sha-256=:{sha}:;x=1, crc32c=:AAAA:")
            ),
            Ok(1)
        );
        assert_eq!(read("digest", "unixsum=30637, crc32c=AAAA"), Ok(0));
    }

    #[test]
    fn what_is_no_digest_is_named_with_what_would_be() {
        for (header, value, wanted) in [
            ("content-md5", "x", "16 bytes in base64 for md5"),
            ("content-md5", "AAAA", "16 bytes in base64 for md5"),
            ("digest", "sha-256", "an algorithm, `=` and a digest"),
            (
                "repr-digest",
                "sha-256=AAAA",
                "a digest in base64 between colons",
            ),
            (
                "repr-digest",
                "sha-256=:AAAA:",
                "32 bytes in base64 for sha-256",
            ),
        ] {
            let message = read(header, value).unwrap_err();
            assert!(
                message.starts_with(&format!("`{header}` is `")),
                "{message}"
            );
            assert!(
                message.ends_with(&format!("it has to be {wanted}")),
                "{message}"
            );
        }
    }
}
