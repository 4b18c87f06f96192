//! Between a service and the project: counts what the service asks for somebody, and does something else at one of these
//! steps.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use futures::future::BoxFuture;
use tokio::net::TcpListener;

use crate::support::project;

/// At which step, whether after it or before it, and what.
pub type Deed = (usize, bool, BoxFuture<'static, ()>);

/// Passes everything on.
#[derive(Clone, Default)]
pub struct Between {
    asked: Arc<Mutex<Asked>>,
    under_way: Arc<AtomicUsize>,
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
        let url = format!("http://{}", listener.local_addr().unwrap());
        let between = self.clone();
        let http = reqwest::Client::new();
        let router = Router::new().fallback(async move |request| {
            // In a task of its own: who asked may be gone before it is answered.
            let (between, http) = (between.clone(), http.clone());
            between.under_way.fetch_add(1, Ordering::SeqCst);
            let passing = tokio::spawn(async move {
                let answer = between.pass(&http, request).await;
                between.under_way.fetch_sub(1, Ordering::SeqCst);
                answer
            });
            passing.await.unwrap().unwrap_or_else(|_| {
                let mut gone = Response::new(Body::empty());
                *gone.status_mut() = StatusCode::BAD_GATEWAY;
                gone
            })
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// From now on what is asked under this token counts.
    pub fn begin(&self, token: &str, deed: Option<Deed>) {
        *self.asked.lock().unwrap() = Asked {
            token: token.to_owned(),
            count: 0,
            deed,
        };
    }

    /// What was sent by somebody who is gone arrives all the same.
    pub async fn settled(&self) {
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
        let body = axum::body::to_bytes(body, usize::MAX).await;
        if let Some(deed) = before {
            deed.await;
        }
        // What was sent whole arrives, though who sent it is gone. With the host that it was sent to, which S3 signs.
        let body = body.unwrap_or_default();
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
