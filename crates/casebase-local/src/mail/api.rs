//! What of Mailpit's API (<https://mailpit.axllent.org/docs/api-v1/>) tests read mails with.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Caught, Mailbox};

/// As many as Mailpit lists unless asked for another number.
const DEFAULT_LIMIT: usize = 50;
const SNIPPET_LENGTH: usize = 250;
/// Who the mails are from, as in `supabase start`.
const FROM: &str = "admin@email.com";

pub(super) fn routes() -> Router<Mailbox> {
    Router::new()
        .route("/api/v1/messages", get(list).delete(delete))
        .route("/api/v1/search", get(list))
        .route("/api/v1/message/{id}", get(message))
}

#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    start: usize,
    limit: Option<usize>,
    /// `to:ada@example.com`, `subject:"Reset your password"`, words; all must be there.
    #[serde(default)]
    query: String,
}

async fn list(State(mailbox): State<Mailbox>, Query(listing): Query<Listing>) -> Json<Value> {
    let mails = mailbox.mails();
    let terms = terms(&listing.query);
    let matching: Vec<_> = mails
        .iter()
        .filter(|mail| terms.iter().all(|term| term.is_in(mail)))
        .collect();
    let limit = listing.limit.unwrap_or(DEFAULT_LIMIT);
    let page: Vec<_> = matching
        .iter()
        .skip(listing.start)
        .take(limit)
        .map(|mail| summary(mail))
        .collect();
    let unread = mails.iter().filter(|mail| !mail.read).count();
    let matching_unread = matching.iter().filter(|mail| !mail.read).count();
    Json(json!({
        "total": mails.len(),
        "unread": unread,
        "count": page.len(),
        "messages_count": matching.len(),
        "messages_unread": matching_unread,
        "start": listing.start,
        "tags": [],
        "messages": page,
    }))
}

async fn message(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    match mailbox.open(&id) {
        Some(mail) => Json(whole(&mail)).into_response(),
        None => not_found(),
    }
}

/// Without a body every mail goes, with `{"IDs": […]}` those.
async fn delete(State(mailbox): State<Mailbox>, body: Bytes) -> Response {
    #[derive(Deserialize, Default)]
    struct Deletion {
        #[serde(rename = "IDs", default)]
        ids: Vec<String>,
    }
    let deletion: Deletion = match body.is_empty() {
        true => Deletion::default(),
        false => match serde_json::from_slice(&body) {
            Ok(deletion) => deletion,
            Err(error) => {
                let why = format!("the body is not {{\"IDs\": [\"…\"]}}: {error}");
                return (StatusCode::BAD_REQUEST, why).into_response();
            }
        },
    };
    let gone = |mail: &Caught| deletion.ids.is_empty() || deletion.ids.contains(&mail.id);
    mailbox.mails().retain(|mail| !gone(mail));
    "ok".into_response()
}

pub(super) fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is no such mail").into_response()
}

fn summary(caught: &Caught) -> Value {
    let mail = &caught.mail;
    let snippet: Vec<&str> = mail.text.split_whitespace().collect();
    let snippet: String = snippet.join(" ").chars().take(SNIPPET_LENGTH).collect();
    json!({
        "ID": caught.id,
        "MessageID": format!("{}@localhost", caught.id),
        "Read": caught.read,
        "From": { "Name": "Admin", "Address": FROM },
        "To": [{ "Name": "", "Address": mail.to }],
        "Cc": [],
        "Bcc": [],
        "ReplyTo": [],
        "Subject": mail.subject,
        "Created": caught.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "Username": "",
        "Tags": [],
        "Size": mail.html.len() + mail.text.len(),
        "Attachments": 0,
        "Snippet": snippet,
    })
}

fn whole(caught: &Caught) -> Value {
    let mail = &caught.mail;
    json!({
        "ID": caught.id,
        "MessageID": format!("{}@localhost", caught.id),
        "From": { "Name": "Admin", "Address": FROM },
        "To": [{ "Name": "", "Address": mail.to }],
        "Cc": [],
        "Bcc": [],
        "ReplyTo": [],
        "ReturnPath": FROM,
        "Subject": mail.subject,
        "Date": caught.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "Username": "",
        "Tags": [],
        "Text": mail.text,
        "HTML": mail.html,
        "Size": mail.html.len() + mail.text.len(),
        "Inline": [],
        "Attachments": [],
    })
}

/// A part of a search, in lower case.
#[derive(Debug, PartialEq)]
enum Term {
    To(String),
    Subject(String),
    Anything(String),
}

/// Words and quoted phrases, each with the field it is looked for in.
fn terms(query: &str) -> Vec<Term> {
    let mut quoted = false;
    let ends_word = |c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    };
    let query = query.to_lowercase();
    let words = query.split(ends_word).map(|word| word.replace('"', ""));
    words
        .filter(|word| !word.is_empty())
        .map(|word| match word.split_once(':') {
            Some(("to", text)) => Term::To(text.to_owned()),
            Some(("subject", text)) => Term::Subject(text.to_owned()),
            _ => Term::Anything(word),
        })
        .collect()
}

impl Term {
    fn is_in(&self, caught: &Caught) -> bool {
        let mail = &caught.mail;
        let has = |field: &str, text: &str| field.to_lowercase().contains(text);
        match self {
            Self::To(text) => has(&mail.to, text),
            Self::Subject(text) => has(&mail.subject, text),
            Self::Anything(text) => [&mail.to, &mail.subject, &mail.text]
                .iter()
                .any(|field| has(field, text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_names_fields_and_keeps_phrases_together() {
        assert_eq!(
            terms(r#"to:"Ada@Example.com"  subject:"Reset your" now"#),
            [
                Term::To("ada@example.com".into()),
                Term::Subject("reset your".into()),
                Term::Anything("now".into()),
            ]
        );
        assert_eq!(terms(" "), []);
    }
}
