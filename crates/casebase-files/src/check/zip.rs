//! ZIP archives, and the documents that are one.
//!
//! What is inside stands in the central directory at the end (APPNOTE 4.3.12); the names at the beginning say as much
//! as is known before it came.

use super::{
    bytes::{u16_at, u32_at, u64_at},
    note::Notes,
    promise::{is_archive_name, is_program_name},
};
use casebase_supabase::rows::FileNote;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";

/// Unpacked it is more than a hundred times as large, and more than a person would have zipped by accident.
const EXPANSION: u64 = 100;
const EXPANDED: u64 = 100 * 1024 * 1024;

/// Whether what is packed in `size` bytes unpacks to beyond measure.
pub(super) fn expands(unpacked: u64, size: u64) -> bool {
    unpacked > EXPANDED && unpacked / EXPANSION > size
}

/// Whether the bytes begin as an archive does, an empty or a split one included.
pub(super) fn is_zip(head: &[u8]) -> bool {
    [LOCAL, END, b"PK\x07\x08"]
        .iter()
        .any(|signature| head.starts_with(signature))
}

/// What the names in an archive say that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    /// An archive and nothing else.
    Plain,
    /// Something that runs.
    Program(&'static str),
    /// Office Open XML.
    Word,
    Workbook,
    Presentation,
    Drawing,
    /// A type that the archive gives itself, OpenDocument and EPUB.
    Declared(&'static str),
    /// Pages, Numbers or Keynote.
    Iwork,
    /// Other documents, by their content types.
    Other(&'static str),
}

/// What of an archive's contents counts.
#[derive(Debug, Default)]
pub(super) struct Contents {
    found: Vec<Mark>,
    declared: Option<&'static str>,
    entries: u64,
    packed: u64,
    unpacked: u64,
    notes: Notes,
}

/// The names that tell packages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Android,
    JavaManifest,
    JavaClass,
    WindowsApp,
    IosApp,
    Extension,
    ContentTypes,
    Word,
    Workbook,
    Presentation,
    Drawing,
    Iwork,
    Kml,
    Xps,
    Model,
}

impl Contents {
    /// From the local headers of a beginning, as far as they follow one another.
    pub(super) fn of_head(head: &[u8]) -> Self {
        let mut contents = Self {
            declared: declared_type(head),
            ..Self::default()
        };
        let mut at = 0;
        while let Some(entry) = head.get(at..).filter(|rest| rest.starts_with(LOCAL)) {
            let Some((name, end)) = local_name(entry) else {
                break;
            };
            contents.mark(&name.to_ascii_lowercase());
            let sized = u16_at(entry, 6).is_some_and(|flags| flags & 8 == 0);
            let packed = u32_at(entry, 18).and_then(|n| usize::try_from(n).ok());
            let next = match packed {
                Some(packed) if sized => end.checked_add(packed),
                // Its length stands behind it.
                _ => memchr::memmem::find(entry.get(end..).unwrap_or_default(), LOCAL)
                    .map(|from_end| end + from_end),
            };
            let Some(next) = next.and_then(|next| at.checked_add(next)) else {
                break;
            };
            at = next;
        }
        contents
    }

    /// From the whole file's beginning and end.
    pub(super) fn of_file(head: &[u8], tail: &[u8], size: u64) -> Self {
        let directory = central_directory(tail);
        let mut contents = match &directory {
            Some(_) => Self {
                declared: declared_type(head),
                ..Self::default()
            },
            // A damaged one is at least what its beginning says.
            None => Self::of_head(head),
        };
        let mut whole = false;
        if let Some(directory) = directory {
            contents.read(directory.bytes);
            whole = directory.whole && contents.entries == directory.entries;
        }
        if !whole {
            contents.notes.insert(FileNote::NotLookedThrough);
        }
        // Entries that share their bytes are larger together than the file.
        if expands(contents.unpacked, size) || contents.packed > size {
            contents.notes.insert(FileNote::Expands);
        }
        contents
    }

    pub(super) fn notes(&self) -> &Notes {
        &self.notes
    }

    pub(super) fn package(&self) -> Package {
        let has = |mark| self.found.contains(&mark);
        let program = [
            (has(Mark::Android), "an Android package"),
            (
                has(Mark::JavaManifest) && has(Mark::JavaClass),
                "a Java archive",
            ),
            (has(Mark::WindowsApp), "a Windows app package"),
            (has(Mark::IosApp), "an iOS app package"),
            (has(Mark::Extension), "an extension package"),
        ];
        if let Some((_, name)) = program.iter().find(|(is, _)| *is) {
            return Package::Program(name);
        }
        if let Some(declared) = self.declared {
            return Package::Declared(declared);
        }
        let documents = [
            (Mark::Word, Package::Word),
            (Mark::Workbook, Package::Workbook),
            (Mark::Presentation, Package::Presentation),
            (Mark::Drawing, Package::Drawing),
            (Mark::Iwork, Package::Iwork),
            (Mark::Xps, Package::Other("application/vnd.ms-xpsdocument")),
            (Mark::Model, Package::Other("model/3mf")),
            (
                Mark::Kml,
                Package::Other("application/vnd.google-earth.kmz"),
            ),
        ];
        let office = |mark| {
            matches!(
                mark,
                Mark::Word | Mark::Workbook | Mark::Presentation | Mark::Drawing
            )
        };
        let document = documents
            .iter()
            .find(|(mark, _)| has(*mark) && (has(Mark::ContentTypes) || !office(*mark)));
        document.map_or(Package::Plain, |(_, package)| *package)
    }

    fn read(&mut self, mut directory: &[u8]) {
        while let Some((entry, rest)) = central_entry(directory) {
            self.entries += 1;
            self.packed = self.packed.saturating_add(entry.packed);
            self.unpacked = self.unpacked.saturating_add(entry.unpacked);
            if entry.encrypted {
                self.notes.insert(FileNote::PasswordProtected);
            }
            self.see(&entry.name.to_ascii_lowercase());
            directory = rest;
        }
    }

    fn see(&mut self, name: &[u8]) {
        self.mark(name);
        let macros = name.ends_with(b"vbaproject.bin")
            || name.starts_with(b"xl/macrosheets/")
            || [&b"basic/"[..], b"scripts/"]
                .iter()
                .any(|folder| name.starts_with(folder) && !name.ends_with(b"/"))
                && self.declared.is_some();
        let embedded = memchr::memmem::find(name, b"embeddings/oleobject").is_some()
            || memchr::memmem::find(name, b"/activex/").is_some() && name.ends_with(b".bin");
        let name = String::from_utf8_lossy(name);
        let noted = [
            (macros, FileNote::Macros),
            (embedded, FileNote::EmbeddedObjects),
            (is_program_name(&name), FileNote::Programs),
            (is_archive_name(&name), FileNote::Archives),
        ];
        let noted = noted.iter().filter(|(is, _)| *is);
        self.notes.extend(noted.map(|(_, note)| *note));
    }

    fn mark(&mut self, name: &[u8]) {
        let mark = EXACT.iter().find(|(known, _)| name == *known);
        let mark = mark.or_else(|| PREFIXES.iter().find(|(known, _)| name.starts_with(known)));
        let mark = mark.map(|(_, mark)| *mark).or_else(|| by_ending(name));
        if let Some(mark) = mark
            && !self.found.contains(&mark)
        {
            self.found.push(mark);
        }
    }
}

const EXACT: &[(&[u8], Mark)] = &[
    (b"androidmanifest.xml", Mark::Android),
    (b"classes.dex", Mark::Android),
    (b"bundleconfig.pb", Mark::Android),
    (b"meta-inf/manifest.mf", Mark::JavaManifest),
    (b"appxmanifest.xml", Mark::WindowsApp),
    (b"appxblockmap.xml", Mark::WindowsApp),
    (b"extension.vsixmanifest", Mark::Extension),
    (b"meta-inf/mozilla.rsa", Mark::Extension),
    (b"[content_types].xml", Mark::ContentTypes),
    (b"index.apxl", Mark::Iwork),
    (b"index.zip", Mark::Iwork),
    (b"fixeddocseq.fdseq", Mark::Xps),
    (b"fixeddocumentsequence.fdseq", Mark::Xps),
    (b"3d/3dmodel.model", Mark::Model),
    (b"doc.kml", Mark::Kml),
];

const PREFIXES: &[(&[u8], Mark)] = &[
    (b"word/", Mark::Word),
    (b"xl/", Mark::Workbook),
    (b"ppt/", Mark::Presentation),
    (b"visio/", Mark::Drawing),
    (b"web-inf/", Mark::JavaClass),
];

fn by_ending(name: &[u8]) -> Option<Mark> {
    if name.ends_with(b".class") {
        Some(Mark::JavaClass)
    } else if name.starts_with(b"payload/") && name.ends_with(b".app/info.plist") {
        Some(Mark::IosApp)
    } else if name.starts_with(b"index/") && name.ends_with(b".iwa") {
        Some(Mark::Iwork)
    } else {
        None
    }
}

/// The types that an archive may say of itself in its first entry, `mimetype`, which is not packed.
const DECLARED: &[&str] = &[
    "application/epub+zip",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.text-template",
    "application/vnd.oasis.opendocument.text-master",
    "application/vnd.oasis.opendocument.text-web",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.spreadsheet-template",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.presentation-template",
    "application/vnd.oasis.opendocument.graphics",
    "application/vnd.oasis.opendocument.graphics-template",
    "application/vnd.oasis.opendocument.formula",
    "application/vnd.oasis.opendocument.chart",
    "application/vnd.oasis.opendocument.database",
    "application/vnd.oasis.opendocument.base",
    "application/vnd.oasis.opendocument.image",
    "application/vnd.sun.xml.writer",
    "application/vnd.sun.xml.calc",
    "application/vnd.sun.xml.impress",
    "application/vnd.sun.xml.draw",
];

fn declared_type(head: &[u8]) -> Option<&'static str> {
    let (name, end) = local_name(head)?;
    let stored = u16_at(head, 8)? == 0;
    if name != b"mimetype" || !stored {
        return None;
    }
    let declared = head.get(end..)?;
    let longest = DECLARED
        .iter()
        .filter(|t| declared.starts_with(t.as_bytes()));
    longest.max_by_key(|t| t.len()).copied()
}

/// The name in a local header, and where the header ends.
fn local_name(entry: &[u8]) -> Option<(&[u8], usize)> {
    let length = usize::from(u16_at(entry, 26)?);
    let extra = usize::from(u16_at(entry, 28)?);
    let name = entry.get(30..30 + length)?;
    Some((name, 30 + length + extra))
}

struct Directory<'a> {
    bytes: &'a [u8],
    entries: u64,
    whole: bool,
}

/// The directory, as much of it as the file's end holds.
fn central_directory(tail: &[u8]) -> Option<Directory<'_>> {
    let mut end = memchr::memmem::rfind(tail, END)?;
    let record = tail.get(end..)?;
    let (mut entries, mut length) = (
        u64::from(u16_at(record, 10)?),
        u64::from(u32_at(record, 12)?),
    );
    if entries == 0xffff || length == 0xffff_ffff {
        let before = tail.get(..end)?;
        end = memchr::memmem::rfind(before, END_64)?;
        let record = tail.get(end..)?;
        (entries, length) = (u64_at(record, 32)?, u64_at(record, 40)?);
    }
    let start = usize::try_from(length)
        .ok()
        .and_then(|n| end.checked_sub(n));
    let bytes = match start {
        Some(start) => tail.get(start..end)?,
        None => {
            let part = tail.get(..end)?;
            part.get(memchr::memmem::find(part, CENTRAL)?..)?
        }
    };
    Some(Directory {
        bytes,
        entries,
        whole: start.is_some(),
    })
}

struct Entry<'a> {
    name: &'a [u8],
    packed: u64,
    unpacked: u64,
    encrypted: bool,
}

fn central_entry(directory: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    if !directory.starts_with(CENTRAL) {
        return None;
    }
    let name_length = usize::from(u16_at(directory, 28)?);
    let extra_length = usize::from(u16_at(directory, 30)?);
    let comment_length = usize::from(u16_at(directory, 32)?);
    let name = directory.get(46..46 + name_length)?;
    let extra = directory.get(46 + name_length..46 + name_length + extra_length)?;
    let rest = directory.get(46 + name_length + extra_length + comment_length..)?;
    let sizes = (u32_at(directory, 20)?, u32_at(directory, 24)?);
    let (packed, unpacked) = true_sizes(sizes, extra);
    let encrypted = u16_at(directory, 8)? & 1 == 1;
    let entry = Entry {
        name,
        packed,
        unpacked,
        encrypted,
    };
    Some((entry, rest))
}

/// What does not fit into 32 bits stands in the extra field 1, the unpacked size first (APPNOTE 4.5.3).
fn true_sizes((packed, unpacked): (u32, u32), extra: &[u8]) -> (u64, u64) {
    let mut wide = zip64_field(extra).unwrap_or_default().chunks_exact(8);
    let mut or_wide = |size: u32| match size {
        u32::MAX => wide
            .next()
            .and_then(|n| u64_at(n, 0))
            .unwrap_or(u64::from(size)),
        size => u64::from(size),
    };
    let unpacked = or_wide(unpacked);
    (or_wide(packed), unpacked)
}

fn zip64_field(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let id = u16_at(extra, 0)?;
        let length = usize::from(u16_at(extra, 2)?);
        let field = extra.get(4..4 + length)?;
        if id == 1 {
            return Some(field);
        }
        extra = extra.get(4 + length..)?;
    }
}
