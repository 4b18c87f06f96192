//! Requests and answers on their way between a connection and the application.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body, response::IntoResponse as _};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONNECTION};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower::ServiceExt as _;

use crate::{Limits, connections::Slot, framing::Verdict, progress::Progress, wire::SharedVerdict};

/// The application, on one connection.
#[derive(Clone)]
pub(crate) struct Answering {
    app: Router,
    progress: Duration,
    verdict: SharedVerdict,
    slot: Arc<Slot>,
}

impl Answering {
    pub(crate) fn new(
        app: Router,
        limits: &Limits,
        verdict: SharedVerdict,
        slot: Arc<Slot>,
    ) -> Self {
        Self {
            app,
            progress: limits.progress,
            verdict,
            slot,
        }
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        verdict: Verdict,
    ) -> Result<Response<Answer>, Infallible> {
        let Some(under_way) = UnderWay::new(self.slot) else {
            // The connection ends with this request unheard.
            return std::future::pending().await;
        };
        let complete = Arc::new(AtomicBool::new(request.body().is_end_stream()));
        let mut answer = match verdict.refusal {
            Some(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
            None => {
                let request = request.map(|body| {
                    Body::new(Arriving {
                        body,
                        complete: Arc::clone(&complete),
                        progress: Progress::new(self.progress),
                    })
                });
                let Ok(answer) = self.app.oneshot(request).await;
                answer
            }
        };
        // Such a connection is closed, by hyper where the request is unread. Said beforehand, nobody uses it again.
        if verdict.last || !complete.load(Ordering::Relaxed) {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(CONNECTION, close);
        }
        Ok(answer.map(|body| Answer {
            body,
            _under_way: under_way,
        }))
    }
}

impl hyper::service::Service<Request<Incoming>> for Answering {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        // Now, before the reader goes on to what follows this request.
        let verdict = self.verdict.get();
        Box::pin(self.clone().answer(request, verdict))
    }
}

/// A request from its head to the last of its answer: so long nobody takes the connection away.
struct UnderWay(Arc<Slot>);

impl UnderWay {
    fn new(slot: Arc<Slot>) -> Option<Self> {
        slot.works().then(|| Self(slot))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.waits();
    }
}

pin_project! {
    /// A request's body, which has to arrive at some pace.
    struct Arriving {
        #[pin]
        body: Incoming,
        complete: Arc<AtomicBool>,
        progress: Progress,
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut this = self.project();
        let Poll::Ready(frame) = this.body.as_mut().poll_frame(cx) else {
            let error = ready!(this.progress.poll_wait(cx));
            return Poll::Ready(Some(Err(error.into())));
        };
        if let Some(Ok(frame)) = &frame {
            this.progress.moved(frame.data_ref().map_or(0, Bytes::len));
        }
        if frame.is_none() || this.body.is_end_stream() {
            this.complete.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pin_project! {
    /// An answer's body.
    pub(crate) struct Answer {
        #[pin]
        body: Body,
        _under_way: UnderWay,
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
