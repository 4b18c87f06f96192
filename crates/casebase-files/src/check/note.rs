//! What is worth knowing of a file that is taken.

use std::collections::BTreeSet;

use casebase_supabase::rows::FileNote;

/// Each at most once.
pub type Notes = BTreeSet<FileNote>;

/// What an operator may have refused (`CASEBASE_RISKY_CONTENT`), in words that follow "the file".
pub(super) fn risk(note: FileNote) -> Option<&'static str> {
    match note {
        FileNote::Macros => Some("has macros"),
        FileNote::EmbeddedObjects => Some("has objects of other programs in it"),
        FileNote::Programs => Some("has programs in it"),
        FileNote::Archives => Some("is an archive with archives in it"),
        FileNote::Expands => Some("becomes more than a hundred times its size when it is unpacked"),
        FileNote::NotLookedThrough => Some("is an archive whose contents can't be looked through"),
        FileNote::NamedOtherwise | FileNote::PasswordProtected | FileNote::WebPage => None,
    }
}
