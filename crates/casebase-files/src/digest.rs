//! Digests of bytes on their way: those that Storage gives an object for a tag, and those that a caller sent along.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest as _, Md5};
use sha2::{Digest as _, Sha256, Sha512};

/// In parts of this size Storage's S3 backend writes what is larger (the default of the AWS SDK that it uses), and so does
/// [`crate::storage::S3Store`]: the smallest that S3 takes.
pub(crate) const PART: usize = 5 * 1024 * 1024;

/// The tags (`ETag`) by which Storage's backends may know bytes: the MD5 in hex of what was written in one piece; of parts,
/// that of their MD5s, and their number.
pub(crate) struct Tags {
    form: Option<Form>,
    size: usize,
    whole: Md5,
    part: Md5,
    parts: Vec<u8>,
}

/// How a backend writes what is larger than a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    Parts,
}

impl Tags {
    /// Of a backend of this form, if it is known: the other need not be computed.
    pub(crate) fn new(form: Option<Form>) -> Self {
        Self {
            form,
            size: 0,
            whole: Md5::default(),
            part: Md5::default(),
            parts: Vec::new(),
        }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let in_part = self.size % PART;
            let (now, later) = bytes.split_at(bytes.len().min(PART - in_part));
            // What fits into one part is written in one piece by every backend.
            if self.size < PART || self.form != Some(Form::Parts) {
                self.whole.update(now);
            }
            if self.form != Some(Form::Whole) {
                self.part.update(now);
            }
            self.size += now.len();
            if self.size.is_multiple_of(PART) {
                self.end_part();
            }
            bytes = later;
        }
    }

    fn end_part(&mut self) {
        let part = std::mem::take(&mut self.part);
        self.parts.extend_from_slice(&part.finalize());
    }

    pub(crate) fn finish(mut self) -> Vec<String> {
        if !self.size.is_multiple_of(PART) {
            self.end_part();
        }
        let count = self.parts.len() / 16;
        let of_parts = hex::encode(Md5::digest(&self.parts));
        let of_whole = hex::encode(self.whole.finalize());
        match self.form {
            Some(Form::Parts) if self.size > PART => vec![format!("{of_parts}-{count}")],
            Some(Form::Whole) => vec![of_whole],
            _ => vec![of_whole, format!("{of_parts}-{count}")],
        }
    }
}

/// The form of a project's Storage, once it is known: the tag of an object larger than a part shows it.
#[derive(Debug, Default)]
pub(crate) struct KnownForm(Mutex<Option<Form>>);

impl KnownForm {
    pub(crate) fn get(&self) -> Option<Form> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the tag of an object of so many bytes.
    pub(crate) fn learn(&self, etag: Option<&str>, size: u64) {
        let Some(etag) = etag.filter(|_| size > PART as u64) else {
            return;
        };
        let form = match etag.contains('-') {
            true => Form::Parts,
            false => Form::Whole,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(form);
    }
}

/// A digest that came with a file, in the header that it came in.
pub struct Claim {
    header: &'static str,
    expected: Vec<u8>,
    seen: Seen,
}

enum Seen {
    Md5(Md5),
    Sha256(Sha256),
    Sha512(Sha512),
}

/// Not as many bytes in base64 as the algorithm's digests have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has to be {0} bytes in base64")]
pub struct NoDigest(pub usize);

/// The bytes are not those that the caller's digest is of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file is not the one that {header} was made of: its {algorithm} is {found}")]
pub struct Mismatch {
    /// The header that it came in.
    pub header: &'static str,
    /// As the header calls it.
    pub algorithm: &'static str,
    /// What the bytes have, in base64 as the header would have it.
    pub found: String,
}

impl Claim {
    /// A digest in `header` by an algorithm of its registries (RFC 9530, RFC 3230); none where it is one that is not
    /// checked here.
    pub fn new(
        header: &'static str,
        algorithm: &str,
        base64: &str,
    ) -> Result<Option<Self>, NoDigest> {
        let (seen, length) = match algorithm.to_ascii_lowercase().as_str() {
            "md5" => (Seen::Md5(Md5::default()), 16),
            "sha-256" => (Seen::Sha256(Sha256::default()), 32),
            "sha-512" => (Seen::Sha512(Sha512::default()), 64),
            _ => return Ok(None),
        };
        let expected = BASE64_STANDARD.decode(base64).unwrap_or_default();
        if expected.len() != length {
            return Err(NoDigest(length));
        }
        Ok(Some(Self {
            header,
            expected,
            seen,
        }))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.seen {
            Seen::Md5(seen) => seen.update(bytes),
            Seen::Sha256(seen) => seen.update(bytes),
            Seen::Sha512(seen) => seen.update(bytes),
        }
    }

    pub(crate) fn check(self) -> Result<(), Mismatch> {
        let (algorithm, found) = match self.seen {
            Seen::Md5(seen) => ("md5", seen.finalize().to_vec()),
            Seen::Sha256(seen) => ("sha-256", seen.finalize().to_vec()),
            Seen::Sha512(seen) => ("sha-512", seen.finalize().to_vec()),
        };
        if found == self.expected {
            return Ok(());
        }
        Err(Mismatch {
            header: self.header,
            algorithm,
            found: BASE64_STANDARD.encode(found),
        })
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claim").field(&self.header).finish()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn tags(pieces: &[&[u8]]) -> Vec<String> {
        let mut tags = Tags::new(None);
        pieces.iter().for_each(|piece| tags.update(piece));
        tags.finish()
    }

    #[test]
    fn tags_are_those_of_s3_however_the_bytes_came() {
        let hello = "5d41402abc4b2a76b9719d911017c592";
        assert_eq!(tags(&[b"hel", b"lo"])[0], hello);
        // `md5(md5(first 5 MiB) + md5(the rest))-2` of zeros, and exactly one part.
        let zeros = vec![0; PART + 1];
        let expected = |parts: &[&[u8]]| {
            let digests: Vec<u8> = parts.iter().flat_map(Md5::digest).collect();
            format!("{}-{}", hex::encode(Md5::digest(digests)), parts.len())
        };
        let two = expected(&[&zeros[..PART], &zeros[..1]]);
        assert_eq!(tags(&[&zeros])[1], two);
        assert_eq!(tags(&[&zeros[..7], &zeros[7..]])[1], two);
        assert_eq!(tags(&[&zeros[..PART]])[1], expected(&[&zeros[..PART]]));
    }

    #[test]
    fn a_form_that_is_known_spares_the_other() {
        let known = KnownForm::default();
        let zeros = vec![0; PART + 1];
        let both = tags(&[&zeros]);
        let of = |bytes: &[u8]| {
            let mut tags = Tags::new(known.get());
            tags.update(bytes);
            tags.finish()
        };
        known.learn(Some(&both[0]), 5);
        assert_eq!(of(&zeros), both);
        known.learn(Some(&both[0]), zeros.len() as u64);
        assert_eq!(of(&zeros), both[..1]);
        known.learn(Some(&both[1]), zeros.len() as u64);
        assert_eq!(of(&zeros), both[1..]);
        assert_eq!(of(b"hello")[0], tags(&[b"hello"])[0]);
    }

    #[test]
    fn a_claim_is_checked_by_its_algorithm() {
        let claim = |expected: &str| {
            let mut claim = Claim::new("content-md5", "MD5", expected).unwrap().unwrap();
            claim.update(b"hello");
            claim.check()
        };
        assert_eq!(claim("XUFAKrxLKna5cZ2REBfFkg=="), Ok(()));
        let mismatch = claim("AAAAAAAAAAAAAAAAAAAAAA==").unwrap_err();
        assert_eq!(
            mismatch.to_string(),
            "the file is not the one that content-md5 was made of: its md5 is XUFAKrxLKna5cZ2REBfFkg=="
        );
        let short = Claim::new("digest", "sha-256", "AAAA").map(|_| ());
        assert_eq!(short, Err(NoDigest(32)));
        assert!(Claim::new("digest", "unixsum", "30637").unwrap().is_none());
    }
}
