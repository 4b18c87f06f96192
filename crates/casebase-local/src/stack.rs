//! The whole stand-in: PostgreSQL, and REST, Auth, Storage and S3 behind one address.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{OriginalUri, Request},
    http::{StatusCode, uri::PathAndQuery},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::get,
};
use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    auth,
    gateway_cors::allow_every_origin,
    jwt::{JWT_SECRET, Keys, SigningAlgorithm},
    mail::{self, Mailbox},
    postgres::{self, Postgres},
    rest, signing_key, storage,
};

/// The anon key that `supabase start` documents: a token with the role `anon`, signed with [`JWT_SECRET`].
pub const ANON_KEY: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJleHAiOjE5ODM4MTI5OTZ9.CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0";
/// The service_role key that `supabase start` documents.
pub const SERVICE_ROLE_KEY: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImV4cCI6MTk4MzgxMjk5Nn0.EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3W0YpN81IU";
/// The static S3 key pair that `supabase start` documents: it acts as `service_role`.
pub const S3_STATIC_KEY: (&str, &str) = (
    "625729a08b95bf1b7ff351a663f3a23c",
    "850181e4652dd023b7a98c58ae0d2d34bd487ee0cc3254aed6eda37307425907",
);
/// The S3 region that `supabase start` documents.
pub const S3_REGION: &str = "local";
/// The project's reference: a local project has none of its own, and the tenant's id stands for it.
pub const PROJECT_REF: &str = "stub";
/// 50 MiB in `supabase start`'s default configuration; here large case files are to be tried too.
pub const FILE_SIZE_LIMIT: u64 = 5 * 1024 * 1024 * 1024;

/// The site of a project that `supabase init` makes.
pub const SITE_URL: &str = "http://127.0.0.1:3000";

/// How a stack is to be run. The default is a throw-away stack on free ports.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The API's port; a free one by default.
    pub port: Option<u16>,
    /// PostgreSQL's port; a free one by default.
    pub db_port: Option<u16>,
    /// Where data is kept between runs; thrown away by default.
    pub data: Option<PathBuf>,
    /// The custom access token hook, e.g. `pg-functions://postgres/casebase/custom_access_token_hook`.
    pub access_token_hook: Option<String>,
    /// What users' tokens are signed with; the shared secret by default.
    pub jwt_algorithm: SigningAlgorithm,
    /// The port of the page with the mails that the project would have sent; a free one by default.
    pub mail_port: Option<u16>,
    /// Whether a sign-up and a new address count only once a mail was answered; at once by default.
    pub confirm_email: bool,
    /// Where links in mails lead on to when the request names no other page; [`SITE_URL`] by default.
    pub site_url: Option<String>,
}

/// What kept the stack from running.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// The bootstrap, or a server's first connection.
    #[error("the database could not be prepared: {}", describe(.0))]
    Database(#[from] tokio_postgres::Error),
    /// One of the servers did not start.
    #[error("{server} could not start: {source}")]
    Server {
        /// Which: REST, Auth or Storage.
        server: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A port is taken.
    #[error("port {port} on 127.0.0.1 can't be used: {source}\nhint: choose another with {option}")]
    Port {
        /// Which.
        port: u16,
        /// The option that changes it.
        option: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// PostgreSQL ended while the stack ran.
    #[error("PostgreSQL ended while the stack was running ({0})")]
    Ended(String),
    /// The signing key that is kept with the data.
    #[error(transparent)]
    SigningKey(#[from] signing_key::Error),
    /// Files and folders.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
}

impl Error {
    fn server<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        server: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Server {
            server,
            source: source.into(),
        }
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |e| e.to_string())
}

/// A running stack.
pub struct Stack {
    postgres: Postgres,
    servers: JoinHandle<()>,
    shutdown: CancellationToken,
    address: SocketAddr,
    mail_address: SocketAddr,
    jwt_algorithm: SigningAlgorithm,
    // Dropped last: the servers write below it.
    _folders: Folders,
}

struct Folders {
    data: PathBuf,
    socket: PathBuf,
    /// What was made for the data and is of no use to anybody before the stack runs: the topmost new folder.
    unfinished: Option<PathBuf>,
    _temporary: tempfile::TempDir,
}

impl Drop for Folders {
    fn drop(&mut self) {
        if let Some(folder) = self.unfinished.take() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

const TEMPORARY_PREFIX: &str = "casebase-";

/// Removes what stacks left behind whose process was killed: the folder's name has the process's id.
fn sweep_temporary_folders() {
    let entries = std::fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(TEMPORARY_PREFIX))
            .and_then(|rest| rest.split_once('-'))
            .and_then(|(pid, _)| pid.parse().ok())
            .map(Pid::from_raw);
        if owner.is_some_and(|pid| kill(pid, None) == Err(Errno::ESRCH)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Folders {
    fn new(data: Option<&Path>) -> Result<Self, Error> {
        // Short and private: a Unix socket's path may have 107 bytes at most.
        sweep_temporary_folders();
        let temporary = tempfile::Builder::new()
            .prefix(&format!("{TEMPORARY_PREFIX}{}-", std::process::id()))
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o711))
            .tempdir()
            .map_err(|e| Error::Io("the temporary folder".into(), e))?;
        let mut unfinished = None;
        let data = match data {
            Some(dir) => {
                unfinished = topmost_missing(dir);
                std::fs::create_dir_all(dir)
                    .map_err(|e| Error::Io(dir.display().to_string(), e))?;
                dir.canonicalize()
                    .map_err(|e| Error::Io(dir.display().to_string(), e))?
            }
            None => temporary.path().join("data"),
        };
        let socket = temporary.path().join("run");
        Ok(Self {
            data,
            socket,
            unfinished,
            _temporary: temporary,
        })
    }
}

/// The first folder on the way to this one that is not there.
fn topmost_missing(dir: &Path) -> Option<PathBuf> {
    let missing = dir.ancestors().take_while(|above| !above.exists());
    missing.last().map(Path::to_owned)
}

impl Stack {
    /// Starts everything and returns when it answers.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let (listener, address) = listen(options.port, "--port").await?;
        let (mail_listener, mail_address) = listen(options.mail_port, "--mail-port").await?;
        let mut folders = Folders::new(options.data.as_deref())?;
        let postgres = start_postgres(&options, &folders).await?;

        let keys = Arc::new(signing_key::keys(options.jwt_algorithm, &folders.data)?);
        let url = format!("http://{address}");
        let mailbox = Mailbox::default();
        let app = gateway(
            rest_config(&postgres, &keys),
            auth_config(&postgres, &keys, &url, &options, mailbox.clone()),
            storage_config(&postgres, &keys, &url, folders.data.join("storage")),
        )
        .await?;

        let shutdown = CancellationToken::new();
        let api = serve("API", listener, app, shutdown.clone());
        let mails = serve(
            "mail",
            mail_listener,
            mail::router(mailbox),
            shutdown.clone(),
        );
        let servers = tokio::spawn(async move {
            tokio::join!(api, mails);
        });
        folders.unfinished = None;
        Ok(Self {
            postgres,
            servers,
            shutdown,
            address,
            mail_address,
            jwt_algorithm: options.jwt_algorithm,
            _folders: folders,
        })
    }

    /// The project's URL, e.g. `http://127.0.0.1:54321`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of a connection as `role`; `postgres` is the project's owner, [`postgres::SUPERUSER`] the superuser.
    pub fn database_url(&self, role: &str) -> String {
        self.postgres.url(role)
    }

    /// The S3 endpoint.
    pub fn s3_endpoint(&self) -> String {
        format!("{}/storage/v1/s3", self.url())
    }

    /// The page with the mails that the project would have sent; below it is Mailpit's JSON (`/api/v1/messages`).
    pub fn mail_url(&self) -> String {
        format!("http://{}", self.mail_address)
    }

    /// The settings by which clients find this stack, under the names they have in `.env` files.
    ///
    /// A project that signs with ES256 names no JWT secret: nobody verifies its users' tokens with one.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("SUPABASE_URL", self.url()),
            ("SUPABASE_ANON_KEY", ANON_KEY.into()),
            ("SUPABASE_SERVICE_ROLE_KEY", SERVICE_ROLE_KEY.into()),
            ("DATABASE_URL", self.database_url("postgres")),
            ("DATABASE_ADMIN_URL", self.database_url(postgres::SUPERUSER)),
            ("SUPABASE_S3_ENDPOINT", self.s3_endpoint()),
            ("SUPABASE_S3_REGION", S3_REGION.into()),
            ("SUPABASE_S3_ACCESS_KEY_ID", S3_STATIC_KEY.0.into()),
            ("SUPABASE_S3_SECRET_ACCESS_KEY", S3_STATIC_KEY.1.into()),
            ("SUPABASE_PROJECT_REF", PROJECT_REF.into()),
            ("MAILPIT_URL", self.mail_url()),
        ];
        if self.jwt_algorithm == SigningAlgorithm::Hs256 {
            settings.insert(3, ("SUPABASE_JWT_SECRET", JWT_SECRET.into()));
        }
        settings
    }

    /// Waits until PostgreSQL ends without having been asked to, and says how. What is left is to be stopped then.
    pub async fn ended(&self) -> Error {
        Error::Ended(self.postgres.ended().await)
    }

    /// Finishes the requests under way, then ends the servers and PostgreSQL.
    pub async fn stop(self) {
        self.shutdown.cancel();
        // A client that keeps a connection open must not keep the stack alive.
        let abort = self.servers.abort_handle();
        if tokio::time::timeout(std::time::Duration::from_secs(3), self.servers)
            .await
            .is_err()
        {
            abort.abort();
        }
        self.postgres.stop().await;
    }
}

/// A free port unless one is wanted, which `option` moves.
async fn listen(
    wanted: Option<u16>,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), Error> {
    let port = wanted.unwrap_or(0);
    let refused = |source| Error::Port {
        port,
        option,
        source,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

async fn serve(
    what: &'static str,
    listener: TcpListener,
    app: Router,
    shutdown: CancellationToken,
) {
    let mut limits = casebase_http::Limits::new(FILE_SIZE_LIMIT);
    // The service listens in the same process.
    limits.connections /= 2;
    if let Err(e) = casebase_http::serve(listener, app, limits, shutdown).await {
        tracing::error!(error = %e, "the {what} server ended");
    }
}

/// A wanted port is free at this moment; PostgreSQL itself says so when it no longer is.
async fn database_port(wanted: Option<u16>) -> Result<u16, Error> {
    let port = wanted.unwrap_or(0);
    if port != 0 {
        listen(wanted, "--db-port").await?;
    }
    Ok(port)
}

/// A cluster is ready once this file stands beside it; one without was cut off while it was made.
const PREPARED: &str = "prepared";

async fn start_postgres(options: &Options, folders: &Folders) -> Result<Postgres, Error> {
    let cluster = folders.data.join("postgres");
    let prepared = folders.data.join(PREPARED);
    if cluster.exists() && !prepared.exists() {
        let half_made = folders.data.join("half-made");
        if half_made.exists() {
            std::fs::remove_dir_all(&cluster)
                .map_err(|e| Error::Io(cluster.display().to_string(), e))?;
        } else {
            return Err(Error::Io(
                cluster.display().to_string(),
                std::io::Error::other("is there already and was not made by this stack"),
            ));
        }
    }
    let fresh = !prepared.exists();
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |e| Error::Io(path, e)
    };
    if fresh {
        std::fs::create_dir_all(&folders.data).map_err(io(&folders.data))?;
        std::fs::write(folders.data.join("half-made"), "").map_err(io(&folders.data))?;
    }
    let (server, _) = Postgres::start(postgres::Options {
        data: cluster,
        socket_dir: folders.socket.clone(),
        port: database_port(options.db_port).await?,
        durable: options.data.is_some(),
    })
    .await?;
    if fresh {
        bootstrap(&server).await?;
        std::fs::rename(folders.data.join("half-made"), &prepared).map_err(io(&prepared))?;
    }
    Ok(server)
}

/// Makes the fresh database what a hosted project starts with.
async fn bootstrap(server: &Postgres) -> Result<(), Error> {
    let (client, connection) = server
        .config(postgres::SUPERUSER)
        .connect(tokio_postgres::NoTls)
        .await?;
    let connection = tokio::spawn(connection);
    for script in [
        include_str!("bootstrap/roles.sql"),
        include_str!("bootstrap/auth.sql"),
        include_str!("bootstrap/storage.sql"),
        include_str!("bootstrap/rest.sql"),
        include_str!("bootstrap/guards.sql"),
    ] {
        client.batch_execute(script).await?;
    }
    drop(client);
    let _ = connection.await;
    Ok(())
}

fn rest_config(postgres: &Postgres, keys: &Arc<Keys>) -> rest::Config {
    rest::Config {
        database: postgres.config("authenticator"),
        keys: Arc::clone(keys),
        schemas: vec!["public".into()],
        extra_search_path: vec!["public".into(), "extensions".into()],
        anon_role: "anon".into(),
        max_rows: Some(1000),
    }
}

fn auth_config(
    postgres: &Postgres,
    keys: &Arc<Keys>,
    url: &str,
    options: &Options,
    mailbox: Mailbox,
) -> auth::Config {
    auth::Config {
        database: postgres.config("supabase_auth_admin"),
        keys: Arc::clone(keys),
        url: url.into(),
        access_token_hook: options.access_token_hook.clone(),
        jwt_expiry: 3600,
        confirm_email: options.confirm_email,
        site_url: options.site_url.clone().unwrap_or_else(|| SITE_URL.into()),
        mailbox,
    }
}

fn storage_config(
    postgres: &Postgres,
    keys: &Arc<Keys>,
    url: &str,
    data: PathBuf,
) -> storage::Config {
    storage::Config {
        database: postgres.config("supabase_storage_admin"),
        keys: Arc::clone(keys),
        url: url.into(),
        data,
        project_ref: PROJECT_REF.into(),
        anon_key: ANON_KEY.into(),
        s3_static_key: (S3_STATIC_KEY.0.into(), S3_STATIC_KEY.1.into()),
        region: S3_REGION.into(),
        file_size_limit: FILE_SIZE_LIMIT,
        single_upload_limit: FILE_SIZE_LIMIT,
    }
}

/// The three servers at Supabase's paths, as its gateway routes them.
async fn gateway(
    rest: rest::Config,
    auth: auth::Config,
    storage: storage::Config,
) -> Result<Router, Error> {
    let rest = rest::router(rest).await.map_err(Error::server("REST"))?;
    let auth = auth::router(auth).await.map_err(Error::server("Auth"))?;
    let storage = storage::router(storage)
        .await
        .map_err(Error::server("Storage"))?
        .layer(from_fn(allow_every_origin));
    let servers = [
        ("/rest/v1", rest),
        ("/auth/v1", auth),
        ("/storage/v1", storage),
    ];
    Ok(Router::new()
        .route("/health", get(|| async { Json(json!({"status": "ok"})) }))
        .fallback(|request: Request| pass_on(servers, request)))
}

/// To the server whose prefix the path has, at what follows it, as it was sent: axum's nesting takes two slashes for one.
async fn pass_on(servers: [(&str, Router); 3], mut request: Request) -> Response {
    let original = request.uri().clone();
    let path = original.path_and_query().map_or("/", PathAndQuery::as_str);
    let below = |prefix: &str| {
        let rest = path.strip_prefix(prefix)?;
        match rest.chars().next() {
            None => Some("/".to_owned()),
            Some('?') => Some(format!("/{rest}")),
            Some('/') => Some(rest.to_owned()),
            Some(_) => None,
        }
    };
    for (prefix, server) in servers {
        if let Some(uri) = below(prefix).and_then(|rest| rest.parse().ok()) {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(OriginalUri(original));
            return server.oneshot(request).await.into_response();
        }
    }
    let message = json!({"message": "no Route matched with those values"});
    (StatusCode::NOT_FOUND, Json(message)).into_response()
}
