//! Why there was no answer, in words that an admin can act on.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::resolve::Refusal;

/// What went wrong on the way to `host`. It never repeats the URL, which can carry a receiver's token.
pub fn in_words(error: &reqwest::Error, host: &str) -> String {
    if let Some(refusal) = cause::<Refusal>(error) {
        return refusal.to_string();
    }
    if let Some(tls) = cause::<rustls::Error>(error) {
        return in_tls(tls, host);
    }
    if error.is_timeout() {
        return "no answer came in time".to_owned();
    }
    let kind = cause::<io::Error>(error).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => {
            format!("{host} refused the connection: nothing listens there")
        }
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            format!("{host} can't be reached from here")
        }
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {
            "the connection was closed before an answer came".to_owned()
        }
        _ if last_words(error).contains("failed to lookup address") => {
            format!("the name {host} has no address")
        }
        _ if error.is_connect() => {
            format!("no connection to {host}: {}", last_words(error))
        }
        _ => format!("there was no HTTP answer: {}", last_words(error)),
    }
}

fn in_tls(error: &rustls::Error, host: &str) -> String {
    use CertificateError as E;
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return format!("no TLS connection to {host}: {error}");
    };
    match certificate {
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            format!("the certificate is not valid for {host}")
        }
        E::Expired | E::ExpiredContext { .. } => format!("the certificate of {host} has expired"),
        E::NotValidYet | E::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet")
        }
        E::UnknownIssuer => format!(
            "the certificate of {host} is not trusted: it is self-signed, or a certificate between it and a known \
             authority is not sent along"
        ),
        E::Revoked => format!("the certificate of {host} is revoked"),
        // An authority's own certificate, above all.
        other => format!("the certificate of {host} is not one for a server ({other})"),
    }
}

/// The cause of this type, however deep. Custom I/O errors hold theirs beside the chain.
fn cause<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next = error.source();
    while let Some(error) = next {
        let held = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .and_then(|inner| inner.downcast_ref::<T>());
        if let Some(found) = error.downcast_ref::<T>().or(held) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What the deepest cause says: reqwest's own words leave out why.
fn last_words(error: &reqwest::Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_refused_is_told_in_words() {
        use CertificateError as E;
        for (error, words) in [
            (E::NotValidForName, "is not valid for example.com"),
            (E::Expired, "of example.com has expired"),
            (E::NotValidYet, "is not valid yet"),
            (E::UnknownIssuer, "is self-signed, or"),
            (E::Revoked, "is revoked"),
            (E::BadEncoding, "is not one for a server"),
        ] {
            let said = in_tls(&rustls::Error::InvalidCertificate(error), "example.com");
            assert!(said.contains(words), "{said}");
        }
        let said = in_tls(&rustls::Error::HandshakeNotComplete, "example.com");
        assert!(
            said.starts_with("no TLS connection to example.com: "),
            "{said}"
        );
    }
}
