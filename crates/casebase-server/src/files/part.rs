//! What a form's part says of itself: which field it is, and what its file is called where it came from.
//!
//! Browsers write `filename="…"` in UTF-8, with `%22`, `%0D` and `%0A` for what would end it (WHATWG, multipart/form-data
//! encoding algorithm). Other programs write it percent-encoded as a whole (React Native), as RFC 5987 has it
//! (`filename*=utf-8''…`), in Latin-1, or as words of a mail's head (RFC 2047). All of them mean the same name.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header::CONTENT_DISPOSITION};
use encoding_rs::WINDOWS_1252;
use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// 255 characters as any program writes them are shorter. What is longer is not read, and refused as a name.
const MAX_WRITTEN_NAME: usize = 8 * 1024;

/// A part's `Content-Disposition`.
pub(super) struct Disposition {
    parameters: BTreeMap<String, String>,
    /// Whether it has a `filename*` of any kind, which says by itself how it is to be read.
    extended: bool,
}

impl Disposition {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let bytes = headers.get(CONTENT_DISPOSITION).map(|v| v.as_bytes());
        let bytes = bytes.unwrap_or_default();
        let text = match str::from_utf8(bytes) {
            Ok(text) => text.into(),
            // What is called Latin-1 is this (WHATWG, Encoding).
            Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        };
        Self {
            parameters: parameters(&text),
            extended: text.to_ascii_lowercase().contains("filename*"),
        }
    }

    /// The field that the part is.
    pub(super) fn field(&self) -> Option<&str> {
        self.parameters.get("name").map(String::as_str)
    }

    /// Whether the part is a file. A form that was sent without choosing one says an empty name.
    pub(super) fn is_file(&self) -> bool {
        let names = ["filename", "filename*"].map(|key| self.parameters.get(key));
        names.into_iter().flatten().any(|name| !name.is_empty())
    }

    /// The file's name as it was where it came from, if the part has one.
    pub(super) fn file_name(&self) -> Result<Option<String>, ApiError> {
        if !self.is_file() {
            return Ok(None);
        }
        if !self.extended {
            let name = self.parameters.get("filename").map(String::as_str);
            return Ok(name.map(plain));
        }
        let name = match self.parameters.get("filename*") {
            // Beside a `filename`, which is for older readers, it is left as it is written.
            Some(written) => parameters(&format!("x; filename*={written}")).remove("filename"),
            None => self.parameters.get("filename").cloned(),
        };
        let read = name.filter(|name| !name.contains(char::REPLACEMENT_CHARACTER));
        read.map(Some).ok_or_else(|| {
            let message = "the file's name is not written in the character set that it says";
            ApiError::field("name", "invalid_name", message)
                .hint("write it like filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf, or send it as ?name=…")
        })
    }
}

/// By their names in lower case. Read as a mail's: of what forms write, only a `\` that escapes nothing is different there.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        kept.push(c);
        if c == '\\' {
            kept.push(
                rest.next_if(|next| matches!(next, '"' | '\\'))
                    .unwrap_or('\\'),
            );
        }
    }
    mailparse::parse_content_disposition(&kept).params
}

/// The name that a `filename` means.
fn plain(written: &str) -> String {
    if written.len() > MAX_WRITTEN_NAME {
        return written.to_owned();
    }
    of_mail(written)
        .or_else(|| percent_decoded(written))
        .unwrap_or_else(|| of_browser(written))
}

/// Words of RFC 2047.
fn of_mail(written: &str) -> Option<String> {
    if !written.contains("=?") || !written.contains("?=") {
        return None;
    }
    let head = format!("name: {written}");
    let (head, _) = mailparse::parse_header(head.as_bytes()).ok()?;
    head.get_value_utf8().ok()
}

/// Percent-encoded as a whole: nothing is left in it that had to be encoded.
fn percent_decoded(written: &str) -> Option<String> {
    let encoded = |mut part: std::str::Chars<'_>| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_hexdigit());
        digit(part.next()) && digit(part.next())
    };
    let whole = written.bytes().all(|b| b.is_ascii_graphic() && b != b'"')
        && written.split('%').skip(1).all(|part| encoded(part.chars()));
    let decoded = percent_decode_str(written).decode_utf8().ok()?;
    whole.then(|| decoded.into_owned())
}

fn of_browser(written: &str) -> String {
    let mut name = written.to_owned();
    for (escape, meant) in [("%22", "\""), ("%0D", "\r"), ("%0A", "\n")] {
        name = name.replace(escape, meant);
    }
    name
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn disposition(text: &[u8]) -> Disposition {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_bytes(text).unwrap());
        Disposition::of(&headers)
    }

    fn file_name(text: &[u8]) -> Option<String> {
        let disposition = disposition(text);
        assert_eq!(disposition.field(), Some("file"));
        disposition.file_name().unwrap()
    }

    #[test]
    fn a_name_is_one_in_any_dress() {
        let latin_1 = b"form-data; name=\"file\"; filename=\"Gr\xf6\xdfe.pdf\"";
        assert_eq!(file_name(latin_1).as_deref(), Some("Größe.pdf"));
        for dress in [
            "form-data; name=\"file\"; filename=\"Größe.pdf\"",
            "form-data; name=file; filename=Größe.pdf",
            "Form-Data;NAME=\"file\";FILENAME=\"Größe.pdf\"",
            "form-data; filename = \"Größe.pdf\" ; name=\"file\"",
            "form-data; name=\"file\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf",
            "form-data; name=\"file\"; filename*=UTF-8'de'Gr%c3%b6%c3%9fe.pdf",
            "form-data; name=\"file\"; FileName*=\"utf-8''Gr%C3%B6%C3%9Fe.pdf\"",
            "form-data; name=\"file\"; filename*=iso-8859-1''Gr%F6%DFe.pdf",
            "form-data; name=\"file\"; filename=\"Gr__e.pdf\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf",
            "form-data; name=\"file\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf; filename=\"Gr__e.pdf\"",
            "form-data; name=\"file\"; filename*0*=utf-8''Gr%C3%B6; filename*1*=%C3%9Fe.pdf",
            "form-data; name=\"file\"; filename=\"Gr%C3%B6%C3%9Fe.pdf\"",
            "form-data; name=\"file\"; filename=\"Gr%C3%B6%C3%9Fe.pdf\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf",
            "form-data; name=\"file\"; filename=\"=?UTF-8?B?R3LDtsOfZS5wZGY=?=\"",
            "form-data; name=\"file\"; filename=\"=?utf-8?q?Gr=C3=B6=C3=9Fe.pdf?=\"",
            "form-data; name=\"file\"; filename=\"=?ISO-8859-1?Q?Gr=F6=DFe?= =?UTF-8?Q?.pdf?=\"",
        ] {
            assert_eq!(
                file_name(dress.as_bytes()).as_deref(),
                Some("Größe.pdf"),
                "{dress}"
            );
        }
    }

    #[test]
    fn what_only_looks_encoded_is_taken_as_it_is() {
        for (written, meant) in [
            ("a %22b%22; c.pdf", "a \"b\"; c.pdf"),
            ("a \\\"b\\\" c.pdf", "a \"b\" c.pdf"),
            ("a%0D%0Ab c", "a\r\nb c"),
            ("100% sure.pdf", "100% sure.pdf"),
            ("100%.pdf", "100%.pdf"),
            ("100%25 sure.pdf", "100%25 sure.pdf"),
            ("%FF.pdf", "%FF.pdf"),
            ("C:\\fakepath\\new.pdf", "C:\\fakepath\\new.pdf"),
            ("a\\\\b", "a\\b"),
            ("=?nothing?x?y?=", "=?nothing?x?y?="),
            ("what=?.txt", "what=?.txt"),
            ("a;b=c.txt", "a;b=c.txt"),
            ("it's+a&b.txt", "it's+a&b.txt"),
            ("\u{1f600} 😀.png", "\u{1f600} 😀.png"),
        ] {
            let text = format!("form-data; name=\"file\"; filename=\"{written}\"");
            assert_eq!(file_name(text.as_bytes()).as_deref(), Some(meant));
        }
        let once = "form-data; name=\"file\"; filename*=utf-8''100%2525.pdf";
        assert_eq!(file_name(once.as_bytes()).as_deref(), Some("100%25.pdf"));
    }

    #[test]
    fn what_can_not_be_read_is_refused_and_what_is_not_there_is_none() {
        for written in ["utf-8''%FF.pdf", "klingon''a.pdf", "a.pdf"] {
            let text = format!("form-data; name=\"file\"; filename*={written}; filename=\"a.pdf\"");
            let error = disposition(text.as_bytes()).file_name();
            assert!(error.is_err(), "{written}: {error:?}");
        }
        for none in [
            "form-data; name=\"file\"",
            "form-data; name=\"file\"; filename=\"\"",
        ] {
            assert_eq!(file_name(none.as_bytes()), None, "{none}");
        }
        assert_eq!(Disposition::of(&HeaderMap::new()).field(), None);
    }

    /// As long as a part's head may be, and full of what might be a beginning.
    #[test]
    fn a_head_of_any_shape_is_read() {
        for piece in [
            "=?",
            "?=",
            "=?a?b?",
            "%",
            "%2",
            "\\",
            "\"",
            ";",
            "filename*0*=",
            "'",
            "=?utf-8?q?a?= ",
        ] {
            let text = format!(
                "form-data; name=file; filename=\"{}",
                piece.repeat(60_000 / piece.len())
            );
            let _ = disposition(text.as_bytes()).file_name();
        }
    }
}
