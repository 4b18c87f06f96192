//! `casebase staff`

use std::collections::HashSet;

use clap::Subcommand;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::register::{Register, given, nothing_to_change};
use crate::{
    commands::{
        fail_for_some,
        naming::Kind,
        table::{self, Told},
    },
    session::Session,
    terminal,
};

/// The options of `casebase staff`.
#[derive(Debug, clap::Args)]
#[command(after_help = super::AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them: what they see, and where they work
    List {
        #[command(flatten)]
        told: Told,
    },
    /// Make a user staff who has an account already (`casebase invite staff` needs none)
    Add {
        /// Their account's id
        #[arg(value_name = "USER_ID")]
        user: Uuid,
        /// What they are called
        #[arg(long)]
        name: String,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Change what one sees, and where they work
    Change {
        /// Who
        #[arg(value_name = "PERSON")]
        person: String,
        /// What they are called from now on
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Take every right of staff from some, at once
    Deactivate {
        /// Who
        #[arg(required = true, value_name = "PERSON")]
        people: Vec<String>,
    },
    /// Give them back, from the next sign-in on
    Activate {
        /// Who
        #[arg(required = true, value_name = "PERSON")]
        people: Vec<String>,
    },
}

/// What becomes of one.
#[derive(Debug, clap::Args)]
struct Wanted {
    /// Which cases they see: all, those of their departments, or those assigned to them
    #[arg(long, value_parser = SCOPES)]
    scope: Option<String>,
    /// Whether they are an admin; =false: no more
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    admin: Option<bool>,
    /// A department that they work in
    #[arg(long, value_name = "DEPARTMENT")]
    add_department: Vec<String>,
    /// One that they work in no more
    #[arg(long, value_name = "DEPARTMENT")]
    remove_department: Vec<String>,
    /// A specialty that they have
    #[arg(long, value_name = "SPECIALTY")]
    add_specialty: Vec<String>,
    /// One that they have no more
    #[arg(long, value_name = "SPECIALTY")]
    remove_specialty: Vec<String>,
    #[command(flatten)]
    told: Told,
}

/// As `staff_members_scope_check` has them.
pub const SCOPES: [&str; 3] = ["all", "departments", "assigned"];

const STAFF: Register = Register {
    kind: Kind::Staff,
    table: "staff_members",
    key: "user_id",
    shown: &[
        "display_name",
        "standing",
        "active",
        "departments",
        "specialties",
        "user_id",
    ],
};

/// With the names that its rows lead to.
const WITH_NAMES: &str =
    "*,in:staff_departments(departments(name)),has:staff_specialties(specialties(name))";

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::List { told } => {
            let session = Session::open()?;
            tell(
                session
                    .all(STAFF.table, STAFF.key, |it| it.select(WITH_NAMES))
                    .await?,
                told,
            )
        }
        Command::Add { user, name, wanted } => wanted.add(user, &name).await,
        Command::Change {
            person,
            name,
            wanted,
        } => wanted.run(&person, name).await,
        Command::Deactivate { people } => switch(&people, false).await,
        Command::Activate { people } => switch(&people, true).await,
    }
}

fn tell(mut rows: Vec<Value>, told: Told) -> anyhow::Result<()> {
    for row in &mut rows {
        let names = |of: &Value, what: &str| {
            let names = of.as_array().into_iter().flatten();
            Value::from_iter(names.map(|one| one[what]["name"].clone()))
        };
        row["departments"] = names(&row["in"], "departments");
        row["specialties"] = names(&row["has"], "specialties");
        row["standing"] = match row["is_admin"].as_bool() {
            Some(true) => "admin".into(),
            _ => row["scope"].clone(),
        };
        if let Some(row) = row.as_object_mut() {
            row.retain(|name, _| name != "in" && name != "has");
        }
    }
    rows.sort_by_key(|row| row["display_name"].as_str().map(str::to_lowercase));
    Ok(table::print(&rows, STAFF.shown, told.form())?)
}

/// Where a person's departments or specialties are.
struct Links {
    table: &'static str,
    key: &'static str,
    kind: Kind,
}

const DEPARTMENTS: Links = Links {
    table: "staff_departments",
    key: "department_id",
    kind: Kind::Department,
};
const SPECIALTIES: Links = Links {
    table: "staff_specialties",
    key: "specialty_id",
    kind: Kind::Specialty,
};

impl Links {
    /// There are these, and those no more. What is so already stays: the same command goes on with what stopped half-way.
    async fn change(
        &self,
        session: &Session,
        user: Uuid,
        add: &[Uuid],
        remove: &[Uuid],
    ) -> anyhow::Result<()> {
        let there = session
            .all(self.table, self.key, |it| it.eq("user_id", user))
            .await?;
        let there: HashSet<Uuid> = there
            .iter()
            .filter_map(|row| row[self.key].as_str()?.parse().ok())
            .collect();
        for id in add.iter().filter(|id| !there.contains(id)) {
            session
                .insert(self.table, &json!({"user_id": user, self.key: id}))
                .await?;
        }
        for id in remove {
            session
                .delete(self.table, |it| it.eq("user_id", user).eq(self.key, id))
                .await?;
        }
        Ok(())
    }
}

impl Wanted {
    fn columns(&self, name: Option<&str>) -> Map<String, Value> {
        given([
            ("display_name", name.map(|name| name.trim().into())),
            ("scope", self.scope.as_deref().map(Value::from)),
            ("is_admin", self.admin.map(Value::from)),
        ])
    }

    async fn add(&self, user: Uuid, name: &str) -> anyhow::Result<()> {
        let session = Session::open()?;
        let mut row = self.columns(Some(name));
        row.insert("user_id".into(), json!(user));
        let linked = self.linked(&session).await?;
        session.insert(STAFF.table, &row).await?;
        self.link(&session, user, linked).await
    }

    async fn run(&self, person: &str, name: Option<String>) -> anyhow::Result<()> {
        let session = Session::open()?;
        let columns = self.columns(name.as_deref());
        let linked = self.linked(&session).await?;
        if columns.is_empty() && linked.iter().all(Vec::is_empty) {
            return Err(nothing_to_change());
        }
        let user = Kind::Staff.find(&session, person).await?;
        if !columns.is_empty() {
            STAFF.change(&session, person, &columns).await?;
        }
        self.link(&session, user, linked).await
    }

    /// What is to be added and removed: found before anything is changed.
    async fn linked(&self, session: &Session) -> anyhow::Result<[Vec<Uuid>; 4]> {
        Ok([
            DEPARTMENTS
                .kind
                .find_all(session, &self.add_department)
                .await?,
            DEPARTMENTS
                .kind
                .find_all(session, &self.remove_department)
                .await?,
            SPECIALTIES
                .kind
                .find_all(session, &self.add_specialty)
                .await?,
            SPECIALTIES
                .kind
                .find_all(session, &self.remove_specialty)
                .await?,
        ])
    }

    async fn link(
        &self,
        session: &Session,
        user: Uuid,
        [to, from, with, without]: [Vec<Uuid>; 4],
    ) -> anyhow::Result<()> {
        DEPARTMENTS.change(session, user, &to, &from).await?;
        SPECIALTIES.change(session, user, &with, &without).await?;
        let narrow =
            |it: casebase_supabase::postgrest::Query| it.select(WITH_NAMES).eq(STAFF.key, user);
        tell(
            session.all(STAFF.table, STAFF.key, narrow).await?,
            self.told,
        )
    }
}

async fn switch(people: &[String], active: bool) -> anyhow::Result<()> {
    let session = Session::open()?;
    let done = if active { "activated" } else { "deactivated" };
    let mut failed = 0;
    for person in people {
        let to = given([("active", Some(active.into()))]);
        match STAFF.change(&session, person, &to).await {
            Ok(row) => terminal::say(format_args!(
                "{done} {}",
                row["display_name"].as_str().unwrap_or(person)
            )),
            Err(error) if people.len() == 1 => return Err(error),
            Err(error) => {
                terminal::say_error(&error);
                failed += 1;
            }
        }
    }
    fail_for_some(failed, people.len(), done)
}
