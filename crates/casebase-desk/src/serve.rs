//! The desk below `/desk/`.

use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect},
    routing::get,
};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

use crate::{BUILT, CONFIG, ENTRY, Settings, headers};

/// `/desk/` and everything below it.
pub fn router(settings: Settings) -> Router {
    let security = headers::security(&settings);
    let desk = Router::new()
        // What is relative in the page is relative to this folder.
        .route("/desk", get(async || Redirect::permanent("desk/")))
        .route("/desk/", get(async || built(ENTRY)))
        .route(
            "/desk/config.json",
            get(async move || (cached(CONFIG), Json(settings))),
        )
        .route(
            "/desk/{*path}",
            get(async |Path(path): Path<String>| built(&path)),
        )
        .layer(CompressionLayer::new());
    security.into_iter().fold(desk, |desk, (name, value)| {
        desk.layer(SetResponseHeaderLayer::overriding(name, value))
    })
}

fn built(path: &str) -> impl IntoResponse + use<> {
    let Some(file) = BUILT.get_file(path) else {
        return (StatusCode::NOT_FOUND, "there is no such page").into_response();
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = HeaderValue::from_str(kind.as_ref()).ok();
    let kind = kind.map(|kind| [(header::CONTENT_TYPE, kind)]);
    (kind, cached(path), file.contents()).into_response()
}

fn cached(path: &str) -> [(HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, headers::cache_control(path))]
}
