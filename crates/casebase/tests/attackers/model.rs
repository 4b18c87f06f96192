//! The access table of the design, as a few predicates over a world that fits in memory.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Admin.
    Ada,
    /// Staff of scope all.
    Alan,
    /// Staff of scope departments: North at first.
    Dora,
    /// Staff of scope departments: South at first; and a member of Acme.
    Sam,
    /// Staff of scope assigned.
    Asta,
    /// Was an admin; the token still says so.
    Ivan,
    /// Member of Acme.
    Carla,
    /// Member of Other Ltd.
    Otto,
    /// Signed in, and nobody.
    Nemo,
    /// Not signed in.
    Anon,
}

impl Who {
    pub const ALL: [Self; 10] = [
        Self::Ada,
        Self::Alan,
        Self::Dora,
        Self::Sam,
        Self::Asta,
        Self::Ivan,
        Self::Carla,
        Self::Otto,
        Self::Nemo,
        Self::Anon,
    ];
    pub const STAFF: [Self; 6] = [
        Self::Ada,
        Self::Alan,
        Self::Dora,
        Self::Sam,
        Self::Asta,
        Self::Ivan,
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Admin,
    All,
    Departments,
    Assigned,
}

/// Index of one of the two clients or departments.
pub type Client = usize;
pub type Department = usize;
pub type Id = i64;

#[derive(Clone, Debug)]
pub struct Case {
    pub number: String,
    pub client: Client,
    pub department: Department,
    pub assigned: Option<Who>,
    pub status: &'static str,
    pub priority: &'static str,
    pub escalated: bool,
    /// The closed case that a reply came to.
    pub follows: Option<Id>,
}

impl Case {
    pub fn is_done(&self) -> bool {
        matches!(self.status, "resolved" | "closed")
    }

    /// A reopened case can be escalated again.
    pub fn become_of_status(&mut self, status: &'static str) {
        let was_done = self.is_done();
        self.status = status;
        self.escalated &= !was_done || self.is_done();
    }
}

#[derive(Clone, Debug)]
pub struct Interaction {
    pub case: Id,
    pub visible: bool,
    pub author: Who,
}

#[derive(Clone, Debug)]
pub struct Note {
    pub case: Id,
    pub author: Who,
}

#[derive(Clone, Debug)]
pub struct File {
    pub case: Id,
    pub interaction: Option<Id>,
    pub visible: bool,
    pub state: &'static str,
    pub uploader: Who,
    pub bucket: String,
    pub path: String,
    /// What lies at the path: its bytes, other ones for each upload.
    pub object: Option<usize>,
    /// Whether the service has read those bytes.
    pub checked: bool,
}

#[derive(Default)]
pub struct Model {
    pub active: BTreeSet<Who>,
    pub departments: BTreeSet<(Who, Department)>,
    pub members: BTreeSet<(Client, Who)>,
    pub cases: BTreeMap<Id, Case>,
    pub interactions: BTreeMap<Id, Interaction>,
    pub notes: BTreeMap<Id, Note>,
    pub files: BTreeMap<Id, File>,
}

impl Model {
    pub fn standing(&self, who: Who) -> Option<Standing> {
        let standing = match who {
            Who::Ada | Who::Ivan => Standing::Admin,
            Who::Alan => Standing::All,
            Who::Dora | Who::Sam => Standing::Departments,
            Who::Asta => Standing::Assigned,
            Who::Carla | Who::Otto | Who::Nemo | Who::Anon => return None,
        };
        self.active.contains(&who).then_some(standing)
    }

    pub fn is_admin(&self, who: Who) -> bool {
        self.standing(who) == Some(Standing::Admin)
    }

    pub fn works_in(&self, who: Who, department: Department) -> bool {
        match self.standing(who) {
            Some(Standing::Admin | Standing::All) => true,
            Some(Standing::Departments) => self.departments.contains(&(who, department)),
            _ => false,
        }
    }

    pub fn is_member(&self, who: Who, client: Client) -> bool {
        self.members.contains(&(client, who))
    }

    /// Sees the case, and all of it.
    pub fn as_staff(&self, who: Who, case: Id) -> bool {
        self.cases.get(&case).is_some_and(|c| {
            self.works_in(who, c.department)
                || self.standing(who).is_some() && c.assigned == Some(who)
        })
    }

    pub fn sees_case(&self, who: Who, case: Id) -> bool {
        let as_client = |c: &Case| self.is_member(who, c.client);
        self.as_staff(who, case) || self.cases.get(&case).is_some_and(as_client)
    }

    /// Whether staff, or an admin, may bring a case from one status to another.
    pub fn may_move(&self, who: Who, from: &str, to: &str) -> bool {
        match from {
            "closed" => to == "closed" || to == "open" && self.is_admin(who),
            "resolved" => to != "waiting",
            _ => true,
        }
    }

    /// Where a client's reply goes, and what becomes of the case there; `Err` is the closed case that a new one follows.
    fn receive_reply(&mut self, mut case: Id) -> Result<Id, Id> {
        while self.cases[&case].status == "closed" {
            let follows = |(id, c): (&Id, &Case)| (c.follows == Some(case)).then_some(*id);
            match self.cases.iter().filter_map(follows).max() {
                Some(next) => case = next,
                None => return Err(case),
            }
        }
        if let Some(replied) = self.cases.get_mut(&case)
            && matches!(replied.status, "waiting" | "resolved")
        {
            replied.become_of_status("open");
        }
        Ok(case)
    }

    /// A client's reply to `case` was found in `lands_in`, as it should be.
    pub fn expect_reply(&mut self, case: Id, lands_in: Id) {
        match self.receive_reply(case) {
            Ok(expected) => assert_eq!(lands_in, expected, "a reply to {case}"),
            Err(closed) => {
                assert!(!self.cases.contains_key(&lands_in), "a reply to {case}");
                let follow_up = Case {
                    number: format!("CASE-{lands_in:04}"),
                    assigned: None,
                    status: "open",
                    priority: "medium",
                    escalated: false,
                    follows: Some(closed),
                    ..self.cases[&closed].clone()
                };
                self.cases.insert(lands_in, follow_up);
            }
        }
    }

    pub fn sees_interaction(&self, who: Who, id: Id) -> bool {
        self.interactions
            .get(&id)
            .is_some_and(|i| self.as_staff(who, i.case) || i.visible && self.sees_case(who, i.case))
    }

    pub fn sees_note(&self, who: Who, id: Id) -> bool {
        self.notes
            .get(&id)
            .is_some_and(|n| self.as_staff(who, n.case))
    }

    pub fn sees_file(&self, who: Who, id: Id) -> bool {
        self.files.get(&id).is_some_and(|f| {
            let own = f.uploader == who;
            let as_staff =
                self.as_staff(who, f.case) && (own || matches!(f.state, "available" | "deleting"));
            let as_client =
                f.visible && self.sees_case(who, f.case) && (own || f.state == "available");
            as_staff || as_client
        })
    }

    /// Whether the object is served: checked bytes to whoever sees the row, others to their uploader alone.
    pub fn reads_object(&self, who: Who, id: Id) -> bool {
        let readable = |f: &File| f.object.is_some() && (f.checked || f.uploader == who);
        self.sees_file(who, id) && readable(&self.files[&id])
    }

    /// Whether the uploader or staff may move the row on.
    pub fn may_move_file(&self, who: Who, id: Id) -> bool {
        let f = &self.files[&id];
        let own = f.uploader == who && f.visible && matches!(f.state, "pending" | "uploaded");
        self.sees_file(who, id) && (own || self.as_staff(who, f.case))
    }

    pub fn may_delete_file(&self, who: Who, id: Id) -> bool {
        let f = &self.files[&id];
        let own = f.uploader == who && f.visible;
        self.sees_file(who, id) && f.state == "deleting" && (own || self.as_staff(who, f.case))
    }
}
