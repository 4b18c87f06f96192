//! What is known of a request: its id, its line in the log, and that it is under way.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_LENGTH},
    middleware::Next,
    response::Response,
};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

/// The header that a request brings its id in, and every answer gives it back.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// More than any id that a proxy makes.
const LONGEST_ID: usize = 128;

/// How many requests are under way, from their heads to the last of their answers. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn begin(&self) -> Begun {
        self.0.fetch_add(1, Ordering::Relaxed);
        Begun(self.clone())
    }
}

struct Begun(UnderWay);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives a request its id, which all of its lines carry, and writes the line that says how it ended.
pub(crate) async fn observe(
    State(under_way): State<UnderWay>,
    request: Request,
    next: Next,
) -> Response {
    let id = RequestId::of(request.headers());
    // As important as the most important line in it, so that no filter takes the id away from one.
    let span = tracing::error_span!("request", id = %id.0);
    let line = Line {
        begun: Instant::now(),
        method: request.method().clone(),
        route: request.extensions().get().cloned(),
        bytes_in: Arc::default(),
        span: span.clone(),
        _under_way: under_way.begin(),
    };
    let request = request.map(|body| line.reading(body));
    let unanswered = Unanswered(Some(line));
    let response = next.run(request).instrument(span).await;
    let mut response = unanswered.answered(response);
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// An id that is safe in a header and in any log.
struct RequestId(String);

impl RequestId {
    /// The one that the request brings, if it is one and there is no other; else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let mut brought = headers.get_all(REQUEST_ID).iter();
        let only = brought.next().filter(|_| brought.next().is_none());
        let sane = only.and_then(|id| id.to_str().ok()).filter(|id| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:=+/@~".contains(c);
            (1..=LONGEST_ID).contains(&id.len()) && id.chars().all(plain)
        });
        Self(sane.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned))
    }
}

/// The line of the log about one request. It names no file and nothing that was asked for: a route, not a path, and no
/// query.
struct Line {
    begun: Instant,
    method: Method,
    route: Option<MatchedPath>,
    bytes_in: Arc<AtomicUsize>,
    span: Span,
    _under_way: Begun,
}

impl Line {
    /// The request's body, of which is counted what was read.
    fn reading(&self, body: Body) -> Body {
        let count = Arc::clone(&self.bytes_in);
        Body::new(body.map_frame(move |frame| {
            count.fetch_add(bytes_of(&frame), Ordering::Relaxed);
            frame
        }))
    }

    fn write(&self, status: Option<StatusCode>, bytes_out: usize, how: &str) {
        let _in_request = self.span.enter();
        let duration = self.begun.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(
            method = %self.method,
            route = self.route.as_ref().map_or("none", MatchedPath::as_str),
            status = status.map(|status| status.as_u16()),
            duration_ms = (duration * 1000.0).round() / 1000.0,
            bytes_in = self.bytes_in.load(Ordering::Relaxed),
            bytes_out,
            "{how}"
        );
    }
}

fn bytes_of(frame: &Frame<Bytes>) -> usize {
    frame.data_ref().map_or(0, Bytes::len)
}

/// A request whose caller may go away before it has an answer.
struct Unanswered(Option<Line>);

impl Unanswered {
    fn answered(mut self, response: Response) -> Response {
        let Some(line) = self.0.take() else {
            return response;
        };
        let answered = Answered {
            line,
            status: response.status(),
            length: length(&response),
            sent: 0,
            ended: response.body().is_end_stream(),
        };
        response.map(|body| Body::new(Answer { body, answered }))
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.write(None, 0, "request given up by its caller");
        }
    }
}

/// What is said before it is sent: nobody asks a body for its end once so much is there.
fn length(response: &Response) -> Option<u64> {
    let header = response.headers().get(CONTENT_LENGTH);
    let header = header.and_then(|length| length.to_str().ok()?.parse().ok());
    header.or_else(|| response.body().size_hint().exact())
}

/// A request whose answer is on its way.
struct Answered {
    line: Line,
    status: StatusCode,
    length: Option<u64>,
    sent: usize,
    ended: bool,
}

impl Drop for Answered {
    fn drop(&mut self) {
        let complete = self.ended || self.length == Some(self.sent as u64);
        let how = match complete {
            true => "request answered",
            false => "answer cut off",
        };
        self.line.write(Some(self.status), self.sent, how);
    }
}

struct Answer {
    body: Body,
    answered: Answered,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let span = self.answered.line.span.clone();
        let _in_request = span.enter();
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.answered.sent += bytes_of(frame);
                self.answered.ended = self.body.is_end_stream();
            }
            Poll::Ready(None) => self.answered.ended = true,
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(%error, "an answer broke off");
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
