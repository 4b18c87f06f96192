#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use super::*;

const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n";
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xdb\0\x43\0";
const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\x01\x2bmeta\0\0\0\0";
const AVIF: &[u8] = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf\0\0\0\xf2meta\0\0\0\0";
const WEBP: &[u8] = b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0@\0";
const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0";
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
const TSV: &[u8] = b"Datum\tBetrag\tZweck\r\n01.02.2026\t-12,50\tGeb\xfchren\r\n";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What becomes of a file in pieces of any size: its type and notes, or the refusal.
fn judged(name: &str, bytes: &[u8]) -> Result<(String, Vec<String>), Refusal> {
    judged_by(&Rules::default(), name, bytes)
}

fn judged_by(rules: &Rules, name: &str, bytes: &[u8]) -> Result<(String, Vec<String>), Refusal> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let results = [1, 127, 1000, bytes.len().max(1)].map(|size| {
        let mut inspector = Inspector::default();
        bytes.chunks(size).for_each(|piece| inspector.update(piece));
        let accepted = rules.judge(extension, &inspector.finish())?;
        let notes = accepted
            .notes
            .into_iter()
            .map(|note| note.to_string())
            .collect();
        Ok((accepted.content_type, notes))
    });
    for result in &results {
        assert_eq!(*result, results[0], "{name} in pieces");
    }
    let [first, ..] = results;
    // What is taken in the end is not refused at its beginning.
    if first.is_ok() {
        let head = rules.judge_head(extension, bytes.get(..HEAD).unwrap_or(bytes));
        assert!(head.is_ok(), "{name}: {head:?}");
    }
    first
}

fn taken(name: &str, bytes: &[u8], content_type: &str, notes: &[&str]) {
    let notes = notes.iter().map(|note| note.to_string()).collect();
    let expected = Ok((content_type.to_owned(), notes));
    assert_eq!(judged(name, bytes), expected, "{name}");
}

fn disguised(name: &str, bytes: &[u8]) {
    let refusal = judged(name, bytes);
    assert!(
        matches!(refusal, Err(Refusal::Disguised { .. })),
        "{name}: {refusal:?}"
    );
}

fn program(name: &str, bytes: &[u8]) {
    let refusal = judged(name, bytes);
    assert!(
        matches!(refusal, Err(Refusal::Program(_))),
        "{name}: {refusal:?}"
    );
}

/// A ZIP archive as Info-ZIP writes one, its entries stored; `flags` and sizes as given.
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Archive {
    fn new() -> Self {
        Self {
            bytes: Vec::new(),
            directory: Vec::new(),
            entries: 0,
        }
    }

    fn with(self, name: &str, content: &[u8]) -> Self {
        self.entry(name, content, 0, content.len() as u32)
    }

    fn entry(mut self, name: &str, content: &[u8], flags: u16, unpacked: u32) -> Self {
        let at = self.bytes.len() as u32;
        let mut fields = vec![20, 0];
        fields.extend(flags.to_le_bytes());
        fields.extend([0; 10]);
        fields.extend((content.len() as u32).to_le_bytes());
        fields.extend(unpacked.to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&fields);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(content);
        self.directory.extend(b"PK\x01\x02\x14\x03");
        self.directory.extend(&fields);
        self.directory.extend([0; 10]);
        self.directory.extend(at.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.entries += 1;
        self
    }

    fn end(mut self) -> Vec<u8> {
        let at = self.bytes.len() as u32;
        self.bytes.extend(&self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.entries.to_le_bytes());
        self.bytes.extend(self.entries.to_le_bytes());
        self.bytes
            .extend((self.directory.len() as u32).to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

/// The parts that Word writes first, and its document.
fn docx() -> Archive {
    Archive::new()
        .with("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>")
        .with("_rels/.rels", b"<Relationships/>")
        .with("word/document.xml", b"<w:document/>")
}

fn xlsx() -> Archive {
    Archive::new()
        .with("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>")
        .with("xl/workbook.xml", b"<workbook/>")
}

fn opendocument(media_type: &str) -> Archive {
    Archive::new()
        .with("mimetype", media_type.as_bytes())
        .with("content.xml", b"<office:document-content/>")
}

/// A compound file: `padding` sectors of content, then the directory with these streams.
fn compound(padding: usize, class: [u8; 16], streams: &[&str]) -> Vec<u8> {
    let mut bytes = compound_header();
    bytes.resize(512 * (1 + padding), b'x');
    bytes.extend(entry("Root Entry", 5, class));
    streams
        .iter()
        .for_each(|name| bytes.extend(entry(name, 2, [0; 16])));
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn compound_header() -> Vec<u8> {
    let mut header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    header.resize(512, 0);
    header
}

fn entry(name: &str, kind: u8, class: [u8; 16]) -> Vec<u8> {
    let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = entry.len() as u16 + 2;
    entry.resize(64, 0);
    entry.extend(length.to_le_bytes());
    entry.extend([kind, 1]);
    entry.resize(80, 0xff);
    entry.extend(class);
    entry.resize(128, 0);
    entry
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_document_under_a_password_is_taken_and_says_so() {
    // Office writes the directory behind what it encrypted.
    for padding in [0, 1000] {
        let encrypted = compound(padding, [0; 16], &["EncryptionInfo", "EncryptedPackage"]);
        taken("a.docx", &encrypted, DOCX, &["password_protected"]);
        taken("a.xlsx", &encrypted, XLSX, &["password_protected"]);
    }
    let mut word = compound(1, [0; 16], &["WordDocument"]);
    word[512..524].copy_from_slice(b"\xec\xa5\xc1\0\0\0\0\0\0\0\0\x01");
    taken(
        "a.doc",
        &word,
        "application/msword",
        &["password_protected"],
    );
    let mut excel = compound(1, [0; 16], &["Workbook"]);
    excel[512..536]
        .copy_from_slice(b"\x09\x08\x10\0\0\x06\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\x2f\0\x36\0");
    taken(
        "a.xls",
        &excel,
        "application/vnd.ms-excel",
        &["password_protected"],
    );
    let encrypted = Archive::new().entry("a.txt", b"xxxx", 1, 4).end();
    taken(
        "a.zip",
        &encrypted,
        "application/zip",
        &["password_protected"],
    );
}

#[test]
fn a_pdf_may_have_something_before_it() {
    let warning = b"<br />\n<b>Warning</b>:  Undefined variable $x in <b>/srv/a.php</b> on line <b>7</b><br />\n";
    let printer = b"\x1b%-12345X@PJL JOB\r\n@PJL SET RESOLUTION=600\r\n@PJL ENTER LANGUAGE=PDF\r\n";
    let mail =
        b"Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment\r\n\r\n";
    for before in [
        &b""[..],
        b"\xef\xbb\xbf\r\n",
        warning,
        printer,
        mail,
        &[b'x'; 1024],
    ] {
        taken("a.pdf", &[before, PDF].concat(), "application/pdf", &[]);
    }
    disguised("a.pdf", &[&[b'x'; 1025], PDF].concat());
    disguised("a.pdf", b"just words");
    disguised("a.pdf", PNG);
    // A note that mentions the mark is a note.
    taken("a.txt", b"A PDF begins with %PDF-1.7.", "text/plain", &[]);
    taken("a", PDF, "application/pdf", &[]);
}

#[test]
fn a_photograph_under_another_ones_name_is_stored_as_what_it_is() {
    for (bytes, media_type) in [
        (HEIC, "image/heic"),
        (AVIF, "image/avif"),
        (WEBP, "image/webp"),
        (PNG, "image/png"),
    ] {
        taken("image.jpg", bytes, media_type, &["named_otherwise"]);
    }
    taken("image.png", JPEG, "image/jpeg", &["named_otherwise"]);
    taken("image.jpeg", JPEG, "image/jpeg", &[]);
    taken("image.heic", HEIC, "image/heic", &[]);
    disguised("image.jpg", PDF);
    disguised("image.png", SVG);
    disguised("image.png", b"<html><script>alert(1)</script>");
}

#[test]
fn what_banks_call_a_spreadsheet_is_taken() {
    let page = b"<html><head><meta charset=utf-8></head><table><tr><td>1</table>";
    let table = b"<table border=1><tr><td>1</td></tr></table>";
    let xml = b"<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"/>";
    taken("umsatz.xls", page, "text/plain", &["web_page"]);
    taken("umsatz.xls", table, "text/plain", &["web_page"]);
    taken("letter.doc", page, "text/plain", &["web_page"]);
    taken("umsatz.xls", TSV, "text/plain", &["named_otherwise"]);
    taken(
        "umsatz.xls",
        &utf16("Datum\tBetrag\r\n01.02.2026\t1,50\r\n"),
        "text/plain",
        &["named_otherwise"],
    );
    taken("umsatz.xls", xml, "text/plain", &["named_otherwise"]);
    taken("umsatz.xls", &xlsx().end(), XLSX, &["named_otherwise"]);
    taken(
        "letter.doc",
        b"{\\rtf1\\ansi hello}",
        "application/rtf",
        &["named_otherwise"],
    );
    disguised("umsatz.xls", PDF);
    disguised("umsatz.xlsx", TSV);
}

#[test]
fn text_is_taken_in_any_dress() {
    let tail = [&[0; 4096][..], b"2026-02-01 12:00:00 started\n"].concat();
    taken("a.log", &tail, "text/plain", &[]);
    let long = [&[0; 3 * HEAD][..], b"2026-02-01 12:00:00 started\n"].concat();
    taken("a.log", &long, "text/plain", &[]);
    let head = [b"2026-02-01 12:00:00 started\n", &[0; 4096][..]].concat();
    taken("a.log", &head, "text/plain", &[]);
    taken(
        "a.csv",
        &utf16("Name;Größe\r\nÄpfel;12\r\n"),
        "text/csv",
        &[],
    );
    taken(
        "a.csv",
        &utf16("Имя;Размер\r\nЯблоко;12\r\n"),
        "text/csv",
        &[],
    );
    let big_endian: Vec<u8> = "name;size\r\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    taken("a.csv", &big_endian, "text/csv", &[]);
    taken(
        "a.csv",
        &[b"\xff\xfe", &utf16("a;b\r\n")[..]].concat(),
        "text/csv",
        &[],
    );
    taken("a.csv", b"name;gr\xf6\xdfe\r\n", "text/csv", &[]);
    taken(
        "mt940.txt",
        b"\x01{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\r\n:20:STARTUMS\r\n:25:10020030/1234567\r\n:28C:0\r\n-}\x03",
        "text/plain",
        &[],
    );
    taken(
        "a.txt",
        b"MZ is how some sentences begin, and BM others",
        "text/plain",
        &[],
    );
    taken("a.json", b"{\"a\": 1}", "application/json", &[]);
    taken("a.c", b"#include <stdio.h>\n", "text/plain", &[]);
    taken("a.ts", b"export const a = 1;\n", "text/plain", &[]);
    disguised("a.txt", PNG);
    disguised("a.csv", &docx().end());
    disguised("a.json", b"\0\0\0\0");
    disguised("a.txt", &noise(5000));
}

#[test]
fn text_that_a_browser_would_run_is_plain_text_under_its_own_name() {
    let utf16_page = [b"\xff\xfe", &utf16("<html><script>alert(1)</script>")[..]].concat();
    for page in [
        &b"<html><script>alert(1)</script>"[..],
        b"\n  <p align=center>",
        b"\xef\xbb\xbf <!-- notes -->\n<!DOCTYPE html><p>",
        b"<?xml version=\"1.0\"?>\n<!-- x --><svg:svg xmlns:svg=\"http://www.w3.org/2000/svg\"/>",
        b"<?xml version=\"1.0\"?><xsl:stylesheet version=\"1.0\"/>",
        SVG,
        &utf16_page,
    ] {
        for name in ["a.md", "a.txt", "a.csv", "a.vue", "a.dat", "a"] {
            taken(name, page, "text/plain", &["web_page"]);
        }
        for name in [
            "a.html", "a.htm", "a.xhtml", "a.shtml", "a.svg", "a.mht", "a.xsl",
        ] {
            let refusal = judged(name, page);
            assert!(
                matches!(refusal, Err(Refusal::PageName(_))),
                "{name}: {refusal:?}"
            );
        }
    }
    taken(
        "README.md",
        b"<p align=center>\n# Title",
        "text/plain",
        &["web_page"],
    );
    taken(
        "a.txt",
        b"<case>not a tag of pages</case>",
        "text/plain",
        &[],
    );
}

#[test]
fn xml_is_taken_unless_a_browser_would_run_it() {
    let invoice = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?xml-stylesheet href=\"a.xsl\"?>\n<ubl:Invoice xmlns:ubl=\"urn:oasis\"/>";
    taken("rechnung.xml", invoice, "text/plain", &[]);
    for page in [
        &b"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><script/></html>"[..],
        b"<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"x\"><svg/>",
        b"<xsl:transform version=\"1.0\"/>",
    ] {
        let refusal = judged("a.xml", page);
        assert!(matches!(refusal, Err(Refusal::Page(_))), "{refusal:?}");
    }
}

#[test]
fn mails_are_taken_with_binary_parts() {
    let header = b"Return-Path: <a@example.org>\r\nSubject: Photo\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let mail = [header, PNG, &noise(3000), b"\r\n--b--\r\n"].concat();
    taken("a.eml", &mail, "message/rfc822", &[]);
    taken(
        "a.mbox",
        &[b"From a@example.org Sun Feb  1 12:00:00 2026\n", &mail[..]].concat(),
        "message/rfc822",
        &[],
    );
    taken(
        "a.msg",
        &compound(3, [0; 16], &["__properties_version1.0"]),
        "application/vnd.ms-outlook",
        &[],
    );
    let archived = b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype=\"text/html\"\r\n\r\n<html>";
    taken("a.eml", archived, "text/plain", &["web_page"]);
    taken("a.txt", archived, "text/plain", &["web_page"]);
    disguised("a.eml", PNG);
    disguised("a.eml", &noise(3000));
}

#[test]
fn packages_are_recognised_as_what_they_are() {
    let odt = "application/vnd.oasis.opendocument.text";
    taken("a.docx", &docx().end(), DOCX, &[]);
    taken("a.docx", &xlsx().end(), XLSX, &["named_otherwise"]);
    taken("a.odt", &opendocument(odt).end(), odt, &[]);
    taken(
        "a.docx",
        &opendocument(odt).end(),
        odt,
        &["named_otherwise"],
    );
    taken(
        "a.epub",
        &opendocument("application/epub+zip").end(),
        "application/epub+zip",
        &[],
    );
    taken("a.zip", &docx().end(), DOCX, &[]);
    taken(
        "a.zip",
        &Archive::new().with("word/a.txt", b"x").end(),
        "application/zip",
        &[],
    );
    taken(
        "a.kmz",
        &Archive::new().with("doc.kml", b"<kml/>").end(),
        "application/vnd.google-earth.kmz",
        &[],
    );
    taken(
        "a.pages",
        &Archive::new().with("Index/Document.iwa", b"x").end(),
        "application/vnd.apple.pages",
        &[],
    );
    taken("a.zip", &Archive::new().end(), "application/zip", &[]);
    taken(
        "a.doc",
        &compound(900, [0; 16], &["WordDocument"]),
        "application/msword",
        &[],
    );
    taken(
        "a.docx",
        &compound(0, [0; 16], &["WordDocument"]),
        "application/msword",
        &["named_otherwise"],
    );
    // Its parts come in any order, and what tells them may come last.
    let late = Archive::new()
        .with("docProps/app.xml", &noise(HEAD + 1))
        .with("word/document.xml", b"x")
        .with("[Content_Types].xml", b"x");
    taken("a.docx", &late.end(), DOCX, &[]);
    disguised("a.docx", &Archive::new().with("a.txt", b"x").end());
    disguised("a.docx", PDF);
}

#[test]
fn what_is_risky_inside_is_noted_or_refused() {
    let refuse = Rules {
        risky: Risky::Refuse,
        ..Rules::default()
    };
    let many: Vec<u8> = std::iter::repeat_n(*b"0123456789", 1000)
        .flatten()
        .collect();
    let gzip = [
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        &noise(2000)[..],
        &(900_000_000_u32).to_le_bytes(),
    ]
    .concat();
    let mut damaged = docx().end();
    damaged.truncate(damaged.len() - 30);
    for (name, bytes, note) in [
        (
            "a.docm",
            docx().with("word/vbaProject.bin", b"x").end(),
            "macros",
        ),
        (
            "a.xlsm",
            xlsx().with("xl/macrosheets/sheet1.xml", b"x").end(),
            "macros",
        ),
        (
            "a.odt",
            opendocument("application/vnd.oasis.opendocument.text")
                .with("Basic/Standard/Module1.xml", b"x")
                .end(),
            "macros",
        ),
        (
            "a.doc",
            compound(600, [0; 16], &["WordDocument", "Macros", "_VBA_PROJECT"]),
            "macros",
        ),
        (
            "a.docx",
            docx().with("word/embeddings/oleObject1.bin", b"x").end(),
            "embedded_objects",
        ),
        (
            "a.doc",
            compound(0, [0; 16], &["WordDocument", "\u{1}Ole10Native"]),
            "embedded_objects",
        ),
        (
            "a.rtf",
            [
                b"{\\rtf1 ",
                &many[..],
                b"{\\object\\objemb{\\*\\objdata 0105}}}",
            ]
            .concat(),
            "embedded_objects",
        ),
        (
            "a.zip",
            Archive::new().with("tools/Setup.EXE", b"x").end(),
            "programs",
        ),
        (
            "a.docx",
            docx().with("word/embeddings/run.js", b"x").end(),
            "programs",
        ),
        (
            "a.zip",
            Archive::new().with("inner.zip", b"x").end(),
            "archives",
        ),
        (
            "a.zip",
            Archive::new().entry("zeros", b"x", 0, 4_000_000_000).end(),
            "expands",
        ),
        ("a.gz", gzip, "expands"),
        ("a.docx", damaged, "not_looked_through"),
    ] {
        let notes = judged(name, &bytes).map(|(_, notes)| notes);
        assert_eq!(notes, Ok(vec![note.to_owned()]), "{name}");
        let refusal = judged_by(&refuse, name, &bytes);
        assert!(
            matches!(refusal, Err(Refusal::Risky(_))),
            "{name}: {refusal:?}"
        );
    }
    // What opens with a password only, or is called otherwise, is no risk of that kind.
    let encrypted = compound(0, [0; 16], &["EncryptedPackage"]);
    assert!(judged_by(&refuse, "a.docx", &encrypted).is_ok());
    assert!(judged_by(&refuse, "a.jpg", PNG).is_ok());
}

#[test]
fn an_archive_of_more_files_than_are_looked_through_says_so() {
    let names = (0..20_000).map(|n| format!("{n:040}"));
    let archive = names.fold(Archive::new(), |archive, name| archive.with(&name, b"x"));
    let bytes = archive.end();
    let mut inspector = Inspector::default();
    inspector.update(&bytes);
    let accepted = Rules::default()
        .judge(Some("zip"), &inspector.finish())
        .unwrap();
    assert_eq!(accepted.notes, Notes::from([FileNote::NotLookedThrough]));
}

#[test]
fn programs_are_refused_under_any_name() {
    let mut padded = vec![b' '; HEAD + 100];
    padded[..2].copy_from_slice(b"MZ");
    padded[0x3c..0x40].copy_from_slice(&0x2020_u32.to_le_bytes());
    padded[0x2020..0x2024].copy_from_slice(b"PE\0\0");
    let installer = *b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";
    let java = Archive::new()
        .with("META-INF/MANIFEST.MF", b"Main-Class: A")
        .with("A.class", b"\xca\xfe\xba\xbe");
    let android = Archive::new()
        .with("AndroidManifest.xml", b"x")
        .with("classes.dex", b"x");
    for bytes in [
        EXE,
        ELF,
        &padded,
        b"\xcf\xfa\xed\xfe\x07\0\0\x01",
        b"\xca\xfe\xba\xbe\0\0\0\x02",
        b"\xca\xfe\xba\xbe\0\0\0\x34",
        b"\0asm\x01\0\0\0",
        b"dex\n035\0",
        b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46\x81",
        b"ITSF\x03\0\0\0\x60\0\0\0",
        b"!<arch>\ndebian-binary   1234567890  0     0     100644  4         `\n2.0\n",
        b"\xed\xab\xee\xdb\x03\0\0\0",
        b"xar!\0\x1c\0\x01",
        b"FWS\x09\x10\0\0\0",
        b"#!/bin/sh\nrm -rf /\n",
        b"\xef\xbb\xbf#! /usr/bin/env python3\n",
        &compound(0, installer, &["x"]),
        &compound(1000, installer, &["x"]),
        &java.end(),
        &android.end(),
    ] {
        for name in ["a.pdf", "a.txt", "a.zip", "a.doc", "a.dat", "a"] {
            program(name, bytes);
        }
    }
    assert_eq!(
        judged("a.exe", b"x"),
        Err(Refusal::ProgramName("exe".into()))
    );
    taken("lib.rs", b"#![forbid(unsafe_code)]\n", "text/plain", &[]);
    taken(
        "a.txt",
        b"FWS is a letter code, xar! another",
        "text/plain",
        &[],
    );
}

#[test]
fn only_the_families_that_the_operator_lists_are_taken() {
    let mut disk = vec![0; 33_000];
    disk[32_769..32_774].copy_from_slice(b"CD001");
    let refusal = judged("a.iso", &disk).unwrap_err().to_string();
    assert!(
        refusal.starts_with("the file is of the family `disk`"),
        "{refusal}"
    );
    let pictures = Rules {
        families: vec![Family::Pdf, Family::Image],
        ..Rules::default()
    };
    assert!(judged_by(&pictures, "a.jpg", HEIC).is_ok());
    let refusal = judged_by(&pictures, "a.txt", b"words").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the file is of the family `text` (text), which is not taken here; taken are pdf, image"
    );
    for (name, bytes, family) in [
        ("a.mp3", &b"ID3\x04\0\0\0\0\0\0"[..], Family::Audio),
        (
            "a.mp4",
            b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2",
            Family::Video,
        ),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04", Family::Archive),
        ("a.dwg", b"AC1032\0\0\0\0\0\0", Family::Data),
        ("a.bin", &noise(3000), Family::Other),
    ] {
        let only = |family| Rules {
            families: vec![family],
            ..Rules::default()
        };
        let judged = judged_by(&only(family), name, bytes);
        assert!(judged.is_ok(), "{name}: {judged:?}");
        assert!(
            judged_by(&only(Family::Pdf), name, bytes).is_err(),
            "{name}"
        );
    }
    for family in Family::ALL {
        assert_eq!(family.to_string().parse(), Ok(family));
    }
}

#[test]
fn a_disguised_file_is_refused_in_a_sentence_that_names_both() {
    let refusal = judged("a.pdf", PNG).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the file is named .pdf but is not a PDF document; it looks like Portable Network Graphics"
    );
}

#[test]
fn nothing_is_stored_under_a_type_that_a_browser_runs() {
    let pieces: [&[u8]; 5] = [
        b"<svg/>",
        b"<?xml version=\"1.0\"?><a/>",
        b"text",
        PNG,
        &[7; 3000],
    ];
    for extension in [
        "js", "mjs", "xml", "swf", "htc", "zzz", "rss", "wasm", "xul", "php",
    ] {
        for bytes in pieces {
            if let Ok((content_type, _)) = judged(&format!("a.{extension}"), bytes) {
                assert_eq!(check_stored_type(&content_type), Ok(()), "{extension}");
            }
        }
    }
    assert!(check_stored_type("application/pdf").is_ok());
    for active in [
        "text/html; charset=utf-8",
        "IMAGE/SVG+XML",
        "text/xml",
        "multipart/related",
        "unknown/unknown",
    ] {
        assert!(check_stored_type(active).is_err(), "{active}");
    }
}

/// Bytes without a pattern, and without a signature.
fn noise(length: usize) -> Vec<u8> {
    let bytes = (1..=length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
    bytes.collect()
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
fn the_digest_is_that_of_all_bytes() {
    let mut abc = Inspector::default();
    abc.update(b"a");
    abc.update(b"bc");
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(abc.finish().sha256, known);
}
