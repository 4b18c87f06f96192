//! Every route, and what surrounds them.

use axum::{
    Json, Router,
    http::{
        HeaderName, Request, StatusCode,
        header::{
            ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, LOCATION,
            WWW_AUTHENTICATE,
        },
    },
    routing::get,
};
use tower_http::{
    cors::{AllowHeaders, Any, CorsLayer},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    State, cases, error::ApiError, files, health, metrics, webhook_events::Document, webhook_poll,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(OpenApi)]
#[openapi(
    info(title = "Casebase", description = "Case files and cases, under the caller's own Supabase token."),
    modifiers(&BearerToken),
)]
struct Documentation;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT");
        let scheme = SecurityScheme::Http(scheme.build());
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("bearer", scheme);
    }
}

pub(crate) fn router(state: State, watched: bool) -> Router {
    let (router, api) = OpenApiRouter::with_openapi(Documentation::openapi())
        .routes(routes!(files::upload::upload))
        .routes(routes!(files::download::download, files::delete::delete))
        .routes(routes!(files::verify::verify))
        .routes(routes!(cases::list::list, cases::create::create))
        .routes(routes!(
            cases::get::get,
            cases::update_status::update_status
        ))
        .routes(routes!(webhook_poll::poll))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .split_for_parts();
    let document = Document::new(api);
    let router = match watched {
        true => router.route("/metrics", get(metrics::render)),
        false => router,
    };
    router
        .route("/openapi.json", get(async move || Json(document)))
        .fallback(async || {
            ApiError::new(
                StatusCode::NOT_FOUND,
                "no_such_route",
                "there is nothing here",
            )
        })
        .method_not_allowed_fallback(async || {
            let message = "this path does not take this method";
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                message,
            )
        })
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(cors())
        .with_state(state)
}

/// Method, path and request id; no header and no query, which may hold names.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.extensions().get::<RequestId>();
    let id = id
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

/// Any origin may ask: what counts is the token, which a browser sends only when a script adds it.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        // `*` would not cover Authorization.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            ACCEPT_ENCODING,
            ACCEPT_RANGES,
            CONTENT_DISPOSITION,
            CONTENT_RANGE,
            ETAG,
            LOCATION,
            WWW_AUTHENTICATE,
            REQUEST_ID,
        ])
}
