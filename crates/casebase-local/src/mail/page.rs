//! The mails for people: a list, and each mail as its reader would see it.

use axum::{
    Router,
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use super::{Mailbox, api::not_found};

/// The page looks again by itself: whoever waits for a mail has it open.
const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>\
    <title>Mails of the local Supabase</title>\
    <style>body{font:1rem system-ui;margin:2rem}td,th{padding:.3rem 1rem .3rem 0;text-align:left}</style>\
    <h1>Mails</h1>";

pub(super) fn routes() -> Router<Mailbox> {
    Router::new()
        .route("/", get(list))
        .route("/view/{name}", get(view))
}

async fn list(State(mailbox): State<Mailbox>) -> Html<String> {
    let mails = mailbox.mails();
    if mails.is_empty() {
        return Html(format!(
            "{HEAD}<p>None yet. What the project would send arrives here and goes nowhere else."
        ));
    }
    let rows: String = mails
        .iter()
        .map(|caught| {
            format!(
                "<tr><td><a href=\"view/{}.html\">{}</a><td>{}<td>{}",
                caught.id,
                escaped(&caught.mail.subject),
                escaped(&caught.mail.to),
                caught.at.format("%Y-%m-%d %H:%M:%S UTC")
            )
        })
        .collect();
    Html(format!(
        "{HEAD}<table><tr><th>Subject<th>To<th>At{rows}</table>"
    ))
}

/// `ID.html` or `ID.txt`, as in Mailpit; `latest` for the newest.
async fn view(State(mailbox): State<Mailbox>, Path(name): Path<String>) -> Response {
    let (id, form) = name.rsplit_once('.').unwrap_or((&name, ""));
    match (mailbox.open(id), form) {
        (Some(caught), "html") => Html(caught.mail.html).into_response(),
        (Some(caught), "txt") => caught.mail.text.into_response(),
        _ => not_found(),
    }
}

/// Text as it stands in HTML, attributes included.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
