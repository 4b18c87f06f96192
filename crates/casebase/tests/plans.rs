//! How much of the large tables a question reads under row level security. Rows, not times: those are measured by
//! `casebase bench access`, with the same data and the same questions.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::collections::BTreeMap;

use casebase::commands::{
    bench::access::{
        load,
        people::{self, Asker, Kind},
        questions,
    },
    dev,
};
use casebase_local::{Options, Stack, postgres::SUPERUSER};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

const CASES: u32 = 20_000;

/// Everybody's questions, and how many rows of the large tables an answer may cost.
const BOUNDED: [(&str, i64); 28] = [
    ("newest page by rpc", 1000),
    ("newest page with activity by rpc", 1000),
    ("newest open page by rpc", 1000),
    ("urgent open cases by rpc", 1000),
    ("most urgent first by rpc", 1000),
    ("changed last first by rpc", 1000),
    ("overdue by rpc", 100),
    ("interactions of a case by rpc", 10),
    ("newest page, narrowed", 100),
    ("newest open page, narrowed", 100),
    ("urgent open cases, narrowed", 100),
    ("case by id", 1),
    ("case by case_id", 1),
    ("exact count, narrowed", 100),
    ("exact count of the open, narrowed", 100),
    ("interactions of a case", 10),
    ("files of a case", 10),
    ("update of a case", 20),
    ("insert of an interaction", 20),
    ("insert of a case", 20),
    ("one object", 10),
    ("objects of a case's folder", 10),
    ("objects of a client's folder", 100),
    ("first page of another bucket", 100),
    ("search for a rare word", 500),
    ("search for two words", 500),
    ("search for a number", 500),
    ("list of a rare word", 2000),
];

/// For those who see little their cases' texts are read, however many others have the word.
const BOUNDED_FOR_THE_FEW: [(&str, i64); 5] = [
    ("search for a frequent word", 500),
    ("search for a word of every case", 500),
    ("search for a beginning", 500),
    ("search with letters changed round", 500),
    ("list of a frequent word", 500),
];

/// For those who see much a page finds its rows without a filter that helps, and a search the newest thousand texts of a
/// word that one of 20 has among everybody's.
const BOUNDED_FOR_THE_MANY: [(&str, i64); 7] = [
    ("newest page", 2000),
    ("newest open page", 2000),
    ("urgent open cases", 2000),
    ("search for a frequent word", 40_000),
    ("search for a word of every case", 40_000),
    ("search for a beginning", 40_000),
    ("list of a frequent word", 10_000),
];

/// Who sees every case has all of them counted.
const BOUNDED_BUT_FOR_ALL: [(&str, i64); 1] = [("counts by rpc", 1000)];

/// What a search looks words up in, or those of the cases that somebody sees; and what it walks from the end for a word that
/// is frequent among all that they see.
const BY_WORD: &str = "casebase.search_entries_words_idx";
const BY_CASE: &str = "casebase.search_entries_source_key";
const BY_AGE: &str = "casebase.search_entries_pkey";

/// What admins ask about all of it: each count ends somewhere, and none is of a whole table.
const OF_ALL: [&str; 2] = ["select health()", "select structure_uses()"];
const MOST_OF_ALL: i64 = 20_000;

/// What was read of each large table in this transaction: scans of all of it, and rows.
type Reads = BTreeMap<String, (i64, i64)>;

async fn reads(connection: &mut PgConnection) -> Reads {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select relname::text, seq_scan, seq_tup_read + coalesce(idx_tup_fetch, 0)
         from pg_stat_xact_user_tables
         where relname in ('cases', 'interactions', 'case_files', 'case_events', 'objects', 'search_entries')",
    )
    .fetch_all(connection)
    .await
    .expect("the statistics can be read");
    rows.into_iter()
        .map(|(table, scans, rows)| (table, (scans, rows)))
        .collect()
}

/// How often each index of the words that are searched was looked into in this transaction.
async fn index_scans(connection: &mut PgConnection) -> BTreeMap<String, i64> {
    let scans: Vec<(String, i64)> = sqlx::query_as(
        "select i.indexrelid::regclass::text, pg_stat_get_xact_numscans(i.indexrelid)
         from pg_index i
         where i.indrelid = 'casebase.search_entries'::regclass",
    )
    .fetch_all(connection)
    .await
    .expect("the statistics can be read");
    scans.into_iter().collect()
}

/// What an answer cost.
#[derive(Debug)]
struct Cost {
    /// The large tables that were scanned whole.
    scanned: Vec<String>,
    /// How many rows of the large tables were read.
    read: i64,
    /// The indexes of the searched words that were looked into.
    indexes: Vec<String>,
}

impl Cost {
    /// Whether a search, if this is one, looked for its words and did not walk through everybody's texts.
    fn finds_words(&self, question: &str) -> bool {
        let is_search = question.starts_with("search ") || question.starts_with("list of a ");
        let uses = |index: &str| self.indexes.iter().any(|used| used == index);
        !is_search || (uses(BY_WORD) || uses(BY_CASE)) && !uses(BY_AGE)
    }
}

/// Asks under row level security.
async fn ask(connection: &mut PgConnection, asker: &Asker, sql: &str) -> Cost {
    let mut transaction = connection.begin().await.expect("a transaction");
    // What earlier transactions read may still be counted.
    let before = reads(&mut transaction).await;
    let scans_before = index_scans(&mut transaction).await;
    sqlx::query("select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)")
        .bind(&asker.claims)
        .execute(&mut *transaction)
        .await
        .expect("the person's role and claims");
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .fetch_all(&mut *transaction)
        .await
        .expect("an answer");
    let after = reads(&mut transaction).await;
    let scans_after = index_scans(&mut transaction).await;
    transaction.rollback().await.expect("nothing stays");

    let (mut scanned, mut read) = (Vec::new(), 0);
    for (table, (scans, rows)) in after {
        let (scans_before, rows_before) = before.get(&table).copied().unwrap_or_default();
        read += rows - rows_before;
        if scans > scans_before {
            scanned.push(table);
        }
    }
    let is_used = |(index, scans): &(String, i64)| *scans > scans_before[index];
    let indexes = scans_after.into_iter().filter(is_used);
    let indexes = indexes.map(|(index, _)| index).collect();
    Cost {
        scanned,
        read,
        indexes,
    }
}

#[tokio::test]
async fn no_page_reads_a_whole_table() {
    let stack = Stack::start(Options::default())
        .await
        .expect("the stack starts");
    dev::migrate(&stack).await.expect("the migrations apply");
    let superuser = stack.database_url(SUPERUSER);
    load::load(&superuser, CASES).await.expect("it is loaded");
    let mut connection = PgConnection::connect(&superuser)
        .await
        .expect("a connection");
    let everybody = people::everybody(&mut connection).await.expect("people");
    assert_eq!(everybody.len(), 5);

    let (mut asked, mut complaints) = (0, Vec::new());
    for asker in &everybody {
        let many = matches!(asker.kind, Kind::Departments | Kind::All | Kind::Admin);
        let some = !matches!(asker.kind, Kind::All | Kind::Admin);
        for question in questions::of(asker) {
            let bound = BOUNDED
                .iter()
                .chain(BOUNDED_BUT_FOR_ALL.iter().filter(|_| some))
                .chain(BOUNDED_FOR_THE_FEW.iter().filter(|_| !many))
                .chain(BOUNDED_FOR_THE_MANY.iter().filter(|_| many))
                .find(|(name, _)| *name == question.name);
            let Some((name, bound)) = bound else { continue };
            asked += 1;
            let cost = ask(&mut connection, asker, &question.under_rls).await;
            let walks = many && BOUNDED_FOR_THE_MANY.iter().any(|(n, _)| n == name);
            if !cost.scanned.is_empty() || cost.read > *bound || !walks && !cost.finds_words(name) {
                complaints.push(format!(
                    "{}: {name}, at most {bound} rows: {cost:?}",
                    asker.name
                ));
            }
        }
    }
    let admin = everybody
        .iter()
        .find(|asker| asker.kind == Kind::Admin)
        .expect("an admin");
    for question in OF_ALL {
        let Cost { scanned, read, .. } = ask(&mut connection, admin, question).await;
        if !scanned.is_empty() || read > MOST_OF_ALL {
            complaints.push(format!(
                "{question} reads {read} rows, at most {MOST_OF_ALL}; whole tables: {scanned:?}"
            ));
        }
    }
    drop(connection);
    stack.stop().await;
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    // One kind of person opens no cases.
    assert_eq!(
        asked,
        5 * BOUNDED.len() - 1
            + 3 * BOUNDED_BUT_FOR_ALL.len()
            + 2 * BOUNDED_FOR_THE_FEW.len()
            + 3 * BOUNDED_FOR_THE_MANY.len()
    );
}
