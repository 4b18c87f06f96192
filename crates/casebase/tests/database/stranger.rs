//! Somebody else's project, with everything of its own (`stranger.sql`): what an installation leaves as it was.

use std::{collections::BTreeMap, sync::Arc};

use casebase::{
    commands::demo::person::{Person, Place},
    preflight,
};
use casebase_local::{ANON_KEY, postgres::SUPERUSER};
use reqwest::Method;
use serde_json::{Value, json};

use super::*;

const PROJECT: &str = include_str!("stranger.sql");
const SURROUNDINGS: &str = include_str!("surroundings.sql");

/// The project, its owner, and the superuser, who sees everything.
async fn project_of_a_stranger() -> (Stack, PgConnection, PgConnection) {
    let stack = Stack::start(Options {
        access_token_hook: Some("pg-functions://postgres/public/add_tenant".into()),
        ..Options::default()
    });
    let stack = stack.await.expect("it starts");
    let owner = PgConnection::connect(&stack.database_url("postgres")).await;
    let superuser = PgConnection::connect(&stack.database_url(SUPERUSER)).await;
    let mut owner = owner.expect("a connection");
    run(&mut owner, PROJECT).await;
    (stack, owner, superuser.expect("a connection"))
}

type Surroundings = BTreeMap<(String, String), String>;

async fn surroundings(superuser: &mut PgConnection) -> Surroundings {
    run(superuser, "set search_path = ''").await;
    let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(SURROUNDINGS)
        .fetch_all(superuser)
        .await
        .expect("the catalogue answers");
    let rows = rows.into_iter();
    rows.map(|(about, what, value)| ((about, what), value.unwrap_or_default()))
        .collect()
}

/// The tables, types and functions in public that are an installation's, by the lists of its own preflight.
async fn ours(superuser: &mut PgConnection) -> BTreeSet<String> {
    let list = |name: &str| {
        let (_, rest) = preflight::query()
            .split_once(&format!("-- begin {name}\n"))
            .expect("a list");
        rest.split_once(&format!("-- end {name}\n"))
            .expect("its end")
            .0
    };
    let sql = format!(
        "with
           made as (select c.oid from (values {}) m (kind, name, place) join pg_class c on c.relname = m.name
                    where c.relnamespace = 'public'::regnamespace),
           of_identities as (select d.objid from pg_depend d join made on made.oid = d.refobjid
                             where d.classid = 'pg_class'::regclass and d.deptype = 'i')
         select oid::regclass::text from made
         union select objid::regclass::text from of_identities
         union select p.oid::regprocedure::text from (values {}) r (name, types, needs, takes) join pg_proc p on p.proname = r.name
         where p.pronamespace = 'public'::regnamespace",
        list("made"),
        list("rpc")
    );
    let ours = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(superuser)
        .await;
    ours.expect("the catalogue answers").into_iter().collect()
}

#[tokio::test]
async fn nothing_of_a_strangers_project_is_changed() {
    let (stack, owner, mut superuser) = project_of_a_stranger().await;
    let before = surroundings(&mut superuser).await;
    assert!(
        before.len() > 500,
        "there was little to compare: {}",
        before.len()
    );
    dev::migrate(&stack).await.expect("the migrations apply");
    let after = surroundings(&mut superuser).await;

    let changed: Vec<_> = before
        .iter()
        .filter(|(key, value)| after.get(key) != Some(value))
        .map(|(key, value)| format!("{key:?}: {value} -> {:?}", after.get(key)))
        .collect();
    assert!(
        changed.is_empty(),
        "changed or gone:\n{}",
        changed.join("\n")
    );
    let ours = ours(&mut superuser).await;
    let is_ours = |about: &str, what: &str| {
        about.contains("casebase")
            || what.contains("casebase_")
            || ["row admin-bucket", "row client-bucket"].contains(&what)
            || ours.contains(about.trim_end_matches("[]"))
    };
    let strange: Vec<_> = after
        .keys()
        .filter(|key| !before.contains_key(key) && !is_ours(&key.0, &key.1))
        .collect();
    assert!(strange.is_empty(), "made and not ours: {strange:#?}");

    // What it gives away by default, it gives nobody of what is nobody's.
    let given = texts(
        &mut superuser,
        "select format('%s: %s', a.grantee::regrole, given.what)
         from (
           select nspacl as acl, nspname::text as what, nspowner as owner from pg_namespace where nspname = 'casebase'
           union all
           select relacl, oid::regclass::text, relowner from pg_class where relnamespace = 'casebase'::regnamespace
           union all
           select proacl, oid::regprocedure::text, proowner from pg_proc where pronamespace = 'casebase'::regnamespace
         ) given,
         aclexplode(given.acl) a
         where a.grantee <> given.owner
           and a.grantee::regrole::text not in ('authenticated', 'service_role', 'supabase_auth_admin', 'casebase_worker')",
    )
    .await;
    assert_eq!(given, BTreeSet::new());
    drop((owner, superuser));
    stack.stop().await;
}

/// What somebody of the project's users does in it, as they would tell it.
async fn day(person: &Person) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = async |method: Method, path: &str, body: Option<Value>| {
        let request = person.supabase(method.clone(), path);
        let request = match body {
            Some(Value::String(text)) => request
                .header("content-type", "text/plain")
                .header("x-upsert", "true")
                .body(text),
            Some(body) => request
                .header("prefer", "return=representation")
                .json(&body),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        told.push(without_what_is_new(&format!(
            "{method} {path}: {status} {text}"
        )));
    };
    let own = format!("papers/{}/letter.txt", person.id());
    tell(
        Method::POST,
        &format!("/storage/v1/object/{own}"),
        Some(json!("Dear")),
    )
    .await;
    tell(
        Method::GET,
        &format!("/storage/v1/object/authenticated/{own}"),
        None,
    )
    .await;
    let folder = json!({"prefix": format!("{}/", person.id())});
    tell(Method::POST, "/storage/v1/object/list/papers", Some(folder)).await;
    let page =
        json!({"prefix": "folder-7/", "limit": 5, "sortBy": {"column": "name", "order": "asc"}});
    tell(Method::POST, "/storage/v1/object/list/avatars", Some(page)).await;
    let copy = format!("{}/copy.txt", person.id());
    let copying =
        json!({"bucketId": "papers", "sourceKey": own["papers/".len()..], "destinationKey": copy});
    tell(Method::POST, "/storage/v1/object/copy", Some(copying)).await;
    for object in [&*format!("papers/{copy}"), &own, "papers/attic/chest.txt"] {
        tell(
            Method::DELETE,
            &format!("/storage/v1/object/{object}"),
            None,
        )
        .await;
    }

    tell(
        Method::POST,
        "/rest/v1/projects",
        Some(json!({"title": "A house"})),
    )
    .await;
    tell(
        Method::GET,
        "/rest/v1/projects?select=title,clients(firma)",
        None,
    )
    .await;
    tell(
        Method::PATCH,
        "/rest/v1/projects?title=eq.A%20house",
        Some(json!({"title": "A barn"})),
    )
    .await;
    tell(Method::POST, "/rest/v1/rpc/count_projects", Some(json!({}))).await;
    tell(Method::DELETE, "/rest/v1/projects", None).await;
    tell(
        Method::GET,
        "/rest/v1/clients?area=eq.3&select=firma&order=firma&limit=3",
        None,
    )
    .await;
    tell(
        Method::GET,
        "/rest/v1/clients?area=eq.30&select=firma",
        None,
    )
    .await;
    tell(Method::GET, "/rest/v1/titles", None).await;
    tell(Method::GET, "/rest/v1/profiles?select=email", None).await;
    told
}

/// Ids and times differ from one day to the next.
fn without_what_is_new(text: &str) -> String {
    let ids = regex::Regex::new(
        r#"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)?|"id":\d+|[0-9a-f]{32}"#,
    );
    ids.expect("a pattern").replace_all(text, "…").into_owned()
}

#[tokio::test]
async fn a_strangers_users_have_the_days_they_had() {
    let (stack, owner, mut superuser) = project_of_a_stranger().await;
    let place = Arc::new(Place::new(&stack.url(), ANON_KEY).expect("the stack's settings"));
    let mut user = Person::sign_up(&place, "user@example.com")
        .await
        .expect("signed up");
    let before = day(&user).await;
    let failed: Vec<_> = before
        .iter()
        .filter(|line| !line.contains(": 20"))
        .collect();
    // What the project itself refuses: the attic.
    assert_eq!(failed.len(), 1, "{failed:#?}");

    dev::migrate(&stack).await.expect("the migrations apply");

    assert_eq!(before, day(&user).await, "with the token that they have");
    user.refresh().await.expect("it goes on");
    let claims = casebase_local::jwt::Keys::hs256(casebase_local::JWT_SECRET).verify(user.token());
    assert_eq!(
        claims.expect("the stack's")["tenant"],
        "north",
        "the hook is the project's"
    );
    assert_eq!(before, day(&user).await, "with a new one");
    let other = Person::sign_up(&place, "user@example.org")
        .await
        .expect("signed up");
    let as_other = before
        .iter()
        .map(|line| line.replace("user@example.com", "user@example.org"));
    assert_eq!(
        as_other.collect::<Vec<_>>(),
        day(&other).await,
        "and who comes now"
    );
    opens_nothing_of_ours(&mut superuser, &user).await;
    let deleted = user_is_deleted(&mut superuser, &other).await;
    assert!(deleted, "and goes");
    drop((owner, superuser));
    stack.stop().await;
}

async fn user_is_deleted(superuser: &mut PgConnection, user: &Person) -> bool {
    let mut auth = superuser.begin().await.expect("a transaction");
    run(&mut auth, "set local role supabase_auth_admin").await;
    let deleted = sqlx::query("delete from auth.users where id = $1").bind(user.id());
    let deleted = deleted
        .execute(&mut *auth)
        .await
        .expect("nothing of ours refuses");
    auth.commit().await.expect("it is done");
    deleted.rows_affected() == 1
}

/// The project lets anybody do anything, in every bucket that is its own.
async fn opens_nothing_of_ours(superuser: &mut PgConnection, user: &Person) {
    run(
        superuser,
        "set session_replication_role = replica;
         insert into storage.objects (bucket_id, name, version) values ('client-bucket', 'a.txt', 'v'), ('admin-bucket', 'a.txt', 'v');
         reset session_replication_role",
    )
    .await;
    let roles = ["anon", "authenticated", "reporting"];
    for role in roles {
        for bucket in ["client-bucket", "admin-bucket"] {
            for (what, does) in [
                (
                    "reads",
                    format!("select from storage.objects where bucket_id = '{bucket}'"),
                ),
                (
                    "deletes",
                    format!("delete from storage.objects where bucket_id = '{bucket}'"),
                ),
                (
                    "moves out",
                    format!(
                        "update storage.objects set bucket_id = 'papers' where bucket_id = '{bucket}'"
                    ),
                ),
                (
                    "moves in",
                    format!(
                        "update storage.objects set bucket_id = '{bucket}' where bucket_id = 'papers' and name like 'folder-9/%'"
                    ),
                ),
                (
                    "writes",
                    format!(
                        "insert into storage.objects (bucket_id, name, version) values ('{bucket}', 'b.txt', 'v')"
                    ),
                ),
            ] {
                let mut transaction = superuser.begin().await.expect("a transaction");
                let claims = json!({"sub": user.id(), "role": role});
                run(
                    &mut transaction,
                    format!(
                        "grant all on storage.objects to reporting; grant usage on schema storage to reporting;
                         set local storage.allow_delete_query = 'true';
                         set local request.jwt.claims = '{claims}'; set local role {role}"
                    ),
                )
                .await;
                let done = sqlx::query(AssertSqlSafe(does))
                    .execute(&mut *transaction)
                    .await;
                transaction.rollback().await.expect("nothing stays");
                let rows = done.map_or(0, |done| done.rows_affected());
                assert_eq!(rows, 0, "{role} {what} in {bucket}");
            }
        }
    }
    let get = user.supabase(
        Method::GET,
        "/storage/v1/object/authenticated/client-bucket/a.txt",
    );
    assert!(!get.send().await.expect("an answer").status().is_success());
    let list = user.supabase(Method::POST, "/storage/v1/object/list/client-bucket");
    let list = list
        .json(&json!({"prefix": ""}))
        .send()
        .await
        .expect("an answer");
    assert_eq!(list.json::<Value>().await.expect("a list"), json!([]));
}

/// What the project's users ask of their own tables.
const OF_THEIR_OWN: [&str; 5] = [
    "select p.id, p.title from public.projects p order by p.id desc limit 25",
    "select p.id, c.firma from public.projects p join public.clients c on c.id = p.client_id limit 25",
    "select count(*) from public.clients c where c.area = 3",
    "update public.projects set title = 'x' where id = 7",
    "delete from public.profiles",
];

/// And of Storage's, some of it as Storage itself does.
const OF_STORAGE: [&str; 6] = [
    "select o.name from storage.objects o where o.bucket_id = 'papers' and o.name = 'folder-1/object-1.txt'",
    "select o.id, o.name, o.metadata from storage.objects o
     where o.bucket_id = 'papers' and o.name collate \"C\" >= 'folder-1/' and o.name collate \"C\" < 'folder-10'
     order by o.name collate \"C\" limit 100",
    "select count(*) from storage.objects o where o.bucket_id = 'papers'",
    "update storage.objects set metadata = '{}' where bucket_id = 'papers' and name = 'folder-1/object-1.txt'",
    "delete from storage.objects where bucket_id = 'papers' and name = 'folder-1/object-1.txt'",
    "insert into storage.objects (bucket_id, name) values ('papers', 'new.txt')",
];

/// How an index is asked, and how many rows are looked at, below a node.
#[derive(Debug, Default, PartialEq)]
struct Read {
    conditions: BTreeSet<String>,
    rows: f64,
    /// How often something was looked up in another table for a row.
    lookups: f64,
}

impl Read {
    fn below(&mut self, node: &Value) {
        let number = |key: &str| node[key].as_f64().unwrap_or_default();
        let conditions = node["Index Cond"].as_str().map(str::to_owned);
        self.conditions.extend(conditions);
        if node.get("Relation Name").is_some() {
            self.rows += number("Actual Rows") + number("Rows Removed by Filter");
        }
        for child in node["Plans"].as_array().into_iter().flatten() {
            match child["Parent Relationship"].as_str() {
                Some("SubPlan") => {
                    self.lookups += child["Actual Loops"].as_f64().unwrap_or_default()
                }
                Some("InitPlan") => {}
                _ => self.below(child),
            }
        }
    }
}

/// How a signed-in user's statement is done. `explain` takes these options.
async fn plan(superuser: &mut PgConnection, options: &str, question: &str) -> Value {
    let mut transaction = superuser.begin().await.expect("a transaction");
    run(
        &mut transaction,
        r#"set local search_path = public; set local jit = off; set local storage.allow_delete_query = 'true';
           set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-000000000001", "role": "authenticated"}';
           set local role authenticated"#,
    )
    .await;
    let explain = format!("explain ({options}, format json) {question}");
    let mut plan: Value = sqlx::query_scalar(AssertSqlSafe(explain))
        .fetch_one(&mut *transaction)
        .await
        .unwrap_or_else(|e| panic!("{question}: {e}"));
    transaction.rollback().await.expect("nothing stays");
    plan[0]["Plan"].take()
}

async fn plans(superuser: &mut PgConnection) -> (Vec<Value>, Vec<Read>) {
    let (mut own, mut of_storage) = (Vec::new(), Vec::new());
    for question in OF_THEIR_OWN {
        own.push(plan(superuser, "costs off, verbose", question).await);
    }
    for question in OF_STORAGE {
        let plan = plan(superuser, "analyze, timing off, summary off", question).await;
        let mut read = Read::default();
        read.below(&plan);
        of_storage.push(read);
    }
    (own, of_storage)
}

/// Statements about other buckets get our restrictive policies' conditions as a filter, which ends at the bucket's name:
/// the same index is asked the same, no more rows are looked at, and nothing is looked up. (The planner doesn't know that
/// it ends there and takes each row for dearer, so it may sort where it walked an index, or the other way round.)
#[tokio::test]
async fn a_strangers_questions_cost_what_they_did() {
    let (stack, owner, mut superuser) = project_of_a_stranger().await;
    run(
        &mut superuser,
        "vacuum (analyze, freeze) public.clients, public.projects, storage.objects",
    )
    .await;
    let (own, of_storage) = plans(&mut superuser).await;
    dev::migrate(&stack).await.expect("the migrations apply");
    let (own_after, of_storage_after) = plans(&mut superuser).await;
    for ((question, before), after) in OF_THEIR_OWN.iter().zip(own).zip(own_after) {
        assert_eq!(before, after, "{question}");
    }
    for ((question, before), after) in OF_STORAGE.iter().zip(of_storage).zip(of_storage_after) {
        assert_eq!(before, after, "{question}");
        assert_eq!(after.lookups, 0.0, "{question}");
    }
    drop((owner, superuser));
    stack.stop().await;
}
