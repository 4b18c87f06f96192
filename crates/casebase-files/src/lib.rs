//! Names, checks and uploads of files: of cases, and documents of clients.
//!
//! Nothing here decides who may do what: every row is read and written through PostgREST, every
//! object through Storage, both with the caller's own token.

pub mod check;
mod delete;
pub mod digest;
mod direct;
mod download;
mod error;
mod files;
mod hash;
pub mod ledger;
mod link;
mod moving;
pub mod name;
mod passage;
pub mod scan;
pub mod storage;
pub mod sweep;
mod upload;
mod verify;

pub use direct::DirectUpload;
pub use error::Error;
pub use files::Files;
pub use link::{Links, ResumableUpload, UploadLink};
pub use upload::{DocumentFields, Fields, Home, InCase, NewFile, OfClient, OfDocument};
