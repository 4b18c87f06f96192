//! One file, up or down, past the service or at Storage itself.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::ensure;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use reqwest::{
    Body, Method, RequestBuilder, Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::Value;

use super::people::{BUCKET, Desk};

/// How a file goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To Storage itself.
    Direct,
    /// To the service, as the body: its length is known.
    Raw,
    /// To the service, in a form, as browsers do it.
    Form,
    /// To the service, as the body, in chunks: its length is not known.
    Chunks,
}

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct upload",
            Self::Raw => "upload",
            Self::Form => "upload in a form",
            Self::Chunks => "upload in chunks",
        }
    }
}

/// Where a file is: its path at Storage, or at the service.
#[derive(Clone)]
pub enum Stored {
    AtStorage(String),
    AtService(String),
}

/// A piece of every body; the first makes it a PDF.
const PIECE: usize = 256 * 1024;

const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

type Piece = std::io::Result<Bytes>;

fn body(size: u64) -> Body {
    Body::wrap_stream(pieces(size))
}

/// The same bytes in memory again and again, so that the client costs little.
fn pieces(size: u64) -> impl Stream<Item = Piece> + Send {
    let mut piece = vec![b'x'; PIECE];
    piece[..9].copy_from_slice(b"%PDF-1.7\n");
    let piece = Bytes::from(piece);
    stream::unfold(size, move |left| {
        let length = left.min(PIECE as u64) as usize;
        let next = (length > 0).then(|| (Ok(piece.slice(..length)), left - length as u64));
        std::future::ready(next)
    })
}

/// A form with nothing but a file of so many bytes, and how many it has itself.
fn form(size: u64) -> (Body, u64) {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    let length = head.len() as u64 + size + end.len() as u64;
    let [head, end] = [head, end].map(|text| stream::iter([Ok(Bytes::from(text))]));
    (
        Body::wrap_stream(head.chain(pieces(size)).chain(end)),
        length,
    )
}

pub async fn upload(desk: &Desk, service: &str, way: Way, size: u64) -> anyhow::Result<Stored> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let client = &desk.client;
    let path = format!("/v1/cases/{}/files", desk.case);
    match way {
        Way::Direct => {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let object = format!("{BUCKET}/{number}.pdf");
            let request = client.supabase(Method::POST, &format!("/storage/v1/object/{object}"));
            let request = request.header(CONTENT_TYPE, "application/pdf");
            succeeded(request.header(CONTENT_LENGTH, size).body(body(size))).await?;
            Ok(Stored::AtStorage(object))
        }
        Way::Raw => {
            let request = client.at(service, Method::POST, &format!("{path}?name=a.pdf"));
            stored(request.header(CONTENT_LENGTH, size).body(body(size))).await
        }
        Way::Form => {
            let (form, length) = form(size);
            let request = client.at(service, Method::POST, &path);
            let request = request.header(CONTENT_LENGTH, length);
            let form_data = format!("multipart/form-data; boundary={BOUNDARY}");
            stored(request.header(CONTENT_TYPE, form_data).body(form)).await
        }
        Way::Chunks => {
            let request = client.at(service, Method::POST, &format!("{path}?name=a.pdf"));
            stored(request.body(body(size))).await
        }
    }
}

async fn stored(request: RequestBuilder) -> anyhow::Result<Stored> {
    let row: Value = succeeded(request).await?.json().await?;
    ensure!(
        row["state"] == "available",
        "the file is not available: {row}"
    );
    Ok(Stored::AtService(format!("/v1/files/{}", row["id"])))
}

pub async fn download(
    desk: &Desk,
    service: &str,
    stored: &Stored,
    size: u64,
) -> anyhow::Result<()> {
    let request = match stored {
        Stored::AtStorage(object) => {
            let path = format!("/storage/v1/object/authenticated/{object}");
            desk.client.supabase(Method::GET, &path)
        }
        Stored::AtService(path) => desk.client.at(service, Method::GET, path),
    };
    let mut bytes = succeeded(request).await?.bytes_stream();
    let mut came = 0;
    while let Some(piece) = bytes.next().await {
        came += piece?.len() as u64;
    }
    ensure!(came == size, "{came} of {size} bytes came");
    Ok(())
}

pub async fn remove(desk: &Desk, service: &str, stored: &Stored) -> anyhow::Result<()> {
    let request = match stored {
        Stored::AtStorage(object) => {
            let path = format!("/storage/v1/object/{object}");
            desk.client.supabase(Method::DELETE, &path)
        }
        Stored::AtService(path) => desk.staff.at(service, Method::DELETE, path),
    };
    succeeded(request).await?;
    Ok(())
}

async fn succeeded(request: RequestBuilder) -> anyhow::Result<Response> {
    let answer = request.send().await?;
    let status = answer.status();
    if !status.is_success() {
        anyhow::bail!("{status}: {}", answer.text().await?);
    }
    Ok(answer)
}
