//! `aws-chunked` bodies: `size[;chunk-signature=…]`, the chunk, and perhaps trailing headers.

use axum::body::Bytes;
use bytes::{Buf, BytesMut};
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};

use super::{
    super::{error::Error, files::Incoming, request::Request},
    signature::ChunkKey,
};

/// The longest line before a chunk.
const LONGEST_HEADER: usize = 256;

/// Whether (and how) the body is chunked, as `x-amz-content-sha256` says.
pub fn decode(request: &Request, body: Incoming, key: ChunkKey) -> Incoming {
    let signed = match request.header("x-amz-content-sha256") {
        Some(sha) if sha.starts_with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") => true,
        Some(sha) if sha.starts_with("STREAMING-UNSIGNED-PAYLOAD") => false,
        _ => return body,
    };
    unwrap(body, signed.then_some(key))
}

/// How many bytes the object has, if the request says so.
pub fn length(request: &Request) -> Option<u64> {
    let chunked = request
        .header("x-amz-content-sha256")
        .is_some_and(|sha| sha.starts_with("STREAMING-"));
    if chunked {
        request.number("x-amz-decoded-content-length")
    } else {
        request.number("content-length")
    }
}

fn unwrap(body: Incoming, key: Option<ChunkKey>) -> Incoming {
    let decoder = Decoder {
        body,
        buffer: BytesMut::new(),
        state: State::Header,
        key,
        hash: Sha256::new(),
        signature: String::new(),
    };
    Box::pin(stream::try_unfold(decoder, |mut decoder| async move {
        Ok(decoder.next().await?.map(|chunk| (chunk, decoder)))
    }))
}

enum State {
    Header,
    Data(usize),
    End,
    Trailer,
}

struct Decoder {
    body: Incoming,
    buffer: BytesMut,
    state: State,
    key: Option<ChunkKey>,
    hash: Sha256,
    signature: String,
}

fn broken() -> Error {
    Error::broken_body("The body is not chunked as it says")
}

impl Decoder {
    /// The next bytes of a chunk. A chunk whose signature is wrong ends the body with an error.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.state {
                State::Header => self.header().await?,
                State::Data(left) => {
                    if self.buffer.is_empty() {
                        self.fill().await?;
                    }
                    let bytes = self.buffer.split_to(left.min(self.buffer.len())).freeze();
                    self.hash.update(&bytes);
                    self.state = match left - bytes.len() {
                        0 => State::End,
                        left => State::Data(left),
                    };
                    return Ok(Some(bytes));
                }
                State::End => {
                    while self.buffer.len() < 2 {
                        self.fill().await?;
                    }
                    if !self.buffer.starts_with(b"\r\n") {
                        return Err(broken());
                    }
                    self.buffer.advance(2);
                    self.check()?;
                    self.state = State::Header;
                }
                // Trailers hold checksums, which Storage does not check.
                State::Trailer => {
                    while let Some(chunk) = self.body.next().await {
                        chunk?;
                    }
                    return Ok(None);
                }
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Error> {
        let chunk = self.body.next().await.ok_or_else(broken)??;
        self.buffer.extend_from_slice(&chunk);
        Ok(())
    }

    async fn header(&mut self) -> Result<(), Error> {
        let end = loop {
            if let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                break end;
            }
            if self.buffer.len() > LONGEST_HEADER {
                return Err(broken());
            }
            self.fill().await?;
        };
        let line = self.buffer.split_to(end);
        self.buffer.advance(2);
        let line = std::str::from_utf8(&line).map_err(|_| broken())?;
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        self.signature = extension
            .trim()
            .strip_prefix("chunk-signature=")
            .unwrap_or_default()
            .to_owned();
        let valid = !size.is_empty() && size.bytes().all(|b| b.is_ascii_hexdigit());
        let size = usize::from_str_radix(size, 16).map_err(|_| broken())?;
        self.state = match size {
            _ if !valid => return Err(broken()),
            0 => {
                self.check()?;
                State::Trailer
            }
            size => State::Data(size),
        };
        Ok(())
    }

    fn check(&mut self) -> Result<(), Error> {
        let hash = hex::encode(self.hash.finalize_reset());
        match &mut self.key {
            Some(key) => key.check(&hash, &self.signature),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn in_pieces(text: &[u8], size: usize) -> Incoming {
        let pieces: Vec<_> = text
            .chunks(size)
            .map(|p| Ok(Bytes::copy_from_slice(p)))
            .collect();
        Box::pin(stream::iter(pieces))
    }

    async fn read(body: Incoming) -> Result<Vec<u8>, Error> {
        let pieces: Vec<_> = body.collect().await;
        let mut whole = Vec::new();
        for piece in pieces {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole)
    }

    #[tokio::test]
    async fn chunks_are_joined_wherever_the_pieces_break() {
        let text = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
        for size in 1..text.len() {
            let body = read(unwrap(in_pieces(text, size), None)).await;
            assert_eq!(body.expect("a body"), b"hello world", "pieces of {size}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_chunked_as_it_says_is_refused() {
        for text in [
            "",
            "5\r\nhel",
            "x\r\nhello",
            "5\r\nhelloxx0\r\n\r\n",
            "-1\r\n",
            "5\r\nhello\r\n",
        ] {
            assert!(
                read(unwrap(in_pieces(text.as_bytes(), 3), None))
                    .await
                    .is_err(),
                "{text}"
            );
        }
        let endless = vec![b'1'; 1000];
        assert!(read(unwrap(in_pieces(&endless, 100), None)).await.is_err());
    }

    /// The example of AWS's documentation: 65 KiB of `a` in two chunks.
    fn documented() -> Vec<u8> {
        let mut text = Vec::new();
        for (size, signature) in [
            (
                65536,
                "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            ),
            (
                1024,
                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            ),
            (
                0,
                "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            ),
        ] {
            text.extend_from_slice(format!("{size:x};chunk-signature={signature}\r\n").as_bytes());
            text.extend(std::iter::repeat_n(b'a', size));
            text.extend_from_slice(b"\r\n");
        }
        text
    }

    #[tokio::test]
    async fn signed_chunks_are_checked_one_after_another() {
        let text = documented();
        let body = read(unwrap(in_pieces(&text, 8192), Some(ChunkKey::example()))).await;
        assert_eq!(body.expect("a body").len(), 66560);
        let mut altered = text;
        altered[66_000] = b'b';
        let refused = read(unwrap(in_pieces(&altered, 8192), Some(ChunkKey::example()))).await;
        assert_eq!(refused.expect_err("refused").code, "SignatureDoesNotMatch");
    }
}
