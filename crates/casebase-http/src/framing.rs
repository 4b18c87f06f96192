//! Where one request ends and the next begins, as every server on the way has to see it alike
//! (RFC 9112, 6.1 to 6.3 and 11.2).

use http::Method;

/// The longest head that is read.
pub(crate) const MAX_HEAD: usize = 64 * 1024;
/// As many headers as hyper reads.
const MAX_HEADERS: usize = 100;

/// What the connection's reader knows of the request that it hands on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// No request follows.
    pub(crate) last: bool,
    /// Why it is refused before anybody looks at what it asks for.
    pub(crate) refusal: Option<&'static str>,
}

/// How long the message is that a head begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The head is not complete.
    Partial,
    /// So many bytes, the head included.
    Length(u64),
    /// Up to the connection's end: chunks, which nothing may follow here, or what is no HTTP.
    Rest(Option<&'static str>),
}

/// Reads a head, as hyper will.
pub(crate) fn message(bytes: &[u8]) -> Message {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => Message::Partial,
        // hyper says what is wrong.
        Err(_) => Message::Rest(None),
        Ok(httparse::Status::Complete(length)) => {
            let head = bytes.get(..length).unwrap_or_default();
            of_head(head, &request)
        }
    }
}

fn of_head(head: &[u8], request: &httparse::Request<'_, '_>) -> Message {
    let values = |name: &'static str| {
        let named = request.headers.iter();
        let named = named.filter(move |h| h.name.eq_ignore_ascii_case(name));
        named.map(|h| h.value.trim_ascii())
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    let chunked = codings.clone().next().is_some();
    let unknown = |coding: &[u8]| !coding.eq_ignore_ascii_case(b"chunked");
    let refusal = if has_bare_line_feed(head) {
        Some("a line of the head ends in LF without CR")
    } else if values("host").count() > 1 {
        Some("there is more than one Host")
    } else if chunked && lengths.clone().next().is_some() {
        Some("there is a Content-Length beside the Transfer-Encoding")
    } else if codings.clone().count() > 1 || codings.clone().any(unknown) {
        Some("the only Transfer-Encoding is chunked")
    } else {
        None
    };
    let tunnel = request.method == Some(Method::CONNECT.as_str());
    if refusal.is_some() || chunked || tunnel {
        return Message::Rest(refusal);
    }
    // What hyper refuses, two lengths that differ among it, ends the connection there.
    let length = lengths.map(number);
    match length.reduce(|one, other| one.filter(|_| one == other)) {
        None => Message::Length(head.len() as u64),
        Some(Some(body)) => Message::Length((head.len() as u64).saturating_add(body)),
        Some(None) => Message::Rest(None),
    }
}

/// Digits only: `+5` is 5 to Rust and nothing to HTTP.
fn number(value: &[u8]) -> Option<u64> {
    let digits = value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| digits)?;
    text.parse().ok()
}

fn has_bare_line_feed(head: &[u8]) -> bool {
    let ends = head.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.into_iter()
        .any(|(at, _)| at == 0 || head.get(at - 1) != Some(&b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &str) -> Message {
        message(format!("POST / HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes())
    }

    fn refusal(headers: &str) -> Option<&'static str> {
        match of(headers) {
            Message::Rest(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_length_is_one_number_or_the_connections_end() {
        let head = "POST / HTTP/1.1\r\nhost: x\r\n\r\n".len() as u64;
        assert_eq!(of(""), Message::Length(head));
        assert_eq!(of("content-length: 5\r\n"), Message::Length(head + 24));
        for unclear in ["+5", "5, 5", "x", "-1", "18446744073709551616"] {
            assert_eq!(refusal(&format!("content-length: {unclear}\r\n")), None);
        }
        assert_eq!(refusal("content-length: 5\r\ncontent-length: 6\r\n"), None);
        assert_eq!(refusal("transfer-encoding: chunked\r\n"), None);
        assert_eq!(message(b"POST / HTTP/1.1\r\nhost:"), Message::Partial);
    }

    #[test]
    fn what_two_servers_could_read_differently_is_refused() {
        for headers in [
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "transfer-encoding: xchunked\r\n",
            "transfer-encoding: gzip, chunked\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
            "x: y\ncontent-length: 5\r\n",
            "host: y\r\n",
        ] {
            assert!(refusal(headers).is_some(), "{headers}");
        }
    }
}
