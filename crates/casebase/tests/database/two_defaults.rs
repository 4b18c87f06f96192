//! Two admins at once: the trigger that keeps one default department can't see what the other has not yet said.

use std::pin::pin;

use super::*;

const DEPARTMENTS: &str = "
    delete from public.departments where name in ('First of two', 'Second of two');
    insert into public.departments (name) values ('First of two'), ('Second of two')";

#[tokio::test]
async fn there_is_one_default_department_whoever_names_one_at_the_same_time() {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    run(&mut owner, DEPARTMENTS).await;
    let mut second = connect("DATABASE_URL").await;
    let name =
        |name| format!("update public.departments set is_default = true where name = '{name}'");

    let mut first = owner.begin().await.expect("a transaction");
    run(&mut first, name("First of two")).await;
    // It waits for the default before, which the first has changed and not yet committed.
    let mut named = pin!(sqlx::query(AssertSqlSafe(name("Second of two"))).execute(&mut second));
    tokio::select! {
        done = &mut named => panic!("it did not wait: {done:?}"),
        () = somebody_waits("update public.departments") => first.commit().await.expect("the first is in time"),
    }
    let refused = named.await.expect_err("the second is not");
    let constraint = refused.as_database_error().and_then(|e| e.constraint());
    assert_eq!(constraint, Some("departments_one_default_idx"), "{refused}");

    run(
        &mut owner,
        "update public.departments set is_default = true where name = 'General';
         delete from public.departments where name in ('First of two', 'Second of two')",
    )
    .await;
}
