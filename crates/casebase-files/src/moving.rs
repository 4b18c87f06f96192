//! How a file is shown to the client or hidden from them: its object moves to the other bucket.
//!
//! The row keeps a second place meanwhile, where it is to lie and then where it lay (`supabase/schemas/files/moving.sql`).
//! What stops half-way goes on with the same call, whoever makes it.

use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, FileId, FileState},
};
use serde_json::json;

use crate::{
    error::Error,
    files::{Files, object_of, other_place_of},
    ledger::LedgerError,
    link::Links,
    storage,
};

impl Files {
    /// Shows a file to the client, or hides it from them, and gives its row when it has moved. Hidden it is at once, whatever
    /// becomes of the move.
    pub async fn change_visibility(
        &self,
        user: &UserToken,
        links: &Links,
        id: FileId,
        visible_to_client: bool,
    ) -> Result<CaseFile, Error> {
        let call = self.db.rpc("change_file_visibility", user);
        let asked = json!({"file_id": id, "visible_to_client": visible_to_client});
        let row = call.call(&asked).await;
        let row: CaseFile = row.map_err(|error| Error::of_file(error, id))?;
        match row.other_state {
            None => Ok(row),
            Some(FileState::Pending) => {
                let moved = self.copy_and_switch(user, links, &row).await;
                let moved = match moved {
                    Err(error) => return Err(self.call_off(user, &row, error).await),
                    Ok(moved) => moved,
                };
                self.clear(user, &moved).await
            }
            Some(_) => self.clear(user, &row).await,
        }
    }

    async fn copy_and_switch(
        &self,
        user: &UserToken,
        links: &Links,
        row: &CaseFile,
    ) -> Result<CaseFile, Error> {
        let Some(to) = other_place_of(row)? else {
            return Ok(row.clone());
        };
        match links.copy(user, &object_of(row)?, &to).await {
            // An earlier call came this far.
            Ok(()) | Err(storage::Error::Exists) => {}
            Err(error) => return Err(error.into()),
        }
        let version = self.ledger.move_copied(row.id).await?;
        let copy = self.store.get(user, &to, None).await?;
        let copy = self
            .inspect(copy.body, row.file.file_size.unsigned_abs())
            .await?;
        if Some(&copy.sha256) != row.file.sha256.as_ref() {
            return Err(Error::Corrupted);
        }
        let finish = self.ledger.move_finish(row.id, &version, &copy.sha256);
        Ok(finish.await?)
    }

    /// What lies in a file's second place goes, then the place is forgotten. Dies in between: the same call again.
    async fn clear(&self, user: &UserToken, row: &CaseFile) -> Result<CaseFile, Error> {
        if let Some(place) = other_place_of(row)? {
            self.store.delete(user, &place).await?;
        }
        match self.ledger.move_end(row.id).await {
            // Another call ended it.
            Err(LedgerError::WrongState(_)) => self.find(user, row.id).await,
            ended => Ok(ended?),
        }
    }

    /// After a failure for good the copy goes; after another, the same call again goes on.
    async fn call_off(&self, user: &UserToken, row: &CaseFile, error: Error) -> Error {
        if !matches!(
            error,
            Error::Corrupted | Error::Refused(_) | Error::TooLarge { .. }
        ) {
            return error;
        }
        let given_up = async {
            self.ledger.move_give_up(row.id).await?;
            self.clear(user, row).await
        };
        if let Err(reason) = given_up.await {
            tracing::warn!(file = %row.id, error = %reason, "a copy that is of no use is left");
        }
        error
    }
}
