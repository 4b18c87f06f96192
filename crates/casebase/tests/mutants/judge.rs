//! Runs the database's tests against a copy of the database with one thing wrong.

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use casebase_local::{Stack, postgres::SUPERUSER};
use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};

use crate::{catalogue::Mutant, pgtap};

/// The migrated database with the tests' cast, which copies are made of. Nobody connects to it.
const ORIGINAL: &str = "original";
/// The first file makes the cast. The last judges the catalogue: nobody acts in it.
const SETUP: &str = "00_";
const CATALOGUE: &str = "99_";

/// What became of a mutant.
pub enum Verdict {
    Killed {
        file: String,
        /// Where a file ended early, e.g. because its world could not be made.
        by_an_error: bool,
        complaint: String,
    },
    Survived,
    /// PostgreSQL does not make it, e.g. because something else needs what is dropped.
    Impossible(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed {
                file, complaint, ..
            } => write!(f, "killed by {file}: {complaint}"),
            Self::Survived => f.write_str("SURVIVED"),
            Self::Impossible(why) => write!(f, "refused: {why}"),
        }
    }
}

struct File {
    name: String,
    sql: String,
}

pub struct Judge {
    /// A URL of the server up to the database's name.
    server: String,
    files: Vec<File>,
    copies: AtomicUsize,
    /// Which files have noticed something about a subject, the latest last.
    noticed: Mutex<HashMap<String, Vec<usize>>>,
}

impl Judge {
    pub async fn new(stack: &Stack) -> Self {
        let url = stack.database_url(SUPERUSER);
        let (server, database) = url.rsplit_once('/').expect("a URL");
        let files = files();
        let (setup, files): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|f| f.name.starts_with(SETUP));
        let judge = Self {
            server: server.to_owned(),
            files,
            copies: AtomicUsize::new(0),
            noticed: Mutex::default(),
        };
        judge.copy_project(database).await;
        for file in setup {
            let mut connection = judge.connect(ORIGINAL).await;
            let outcome = pgtap::run_file(&mut connection, &file.sql, false).await;
            assert_eq!(outcome.failure(&file.name), None);
            connection.close().await.expect("it closes");
        }
        judge
    }

    /// The stack's own connections are in the way of a copy, and come back: once is not always enough.
    async fn copy_project(&self, database: &str) {
        let mut server = self.connect("template1").await;
        let mut last = None;
        for _ in 0..100 {
            let others = format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'"
            );
            run(&mut server, &others).await.expect("they end");
            match run(
                &mut server,
                &format!("create database {ORIGINAL} template {database}"),
            )
            .await
            {
                Ok(()) => return,
                Err(e) => last = Some(e),
            }
        }
        panic!("{database} could not be copied: {last:?}");
    }

    async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&format!("{}/{database}", self.server))
            .await
            .expect("a connection")
    }

    /// Without a mutation every file passes, also in a copy.
    pub async fn assert_green(&self) {
        let mut failures = Vec::new();
        let database = self.copy().await;
        for file in &self.files {
            let mut connection = self.connect(&database).await;
            let outcome = pgtap::run_file(&mut connection, &file.sql, false).await;
            failures.extend(outcome.failure(&file.name));
        }
        self.forget(&database).await;
        assert!(failures.is_empty(), "\n{}\n", failures.join("\n\n"));
    }

    async fn copy(&self) -> String {
        let number = self.copies.fetch_add(1, Ordering::Relaxed);
        let name = format!("mutant_{number}");
        let mut server = self.connect("template1").await;
        run(
            &mut server,
            &format!("create database {name} template {ORIGINAL}"),
        )
        .await
        .expect("a copy");
        name
    }

    async fn forget(&self, database: &str) {
        let mut server = self.connect("template1").await;
        run(
            &mut server,
            &format!("drop database {database} with (force)"),
        )
        .await
        .expect("it goes");
    }

    /// Makes the mutant and shows it to the files, those first that noticed something about its subjects before.
    pub async fn try_on(&self, mutant: &Mutant) -> Verdict {
        let database = self.copy().await;
        let verdict = self.judge(mutant, &database).await;
        self.forget(&database).await;
        verdict
    }

    async fn judge(&self, mutant: &Mutant, database: &str) -> Verdict {
        let mut owner = self.connect(database).await;
        if let Err(e) = run(&mut owner, &mutant.sql).await {
            return Verdict::Impossible(e.to_string());
        }
        for at in self.order(mutant) {
            let file = &self.files[at];
            let mut connection = self.connect(database).await;
            // A mutant may never come to an end.
            run(&mut connection, "set statement_timeout = '5min'")
                .await
                .expect("it is set");
            let outcome = pgtap::run_file(&mut connection, &file.sql, true).await;
            let Some(failure) = outcome.failure(&file.name) else {
                continue;
            };
            self.remember(mutant, at);
            let complaint = failure.lines().skip(1).take(1).collect::<String>();
            return Verdict::Killed {
                file: file.name.clone(),
                by_an_error: complaint.contains("ended by an error"),
                complaint,
            };
        }
        Verdict::Survived
    }

    /// All files that count, the likely first: those that noticed something about a subject, then those that name one most.
    fn order(&self, mutant: &Mutant) -> Vec<usize> {
        let noticed = self.noticed.lock().expect("nobody panicked");
        let when = |at: usize| {
            let subjects = mutant.subjects.iter().filter_map(|s| noticed.get(s));
            subjects
                .filter_map(|files| files.iter().rposition(|file| *file == at))
                .max()
        };
        let named = |at: usize| -> usize {
            let subjects = mutant.subjects.iter();
            subjects
                .map(|subject| self.files[at].sql.matches(subject.as_str()).count())
                .sum()
        };
        let mut order: Vec<_> = (0..self.files.len())
            .filter(|at| !self.files[*at].name.starts_with(CATALOGUE))
            .collect();
        order.sort_by_cached_key(|at| std::cmp::Reverse((when(*at), named(*at))));
        order
    }

    fn remember(&self, mutant: &Mutant, file: usize) {
        let mut noticed = self.noticed.lock().expect("nobody panicked");
        for subject in &mutant.subjects {
            noticed.entry(subject.clone()).or_default().push(file);
        }
    }
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .map(drop)
}

/// The tests' files, in the order of their names.
fn files() -> Vec<File> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/database");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .map(|path| File {
            name: path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned(),
            sql: std::fs::read_to_string(&path).expect("UTF-8"),
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}
