//! Cross-origin requests to Storage, which leaves them to Supabase's gateway: Kong with its `cors` plugin's defaults.

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use http::{HeaderValue, Method, header};

const METHODS: HeaderValue =
    HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");

/// Answers preflight requests and lets every origin read the answers to the others.
pub(crate) async fn allow_every_origin(request: Request, next: Next) -> Response {
    let mut response = if is_preflight(&request) {
        preflight(&request)
    } else {
        next.run(request).await
    };
    response
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    response
}

/// Other OPTIONS requests are for the server behind: TUS answers them with what it supports.
fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(request: &Request) -> Response {
    let mut response = Response::new(Body::empty());
    let answer = response.headers_mut();
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    if let Some(asked) = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
    {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use axum::{Router, middleware::from_fn};
    use tower::ServiceExt;

    use super::*;

    async fn options(headers: &[(header::HeaderName, &str)]) -> Response {
        let behind = Router::new()
            .fallback(|| async { "behind" })
            .layer(from_fn(allow_every_origin));
        let mut request = Request::builder().method(Method::OPTIONS).uri("/object/a");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        behind.oneshot(request).await.unwrap()
    }

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_preflight_is_allowed_the_headers_it_asks_for_and_goes_no_further() {
        let answer = options(&[
            (header::ORIGIN, "https://desk.example"),
            (header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, "apikey,x-upsert"),
        ])
        .await;
        assert_eq!(answer.status(), 200);
        let header = |name| answer.headers()[name].clone();
        assert_eq!(header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert_eq!(
            header(header::ACCESS_CONTROL_ALLOW_HEADERS),
            "apikey,x-upsert"
        );
        assert!(METHODS.to_str().unwrap().contains("PATCH"));
        assert_eq!(header(header::ACCESS_CONTROL_ALLOW_METHODS), METHODS);
        assert_eq!(text(answer).await, "");
    }

    #[tokio::test]
    async fn options_that_is_no_preflight_reaches_the_server() {
        let answer = options(&[(header::ORIGIN, "https://desk.example")]).await;
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(text(answer).await, "behind");
    }
}
