//! Compound files ([MS-CFB]): older Office documents, Outlook messages, and newer documents under a password.
//!
//! Their directory may lie anywhere, so it is not looked for: its entries are known by themselves. Each is 128 bytes long,
//! and every sector begins at a multiple of that.

use super::{bytes::u16_at, note::Notes};
use casebase_supabase::rows::FileNote;

const ENTRY: usize = 128;
pub(super) const SIGNATURE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What of a compound file has passed.
#[derive(Debug, Default, Clone)]
pub(super) struct Compound {
    /// Whether the file is one, once its beginning has passed.
    begins: Option<bool>,
    rest: Vec<u8>,
    /// What its streams are named like.
    pub(super) kinds: Vec<Kind>,
    pub(super) notes: Notes,
    /// It installs something.
    pub(super) installer: bool,
}

/// A document by the name of its main stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Message,
    Encrypted,
    Word,
    Presentation,
    Workbook,
    Drawing,
}

const STREAMS: &[(&str, Kind)] = &[
    ("__properties_version1.0", Kind::Message),
    ("EncryptedPackage", Kind::Encrypted),
    ("\tDRMContent", Kind::Encrypted),
    ("WordDocument", Kind::Word),
    ("PowerPoint Document", Kind::Presentation),
    ("PP97_DUALSTORAGE", Kind::Presentation),
    ("Workbook", Kind::Workbook),
    ("Book", Kind::Workbook),
    ("VisioDocument", Kind::Drawing),
];

const NOTED: &[(&str, FileNote)] = &[
    ("EncryptedPackage", FileNote::PasswordProtected),
    ("\tDRMContent", FileNote::PasswordProtected),
    ("_VBA_PROJECT", FileNote::Macros),
    ("_VBA_PROJECT_CUR", FileNote::Macros),
    ("VBA", FileNote::Macros),
    ("\u{1}Ole10Native", FileNote::EmbeddedObjects),
];

/// The classes of Windows Installer's packages, patches and transforms: `000c108x-0000-0000-c000-000000000046`.
const INSTALLER: &[u8] = b"\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";

impl Compound {
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        if self.begins == Some(false) {
            return;
        }
        if !self.rest.is_empty() {
            let missing = (ENTRY - self.rest.len()).min(bytes.len());
            let (now, later) = bytes.split_at(missing);
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() < ENTRY {
                return;
            }
            let whole = std::mem::take(&mut self.rest);
            self.see(&whole);
        }
        let entries = bytes.chunks_exact(ENTRY);
        let rest = entries.remainder();
        entries.for_each(|entry| self.see(entry));
        self.rest.extend_from_slice(rest);
    }

    fn see(&mut self, piece: &[u8]) {
        if !*self.begins.get_or_insert(piece.starts_with(SIGNATURE)) {
            return;
        }
        if is_encrypted_by_itself(piece) {
            self.notes.insert(FileNote::PasswordProtected);
        }
        let Some(name) = entry_name(piece) else {
            return;
        };
        if name == "Root Entry" {
            let class = piece.get(80..96).unwrap_or_default();
            let of_installer = matches!(class.first(), Some(0x82 | 0x84 | 0x86));
            self.installer |= of_installer && class.get(1..) == Some(INSTALLER);
        }
        let kind = STREAMS.iter().find(|(known, _)| *known == name);
        if let Some((_, kind)) = kind
            && !self.kinds.contains(kind)
        {
            self.kinds.push(*kind);
        }
        let noted = NOTED.iter().filter(|(known, _)| *known == name);
        self.notes.extend(noted.map(|(_, note)| *note));
    }
}

/// The name of a directory entry, if that is what the bytes are: its length stands behind it, then the entry's type.
fn entry_name(piece: &[u8]) -> Option<String> {
    let length = usize::from(u16_at(piece, 64)?);
    let kind = *piece.get(66)?;
    let colour = *piece.get(67)?;
    if !(4..=64).contains(&length) || length % 2 != 0 || !matches!(kind, 1 | 2 | 5) || colour > 1 {
        return None;
    }
    let name = piece.get(..length - 2)?.chunks_exact(2);
    let units: Vec<u16> = name
        .filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes))
        .collect();
    String::from_utf16(&units).ok()
}

/// Word's FIB with `fEncrypted` ([MS-DOC] 2.5.2), and Excel's `FilePass` behind its first `BOF` ([MS-XLS] 2.4.117): the
/// streams begin at a sector.
fn is_encrypted_by_itself(piece: &[u8]) -> bool {
    let word = piece.starts_with(b"\xec\xa5")
        && u16_at(piece, 2).is_some_and(|version| (0xc0..0x120).contains(&version))
        && piece.get(11).is_some_and(|flags| flags & 1 == 1);
    let excel = piece.starts_with(b"\x09\x08\x10\0\0\x06\x05\0") && u16_at(piece, 20) == Some(0x2f);
    word || excel
}
