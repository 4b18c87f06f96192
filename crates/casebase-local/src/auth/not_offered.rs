//! What Supabase Auth offers and this stack does not: each endpoint says so, and what to do instead.

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use super::Auth;
use super::error::AuthError;

const NO_REAUTHENTICATION: &str = "The local stack changes a password without a nonce, as projects do unless secure password \
    change is switched on; leave it out";
const NO_PROVIDERS: &str = "The local stack has no external sign-in providers and is none itself; \
    sign in with e-mail and password";
const NO_FACTORS: &str =
    "The local stack has no second factors and passkeys; sessions are always aal1";
const NO_AUDIT_LOG: &str = "The local stack keeps no audit log";

const ENDPOINTS: [(&str, &str); 17] = [
    ("/reauthenticate", NO_REAUTHENTICATION),
    ("/authorize", NO_PROVIDERS),
    ("/callback", NO_PROVIDERS),
    ("/sso", NO_PROVIDERS),
    ("/sso/{*rest}", NO_PROVIDERS),
    ("/oauth/{*rest}", NO_PROVIDERS),
    ("/user/identities/{*rest}", NO_PROVIDERS),
    ("/user/oauth/{*rest}", NO_PROVIDERS),
    ("/admin/sso/{*rest}", NO_PROVIDERS),
    ("/admin/oauth/{*rest}", NO_PROVIDERS),
    ("/admin/custom-providers", NO_PROVIDERS),
    ("/.well-known/openid-configuration", NO_PROVIDERS),
    ("/factors", NO_FACTORS),
    ("/factors/{*rest}", NO_FACTORS),
    ("/passkeys/{*rest}", NO_FACTORS),
    ("/admin/users/{id}/factors", NO_FACTORS),
    ("/admin/audit", NO_AUDIT_LOG),
];

/// 422 with `feature_disabled`, whatever the method.
pub(super) fn routes() -> Router<Arc<Auth>> {
    ENDPOINTS
        .into_iter()
        .fold(Router::new(), |router, (path, sentence)| {
            router.route(
                path,
                any(move || async move { AuthError::not_offered(sentence) }),
            )
        })
}
