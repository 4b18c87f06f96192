//! A connection's bytes: one request at a time, an answer that is read at some pace, and an end that
//! doesn't take the last answer away.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::{
    Limits,
    framing::{self, MAX_HEAD, Message, Verdict},
    progress::Progress,
};

const PIECE: usize = 16 * 1024;

/// A connection as hyper sees it.
pub(crate) struct Wire {
    stream: TcpStream,
    /// Read and not yet handed on.
    ahead: BytesMut,
    next: Next,
    verdict: SharedVerdict,
    write: Progress,
    end: End,
}

/// About the request whose head was handed on last.
#[derive(Clone, Default)]
pub(crate) struct SharedVerdict(Arc<Mutex<Verdict>>);

impl SharedVerdict {
    pub(crate) fn get(&self) -> Verdict {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, verdict: Verdict) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = verdict;
    }
}

/// What is handed on next.
enum Next {
    /// A head, once it is complete.
    Head,
    /// So much of a request.
    Message(u64),
    /// Whatever comes.
    Rest,
    /// Nothing: the other side has finished.
    Nothing,
}

/// Data that is not read when a socket is closed makes TCP reset the connection, and the caller lose
/// the answer. So the end is said first, and what still comes is read for a while.
struct End {
    bytes_left: u64,
    time: Duration,
    pauses: Duration,
    lingering: Option<Lingering>,
}

struct Lingering {
    until: Instant,
    pause: Pin<Box<Sleep>>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, limits: &Limits) -> Self {
        Self {
            stream,
            ahead: BytesMut::new(),
            next: Next::Head,
            verdict: SharedVerdict::default(),
            write: Progress::new(limits.progress),
            end: End {
                bytes_left: limits.unread_bytes,
                time: limits.unread_time,
                pauses: limits.unread_time / 6,
                lingering: None,
            },
        }
    }

    pub(crate) fn verdict(&self) -> SharedVerdict {
        self.verdict.clone()
    }

    /// Reads until a head is complete, or can't become one.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Next>> {
        let mut seen = 0;
        loop {
            if self.ahead.len() > seen {
                match framing::message(&self.ahead) {
                    Message::Length(length) => return Poll::Ready(Ok(Next::Message(length))),
                    Message::Rest(refusal) => {
                        self.verdict.set(Verdict {
                            last: true,
                            refusal,
                        });
                        return Poll::Ready(Ok(Next::Rest));
                    }
                    Message::Partial if self.ahead.len() > MAX_HEAD => {
                        return Poll::Ready(Ok(Next::Rest));
                    }
                    Message::Partial => seen = self.ahead.len(),
                }
            }
            if ready!(self.poll_more(cx))? == 0 {
                return Poll::Ready(Ok(match self.ahead.is_empty() {
                    true => Next::Nothing,
                    false => Next::Rest,
                }));
            }
        }
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; PIECE];
        let mut piece = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        self.ahead.extend_from_slice(piece.filled());
        Poll::Ready(Ok(piece.filled().len()))
    }

    /// Hands on at most `most` bytes and says how many.
    fn poll_pass(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        most: u64,
    ) -> Poll<io::Result<usize>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let most = most.min(buf.remaining());
        if !self.ahead.is_empty() {
            let length = most.min(self.ahead.len());
            buf.put_slice(self.ahead.get(..length).unwrap_or_default());
            self.ahead.advance(length);
            return Poll::Ready(Ok(length));
        }
        if most == buf.remaining() {
            // All of the room is read into as it is; a part of it would have to be cleared first.
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
            return Poll::Ready(Ok(buf.filled().len() - before));
        }
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let length = part.filled().len();
        buf.advance(length);
        Poll::Ready(Ok(length))
    }

    /// Reads what still comes, and throws it away.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let End {
            bytes_left,
            time,
            pauses,
            lingering,
        } = &mut self.end;
        let now = Instant::now();
        let lingering = lingering.get_or_insert_with(|| Lingering {
            until: now + *time,
            pause: Box::pin(sleep_until(now + *pauses)),
        });
        let mut piece = [0; PIECE];
        loop {
            let mut piece = ReadBuf::new(&mut piece);
            match Pin::new(&mut self.stream).poll_read(cx, &mut piece) {
                Poll::Pending => return lingering.pause.as_mut().poll(cx),
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {}
            }
            let length = piece.filled().len() as u64;
            let now = Instant::now();
            if length == 0 || length > *bytes_left || now > lingering.until {
                return Poll::Ready(());
            }
            *bytes_left -= length;
            let pause = (now + *pauses).min(lingering.until);
            lingering.pause.as_mut().reset(pause);
        }
    }

    fn written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => return self.write.poll_wait(cx).map(Err),
            Poll::Ready(Ok(bytes)) => self.write.moved(*bytes),
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if matches!(wire.next, Next::Head) {
            wire.next = ready!(wire.poll_head(cx))?;
        }
        let most = match wire.next {
            Next::Message(left) => left,
            Next::Rest => u64::MAX,
            Next::Head | Next::Nothing => return Poll::Ready(Ok(())),
        };
        let passed = ready!(wire.poll_pass(cx, buf, most))?;
        wire.next = match wire.next {
            _ if passed == 0 && buf.remaining() > 0 => Next::Nothing,
            Next::Message(left) if left > passed as u64 => Next::Message(left - passed as u64),
            Next::Message(_) => Next::Head,
            _ => Next::Rest,
        };
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = Pin::new(&mut wire.stream).poll_write(cx, buf);
        wire.written(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = Pin::new(&mut wire.stream).poll_write_vectored(cx, bufs);
        wire.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.end.lingering.is_none() {
            ready!(Pin::new(&mut wire.stream).poll_shutdown(cx))?;
            // Between two requests nothing is on its way.
            if matches!(wire.next, Next::Nothing)
                || matches!(wire.next, Next::Head) && wire.ahead.is_empty()
            {
                return Poll::Ready(Ok(()));
            }
        }
        wire.poll_linger(cx).map(Ok)
    }
}
