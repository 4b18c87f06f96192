//! Connections to PostgreSQL.
//!
//! A pool of its own, for two reasons: statements are prepared inside a request's transaction,
//! because only there the role and the search path are the right ones, so each connection keeps
//! them itself; and a connection whose request was dropped half-way must not be used again.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::{Client, NoTls, Statement};

use super::query::sql::Sql;

/// As many as PostgREST opens by default.
const MAX_CONNECTIONS: usize = 10;

/// A connection forgets its statements when it has this many.
const MAX_STATEMENTS: usize = 500;

/// Idle connections and the right to open more.
pub struct Pool {
    config: tokio_postgres::Config,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    /// Grows when the schema changes, since prepared statements may then be outdated.
    generation: AtomicU64,
}

/// A connection with the statements prepared on it.
pub struct Connection {
    pub client: Client,
    /// By their text, from which the types of the parameters follow.
    statements: HashMap<String, Statement>,
    generation: u64,
}

impl Pool {
    /// A pool that connects when it has to.
    pub fn new(config: tokio_postgres::Config) -> Arc<Self> {
        Arc::new(Self {
            config,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            generation: AtomicU64::new(0),
        })
    }

    /// Waits for a connection.
    pub async fn get(self: &Arc<Self>) -> Result<Lease, tokio_postgres::Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        let generation = self.generation.load(Ordering::Relaxed);
        let connection = match self.take_idle() {
            Some(connection) if connection.generation == generation => connection,
            Some(connection) => Connection {
                statements: HashMap::new(),
                generation,
                ..connection
            },
            None => Connection {
                client: self.connect().await?,
                statements: HashMap::new(),
                generation,
            },
        };
        Ok(Lease {
            connection: Some(connection),
            pool: Arc::clone(self),
            in_transaction: false,
            permit,
        })
    }

    /// Forgets all prepared statements.
    pub fn forget_statements(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.config.connect(NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a database connection ended");
            }
        });
        Ok(client)
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if !connection.client.is_closed() {
                return Some(connection);
            }
        }
        None
    }
}

impl Connection {
    /// The prepared statement, if there is one.
    pub fn prepared(&self, sql: &Sql) -> Option<Statement> {
        self.statements.get(&sql.text).cloned()
    }

    /// Prepares a statement and keeps it.
    pub async fn prepare(&mut self, sql: &Sql) -> Result<Statement, tokio_postgres::Error> {
        let types: Vec<_> = sql.params.iter().map(|p| p.declared_type()).collect();
        let statement = self.client.prepare_typed(&sql.text, &types).await?;
        if self.statements.len() >= MAX_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.text.clone(), statement.clone());
        Ok(statement)
    }
}

/// A connection on loan. It goes back when dropped, unless it is inside a transaction.
pub struct Lease {
    connection: Option<Connection>,
    pool: Arc<Pool>,
    pub in_transaction: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if !self.in_transaction {
            let mut idle = self
                .pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
            return;
        }
        // whoever asked is gone: what still runs for them ends, and until then counts as a connection
        let permit = self.permit.take();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let cancelled = connection.client.cancel_token().cancel_query(NoTls).await;
                if let Err(error) = cancelled {
                    tracing::debug!(%error, "a statement could not be cancelled");
                }
                drop((connection, permit));
            });
        }
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("a lease holds its connection until it is dropped"),
        }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        match &mut self.connection {
            Some(connection) => connection,
            None => unreachable!("a lease holds its connection until it is dropped"),
        }
    }
}
