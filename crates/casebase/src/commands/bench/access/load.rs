//! Fills a migrated database with cases, interactions, files and their objects.

use futures::future::try_join_all;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, raw_sql};

use crate::commands::bench::progress::Progress;

/// People, departments, clients; takes the indexes away.
const PEOPLE: &str = include_str!("load/1_people.sql");
/// Run at the same time; each builds its indexes again.
const ROWS: [&str; 3] = [
    include_str!("load/2_cases.sql"),
    include_str!("load/2_interactions.sql"),
    include_str!("load/2_files.sql"),
];
/// What they are searched by.
const SEARCH: &str = include_str!("load/3_search.sql");

/// Whether [`load`] has been here.
pub async fn is_loaded(superuser_url: &str) -> Result<bool, sqlx::Error> {
    let mut connection = PgConnection::connect(superuser_url).await?;
    let loaded = sqlx::query_scalar("select to_regclass('casebase_bench.loaded') is not null")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(loaded)
}

/// Loads `cases` cases, three times as many interactions, and as many files, into a database without any.
pub async fn load(superuser_url: &str, cases: u32) -> Result<(), sqlx::Error> {
    Progress::prepares("Loading people, departments and clients");
    run(superuser_url, cases, PEOPLE).await?;
    Progress::prepares(&format!(
        "Loading {cases} cases with their interactions and files"
    ));
    try_join_all(ROWS.map(|sql| run(superuser_url, cases, sql))).await?;
    Progress::prepares("Loading the words that they are searched by");
    run(superuser_url, cases, SEARCH).await?;
    Progress::prepares("Vacuuming");
    // The visibility map is what a table in use has too. VACUUM stands alone in its statement.
    for table in [
        "public.cases",
        "public.interactions",
        "public.case_files",
        "public.case_events",
        "storage.objects",
        "casebase.case_counters",
        "casebase.search_entries",
    ] {
        run(superuser_url, cases, &format!("vacuum analyze {table}")).await?;
    }
    run(
        superuser_url,
        cases,
        "create table casebase_bench.loaded ()",
    )
    .await
}

async fn run(superuser_url: &str, cases: u32, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(superuser_url).await?;
    let settings = format!(
        "set session_replication_role = replica;
         set maintenance_work_mem = '256MB';
         set casebase_bench.cases = '{cases}'"
    );
    connection.execute(raw_sql(AssertSqlSafe(settings))).await?;
    connection
        .execute(raw_sql(AssertSqlSafe(sql.to_owned())))
        .await?;
    connection.close().await
}
