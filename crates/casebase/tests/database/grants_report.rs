//! `docs/grants.md`: every privilege on what is ours, as PostgreSQL answers when asked for each role.

use super::*;

const REPORT: &str = "docs/grants.md";
const INTRODUCTION: &str = "\
# Who is granted what

Written by `UPDATE=1 cargo test -p casebase --test database grants` from the catalogue; the same test fails when this
page differs. Grants come before row level security: what is not granted here is refused before any policy is asked, what
is granted is still the policies' to decide, for everybody but a service key. [access.md](access.md) has what comes of
both.

✓ is a privilege on the whole table or function, a list of names one on these columns alone, · none. What everybody has
(`public`) would stand under anon. The owner (`postgres`) has everything and is left out, as is `public.clients` where it
is the project's own. The roles are the API's three, the service's own, Auth's and Storage's.

";

/// The columns of the page.
const ROLES: [&str; 6] = [
    "anon",
    "authenticated",
    "service_role",
    "casebase_worker",
    "supabase_auth_admin",
    "supabase_storage_admin",
];

/// Reading and writing always, anything else where somebody has it.
const TABLES: &str = "
    select format('| `%s` | %s |%s', c.oid::regclass, command, string_agg(
             case
               when has_table_privilege(role, c.oid, command) then ' ✓ |'
               when command in ('select', 'insert', 'update', 'references') and has_any_column_privilege(role, c.oid, command)
                 then format(' %s |', (
                   select string_agg(a.attname, ', ' order by a.attnum)
                   from pg_attribute a
                   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                     and has_column_privilege(role, c.oid, a.attnum, command)))
               else ' · |'
             end, '' order by place))
    from pg_class c,
         unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
           with ordinality as commands (command, rank),
         unnest($1::text[]) with ordinality as roles (role, place)
    where c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace)
      and c.relkind in ('r', 'p', 'v', 'm', 'f')
    group by c.oid, command, rank
    having rank <= 4
        or bool_or(has_table_privilege(role, c.oid, command)
                   or command = 'references' and has_any_column_privilege(role, c.oid, command))
    order by c.relnamespace::regnamespace::text desc, c.relname, rank";

const SEQUENCES: &str = "
    select format('| `%s` | %s |%s', c.oid::regclass, command,
                  string_agg(case when has_sequence_privilege(role, c.oid, command) then ' ✓ |' else ' · |' end, '' order by place))
    from pg_class c,
         unnest(array['usage', 'select', 'update']) with ordinality as commands (command, rank),
         unnest($1::text[]) with ordinality as roles (role, place)
    where c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) and c.relkind = 'S'
    group by c.oid, command, rank
    having bool_or(has_sequence_privilege(role, c.oid, command))
    order by c.oid::regclass::text, rank";

const FUNCTIONS: &str = "
    select format('| `%s` | %s |%s', p.oid::regprocedure, case when p.prosecdef then 'owner' else 'caller' end,
                  string_agg(case when has_function_privilege(role, p.oid, 'execute') then ' ✓ |' else ' · |' end, '' order by place))
    from pg_proc p, unnest($1::text[]) with ordinality as roles (role, place)
    where p.pronamespace in ('public'::regnamespace, 'casebase'::regnamespace)
      and not exists (
        select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
    group by p.oid
    order by p.pronamespace::regnamespace::text desc, p.proname, p.oid::regprocedure::text";

const SCHEMA: &str = "
    select format('| `casebase` | %s |%s', command,
                  string_agg(case when has_schema_privilege(role, 'casebase', command) then ' ✓ |' else ' · |' end, '' order by place))
    from unnest(array['usage', 'create']) with ordinality as commands (command, rank),
         unnest($1::text[]) with ordinality as roles (role, place)
    group by command, rank
    order by rank";

/// A section under its heading, a line for each row; where there is none it says so.
async fn section(
    connection: &mut PgConnection,
    heading: &str,
    second: &str,
    query: &'static str,
) -> String {
    let rows: Vec<String> = sqlx::query_scalar(query)
        .bind(ROLES.as_slice())
        .fetch_all(connection)
        .await
        .expect("the catalogue answers");
    if rows.is_empty() {
        return format!("\n## {heading}\n\nNobody has any.\n");
    }
    format!(
        "\n## {heading}\n\n| | {second} | {} |\n|---|---|{}\n{}\n",
        ROLES.join(" | "),
        "---|".repeat(ROLES.len()),
        rows.join("\n")
    )
}

async fn page(connection: &mut PgConnection) -> String {
    // Names are written as they are, whatever the session finds without them.
    run(connection, "set local search_path = pg_catalog").await;
    let mut page = INTRODUCTION.trim_end().to_owned() + "\n";
    page += &section(connection, "The schema", "privilege", SCHEMA).await;
    page += &section(connection, "Tables and their columns", "privilege", TABLES).await;
    page += &section(connection, "Sequences", "privilege", SEQUENCES).await;
    page += &section(connection, "Functions", "rights of its", FUNCTIONS).await;
    page
}

#[tokio::test]
async fn docs_grants_md_is_what_the_catalogue_says() {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    let mut transaction = owner.begin().await.expect("a transaction");
    let page = page(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");
    let file = repository_path(REPORT);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, page).expect("written");
        return;
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = page.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        page == written,
        "{REPORT} is not what the catalogue says (UPDATE=1 writes it); first difference: {differs:#?}"
    );
}

/// One grant more, of any kind, is seen on the page.
#[tokio::test]
async fn one_grant_more_changes_the_page() {
    const MORE: [&str; 9] = [
        "grant select on public.cases to anon",
        "grant update (created_at) on public.cases to authenticated",
        "grant truncate on public.case_events to service_role",
        "grant references (id) on public.cases to authenticated",
        "grant select (secret) on casebase.webhook_secrets to casebase_worker",
        "grant usage on sequence public.cases_id_seq to authenticated",
        "grant create on schema casebase to authenticated",
        "grant execute on function casebase.make_admin(text) to authenticated",
        "grant execute on function casebase.person_name(uuid, uuid) to public",
    ];
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    let mut transaction = admin.begin().await.expect("a transaction");
    let before = page(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");
    for grant in MORE {
        let mut transaction = admin.begin().await.expect("a transaction");
        run(&mut transaction, grant).await;
        let after = page(&mut transaction).await;
        transaction.rollback().await.expect("nothing of it stays");
        assert_ne!(before, after, "{grant}");
    }
}
