//! Nobody runs code as the owner: what a caller makes in `pg_temp`, where everybody may make things, is found by no
//! function of ours. Each is called after its caller has put a type, a table, a function and an operator there under
//! every name that the functions use, each of which takes the owner's rights when it is run as the owner.

use casebase_local::postgres::SUPERUSER;

use super::*;

/// What whoever may make temporary things makes of them. `pg_temp.grab` runs with the rights of whoever calls it.
const TRAPS: &str = r#"
do $traps$
declare
  base record;
begin
  create function pg_temp.grab() returns boolean language plpgsql as $$
  begin
    -- Whoever isn't the one that was logged in has been lent somebody's rights.
    if current_user <> current_setting('casebase.me') then
      raise exception 'hijacked: runs as %', current_user using errcode = 'HI001';
    end if;
    return true;
  end
  $$;
  -- Tables of the names that are read, relations of the catalogue among them.
  execute 'create view pg_temp.pg_class as select * from pg_catalog.pg_class where pg_temp.grab()';
  execute 'create view pg_temp.cases as select * from public.cases where pg_temp.grab()';
  -- Functions that resolve better than the ones meant would.
  create function pg_temp.now() returns timestamptz language sql as 'select pg_catalog.now() where pg_temp.grab()';
  create function pg_temp.coalesce_text(text) returns text language sql as 'select $1 where pg_temp.grab()';
  create function pg_temp.left(text, bigint) returns text language sql as 'select $1 where pg_temp.grab()';
  create function pg_temp.format(text, text) returns text language sql as 'select $1 where pg_temp.grab()';
  create function pg_temp.jsonb_array_elements(text) returns setof jsonb language sql
    as 'select ''[]''::pg_catalog.jsonb where pg_temp.grab()';
  create function pg_temp.grabbing_equal(uuid, text) returns boolean language sql as 'select pg_temp.grab()';
  create operator pg_temp.= (leftarg = pg_catalog.uuid, rightarg = pg_catalog.text, function = pg_temp.grabbing_equal);
  for base in
    select t.typname from pg_type t
    where t.typnamespace = 'pg_catalog'::regnamespace
      and t.typname in ('text', 'uuid', 'int4', 'int8', 'bool', 'jsonb', 'json', 'timestamptz', 'interval', 'name',
                        'regclass', 'bytea', 'oid')
  loop
    execute format('create domain pg_temp.%I as pg_catalog.%1$I check (pg_temp.grab())', base.typname);
  end loop;
end
$traps$"#;

/// Every function that the role may execute, as a call with arguments that get past the first lines.
const CALLS: &str = "
    select p.oid::regprocedure::text,
           format('select %s(%s)', p.oid::regproc, coalesce((
             select string_agg(
               case format_type(t, null)
                 when 'jsonb' then case when p.proname = 'custom_access_token_hook'
                   then format('%L::pg_catalog.jsonb', jsonb_build_object('user_id', $2, 'claims', '{}'::jsonb))
                   else '''[{\"delivery_id\": 1, \"verdict\": \"delivered\"}]''::pg_catalog.jsonb' end
                 when 'uuid' then format('%L::pg_catalog.uuid', $2)
                 when 'integer' then '1'
                 when 'bigint' then '1::pg_catalog.int8'
                 when 'boolean' then 'true'
                 when 'interval' then '''1 second''::pg_catalog.interval'
                 when 'timestamp with time zone' then 'pg_catalog.now()'
                 when 'regclass' then '''public.case_files''::pg_catalog.regclass'
                 when 'text' then case when p.proname like 'verification%' and n = 1 then '''case_file''::pg_catalog.text'
                   else '''x''::pg_catalog.text' end
                 when 'text[]' then '''{}''::pg_catalog.text[]'
                 else format('null::%s', format_type(t, null))
               end, ', ' order by n)
             from unnest(p.proargtypes) with ordinality as a (t, n)), ''))
    from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'casebase'::regnamespace)
      and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
      and has_function_privilege($1, p.oid, 'execute')
      and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
    order by 1";

/// What fires triggers, checks, defaults and policies.
const WRITES: [&str; 5] = [
    "insert into public.cases (client_id, title) select c.id, 'x' from public.my_clients() c",
    "update public.cases set title = title || '!'",
    "insert into public.interactions (case_id, content) select c.id, 'x' from public.cases c limit 1",
    "insert into public.case_files (case_id, file_name, original_name, content_type, file_size)
     select c.id, c.case_id || '-1700000000-a.txt', 'a.txt', 'text/plain', 1 from public.cases c limit 1",
    "update public.case_files set state = 'deleting'",
];

/// Becomes the role as a session that logged in with it, lays the traps, and returns what springs one.
async fn hijacked(superuser: &str, role: &str, person: &str) -> (usize, Vec<String>) {
    let mut session = PgConnection::connect(superuser).await.expect("a session");
    let calls: Vec<(String, String)> = sqlx::query_as(CALLS)
        .bind(role)
        .bind(person)
        .fetch_all(&mut session)
        .await
        .expect("the catalogue answers");
    run(
        &mut session,
        format!(
            r#"set session authorization {role};
             set casebase.me = '{role}';
             set request.jwt.claims = '{{"sub": "{person}", "role": "authenticated",
                                         "app_metadata": {{"case_role": "admin"}}}}'"#
        ),
    )
    .await;
    run(&mut session, TRAPS).await;
    let writes = WRITES
        .iter()
        .map(|write| ((*write).to_owned(), (*write).to_owned()));
    let mut sprung = Vec::new();
    let attempts: Vec<_> = calls.into_iter().chain(writes).collect();
    for (name, sql) in &attempts {
        // In a transaction that is rolled back; refusals of other kinds are the policies' affair.
        run(&mut session, "begin").await;
        let answer = raw_sql(AssertSqlSafe(sql.clone()))
            .execute(&mut session)
            .await;
        if let Err(sqlx::Error::Database(e)) = answer
            && e.message().contains("hijacked")
        {
            sprung.push(format!("{name}: {}", e.message()));
        }
        run(&mut session, "rollback").await;
    }
    (attempts.len(), sprung)
}

#[tokio::test]
async fn what_a_caller_puts_into_pg_temp_runs_as_nobody_else() {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    dev::migrate(&stack).await.expect("the migrations apply");
    let superuser = stack.database_url(SUPERUSER);
    let mut admin = PgConnection::connect(&superuser).await.expect("a session");
    let person = uuid::Uuid::new_v4().to_string();
    run(
        &mut admin,
        format!(
            "insert into auth.users (id, aud, role, email) values ('{person}', 'authenticated', 'authenticated', 'trapper@example.com');
             insert into public.staff_members (user_id, display_name, is_admin, scope) values ('{person}', 'Trapper', true, 'all');
             insert into public.clients (id, name) values ('{person}', 'Trapper''s');
             insert into public.client_members (client_id, user_id, display_name) values ('{person}', '{person}', 'Trapper');
             insert into public.cases (client_id, title) values ('{person}', 'Theirs')"
        ),
    )
    .await;

    let mut outcomes = Vec::new();
    for (role, least) in [
        ("authenticated", 30),
        ("service_role", 20),
        ("casebase_worker", 8),
        ("supabase_auth_admin", 6),
    ] {
        let (tried, sprung) = hijacked(&superuser, role, &person).await;
        assert!(tried >= least, "{role} could call only {tried} things");
        outcomes.extend(sprung.into_iter().map(|s| format!("as {role}, {s}")));
    }

    // That a trap springs: the setting that used to be.
    run(
        &mut admin,
        "alter function casebase.staff_standing() set search_path = '';
         alter function casebase.webhook_ack(jsonb) set search_path = ''",
    )
    .await;
    let mut unsafe_again = Vec::new();
    for role in ["authenticated", "casebase_worker"] {
        unsafe_again.push(hijacked(&superuser, role, &person).await.1);
    }
    drop(admin);
    stack.stop().await;
    assert!(
        unsafe_again.iter().all(|sprung| !sprung.is_empty()),
        "the traps don't spring: {unsafe_again:?}"
    );
    assert!(outcomes.is_empty(), "\n{}\n", outcomes.join("\n"));
}
