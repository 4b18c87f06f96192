//! Where a link in a mail leads on to, and what it takes there.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use url::form_urlencoded::{self, Serializer};
use url::{Host, Url};

use super::Auth;
use super::error::AuthError;

/// The page that the request wants to go on to, where it may be one: `redirect_to` in the query or as a header, else the
/// page the request is from, else the project's site.
pub(super) struct RedirectTo(pub String);

impl FromRequestParts<Arc<Auth>> for RedirectTo {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, auth: &Arc<Auth>) -> Result<Self, AuthError> {
        let query = parts.uri.query().unwrap_or_default();
        let in_query = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "redirect_to")
            .map(|(_, value)| value.into_owned());
        let header = |name: &str| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned()).filter(|text| !text.is_empty())
        };
        let asked = header("redirect_to").or(in_query);
        let target = [asked, header(header::REFERER.as_str())]
            .into_iter()
            .flatten()
            .find(|target| is_allowed(target, &auth.site_url));
        Ok(Self(target.unwrap_or_else(|| auth.site_url.clone())))
    }
}

/// Whether a browser finds a page there.
pub(super) fn is_web_page(url: &str) -> bool {
    let url = Url::parse(url);
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// The site itself, and what is on this machine by its address, as under `supabase start`'s configuration.
pub(super) fn is_allowed(raw: &str, site: &str) -> bool {
    let (Ok(target), Ok(site)) = (Url::parse(raw), Url::parse(site)) else {
        return false;
    };
    let is_loopback = match target.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain("localhost")) => site.host_str() == Some("localhost"),
        _ => false,
    };
    is_web_page(raw)
        && !raw.contains(char::is_control)
        && (is_loopback || target.origin() == site.origin())
}

/// `target#name=value…`, marked as Auth's, as pages that use supabase-js read it.
pub(super) fn with_fragment(target: &str, values: &[(&str, &str)]) -> String {
    let fragment = Serializer::new(String::new())
        .extend_pairs(values)
        .append_pair("sb", "")
        .finish();
    format!("{target}#{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_site_and_to_this_machine_and_nowhere_else() {
        let site = "https://desk.example/app";
        for allowed in [
            "https://desk.example/reset?x=1",
            "http://127.0.0.1:5173/reset",
            "https://127.0.0.1:3000",
            "http://[::1]:8080/",
        ] {
            assert!(is_allowed(allowed, site), "{allowed}");
        }
        for refused in [
            "",
            "/reset",
            "http://desk.example/reset",
            "https://desk.example:444/",
            "https://desk.example.evil.test/",
            "https://evil.test/?https://desk.example",
            "http://127.0.0.1\n/",
            "javascript://127.0.0.1/%0aalert(1)",
            "http://localhost:3000",
        ] {
            assert!(!is_allowed(refused, site), "{refused}");
        }
        assert!(is_allowed("http://localhost:5173", "http://localhost:3000"));
    }
}
