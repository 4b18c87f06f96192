//! What a name promises, by its extension.

use super::{
    compound::Kind,
    format::{Family, Format},
};
use crate::name;

/// What files named so are, and what of other families is taken for them.
#[derive(Debug)]
pub(super) struct Promise {
    /// In words that follow "is not".
    pub(super) name: &'static str,
    /// The extensions, and the type that each says.
    extensions: &'static [(&'static str, &'static str)],
    families: &'static [Family],
}

impl Promise {
    pub(super) fn of(extension: &str) -> Option<&'static Self> {
        PROMISES
            .iter()
            .find(|promise| promise.media_type(extension).is_some())
    }

    pub(super) fn allows(&self, format: &Format) -> bool {
        self.families.contains(&format.family)
    }

    /// Whether a name with this extension says what the bytes are. Where one extension is used for many formats, or one
    /// format has many names, it says nothing else.
    pub(super) fn is_kept(&self, extension: &str, format: &Format) -> bool {
        let promised = self.media_type(extension).unwrap_or_default();
        promised == ANY || format.media_type.eq_ignore_ascii_case(promised)
    }

    fn media_type(&self, extension: &str) -> Option<&'static str> {
        let known = self.extensions.iter().find(|(e, _)| *e == extension);
        known.map(|(_, media_type)| *media_type)
    }
}

/// The extension of several types.
const ANY: &str = "";

pub(super) const WORD: &str = "a Word document";
pub(super) const WORKBOOK: &str = "an Excel workbook";
pub(super) const SLIDES: &str = "a PowerPoint presentation";
pub(super) const DRAWING: &str = "a Visio drawing";
pub(super) const IWORK: &str = "a Pages, Numbers or Keynote document";

const PROMISES: &[Promise] = &[
    Promise {
        name: "a PDF document",
        extensions: &[("pdf", "application/pdf")],
        families: &[Family::Pdf],
    },
    Promise {
        // Phones and messengers give photographs each other's names.
        name: "an image",
        extensions: &[
            ("jpg", "image/jpeg"),
            ("jpeg", "image/jpeg"),
            ("jpe", "image/jpeg"),
            ("jfif", "image/jpeg"),
            ("png", "image/png"),
            ("gif", "image/gif"),
            ("webp", "image/webp"),
            ("avif", "image/avif"),
            ("heic", "image/heic"),
            ("heif", ANY),
            ("tif", ANY),
            ("tiff", ANY),
            ("bmp", "image/bmp"),
            ("jxl", "image/jxl"),
            ("jp2", "image/jp2"),
        ],
        families: &[Family::Image],
    },
    Promise {
        name: "an Office document",
        extensions: OFFICE,
        families: &[Family::Document],
    },
    Promise {
        // Banks and offices export tables and letters as text or HTML under these names; Excel and Word open them.
        name: "an older Office document",
        extensions: &[
            ("doc", "application/msword"),
            ("dot", "application/msword"),
            ("xls", "application/vnd.ms-excel"),
            ("xlt", "application/vnd.ms-excel"),
            ("ppt", "application/vnd.ms-powerpoint"),
            ("pps", "application/vnd.ms-powerpoint"),
        ],
        families: &[Family::Document, Family::Text, Family::Mail],
    },
    Promise {
        name: "an RTF document",
        extensions: &[("rtf", "application/rtf")],
        families: &[Family::Document, Family::Text],
    },
    Promise {
        name: "an e-mail",
        extensions: &[
            ("eml", "message/rfc822"),
            ("msg", "application/vnd.ms-outlook"),
            ("mbox", "message/rfc822"),
            ("pst", ANY),
        ],
        families: &[Family::Mail, Family::Text],
    },
    Promise {
        name: "an archive",
        extensions: &[
            ("zip", ANY),
            ("7z", "application/x-7z-compressed"),
            ("rar", "application/vnd.rar"),
            ("gz", "application/gzip"),
            ("tgz", "application/gzip"),
            ("bz2", "application/x-bzip2"),
            ("xz", "application/x-xz"),
            ("zst", "application/zstd"),
        ],
        // An Office document is a ZIP archive.
        families: &[Family::Archive, Family::Document, Family::Data],
    },
    Promise {
        name: "sound or film",
        extensions: &[
            ("mp3", ANY),
            ("m4a", ANY),
            ("aac", ANY),
            ("wav", ANY),
            ("ogg", ANY),
            ("opus", ANY),
            ("flac", ANY),
            ("amr", ANY),
            ("wma", ANY),
            ("mp4", ANY),
            ("m4v", ANY),
            ("mov", ANY),
            ("avi", ANY),
            ("mkv", ANY),
            ("webm", ANY),
            ("wmv", ANY),
            ("mpg", ANY),
            ("mpeg", ANY),
            ("3gp", ANY),
        ],
        // Many recorders write streams without a signature.
        families: &[Family::Audio, Family::Video, Family::Other],
    },
    Promise {
        name: "text",
        extensions: &[
            ("txt", ANY),
            ("text", ANY),
            ("md", ANY),
            ("markdown", ANY),
            ("csv", ANY),
            ("tsv", ANY),
            ("tab", ANY),
            ("json", ANY),
            ("jsonl", ANY),
            ("log", ANY),
            ("xml", ANY),
            ("yaml", ANY),
            ("yml", ANY),
            ("toml", ANY),
            ("ini", ANY),
            ("conf", ANY),
            ("sql", ANY),
            ("ics", ANY),
            ("vcf", ANY),
            ("srt", ANY),
            ("vtt", ANY),
            ("tex", ANY),
        ],
        families: &[Family::Text, Family::Mail],
    },
];

const OFFICE: &[(&str, &str)] = &[
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("docm", "application/vnd.ms-word.document.macroEnabled.12"),
    (
        "dotx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    ),
    ("dotm", "application/vnd.ms-word.template.macroEnabled.12"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12"),
    (
        "xlsb",
        "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
    ),
    (
        "xltx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
    ),
    ("xltm", "application/vnd.ms-excel.template.macroEnabled.12"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    (
        "pptm",
        "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    ),
    (
        "ppsx",
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    ),
    (
        "potx",
        "application/vnd.openxmlformats-officedocument.presentationml.template",
    ),
    ("vsdx", "application/vnd.ms-visio.drawing"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ott", "application/vnd.oasis.opendocument.text-template"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    (
        "ots",
        "application/vnd.oasis.opendocument.spreadsheet-template",
    ),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    (
        "otp",
        "application/vnd.oasis.opendocument.presentation-template",
    ),
    ("odg", "application/vnd.oasis.opendocument.graphics"),
    ("odf", "application/vnd.oasis.opendocument.formula"),
    ("epub", "application/epub+zip"),
    ("pages", "application/vnd.apple.pages"),
    ("numbers", "application/vnd.apple.numbers"),
    ("key", "application/vnd.apple.keynote"),
];

/// Packages of Office by the beginnings of the extensions of each program.
const IN_PACKAGE: &[(&str, &[&str])] = &[
    (WORD, &["doc", "dot"]),
    (WORKBOOK, &["xls", "xlt"]),
    (SLIDES, &["ppt", "pps", "pot"]),
    (DRAWING, &["vsd"]),
    (IWORK, &["pages", "numbers", "key"]),
];

/// The type of a package of Office that the extension names more closely: with macros, a template.
pub(super) fn type_in_package(extension: &str, package: &str) -> Option<&'static str> {
    let (_, stems) = IN_PACKAGE.iter().find(|(name, _)| *name == package)?;
    stems.iter().find(|stem| extension.starts_with(**stem))?;
    office_type(extension)
}

/// A ZIP archive or compound file whose inside is not known yet, or not to be known.
pub(super) fn type_of_encrypted(extension: &str) -> &'static str {
    let older = PROMISES.iter().find_map(|promise| match promise.name {
        "an older Office document" | "an e-mail" => promise.media_type(extension),
        _ => None,
    });
    office_type(extension)
        .or(older.filter(|media_type| *media_type != ANY))
        .unwrap_or("application/x-cfb")
}

/// Whether a name says that its file is a document in a ZIP archive; the type that it says.
pub(super) fn office_type(extension: &str) -> Option<&'static str> {
    let known = OFFICE.iter().find(|(e, _)| *e == extension);
    known.map(|(_, media_type)| *media_type)
}

/// Which compound file a name says that it is.
pub(super) fn compound_kind(extension: &str) -> Option<Kind> {
    match extension {
        "doc" | "dot" => Some(Kind::Word),
        "xls" | "xlt" => Some(Kind::Workbook),
        "ppt" | "pps" | "pot" => Some(Kind::Presentation),
        "msg" => Some(Kind::Message),
        "vsd" => Some(Kind::Drawing),
        _ => None,
    }
}

pub(super) fn is_pdf_name(extension: &str) -> bool {
    extension == "pdf"
}

pub(super) fn is_mail_name(extension: &str) -> bool {
    matches!(extension, "eml" | "mbox")
}

/// Text is plain, unless a table or a format that no browser runs.
pub(super) fn text_type(extension: &str) -> &'static str {
    match extension {
        "csv" => "text/csv",
        "tsv" | "tab" => "text/tab-separated-values",
        "md" | "markdown" => "text/markdown",
        "json" => "application/json",
        "ics" => "text/calendar",
        "vcf" => "text/vcard",
        _ => "text/plain",
    }
}

/// What bytes of no known format are, by their name alone.
pub(super) fn guessed_type(extension: &str) -> String {
    let guess = mime_guess::from_ext(extension).first();
    let guess = guess.filter(|guess| !matches!(guess.type_().as_str(), "text" | "image"));
    let guess = guess.map(|guess| guess.essence_str().to_owned());
    guess
        .filter(|guess| !super::is_active(guess))
        .unwrap_or_else(|| super::OCTET_STREAM.to_owned())
}

/// Names under which systems open a file in a browser.
pub(super) const PAGE_EXTENSIONS: &[&str] = &[
    "html",
    "htm",
    "xhtml",
    "xht",
    "xhtm",
    "shtml",
    "shtm",
    "stm",
    "svg",
    "svgz",
    "mht",
    "mhtml",
    "xsl",
    "xslt",
    "webarchive",
    "maff",
];

/// A name inside an archive.
pub(super) fn is_program_name(name: &str) -> bool {
    has_extension(name, name::PROGRAM_EXTENSIONS)
}

/// A name inside an archive.
pub(super) fn is_archive_name(name: &str) -> bool {
    let archives = [
        "zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "zst", "tar", "cab", "iso",
    ];
    has_extension(name, &archives)
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name::extension(name).is_some_and(|extension| extensions.contains(&extension.as_str()))
}
