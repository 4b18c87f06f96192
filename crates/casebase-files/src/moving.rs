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
        let moved = match row.other_state {
            None => return Ok(row),
            Some(FileState::Pending) => self.go_on(user, links, &row).await,
            Some(_) => self.clear(user, &row).await,
        };
        match moved {
            Err(error) if may_be_of_another(&error) => {
                self.after_another(user, &row, visible_to_client, error)
                    .await
            }
            moved => moved,
        }
    }

    async fn go_on(
        &self,
        user: &UserToken,
        links: &Links,
        row: &CaseFile,
    ) -> Result<CaseFile, Error> {
        match self.copy_and_switch(user, links, row).await {
            Err(error) => Err(self.call_off(user, row, error).await),
            Ok(moved) => self.clear(user, &moved).await,
        }
    }

    /// Who loses a race is refused for what the other did: what they hear is how the file is now.
    async fn after_another(
        &self,
        user: &UserToken,
        row: &CaseFile,
        wanted: bool,
        refusal: Error,
    ) -> Result<CaseFile, Error> {
        let now = self.find(user, row.id).await?;
        // It lies where it was to lie; what is left of its old place is the other's to clear away, and at last the sweep's.
        if now.visible_to_client == wanted && now.other_state != Some(FileState::Pending) {
            return Ok(now);
        }
        if place(&now) == place(row) {
            return Err(refusal);
        }
        Err(Error::MovedMeanwhile)
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
        Ok(self.ledger.move_end(row.id).await?)
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

/// Refusals that Storage and the database give for a place that is none any more, too.
fn may_be_of_another(error: &Error) -> bool {
    matches!(
        error,
        Error::WrongState(_) | Error::Storage(storage::Error::Denied(_) | storage::Error::NotFound)
    )
}

/// Where it lies, where else, and how far it is from here to there.
fn place(row: &CaseFile) -> impl PartialEq {
    (
        row.file.state,
        row.file.object_path.clone(),
        row.other_object_path.clone(),
        row.other_state,
    )
}
