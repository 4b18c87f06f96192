//! Many at once over the same cases: nobody is refused or deadlocks, and each case's history stays in order.

use futures::future::try_join_all;
use sqlx::{Executor, query_scalar};
use uuid::Uuid;

use super::*;

const WRITERS: usize = 64;
const ROUNDS: usize = 4;

/// Three cases of one client, with a member of it and two departments whose staff hand them to and fro.
struct Scene {
    client: Uuid,
    cases: Vec<i64>,
    member: Uuid,
    staff: Uuid,
    departments: Vec<Uuid>,
}

impl Scene {
    async fn new(owner: &mut PgConnection) -> Self {
        let client: Uuid = query_scalar("insert into clients (name) values ('Busy') returning id")
            .fetch_one(&mut *owner)
            .await
            .expect("a client");
        let cases = query_scalar(
            "insert into cases (client_id, title) select $1, 't' from generate_series(1, 3) returning id",
        )
        .bind(client)
        .fetch_all(&mut *owner)
        .await
        .expect("cases");
        let departments = query_scalar(
            "insert into departments (name) values ('Busy 1'), ('Busy 2') returning id",
        )
        .fetch_all(&mut *owner)
        .await
        .expect("departments");
        let users: Vec<Uuid> = query_scalar(
            "insert into auth.users (id, email, aud, role)
             select id, id || '@busy.example', 'authenticated', 'authenticated'
             from (values (gen_random_uuid()), (gen_random_uuid())) u (id) returning id",
        )
        .fetch_all(&mut connect("DATABASE_ADMIN_URL").await)
        .await
        .expect("users");
        let (member, staff) = (users[0], users[1]);
        run(
            owner,
            format!(
                "insert into client_members (client_id, user_id, display_name) values ('{client}', '{member}', 'M');
                 insert into staff_members (user_id, display_name, scope) values ('{staff}', 'S', 'all')"
            ),
        )
        .await;
        Self {
            client,
            cases,
            member,
            staff,
            departments,
        }
    }

    /// Tests after this one find the database as it was.
    async fn end(self, owner: &mut PgConnection) {
        let Self {
            client,
            member,
            staff,
            departments,
            ..
        } = self;
        run(
            owner,
            format!(
                "delete from cases where client_id = '{client}';
                 delete from clients where id = '{client}';
                 delete from departments where id in ('{}', '{}')",
                departments[0], departments[1]
            ),
        )
        .await;
        let users = format!("delete from auth.users where id in ('{member}', '{staff}')");
        run(&mut connect("DATABASE_ADMIN_URL").await, users).await;
    }

    /// Who writes, and what. Every other writer takes the cases in the opposite order; from the middle on, everybody
    /// is at the first case alone.
    fn write(&self, writer: usize, round: usize) -> (Uuid, String) {
        let mut cases = self.cases.clone();
        if writer % 2 == 1 {
            cases.reverse();
        }
        if round >= ROUNDS / 2 {
            cases = vec![self.cases[0]];
        }
        let first = cases[0];
        let all = cases.iter().map(i64::to_string).collect::<Vec<_>>();
        let rows = |row: &str| {
            let rows = all.iter().map(|id| row.replace("{}", id));
            rows.collect::<Vec<_>>().join(", ")
        };
        match writer % 8 {
            0 => (
                self.member,
                format!(
                    "insert into interactions (case_id, content) values {}",
                    rows("({}, 'c')")
                ),
            ),
            1 => (
                self.staff,
                format!(
                    "update cases set status = case status when 'open' then 'in_progress' else 'open' end where id = {first}"
                ),
            ),
            2 => {
                let to = self.departments[(writer / 6 + round) % 2];
                (
                    self.staff,
                    format!("select hand_over_case({first}, '{to}', null, 'Yours')"),
                )
            }
            3 => (
                self.staff,
                format!(
                    "insert into internal_notes (case_id, content) values {}",
                    rows("({}, 'n')")
                ),
            ),
            4 => (
                self.staff,
                format!(
                    "select * from update_cases(array[{}], '{{\"title\": \"all by {writer} in {round}\", \"add_tags\": [\"t\"]}}')",
                    all.join(", ")
                ),
            ),
            5 => (
                self.staff,
                format!(
                    "select * from update_cases(array[{first}], '{{\"remove_tags\": [\"t\"]}}')"
                ),
            ),
            _ => (
                self.staff,
                format!("update cases set title = 'by {writer} in {round}' where id = {first}"),
            ),
        }
    }

    /// The same, of what opens some of the cases and says something in all.
    fn reply(&self, writer: usize, round: usize) -> (Uuid, String) {
        let all = self.cases.iter().map(i64::to_string).collect::<Vec<_>>();
        let one = &all[(writer + round) % all.len()];
        let all = all.join(", ");
        match writer % 6 {
            0 => (
                self.member,
                format!("select * from reply_to_cases(array[{all}], 'And?')"),
            ),
            1 => (
                self.staff,
                format!(
                    "insert into internal_notes (case_id, content)
                     select id, 'n' from unnest(array[{all}]) id order by id desc"
                ),
            ),
            2 => (
                self.staff,
                format!(
                    "select * from update_cases(array[{one}], '{{\"status\": \"resolved\", \"add_tags\": [\"t{round}\"]}}')"
                ),
            ),
            3 => (
                self.staff,
                format!("update case_internal set tags = '{{by {writer}}}' where case_id = {one}"),
            ),
            4 => (
                self.staff,
                format!(
                    "select * from undo_changes(array(
                       select max(id) from case_events
                       where actor_id = '{}' and case_id in ({all}) and type ~ '^case[.]'
                       group by case_id))",
                    self.staff
                ),
            ),
            _ => (
                self.staff,
                format!("select * from update_cases(array[{all}], '{{\"status\": \"resolved\"}}')"),
            ),
        }
    }
}

/// As PostgREST runs a request.
async fn request(
    connection: &mut PgConnection,
    who: Uuid,
    statement: String,
) -> Result<(), sqlx::Error> {
    let claims = format!(
        "{{\"sub\": \"{who}\", \"role\": \"authenticated\", \"app_metadata\": {{\"case_role\": \"staff\"}}}}"
    );
    let mut transaction = connection.begin().await?;
    sqlx::query(
        "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)",
    )
    .bind(claims)
    .execute(&mut *transaction)
    .await?;
    transaction
        .execute(raw_sql(AssertSqlSafe(statement)))
        .await?;
    transaction.commit().await
}

#[tokio::test]
async fn neither_deadlock_nor_leave_gaps_or_disorder() {
    all_at_once(Scene::write).await;
}

#[tokio::test]
async fn neither_do_replies_that_open_cases_and_undoing() {
    all_at_once(Scene::reply).await;
}

/// What a writer does in a round.
type Write = fn(&Scene, usize, usize) -> (Uuid, String);

async fn all_at_once(write: Write) {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    let scene = Scene::new(&mut owner).await;

    let writers = (0..WRITERS).map(|writer| {
        let scene = &scene;
        async move {
            let mut connection = connect("DATABASE_URL").await;
            for round in 0..ROUNDS {
                let (who, statement) = write(scene, writer, round);
                request(&mut connection, who, statement.clone())
                    .await
                    .map_err(|e| format!("{e:?}: {statement}"))?;
            }
            Ok::<_, String>(())
        }
    });
    try_join_all(writers).await.expect("nobody is refused");

    let disorder: i64 = query_scalar(
        "select count(*) from (
           select seq, row_number() over (partition by case_id order by created_at, id) as nth
           from case_events where case_id = any($1)
         ) e where seq <> nth",
    )
    .bind(&scene.cases)
    .fetch_one(&mut owner)
    .await
    .expect("a count");
    assert_eq!(
        disorder, 0,
        "each case counts 1, 2, 3 … in the order of its commits"
    );
    let entries: i64 = query_scalar("select count(*) from case_events where case_id = any($1)")
        .bind(&scene.cases)
        .fetch_one(&mut owner)
        .await
        .expect("a count");
    assert!(entries as usize > WRITERS * ROUNDS, "{entries} entries");
    scene.end(&mut owner).await;
}

/// Plain changes of many rows are what they are in PostgreSQL: one of two that wait for each other is ended. PostgREST
/// runs it again, and so does the local stack; who sent it hears nothing of it.
#[tokio::test]
async fn a_deadlocked_change_of_many_is_repeated() {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    let scene = Scene::new(&mut owner).await;
    let (first, second, third) = (scene.cases[0], scene.cases[1], scene.cases[2]);

    // The other side looks for no deadlock, so it is the request that finds it and is ended. It looks once, a second after it
    // began to wait: somebody keeps it at the second case until the other waits for the first.
    let mut other = connect("DATABASE_ADMIN_URL").await;
    run(
        &mut other,
        format!(
            "begin; set local deadlock_timeout = '1h'; set local lock_timeout = '30s';
             update cases set title = 'other' where id = {third}"
        ),
    )
    .await;
    let mut keeper = connect("DATABASE_ADMIN_URL").await;
    run(
        &mut keeper,
        format!("begin; select from cases where id = {second} for update"),
    )
    .await;
    let key = project().setting("SUPABASE_SERVICE_ROLE_KEY");
    let url = project().setting("SUPABASE_URL");
    let url = format!("{url}/rest/v1/cases?id=in.({first},{second},{third})&order=id");
    let request = reqwest::Client::new().patch(url).bearer_auth(key);
    let request = request.header("apikey", key).body(r#"{"title": "many"}"#);
    let request = request.header("content-type", "application/json");
    let many = tokio::spawn(async move { request.send().await.expect("an answer").status() });
    let mut waits = async |statement: &'static str| {
        const WAITING: &str = "select exists (
            select from pg_stat_activity where wait_event_type = 'Lock' and query like $1)";
        loop {
            let waiting = query_scalar(WAITING).bind(statement).fetch_one(&mut owner);
            if waiting.await.expect("locks") {
                break;
            }
            assert!(!many.is_finished(), "it waits for the second case");
        }
    };
    waits("%UPDATE%cases%").await;
    tokio::join!(
        run(
            &mut other,
            format!("update cases set title = 'other' where id = {first}; commit"),
        ),
        async {
            waits("update cases set title = 'other'%").await;
            run(&mut keeper, "rollback").await;
        }
    );
    assert_eq!(many.await.expect("it ends"), 204);
    let titles: Vec<String> = query_scalar("select distinct title from cases where id = any($1)")
        .bind(&scene.cases)
        .fetch_all(&mut owner)
        .await
        .expect("titles");
    assert_eq!(titles, ["many"]);
    scene.end(&mut owner).await;
}
