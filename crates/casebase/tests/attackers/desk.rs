//! Two clients, two departments, and everybody signed in.

use std::{collections::BTreeMap, sync::Arc};

use casebase::commands::demo::person::Place;
use sqlx::{Connection, PgConnection, query_scalar};
use uuid::Uuid;

use crate::{
    calls::Caller,
    model::{Id, Model, Who},
    people,
    support::project,
};

pub struct Desk {
    place: Arc<Place>,
    pub model: Model,
    pub callers: BTreeMap<Who, Caller>,
    /// A service key's, which row level security doesn't bind.
    pub service: Caller,
    pub people: BTreeMap<Who, Uuid>,
    pub clients: [Uuid; 2],
    /// The two departments and, last, the default one.
    pub departments: [Uuid; 3],
    pub owner: PgConnection,
}

impl Desk {
    pub async fn new() -> Self {
        let mut owner = connect().await;
        let clients = [
            client(&mut owner, "Acme").await,
            client(&mut owner, "Other Ltd").await,
        ];
        let departments = departments(&mut owner).await;
        let place = Arc::new(people::place());
        let mut desk = Self {
            model: Model::default(),
            callers: BTreeMap::new(),
            service: Caller::new(&place, project().setting("SUPABASE_SERVICE_ROLE_KEY")),
            place,
            people: BTreeMap::new(),
            clients,
            departments,
            owner,
        };
        for who in Who::ALL {
            desk.sign_in(who).await;
        }
        desk
    }

    async fn sign_in(&mut self, who: Who) {
        if who == Who::Anon {
            let key = project().setting("SUPABASE_ANON_KEY");
            self.callers.insert(who, Caller::new(&self.place, key));
            return;
        }
        let mut person = people::sign_up(&self.place).await;
        let id = person.id();
        self.people.insert(who, id);
        self.put_in_place(who, id).await;
        // The claim comes with the next token. Ivan has his when his row is switched off.
        person.refresh().await.expect("a new token");
        if who == Who::Ivan {
            self.run(
                "update staff_members set active = false where user_id = $1",
                id,
            )
            .await;
            self.model.active.remove(&who);
        }
        self.callers
            .insert(who, Caller::new(&self.place, person.token()));
    }

    async fn put_in_place(&mut self, who: Who, id: Uuid) {
        if Who::STAFF.contains(&who) {
            let scope = match who {
                Who::Alan | Who::Ada | Who::Ivan => "all",
                Who::Asta => "assigned",
                _ => "departments",
            };
            let admin = matches!(who, Who::Ada | Who::Ivan);
            self.run(
                &format!(
                    "insert into staff_members (user_id, display_name, is_admin, scope)
                     values ($1, '{who:?}', {admin}, '{scope}')"
                ),
                id,
            )
            .await;
            self.model.active.insert(who);
        }
        for (department, who_works_there) in [(0, Who::Dora), (1, Who::Sam)] {
            if who == who_works_there {
                let department_id = self.departments[department];
                self.run(
                    &format!("insert into staff_departments (user_id, department_id) values ($1, '{department_id}')"),
                    id,
                )
                .await;
                self.model.departments.insert((who, department));
            }
        }
        for (client, member) in [(0, Who::Carla), (0, Who::Sam), (1, Who::Otto)] {
            if who == member {
                let client_id = self.clients[client];
                self.run(
                    &format!("insert into client_members (client_id, user_id, display_name) values ('{client_id}', $1, '{who:?}')"),
                    id,
                )
                .await;
                self.model.members.insert((client, who));
            }
        }
    }

    async fn run(&mut self, sql: &str, id: Uuid) {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
            .bind(id)
            .execute(&mut self.owner)
            .await
            .expect("the owner may");
    }
}

pub async fn connect() -> PgConnection {
    let url = project().setting("DATABASE_URL");
    let owner = PgConnection::connect(url).await;
    owner.expect("the owner's connection")
}

/// The service has read the bytes that lie there now, and vouches for them.
pub async fn verify(owner: &mut PgConnection, file: Id) -> bool {
    let version: Option<String> =
        query_scalar("select object_version from casebase.verification_begin('case_file', $1)")
            .bind(file)
            .fetch_one(&mut *owner)
            .await
            .unwrap_or_default();
    let finished = sqlx::query(
        "select casebase.verification_finish('case_file', $1, $2, repeat('a', 64), 1, 'text/plain')",
    )
    .bind(file)
    .bind(version)
    .execute(&mut *owner)
    .await;
    finished.is_ok()
}

async fn client(owner: &mut PgConnection, name: &str) -> Uuid {
    query_scalar("insert into clients (name) values ($1) returning id")
        .bind(name)
        .fetch_one(owner)
        .await
        .expect("a client")
}

async fn departments(owner: &mut PgConnection) -> [Uuid; 3] {
    let mut made = [Uuid::nil(); 3];
    for department in &mut made[..2] {
        *department = query_scalar(
            "insert into departments (name) values (gen_random_uuid()::text) returning id",
        )
        .fetch_one(&mut *owner)
        .await
        .expect("a department");
    }
    made[2] = query_scalar("select id from departments where is_default")
        .fetch_one(owner)
        .await
        .expect("the default department");
    made
}
