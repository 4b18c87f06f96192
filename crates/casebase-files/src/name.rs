//! How a file is named.
//!
//! An object is called `{case}-{unix seconds}-{name}`, or `{case}-interaction-{id}-{unix seconds}-{name}`
//! where it belongs to an interaction. `{name}` is the original name made safe for a Storage key and
//! for any file system: transliterated to ASCII, lower case, `a-z 0-9 . _ -`.
//!
//! The database decides which names there are (`supabase/schemas/files/names.sql`): it refuses an
//! original name, or keeps it without what can't be seen, and gives an object whose name is taken a
//! number. Nothing here refuses a name. What is made here the database takes, and a test holds the
//! two to each other (`crates/casebase/tests/database/names.rs`).

use std::{fmt, str::FromStr};

use any_ascii::any_ascii;
use casebase_supabase::rows::{CaseNumber, InteractionId};
use unicode_normalization::UnicodeNormalization;

/// The longest object name, in bytes. With the folders before it, it stays far below S3's 1,024.
pub const MAX_FILE_NAME: usize = 200;
/// The longest stem, in bytes: beside the longest prefix, extension and number it fits in [`MAX_FILE_NAME`].
const MAX_STEM: usize = 96;
const MAX_EXTENSION: usize = 16;

/// The name of an object, in its parts. [`fmt::Display`] puts them together, [`FromStr`] takes them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The case.
    pub case: CaseNumber,
    /// The interaction it belongs to; none: the case itself.
    pub interaction: Option<InteractionId>,
    /// When it was uploaded.
    pub unix_seconds: i64,
    /// What is left of the original name, without its extension.
    pub stem: String,
    /// Which it is of those with the same name, from 2; the database gives it.
    pub number: Option<u32>,
    /// Lower case, without its dot.
    pub extension: Option<String>,
}

impl FileName {
    /// Names a file of a case, or of one of its interactions, by its original name.
    pub fn new(
        case: CaseNumber,
        interaction: Option<InteractionId>,
        unix_seconds: i64,
        original: &str,
    ) -> Self {
        let extension = extension(original);
        Self {
            case,
            interaction,
            unix_seconds,
            stem: stem(original, extension.as_deref()),
            number: None,
            extension,
        }
    }
}

/// An original name made safe, for what has no case to be named by.
pub fn plain(original: &str) -> String {
    let extension = extension(original);
    let stem = stem(original, extension.as_deref());
    match extension {
        Some(extension) => format!("{stem}.{extension}"),
        None => stem,
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.case)?;
        if let Some(id) = self.interaction {
            write!(f, "interaction-{id}-")?;
        }
        write!(f, "{}-{}", self.unix_seconds, self.stem)?;
        if let Some(number) = self.number {
            write!(f, " ({number})")?;
        }
        match &self.extension {
            Some(extension) => write!(f, ".{extension}"),
            None => Ok(()),
        }
    }
}

/// The text is no name that this service gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an object's name looks like CASE-0001-1634567890-note.txt")]
pub struct NoFileName;

impl FromStr for FileName {
    type Err = NoFileName;

    /// Takes exactly what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, NoFileName> {
        let name = taken_apart(text).ok_or(NoFileName)?;
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(NoFileName)
        }
    }
}

fn taken_apart(text: &str) -> Option<FileName> {
    let digits = text.strip_prefix("CASE-")?.find('-')?;
    let (case, rest) = text.split_at_checked("CASE-".len() + digits)?;
    let rest = rest.strip_prefix('-')?;
    let (interaction, rest) = match rest.strip_prefix("interaction-") {
        Some(rest) => {
            let (id, rest) = rest.split_once('-')?;
            (Some(id.parse().ok()?), rest)
        }
        None => (None, rest),
    };
    let (unix_seconds, name) = rest.split_once('-')?;
    let (name, extension) = match name.rsplit_once('.') {
        Some((name, extension)) if is_extension(extension) => (name, Some(extension.to_owned())),
        _ => (name, None),
    };
    let (stem, number) = match name.strip_suffix(')').and_then(|n| n.rsplit_once(" (")) {
        Some((stem, number)) => (stem, Some(number.parse().ok()?)),
        None => (name, None),
    };
    let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    (!stem.is_empty() && stem.chars().all(safe)).then_some(FileName {
        case: case.parse().ok()?,
        interaction,
        unix_seconds: unix_seconds.parse().ok()?,
        stem: stem.to_owned(),
        number,
        extension,
    })
}

/// The extension that counts, lower case, without its dot: what the content has to fit, what the
/// object's name ends in, and what says whether a file is a program ([`PROGRAM_EXTENSIONS`]). Of an
/// original name or an object's, the same.
///
/// Windows drops dots and blanks at a name's end, and no other sign there makes a type: `run.bat.`,
/// `run.bat,` and `run．ＢＡＴ` are all `bat`. It is `casebase.file_extension` of the database.
pub fn extension(name: &str) -> Option<String> {
    let folded = folded(name);
    let sign = |c: char| c.is_ascii_punctuation() || c == ' ';
    let (_, extension) = folded.trim_end_matches(sign).rsplit_once('.')?;
    is_extension(extension).then(|| extension.to_owned())
}

fn is_extension(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=MAX_EXTENSION).contains(&text.len()) && text.bytes().all(plain)
}

/// `casebase.folded_name`: letters of any width and case are one, without their marks, and what is not seen is not there.
fn folded(name: &str) -> String {
    let basic = name.chars().map(|c| match c {
        // Versions of Unicode don't agree on these.
        '\u{2072}'
        | '\u{2073}'
        | '\u{208f}'
        | '\u{209d}'..='\u{209f}'
        | '\u{218c}'..='\u{218f}'
        | '\u{a7cb}'..='\u{a7f1}'
        | '\u{10000}'.. => '_',
        c => c,
    });
    let seen = basic.nfkd().filter(|c| !is_unseen(*c));
    seen.map(|c| c.to_ascii_lowercase()).collect()
}

/// Marks on letters, and Unicode's `Default_Ignorable_Code_Point`.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}')
}

/// The safe stem, never empty. Without an extension it has no dot either: nothing of it may look like one.
fn stem(original: &str, extension: Option<&str>) -> String {
    let whole = safe(original);
    let stem = match extension {
        Some(extension) => whole.strip_suffix(extension).unwrap_or(&whole).to_owned(),
        None => whole.replace('.', "-"),
    };
    // Safe is ASCII: any cut is between characters.
    let stem = stem.trim_end_matches(ENDS);
    let stem = stem.get(..MAX_STEM).unwrap_or(stem).trim_end_matches(ENDS);
    if stem.is_empty() { "file" } else { stem }.to_owned()
}

/// What a stem neither begins nor ends with.
const ENDS: [char; 3] = ['-', '.', '_'];

/// Runs of anything unsafe become one dash.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in any_ascii(text).chars() {
        let c = match c {
            'a'..='z' | '0'..='9' | '.' | '_' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '-',
        };
        let repeated = matches!(c, '-' | '.') && out.ends_with(['-', '.']);
        if !repeated {
            out.push(c);
        }
    }
    out.trim_matches(ENDS).to_owned()
}

/// What Windows or macOS runs on a double click, sorted: `casebase.program_extensions`, which says
/// where each is from. The database refuses a file of such a name; here it is known before anything
/// is read, and for what lies in an archive.
pub const PROGRAM_EXTENSIONS: &[&str] = &[
    "accde",
    "action",
    "ade",
    "adp",
    "apk",
    "app",
    "appcontent-ms",
    "appimage",
    "appinstaller",
    "applescript",
    "application",
    "appref-ms",
    "appx",
    "appxbundle",
    "bas",
    "bash",
    "bat",
    "bgi",
    "caction",
    "cdxml",
    "chi",
    "chm",
    "class",
    "cmd",
    "com",
    "command",
    "configprofile",
    "cpi",
    "cpl",
    "csh",
    "deb",
    "definition",
    "desklink",
    "desktop",
    "diagcab",
    "diagcfg",
    "diagpkg",
    "dll",
    "drv",
    "dylib",
    "efi",
    "exe",
    "fileloc",
    "fxp",
    "gadget",
    "hlp",
    "hta",
    "htc",
    "inetloc",
    "inf",
    "ins",
    "internetconnect",
    "inx",
    "isp",
    "isu",
    "jar",
    "jnlp",
    "job",
    "js",
    "jse",
    "kext",
    "ksh",
    "library-ms",
    "lnk",
    "mad",
    "maf",
    "mag",
    "mam",
    "maq",
    "mav",
    "maw",
    "mde",
    "mobileconfig",
    "mof",
    "mpkg",
    "msc",
    "msh",
    "msh1",
    "msh1xml",
    "msh2",
    "msh2xml",
    "mshxml",
    "msi",
    "msix",
    "msixbundle",
    "msp",
    "mst",
    "msu",
    "networkconnect",
    "ocx",
    "osas",
    "osascript",
    "osax",
    "oxt",
    "paf",
    "pif",
    "pkg",
    "pl",
    "prefpane",
    "prg",
    "printerexport",
    "ps1",
    "ps1xml",
    "ps2",
    "ps2xml",
    "psc1",
    "psc2",
    "psd1",
    "psdm1",
    "psm1",
    "pssc",
    "py",
    "pyc",
    "pyd",
    "pyo",
    "pyw",
    "pyz",
    "pyzw",
    "qlgenerator",
    "rb",
    "reg",
    "rgs",
    "rpm",
    "run",
    "saver",
    "scf",
    "scpt",
    "scptd",
    "scr",
    "sct",
    "search-ms",
    "searchconnector-ms",
    "seplugin",
    "service",
    "settingcontent-ms",
    "sh",
    "shar",
    "shb",
    "shs",
    "sys",
    "tcsh",
    "terminal",
    "theme",
    "tool",
    "u3p",
    "url",
    "vb",
    "vbe",
    "vbp",
    "vbs",
    "vbscript",
    "vsmacros",
    "webloc",
    "webpnp",
    "website",
    "wflow",
    "wll",
    "workflow",
    "ws",
    "wsb",
    "wsc",
    "wsf",
    "wsh",
    "xbap",
    "xll",
    "xnk",
    "zsh",
];

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(original: &str) -> String {
        let case = "CASE-0001".parse().unwrap();
        FileName::new(case, None, 1_634_567_890, original).to_string()
    }

    #[test]
    fn names_have_the_two_documented_forms() {
        assert_eq!(
            made("Settlement agreement.pdf"),
            "CASE-0001-1634567890-settlement-agreement.pdf"
        );
        let case = "CASE-0001".parse().unwrap();
        let id = Some(InteractionId(5));
        assert_eq!(
            FileName::new(case, id, 1_634_567_890, "evidence.pdf").to_string(),
            "CASE-0001-interaction-5-1634567890-evidence.pdf"
        );
    }

    #[test]
    fn originals_of_any_kind_become_readable_ascii() {
        for (original, expected) in [
            ("Größe & Gewicht.PDF", "grosse-gewicht.pdf"),
            ("Отчёт.docx", "otchet.docx"),
            ("北京.png", "beijing.png"),
            ("cafe\u{301}.txt", "cafe.txt"),
            ("archive.tar.gz", "archive.tar.gz"),
            ("...", "file"),
            ("???.pdf", "file.pdf"),
            (".profile", "file.profile"),
            ("no extension.really, none", "no-extension-really-none"),
            ("a\u{202e}fdp.txt", "afdp.txt"),
            ("100% #1 [x]{y}.csv", "100-1-x-y.csv"),
            ("a (2).pdf", "a-2.pdf"),
            ("README", "readme"),
        ] {
            let expected = format!("CASE-0001-1634567890-{expected}");
            assert_eq!(made(original), expected, "{original}");
        }
    }

    #[test]
    fn the_extension_is_that_of_the_name_that_counts() {
        for (expected, names) in [
            (
                "bat",
                &[
                    "run.bat",
                    "run.bat.",
                    "run.BAT..",
                    "run.bat ",
                    "run.bat. .",
                    "run.bat,",
                    "run.bat;",
                    "run.bat-",
                    "run.bat_",
                    "run.bat)",
                    "run.bat\u{a0}",
                    "run.bat\u{200b}",
                    "run\u{ff0e}bat",
                    "run.ＢＡＴ",
                    "run.b\u{301}at",
                    "run.bát",
                    "run.b\u{200b}a\u{ad}t",
                    "\u{202e}run.bat",
                    "run.txt.bat",
                    ".bat",
                    "run.bat\u{2026}",
                    "run.bat𝐱",
                ][..],
            ),
            ("js", &["x.js.", "x.jſ", "x.ＪＳ"]),
            ("pdf", &["x.pdf.", "x.exe.pdf", "x.PDF "]),
        ] {
            for name in names {
                assert_eq!(extension(name).as_deref(), Some(expected), "{name:?}");
                let ending = format!(".{expected}");
                assert!(made(name).ends_with(&ending), "{name:?}: {}", made(name));
            }
        }
        for name in [
            "README",
            "x.",
            "x. pdf x",
            "x.bat%20",
            "x.e-x",
            "x.абв",
            "x.12345678901234567",
            "run.bat。",
            "run.bat♥",
        ] {
            assert_eq!(extension(name), None, "{name:?}");
            assert!(!made(name).contains('.'), "{name:?}: {}", made(name));
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension_and_leaves_room_for_a_number() {
        let case = CaseNumber::from_str(&format!("CASE-{}", u64::MAX)).unwrap();
        let id = Some(InteractionId(i64::MAX));
        let long = format!("{}.{}", "ж".repeat(250), "x".repeat(MAX_EXTENSION));
        let mut long = FileName::new(case, id, 99_999_999_999, &long);
        assert!(long.to_string().ends_with("xxxx"));
        long.number = Some(99_999);
        assert!(long.to_string().len() <= MAX_FILE_NAME, "{long}");
    }

    #[test]
    fn another_name_is_none() {
        for text in [
            "",
            "x.pdf",
            "CASE-0001",
            "CASE-1-1634567890-x.pdf",
            "CASE-0001-x.pdf",
            "CASE-0001-1634567890-",
            "CASE-0001-01634567890-x",
            "CASE-0001-interaction-1634567890-x",
            "CASE-0001-1634567890-X.pdf",
            "CASE-0001-1634567890-a/b",
            "CASE-0001-1634567890-x ().pdf",
            "CASE-0001-1634567890-x (02).pdf",
        ] {
            assert_eq!(text.parse::<FileName>(), Err(NoFileName), "{text}");
        }
    }

    /// Storage's own rule for keys, from supabase/storage.
    fn storage_takes(name: &str) -> bool {
        let symbols = "_/!.*'() &$=@;:+,?-";
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || symbols.contains(c))
    }

    proptest! {
        #[test]
        fn whatever_the_original_the_name_is_a_bounded_key_that_is_read_back(
            original in "\\PC{0,300}", id in proptest::option::of(1..i64::MAX), number in proptest::option::of(2_u32..1000),
        ) {
            let case = "CASE-123456".parse().unwrap();
            let mut name = FileName::new(case, id.map(InteractionId), 1_634_567_890, &original);
            name.number = number;
            let made = name.to_string();
            prop_assert!(storage_takes(&made), "{made}");
            prop_assert!(made.len() <= MAX_FILE_NAME);
            prop_assert!(!made.contains('/') && !made.contains(".."), "{made}");
            prop_assert_eq!(extension(&made), extension(&original), "{}", made);
            prop_assert_eq!(made.parse(), Ok(name));
        }
    }
}
