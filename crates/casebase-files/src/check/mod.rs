//! What a file's bytes must be.
//!
//! They are recognised by families, never by one signature: a name that says something else of the same family is no
//! reason to refuse a file, only to note it. Refused are programs; names that a browser opens as a page; content of
//! another family than the name says, for the names in [`promise`]; families that the operator does not take; and, if
//! the operator says so, what is risky ([`Risky`]).
//!
//! It is a check against mistakes and masquerade, not a virus scan: that is [`crate::scan`].

mod bytes;
mod compound;
mod format;
mod inspector;
mod note;
mod program;
mod promise;
mod text;
mod zip;

pub use format::Family;
pub use inspector::{HEAD, Inspection, Inspector};
pub use note::Notes;

use casebase_supabase::rows::FileNote;

use format::{Format, Nature};
use promise::Promise;

use crate::name::PROGRAM_EXTENSIONS;

/// Why a file's content is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name that a double click would run.
    #[error("files named .{0} are programs; pack it into an archive if it belongs to the case")]
    ProgramName(String),
    /// A name that a double click would open in a browser.
    #[error(
        "files named .{0} are web pages or drawings that a browser runs; save it as PDF, or name it .txt"
    )]
    PageName(String),
    /// A program by its content.
    #[error("the file is a program ({0}); pack it into an archive if it belongs to the case")]
    Program(String),
    /// XML that a browser would run, under a name that systems give to it.
    #[error("the file is {0} in XML; save it as PDF, or name it .txt")]
    Page(String),
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
    /// Of a family that is not taken here.
    #[error(
        "the file is of the family `{family}` ({found}), which is not taken here; taken are {taken}"
    )]
    Family {
        /// Which.
        family: Family,
        /// What the bytes are.
        found: String,
        /// The families that are, as the setting has them.
        taken: String,
    },
    /// Something inside that the operator has refused.
    #[error("the file {0}, which is not taken here")]
    Risky(&'static str),
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

/// What becomes of macros, embedded objects, programs in archives, and archives that can't be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Risky {
    /// Taken, with a note in the row.
    #[default]
    Mark,
    /// Refused.
    Refuse,
}

/// What an operator takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The families of files.
    pub families: Vec<Family>,
    /// What becomes of risky content.
    pub risky: Risky,
}

impl Default for Rules {
    /// Everything but images of disks.
    fn default() -> Self {
        let families = Family::ALL.into_iter();
        Self {
            families: families.filter(|family| *family != Family::Disk).collect(),
            risky: Risky::default(),
        }
    }
}

/// A file that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the bytes are: never a type that a browser runs, because Storage serves it without `nosniff`.
    pub content_type: String,
    /// What is worth knowing of it.
    pub notes: Notes,
}

impl Rules {
    /// What a file's beginning, up to [`HEAD`], says already. What it can't say is not refused yet.
    pub fn judge_head(&self, extension: Option<&str>, head: &[u8]) -> Result<Accepted, Refusal> {
        let extension = extension.unwrap_or_default();
        check_name(extension)?;
        if inspector::is_blank(head) || zip::is_zip(head) && is_undecided(extension, head) {
            let content_type = promise::office_type(extension).map(str::to_owned);
            return Ok(Accepted {
                content_type: content_type.unwrap_or_else(|| promise::guessed_type(extension)),
                notes: Notes::new(),
            });
        }
        self.accept(extension, format::of_head(extension, head), Notes::new())
    }

    /// What the whole file is.
    pub fn judge(&self, extension: Option<&str>, file: &Inspection) -> Result<Accepted, Refusal> {
        let extension = extension.unwrap_or_default();
        check_name(extension)?;
        let (nature, notes) = file.nature(extension);
        self.accept(extension, nature, notes)
    }

    fn accept(
        &self,
        extension: &str,
        nature: Nature,
        mut notes: Notes,
    ) -> Result<Accepted, Refusal> {
        let format = match nature {
            Nature::Program(name) => return Err(Refusal::Program(name.into())),
            Nature::Format(format) => format,
        };
        if extension == "xml" && format.page {
            return Err(Refusal::Page(format.name.into()));
        }
        if let Some(promise) = Promise::of(extension) {
            keep(promise, extension, &format)?;
            if !format.page && !promise.is_kept(extension, &format) {
                notes.insert(FileNote::NamedOtherwise);
            }
        }
        if format.page {
            notes.insert(FileNote::WebPage);
        }
        self.check_family(&format)?;
        self.check_risk(&notes)?;
        Ok(Accepted {
            content_type: harmless(format.media_type.into()),
            notes,
        })
    }

    fn check_family(&self, format: &Format) -> Result<(), Refusal> {
        if self.families.contains(&format.family) {
            return Ok(());
        }
        let taken: Vec<_> = self.families.iter().map(Family::to_string).collect();
        Err(Refusal::Family {
            family: format.family,
            found: format.name.to_string(),
            taken: taken.join(", "),
        })
    }

    fn check_risk(&self, notes: &Notes) -> Result<(), Refusal> {
        match (self.risky, notes.iter().find_map(|note| note::risk(*note))) {
            (Risky::Refuse, Some(risk)) => Err(Refusal::Risky(risk)),
            _ => Ok(()),
        }
    }
}

/// Whether an archive may still turn out to be the document that its name says.
fn is_undecided(extension: &str, head: &[u8]) -> bool {
    promise::office_type(extension).is_some()
        && zip::Contents::of_head(head).package() == zip::Package::Plain
}

fn check_name(extension: &str) -> Result<(), Refusal> {
    if PROGRAM_EXTENSIONS.contains(&extension) {
        return Err(Refusal::ProgramName(extension.into()));
    }
    if promise::PAGE_EXTENSIONS.contains(&extension) {
        return Err(Refusal::PageName(extension.into()));
    }
    Ok(())
}

fn keep(promise: &Promise, extension: &str, format: &Format) -> Result<(), Refusal> {
    if promise.allows(format) {
        return Ok(());
    }
    Err(Refusal::Disguised {
        extension: extension.into(),
        expected: promise.name,
        found: format.name.to_string(),
    })
}

const MAX_CONTENT_TYPE: usize = 255;
const OCTET_STREAM: &str = "application/octet-stream";

/// Formats are named by whoever made them; some are XML.
fn harmless(media_type: String) -> String {
    match is_active(&media_type) {
        true => OCTET_STREAM.into(),
        false => media_type,
    }
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

/// Types that a browser runs scripts of when it opens them, and those that it looks for one of itself (WHATWG MIME
/// Sniffing, 7: `unknown/unknown`). Text is not among them: of `text/plain` browsers ask only whether it is text.
fn is_active(essence: &str) -> bool {
    let scripted = [
        "text/html",
        "text/javascript",
        "text/ecmascript",
        "text/xsl",
        "application/javascript",
        "application/x-javascript",
        "application/ecmascript",
        "application/xhtml",
        "application/x-shockwave-flash",
        "application/x-mimearchive",
        "application/x-webarchive",
        "image/svg",
        "multipart/related",
        "multipart/x-mixed-replace",
        "unknown/unknown",
        "application/unknown",
    ];
    // Office files end in +xml only in their parts, never as a whole.
    let xml = essence.ends_with("/xml") || essence.ends_with("+xml");
    xml || scripted.contains(&essence)
}

#[cfg(test)]
mod tests;
