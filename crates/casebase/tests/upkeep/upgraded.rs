//! The next migration finds data, people at work and a connected worker; a failing one leaves all as it was.

use casebase::{
    commands::demo::person::Person,
    migrations::{self, Error, Migration, PATIENCE},
};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::home::{Everybody, Home, api_tables, same, seen_by_all, upload, work};

/// What the next ones will do: columns, functions, policies, indexes, rows and triggers that change while people work.
const NEXT: &str = "\
alter table public.cases add column colour text not null default 'grey';
alter table public.cases add constraint cases_colour_check check (colour in ('grey', 'red'));
grant select (colour), update (colour) on public.cases to authenticated;
create index cases_colour_idx on public.cases (colour) where colour <> 'grey';

create or replace function casebase.case_is_red(subject public.cases) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$ select subject.colour = 'red' $$;
revoke all on function casebase.case_is_red(public.cases) from public, anon, authenticated, service_role;

-- The worker's table, under its feet.
alter table casebase.webhook_deliveries add column note text;
alter table public.case_files add column pages integer;

drop policy read_departments on public.departments;
create policy read_departments on public.departments for select to authenticated
  using ((select casebase.is_known()) and active);

insert into casebase.event_types (type, seen_by, meaning) values ('case.' || 'painted', 'client', 'Its colour changed.');
";

fn next(text: &str) -> Vec<Migration> {
    let mut known = migrations::all();
    known.push(Migration::recording(
        "20990101000000",
        "next",
        "9.9.9",
        text,
    ));
    known
}

/// Without what the next migration adds.
fn but_for_what_is_new(seen: &mut Value) {
    match seen {
        Value::Object(fields) => {
            for new in ["colour", "pages"] {
                fields.remove(new);
            }
            if let Some(version) = fields.get_mut("schema_version") {
                *version = Value::Null;
            }
            fields.values_mut().for_each(but_for_what_is_new);
        }
        Value::Array(rows) => rows.iter_mut().for_each(but_for_what_is_new),
        _ => {}
    }
}

fn before_and_after(mut seen: Everybody) -> Everybody {
    seen.values_mut().for_each(but_for_what_is_new);
    seen
}

/// A session that has asked before: what it planned then has to hold.
struct Session(PgConnection);

impl Session {
    async fn of(home: &Home, person: &Person) -> Self {
        let mut session = home.owner().await;
        let claims = json!({"sub": person.id(), "role": "authenticated", "app_metadata": {"case_role": "client"}});
        sqlx::query("select set_config('request.jwt.claims', $1, false)")
            .bind(claims.to_string())
            .execute(&mut session)
            .await
            .unwrap();
        session.execute("set role authenticated").await.unwrap();
        Self(session)
    }

    /// Often enough for a plan that is kept.
    async fn cases(&mut self) -> i64 {
        let mut seen = 0;
        for _ in 0..7 {
            seen = sqlx::query_scalar("select count(*) from public.cases c where c.status <> $1")
                .bind("closed")
                .fetch_one(&mut self.0)
                .await
                .unwrap();
            let said =
                "insert into public.interactions (case_id, content) select 1, 'again' where $1";
            sqlx::query(said)
                .bind(false)
                .execute(&mut self.0)
                .await
                .unwrap();
        }
        seen
    }
}

/// By its first migrations alone: everybody sees what they saw before, and this release's service runs on it.
#[tokio::test]
async fn what_an_earlier_release_made_becomes_what_this_one_makes() {
    let known = migrations::all();
    for released in 1..known.len() {
        let mut home = Home::with_data(&known[..released]).await;
        let tables = api_tables(&home).await;
        let before = before_and_after(seen_by_all(&home, &tables).await);
        let mut owner = home.owner().await;
        let applied = migrations::apply(&mut owner, &known, PATIENCE)
            .await
            .unwrap();
        assert_eq!(applied.len(), known.len() - released);
        same(
            &before,
            &before_and_after(seen_by_all(&home, &tables).await),
        );
        home.serve().await;
        let carla = home.person("carla").await;
        let file = upload(&carla, "CASE-0001", "name=after.txt", "after the upgrade").await;
        assert_eq!(file["state"], "available");
        owner.close().await.unwrap();
        home.stop().await;
    }
}

#[tokio::test]
async fn the_next_migration_upgrades_a_project_at_work() {
    let home = Home::with_people().await;
    let (mut receiver, secret) = work(&home).await;
    let tables = api_tables(&home).await;
    let before = before_and_after(seen_by_all(&home, &tables).await);
    let (alan, carla) = (home.person("alan").await, home.person("carla").await);
    let mut session = Session::of(&home, &carla).await;
    assert_eq!(session.cases().await, 2);

    let known = next(NEXT);
    let mut owner = home.owner().await;
    let applied = migrations::apply(&mut owner, &known, PATIENCE)
        .await
        .unwrap();
    assert_eq!(applied.len(), 1);
    let record = "select string_agg(version || ' ' || release, ', ' order by version) from casebase.migrations";
    let recorded = home.text(record).await.unwrap();
    assert!(recorded.ends_with(", 20990101000000 9.9.9"), "{recorded}");
    assert!(
        migrations::pending(&mut owner, &known)
            .await
            .unwrap()
            .is_empty()
    );

    same(
        &before,
        &before_and_after(seen_by_all(&home, &tables).await),
    );
    assert_eq!(session.cases().await, 2, "a session of before goes on");
    // The service and its worker weren't asked to stop.
    let file = upload(&carla, "CASE-0001", "name=after.txt", "after the upgrade").await;
    assert_eq!(file["state"], "available");
    let painted: Vec<Value> = alan
        .from("cases")
        .eq("id", 1)
        .update(&json!({"colour": "red", "priority": "urgent"}))
        .await
        .unwrap();
    assert_eq!(painted[0]["colour"], "red");
    let (_, notified) = receiver.next(&secret, "case.updated").await.unwrap();
    assert_eq!(notified["data"]["changes"]["priority"]["to"], "urgent");
    owner.close().await.unwrap();
    home.stop().await;
}

#[tokio::test]
async fn a_next_migration_that_fails_leaves_all_as_it_was() {
    let home = Home::with_people().await;
    let (_receiver, _) = work(&home).await;
    let tables = api_tables(&home).await;
    let before = seen_by_all(&home, &tables).await;
    let schema = "
        select md5(string_agg(line, ',' order by line)) from (
          select format('%s %s %s', a.attrelid::regclass, a.attname, a.attacl) as line from pg_attribute a
          union all select format('%s %s', p.oid::regprocedure, p.prosrc) from pg_proc p
          union all select format('%s %s %s', p.polrelid::regclass, p.polname, pg_get_expr(p.polqual, p.polrelid)) from pg_policy p
          union all select format('%s %s', m.version, m.checksum) from casebase.migrations m
        ) s";
    let schema_before = home.text(schema).await;

    // Everything that would have worked comes first.
    let known = next(&format!("{NEXT}\nselect 1 / 0;\n"));
    let mut owner = home.owner().await;
    let failed = migrations::apply(&mut owner, &known, PATIENCE).await;
    assert!(
        matches!(&failed, Err(Error::Refused { migration, .. }) if migration == "20990101000000_next"),
        "{failed:?}"
    );
    assert_eq!(home.text(schema).await, schema_before);
    same(&before, &seen_by_all(&home, &tables).await);
    // Mended, it goes through.
    let known = next(NEXT);
    let applied = migrations::apply(&mut owner, &known, PATIENCE)
        .await
        .unwrap();
    assert_eq!(applied.len(), 1);
    owner.close().await.unwrap();
    home.stop().await;
}
