//! Text in any encoding, and what in it a browser would run.

use super::bytes::starts_with_any;

/// The text of a file's beginning, as far as tags and headers need it: without what is not ASCII in UTF-16, as it is
/// in everything else. None: it is no text.
pub(super) fn text_of(head: &[u8]) -> Option<Vec<u8>> {
    if head.starts_with(b"\xff\xfe") {
        return Some(ascii_of(head, u16::from_le_bytes));
    }
    if head.starts_with(b"\xfe\xff") {
        return Some(ascii_of(head, u16::from_be_bytes));
    }
    if reads_as_bytes(head) {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        return Some(text.iter().copied().filter(|byte| *byte != 0).collect());
    }
    [u16::from_le_bytes, u16::from_be_bytes]
        .into_iter()
        .find(|order| reads_as_utf16(head, *order))
        .map(|order| ascii_of(head, order))
}

/// No byte that no text has: then signatures of a few letters say nothing.
pub(super) fn is_plain(head: &[u8]) -> bool {
    !head.iter().any(|byte| *byte == 0 || is_control(*byte))
}

fn is_control(byte: u8) -> bool {
    // Bell, backspace, tab, line ends, form feed, end of file (DOS), escape (terminals).
    byte < 0x20 && !matches!(byte, 7..=13 | 0x1a | 0x1b)
}

/// ASCII, UTF-8 or any code page. Some lines of business separate their fields with control characters (SWIFT, EDIFACT),
/// and logs are padded with NULs.
fn reads_as_bytes(head: &[u8]) -> bool {
    let nuls = head.iter().filter(|byte| **byte == 0).count();
    let controls = head
        .iter()
        .filter(|byte| **byte != 0 && is_control(**byte))
        .count();
    let written = head.len() - nuls;
    written > 0 && controls * 50 <= written && nul_runs(head) * 8 <= head.len()
}

fn nul_runs(head: &[u8]) -> usize {
    let begins = |pair: &[u8]| matches!(pair, [before, 0] if *before != 0);
    head.windows(2).filter(|pair| begins(pair)).count()
}

/// UTF-16 without a byte order mark: whole characters, none a control, and among them those that every language
/// separates its words and columns with.
fn reads_as_utf16(head: &[u8], order: fn([u8; 2]) -> u16) -> bool {
    let units = units(head, order);
    let mut ascii = 0_usize;
    let mut all = 0_usize;
    // The last character of a beginning may be half there.
    let whole = units.len().saturating_sub(1).max(1);
    for character in char::decode_utf16(units.iter().copied().take(whole)) {
        let Ok(character) = character else {
            return false;
        };
        if character == '\0' || u8::try_from(character).is_ok_and(is_control) {
            return false;
        }
        all += 1;
        ascii += usize::from(character.is_ascii());
    }
    all > 1 && ascii * 30 >= all
}

fn units(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Vec<u16> {
    let pairs = bytes.chunks_exact(2);
    pairs
        .filter_map(|pair| pair.try_into().ok().map(order))
        .collect()
}

fn ascii_of(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units = units(bytes, order);
    let ascii = units.into_iter().filter_map(|unit| u8::try_from(unit).ok());
    ascii.filter(|byte| *byte != 0).collect()
}

/// What a browser would run of a text, whatever it is called: a page, a drawing, a style sheet that makes one.
pub(super) fn page(text: &[u8]) -> Option<&'static str> {
    if is_archived_page(text) {
        return Some("a saved web page (MHTML)");
    }
    let text = after_preamble(text);
    let name = text.strip_prefix(b"<")?;
    if let Some(declared) = starts_after(name, b"!doctype") {
        let declared = declared.trim_ascii_start();
        return named(declared, &[b"html"], "a web page")
            .or_else(|| named(declared, &[b"svg"], "an SVG drawing"));
    }
    // A prefix of a namespace: <svg:svg>, <xsl:stylesheet>.
    let end = name
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b':')?;
    let tag = name.get(..end)?;
    let local = tag.rsplit(|byte| *byte == b':').next()?;
    let is = |names: &[&[u8]]| names.iter().any(|n| local.eq_ignore_ascii_case(n));
    if is(&[b"svg"]) {
        Some("an SVG drawing")
    } else if tag.len() > local.len() && is(&[b"stylesheet", b"transform"]) {
        Some("an XSLT style sheet")
    } else {
        is(PAGE_TAGS).then_some("a web page")
    }
}

/// The tags by which browsers know a page of an unknown type (WHATWG MIME Sniffing, 7.1), and those that begin a page's
/// parts.
const PAGE_TAGS: &[&[u8]] = &[
    b"html",
    b"head",
    b"body",
    b"script",
    b"iframe",
    b"frameset",
    b"h1",
    b"div",
    b"font",
    b"table",
    b"a",
    b"style",
    b"title",
    b"b",
    b"br",
    b"p",
    b"img",
    b"meta",
    b"link",
    b"base",
    b"form",
    b"object",
    b"embed",
    b"template",
];

/// The text behind white space, comments, processing instructions and the document types of other languages.
fn after_preamble(text: &[u8]) -> &[u8] {
    let mut rest = text.trim_ascii_start();
    loop {
        let end: &[u8] = if rest.starts_with(b"<!--") {
            b"-->"
        } else if rest.starts_with(b"<?") {
            b"?>"
        } else {
            return rest;
        };
        let Some(at) = memchr::memmem::find(rest, end) else {
            return rest;
        };
        rest = rest
            .get(at + end.len()..)
            .unwrap_or_default()
            .trim_ascii_start();
    }
}

fn named(text: &[u8], names: &[&[u8]], what: &'static str) -> Option<&'static str> {
    names
        .iter()
        .any(|n| starts_after(text, n).is_some())
        .then_some(what)
}

/// The text behind a word, in any case.
fn starts_after<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// A page with its parts as a browser saves it: a message whose header names the page.
fn is_archived_page(text: &[u8]) -> bool {
    let Some(header) = mail_header(text) else {
        return false;
    };
    let header = header.to_ascii_lowercase();
    let has = |text: &[u8]| memchr::memmem::find(&header, text).is_some();
    has(b"multipart/related") && (has(b"\nsnapshot-content-location:") || has(b"from: <saved by"))
}

/// The header of a message as mail programs save it (RFC 5322), or of the first in a mailbox.
pub(super) fn mail_header(head: &[u8]) -> Option<&[u8]> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let blank = [&b"\r\n\r\n"[..], b"\n\n"];
    let ends = blank.iter().filter_map(|b| memchr::memmem::find(head, b));
    let header = head.get(..ends.min().unwrap_or(head.len()))?;
    if !is_plain(header) {
        return None;
    }
    let mut lines = header.split(|byte| *byte == b'\n');
    let first = lines.next()?;
    let first = if first.starts_with(b"From ") {
        lines.next()?
    } else {
        first
    };
    is_mail_field(first).then_some(header)
}

/// `Subject: …`: a field that messages begin with, and other texts don't.
fn is_mail_field(line: &[u8]) -> bool {
    let Some(end) = line.iter().position(|byte| *byte == b':') else {
        return false;
    };
    let name = line.get(..end).unwrap_or_default();
    let known = MAIL_FIELDS.iter().any(|f| name.eq_ignore_ascii_case(f));
    known || starts_with_any(name, &[b"X-", b"x-", b"ARC-", b"List-"])
}

const MAIL_FIELDS: &[&[u8]] = &[
    b"Received",
    b"Return-Path",
    b"Delivered-To",
    b"Envelope-To",
    b"From",
    b"To",
    b"Cc",
    b"Subject",
    b"Date",
    b"Message-ID",
    b"MIME-Version",
    b"Content-Type",
    b"Reply-To",
    b"Sender",
    b"Authentication-Results",
    b"DKIM-Signature",
    b"Thread-Topic",
    b"Thread-Index",
    b"References",
    b"In-Reply-To",
    b"Received-SPF",
    b"Importance",
    b"Priority",
    b"User-Agent",
];
