//! How a file is named.
//!
//! An object is called `{case}-{unix seconds}-{name}`, or `{case}-interaction-{id}-{unix seconds}-{name}`
//! where it belongs to an interaction. `{name}` is the original name made safe for a Storage key and
//! for any file system: transliterated to ASCII, lower case, `a-z 0-9 . _ -`. The database refuses a
//! name of another form.

use any_ascii::any_ascii;
use casebase_supabase::rows::{CaseNumber, InteractionId};
use unicode_normalization::UnicodeNormalization;

/// The longest object name, in bytes. With the folders before it, it stays far below S3's 1,024.
pub const MAX_FILE_NAME: usize = 200;
/// The longest original name, in characters: what common file systems can hold.
pub const MAX_ORIGINAL_NAME: usize = 255;
const MAX_EXTENSION: usize = 16;

/// The name a file had where it came from: NFC, one line, no folders, nothing that changes the
/// direction of reading (`invoice\u{202e}fdp.exe` reads as a PDF).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalName(String);

/// A name that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or only spaces.
    #[error("the file has no name")]
    Empty,
    /// More characters than file systems take.
    #[error("the file's name is longer than {MAX_ORIGINAL_NAME} characters")]
    TooLong,
    /// `/`, `\`, `.` or `..`.
    #[error("the file's name has folders in it; only the name itself is taken")]
    Path,
    /// A line break, NUL or the like.
    #[error("the file's name has control characters in it")]
    Control,
}

impl OriginalName {
    /// Takes a plain file name in any script.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let name: String = name.nfc().filter(|c| !changes_direction(*c)).collect();
        let name = name.trim();
        if name.is_empty() {
            Err(NameError::Empty)
        } else if name.chars().any(char::is_control) {
            Err(NameError::Control)
        } else if name.contains(['/', '\\']) || name == "." || name == ".." {
            Err(NameError::Path)
        } else if name.chars().count() > MAX_ORIGINAL_NAME {
            Err(NameError::TooLong)
        } else {
            Ok(Self(name.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unicode's bidirectional formatting characters.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The name of an object, before it is known whether it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    prefix: String,
    stem: String,
    extension: Option<String>,
}

impl FileName {
    /// Names a file of a case, or of one of its interactions.
    pub fn new(
        case: CaseNumber,
        interaction: Option<InteractionId>,
        unix_seconds: i64,
        original: &OriginalName,
    ) -> Self {
        let prefix = match interaction {
            None => format!("{case}-{unix_seconds}-"),
            Some(id) => format!("{case}-interaction-{id}-{unix_seconds}-"),
        };
        let (stem, extension) = split(original.as_str());
        Self {
            prefix,
            stem,
            extension,
        }
    }

    /// The `n`-th choice: the first is plain, the second has ` (2)` before its extension.
    pub fn choice(&self, n: u32) -> String {
        let number = if n > 1 {
            format!(" ({n})")
        } else {
            String::new()
        };
        let extension = self
            .extension
            .as_ref()
            .map_or(String::new(), |e| format!(".{e}"));
        let room = MAX_FILE_NAME.saturating_sub(self.prefix.len() + number.len() + extension.len());
        let end = self.stem.len().min(room);
        let stem = self
            .stem
            .get(..end)
            .unwrap_or_default()
            .trim_end_matches(['-', '.']);
        format!("{}{stem}{number}{extension}", self.prefix)
    }
}

/// The extension of a name, lower case, without its dot: what the content has to fit.
pub fn extension(name: &str) -> Option<String> {
    split(name).1
}

/// The safe stem, never empty, and the extension, if it is one.
fn split(name: &str) -> (String, Option<String>) {
    let whole = || (or_file(safe(name)), None);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return whole();
    };
    let extension = any_ascii(extension).to_ascii_lowercase();
    let plain = !extension.is_empty()
        && extension.len() <= MAX_EXTENSION
        && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    // `.profile` is a name, not an extension.
    if plain && !stem.is_empty() {
        (or_file(safe(stem)), Some(extension))
    } else {
        whole()
    }
}

fn or_file(stem: String) -> String {
    if stem.is_empty() { "file".into() } else { stem }
}

/// Runs of anything unsafe become one dash; no dash, dot or underscore at either end.
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
    out.trim_matches(['-', '.', '_']).to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(original: &str, interaction: Option<i64>) -> FileName {
        let case = "CASE-0001".parse().unwrap();
        let original = OriginalName::new(original).unwrap();
        FileName::new(
            case,
            interaction.map(InteractionId),
            1_634_567_890,
            &original,
        )
    }

    #[test]
    fn names_have_the_two_documented_forms() {
        let case_level = name("Settlement agreement.pdf", None);
        assert_eq!(
            case_level.choice(1),
            "CASE-0001-1634567890-settlement-agreement.pdf"
        );
        let of_interaction = name("evidence.pdf", Some(5));
        assert_eq!(
            of_interaction.choice(1),
            "CASE-0001-interaction-5-1634567890-evidence.pdf"
        );
    }

    #[test]
    fn the_second_choice_has_its_number_before_the_extension() {
        assert_eq!(
            name("a.pdf", None).choice(2),
            "CASE-0001-1634567890-a (2).pdf"
        );
        assert_eq!(
            name("README", None).choice(3),
            "CASE-0001-1634567890-readme (3)"
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
            (".profile", "profile"),
            ("no extension.really, none", "no-extension.really-none"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("100% #1 [x]{y}.csv", "100-1-x-y.csv"),
        ] {
            let made = name(original, None).choice(1);
            assert_eq!(
                made,
                format!("CASE-0001-1634567890-{expected}"),
                "{original}"
            );
        }
    }

    #[test]
    fn a_name_that_is_not_one_is_refused() {
        let long = "ä".repeat(300);
        for (bad, reason) in [
            ("", NameError::Empty),
            (" \u{200e} ", NameError::Empty),
            ("../../etc/passwd", NameError::Path),
            ("C:\\boot.ini", NameError::Path),
            ("..", NameError::Path),
            ("a\r\nb.pdf", NameError::Control),
            ("a\0.pdf", NameError::Control),
            (&long, NameError::TooLong),
        ] {
            assert_eq!(OriginalName::new(bad), Err(reason), "{bad:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension_and_its_number() {
        let long = name(&format!("{}.pdf", "ж".repeat(250)), Some(i64::MAX));
        let made = long.choice(100);
        assert_eq!(made.len(), MAX_FILE_NAME);
        assert!(made.ends_with(" (100).pdf"));
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
        fn whatever_the_original_the_name_is_a_bounded_key_without_folders(
            original in "\\PC{1,300}", id in proptest::option::of(1..i64::MAX), n in 1_u32..1000,
        ) {
            let Ok(original) = OriginalName::new(&original) else { return Ok(()) };
            let case = "CASE-123456".parse().unwrap();
            let file = FileName::new(case, id.map(InteractionId), 1_634_567_890, &original);
            let made = file.choice(n);
            prop_assert!(storage_takes(&made), "{made}");
            prop_assert!(made.len() <= MAX_FILE_NAME);
            prop_assert!(!made.contains('/') && !made.contains(".."), "{made}");
            prop_assert!(made.starts_with("CASE-123456-"));
            if n > 1 {
                let number = format!(" ({n})");
                prop_assert!(made.contains(&number), "{made}");
            }
            if let Some(extension) = extension(original.as_str()) {
                let ending = format!(".{extension}");
                prop_assert!(made.ends_with(&ending), "{made}");
            }
        }

        #[test]
        fn an_original_name_is_one_line_without_folders(original in any::<String>()) {
            if let Ok(name) = OriginalName::new(&original) {
                prop_assert!(!name.as_str().contains(['/', '\\', '\n', '\r', '\0']));
                prop_assert!(!name.as_str().chars().any(changes_direction));
            }
        }
    }
}
