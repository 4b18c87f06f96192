//! What a file's bytes must be.
//!
//! Refused are programs; pages and drawings that a browser would run, under any name but their own;
//! and content that is not what the extension says, for the extensions in [`KINDS`]. An extension
//! that is not there says nothing, so its content may be anything else.
//!
//! It is a check against mistakes and masquerade, not a virus scan.

use std::fmt;

use file_format::FileFormat;
use sha2::{Digest as _, Sha256};

use crate::name::PROGRAM_EXTENSIONS;

/// As much of a file's beginning as a decision needs.
pub const HEAD: usize = 8 * 1024;

/// Takes a file's bytes as they pass; remembers their digest, number and beginning.
#[derive(Default)]
pub struct Inspector {
    sha256: Sha256,
    size: u64,
    head: Vec<u8>,
}

/// What an [`Inspector`] saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Number of bytes.
    pub size: u64,
    /// The first [`HEAD`] bytes.
    pub head: Vec<u8>,
}

impl Inspector {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.size += bytes.len() as u64;
        let wanted = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend(bytes.iter().take(wanted));
    }

    /// There are no more.
    pub fn finish(self) -> Inspection {
        Inspection {
            sha256: hex::encode(self.sha256.finalize()),
            size: self.size,
            head: self.head,
        }
    }
}

/// Why a file's content is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name that a double click would run.
    #[error("files named .{0} are programs; pack it into an archive if it belongs to the case")]
    ProgramName(String),
    /// A program by its content.
    #[error("the file is a program ({0}); pack it into an archive if it belongs to the case")]
    Program(String),
    /// HTML or SVG under another name.
    #[error("the file is a web page or an SVG drawing, but is not named like one")]
    Markup,
    /// A known extension and another content.
    #[error("the file is named .{extension} but is not {expected}; it looks like {found}")]
    Disguised {
        /// The name's extension.
        extension: String,
        /// What the extension promises.
        expected: &'static str,
        /// What the bytes are.
        found: String,
    },
    /// Stored so that a browser would run it.
    #[error(
        "the file is stored as {0}, which a browser would run; store it as application/octet-stream"
    )]
    ActiveType(String),
    /// Stored as what the database does not take for a content type.
    #[error(
        "the file is stored as `{0}`, which is no content type; store it as one like application/pdf, in at most {MAX_CONTENT_TYPE} characters"
    )]
    NoType(String),
}

/// The content type a file is stored with: by its extension, never as the caller declares it. What
/// a browser would run is stored as plain bytes, because Storage serves it without `nosniff`.
pub fn content_type(extension: Option<&str>) -> String {
    let guess = extension.and_then(|e| mime_guess::from_ext(e).first());
    let guess = guess.map_or(OCTET_STREAM.to_owned(), |m| m.essence_str().to_owned());
    if is_active(&guess) {
        OCTET_STREAM.into()
    } else {
        guess
    }
}

const MAX_CONTENT_TYPE: usize = 255;
const OCTET_STREAM: &str = "application/octet-stream";

/// Whether a file named like this may begin like this.
pub fn check_content(extension: Option<&str>, head: &[u8]) -> Result<(), Refusal> {
    let extension = extension.unwrap_or_default();
    if PROGRAM_EXTENSIONS.contains(&extension) {
        return Err(Refusal::ProgramName(extension.into()));
    }
    let text = is_text(head);
    let format = FileFormat::from_bytes(head);
    // Some signatures are two letters long: text is never taken for a program.
    if !text && PROGRAMS.contains(&format) {
        return Err(Refusal::Program(format.name().into()));
    }
    if is_markup(head) && !MARKUP_EXTENSIONS.contains(&extension) {
        return Err(Refusal::Markup);
    }
    let Some(kind) = KINDS.iter().find(|k| k.extensions.contains(&extension)) else {
        return Ok(());
    };
    if kind.fits(head, format, text) {
        return Ok(());
    }
    Err(Refusal::Disguised {
        extension: extension.into(),
        expected: kind.name,
        found: describe(format, text),
    })
}

/// Whether Storage may serve a file with this content type.
pub fn check_stored_type(content_type: &str) -> Result<(), Refusal> {
    if !is_content_type(content_type) {
        return Err(Refusal::NoType(content_type.into()));
    }
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    if is_active(&essence) {
        Err(Refusal::ActiveType(essence))
    } else {
        Ok(())
    }
}

/// The rule of `case_files_content_type_check`.
fn is_content_type(text: &str) -> bool {
    let (essence, parameters) = match text.split_once(';') {
        Some((essence, parameters)) => (essence.strip_suffix(' ').unwrap_or(essence), parameters),
        None => (text, ""),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c);
    let token = |s: &str| !s.is_empty() && s.chars().all(legal);
    let named = essence
        .split_once('/')
        .is_some_and(|(kind, name)| token(kind) && token(name));
    let printable = parameters.chars().all(|c| matches!(c, ' '..='~'));
    named && printable && text.len() <= MAX_CONTENT_TYPE
}

/// Types that a browser runs scripts of when it opens them.
fn is_active(essence: &str) -> bool {
    let scripted = [
        "text/html",
        "text/javascript",
        "application/javascript",
        "text/ecmascript",
    ];
    let xml = essence.ends_with("/xml") || essence.ends_with("+xml") || essence == "text/xsl";
    // Office files end in +xml only in their parts, never as a whole.
    xml || scripted.contains(&essence) || essence == "application/x-shockwave-flash"
}

struct Kind {
    name: &'static str,
    extensions: &'static [&'static str],
    content: Content,
}

enum Content {
    /// One of these formats, by its signature.
    Formats(&'static [FileFormat]),
    /// Readable text in any encoding.
    Text,
}

impl Kind {
    fn fits(&self, head: &[u8], format: FileFormat, text: bool) -> bool {
        match self.content {
            // Some writers put a line break or a byte order mark before the PDF header.
            Content::Formats(formats) => {
                formats.contains(&format)
                    || formats.contains(&FileFormat::from_bytes(after_blanks(head)))
            }
            Content::Text => text && !KINDS.iter().any(|k| k.claims(format)),
        }
    }

    fn claims(&self, format: FileFormat) -> bool {
        matches!(self.content, Content::Formats(formats) if formats.contains(&format))
    }
}

const KINDS: &[Kind] = {
    use Content::{Formats, Text};
    use FileFormat as F;
    &[
        Kind {
            name: "a PDF document",
            extensions: &["pdf"],
            content: Formats(&[F::PortableDocumentFormat]),
        },
        Kind {
            name: "a PNG image",
            extensions: &["png"],
            content: Formats(&[
                F::PortableNetworkGraphics,
                F::AnimatedPortableNetworkGraphics,
            ]),
        },
        Kind {
            name: "a JPEG image",
            extensions: &["jpg", "jpeg", "jpe", "jfif"],
            content: Formats(&[F::JointPhotographicExpertsGroup]),
        },
        Kind {
            name: "a GIF image",
            extensions: &["gif"],
            content: Formats(&[F::GraphicsInterchangeFormat]),
        },
        Kind {
            name: "a WebP image",
            extensions: &["webp"],
            content: Formats(&[F::Webp]),
        },
        Kind {
            name: "a TIFF image",
            extensions: &["tif", "tiff"],
            content: Formats(&[F::TagImageFileFormat]),
        },
        Kind {
            name: "a bitmap",
            extensions: &["bmp"],
            content: Formats(&[F::WindowsBitmap]),
        },
        Kind {
            name: "an Office document (a ZIP package inside)",
            extensions: &["docx", "docm", "xlsx", "xlsm", "pptx", "pptm"],
            content: Formats(ZIP_BASED),
        },
        Kind {
            name: "an OpenDocument file (a ZIP package inside)",
            extensions: &["odt", "ods", "odp", "odg", "epub"],
            content: Formats(ZIP_BASED),
        },
        Kind {
            name: "a ZIP archive",
            extensions: &["zip"],
            content: Formats(ZIP_BASED),
        },
        Kind {
            name: "an older Office document or Outlook message",
            extensions: &["doc", "xls", "ppt", "msg"],
            // Word and Excel have long saved RTF under .doc.
            content: Formats(&[F::CompoundFileBinary, F::RichTextFormat]),
        },
        Kind {
            name: "an RTF document",
            extensions: &["rtf"],
            content: Formats(&[F::RichTextFormat]),
        },
        Kind {
            name: "a 7z archive",
            extensions: &["7z"],
            content: Formats(&[F::SevenZip]),
        },
        Kind {
            name: "a gzip archive",
            extensions: &["gz", "tgz"],
            content: Formats(&[F::Gzip]),
        },
        Kind {
            name: "text",
            extensions: &[
                "txt", "md", "csv", "tsv", "json", "log", "eml", "ics", "vcf", "yaml", "yml",
            ],
            content: Text,
        },
        Kind {
            name: "a page or drawing in text",
            extensions: MARKUP_EXTENSIONS,
            content: Text,
        },
    ]
};

/// A package's first bytes are those of any ZIP file; some readers name the package by them.
const ZIP_BASED: &[FileFormat] = &[
    FileFormat::Zip,
    FileFormat::OfficeOpenXmlDocument,
    FileFormat::OfficeOpenXmlSpreadsheet,
    FileFormat::OfficeOpenXmlPresentation,
    FileFormat::OpendocumentText,
    FileFormat::OpendocumentSpreadsheet,
    FileFormat::OpendocumentPresentation,
    FileFormat::OpendocumentGraphics,
    FileFormat::ElectronicPublication,
];

const MARKUP_EXTENSIONS: &[&str] = &["html", "htm", "xhtml", "svg", "xml"];

const PROGRAMS: &[FileFormat] = &[
    FileFormat::MsDosExecutable,
    FileFormat::PortableExecutable,
    FileFormat::NewExecutable,
    FileFormat::LinearExecutable,
    FileFormat::DynamicLinkLibrary,
    FileFormat::ExecutableAndLinkableFormat,
    FileFormat::MachO,
    FileFormat::JavaClass,
    FileFormat::DalvikExecutable,
    FileFormat::WebassemblyBinary,
    FileFormat::WindowsShortcut,
];

/// No NUL, unless a byte order mark says that it is UTF-16.
fn is_text(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || !head.contains(&0)
}

/// What a browser would take for HTML or SVG, whatever it is called.
fn is_markup(head: &[u8]) -> bool {
    let start: Vec<u8> = after_blanks(head)
        .iter()
        .take(1024)
        .map(u8::to_ascii_lowercase)
        .collect();
    let opens = |tag: &&[u8]| start.starts_with(tag);
    let contains = |tag: &[u8]| start.windows(tag.len()).any(|w| w == tag);
    let tags: [&[u8]; 8] = [
        b"<!doctype html",
        b"<!doctype svg",
        b"<html",
        b"<head",
        b"<body",
        b"<script",
        b"<iframe",
        b"<svg",
    ];
    let xml = start.starts_with(b"<?xml") && (contains(b"<svg") || contains(b"<html"));
    xml || tags.iter().any(opens)
}

/// The bytes after a byte order mark and white space.
fn after_blanks(head: &[u8]) -> &[u8] {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.trim_ascii_start()
}

fn describe(format: FileFormat, text: bool) -> String {
    match format {
        FileFormat::ArbitraryBinaryData | FileFormat::Empty if text => "text".into(),
        FileFormat::ArbitraryBinaryData | FileFormat::Empty => "binary data".into(),
        other => other.name().into(),
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0";
    const CFB: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0";
    const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0";

    #[test]
    fn content_that_fits_its_extension_is_taken() {
        for (extension, head) in [
            ("pdf", PDF),
            ("pdf", b"\xef\xbb\xbf\r\n%PDF-1.4"),
            ("png", PNG),
            ("jpeg", JPEG),
            ("docx", ZIP),
            ("odt", ZIP),
            ("zip", ZIP),
            ("doc", CFB),
            ("doc", b"{\\rtf1\\ansi"),
            ("txt", b"MZ is how some sentences begin"),
            ("csv", b"name;gr\xf6\xdfe\r\n"),
            ("txt", b"\xff\xfeh\0i\0"),
            ("md", b"# Title\n<p align=center>"),
            ("html", b"<!DOCTYPE html><p>a saved page</p>"),
            (
                "svg",
                b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            ),
            ("dwg", b"AC1032\0\0\0\0"),
            ("", b"a note without an extension"),
        ] {
            let extension = Some(extension).filter(|e| !e.is_empty());
            assert_eq!(
                check_content(extension, head),
                Ok(()),
                "{extension:?} {head:?}"
            );
        }
    }

    #[test]
    fn programs_are_refused_under_any_name() {
        for (extension, head) in [("pdf", EXE), ("bin", EXE), ("txt", ELF), ("", ELF)] {
            let refusal = check_content(Some(extension), head).unwrap_err();
            assert!(
                matches!(refusal, Refusal::Program(_)),
                "{extension}: {refusal}"
            );
        }
        let refusal = check_content(Some("vbs"), b"MsgBox 1").unwrap_err();
        assert_eq!(refusal, Refusal::ProgramName("vbs".into()));
    }

    #[test]
    fn pages_and_drawings_are_refused_under_another_name() {
        for head in [
            &b"\n <HTML><script>alert(1)</script>"[..],
            b"\xef\xbb\xbf<!doctype html>",
            b"<svg onload=alert(1)>",
            b"<?xml version=\"1.0\"?>\n<!-- x --><svg/>",
        ] {
            for extension in ["txt", "pdf", "png", "dat"] {
                assert_eq!(check_content(Some(extension), head), Err(Refusal::Markup));
            }
        }
    }

    #[test]
    fn a_disguised_file_is_refused_in_a_sentence_that_names_both() {
        let refusal = check_content(Some("pdf"), PNG).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the file is named .pdf but is not a PDF document; it looks like Portable Network Graphics"
        );
        for (extension, head) in [
            ("png", JPEG),
            ("txt", PNG),
            ("txt", PDF),
            ("csv", ZIP),
            ("docx", CFB),
            ("pdf", b"just words"),
            ("json", b"\0\0\0\0"),
        ] {
            let refusal = check_content(Some(extension), head).unwrap_err();
            assert!(
                matches!(refusal, Refusal::Disguised { .. }),
                "{extension}: {refusal}"
            );
        }
    }

    #[test]
    fn what_a_browser_would_run_is_stored_as_plain_bytes() {
        assert_eq!(content_type(Some("pdf")), "application/pdf");
        assert_eq!(content_type(Some("txt")), "text/plain");
        for extension in [
            Some("html"),
            Some("svg"),
            Some("xml"),
            Some("js"),
            Some("zzz"),
            None,
        ] {
            assert_eq!(
                content_type(extension),
                "application/octet-stream",
                "{extension:?}"
            );
        }
        assert!(check_stored_type("application/pdf").is_ok());
        for active in ["text/html; charset=utf-8", "IMAGE/SVG+XML", "text/xml"] {
            assert!(check_stored_type(active).is_err(), "{active}");
        }
    }

    #[test]
    fn what_the_database_takes_for_no_content_type_is_refused_before_it_is_asked() {
        let long = format!("text/{}", "x".repeat(250));
        for good in ["a/b", "text/plain; charset=utf-8", "text/plain ;x", &long] {
            assert_eq!(check_stored_type(good), Ok(()), "{good}");
        }
        let too_long = format!("{long}x");
        for bad in [
            "",
            "text",
            "text/",
            "/plain",
            "a/b/c",
            "a b/c",
            "text/plain  ;",
            "a/b;\t",
            "a/b;\u{e9}",
            &too_long,
        ] {
            let refusal = check_stored_type(bad);
            assert_eq!(refusal, Err(Refusal::NoType(bad.into())), "{bad}");
        }
    }

    #[test]
    fn an_inspection_does_not_depend_on_how_the_bytes_were_cut() {
        let bytes: Vec<u8> = (0..3 * HEAD).map(|i| (i % 251) as u8).collect();
        let mut whole = Inspector::default();
        whole.update(&bytes);
        let mut pieces = Inspector::default();
        bytes.chunks(1000).for_each(|c| pieces.update(c));
        let inspection = pieces.finish();
        assert_eq!(inspection, whole.finish());
        assert_eq!(inspection.head, bytes[..HEAD]);
        let mut abc = Inspector::default();
        abc.update(b"abc");
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(abc.finish().sha256, known);
    }
}
