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

use super::{
    Storage,
    caller::{Caller, Role},
    error::Error,
    request::Request,
    respond,
};
use body::Object;
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

/// A request whose form is looked at before its caller is, as Storage's framework does.
struct Unproven {
    request: Request,
    access: Access,
}

impl Unproven {
    /// The object that the operation takes.
    async fn object(&self, body: Body) -> Result<Object, Error> {
        let sent = body::read(&self.request, body).await?;
        Object::from_body(body::value(sent)?)
    }

    /// The request, with the caller that its token proves.
    fn prove(self) -> Result<Request, Error> {
        let caller = authenticate(&self.request, self.access)?;
        Ok(Request {
            caller,
            ..self.request
        })
    }

    /// The same for an operation that needs no body, and none that is broken.
    async fn without(self, body: Body) -> Result<Request, Error> {
        let sent = body::read(&self.request, body).await?;
        body::value(sent)?;
        self.prove()
    }

    /// The same where clients say JSON and send nothing.
    async fn without_any(self, body: Body) -> Result<Request, Error> {
        body::read(&self.request, body).await?;
        self.prove()
    }
}

async fn answer(
    storage: Arc<Storage>,
    parts: Parts,
    body: Body,
    route: Route,
) -> Result<Response, Error> {
    let request = Request::new(storage, parts, route.operation.name());
    request.check_media_type()?;
    let access = route.operation.access();
    let asked = Unproven { request, access };
    let (bucket, key) = (route.bucket.as_str(), route.key.as_str());
    match route.operation {
        Operation::Status => Ok(respond::empty(StatusCode::OK)),
        Operation::CreateBucket => bucket_create::handle(asked, body).await,
        Operation::ListBuckets => bucket_list::handle(&asked.prove()?).await,
        Operation::GetBucket => bucket_get::handle(&asked.prove()?, bucket).await,
        Operation::UpdateBucket => bucket_update::handle(asked, bucket, body).await,
        Operation::DeleteBucket => {
            bucket_delete::handle(&asked.without_any(body).await?, bucket).await
        }
        Operation::EmptyBucket => {
            bucket_empty::handle(&asked.without_any(body).await?, bucket).await
        }
        Operation::Upload => object_upload::create(&asked.prove()?, bucket, key, body).await,
        Operation::Update => object_upload::update(&asked.prove()?, bucket, key, body).await,
        Operation::UploadSigned => object_upload::signed(&asked.prove()?, bucket, key, body).await,
        Operation::GetAuthenticated | Operation::Get => {
            object_get::by_caller(&asked.prove()?, bucket, key).await
        }
        Operation::GetPublic => object_get::public(&asked.prove()?, bucket, key).await,
        Operation::GetSigned => object_get::signed(&asked.prove()?, bucket, key).await,
        Operation::HeadAuthenticated | Operation::Head => {
            object_info::head(&asked.prove()?, bucket, key).await
        }
        Operation::HeadPublic => object_info::head_public(&asked.prove()?, bucket, key).await,
        Operation::InfoAuthenticated | Operation::Info => {
            object_info::info(&asked.prove()?, bucket, key).await
        }
        Operation::InfoPublic => object_info::info_public(&asked.prove()?, bucket, key).await,
        Operation::Delete => object_delete::one(&asked.without(body).await?, bucket, key).await,
        Operation::DeleteMany => object_delete::many(asked, bucket, body).await,
        Operation::List => object_list::handle(asked, bucket, body).await,
        Operation::ListV2 => object_list_v2::handle(asked, bucket, body).await,
        Operation::Move => object_move::handle(asked, body).await,
        Operation::Copy => object_copy::handle(asked, body).await,
        Operation::Sign => object_sign::one(asked, bucket, key, body).await,
        Operation::SignMany => object_sign::many(asked, bucket, body).await,
        Operation::SignUpload => {
            object_sign_upload::handle(&asked.without(body).await?, bucket, key).await
        }
    }
}

/// Who calls, as far as the route wants to know.
fn authenticate(request: &Request, access: Access) -> Result<Caller, Error> {
    let header = request.header(header::AUTHORIZATION);
    let keys = &request.storage.config.keys;
    match (access, header) {
        (Access::Project, _) => Ok(Caller::service()),
        (Access::Header | Access::Service, None) => Err(Error::validation(
            "headers must have required property 'authorization'",
        )),
        (Access::Anybody, header) => Ok(header
            .and_then(|header| Caller::from_token(keys, bearer(header)).ok())
            .unwrap_or_else(Caller::anonymous)),
        (Access::Service, header) => {
            let caller = Caller::from_token(keys, bearer(header.unwrap_or_default()))?;
            match caller.role {
                Role::Service => Ok(caller),
                Role::Anon | Role::Authenticated => {
                    Err(Error::access_denied("Access denied: Invalid role").with_rest_status(403))
                }
            }
        }
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
