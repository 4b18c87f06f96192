//! What bytes are, by their content.

use std::{borrow::Cow, fmt, str::FromStr};

use file_format::{FileFormat, Kind as FormatKind};

use super::{
    compound::{self, Compound},
    program, promise, text,
    zip::{self, Contents, Package},
};

/// Kinds of files that are taken or not (`CASEBASE_FILE_FAMILIES`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// PDF.
    Pdf,
    /// Photographs, scans, pictures; no SVG, which is text.
    Image,
    /// Office documents, spreadsheets and slides of any maker and age, e-books, drawings.
    Document,
    /// Text in any encoding: notes, tables, logs, source files, XML.
    Text,
    /// E-mails and mailboxes.
    Mail,
    /// Sound.
    Audio,
    /// Film.
    Video,
    /// Archives and compressed files.
    Archive,
    /// Other known formats: CAD, geography, databases, fonts, medical images, keys.
    Data,
    /// Images of disks, which systems mount on a double click.
    Disk,
    /// Bytes of no known format.
    Other,
}

impl Family {
    /// All of them, as the setting lists them.
    pub const ALL: [Self; 11] = [
        Self::Pdf,
        Self::Image,
        Self::Document,
        Self::Text,
        Self::Mail,
        Self::Audio,
        Self::Video,
        Self::Archive,
        Self::Data,
        Self::Disk,
        Self::Other,
    ];
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pdf => "pdf",
            Self::Image => "image",
            Self::Document => "document",
            Self::Text => "text",
            Self::Mail => "mail",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Archive => "archive",
            Self::Data => "data",
            Self::Disk => "disk",
            Self::Other => "other",
        })
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let family = Self::ALL.into_iter().find(|f| f.to_string() == text);
        family.ok_or_else(|| format!("there is no family `{text}`"))
    }
}

/// What bytes were recognised as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nature {
    /// Something that runs: the words for it.
    Program(&'static str),
    /// Something to be read.
    Format(Format),
}

/// A format of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    /// In words that follow "it looks like".
    pub(super) name: Cow<'static, str>,
    /// What it is stored as.
    pub(super) media_type: Cow<'static, str>,
    pub(super) family: Family,
    /// Text that a browser would run.
    pub(super) page: bool,
}

impl Format {
    fn new(
        name: impl Into<Cow<'static, str>>,
        media_type: impl Into<Cow<'static, str>>,
        family: Family,
    ) -> Self {
        Self {
            name: name.into(),
            media_type: media_type.into(),
            family,
            page: false,
        }
    }
}

/// What the beginning says. `extension` decides between readings that the bytes allow.
pub(super) fn of_head(extension: &str, head: &[u8]) -> Nature {
    if let Some(name) = program::find(head) {
        return Nature::Program(name);
    }
    if zip::is_zip(head) {
        return of_zip(extension, &Contents::of_head(head));
    }
    if head.starts_with(compound::SIGNATURE) {
        let mut compound = Compound::default();
        compound.update(head);
        return of_compound(extension, &compound);
    }
    Nature::Format(of_signature(extension, head))
}

/// The most that may stand before `%PDF`: what readers have always searched (ISO 32000-1, implementation note 13).
const BEFORE_PDF: usize = 1024;

fn of_signature(extension: &str, head: &[u8]) -> Format {
    if is_pdf(extension, head) {
        return Format::new("a PDF document", "application/pdf", Family::Pdf);
    }
    if promise::is_mail_name(extension) && text::mail_header(head).is_some() && !is_page(head) {
        return Format::new("an e-mail", "message/rfc822", Family::Mail);
    }
    let known = FileFormat::from_bytes(head);
    let family = family_of(known);
    let written = text::text_of(head).filter(|_| family == Family::Other || text::is_plain(head));
    match (written, family) {
        (Some(_), _) if known == FileFormat::RichTextFormat => {
            Format::new("an RTF document", "application/rtf", Family::Document)
        }
        (Some(written), _) => of_text(extension, &written),
        (None, Family::Other) => {
            let media_type = promise::guessed_type(extension);
            Format::new("data of no known format", media_type, Family::Other)
        }
        (None, family) => Format::new(
            known.name().to_owned(),
            known.media_type().to_owned(),
            family,
        ),
    }
}

fn is_pdf(extension: &str, head: &[u8]) -> bool {
    let mark = b"%PDF-";
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // A text may mention it; what is named a PDF has it there for what it is.
    let first = head.get(..BEFORE_PDF + mark.len()).unwrap_or(head);
    start.trim_ascii_start().starts_with(mark)
        || promise::is_pdf_name(extension) && memchr::memmem::find(first, mark).is_some()
}

fn is_page(head: &[u8]) -> bool {
    text::text_of(head).is_some_and(|written| text::page(&written).is_some())
}

fn of_text(extension: &str, written: &[u8]) -> Format {
    match text::page(written) {
        Some(name) => Format {
            page: true,
            ..Format::new(name, "text/plain", Family::Text)
        },
        None => Format::new("text", promise::text_type(extension), Family::Text),
    }
}

/// The families of the crate's kinds; weak signatures of what nobody sends are data of no known format.
fn family_of(format: FileFormat) -> Family {
    match format {
        FileFormat::PortableDocumentFormat => return Family::Pdf,
        FileFormat::ArbitraryBinaryData | FileFormat::Empty | FileFormat::PlainText => {
            return Family::Other;
        }
        FileFormat::PersonalStorageTable => return Family::Mail,
        FileFormat::Mpeg4Part14 | FileFormat::Realmedia | FileFormat::AdvancedSystemsFormat => {
            return Family::Video;
        }
        FileFormat::ExtensibleBinaryMetaLanguage | FileFormat::MatroskaSubtitles => {
            return Family::Video;
        }
        FileFormat::OggMultiplexedMedia | FileFormat::Id3v2 => return Family::Audio,
        _ => {}
    }
    match format.kind() {
        FormatKind::Image => Family::Image,
        FormatKind::Audio => Family::Audio,
        FormatKind::Video => Family::Video,
        FormatKind::Archive | FormatKind::Compressed => Family::Archive,
        FormatKind::Document
        | FormatKind::Spreadsheet
        | FormatKind::Presentation
        | FormatKind::Diagram
        | FormatKind::Ebook
        | FormatKind::Formula => Family::Document,
        FormatKind::Disk => Family::Disk,
        FormatKind::Executable | FormatKind::Rom | FormatKind::Package => Family::Other,
        _ => Family::Data,
    }
}

/// A ZIP archive by what is in it.
pub(super) fn of_zip(extension: &str, contents: &Contents) -> Nature {
    let ooxml = "application/vnd.openxmlformats-officedocument";
    let document = |name: &'static str, usual: String| {
        let named = promise::type_in_package(extension, name);
        let media_type = named.map_or(Cow::Owned(usual), Cow::Borrowed);
        Format::new(name, media_type, Family::Document)
    };
    Nature::Format(match contents.package() {
        Package::Program(name) => return Nature::Program(name),
        Package::Word => document(promise::WORD, format!("{ooxml}.wordprocessingml.document")),
        Package::Workbook => document(promise::WORKBOOK, format!("{ooxml}.spreadsheetml.sheet")),
        Package::Presentation => document(
            promise::SLIDES,
            format!("{ooxml}.presentationml.presentation"),
        ),
        Package::Drawing => document(promise::DRAWING, "application/vnd.ms-visio.drawing".into()),
        Package::Iwork => document(promise::IWORK, "application/vnd.apple.pages".into()),
        Package::Declared(media_type) => Format::new(
            "an OpenDocument file or e-book",
            media_type,
            Family::Document,
        ),
        Package::Other(media_type @ "application/vnd.ms-xpsdocument") => {
            Format::new("an XPS document", media_type, Family::Document)
        }
        Package::Other(media_type) => {
            Format::new("a map or model in a ZIP archive", media_type, Family::Data)
        }
        Package::Plain => Format::new("a ZIP archive", "application/zip", Family::Archive),
    })
}

/// A compound file by its streams.
pub(super) fn of_compound(extension: &str, compound: &Compound) -> Nature {
    use compound::Kind;
    if compound.installer {
        return Nature::Program("a Windows installer");
    }
    let named = promise::compound_kind(extension);
    let has = |kind| compound.kinds.contains(&kind);
    let kind = named.filter(|kind| has(*kind));
    let kind = kind.or_else(|| compound.kinds.iter().min().copied());
    Nature::Format(match kind {
        Some(Kind::Message) => Format::new(
            "an Outlook message",
            "application/vnd.ms-outlook",
            Family::Mail,
        ),
        Some(Kind::Word) => Format::new("a Word document", "application/msword", Family::Document),
        Some(Kind::Workbook) => Format::new(
            "an Excel workbook",
            "application/vnd.ms-excel",
            Family::Document,
        ),
        Some(Kind::Presentation) => Format::new(
            "a PowerPoint presentation",
            "application/vnd.ms-powerpoint",
            Family::Document,
        ),
        Some(Kind::Drawing) => {
            Format::new("a Visio drawing", "application/vnd.visio", Family::Document)
        }
        // What is inside, only its name says.
        Some(Kind::Encrypted) | None => {
            let media_type = promise::type_of_encrypted(extension);
            let family = match named {
                Some(Kind::Message) => Family::Mail,
                _ => Family::Document,
            };
            Format::new("an older or encrypted Office document", media_type, family)
        }
    })
}
