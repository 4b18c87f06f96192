//! Under which name a file is handed out, and whether a browser may show it in place.

use axum::http::HeaderValue;
use casebase_supabase::rows::{FileState, StoredFile};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 5987 lets stand for itself.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What file systems hold of a name, in bytes of UTF-8 (NAME_MAX; NTFS and APFS hold at least as much).
const LONGEST_NAME: usize = 255;
/// No extension that says anything is longer.
const LONGEST_EXTENSION: usize = 32;

/// What a browser draws and never runs. No SVG, which is a document with scripts.
const IMAGES: &[&str] = &[
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
];

/// How an answer presents a file to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presentation {
    /// To be saved.
    Attachment,
    /// An image, drawn in place.
    Image,
    /// A PDF, shown by the browser's own viewer.
    Pdf,
}

impl Presentation {
    /// In place only where that was asked for, the bytes were checked, and a browser runs nothing of them.
    pub(super) fn of(row: &StoredFile, inline: bool) -> Self {
        let kind = row.content_type.split(';').next().unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        match kind.as_str() {
            _ if !inline || row.state != FileState::Available => Self::Attachment,
            "application/pdf" => Self::Pdf,
            kind if IMAGES.contains(&kind) => Self::Image,
            _ => Self::Attachment,
        }
    }

    /// `Content-Disposition` (RFC 6266): the name in plain ASCII for old clients, and as it is for all others.
    pub(super) fn disposition(self, name: &str) -> Option<HeaderValue> {
        let kind = match self {
            Self::Attachment => "attachment",
            Self::Image | Self::Pdf => "inline",
        };
        let name = cut(name);
        let plain = |c: char| {
            if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%') {
                c
            } else {
                '_'
            }
        };
        let ascii: String = name.chars().map(plain).collect();
        let exact = utf8_percent_encode(&name, ATTR_CHAR);
        let text = format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{exact}");
        HeaderValue::from_str(&text).ok()
    }

    /// `Content-Security-Policy`. A sandbox is where nothing of ours is; Chromium's PDF viewer does not start in one. An
    /// image that is opened alone is laid out by a style of the browser's own.
    pub(super) fn policy(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Attachment => "sandbox",
            Self::Image => "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            Self::Pdf => "default-src 'none'",
        })
    }
}

/// The name, shortened to what a file system holds; its extension stays.
pub(super) fn cut(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= LONGEST_EXTENSION => name.split_at(dot),
        _ => (name, ""),
    };
    let end = stem.floor_char_boundary(LONGEST_NAME - extension.len());
    let stem = stem.get(..end).unwrap_or_default();
    // Where it was cut, a blank or a dot would be taken off by Windows, and the rest of a letter be drawn over the dot.
    let stem = stem.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    format!("{stem}{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str) -> String {
        let disposition = Presentation::Attachment.disposition(name);
        let text = disposition.as_ref().and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    }

    #[test]
    fn an_original_name_survives_and_cannot_break_out() {
        for (name, expected) in [
            (
                "a b.pdf",
                "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf",
            ),
            (
                "Größe.pdf",
                "attachment; filename=\"Gr__e.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf",
            ),
            (
                "x\"; filename=\"y.exe",
                "attachment; filename=\"x_; filename=_y.exe\"; filename*=UTF-8''x%22%3B%20filename%3D%22y.exe",
            ),
            (
                "a\r\nb",
                "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab",
            ),
        ] {
            assert_eq!(attachment(name), expected);
        }
    }

    #[test]
    fn a_name_is_cut_to_what_file_systems_hold_and_keeps_its_extension() {
        let fits = format!("{}.pdf", "ж".repeat(125));
        for (name, expected) in [
            (fits.clone(), fits.clone()),
            (format!("ж{fits}"), fits.clone()),
            (
                format!("{}.pdf", "a".repeat(1000)),
                format!("{}.pdf", "a".repeat(251)),
            ),
            // A letter is not cut in two.
            (
                format!("a{}.pdf", "😀".repeat(100)),
                format!("a{}.pdf", "😀".repeat(62)),
            ),
            (
                format!("{} . b.pdf", "a".repeat(249)),
                format!("{}.pdf", "a".repeat(249)),
            ),
            // What is no extension is cut with the rest.
            (
                format!("a.{}", "b".repeat(300)),
                format!("a.{}", "b".repeat(253)),
            ),
            ("c".repeat(300), "c".repeat(255)),
        ] {
            let got = cut(&name);
            assert_eq!(got, expected);
            assert!(got.len() <= LONGEST_NAME);
        }
    }
}
