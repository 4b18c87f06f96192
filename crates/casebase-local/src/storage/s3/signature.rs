//! AWS Signature Version 4, as Storage checks it.
//!
//! Two kinds of credentials: the static pair acts for the project; with a session token (the caller's JWT) the
//! access key is the project's reference and the secret its anon key. Bodies are not checked against their
//! declared hash.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::super::{Config, caller::Caller, error::Error, request::Request};

type HmacSha256 = Hmac<Sha256>;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const SERVICE: &str = "s3";

const STATIC_MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
                               Check your key and signing method.";
const SESSION_MISMATCH: &str = "The request signature we calculated does not match the signature you provided, \
                                Check your credentials. The session token should be a valid JWT token";

/// Headers that proxies change: signed or not, they don't count.
const UNSIGNABLE: &[&str] = &[
    "authorization",
    "connection",
    "expect",
    "from",
    "keep-alive",
    "max-forwards",
    "pragma",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// Whoever signed the request, and with what its body's chunks are signed.
pub struct Signer {
    /// The caller.
    pub caller: Caller,
    /// For [`super::chunked`].
    pub chunks: ChunkKey,
}

/// What chunks of a streamed body are signed with: each signature covers the one before.
#[derive(Clone)]
pub struct ChunkKey {
    key: Vec<u8>,
    date: String,
    scope: String,
    /// The signature before: at first the request's.
    pub previous: String,
}

/// Checks the request's signature and, with a session token, the token.
pub fn authenticate(request: &Request) -> Result<Signer, Error> {
    let signature = Signature::of(request)?;
    let config = &request.storage.config;
    let (access_key, secret) = match signature.session_token {
        Some(_) => (&config.project_ref, &config.anon_key),
        None => (&config.s3_static_key.0, &config.s3_static_key.1),
    };
    let credential = &signature.credential;
    if credential.access_key != *access_key {
        return Err(Error::access_denied("Invalid Access Key"));
    }
    if credential.service != SERVICE {
        return Err(Error::access_denied("Invalid Service"));
    }
    let key = signing_key(secret, credential, region(config, credential));
    if !signature.matches(request, &key, region(config, credential)) {
        return Err(Error::signature_mismatch(match signature.session_token {
            Some(_) => SESSION_MISMATCH,
            None => STATIC_MISMATCH,
        }));
    }
    let caller = match signature.session_token {
        Some(token) => Caller::from_token(&config.keys, token)?,
        None => Caller::service(),
    };
    Ok(Signer {
        caller,
        chunks: ChunkKey {
            key,
            date: signature.date.to_owned(),
            scope: credential.scope(region(config, credential)),
            previous: signature.value.to_owned(),
        },
    })
}

/// Clients may sign for the region, for none, or for the two that stand for any; the server's is meant otherwise.
fn region<'a>(config: &'a Config, credential: &Credential<'a>) -> &'a str {
    match credential.region {
        any @ ("auto" | "us-east-1" | "") => any,
        _ => &config.region,
    }
}

/// `access-key/date/region/service/aws4_request`
struct Credential<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Credential<'a> {
    fn parse(text: &'a str) -> Result<Self, Error> {
        let parts: Vec<&str> = text.split('/').collect();
        let [access_key, date, region, service, _] = parts[..] else {
            return Err(Error::invalid_signature("Invalid credentials"));
        };
        Ok(Self {
            access_key,
            date,
            region,
            service,
        })
    }

    fn scope(&self, region: &str) -> String {
        format!("{}/{region}/{}/aws4_request", self.date, self.service)
    }
}

/// A signature as it was sent: in a header, or in the query of a presigned URL.
struct Signature<'a> {
    credential: Credential<'a>,
    signed_headers: Vec<&'a str>,
    value: &'a str,
    date: &'a str,
    content_sha256: Option<&'a str>,
    session_token: Option<&'a str>,
}

impl<'a> Signature<'a> {
    fn of(request: &'a Request) -> Result<Self, Error> {
        match request.header("authorization") {
            Some(header) if header.starts_with("AWS4-HMAC-SHA256 ") => {
                Self::from_header(request, header)
            }
            _ if request.query.has("X-Amz-Credential") => Self::from_query(request),
            _ => Err(Error::access_denied("Missing signature")),
        }
    }

    fn from_header(request: &'a Request, header: &'a str) -> Result<Self, Error> {
        let invalid = || Error::invalid_signature("Invalid signature format");
        let fields = header[ALGORITHM.len() + 1..].split(',');
        let field = |name: &str| {
            fields
                .clone()
                .filter_map(|field| field.split_once('='))
                .find(|(n, _)| n.trim() == name)
                .map(|(_, value)| value)
        };
        Ok(Self {
            signed_headers: field("SignedHeaders")
                .ok_or_else(invalid)?
                .split(';')
                .collect(),
            value: field("Signature").ok_or_else(invalid)?,
            date: request.header("x-amz-date").ok_or_else(invalid)?,
            credential: Credential::parse(field("Credential").ok_or_else(invalid)?)?,
            content_sha256: request.header("x-amz-content-sha256"),
            session_token: request.header("x-amz-security-token"),
        })
    }

    fn from_query(request: &'a Request) -> Result<Self, Error> {
        let invalid = || Error::invalid_signature("Invalid signature format");
        let query = &request.query;
        let field = |name| query.get(name).ok_or_else(invalid);
        let (credential, date) = (field("X-Amz-Credential")?, field("X-Amz-Date")?);
        let (signed_headers, value) = (field("X-Amz-SignedHeaders")?, field("X-Amz-Signature")?);
        if let Some(seconds) = query.get("X-Amz-Expires") {
            check_expiry(date, seconds)?;
        }
        Ok(Self {
            signed_headers: signed_headers.split(';').collect(),
            value,
            date,
            credential: Credential::parse(credential)?,
            content_sha256: query.get("X-Amz-Content-Sha256"),
            session_token: query.get("X-Amz-Security-Token"),
        })
    }

    fn matches(&self, request: &Request, key: &[u8], region: &str) -> bool {
        let canonical = self.canonical_request(request);
        let text = format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            self.date,
            self.credential.scope(region),
            hex::encode(Sha256::digest(canonical)),
        );
        let Ok(claimed) = hex::decode(self.value) else {
            return false;
        };
        mac(key, &text).verify_slice(&claimed).is_ok()
    }

    fn canonical_request(&self, request: &Request) -> String {
        let mut signed = self.signed_headers.clone();
        signed.sort_unstable();
        let headers: Vec<String> = signed
            .iter()
            .filter(|name| !UNSIGNABLE.contains(&name.to_ascii_lowercase().as_str()))
            .filter_map(|name| canonical_header(&request.headers, name))
            .collect();
        format!(
            "{}\n{}\n{}\n{}\n\n{}\n{}",
            request.method,
            request.original.path(),
            canonical_query(request.query.pairs()),
            headers.join("\n"),
            signed.join(";"),
            self.payload_hash(request),
        )
    }

    /// What the signer said the body's hash is.
    fn payload_hash(&self, request: &Request) -> &str {
        let presigned_get = request.method == Method::GET && request.query.has("X-Amz-Signature");
        match self.content_sha256 {
            Some(hash) if !presigned_get => hash,
            _ => UNSIGNED_PAYLOAD,
        }
    }
}

fn check_expiry(date: &str, seconds: &str) -> Result<(), Error> {
    let invalid = || Error::invalid_signature("Invalid expiration");
    let seconds: i64 = seconds
        .parse()
        .ok()
        .filter(|s| *s >= 0)
        .ok_or_else(invalid)?;
    let signed: DateTime<Utc> = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ")
        .map_err(|_| invalid())?
        .and_utc();
    let valid_for = TimeDelta::try_seconds(seconds).ok_or_else(invalid)?;
    match signed.checked_add_signed(valid_for) {
        Some(end) if end < Utc::now() => Err(Error::expired_signature()),
        _ => Ok(()),
    }
}

fn canonical_header(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::trim)
        .collect();
    if values.is_empty() {
        return None;
    }
    Some(format!("{name}:{}", values.join(",")))
}

/// What AWS leaves unencoded, beside letters and digits.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

fn canonical_query(pairs: &[(String, String)]) -> String {
    let mut pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    let encode = |text| utf8_percent_encode(text, UNRESERVED).to_string();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

fn mac(key: &[u8], text: &str) -> HmacSha256 {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = HmacSha256::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    mac(key, text).finalize().into_bytes().to_vec()
}

fn signing_key(secret: &str, credential: &Credential<'_>, region: &str) -> Vec<u8> {
    let date = hmac(format!("AWS4{secret}").as_bytes(), credential.date);
    let region = hmac(&date, region);
    let service = hmac(&region, credential.service);
    hmac(&service, "aws4_request")
}

impl ChunkKey {
    /// Checks a chunk's signature and makes it the one before the next.
    pub fn check(&mut self, chunk_sha256: &str, signature: &str) -> Result<(), Error> {
        let empty = hex::encode(Sha256::digest(b""));
        let text = format!(
            "{ALGORITHM}-PAYLOAD\n{}\n{}\n{}\n{empty}\n{chunk_sha256}",
            self.date, self.scope, self.previous,
        );
        let claimed = hex::decode(signature).unwrap_or_default();
        mac(&self.key, &text)
            .verify_slice(&claimed)
            .map_err(|_| Error::signature_mismatch(STATIC_MISMATCH))?;
        self.previous = signature.to_owned();
        Ok(())
    }

    /// A key for tests of [`super::chunked`].
    #[cfg(test)]
    pub fn example() -> Self {
        // The example of AWS's documentation on signing chunks.
        let credential = Credential {
            access_key: "AKIAIOSFODNN7EXAMPLE",
            date: "20130524",
            region: "us-east-1",
            service: SERVICE,
        };
        Self {
            key: signing_key(
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                &credential,
                "us-east-1",
            ),
            date: "20130524T000000Z".into(),
            scope: credential.scope("us-east-1"),
            previous: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9".into(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_sorted_and_encoded_as_aws_wants_it() {
        let pairs = [
            ("prefix", "a b/c"),
            ("list-type", "2"),
            ("X-Amz-Signature", "x"),
            ("delimiter", "*"),
        ];
        let pairs = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(
            canonical_query(&pairs),
            "delimiter=%2A&list-type=2&prefix=a%20b%2Fc"
        );
    }

    #[test]
    fn a_presigned_url_is_over_when_its_time_is() {
        let at = |minutes| {
            (Utc::now() - TimeDelta::minutes(minutes))
                .format("%Y%m%dT%H%M%SZ")
                .to_string()
        };
        assert!(check_expiry(&at(1), "120").is_ok());
        assert_eq!(
            check_expiry(&at(3), "120").expect_err("over").code,
            "ExpiredToken"
        );
        for bad in ["-1", "x", "", "99999999999999999999"] {
            assert_eq!(
                check_expiry(&at(0), bad).expect_err(bad).code,
                "InvalidSignature"
            );
        }
    }
}
