//! The URL of a resumable upload: bucket, key and version, in base64url.

use base64::{
    Engine, alphabet,
    engine::{GeneralPurpose, general_purpose::NO_PAD, general_purpose::URL_SAFE_NO_PAD},
};

const ROOT: &str = "/upload/resumable";

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    NO_PAD.with_decode_allow_trailing_bits(true),
);

/// What a path below `/upload/resumable` names.
#[derive(Debug, PartialEq, Eq)]
pub struct UploadUrl {
    /// Whether it is below `/sign`: then a signed URL's token speaks for the caller.
    pub signed: bool,
    /// The upload; none where the path ends, an error where it goes on with something else.
    pub id: Option<Result<UploadId, NotAnId>>,
}

/// What stands where an upload's id should is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

/// Which upload.
#[derive(Debug, PartialEq, Eq)]
pub struct UploadId {
    /// The bucket.
    pub bucket: String,
    /// The key that it will have.
    pub key: String,
    /// Which bytes it is.
    pub version: String,
}

impl UploadUrl {
    /// Reads a path and its query, which Storage takes for a part of the id; `None` if it is not below the root.
    pub fn parse(url: &str) -> Option<Self> {
        let path = url.split('?').next().unwrap_or_default();
        let rest = path.strip_prefix(ROOT)?;
        let rest = match rest.strip_prefix('/') {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return None,
        };
        let (signed, id) = match rest.strip_prefix("sign") {
            Some("") => (true, ""),
            Some(id) if id.starts_with('/') => (true, &id[1..]),
            _ => (false, rest),
        };
        let last = || {
            let url = url.strip_suffix('/').unwrap_or(url);
            url.rsplit('/').next().unwrap_or_default()
        };
        let names_one = !id.trim_end_matches('/').is_empty();
        Some(Self {
            signed,
            id: names_one.then(|| UploadId::decode(last()).ok_or(NotAnId)),
        })
    }
}

impl UploadId {
    /// As Node.js decodes: what is no digit is passed over, and so is a rest of less than a byte.
    fn decode(text: &str) -> Option<Self> {
        let mut digits: Vec<u8> = text
            .bytes()
            .filter_map(|digit| match digit {
                b'+' => Some(b'-'),
                b'-' | b'_' => Some(digit),
                _ => digit.is_ascii_alphanumeric().then_some(digit),
            })
            .collect();
        if digits.len() % 4 == 1 {
            digits.pop();
        }
        let decoded = LENIENT.decode(digits).ok()?;
        let decoded = String::from_utf8_lossy(&decoded);
        let (bucket, rest) = decoded.split_once('/')?;
        let (key, version) = rest.rsplit_once('/')?;
        Some(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: version.to_owned(),
        })
    }

    /// The whole URL below `base`.
    pub fn url(&self, base: &str, signed: bool) -> String {
        let sign = if signed { "/sign" } else { "" };
        let id = format!("{}/{}/{}", self.bucket, self.key, self.version);
        format!("{base}{ROOT}{sign}/{}", URL_SAFE_NO_PAD.encode(id))
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_upload() {
        for signed in [false, true] {
            let id = UploadId {
                bucket: "b".into(),
                key: "a/ü/c.txt".into(),
                version: "v".into(),
            };
            let url = id.url("", signed);
            assert_eq!(
                UploadUrl::parse(&url),
                Some(UploadUrl {
                    signed,
                    id: Some(Ok(id))
                })
            );
        }
    }

    #[test]
    fn a_query_is_read_as_a_part_of_the_id() {
        let version = |url: &str| {
            let id = UploadUrl::parse(url).and_then(|url| url.id)?;
            id.ok().map(|id| id.version)
        };
        assert_eq!(version("/upload/resumable/Yi9rL3Zl").as_deref(), Some("ve"));
        assert_ne!(
            version("/upload/resumable/Yi9rL3Zl?x=12"),
            version("/upload/resumable/Yi9rL3Zl")
        );
        assert_eq!(
            version("/upload/resumable/Yi9rL3Zl?").as_deref(),
            Some("ve")
        );
        assert_eq!(
            version("/upload/resumable/Yi9rL3Zl?a").as_deref(),
            Some("ve")
        );
    }

    #[test]
    fn other_paths_name_none() {
        let id = |path| UploadUrl::parse(path).expect("below the root").id;
        for path in [ROOT, "/upload/resumable/", "/upload/resumable/sign"] {
            assert_eq!(id(path), None, "{path}");
        }
        for path in ["/upload/resumable/xyz!", "/upload/resumable/YS9i"] {
            assert_eq!(id(path), Some(Err(NotAnId)), "{path}");
        }
        assert_eq!(UploadUrl::parse("/upload/resumablex"), None);
    }
}
