//! What every answer says beside its content.

use axum::http::{HeaderName, HeaderValue, header};
use url::Url;

use crate::{CONFIG, ENTRY, HASHED, Settings};

/// What the pages may load and whom they may ask: themselves, the project (also for live notices, over a WebSocket), and the
/// service where it is elsewhere.
/// Previews of files are `blob:` URLs; a PDF's is shown in a frame. No text becomes script or HTML anywhere.
pub fn content_security_policy(settings: &Settings) -> String {
    let project = origin(&settings.supabase_url);
    let notices = project.replacen("http", "ws", 1);
    let mut asked = vec![project, notices];
    if let Ok(service) = Url::parse(&settings.service_url) {
        asked.push(origin(&service));
    }
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; frame-src blob:; \
         connect-src 'self' {}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        asked.join(" ")
    )
}

/// Never with a path: a source that ends without `/` would allow that path alone.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The headers of every answer below the desk's path.
pub(crate) fn security(settings: &Settings) -> Vec<(HeaderName, HeaderValue)> {
    let policy = HeaderValue::from_str(&content_security_policy(settings));
    let mut headers: Vec<_> = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .into();
    // An origin is ASCII without control characters, so there always is one.
    headers.extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers
}

/// How long a browser may keep a file: one with its hash in its name for good, the pages' beginning never.
pub(crate) fn cache_control(path: &str) -> &'static str {
    if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else if path == ENTRY || path == CONFIG {
        "no-store"
    } else {
        "no-cache"
    }
}
