//! The statements of docs/personal-data.md that take one person's name out of a project.

use super::*;

const NAME: &str = "Zacharias Quill";

/// Wherever a name is written: in an interaction, by its speaker, to them and in a correction; in the history; in what
/// webhooks keep; in an invitation.
const WORK: &str = "
    select public.create_webhook_endpoint('https://example.com/webhooks');
    update public.staff_members set display_name = 'Zacharias Quill' where user_id = pg_temp.id_of('alan@example.com');
    insert into public.invitations (email, display_name, scope) values ('alan@example.com', 'Zacharias Quill', 'all');
    select pg_temp.act_as('alan@example.com', 'staff');
    insert into public.interactions (case_id, content, visible_to_client)
    select c.id, 'Somebody comes.', true from public.cases c where c.title like 'Badge%';
    select pg_temp.act_as('carla@example.com', 'client');
    insert into public.interactions (case_id, content) select c.id, 'Thanks.' from public.cases c where c.title like 'Badge%';
    select pg_temp.act_as('ada@example.com', 'admin');
    update public.interactions set party2_name = 'Zacharias Quill' where party2_name = 'Gate 2 GmbH';
    select pg_temp.act_as_oneself()";

/// The tables of Casebase's that have the name anywhere.
async fn tables_with_it(connection: &mut PgConnection) -> BTreeSet<String> {
    const TABLES: &str = "
        select c.oid::regclass::text from pg_class c
        where c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) and c.relkind = 'r'";
    let mut found = BTreeSet::new();
    for table in texts(connection, TABLES).await {
        let has_it =
            format!("select exists (select from {table} t where strpos(t::text, '{NAME}') > 0)");
        let has_it = sqlx::query_scalar(AssertSqlSafe(has_it));
        if has_it.fetch_one(&mut *connection).await.expect("a table") {
            found.insert(table);
        }
    }
    found
}

#[tokio::test]
async fn is_named_nowhere_after_the_statements_of_the_page_and_the_end_of_their_account() {
    let page = std::fs::read_to_string(repository_path("docs/personal-data.md")).expect("UTF-8");
    let (_, page) = page.split_once("## One person").expect("it is there");
    let (_, block) = page.split_once("```sql\nbegin;\n").expect("statements");
    let (block, _) = block.split_once("commit;\n```").expect("their end");

    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    let mut transaction = admin.begin().await.expect("a transaction");
    let seed = std::fs::read_to_string(repository_path("supabase/seed.sql")).expect("UTF-8");
    run(&mut transaction, "set local role postgres").await;
    run(&mut transaction, seed).await;
    run(&mut transaction, WORK).await;
    let before = tables_with_it(&mut transaction).await;
    let written = [
        "case_events",
        "casebase.webhook_payloads",
        "interactions",
        "invitations",
        "staff_members",
    ];
    assert_eq!(before, written.map(str::to_owned).into());

    let id = "select pg_temp.id_of('alan@example.com')::text";
    let id = texts(&mut transaction, id).await;
    let id = id.first().expect("one of the seed's");
    let block = block
        .replace("<auth.users.id>", id)
        .replace("<name>", NAME)
        .replace("<address>", "alan@example.com");
    run(&mut transaction, block).await;
    run(&mut transaction, "reset role").await;
    run(
        &mut transaction,
        format!("delete from auth.users where id = '{id}'"),
    )
    .await;
    let after = tables_with_it(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");
    assert!(after.is_empty(), "{after:?}");
}
