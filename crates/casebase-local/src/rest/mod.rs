//! `/rest/v1`: what PostgREST answers.
//!
//! The modules are PostgREST's own steps. [`api_request`] reads the URL, the headers and the body;
//! [`plan`] says what that means against the [`schema_cache`]; [`query`] writes it as SQL;
//! [`transaction`] runs it under the caller's role; [`response`] (or [`error`]) makes the answer.

mod api_request;
mod app;
mod auth;
mod config;
mod cors;
mod error;
mod openapi;
mod plan;
mod pool;
mod query;
mod reload;
mod response;
mod schema_cache;
mod similar;
mod transaction;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;

pub use self::config::Config;

use self::app::App;

/// The routes, without the `/rest/v1` prefix.
pub async fn router(config: Config) -> Result<Router, tokio_postgres::Error> {
    let app = App::start(config).await?;
    reload::listen(&app);
    Ok(Router::new().fallback(respond).with_state(app))
}

async fn respond(State(app): State<Arc<App>>, request: Request) -> Response {
    app.respond(request).await
}
