//! Runs the database's tests against a copy of the database with one thing wrong.

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use casebase_local::{Stack, postgres::SUPERUSER};
use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};

use crate::{catalogue::Mutant, pgtap};

/// The first file makes the cast. The last judges the catalogue: nobody acts in it.
const SETUP: &str = "00_";
const CATALOGUE: &str = "99_";

/// What is rolled back stays in the tables' files, and every trial is slower by that than the one before: autovacuum, which
/// gives way to each of them, hardly comes through. An odd number, so that all copies have their turn.
const TIDY_AFTER: usize = 9;

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
    /// What it takes when nothing is wrong.
    takes: Duration,
}

/// Tries mutants, as many at once as it has copies of the database. Each is made in the transaction that a file runs in
/// and rolls back: a copy for each would take longer than its trial.
pub struct Judge {
    /// A URL of the server up to the database's name.
    server: String,
    files: Vec<File>,
    /// Copies that nobody uses at the moment.
    copies: Mutex<Vec<String>>,
    /// How many mutants were tried.
    tried: AtomicUsize,
    /// How often each file has noticed something about a subject.
    noticed: Mutex<HashMap<(String, usize), u32>>,
}

/// What ids are taken from starts anew: the files expect the numbers of a new database.
const RESTART: &str = "
    select setval(s.seqrelid::regclass, s.seqstart, false)
    from pg_sequence s join pg_class c on c.oid = s.seqrelid
    where c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace)";

impl Judge {
    /// Copies the stack's project, gives the copies their cast, and sees that nothing is wrong there.
    pub async fn new(stack: &Stack, copies: usize) -> Self {
        let url = stack.database_url(SUPERUSER);
        let (server, project) = url.rsplit_once('/').expect("a URL");
        let (setup, files): (Vec<_>, Vec<_>) =
            files().into_iter().partition(|f| f.name.starts_with(SETUP));
        let mut judge = Self {
            server: server.to_owned(),
            files,
            copies: Mutex::default(),
            tried: AtomicUsize::default(),
            noticed: Mutex::default(),
        };
        for number in 0..copies {
            let copy = format!("copy_{number}");
            judge.copy(project, &copy).await;
            for file in &setup {
                let mut connection = judge.connect(&copy).await;
                let outcome = pgtap::run_file(&mut connection, &file.sql, false).await;
                assert_eq!(outcome.failure(&file.name), None);
                connection.close().await.expect("it closes");
            }
            judge.copies.get_mut().expect("nobody panicked").push(copy);
        }
        judge.see_that_all_pass().await;
        judge
    }

    /// The stack's own connections are in the way of a copy, and come back: once is not always enough.
    async fn copy(&self, project: &str, copy: &str) {
        let mut server = self.connect("template1").await;
        let mut last = None;
        for _ in 0..100 {
            self.end_sessions(project).await;
            match run(
                &mut server,
                &format!("create database {copy} template {project}"),
            )
            .await
            {
                Ok(()) => return,
                Err(e) => last = Some(e),
            }
        }
        panic!("{project} could not be copied: {last:?}");
    }

    async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&format!("{}/{database}", self.server))
            .await
            .expect("a connection")
    }

    async fn end_sessions(&self, database: &str) {
        let mut server = self.connect("template1").await;
        let end = format!(
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = '{database}'"
        );
        run(&mut server, &end).await.expect("they end");
    }

    async fn vacuum(&self, copy: &str) {
        let mut connection = self.connect(copy).await;
        run(&mut connection, "vacuum").await.expect("it vacuums");
        connection.close().await.expect("it closes");
    }

    fn take_copy(&self) -> String {
        let mut copies = self.copies.lock().expect("nobody panicked");
        copies
            .pop()
            .expect("no more are tried than there are copies")
    }

    fn give_back(&self, copy: String) {
        self.copies.lock().expect("nobody panicked").push(copy);
    }

    async fn see_that_all_pass(&mut self) {
        let copy = self.take_copy();
        let mut failures = Vec::new();
        let mut connection = self.connect(&copy).await;
        for file in &mut self.files {
            let began = Instant::now();
            run(&mut connection, RESTART).await.expect("ids start anew");
            let outcome = pgtap::run_file(&mut connection, &file.sql, false).await;
            file.takes = began.elapsed();
            failures.extend(outcome.failure(&file.name));
        }
        connection.close().await.expect("it closes");
        self.give_back(copy);
        assert!(failures.is_empty(), "\n{}\n", failures.join("\n\n"));
    }

    /// Makes the mutant and shows it to one file after the other, until one notices.
    pub async fn try_on(&self, mutant: &Mutant) -> Verdict {
        let copy = self.take_copy();
        let mut connection = self.connect(&copy).await;
        let verdict = self.judge(mutant, &mut connection).await;
        drop(connection);
        // Whatever it still does is in the way of the next one.
        self.end_sessions(&copy).await;
        let tried = self.tried.fetch_add(1, Ordering::Relaxed);
        if tried.is_multiple_of(TIDY_AFTER) {
            self.vacuum(&copy).await;
        }
        self.give_back(copy);
        verdict
    }

    async fn judge(&self, mutant: &Mutant, connection: &mut PgConnection) -> Verdict {
        for at in self.order(mutant) {
            let file = &self.files[at];
            // A mutant may never come to an end.
            let begin = format!("rollback; set statement_timeout = '1min'; {RESTART}; begin");
            run(connection, &begin).await.expect("a transaction");
            if let Err(e) = run(connection, &mutant.sql).await {
                return Verdict::Impossible(e.to_string());
            }
            let outcome = pgtap::run_file(connection, &file.sql, true).await;
            let Some(failure) = outcome.failure(&file.name) else {
                continue;
            };
            let complaint = failure.lines().nth(1).unwrap_or_default().to_owned();
            let by_an_error = complaint.contains("ended by an error");
            if by_an_error && complaint.contains("does not exist") {
                // The file itself changes what the mutant lost. Nobody has seen anything yet.
                continue;
            }
            self.remember(mutant, at);
            return Verdict::Killed {
                file: file.name.clone(),
                by_an_error,
                complaint,
            };
        }
        Verdict::Survived
    }

    /// All files that count, the likely and quick ones first: likely is what names a subject, or has noticed something
    /// about one before.
    fn order(&self, mutant: &Mutant) -> Vec<usize> {
        let noticed = self.noticed.lock().expect("nobody panicked");
        let likely = |at: usize| -> f64 {
            let subjects = mutant.subjects.iter().map(|subject| {
                let named = self.files[at].sql.matches(subject.as_str()).count();
                let noticed = noticed
                    .get(&(subject.clone(), at))
                    .copied()
                    .unwrap_or_default();
                named as f64 + 20.0 * f64::from(noticed)
            });
            subjects.sum::<f64>() / self.files[at].takes.as_secs_f64()
        };
        let mut order: Vec<_> = (0..self.files.len())
            .filter(|at| !self.files[*at].name.starts_with(CATALOGUE))
            .map(|at| (likely(at), at))
            .collect();
        order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        order.into_iter().map(|(_, at)| at).collect()
    }

    fn remember(&self, mutant: &Mutant, file: usize) {
        let mut noticed = self.noticed.lock().expect("nobody panicked");
        for subject in &mutant.subjects {
            *noticed.entry((subject.clone(), file)).or_default() += 1;
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
            takes: Duration::ZERO,
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}
