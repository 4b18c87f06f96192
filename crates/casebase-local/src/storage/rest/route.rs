//! Which operation a method and a path mean.

use http::Method;

use super::super::request::decode;

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Says that the server is there.
    Status,
    /// `POST /bucket`
    CreateBucket,
    /// `GET /bucket`
    ListBuckets,
    /// `GET /bucket/{id}`
    GetBucket,
    /// `PUT /bucket/{id}`
    UpdateBucket,
    /// `DELETE /bucket/{id}`
    DeleteBucket,
    /// `POST /bucket/{id}/empty`
    EmptyBucket,
    /// `POST /object/{bucket}/{key}`
    Upload,
    /// `PUT /object/{bucket}/{key}`
    Update,
    /// `PUT /object/upload/sign/{bucket}/{key}`
    UploadSigned,
    /// `GET /object/authenticated/{bucket}/{key}`
    GetAuthenticated,
    /// `GET /object/{bucket}/{key}`
    Get,
    /// `GET /object/public/{bucket}/{key}`
    GetPublic,
    /// `GET /object/sign/{bucket}/{key}`
    GetSigned,
    /// `HEAD /object/authenticated/{bucket}/{key}`
    HeadAuthenticated,
    /// `HEAD /object/{bucket}/{key}`
    Head,
    /// `HEAD /object/public/{bucket}/{key}`
    HeadPublic,
    /// `GET /object/info/authenticated/{bucket}/{key}`
    InfoAuthenticated,
    /// `GET /object/info/{bucket}/{key}`
    Info,
    /// `GET /object/info/public/{bucket}/{key}`
    InfoPublic,
    /// `DELETE /object/{bucket}/{key}`
    Delete,
    /// `DELETE /object/{bucket}`
    DeleteMany,
    /// `POST /object/list/{bucket}`
    List,
    /// `POST /object/list-v2/{bucket}`
    ListV2,
    /// `POST /object/move`
    Move,
    /// `POST /object/copy`
    Copy,
    /// `POST /object/sign/{bucket}/{key}`
    Sign,
    /// `POST /object/sign/{bucket}`
    SignMany,
    /// `POST /object/upload/sign/{bucket}/{key}`
    SignUpload,
}

/// What a route wants to know of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// An `Authorization` header, with a valid token.
    Header,
    /// A valid token.
    Token,
    /// The same, of the project itself.
    Service,
    /// A token if there is a valid one.
    Anybody,
    /// Nothing: the operation acts with the project's rights, within what it checks itself.
    Project,
}

impl Operation {
    /// What `storage.operation()` says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "",
            Self::CreateBucket => "storage.bucket.create",
            Self::ListBuckets => "storage.bucket.list",
            Self::GetBucket => "storage.bucket.get",
            Self::UpdateBucket => "storage.bucket.update",
            Self::DeleteBucket => "storage.bucket.delete",
            Self::EmptyBucket => "storage.bucket.empty",
            Self::Upload => "storage.object.upload",
            Self::Update => "storage.object.upload_update",
            Self::UploadSigned => "storage.object.upload_signed",
            Self::GetAuthenticated | Self::Get => "storage.object.get_authenticated",
            Self::GetPublic => "storage.object.get_public",
            Self::GetSigned => "storage.object.get_signed",
            Self::HeadAuthenticated | Self::Head => "object.head_authenticated_info",
            Self::HeadPublic | Self::InfoPublic => "storage.object.info_public",
            Self::InfoAuthenticated | Self::Info => "object.get_authenticated_info",
            Self::Delete => "storage.object.delete",
            Self::DeleteMany => "storage.object.delete_many",
            Self::List => "storage.object.list",
            Self::ListV2 => "storage.object.list_v2",
            Self::Move => "storage.object.move",
            Self::Copy => "storage.object.copy",
            Self::Sign => "storage.object.sign",
            Self::SignMany => "storage.object.sign_many",
            Self::SignUpload => "storage.object.sign_upload_url",
        }
    }

    /// What it wants to know of its caller.
    pub fn access(self) -> Access {
        match self {
            Self::Get | Self::Head | Self::Info => Access::Anybody,
            Self::Status
            | Self::GetPublic
            | Self::GetSigned
            | Self::HeadPublic
            | Self::InfoPublic
            | Self::UploadSigned => Access::Project,
            Self::ListV2 => Access::Token,
            Self::EmptyBucket => Access::Service,
            _ => Access::Header,
        }
    }
}

/// An operation and what the path names.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// What to do.
    pub operation: Operation,
    /// With which bucket; empty if the path names none.
    pub bucket: String,
    /// With which object; empty if the path names none.
    pub key: String,
}

/// The path can't be decoded.
#[derive(Debug, PartialEq, Eq)]
pub struct BadPath;

/// Finds the operation; `None` if there is none.
pub fn find(method: &Method, path: &str) -> Result<Option<Route>, BadPath> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => return Ok(None),
    };
    let Some((operation, bucket, key)) = matched(method, &segments) else {
        return Ok(None);
    };
    Ok(Some(Route {
        operation,
        bucket: decode(bucket).ok_or(BadPath)?,
        key: decode(&key.join("/")).ok_or(BadPath)?,
    }))
}

type Match<'a> = (Operation, &'a str, &'a [&'a str]);

fn matched<'a>(method: &str, segments: &'a [&'a str]) -> Option<Match<'a>> {
    match segments {
        ["status"] if method != "POST" => Some((Operation::Status, "", &[])),
        ["bucket", rest @ ..] => bucket(method, rest),
        ["object", rest @ ..] => object(method, rest),
        _ => None,
    }
}

fn bucket<'a>(method: &str, segments: &'a [&'a str]) -> Option<Match<'a>> {
    let (operation, id) = match (method, segments) {
        ("GET" | "HEAD", [] | [""]) => (Operation::ListBuckets, ""),
        ("POST", [] | [""]) => (Operation::CreateBucket, ""),
        ("GET" | "HEAD", [id]) => (Operation::GetBucket, *id),
        ("PUT", [id]) => (Operation::UpdateBucket, *id),
        ("DELETE", [id]) => (Operation::DeleteBucket, *id),
        ("POST", [id, "empty"]) => (Operation::EmptyBucket, *id),
        _ => return None,
    };
    Some((operation, id, &[]))
}

/// The named routes first: what is left is a bucket's name and a key, and both may look like anything.
fn object<'a>(method: &str, segments: &'a [&'a str]) -> Option<Match<'a>> {
    use Operation as O;
    let of = |operation, bucket: &'a &'a str, key: &'a [&'a str]| Some((operation, *bucket, key));
    match (method, segments) {
        ("POST", ["move"]) => Some((O::Move, "", &[])),
        ("POST", ["copy"]) => Some((O::Copy, "", &[])),
        ("POST", ["list", bucket]) => of(O::List, bucket, &[]),
        ("POST", ["list-v2", bucket]) => of(O::ListV2, bucket, &[]),
        ("POST", ["sign", bucket]) => of(O::SignMany, bucket, &[]),
        ("POST", ["sign", bucket, key @ ..]) => of(O::Sign, bucket, key),
        ("POST", ["upload", "sign", bucket, key @ ..]) if !key.is_empty() => {
            of(O::SignUpload, bucket, key)
        }
        ("PUT", ["upload", "sign", bucket, key @ ..]) if !key.is_empty() => {
            of(O::UploadSigned, bucket, key)
        }
        ("GET" | "HEAD", ["sign", bucket, key @ ..]) if !key.is_empty() => {
            of(O::GetSigned, bucket, key)
        }
        ("GET", ["info", "public", bucket, key @ ..]) if !key.is_empty() => {
            of(O::InfoPublic, bucket, key)
        }
        ("GET" | "HEAD", ["info", "authenticated", bucket, key @ ..]) if !key.is_empty() => {
            of(O::InfoAuthenticated, bucket, key)
        }
        ("GET" | "HEAD", ["info", bucket, key @ ..]) if !key.is_empty() => of(O::Info, bucket, key),
        ("GET", ["public", bucket, key @ ..]) if !key.is_empty() => of(O::GetPublic, bucket, key),
        ("HEAD", ["public", bucket, key @ ..]) if !key.is_empty() => of(O::HeadPublic, bucket, key),
        ("GET", ["authenticated", bucket, key @ ..]) if !key.is_empty() => {
            of(O::GetAuthenticated, bucket, key)
        }
        ("HEAD", ["authenticated", bucket, key @ ..]) if !key.is_empty() => {
            of(O::HeadAuthenticated, bucket, key)
        }
        ("DELETE", [bucket]) if !bucket.is_empty() => of(O::DeleteMany, bucket, &[]),
        (_, [_]) => None,
        ("GET", [bucket, key @ ..]) => of(O::Get, bucket, key),
        ("HEAD", [bucket, key @ ..]) => of(O::Head, bucket, key),
        ("POST", [bucket, key @ ..]) => of(O::Upload, bucket, key),
        ("PUT", [bucket, key @ ..]) => of(O::Update, bucket, key),
        ("DELETE", [bucket, key @ ..]) => of(O::Delete, bucket, key),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn route(method: Method, path: &str) -> Option<(Operation, String, String)> {
        let route = find(&method, path).expect("a path")?;
        Some((route.operation, route.bucket, route.key))
    }

    #[test]
    fn named_routes_win_over_buckets_of_the_same_name() {
        use Operation as O;
        for (method, path, operation, bucket, key) in [
            (Method::POST, "/object/a/b/c", O::Upload, "a", "b/c"),
            (Method::POST, "/object/a/", O::Upload, "a", ""),
            (Method::POST, "/object/sign/a", O::SignMany, "a", ""),
            (Method::POST, "/object/sign/a/b", O::Sign, "a", "b"),
            (Method::GET, "/object/sign/a", O::Get, "sign", "a"),
            (Method::GET, "/object/public/a/b", O::GetPublic, "a", "b"),
            (Method::GET, "/object/public/a", O::Get, "public", "a"),
            (Method::GET, "/object/info/public/a", O::Info, "public", "a"),
            (Method::DELETE, "/object/a", O::DeleteMany, "a", ""),
            (Method::POST, "/bucket/a/empty", O::EmptyBucket, "a", ""),
        ] {
            let found = route(method, path);
            assert_eq!(
                found,
                Some((operation, bucket.into(), key.into())),
                "{path}"
            );
        }
    }

    #[test]
    fn keys_are_decoded_once_and_keep_their_slashes() {
        let found = route(Method::GET, "/object/a/x%20y%2Fz//%252e");
        assert_eq!(
            found,
            Some((Operation::Get, "a".into(), "x y/z//%2e".into()))
        );
        assert_eq!(find(&Method::GET, "/object/a/%zz"), Err(BadPath));
        assert_eq!(find(&Method::GET, "/object/a/%ff"), Err(BadPath));
    }

    #[test]
    fn what_is_no_route_is_none() {
        for (method, path) in [
            (Method::GET, "/object"),
            (Method::POST, "/object/a"),
            (Method::PATCH, "/object/a/b"),
            (Method::GET, "/nothing"),
            (Method::GET, "/"),
        ] {
            assert_eq!(find(&method, path), Ok(None), "{path}");
        }
    }
}
