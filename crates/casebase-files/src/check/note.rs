//! What is worth knowing of a file that is taken.

use std::collections::BTreeSet;

use serde::Serialize;

/// A word in the column `notes`; `casebase.are_file_notes` takes exactly these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Its name says something else of the same family; `content_type` is right.
    NamedOtherwise,
    /// It opens with a password only, so nobody has looked inside.
    PasswordProtected,
    /// It reads as a web page or drawing that a browser would run, and is stored as plain text.
    WebPage,
    /// An Office document with macros.
    Macros,
    /// An Office document with objects of other programs in it, which may be files to be run.
    EmbeddedObjects,
    /// An archive or document with programs in it.
    Programs,
    /// An archive with archives in it, which were not looked into.
    Archives,
    /// An archive that becomes more than a hundred times its size when it is unpacked.
    Expands,
    /// An archive whose list of contents is damaged or too long to be looked through.
    NotLookedThrough,
}

/// Each at most once.
pub type Notes = BTreeSet<Note>;

impl Note {
    /// As it stands in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::NamedOtherwise => "named_otherwise",
            Self::PasswordProtected => "password_protected",
            Self::WebPage => "web_page",
            Self::Macros => "macros",
            Self::EmbeddedObjects => "embedded_objects",
            Self::Programs => "programs",
            Self::Archives => "archives",
            Self::Expands => "expands",
            Self::NotLookedThrough => "not_looked_through",
        }
    }

    /// What an operator may have refused (`CASEBASE_RISKY_CONTENT`), in words that follow "the file".
    pub(super) fn risk(self) -> Option<&'static str> {
        match self {
            Self::Macros => Some("has macros"),
            Self::EmbeddedObjects => Some("has objects of other programs in it"),
            Self::Programs => Some("has programs in it"),
            Self::Archives => Some("is an archive with archives in it"),
            Self::Expands => Some("becomes more than a hundred times its size when it is unpacked"),
            Self::NotLookedThrough => Some("is an archive whose contents can't be looked through"),
            Self::NamedOtherwise | Self::PasswordProtected | Self::WebPage => None,
        }
    }
}
