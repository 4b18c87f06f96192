//! A small application behind the server, and callers who write by hand.
#![allow(dead_code, reason = "each test program uses a part")]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use casebase_http::Limits;
use futures::FutureExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longer than anything takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn limits() -> Limits {
    Limits {
        connections: 8,
        unread_bytes: 100_000_000,
        ..Limits::new(0)
    }
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    /// Requests that the application saw.
    pub seen: Arc<AtomicUsize>,
    /// An endless answer was given up.
    pub given_up: Arc<Notify>,
    _stop: DropGuard,
}

impl Server {
    pub async fn new(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, limits)
    }

    pub fn on(listener: TcpListener, limits: Limits) -> Self {
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let given_up = Arc::new(Notify::new());
        let stop = CancellationToken::new();
        let app = app(Arc::clone(&seen), Arc::clone(&given_up));
        tokio::spawn(casebase_http::serve(listener, app, limits, stop.clone()));
        Self {
            address,
            seen,
            given_up,
            _stop: stop.drop_guard(),
        }
    }

    /// A connection on which so much was written.
    pub async fn written(&self, text: &str) -> Caller {
        let mut caller = Caller(TcpStream::connect(self.address).await.unwrap());
        caller.write(text).await;
        caller
    }

    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }

    pub async fn answers(&self) {
        let mut caller = self.written(GET_AND_CLOSE).await;
        let answer = caller.rest().await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

pub const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

struct GivenUp(Arc<Notify>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn app(seen: Arc<AtomicUsize>, given_up: Arc<Notify>) -> Router {
    let endless = move || {
        let given_up = GivenUp(Arc::clone(&given_up));
        let bytes = futures::stream::repeat_with(move || {
            let _ = &given_up;
            Ok::<_, Infallible>(Bytes::from_static(&[0; 10_000]))
        });
        std::future::ready(Body::from_stream(bytes).into_response())
    };
    Router::new()
        .route("/", get(|| async { "well" }))
        .route("/refuse", post(|| async { StatusCode::UNAUTHORIZED }))
        .route("/read", post(read))
        .route("/endless", get(endless))
        .layer(axum::middleware::from_fn(
            move |request, next: axum::middleware::Next| {
                seen.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            },
        ))
}

async fn read(body: Body) -> Response {
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes.len().to_string().into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// Somebody who calls.
pub struct Caller(pub TcpStream);

impl Caller {
    pub async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Whether the server still takes what is written.
    pub async fn can_write(&mut self, text: &str) -> bool {
        let written = timeout(PATIENCE, self.0.write_all(text.as_bytes())).await;
        written.unwrap().is_ok()
    }

    /// Whether something is there to be read.
    pub fn has_answer(&self) -> bool {
        let answer = self.0.peek(&mut [0]).now_or_never();
        answer.is_some_and(|length| length.is_ok())
    }

    /// What comes until `end` has come.
    pub async fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        let read = async {
            while !text.ends_with(end) {
                text.push(self.0.read_u8().await.unwrap().into());
            }
        };
        timeout(PATIENCE, read).await.unwrap();
        text
    }

    /// What comes until the connection ends as it should.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        timeout(PATIENCE, read).await.unwrap().unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
