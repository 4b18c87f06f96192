//! The rows. Every statement runs in a transaction whose role and claims are the caller's (or the service's).

pub mod buckets;
pub mod listing;
pub mod multipart;
pub mod objects;
pub mod resumable;

use deadpool_postgres::{
    Manager, ManagerConfig, Object as Client, Pool, RecyclingMethod, Transaction,
};
use tokio_postgres::NoTls;

use super::{caller::Caller, error::Error};

/// Connections as `supabase_storage_admin`.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
}

/// What policies and triggers can read about the request.
pub struct Scope<'a> {
    /// Whose role and claims.
    pub caller: &'a Caller,
    /// The request's headers as a JSON object.
    pub headers: &'a str,
    /// The HTTP method.
    pub method: &'a str,
    /// The path, without the server's prefix.
    pub path: &'a str,
    /// `storage.operation()`, e.g. `storage.object.upload`.
    pub operation: &'a str,
}

/// Requests that wait for a connection beyond this number queue up.
const CONNECTIONS: usize = 16;

impl Database {
    /// Connects once, to say at the start what is wrong.
    pub async fn connect(
        mut config: tokio_postgres::Config,
    ) -> Result<Self, tokio_postgres::Error> {
        // As Storage connects: bodies of policies' functions see these schemas.
        config.options("-c search_path=storage,public,extensions");
        config.application_name("storage");
        drop(config.connect(NoTls).await?);
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool =
            Pool::builder(Manager::from_config(config, NoTls, recycling)).max_size(CONNECTIONS);
        #[expect(
            clippy::expect_used,
            reason = "only a pool with timeouts needs a runtime to be built"
        )]
        let pool = pool.build().expect("a pool without timeouts");
        Ok(Self { pool })
    }

    /// A connection, to begin a transaction on.
    pub async fn client(&self) -> Result<Client, Error> {
        Ok(self.pool.get().await?)
    }
}

const SET_SCOPE: &str = "
    select set_config('role', $1, true),
           set_config('request.jwt.claim.role', $1, true),
           set_config('request.jwt', $2, true),
           set_config('request.jwt.claim.sub', $3, true),
           set_config('request.jwt.claims', $4, true),
           set_config('request.headers', $5, true),
           set_config('request.method', $6, true),
           set_config('request.path', $7, true),
           set_config('storage.operation', $8, true),
           set_config('storage.allow_delete_query', 'true', true)";

/// Begins a transaction in which everything happens as `scope` says. Dropping it rolls back.
pub async fn begin<'a>(
    client: &'a mut Client,
    scope: &Scope<'_>,
) -> Result<Transaction<'a>, Error> {
    let tx = client.transaction().await?;
    let claims = serde_json::Value::Object(scope.caller.claims.clone()).to_string();
    let statement = tx.prepare_cached(SET_SCOPE).await?;
    tx.query_one(
        &statement,
        &[
            &scope.caller.role.name(),
            &scope.caller.token,
            &scope.caller.owner().unwrap_or_default(),
            &claims,
            &scope.headers,
            &scope.method,
            &scope.path,
            &scope.operation,
        ],
    )
    .await?;
    Ok(tx)
}
