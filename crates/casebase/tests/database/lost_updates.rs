//! Two write a case at the same moment: the second, who says what they started from, is told what the first has made.

use std::pin::pin;

use super::*;

const CASE: &str = "
    insert into public.clients (id, name) values ('00000000-0000-4000-8000-00000000105e', 'Lost updates') on conflict do nothing;
    insert into public.cases (client_id, title) values ('00000000-0000-4000-8000-00000000105e', 'Lost updates')";

#[tokio::test]
async fn whoever_was_slower_by_a_moment_is_told_so() {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    run(&mut owner, CASE).await;
    let mut second = connect("DATABASE_URL").await;
    let titled = |title| {
        format!(
            "update public.cases set title = '{title}', version = 1 where title = 'Lost updates'"
        )
    };

    let mut first = owner.begin().await.expect("a transaction");
    run(
        &mut first,
        "update public.cases set priority = 'high', version = 1 where title = 'Lost updates'",
    )
    .await;
    // It waits for the row, and judges what the first has left.
    let mut slower = pin!(sqlx::query(AssertSqlSafe(titled("Slower"))).execute(&mut second));
    tokio::select! {
        done = &mut slower => panic!("it did not wait: {done:?}"),
        () = somebody_waits("update public.cases") => first.commit().await.expect("the first is in time"),
    }
    let refused = slower.await.expect_err("the second is not");
    let refused = refused.as_database_error().expect("PostgreSQL says so");
    assert_eq!(refused.code().as_deref(), Some("PT409"), "{refused}");
    let details = refused
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .and_then(|e| e.detail());
    let row: serde_json::Value = serde_json::from_str(details.expect("details")).expect("a row");
    assert_eq!(
        (&row["priority"], &row["version"]),
        (&"high".into(), &2.into())
    );

    run(
        &mut owner,
        "delete from public.cases where client_id = '00000000-0000-4000-8000-00000000105e'; delete from public.clients where id = '00000000-0000-4000-8000-00000000105e'",
    )
    .await;
}
