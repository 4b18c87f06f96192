//! `GET /admin/users?page=&per_page=&filter=&sort=`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use http::{Uri, header};
use serde::Serialize;

use super::super::Auth;
use super::super::caller::Administrator;
use super::super::error::AuthError;
use super::super::users::{AUDIENCE, User};

const DEFAULT_PER_PAGE: i64 = 50;

#[derive(Serialize)]
struct UserList {
    users: Vec<User>,
    aud: &'static str,
}

/// Sorted, as the page links write it.
type Parameters = BTreeMap<String, String>;

pub(in super::super) async fn list(
    _: Administrator,
    State(auth): State<Arc<Auth>>,
    uri: Uri,
    Query(parameters): Query<Parameters>,
) -> Result<impl IntoResponse, AuthError> {
    let page = number(&parameters, "page", 1)?;
    let per_page = number(&parameters, "per_page", DEFAULT_PER_PAGE)?;
    let descending = is_descending(parameters.get("sort").map(String::as_str))?;
    let filter = parameters
        .get("filter")
        .map(String::as_str)
        .filter(|filter| !filter.is_empty());

    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let offset = (page - 1).saturating_mul(per_page);
    let (users, total) = User::list(&tx, filter, descending, per_page, offset)
        .await
        .map_err(AuthError::database("Database error finding users"))?;
    let headers = [
        (
            header::LINK.as_str(),
            links(uri.path(), &parameters, page, per_page, total),
        ),
        ("x-total-count", total.to_string()),
    ];
    Ok((
        headers,
        Json(UserList {
            users,
            aud: AUDIENCE,
        }),
    ))
}

fn number(parameters: &Parameters, name: &str, default: i64) -> Result<i64, AuthError> {
    let Some(text) = parameters.get(name).filter(|text| !text.is_empty()) else {
        return Ok(default);
    };
    match text.parse::<u32>() {
        Ok(0) => Ok(default),
        Ok(number) => Ok(number.into()),
        Err(_) => Err(AuthError::invalid(format!(
            "Bad Pagination Parameters: {name} {text:?} is not a number"
        ))),
    }
}

/// `created_at asc` or `created_at desc`; the newest first unless told otherwise.
fn is_descending(sort: Option<&str>) -> Result<bool, AuthError> {
    let Some(sort) = sort else {
        return Ok(true);
    };
    let (field, direction) = sort.split_once(' ').unwrap_or((sort, "desc"));
    let refused = |why: String| Err(AuthError::invalid(format!("Bad Sort Parameters: {why}")));
    if field != "created_at" {
        return refused(format!("bad field for sort '{field}'"));
    }
    match direction.to_ascii_lowercase().as_str() {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => refused(format!(
            "bad direction for sort '{direction}', only 'asc' and 'desc' allowed"
        )),
    }
}

/// The `Link` header: the next page, if there is one, and the last.
fn links(path: &str, parameters: &Parameters, page: i64, per_page: i64, total: i64) -> String {
    let last = (total + per_page - 1) / per_page;
    let link = |page: i64, rel: &str| {
        let mut parameters = parameters.clone();
        parameters.insert("page".into(), page.to_string());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&parameters)
            .finish();
        format!("<{path}?{query}>; rel=\"{rel}\"")
    };
    match page < last {
        true => format!("{}, {}", link(page + 1, "next"), link(last, "last")),
        false => link(last, "last"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_next_and_the_last_page_and_keep_the_query() {
        let parameters = Parameters::from([("per_page".into(), "2".into())]);
        assert_eq!(
            links("/admin/users", &parameters, 1, 2, 5),
            r#"</admin/users?page=2&per_page=2>; rel="next", </admin/users?page=3&per_page=2>; rel="last""#
        );
        assert_eq!(
            links("/admin/users", &parameters, 3, 2, 5),
            r#"</admin/users?page=3&per_page=2>; rel="last""#
        );
    }

    #[test]
    fn only_created_at_sorts() {
        assert!(matches!(is_descending(None), Ok(true)));
        assert!(matches!(is_descending(Some("created_at asc")), Ok(false)));
        assert!(is_descending(Some("email asc")).is_err());
        assert!(is_descending(Some("created_at sideways")).is_err());
    }
}
