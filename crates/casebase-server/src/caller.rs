//! Who is calling.

use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use casebase_supabase::jwt::UserToken;

use crate::{State, error::ApiError, limits::Standing};

/// The signed-in user of a request.
pub(crate) struct Caller(pub(crate) UserToken);

impl FromRequestParts<State> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, ApiError> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .ok_or_else(ApiError::no_token)?;
        let bearer = header.to_str().ok().and_then(|value| value.split_once(' '));
        let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        else {
            return Err(ApiError::no_token());
        };
        let user = state.verifier.verify(token.trim()).await?;
        let standing = parts.extensions.get::<Standing>();
        state.limits.admit(&user, standing)?;
        Ok(Self(user))
    }
}
