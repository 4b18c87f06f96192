//! What bytes are, without keeping them.

use casebase_supabase::jwt::UserToken;
use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::{
    error::Error,
    files::Files,
    storage::{Bytestream, at_most, with_idle_limit, within},
};

impl Files {
    /// The SHA-256 of a file that was uploaded before, as it comes again; in 64 hex digits, as the rows have it.
    pub async fn hash(&self, user: &UserToken, body: Bytestream) -> Result<String, Error> {
        let body = at_most(self.max_bytes, within(user.time_to_work(), body));
        let mut body = with_idle_limit(body);
        let mut hash = Sha256::new();
        while let Some(bytes) = body.try_next().await? {
            hash.update(&bytes);
        }
        Ok(hex::encode(hash.finalize()))
    }
}
