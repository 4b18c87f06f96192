//! The REST routes: buckets, objects, signed URLs.

mod body;
mod bucket_create;
mod bucket_delete;
mod bucket_empty;
mod bucket_get;
mod bucket_list;
mod bucket_update;
mod object_copy;
mod object_delete;
mod object_get;
mod object_info;
mod object_list;
mod object_list_v2;
mod object_move;
mod object_sign;
mod object_sign_upload;
mod object_upload;
mod route;

use std::sync::Arc;

use axum::{body::Body, extract::Request as HttpRequest, response::Response};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde_json::json;

use super::{Storage, caller::Caller, error::Error, request::Request, respond};
pub use bucket_delete::delete as delete_bucket;
use route::{Access, Operation, Route};

/// Answers a request.
pub async fn serve(storage: Arc<Storage>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let route = match route::find(&parts.method, parts.uri.path()) {
        Ok(Some(route)) => route,
        Ok(None) => return not_found(&parts),
        Err(route::BadPath) => return bad_path(&parts),
    };
    answer(storage, parts, body, route)
        .await
        .unwrap_or_else(|error| error.rest())
}

async fn answer(
    storage: Arc<Storage>,
    parts: Parts,
    body: Body,
    route: Route,
) -> Result<Response, Error> {
    let mut request = Request::new(storage, parts, route.operation.name());
    request.caller = authenticate(&request, route.operation.access())?;
    let (bucket, key) = (route.bucket.as_str(), route.key.as_str());
    match route.operation {
        Operation::Status => Ok(respond::empty(StatusCode::OK)),
        Operation::CreateBucket => bucket_create::handle(&request, body).await,
        Operation::ListBuckets => bucket_list::handle(&request).await,
        Operation::GetBucket => bucket_get::handle(&request, bucket).await,
        Operation::UpdateBucket => bucket_update::handle(&request, bucket, body).await,
        Operation::DeleteBucket => bucket_delete::handle(&request, bucket).await,
        Operation::EmptyBucket => bucket_empty::handle(&request, bucket).await,
        Operation::Upload => object_upload::create(&request, bucket, key, body).await,
        Operation::Update => object_upload::update(&request, bucket, key, body).await,
        Operation::UploadSigned => object_upload::signed(&request, bucket, key, body).await,
        Operation::GetAuthenticated | Operation::Get => {
            object_get::by_caller(&request, bucket, key).await
        }
        Operation::GetPublic => object_get::public(&request, bucket, key).await,
        Operation::GetSigned => object_get::signed(&request, bucket, key).await,
        Operation::HeadAuthenticated | Operation::Head => {
            object_info::head(&request, bucket, key).await
        }
        Operation::HeadPublic => object_info::head_public(&request, bucket, key).await,
        Operation::InfoAuthenticated | Operation::Info => {
            object_info::info(&request, bucket, key).await
        }
        Operation::InfoPublic => object_info::info_public(&request, bucket, key).await,
        Operation::Delete => object_delete::one(&request, bucket, key).await,
        Operation::DeleteMany => object_delete::many(&request, bucket, body).await,
        Operation::List => object_list::handle(&request, bucket, body).await,
        Operation::ListV2 => object_list_v2::handle(&request, bucket, body).await,
        Operation::Move => object_move::handle(&request, body).await,
        Operation::Copy => object_copy::handle(&request, body).await,
        Operation::Sign => object_sign::one(&request, bucket, key, body).await,
        Operation::SignMany => object_sign::many(&request, bucket, body).await,
        Operation::SignUpload => object_sign_upload::handle(&request, bucket, key).await,
    }
}

/// Who calls, as far as the route wants to know.
fn authenticate(request: &Request, access: Access) -> Result<Caller, Error> {
    let header = request.header(header::AUTHORIZATION);
    let keys = &request.storage.config.keys;
    match (access, header) {
        (Access::Project, _) => Ok(Caller::service()),
        (Access::Header, None) => Err(Error::validation(
            "headers must have required property 'authorization'",
        )),
        (Access::Anybody, header) => Ok(header
            .and_then(|header| Caller::from_token(keys, bearer(header)).ok())
            .unwrap_or_else(Caller::anonymous)),
        (_, header) => Caller::from_token(keys, bearer(header.unwrap_or_default())),
    }
}

/// The token of an `Authorization` header; one without the scheme is taken as it is.
pub fn bearer(header: &str) -> &str {
    match header.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => header[7..].trim_start(),
        _ => header,
    }
}

/// Within buckets and objects Storage answers in its own envelope, elsewhere as its framework does.
pub fn not_found(parts: &Parts) -> Response {
    let message = format!("Route {}:{} not found", parts.method, parts.uri);
    let path = parts.uri.path();
    let own = ["/bucket", "/object"]
        .iter()
        .any(|p| path == *p || path.starts_with(&format!("{p}/")));
    if !own {
        let body = json!({ "message": message, "error": "Not Found", "statusCode": 404 });
        return respond::json(StatusCode::NOT_FOUND, &body);
    }
    let body = json!({
        "statusCode": "404",
        "error": "Not Found",
        "message": message,
        "code": "InvalidRequest",
    });
    respond::with_type(
        StatusCode::NOT_FOUND,
        HeaderValue::from_static("application/json"),
        body.to_string(),
    )
}

/// What Storage's framework says to a path that can't be decoded.
pub fn bad_path(parts: &Parts) -> Response {
    let body = json!({
        "error": "Bad Request",
        "code": "FST_ERR_BAD_URL",
        "message": format!("'{}' is not a valid url component", parts.uri.path()),
        "statusCode": 400,
    });
    respond::json(StatusCode::BAD_REQUEST, &body)
}
