//! Who is staff, who works where and who belongs to a client changes under everybody's feet; the tokens stay.

use reqwest::Method;
use serde_json::json;

use super::Walk;
use crate::{calls::Outcome, model::Who};

impl Walk {
    pub(super) async fn change_people(&mut self, who: Who) {
        match self.chance.below(3) {
            0 => self.switch_staff(who).await,
            1 => self.change_department(who).await,
            _ => self.change_membership(who).await,
        }
    }

    /// Ada stays: somebody must be able to switch people on again.
    async fn switch_staff(&mut self, who: Who) {
        let whom = self.chance.pick(&Who::STAFF[1..]);
        let active = !self.chance.one_in(4);
        let query = format!(
            "staff_members?user_id=eq.{}&select=user_id",
            self.desk.people[&whom]
        );
        let row = Some(json!({"active": active}));
        let expected = Outcome::row_if(self.desk.model.is_admin(who), 0);
        let found = self.caller(who).write(Method::PATCH, &query, row).await;
        if found.is_success() {
            let staff = &mut self.desk.model.active;
            if active {
                staff.insert(whom)
            } else {
                staff.remove(&whom)
            };
        }
        self.compare(
            "switch staff",
            who,
            &format!("{whom:?} {active}"),
            expected,
            found,
        );
    }

    async fn change_department(&mut self, who: Who) {
        let whom = self.chance.pick(&[Who::Dora, Who::Sam]);
        let department = self.chance.below(3);
        let entry = (whom, department);
        let (user_id, department_id) = (self.desk.people[&whom], self.desk.departments[department]);
        let call = format!("{entry:?}");
        let admin = self.desk.model.is_admin(who);
        if self.desk.model.departments.contains(&entry) {
            let query =
                format!("staff_departments?user_id=eq.{user_id}&department_id=eq.{department_id}");
            let found = self.caller(who).write(Method::DELETE, &query, None).await;
            if found.is_success() {
                self.desk.model.departments.remove(&entry);
            }
            self.compare(
                "leave a department",
                who,
                &call,
                Outcome::row_if(admin, 0),
                found,
            );
        } else {
            let row = json!({"user_id": user_id, "department_id": department_id});
            let made = self.caller(who).insert("staff_departments", row).await;
            if made.is_ok() {
                self.desk.model.departments.insert(entry);
            }
            let (expected, found) = super::words::of_insert(admin, made.map(|_| 0));
            self.compare("join a department", who, &call, expected, found);
        }
    }

    async fn change_membership(&mut self, who: Who) {
        let whom = self
            .chance
            .pick(&[Who::Sam, Who::Carla, Who::Otto, Who::Dora]);
        let client = self.chance.below(2);
        let entry = (client, whom);
        let (user_id, client_id) = (self.desk.people[&whom], self.desk.clients[client]);
        let call = format!("{entry:?}");
        let admin = self.desk.model.is_admin(who);
        if self.desk.model.members.contains(&entry) {
            let query = format!("client_members?user_id=eq.{user_id}&client_id=eq.{client_id}");
            let found = self.caller(who).write(Method::DELETE, &query, None).await;
            if found.is_success() {
                self.desk.model.members.remove(&entry);
            }
            self.compare(
                "leave a client",
                who,
                &call,
                Outcome::row_if(admin, 0),
                found,
            );
        } else {
            let row = json!({"user_id": user_id, "client_id": client_id, "display_name": format!("{whom:?}")});
            let made = self.caller(who).insert("client_members", row).await;
            if made.is_ok() {
                self.desk.model.members.insert(entry);
            }
            let (expected, found) = super::words::of_insert(admin, made.map(|_| 0));
            self.compare("join a client", who, &call, expected, found);
        }
    }
}
