//! Calls about interactions and notes.

use reqwest::Method;
use serde_json::json;

use super::{MISSING, Walk};
use crate::{
    calls::Outcome,
    model::{File, Id, Interaction, Note, Who},
};

impl Walk {
    pub(super) async fn sees_their_words(&mut self, who: Who) {
        let model = &self.desk.model;
        let seen = |id: &&Id| model.sees_interaction(who, **id);
        let interactions = Outcome::Rows(model.interactions.keys().filter(seen).copied().collect());
        let seen = |id: &&Id| model.sees_note(who, **id);
        let notes = Outcome::Rows(model.notes.keys().filter(seen).copied().collect());
        for (table, expected) in [("interactions", interactions), ("internal_notes", notes)] {
            let query = format!("{table}?select=id&{}", self.all_cases());
            let found = self.caller(who).read(&query, "id").await;
            self.compare("list words", who, &query, expected, found);
        }
    }

    fn some_interaction(&mut self) -> Id {
        let ids: Vec<_> = self.desk.model.interactions.keys().copied().collect();
        self.some(&ids)
    }

    pub(super) async fn add_interaction(&mut self, who: Who) {
        let case = self.some_case();
        let visible = self.chance.one_in(2);
        let row = json!({
            "case_id": case, "party1_name": "A", "party1_type": "ARGAN", "party2_name": "B",
            "party2_type": "CLIENT", "content": "c", "visible_to_client": visible,
        });
        let made = self.caller(who).insert("interactions", row).await;
        let model = &mut self.desk.model;
        let as_staff = model.as_staff(who, case);
        let expected = model.sees_case(who, case).then_some("CLIENT");
        // A client speaks as one, and in the open.
        let speaker = expected.map(|client| if as_staff { "ARGAN" } else { client });
        if let Ok(row) = &made {
            let lands_in = row["case_id"].as_i64().unwrap();
            if !as_staff {
                model.expect_reply(case, lands_in);
            }
            let interaction = Interaction {
                case: lands_in,
                visible: visible || !as_staff,
                author: who,
            };
            assert_eq!(row["party1_type"].as_str(), speaker, "{who:?} speaks");
            assert_eq!(row["visible_to_client"], interaction.visible);
            assert_eq!(row["created_by"], json!(self.desk.people.get(&who)));
            model
                .interactions
                .insert(row["id"].as_i64().unwrap(), interaction);
        }
        let (expected, found) = of_insert(
            speaker.is_some(),
            made.map(|row| row["id"].as_i64().unwrap()),
        );
        self.compare(
            "add an interaction",
            who,
            &format!("case {case}"),
            expected,
            found,
        );
    }

    /// Only the author's, or an admin's to change.
    pub(super) async fn change_words(&mut self, who: Who) {
        let id = self.some_interaction();
        let author = self.desk.model.interactions.get(&id).map(|i| i.author);
        let who = self.or_owner(who, author);
        let model = &self.desk.model;
        let expected = match model.interactions.get(&id) {
            Some(i) if model.as_staff(who, i.case) => {
                if i.author == who || model.is_admin(who) {
                    Outcome::row(id)
                } else {
                    Outcome::Refused(403)
                }
            }
            _ => Outcome::nothing(),
        };
        let query = format!("interactions?id=eq.{id}&select=id");
        let content = json!({"content": self.fresh().to_string()});
        let found = self
            .caller(who)
            .write(Method::PATCH, &query, Some(content))
            .await;
        self.compare("change an interaction", who, &query, expected, found);
    }

    pub(super) async fn show_or_hide(&mut self, who: Who) {
        let id = self.some_interaction();
        let visible = self.chance.one_in(2);
        let model = &self.desk.model;
        let expected = match model.interactions.get(&id) {
            Some(i) if model.as_staff(who, i.case) => {
                let hides = i.visible && !visible;
                let mut files = model.files.values();
                let shows =
                    |f: &File| f.interaction == Some(id) && f.visible && f.state == "available";
                if hides && files.any(shows) {
                    Outcome::Refused(400)
                } else {
                    Outcome::row(id)
                }
            }
            _ => Outcome::nothing(),
        };
        let query = format!("interactions?id=eq.{id}&select=id");
        let row = json!({"visible_to_client": visible});
        let found = self
            .caller(who)
            .write(Method::PATCH, &query, Some(row))
            .await;
        if found.is_success() {
            let model = &mut self.desk.model;
            let was = model.interactions.get_mut(&id).unwrap();
            let hidden = was.visible && !visible;
            was.visible = visible;
            // What nobody but its uploader sees yet is let go.
            for file in model.files.values_mut() {
                if hidden && file.interaction == Some(id) && file.visible && !file.checked {
                    file.state = "deleting";
                }
            }
        }
        self.compare(
            "show or hide",
            who,
            &format!("{query} {visible}"),
            expected,
            found,
        );
    }

    pub(super) async fn delete_interaction(&mut self, who: Who) {
        let id = self.some_interaction();
        let model = &self.desk.model;
        let there = model.is_admin(who) && model.interactions.contains_key(&id);
        let query = format!("interactions?id=eq.{id}&select=id");
        let found = self.caller(who).write(Method::DELETE, &query, None).await;
        if found.is_success() {
            let model = &mut self.desk.model;
            model.interactions.remove(&id);
            // Its files stay, as the case's.
            let files = model.files.values_mut();
            files
                .filter(|f| f.interaction == Some(id))
                .for_each(|f| f.interaction = None);
        }
        self.compare(
            "delete an interaction",
            who,
            &query,
            Outcome::row_if(there, id),
            found,
        );
    }

    pub(super) async fn add_note(&mut self, who: Who) {
        let case = self.some_case();
        let who = self.or_insider(who, case);
        let row = json!({"case_id": case, "content": "n"});
        let made = self.caller(who).insert("internal_notes", row).await;
        let made = made.map(|row| row["id"].as_i64().unwrap());
        let allowed = self.desk.model.as_staff(who, case);
        if let Ok(id) = made {
            self.desk.model.notes.insert(id, Note { case, author: who });
        }
        let (expected, found) = of_insert(allowed, made);
        self.compare("add a note", who, &format!("case {case}"), expected, found);
    }

    /// Changed by its author or an admin, deleted by an admin.
    pub(super) async fn change_note(&mut self, who: Who) {
        let ids: Vec<_> = self.desk.model.notes.keys().copied().collect();
        let id = self.some(&ids);
        let author = self.desk.model.notes.get(&id).map(|n| n.author);
        let who = self.or_owner(who, author);
        let query = format!("internal_notes?id=eq.{id}&select=id");
        let model = &self.desk.model;
        let (admin, sees) = (model.is_admin(who), model.sees_note(who, id));
        if self.chance.one_in(3) {
            let expected = Outcome::row_if(sees && admin, id);
            let found = self.caller(who).write(Method::DELETE, &query, None).await;
            if found.is_success() {
                self.desk.model.notes.remove(&id);
            }
            self.compare("delete a note", who, &query, expected, found);
            return;
        }
        let expected = if !sees || admin || model.notes[&id].author == who {
            Outcome::row_if(sees, id)
        } else {
            Outcome::Refused(403)
        };
        let content = json!({"content": self.fresh().to_string()});
        let found = self
            .caller(who)
            .write(Method::PATCH, &query, Some(content))
            .await;
        self.compare("change a note", who, &query, expected, found);
    }
}

/// What an insert should come to, and what it came to.
pub(super) fn of_insert(allowed: bool, made: Result<Id, u16>) -> (Outcome, Outcome) {
    let expected = if allowed {
        Outcome::row(made.unwrap_or(MISSING))
    } else {
        Outcome::Refused(403)
    };
    (expected, made.map_or_else(Outcome::Refused, Outcome::row))
}
