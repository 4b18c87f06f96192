//! Every route, and what surrounds them.

use axum::{
    Json, Router,
    http::{
        StatusCode,
        header::{
            ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, LOCATION,
            RETRY_AFTER, WWW_AUTHENTICATE,
        },
    },
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    State, cases, documents,
    error::ApiError,
    files, health, limits, metrics,
    requests::{self, REQUEST_ID},
    webhook_events::Document,
    webhook_poll,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Casebase",
        description = "Case files, documents and cases, under the caller's own Supabase token. What is at `/v1/cases` \
            is at `/api/cases`, too. A case is `CASE-0006`, `case-6` or `6`.",
    ),
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

pub(crate) fn router(state: State, desk: casebase_desk::Settings) -> Router {
    let (router, api) = OpenApiRouter::with_openapi(Documentation::openapi())
        .routes(routes!(files::upload::upload))
        .routes(routes!(files::download::download, files::delete::delete))
        .routes(routes!(files::direct::direct))
        .routes(routes!(files::complete::complete))
        .routes(routes!(files::verify::verify))
        .routes(routes!(files::visibility::change))
        .routes(routes!(documents::list::list, documents::upload::upload))
        .routes(routes!(documents::direct::direct))
        .routes(routes!(
            documents::download::download,
            documents::replace::replace,
            documents::delete::delete
        ))
        .routes(routes!(documents::direct_version::direct))
        .routes(routes!(documents::complete::complete))
        .routes(routes!(
            cases::list::list,
            cases::create::create,
            cases::update_many::update_many
        ))
        .routes(routes!(cases::get::get, cases::update::update))
        .routes(routes!(
            cases::interactions::interactions,
            cases::reply::reply
        ))
        .routes(routes!(cases::timeline::timeline))
        .routes(routes!(cases::search::search))
        .routes(routes!(webhook_poll::poll))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .split_for_parts();
    let document = Document::new(api);
    let router = match state.watched {
        true => metrics::route(router),
        false => router,
    };
    router
        .merge(cases::under_the_old_name())
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
        .layer(from_fn(limits::tell))
        .layer(cors())
        // Pages, not an API: no other origin asks for them.
        .merge(casebase_desk::router(desk).with_state(()))
        .layer(from_fn_with_state(
            state.under_way.clone(),
            requests::observe,
        ))
        .with_state(state)
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
            limits::POLICY,
            limits::LEFT,
            RETRY_AFTER,
            WWW_AUTHENTICATE,
            REQUEST_ID,
        ])
}
