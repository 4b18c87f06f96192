//! Files to the service and back, as whoever is signed in: of cases (`casebase files`) and of clients (`casebase documents`).

mod begun;
mod get;
mod part;
mod pieces;
mod progress;
mod put;
mod rm;
mod source;

use serde_json::{Map, Value};

pub use get::Download;
pub use part::Part;
pub use progress::Bars;
pub use put::{AFTER_HELP, Uploads};
pub use rm::Rm;

/// How what was done is told.
#[derive(Debug, clap::Args)]
pub struct Told {
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the service keeps, by where it has it.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Of a case.
    File,
    /// Of a client.
    Document,
}

impl Kind {
    /// `/v1/files/7`
    pub fn path(self, id: i64) -> String {
        match self {
            Self::File => format!("/v1/files/{id}"),
            Self::Document => format!("/v1/documents/{id}"),
        }
    }

    /// What its row calls the id that stands in the path: of a document, that of all its versions.
    fn id(self) -> &'static str {
        match self {
            Self::File => "id",
            Self::Document => "document_id",
        }
    }
}

/// Where an upload goes.
#[derive(Debug)]
pub struct Target {
    /// What becomes of it.
    pub kind: Kind,
    /// Where it is added; none: it takes the place of the one that there is, at [`Self::path`].
    pub adds: bool,
    /// The path. Below it `/direct` takes announcements.
    pub path: String,
    /// What is said of it beside its name.
    pub fields: Map<String, Value>,
    /// What is shown of its row.
    pub shown: &'static [&'static str],
}
