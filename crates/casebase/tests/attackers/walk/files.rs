//! Calls about files: their rows, and their objects in Storage.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::{Walk, words::of_insert};
use crate::{
    calls::Outcome,
    desk::verify,
    model::{File, Id, Model, Who},
};

/// Calls that are refused whoever makes them.
pub(super) const NOBODY_MAY: [&str; 3] =
    ["overwrite an object", "move an object", "copy an object"];

impl Model {
    /// What comes of asking for a place.
    fn reserving(
        &self,
        who: Who,
        case: Id,
        interaction: Option<Id>,
        visible: bool,
    ) -> Result<(), u16> {
        let named = interaction.map(|id| (id, self.interactions.get(&id)));
        let fits = named.is_none_or(|(id, found)| {
            found.is_some_and(|i| i.case == case) && self.sees_interaction(who, id)
        });
        if !self.sees_case(who, case) || !fits {
            return Err(403);
        }
        let hidden = named.is_some_and(|(_, found)| found.is_some_and(|i| !i.visible));
        if visible && hidden { Err(400) } else { Ok(()) }
    }

    /// What comes of setting the state.
    fn moving(&self, who: Who, id: Id, to: &str) -> Outcome {
        if !self.sees_file(who, id) || !self.may_move_file(who, id) {
            return Outcome::nothing();
        }
        let file = &self.files[&id];
        match (file.state, to) {
            ("pending", "uploaded") if file.object.is_none() => Outcome::Refused(409),
            ("available" | "deleting", "uploaded") => Outcome::Refused(400),
            _ => Outcome::row(id),
        }
    }
}

impl Walk {
    /// The rows, and what Storage lists in the folder of some case.
    pub(super) async fn sees_their_files(&mut self, who: Who) {
        let model = &self.desk.model;
        let seen = |id: &&Id| model.sees_file(who, **id);
        let expected = Outcome::Rows(model.files.keys().filter(seen).copied().collect());
        let query = format!("case_files?select=id&{}", self.all_cases());
        let found = self.caller(who).read(&query, "id").await;
        self.compare("list files", who, &query, expected, found);

        let case = self.some_case();
        let Some(the_case) = self.desk.model.cases.get(&case) else {
            return;
        };
        let folder = format!(
            "{}/cases/{}",
            self.desk.clients[the_case.client], the_case.number
        );
        for bucket in ["client-bucket", "admin-bucket"] {
            let model = &self.desk.model;
            let there = model
                .files
                .iter()
                .filter(|(_, f)| f.case == case && f.bucket == bucket);
            let readable = there.filter(|(id, _)| model.reads_object(who, **id));
            let name = |(_, f): (&Id, &File)| f.path.rsplit('/').next().unwrap().to_owned();
            let expected: BTreeSet<String> = readable.map(name).collect();
            let found = self.caller(who).list(bucket, &folder).await;
            assert_eq!(expected, found, "{who:?} lists {bucket}/{folder}");
        }
    }

    fn some_file(&mut self) -> Option<Id> {
        let ids: Vec<_> = self.desk.model.files.keys().copied().collect();
        (!ids.is_empty()).then(|| self.chance.pick(&ids))
    }

    pub(super) async fn reserve_file(&mut self, who: Who) {
        let case = self.some_case();
        let who = self.or_insider(who, case);
        let interactions: Vec<_> = self.desk.model.interactions.keys().copied().collect();
        let interaction = self.chance.maybe(&interactions);
        let asked_visible = self.chance.one_in(2);
        let model = &self.desk.model;
        let number = model.cases.get(&case).map_or("CASE-0001", |c| &c.number);
        let of = interaction.map_or(String::new(), |id| format!("interaction-{id}-"));
        let file_name = format!("{number}-{of}1634567890-{}.txt", self.fresh + 1);
        let row = json!({
            "case_id": case, "interaction_id": interaction, "file_name": file_name, "original_name": "x.txt",
            "content_type": "text/plain", "file_size": 1, "visible_to_client": asked_visible,
        });
        let visible = asked_visible || !model.as_staff(who, case);
        let expected = model.reserving(who, case, interaction, visible);
        self.fresh();
        let made = self.caller(who).insert("case_files", row).await;
        if let Ok(row) = &made {
            assert_eq!(row["visible_to_client"], visible);
            let text = |column: &str| row[column].as_str().unwrap().to_owned();
            let file = File {
                case,
                interaction,
                visible,
                state: "pending",
                uploader: who,
                bucket: text("bucket_id"),
                path: text("object_path"),
                object: None,
                checked: false,
            };
            self.desk
                .model
                .files
                .insert(row["id"].as_i64().unwrap(), file);
        }
        let made = made.map(|row| row["id"].as_i64().unwrap());
        let (allowed, found) = of_insert(expected.is_ok(), made);
        let expected = expected.map_or_else(Outcome::Refused, |()| allowed);
        let call = format!("case {case}, interaction {interaction:?}, visible {visible}");
        self.compare("reserve a file", who, &call, expected, found);
    }

    fn object(&self, id: Id) -> String {
        let file = &self.desk.model.files[&id];
        format!("{}/{}", file.bucket, file.path)
    }

    pub(super) async fn put_object(&mut self, who: Who) {
        let Some(id) = self.some_file() else { return };
        let who = self.or_owner(who, Some(self.desk.model.files[&id].uploader));
        let (object, bytes) = (self.object(id), self.fresh());
        let model = &self.desk.model;
        let file = &model.files[&id];
        let expected = model.sees_file(who, id)
            && file.uploader == who
            && file.state == "pending"
            && file.object.is_none();
        let done = self.caller(who).put(&object, bytes, false).await;
        if done {
            self.desk.model.files.get_mut(&id).unwrap().object = Some(bytes);
        }
        self.compare_storage("upload", who, &object, expected, done);
        if done && self.chance.one_in(2) {
            self.set_state(who, id, "uploaded").await;
        }
    }

    pub(super) async fn move_file(&mut self, who: Who) {
        let Some(id) = self.some_file() else { return };
        let who = self.or_owner(who, Some(self.desk.model.files[&id].uploader));
        let to = self.chance.pick(&["uploaded", "deleting"]);
        self.set_state(who, id, to).await;
    }

    async fn set_state(&mut self, who: Who, id: Id, to: &'static str) {
        let expected = self.desk.model.moving(who, id, to);
        let query = format!("case_files?id=eq.{id}&select=id");
        let row = Some(json!({"state": to}));
        let found = self.caller(who).write(Method::PATCH, &query, row).await;
        if found.is_success() {
            self.desk.model.files.get_mut(&id).unwrap().state = to;
        }
        self.compare(
            "move a file on",
            who,
            &format!("{query} to {to}"),
            expected,
            found,
        );
    }

    /// The service checks what lies there; or other bytes come past every policy, as by a late signed upload.
    pub(super) async fn verify_or_swap(&mut self) {
        let Some(id) = self.some_file() else { return };
        let file = self.desk.model.files[&id].clone();
        if self.chance.one_in(3) {
            let (object, bytes) = (self.object(id), self.fresh());
            let done = self.desk.service.put(&object, bytes, true).await;
            assert_eq!(done, file.state == "pending", "swapping {file:?}");
            if done {
                self.desk.model.files.get_mut(&id).unwrap().object = Some(bytes);
            }
            return;
        }
        let done = verify(&mut self.desk.owner, id).await;
        assert_eq!(done, file.state == "uploaded", "verifying {file:?}");
        if done {
            let file = self.desk.model.files.get_mut(&id).unwrap();
            file.state = "available";
            file.checked = true;
        }
    }

    pub(super) async fn read_object(&mut self, who: Who) {
        let Some(id) = self.some_file() else { return };
        let object = self.object(id);
        let file = self.desk.model.files[&id].clone();
        let expected = self.desk.model.reads_object(who, id);
        let found = self.caller(who).get(&object).await;
        if found.is_some() {
            assert_eq!(found, file.object, "{object}");
        }
        self.compare_storage("download", who, &object, expected, found.is_some());
        let signing = format!("sign/{object}");
        let signed = self
            .caller(who)
            .ask(&signing, json!({"expiresIn": 60}))
            .await;
        self.compare_storage("sign a download", who, &object, expected, signed);
    }

    /// Nobody overwrites, moves or copies.
    pub(super) async fn tamper_with_object(&mut self, who: Who) {
        let Some(id) = self.some_file() else { return };
        let (object, bytes) = (self.object(id), self.fresh());
        let file = self.desk.model.files[&id].clone();
        if file.object.is_some() {
            let done = self.caller(who).put(&object, bytes, true).await;
            self.compare_storage("overwrite an object", who, &object, false, done);
        }
        let body = json!({
            "bucketId": file.bucket, "sourceKey": file.path, "destinationKey": format!("{}-2", file.path),
        });
        for (kind, path) in [("move an object", "move"), ("copy an object", "copy")] {
            let done = self.caller(who).ask(path, body.clone()).await;
            self.compare_storage(kind, who, &object, false, done);
        }
    }

    pub(super) async fn remove_object(&mut self, who: Who) {
        let Some(id) = self.some_file() else { return };
        let who = self.or_owner(who, Some(self.desk.model.files[&id].uploader));
        let object = self.object(id);
        let model = &self.desk.model;
        let expected = model.reads_object(who, id) && model.files[&id].state == "deleting";
        let done = self.caller(who).remove(&object).await;
        if done {
            self.desk.model.files.get_mut(&id).unwrap().object = None;
        }
        self.compare_storage("remove an object", who, &object, expected, done);
    }

    pub(super) async fn delete_file(&mut self, who: Who) {
        let Some(id) = self.some_file() else { return };
        let who = self.or_owner(who, Some(self.desk.model.files[&id].uploader));
        let model = &self.desk.model;
        let may = model.may_delete_file(who, id);
        let expected = if may && model.files[&id].object.is_some() {
            Outcome::Refused(409)
        } else {
            Outcome::row_if(may, id)
        };
        let query = format!("case_files?id=eq.{id}&select=id");
        let found = self.caller(who).write(Method::DELETE, &query, None).await;
        if found.is_success() {
            self.desk.model.files.remove(&id);
        }
        self.compare("delete a file's row", who, &query, expected, found);
    }
}
