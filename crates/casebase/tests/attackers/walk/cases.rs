//! Calls about cases.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Walk, words::of_insert};
use crate::{
    calls::Outcome,
    model::{Case, Department, File, Id, Model, Standing, Who},
};

/// So many cases are enough to get lost in.
const ENOUGH: usize = 12;

enum Change {
    Title,
    Metadata,
    Status(&'static str),
    Priority(&'static str),
    AssignedTo(Option<Who>),
    Department(Department),
}

impl Change {
    fn of(&self, case: &Case) -> Case {
        let mut case = case.clone();
        match *self {
            Self::Title | Self::Metadata => {}
            Self::Status(status) => case.become_of_status(status),
            Self::Priority(priority) => case.priority = priority,
            Self::AssignedTo(who) => case.assigned = who,
            Self::Department(department) => case.department = department,
        }
        case
    }

    /// Whether this column is one that the caller may change, where they may not change everything.
    fn is_within(&self, staff: bool) -> bool {
        matches!(self, Self::Title) || staff && matches!(self, Self::Status(_) | Self::Metadata)
    }

    fn is_none(&self, case: &Case) -> bool {
        match *self {
            Self::Title | Self::Metadata => false,
            Self::Status(status) => case.status == status,
            Self::Priority(priority) => case.priority == priority,
            Self::AssignedTo(who) => case.assigned == who,
            Self::Department(department) => case.department == department,
        }
    }
}

impl Model {
    fn changing_case(&self, who: Who, id: Id, change: &Change) -> Outcome {
        if !self.sees_case(who, id) {
            return Outcome::nothing();
        }
        let case = &self.cases[&id];
        let standing = self.standing(who);
        let by_department = matches!(
            standing,
            Some(Standing::Admin | Standing::All | Standing::Departments)
        );
        if !(by_department && self.as_staff(who, id)) {
            let as_assignee = standing.is_some() && case.assigned == Some(who);
            if !as_assignee && case.status != "open" {
                return Outcome::Refused(403);
            }
            if !change.is_within(as_assignee) && !change.is_none(case) {
                return Outcome::Refused(403);
            }
        }
        if let Change::Status(status) = change
            && !self.may_move(who, case.status, status)
        {
            return Outcome::Refused(409);
        }
        if let Change::AssignedTo(Some(assignee)) = change
            && !change.is_none(case)
            && !self.active.contains(assignee)
        {
            return Outcome::Refused(400);
        }
        let becomes = change.of(case);
        let may_be = self.is_member(who, case.client) && becomes.status == "open"
            || self.works_in(who, becomes.department)
            || standing.is_some() && becomes.assigned == Some(who);
        if may_be {
            Outcome::row(id)
        } else {
            Outcome::Refused(403)
        }
    }
}

impl Walk {
    pub(super) async fn sees_their_cases(&mut self, who: Who) {
        let model = &self.desk.model;
        let theirs = model.cases.keys().filter(|id| model.sees_case(who, **id));
        let expected = Outcome::Rows(theirs.copied().collect());
        // Whose department is the default one sees other tests' cases too.
        if !model.works_in(who, 2) {
            let found = self.caller(who).counted("rpc/case_counts").await;
            let expected = match who {
                Who::Anon => Err(401),
                _ => Ok(expected.clone().into_rows().len() as i64),
            };
            assert_eq!(expected, found, "{who:?} counts");
        }
        let [acme, other] = self.desk.clients;
        let query = format!("cases?select=id&client_id=in.({acme},{other})");
        let found = self.caller(who).read(&query, "id").await;
        self.compare("list cases", who, &query, expected.clone(), found);
        let arguments = format!("client_id={{{acme},{other}}}");
        let found = self.caller(who).listed(&arguments).await;
        self.compare("list cases by rpc", who, &arguments, expected, found);
    }

    pub(super) async fn open_case(&mut self, who: Who) {
        if self.desk.model.cases.len() >= ENOUGH {
            return;
        }
        let client = self.chance.below(2);
        let department = self.chance.maybe(&[0, 1, 2]);
        let priority = self.chance.maybe(&["low", "medium"]);
        let mut row = json!({"client_id": self.desk.clients[client], "title": "t"});
        if let Some(department) = department {
            row["department_id"] = json!(self.desk.departments[department]);
        }
        if let Some(priority) = priority {
            row["priority"] = json!(priority);
        }
        let made = self.caller(who).insert("cases", row.clone()).await;

        let model = &self.desk.model;
        let lands_in = department.unwrap_or(2);
        let as_client = model.is_member(who, client)
            && lands_in == 2
            && priority.unwrap_or("medium") == "medium";
        let allowed = model.works_in(who, lands_in) || as_client;
        let id = made
            .as_ref()
            .map_err(|status| *status)
            .map(|row| row["id"].as_i64().unwrap());
        let (expected, found) = of_insert(allowed, id);
        self.compare("open a case", who, &row.to_string(), expected, found);
        if let Ok(row) = made {
            let case = Case {
                number: row["case_id"].as_str().unwrap().to_owned(),
                client,
                department: lands_in,
                assigned: None,
                status: "open",
                priority: priority.unwrap_or("medium"),
                escalated: false,
                follows: None,
            };
            self.desk
                .model
                .cases
                .insert(row["id"].as_i64().unwrap(), case);
        }
    }

    pub(super) async fn read_case(&mut self, who: Who) {
        let id = self.some_case();
        let query =
            format!("cases?select=*,interactions(*),internal_notes(*),case_files(*)&id=eq.{id}");
        let expected = Outcome::row_if(self.desk.model.sees_case(who, id), id);
        let found = self.caller(who).read(&query, "id").await;
        self.compare("read a case", who, &query, expected, found);
    }

    /// What hangs on a case: its history, its people, and whether an inner join tells that there are notes.
    pub(super) async fn read_beside_case(&mut self, who: Who) {
        let id = self.some_case();
        let who = self.or_insider(who, id);
        let model = &self.desk.model;
        let sees = model.sees_case(who, id);
        let as_staff = model.as_staff(who, id);
        let noted = as_staff && model.notes.values().any(|n| n.case == id);

        let query = format!("case_events?select=case_id&seq=eq.1&case_id=eq.{id}");
        let found = self.caller(who).read(&query, "case_id").await;
        self.compare(
            "read the history",
            who,
            &query,
            Outcome::row_if(as_staff, id),
            found,
        );

        let query = format!(
            "cases?select=id,internal_notes!inner(id)&internal_notes.content=neq.x&id=eq.{id}"
        );
        let found = self.caller(who).read(&query, "id").await;
        self.compare(
            "join with notes",
            who,
            &query,
            Outcome::row_if(noted, id),
            found,
        );

        for function in ["case_timeline", "list_interactions", "case_people"] {
            let status = self.caller(who).rpc(function, json!({"case_id": id})).await;
            let expected = if sees {
                Outcome::row(id)
            } else {
                Outcome::Refused(404)
            };
            self.compare("rpc that reads", who, function, expected, told(status, id));
        }
    }

    fn some_change(&mut self) -> Change {
        match self.chance.below(8) {
            0 => Change::Title,
            1 => Change::Metadata,
            2..4 => Change::Status(self.chance.pick(&[
                "open",
                "in_progress",
                "waiting",
                "resolved",
                "closed",
            ])),
            4 => Change::Priority(self.chance.pick(&["low", "high"])),
            5..7 => Change::AssignedTo(self.chance.maybe(&Who::STAFF)),
            _ => Change::Department(self.chance.below(3)),
        }
    }

    /// One change to several cases: to those that are seen, or to none where one of them is refused.
    pub(super) async fn change_cases(&mut self, who: Who) {
        let ids = BTreeSet::from([self.some_case(), self.some_case(), self.some_case()]);
        let change = self.some_change();
        let row = self.as_row(&change);
        let listed: Vec<_> = ids.iter().map(Id::to_string).collect();
        let query = format!("cases?id=in.({})&select=id", listed.join(","));
        let found = self
            .caller(who)
            .write(Method::PATCH, &query, Some(row.clone()))
            .await;
        let model = &self.desk.model;
        let each = ids.iter().map(|id| model.changing_case(who, *id, &change));
        let (done, refused): (Vec<_>, Vec<_>) =
            each.partition(|outcome| matches!(outcome, Outcome::Rows(_)));
        let expected = if refused.contains(&found) {
            // Which of several refusals comes first is nobody's promise.
            found.clone()
        } else if let Some(refusal) = refused.into_iter().next() {
            refusal
        } else {
            Outcome::Rows(done.into_iter().flat_map(Outcome::into_rows).collect())
        };
        self.compare(
            "change cases",
            who,
            &format!("{query} {row}"),
            expected,
            found.clone(),
        );
        for id in found.into_rows() {
            let case = self.desk.model.cases.get_mut(&id).unwrap();
            *case = change.of(case);
        }
    }

    pub(super) async fn change_case(&mut self, who: Who) {
        let id = self.some_case();
        let who = self.or_insider(who, id);
        let change = self.some_change();
        let row = self.as_row(&change);
        let expected = self.desk.model.changing_case(who, id, &change);
        let query = format!("cases?id=eq.{id}&select=id");
        let found = self
            .caller(who)
            .write(Method::PATCH, &query, Some(row.clone()))
            .await;
        let done = found.is_success();
        self.compare(
            "change a case",
            who,
            &format!("{query} {row}"),
            expected,
            found,
        );
        if done {
            let case = self.desk.model.cases.get_mut(&id).unwrap();
            *case = change.of(case);
        }
    }

    fn as_row(&mut self, change: &Change) -> Value {
        let fresh = self.fresh();
        match *change {
            Change::Title => json!({"title": fresh.to_string()}),
            Change::Metadata => json!({"metadata": {"fresh": fresh}}),
            Change::Status(status) => json!({"status": status}),
            Change::Priority(priority) => json!({"priority": priority}),
            Change::AssignedTo(who) => {
                json!({"assigned_to": who.map(|who| self.desk.people[&who])})
            }
            Change::Department(at) => json!({"department_id": self.desk.departments[at]}),
        }
    }

    pub(super) async fn reopen_case(&mut self, who: Who) {
        let cases = self.desk.model.cases.iter();
        let resolved = cases.filter(|(_, case)| case.is_done());
        let resolved: Vec<_> = resolved.map(|(id, _)| *id).collect();
        let id = match self.chance.maybe(&resolved) {
            Some(id) => id,
            None => self.some_case(),
        };
        let who = self.or_insider(who, id);
        let status = self
            .caller(who)
            .rpc("reopen_case", json!({"case_id": id}))
            .await;
        let model = &mut self.desk.model;
        let expected = if !model.sees_case(who, id) {
            Outcome::Refused(404)
        } else if model.cases[&id].is_done() && model.may_move(who, model.cases[&id].status, "open")
        {
            Outcome::row(id)
        } else {
            Outcome::Refused(409)
        };
        if status == 200 {
            let case = model.cases.get_mut(&id).unwrap();
            case.become_of_status("open");
        }
        self.compare(
            "reopen a case",
            who,
            &id.to_string(),
            expected,
            told(status, id),
        );
    }

    pub(super) async fn escalate_case(&mut self, who: Who) {
        let id = self.some_case();
        let who = self.or_insider(who, id);
        let status = self
            .caller(who)
            .rpc("escalate_case", json!({"case_id": id, "reason": "Now"}))
            .await;
        let model = &mut self.desk.model;
        let expected = if !model.sees_case(who, id) {
            Outcome::Refused(404)
        } else if model.cases[&id].is_done() || model.cases[&id].escalated {
            Outcome::Refused(409)
        } else {
            Outcome::row(id)
        };
        if status == 200 {
            let case = model.cases.get_mut(&id).unwrap();
            case.escalated = true;
            case.priority = "high";
        }
        self.compare(
            "escalate a case",
            who,
            &id.to_string(),
            expected,
            told(status, id),
        );
    }

    pub(super) async fn take_case(&mut self, who: Who) {
        let id = self.some_case();
        let who = self.or_insider(who, id);
        let status = self
            .caller(who)
            .rpc("take_case", json!({"case_id": id}))
            .await;
        let model = &mut self.desk.model;
        let case = model.cases.get(&id);
        let works_elsewhere = |holder: Who| {
            holder != who && model.active.contains(&holder) && model.standing(who).is_some()
        };
        let expected = match case {
            Some(case) if model.sees_case(who, id) => {
                if case.is_done() || case.assigned.is_some_and(works_elsewhere) {
                    Outcome::Refused(409)
                } else if !model.as_staff(who, id) {
                    Outcome::Refused(403)
                } else {
                    Outcome::row(id)
                }
            }
            _ => Outcome::Refused(404),
        };
        if status == 200 {
            let case = model.cases.get_mut(&id).unwrap();
            case.assigned = Some(who);
            if case.status == "open" {
                case.become_of_status("in_progress");
            }
        }
        self.compare(
            "take a case",
            who,
            &id.to_string(),
            expected,
            told(status, id),
        );
    }

    pub(super) async fn hand_over_case(&mut self, who: Who) {
        let id = self.some_case();
        let who = self.or_insider(who, id);
        let department = self.chance.maybe(&[0, 1, 2]);
        let staff = self.chance.maybe(&Who::STAFF);
        let arguments = json!({
            "case_id": id,
            "to_department": department.map(|at| self.desk.departments[at]),
            "to_staff": staff.map(|who| self.desk.people[&who]),
        });
        let status = self.caller(who).rpc("hand_over_case", arguments).await;

        let model = &mut self.desk.model;
        let may = matches!(model.standing(who), Some(s) if s != Standing::Assigned);
        let as_staff = model.as_staff(who, id);
        let takes_it = |case: &Case| staff != case.assigned && staff.is_some();
        let expected = if !may {
            Outcome::Refused(403)
        } else if department.is_none() && staff.is_none() {
            Outcome::Refused(400)
        } else if !as_staff {
            Outcome::Refused(404)
        } else if takes_it(&model.cases[&id]) && !staff.is_some_and(|s| model.active.contains(&s)) {
            Outcome::Refused(400)
        } else {
            Outcome::row(id)
        };
        if status == 204 {
            let case = model.cases.get_mut(&id).unwrap();
            let stays = department.is_none_or(|at| at == case.department);
            case.department = department.unwrap_or(case.department);
            case.assigned = staff.or(case.assigned.filter(|_| stays));
        }
        let call = format!("{id} to {department:?} {staff:?}");
        self.compare("hand over a case", who, &call, expected, told(status, id));
    }

    pub(super) async fn delete_case(&mut self, who: Who) {
        let id = self.some_case();
        let who = self.or_owner(who, Some(Who::Ada));
        let model = &self.desk.model;
        let there = model.is_admin(who) && model.cases.contains_key(&id);
        let stays = |f: &File| f.case == id && (f.state == "available" || f.object.is_some());
        let expected = if there && model.files.values().any(stays) {
            Outcome::Refused(409)
        } else {
            Outcome::row_if(there, id)
        };
        let query = format!("cases?id=eq.{id}&select=id");
        let found = self.caller(who).write(Method::DELETE, &query, None).await;
        if found.is_success() {
            let model = &mut self.desk.model;
            model.cases.remove(&id);
            for case in model.cases.values_mut() {
                case.follows = case.follows.filter(|followed| *followed != id);
            }
            model.interactions.retain(|_, i| i.case != id);
            model.notes.retain(|_, n| n.case != id);
            model.files.retain(|_, f| f.case != id);
        }
        self.compare("delete a case", who, &query, expected, found);
    }

    /// An upsert, which becomes an update where the row is there.
    pub(super) async fn write_internal(&mut self, who: Who) {
        let id = self.some_case();
        let row = json!({"case_id": id, "tags": [self.fresh().to_string()]});
        let written = self.caller(who).upsert("case_internal", row).await;
        let expected = if self.desk.model.as_staff(who, id) {
            Outcome::row(id)
        } else {
            Outcome::Refused(403)
        };
        let found = written.map_or_else(Outcome::Refused, |_| Outcome::row(id));
        self.compare(
            "upsert case_internal",
            who,
            &id.to_string(),
            expected,
            found,
        );
    }

    pub(super) fn all_cases(&self) -> String {
        let ids: BTreeSet<_> = self.desk.model.cases.keys().map(Id::to_string).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        format!("case_id=in.({})", ids.join(","))
    }
}

fn told(status: u16, id: Id) -> Outcome {
    match status {
        200..300 => Outcome::row(id),
        refused => Outcome::Refused(refused),
    }
}
