//! Objects in the buckets under a secret key, for jobs that nobody asked for.

use casebase_supabase::{SecretKey, SettingError};
use url::Url;

use super::{Error, NewObject, Object, ObjectPath, RestStore, with_idle_limit};

/// The buckets as whoever may do everything. Over Storage's own interface: its S3 sessions take no newer keys.
#[derive(Clone)]
pub struct OwnerStore {
    rest: RestStore,
    key: SecretKey,
}

impl OwnerStore {
    /// For the project at `supabase_url`.
    pub fn new(supabase_url: &Url, key: SecretKey) -> Result<Self, SettingError> {
        let rest = RestStore::with_key(supabase_url, key.as_str())?;
        Ok(Self { rest, key })
    }

    /// Writes a new object; one that is there is not overwritten.
    /// Dies half-way: nothing is visible, Storage completes an object only at its end.
    pub async fn put(&self, path: &ObjectPath, object: NewObject) -> Result<(), Error> {
        self.rest.put_as(self.key.as_str(), path, object).await
    }

    /// Reads an object.
    pub async fn get(&self, path: &ObjectPath) -> Result<Object, Error> {
        let mut object = self.rest.get_as(self.key.as_str(), path, None).await?;
        object.body = with_idle_limit(object.body);
        Ok(object)
    }

    /// Deletes an object. One that is not there is deleted already.
    pub async fn delete(&self, path: &ObjectPath) -> Result<(), Error> {
        match self.rest.delete_as(self.key.as_str(), path).await {
            Err(Error::NotFound) => Ok(()),
            deleted => deleted,
        }
    }

    /// One that was copied already stays.
    pub(crate) async fn copy(&self, from: &ObjectPath, to: &ObjectPath) -> Result<(), Error> {
        match self.rest.copy_as(self.key.as_str(), from, to).await {
            Err(Error::Exists) => Ok(()),
            copied => copied,
        }
    }
}
