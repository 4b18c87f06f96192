//! Which of the accepted media types is answered, and how its body is made.

use crate::rest::api_request::media_type::MediaType;
use crate::rest::api_request::preferences::Representation;
use crate::rest::api_request::{Action, ApiRequest, Invocation};
use crate::rest::error::Error;

/// How rows become a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// A JSON array (for functions: what they return).
    Json {
        strip_nulls: bool,
    },
    /// The one row as an object.
    Object {
        strip_nulls: bool,
    },
    Csv,
    GeoJson,
    /// There is no body.
    None,
}

/// The first accepted type that can be given.
pub fn choose(request: &ApiRequest) -> Result<(Handler, MediaType), Error> {
    let (handler, media) = request
        .accept
        .iter()
        .find_map(offered)
        .ok_or_else(|| Error::media_type(&request.accept))?;
    let without_body = match request.action {
        Action::Mutate { .. } => request.preferences.representation != Some(Representation::Full),
        Action::Read { head, .. } => head,
        Action::Call { invocation, .. } => invocation == Invocation::Read { head: true },
        _ => false,
    };
    let handler = if without_body { Handler::None } else { handler };
    Ok((handler, media))
}

fn offered(accepted: &MediaType) -> Option<(Handler, MediaType)> {
    let handler = match accepted {
        MediaType::Any => {
            let plain = Handler::Json { strip_nulls: false };
            return Some((plain, MediaType::Json));
        }
        MediaType::Json => Handler::Json { strip_nulls: false },
        MediaType::ArrayStripped => Handler::Json { strip_nulls: true },
        MediaType::Object { strip_nulls } => Handler::Object {
            strip_nulls: *strip_nulls,
        },
        MediaType::Csv => Handler::Csv,
        MediaType::GeoJson => Handler::GeoJson,
        _ => return None,
    };
    Some((handler, accepted.clone()))
}

/// Whether the description of the schema may be given.
pub fn accepts_openapi(accept: &[MediaType]) -> bool {
    let given = [MediaType::OpenApi, MediaType::Json, MediaType::Any];
    accept.iter().any(|media| given.contains(media))
}
