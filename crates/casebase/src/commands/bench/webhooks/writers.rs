//! People who write, as PostgREST does for them: a transaction with the role and the claims, and one statement.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use casebase_local::Stack;
use futures::future::try_join_all;
use tokio::{sync::watch, task::JoinSet};
use tokio_postgres::{Client, NoTls, Statement, types::ToSql};

use super::field::Field;

const SCOPE: &str =
    "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)";
const WRITE: &str = "insert into public.interactions (case_id, content)
     values ($1, 'The stairs are still broken, and nobody has come to look at them.') returning id";

/// A session of a member of the staff.
pub struct Writer {
    client: Client,
    scope: Statement,
    write: Statement,
    claims: String,
}

impl Writer {
    pub async fn connect(stack: &Stack, field: &Field) -> anyhow::Result<Self> {
        let url = stack.database_url("authenticator");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        let scope = client.prepare(SCOPE).await?;
        // Names are resolved with the role's rights.
        client.batch_execute("set role authenticated").await?;
        let write = client.prepare(WRITE).await?;
        client.batch_execute("reset role").await?;
        Ok(Self {
            client,
            scope,
            write,
            claims: field.claims.clone(),
        })
    }

    /// Writes an interaction; its id, and when COMMIT was sent. When it was answered says too little: whoever the commit
    /// wakes may be quicker than the answer.
    pub async fn write(&self, case: i64) -> anyhow::Result<(i64, Instant)> {
        let claims: [&(dyn ToSql + Sync); 1] = [&self.claims];
        let parameters: [&(dyn ToSql + Sync); 1] = [&case];
        let (began, scoped, written) = futures::join!(
            self.client.batch_execute("begin"),
            self.client.query(&self.scope, &claims),
            self.client.query_one(&self.write, &parameters),
        );
        began?;
        scoped?;
        let id = written?.get(0);
        let commits = Instant::now();
        self.client.batch_execute("commit").await?;
        Ok((id, commits))
    }
}

/// Which cases are written to.
#[derive(Clone, Copy)]
pub enum Cases {
    /// All of them in turns.
    All,
    /// One, so that writers wait for each other.
    One,
}

/// Many of them, each writing again and again until they are stopped.
pub struct Writers {
    written: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<anyhow::Result<Vec<(i64, Instant)>>>,
}

impl Writers {
    /// `pause`: how long each waits between the beginnings of two writes.
    pub async fn start(
        stack: &Stack,
        field: &Field,
        number: usize,
        cases: Cases,
        pause: Duration,
    ) -> anyhow::Result<Self> {
        let connected = try_join_all((0..number).map(|_| Writer::connect(stack, field))).await?;
        let written = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for (nth, writer) in connected.into_iter().enumerate() {
            let (written, stopped) = (Arc::clone(&written), stopped.clone());
            let cases: Vec<_> = match cases {
                Cases::All => field
                    .cases
                    .iter()
                    .copied()
                    .skip(nth)
                    .step_by(number)
                    .collect(),
                Cases::One => field.cases.iter().copied().take(1).collect(),
            };
            tasks.spawn(async move {
                let mut done = Vec::new();
                let mut next = tokio::time::Instant::now();
                for case in cases.iter().cycle() {
                    if *stopped.borrow() {
                        break;
                    }
                    next += pause;
                    done.push(writer.write(*case).await?);
                    written.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep_until(next).await;
                }
                Ok(done)
            });
        }
        Ok(Self {
            written,
            stop,
            tasks,
        })
    }

    /// How many were written so far.
    pub fn count(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Stops them; each interaction, and when its COMMIT was sent.
    pub async fn stop(mut self) -> anyhow::Result<Vec<(i64, Instant)>> {
        let _ = self.stop.send(true);
        let mut done = Vec::new();
        while let Some(writer) = self.tasks.join_next().await {
            done.extend(writer??);
        }
        Ok(done)
    }
}
