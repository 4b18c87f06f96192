//! The rows of the tables as PostgREST gives them, and the ids in them.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// A case's number as people write it: `CASE-0001`; beyond 9999 it keeps all its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^CASE-([0-9]{4}|[1-9][0-9]{4,18})$", example = "CASE-0001")]
pub struct CaseNumber(u64);

/// The text is no case number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a case number looks like CASE-0001, case-1 or 1")]
pub struct NoCaseNumber;

impl CaseNumber {
    /// The key that the number is generated from.
    pub fn key(self) -> CaseId {
        // Greater ones than the database has are no case's, whichever they become.
        CaseId(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

impl FromStr for CaseNumber {
    type Err = NoCaseNumber;

    /// However people write it: `CASE-0006`, `case-6` and `6` are one case.
    fn from_str(text: &str) -> Result<Self, NoCaseNumber> {
        let digits = match text.split_once('-') {
            Some((case, digits)) if case.eq_ignore_ascii_case("case") => digits,
            Some(_) => return Err(NoCaseNumber),
            None => text,
        };
        // `+6` would be a number.
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| plain);
        number.map(Self).ok_or(NoCaseNumber)
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CASE-{:04}", self.0)
    }
}

impl Serialize for CaseNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CaseNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// `cases.id`: what other tables call `case_id`.
    CaseId;
    /// `interactions.id`.
    InteractionId;
    /// `case_files.id`.
    FileId;
    /// `client_documents.document_id`.
    DocumentId;
}

/// How far a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseStatus {
    /// Nobody works on it yet.
    Open,
    /// Somebody works on it.
    InProgress,
    /// Somebody else, mostly its client, has to do something first.
    Waiting,
    /// Done, until it is reopened.
    Resolved,
    /// Done for good: a client's reply opens another case.
    Closed,
}

impl fmt::Display for CaseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How much a case hurries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It can wait.
    Low,
    /// In its turn.
    Medium,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The words of a fixed set, as its schema in the API's documentation lists them.
pub fn words<T: PartialSchema>() -> Vec<String> {
    let schema = serde_json::to_value(T::schema()).unwrap_or_default();
    let words = schema["enum"].as_array().into_iter().flatten();
    let words = words.filter_map(Value::as_str);
    words.map(str::to_owned).collect()
}

/// A row of `cases`, as its readers see it. It is no type to read one with: `metadata` and the
/// dates may hold what PostgreSQL takes and Rust doesn't.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Case {
    /// The key that other tables refer to.
    pub id: CaseId,
    /// The number people use.
    pub case_id: CaseNumber,
    /// Whose case it is.
    pub client_id: Uuid,
    /// Which department handles it.
    pub department_id: Uuid,
    /// The specialty that whoever takes it needs.
    pub required_specialty_id: Option<Uuid>,
    /// One line.
    pub title: String,
    /// Markdown, as text.
    pub description: Option<String>,
    /// How far it is.
    pub status: CaseStatus,
    /// The same in the project's own words: one of `case_stages`.
    pub stage: Option<String>,
    /// How much it hurries.
    pub priority: Priority,
    /// The same to sort by: 1 is low, 4 urgent.
    #[schema(minimum = 1, maximum = 4)]
    pub priority_rank: u8,
    /// The staff member who has it.
    pub assigned_to: Option<Uuid>,
    /// Who escalated it.
    pub escalated_by: Option<Uuid>,
    /// When it was escalated.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Why.
    pub escalation_reason: Option<String>,
    /// The deadline of the next action.
    pub action_required_by: Option<DateTime<Utc>>,
    /// Whose move it is: a party type's code.
    pub action_required_of: Option<String>,
    /// When the next move that is not the client's is due; past it, the case is overdue.
    pub due_at: Option<DateTime<Utc>>,
    /// The closed case that this one was opened for, by a client's reply.
    pub follow_up_of: Option<CaseId>,
    /// The case that an interaction was taken from to open this one.
    pub split_from: Option<CaseId>,
    /// The case that this one is a duplicate of.
    pub merged_into: Option<CaseId>,
    /// The project's own fields.
    pub metadata: Value,
    /// Who opened it.
    pub created_by: Option<Uuid>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes: an update that sends another is refused.
    #[schema(minimum = 1)]
    pub version: i32,
    /// When it was resolved, or closed without that.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What an upload needs to know of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct CaseKey {
    /// The key that other tables refer to.
    pub id: CaseId,
    /// The number people use.
    pub case_id: CaseNumber,
}

/// A row of `interactions`, as its readers see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Interaction {
    /// Its key.
    pub id: InteractionId,
    /// The case, by `cases.id`.
    pub case_id: CaseId,
    /// Who speaks.
    pub party1_name: String,
    /// A party type's code.
    pub party1_type: String,
    /// To whom.
    pub party2_name: String,
    /// A party type's code.
    pub party2_type: String,
    /// Markdown, as text.
    pub content: String,
    /// Whether the client may see it.
    pub visible_to_client: bool,
    /// Who wrote it down.
    pub created_by: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes: an update that sends another is refused.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// Where a file stands between its reservation and its deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Reserved; its bytes are on the way.
    Pending,
    /// Its bytes are there and not checked.
    Uploaded,
    /// Checked; whoever may see the row may read it.
    Available,
    /// On the way out.
    Deleting,
}

/// What is worth knowing of a file that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileNote {
    /// Its name says something else of the same family; `content_type` is right.
    NamedOtherwise,
    /// It opens with a password only, so nobody has looked inside.
    PasswordProtected,
    /// It reads as a web page or drawing that a browser would run, and is plain text here.
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

impl fmt::Display for FileNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The kinds of files, by the tables of their rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// `case_files`.
    CaseFile,
    /// `client_documents`.
    ClientDocument,
}

impl FileKind {
    /// The table of their rows.
    pub fn table(self) -> &'static str {
        match self {
            Self::CaseFile => "case_files",
            Self::ClientDocument => "client_documents",
        }
    }
}

impl fmt::Display for FileKind {
    /// As the database's functions call it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A file among all: each kind has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// Its kind.
    pub kind: FileKind,
    /// Its row's id.
    pub id: i64,
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FileKind::CaseFile => write!(f, "file {}", self.id),
            FileKind::ClientDocument => write!(f, "document {}", self.id),
        }
    }
}

/// What the row of any file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredFile {
    /// The object's name, e.g. `CASE-0001-1634567890-report.pdf`.
    pub file_name: String,
    /// The name it had where it came from.
    pub original_name: String,
    /// `s3://bucket/path`.
    pub file_url: String,
    /// The bucket.
    pub bucket_id: String,
    /// The object's path in it.
    pub object_path: String,
    /// What the bytes are.
    pub content_type: String,
    /// Their number; before the upload is complete, what was announced, or 0.
    pub file_size: i64,
    /// Their SHA-256 in hex, once checked.
    pub sha256: Option<String>,
    /// The version of the object that was checked; no other is served.
    pub object_version: Option<String>,
    /// Where it stands.
    pub state: FileState,
    /// Why its content was refused.
    pub rejection: Option<String>,
    /// What was noticed when it was checked.
    pub notes: Vec<FileNote>,
    /// Who uploaded it.
    pub uploaded_by: Option<Uuid>,
    /// When, as PostgreSQL writes it.
    #[schema(value_type = DateTime<Utc>)]
    pub uploaded_at: String,
}

/// A row of `case_files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseFile {
    /// Its key.
    pub id: FileId,
    /// The case, by `cases.id`.
    pub case_id: CaseId,
    /// The interaction it belongs to; null: the case itself.
    pub interaction_id: Option<InteractionId>,
    /// What is said of any file.
    #[serde(flatten)]
    pub file: StoredFile,
    /// Whether the client may see it.
    pub visible_to_client: bool,
    /// While it moves between the buckets: where else it lies, or is to lie.
    #[serde(default)]
    pub other_bucket_id: Option<String>,
    /// The path in that bucket.
    #[serde(default)]
    pub other_object_path: Option<String>,
    /// `pending`: it is being copied there; `deleting`: what is there goes.
    #[serde(default)]
    pub other_state: Option<FileState>,
}

/// A row of `client_documents`: one version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClientDocument {
    /// The version's key.
    pub id: i64,
    /// The document that it is a version of: the `id` of its first one.
    pub document_id: DocumentId,
    /// Whose document it is.
    pub client_id: Uuid,
    /// What it is: one of `document_categories`.
    #[schema(example = "policies")]
    pub category: String,
    /// What is said of any file.
    #[serde(flatten)]
    pub file: StoredFile,
    /// Since when another version has been in its place, as PostgreSQL writes it; null: this one is current.
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub replaced_at: Option<String>,
}

/// The row of a file, of whatever kind.
pub trait FileRow: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Which.
    const KIND: FileKind;

    /// The row's id.
    fn id(&self) -> i64;

    /// What is said of any file.
    fn stored(&self) -> &StoredFile;

    /// Bucket and path of where else it lies, or is to lie, while it moves.
    fn other_place(&self) -> Option<(&str, &str)> {
        None
    }

    /// The file among all.
    fn key(&self) -> FileKey {
        FileKey {
            kind: Self::KIND,
            id: self.id(),
        }
    }
}

impl FileRow for CaseFile {
    const KIND: FileKind = FileKind::CaseFile;

    fn id(&self) -> i64 {
        self.id.0
    }

    fn stored(&self) -> &StoredFile {
        &self.file
    }

    fn other_place(&self) -> Option<(&str, &str)> {
        let bucket = self.other_bucket_id.as_deref();
        bucket.zip(self.other_object_path.as_deref())
    }
}

impl FileRow for ClientDocument {
    const KIND: FileKind = FileKind::ClientDocument;

    fn id(&self) -> i64 {
        self.id
    }

    fn stored(&self) -> &StoredFile {
        &self.file
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_case_number_is_written_in_one_way_and_read_in_several() {
        for (text, number) in [
            ("CASE-0001", "CASE-0001"),
            ("case-1", "CASE-0001"),
            ("Case-01", "CASE-0001"),
            ("1", "CASE-0001"),
            ("000000000000000000000001", "CASE-0001"),
            ("CASE-9999", "CASE-9999"),
            ("CASE-10000", "CASE-10000"),
            ("1234567", "CASE-1234567"),
        ] {
            assert_eq!(text.parse::<CaseNumber>().unwrap().to_string(), number);
        }
        for bad in [
            "",
            "CASE-",
            "CASE",
            "CASE0001",
            "CASES-1",
            "-1",
            "+1",
            "1.0",
            "CASE-+001",
            "CASE-0001 ",
            "CASE-1-2",
            "CASE-../1",
            "٣",
            "99999999999999999999999",
        ] {
            assert!(bad.parse::<CaseNumber>().is_err(), "{bad}");
        }
    }
}
