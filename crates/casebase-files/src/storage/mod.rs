//! Objects in the buckets, read and written with the user's own token.
//!
//! Two ways lead there: the S3 protocol with the token as session token, and Storage's REST
//! interface. They behave alike; a project without a legacy anon key has only the second.

mod bytestream;
mod error;
mod owner;
mod rest;
mod s3;
mod transfer;

use casebase_supabase::jwt::UserToken;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use bytestream::{Bytestream, StreamError, with_idle_limit};
pub(crate) use bytestream::{at_most, within};
pub use error::{Error, S3Setting};
pub use owner::OwnerStore;
pub use rest::RestStore;
pub use s3::{S3Settings, S3Store};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where an object lies. A path that could lead elsewhere cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPath {
    bucket: String,
    key: String,
}

impl ObjectPath {
    /// From the columns `bucket_id` and `object_path`.
    pub fn new(bucket: &str, key: &str) -> Result<Self, Error> {
        let symbols = "_!.*'() &$=@;:+,?-";
        let legal = |c: char| c.is_ascii_alphanumeric() || symbols.contains(c);
        let segment = |s: &str| !matches!(s, "" | "." | "..") && s.chars().all(legal);
        if !segment(bucket) || !key.split('/').all(segment) {
            return Err(Error::InvalidKey(format!("{bucket}/{key}")));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// As URLs have it, from the bucket on.
    pub(crate) fn in_url(&self) -> String {
        let segments = self.key.split('/');
        let segments = segments.map(|s| utf8_percent_encode(s, SEGMENT).to_string());
        format!("{}/{}", self.bucket, segments.collect::<Vec<_>>().join("/"))
    }
}

/// An object to be written.
pub struct NewObject {
    /// What its bytes are.
    pub content_type: String,
    /// How many there are, if known.
    pub length: Option<u64>,
    /// The bytes, with their own limit of patience ([`with_idle_limit`]).
    pub body: Bytestream,
}

/// An object being read.
pub struct Object {
    /// What its bytes are, as they were declared.
    pub content_type: Option<String>,
    /// How many are coming.
    pub length: Option<u64>,
    /// Which part of the object they are (`bytes 0-99/1000`), if a part was asked for.
    pub content_range: Option<String>,
    /// The bytes.
    pub body: Bytestream,
}

/// The buckets of one project. Cheap to clone.
#[derive(Clone)]
pub enum ObjectStore {
    /// Over the S3 protocol.
    S3(S3Store),
    /// Over Storage's own interface.
    Rest(RestStore),
}

impl ObjectStore {
    /// Writes a new object; an existing one is never overwritten, because no policy lets anyone.
    /// Dies half-way: nothing is visible, Storage completes an object only at its end.
    pub async fn put(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        object: NewObject,
    ) -> Result<(), Error> {
        let written = match self {
            Self::S3(store) => store.put(user, path, object).await,
            Self::Rest(store) => store.put(user, path, object).await,
        };
        match written.map_err(|error| error.under(user)) {
            Err(Error::NotFound) => Err(Error::Misconfigured(format!(
                "there is no bucket {}, or no Storage at this address",
                path.bucket
            ))),
            other => other,
        }
    }

    /// Reads an object, or the part that an HTTP `Range` names.
    pub async fn get(
        &self,
        user: &UserToken,
        path: &ObjectPath,
        range: Option<&str>,
    ) -> Result<Object, Error> {
        let mut object = match self {
            Self::S3(store) => store.get(user, path, range).await,
            Self::Rest(store) => store.get(user, path, range).await,
        }
        .map_err(|error| error.under(user))?;
        object.body = with_idle_limit(object.body);
        Ok(object)
    }

    /// Deletes an object. One that is not there is deleted already.
    pub async fn delete(&self, user: &UserToken, path: &ObjectPath) -> Result<(), Error> {
        let deleted = match self {
            Self::S3(store) => store.delete(user, path).await,
            Self::Rest(store) => store.delete(user, path).await,
        };
        match deleted.map_err(|error| error.under(user)) {
            Err(Error::NotFound) => Ok(()),
            other => other,
        }
    }

    /// Whether Storage answers and, over S3, takes the settings. REST needs none but the project's URL.
    pub async fn is_reachable(&self) -> Result<(), Error> {
        match self {
            Self::S3(store) => store.is_reachable().await,
            Self::Rest(store) => store.is_reachable().await,
        }
    }
}

#[cfg(test)]
mod tests;
