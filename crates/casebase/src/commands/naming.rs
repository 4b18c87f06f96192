//! Whom and what people name at the command line, and what ids are called in a table.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use anyhow::bail;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::session::Session;

/// So many are named where a name is none.
const LISTED: usize = 10;
/// The database finds no more clients by their letters.
pub const MOST_CLIENTS: usize = 1000;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A member of staff; `me` is whoever is signed in.
    Staff,
    /// A department.
    Department,
    /// A specialty.
    Specialty,
    /// A client that the caller opens cases for.
    Client,
}

/// Something and its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// Its key.
    #[serde(alias = "user_id")]
    pub id: Uuid,
    /// What it is called; a client of a project's own table may have no name.
    #[serde(alias = "display_name")]
    pub name: Option<String>,
}

impl Kind {
    /// What one is called.
    pub fn words(self) -> &'static str {
        match self {
            Self::Staff => "member of staff",
            Self::Department => "department",
            Self::Specialty => "specialty",
            Self::Client => "client",
        }
    }

    /// The id of what is called so: an id itself, the whole name, or a part of it that no other has. Case is no difference.
    pub async fn find(self, session: &Session, text: &str) -> anyhow::Result<Uuid> {
        let text = text.trim();
        if self == Self::Staff && text == "me" {
            return Ok(session.user_id());
        }
        match text.parse() {
            Ok(id) => Ok(id),
            Err(_) => self.choose(text, self.called(session, text).await?),
        }
    }

    /// [`Self::find`] for each.
    pub async fn find_all(self, session: &Session, texts: &[String]) -> anyhow::Result<Vec<Uuid>> {
        let mut ids = Vec::new();
        for text in texts {
            ids.push(self.find(session, text).await?);
        }
        Ok(ids)
    }

    /// Those among which the name is looked for; of clients those with it, at most [`MOST_CLIENTS`] of the staff's.
    pub async fn called(self, session: &Session, text: &str) -> anyhow::Result<Vec<Named>> {
        match self {
            Self::Staff => staff(session).await,
            Self::Department => named(session, "departments").await,
            Self::Specialty => named(session, "specialties").await,
            Self::Client => {
                let letters = json!({"letters": text, "page_size": MOST_CLIENTS});
                let mut found: Vec<Named> = session.call("find_clients", &letters).await?;
                found.extend(session.call::<Vec<Named>>("my_clients", &json!({})).await?);
                Ok(found)
            }
        }
    }

    fn choose(self, text: &str, mut among: Vec<Named>) -> anyhow::Result<Uuid> {
        among.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        among.dedup();
        let wanted = text.to_lowercase();
        let lower = |one: &Named| one.name.as_deref().unwrap_or_default().to_lowercase();
        let whole: Vec<&Named> = among.iter().filter(|one| lower(one) == wanted).collect();
        let parts = among.iter().filter(|one| lower(one).contains(&wanted));
        let found = match whole.is_empty() {
            true => parts.collect(),
            false => whole,
        };
        let kind = self.words();
        match found[..] {
            [one] => Ok(one.id),
            [] => {
                let there = list(among.iter());
                bail!("there is no {kind} `{text}`, or you may not see it{there}")
            }
            _ => {
                let candidates = list(found.into_iter());
                bail!("more than one {kind} is called `{text}`{candidates}")
            }
        }
    }
}

/// As a hint: what may have been meant.
fn list<'a>(named: impl ExactSizeIterator<Item = &'a Named>) -> String {
    let more = named.len().saturating_sub(LISTED);
    let mut hint = String::new();
    for (n, one) in named.take(LISTED).enumerate() {
        let before = if n == 0 { "\nhint: there are" } else { "," };
        let name = one.name.as_deref().unwrap_or_default();
        let _ = write!(hint, "{before} {name} ({})", one.id);
    }
    if more > 0 {
        let _ = write!(hint, " and {more} others");
    }
    hint
}

async fn named(session: &Session, table: &str) -> anyhow::Result<Vec<Named>> {
    let rows = session.all(table, "id", |it| it.select("id,name")).await?;
    Ok(serde_json::from_value(Value::Array(rows))?)
}

async fn staff(session: &Session) -> anyhow::Result<Vec<Named>> {
    let columns = "user_id,display_name";
    let rows = session.all("staff_members", "user_id", |it| it.select(columns));
    Ok(serde_json::from_value(Value::Array(rows.await?))?)
}

/// What ids are called, as far as the caller may know.
pub struct Names<'a> {
    session: &'a Session,
    known: HashMap<Uuid, String>,
    asked: HashSet<Uuid>,
}

/// What a case's row gets beside its ids.
const NAMED: [(&str, &str); 4] = [
    ("client_id", "client"),
    ("department_id", "department"),
    ("required_specialty_id", "specialty"),
    ("assigned_to", "assignee"),
];

impl<'a> Names<'a> {
    /// Of everything that is the same for every case.
    pub async fn load(session: &'a Session) -> anyhow::Result<Self> {
        let (departments, specialties, staff, mine) = tokio::try_join!(
            named(session, "departments"),
            named(session, "specialties"),
            staff(session),
            async { session.call("my_clients", &json!({})).await },
        )?;
        let mut names = Self {
            session,
            known: HashMap::new(),
            asked: HashSet::new(),
        };
        for group in [departments, specialties, staff, mine] {
            names.learn(group);
        }
        Ok(names)
    }

    fn learn(&mut self, group: Vec<Named>) {
        let known = group
            .into_iter()
            .filter_map(|one| Some((one.id, one.name?)));
        self.known.extend(known);
    }

    /// What this id is called; the id, where nobody says.
    pub fn of(&self, id: &Value) -> Value {
        let known = id.as_str().and_then(|id| self.known.get(&id.parse().ok()?));
        known.map_or_else(|| id.clone(), |name| name.as_str().into())
    }

    /// The people of a case, who need be no staff.
    pub async fn learn_people(&mut self, case: &Value) -> anyhow::Result<()> {
        let people = json!({"case_id": case["id"]});
        let people = self.session.call("case_people", &people).await?;
        self.learn(people);
        Ok(())
    }

    /// Of staff, clients know who is in a case of theirs.
    async fn learn_assignees(&mut self, cases: &[Value]) -> anyhow::Result<()> {
        for case in cases {
            let assignee = case["assigned_to"].as_str().and_then(|id| id.parse().ok());
            let unknown =
                assignee.filter(|id| !self.known.contains_key(id) && !self.asked.contains(id));
            if let Some(unknown) = unknown {
                self.learn_people(case).await?;
                self.asked.insert(unknown);
            }
        }
        Ok(())
    }

    /// Adds to each case what its ids are called.
    pub async fn add_to(&mut self, cases: &mut [Value]) -> anyhow::Result<()> {
        let clients = cases.iter().filter_map(|case| case["client_id"].as_str());
        let mut unknown: Vec<Uuid> = clients.filter_map(|id| id.parse().ok()).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown.retain(|id| !self.known.contains_key(id) && !self.asked.contains(id));
        if !unknown.is_empty() {
            let names = json!({"ids": &unknown});
            let names = self.session.call("client_names", &names).await?;
            self.learn(names);
            self.asked.extend(unknown);
        }
        self.learn_assignees(cases).await?;
        for case in cases {
            for (id, name) in NAMED {
                if let Some(id) = case.get(id) {
                    case[name] = self.of(id);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn people(names: &[&str]) -> Vec<Named> {
        let one = |(n, name): (usize, &&str)| Named {
            id: Uuid::from_u128(n as u128),
            name: Some((*name).to_owned()),
        };
        names.iter().enumerate().map(one).collect()
    }

    #[test]
    fn a_name_is_whoever_has_it_whole_and_else_the_only_one_with_that_part() {
        let staff = people(&["Alan", "Alan Older", "Asta", "Asta"]);
        let found = |text| Kind::Staff.choose(text, staff.clone());
        assert_eq!(found("ALAN").unwrap(), Uuid::from_u128(0));
        assert_eq!(found("older").unwrap(), Uuid::from_u128(1));
        for (text, said) in [
            ("asta", "more than one member of staff is called `asta`"),
            ("Al", "hint: there are Alan (00000000-"),
            ("Bo", "there is no member of staff `Bo`"),
        ] {
            let error = found(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let many = people(&["N"; 12]);
        let error = Kind::Client.choose("n", many).unwrap_err().to_string();
        assert!(error.ends_with(" and 2 others"), "{error}");
    }
}
