//! Between a service and the project: counts what the service asks for somebody, and does something else at one of these
//! steps.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    response::Response,
    serve::Listener,
};
use futures::{StreamExt as _, future::BoxFuture, stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, Join, join},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_util::io::InspectReader;

use crate::support::project;

/// At which step, whether after it or before it, and what.
pub type Deed = (usize, bool, BoxFuture<'static, ()>);

/// Passes everything on.
#[derive(Clone, Default)]
pub struct Between {
    address: Arc<OnceLock<SocketAddr>>,
    asked: Arc<Mutex<Asked>>,
    /// Connections that are open, and what is passed on.
    under_way: Arc<AtomicUsize>,
}

/// Counts until it is dropped.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Connections that are counted while they are open.
struct Counted {
    listener: TcpListener,
    under_way: Arc<AtomicUsize>,
}

/// Has what counts a connection, and looks at nothing.
type Counting = Box<dyn FnMut(&[u8]) + Send>;

impl Listener for Counted {
    type Io = Join<InspectReader<OwnedReadHalf, Counting>, OwnedWriteHalf>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (connection, address) = Listener::accept(&mut self.listener).await;
        let (read, write) = connection.into_split();
        let counts = UnderWay::new(&self.under_way);
        let counting: Counting = Box::new(move |_| _ = &counts);
        (join(InspectReader::new(read, counting), write), address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

#[derive(Default)]
struct Asked {
    /// Under this token.
    token: String,
    count: usize,
    deed: Option<Deed>,
}

impl Between {
    /// Where it is the project.
    pub async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.address.set(address).unwrap();
        let listener = Counted {
            listener,
            under_way: Arc::clone(&self.under_way),
        };
        let between = self.clone();
        let http = reqwest::Client::new();
        let router = Router::new().fallback(async move |request| {
            // In a task of its own: who asked may be gone before it is answered.
            let (between, http) = (between.clone(), http.clone());
            let under_way = UnderWay::new(&between.under_way);
            let passing = tokio::spawn(async move {
                let _under_way = under_way;
                between.pass(&http, request).await
            });
            passing.await.unwrap().unwrap_or_else(|_| {
                let mut gone = Response::new(Body::empty());
                *gone.status_mut() = StatusCode::BAD_GATEWAY;
                gone
            })
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    /// From now on what is asked under this token counts.
    pub fn begin(&self, token: &str, deed: Option<Deed>) {
        *self.asked.lock().unwrap() = Asked {
            token: token.to_owned(),
            count: 0,
            deed,
        };
    }

    /// Everybody is gone who was connected here, and what they sent has arrived all the same.
    pub async fn settled(&self) {
        // Who still waits to be let in is let in before this one, to whom it is said that this is no request.
        let mut last = TcpStream::connect(self.address.get().unwrap())
            .await
            .unwrap();
        last.write_all(b"none\r\n\r\n").await.unwrap();
        let _ = last.read_to_end(&mut Vec::new()).await;
        drop(last);
        while self.under_way.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// How many steps there were.
    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().count
    }

    /// What to do before this request, and what after it.
    fn at(&self, request: &Request) -> [Option<BoxFuture<'static, ()>>; 2] {
        let mut asked = self.asked.lock().unwrap();
        if token_of(request) != Some(&asked.token) {
            return [None, None];
        }
        let now = asked.count;
        asked.count += 1;
        match asked.deed.take() {
            Some((at, true, deed)) if at == now => [None, Some(deed)],
            Some((at, false, deed)) if at == now => [Some(deed), None],
            later => {
                asked.deed = later;
                [None, None]
            }
        }
    }

    async fn pass(&self, http: &reqwest::Client, request: Request) -> reqwest::Result<Response> {
        let [before, after] = self.at(&request);
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", project().setting("SUPABASE_URL"));
        let pieces: Vec<Result<Bytes, axum::Error>> = body.into_data_stream().collect().await;
        if let Some(deed) = before {
            deed.await;
        }
        // What was sent whole arrives, though who sent it is gone, and what was cut off arrives cut off. With the host that
        // it was sent to, which S3 signs.
        let body = match pieces.iter().all(Result::is_ok) {
            true => reqwest::Body::from(pieces.into_iter().flatten().collect::<Vec<_>>().concat()),
            false => reqwest::Body::wrap_stream(stream::iter(pieces)),
        };
        let request = http.request(parts.method, url).headers(parts.headers);
        let answer = request.body(body).send().await?;
        if let Some(deed) = after {
            deed.await;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        response.headers_mut().remove("transfer-encoding");
        *response.body_mut() = Body::from(answer.bytes().await?);
        Ok(response)
    }
}

/// Whose request it is: S3 has the token beside its signature.
fn token_of(request: &Request) -> Option<&str> {
    let text = |name| request.headers().get(name)?.to_str().ok();
    let bearer = text("authorization").and_then(|text| text.strip_prefix("Bearer "));
    text("x-amz-security-token").or(bearer)
}
