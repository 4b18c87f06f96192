//! A stack under attack, and how one sees that an attack did harm.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use casebase_local::jwt::Keys;
use casebase_local::{ANON_KEY, JWT_SECRET, Options, Stack};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

const SCHEMA: &str = include_str!("schema.sql");
/// Longer than anything should take, and shorter than the sleep that the hostile texts ask for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whose privileges, objects and canaries there are.
const INVENTORY: &str = "
    select array(select format('%s %s %s %s', c.oid::regclass, c.relkind, c.relowner::regrole, c.relacl)
                   from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname !~ '^pg_(toast|temp)' order by c.oid)
        || array(select format('%s %s %s', p.oid::regprocedure, p.proowner::regrole, p.proacl) from pg_proc p order by p.oid)
        || array(select format('%s %s %s', rolname, rolsuper, rolbypassrls) from pg_roles order by oid)
        || array(select format('%s %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_(toast|temp)' order by oid)
        || array(select name from canary.bird order by name)";

/// A request as it goes over the wire.
#[derive(Clone)]
pub struct Attack {
    pub method: &'static str,
    /// With its query, encoded.
    pub path: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl fmt::Debug for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.path)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

/// Whether an answer may be a 5xx.
pub type MayFail = fn(&Attack, &Answer) -> bool;

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Where REST repeats the error's code.
    pub proxy_status: String,
    pub body: String,
}

impl Answer {
    async fn of(request: reqwest::RequestBuilder) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        let proxy_status = response.headers().get("proxy-status");
        Ok(Self {
            status: response.status().as_u16(),
            proxy_status: proxy_status
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            body: response.text().await?,
        })
    }
}

/// A running stack, and what PostgreSQL logs.
pub struct Server {
    runtime: Runtime,
    client: Client,
    stack: Stack,
    log: File,
    /// The token of a user who exists, without a session that could be ended.
    pub session: String,
}

/// The server that all tests share, one after the other: what is logged belongs to the request under way.
pub fn server() -> MutexGuard<'static, Server> {
    static SERVER: OnceLock<Mutex<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| Mutex::new(Server::start()))
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Signs claims given as JSON.
pub fn token(claims: &Value) -> String {
    let claims = claims.as_object().expect("an object");
    Keys::hs256(JWT_SECRET).sign(claims).unwrap()
}

impl Server {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let stack = runtime.block_on(Stack::start(Options::default())).unwrap();
        runtime.block_on(async {
            connect(&stack.database_url("postgres"))
                .await
                .batch_execute(SCHEMA)
                .await
                .unwrap();
        });
        let log = runtime.block_on(log_with_sqlstates(&stack));
        let mut server = Self {
            runtime,
            // A link of a mail leads on to a page that is not under attack.
            client: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            stack,
            log,
            session: String::new(),
        };
        server.session = server.sign_up();
        server
    }

    fn sign_up(&self) -> String {
        let body = json!({ "email": "victim@example.org", "password": "correct horse" });
        let attack = Attack {
            method: "POST",
            path: "/auth/v1/signup".into(),
            headers: vec![],
            body: body.to_string().into_bytes(),
        };
        let answer = self.send(&attack).unwrap().unwrap();
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        token(&json!({
            "role": "authenticated", "aud": "authenticated", "sub": answer["user"]["id"],
        }))
    }

    /// The answer; nothing if the client itself finds that this is no HTTP.
    pub fn send(&self, attack: &Attack) -> Result<Option<Answer>, reqwest::Error> {
        let method = Method::from_bytes(attack.method.as_bytes()).unwrap();
        let url = format!("{}{}", self.stack.url(), attack.path);
        let mut request = self.client.request(method, url).timeout(PATIENCE);
        for (name, value) in &attack.headers {
            request = request.header(*name, value.as_slice());
        }
        let sent = Answer::of(request.body(attack.body.clone()));
        match self.runtime.block_on(sent) {
            Err(error) if reqwest::Error::is_builder(&error) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Whether the attack was let through as a request like any other; or what harm it did. `may_fail` says
    /// which failures are as they should be.
    pub fn withstand(&self, attack: &Attack, may_fail: MayFail) -> Result<bool, String> {
        let answer = self.send(attack);
        if let Some(line) = self.logged().lines().find(|line| is_harm(line)) {
            return Err(format!("PostgreSQL logged: {line}"));
        }
        match answer {
            Err(error) => Err(format!("no answer: {error:?}")),
            Ok(Some(answer)) if answer.status >= 500 && !may_fail(attack, &answer) => {
                Err(format!("{answer:?}"))
            }
            Ok(answer) => Ok(answer.is_some_and(|answer| answer.status < 400)),
        }
    }

    /// What PostgreSQL has logged since the last time. It logs an error before it answers with it.
    fn logged(&self) -> String {
        let mut bytes = Vec::new();
        (&self.log).read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What there is in the database that no request may change.
    pub fn inventory(&self) -> Vec<String> {
        self.runtime.block_on(async {
            let superuser = connect(&self.stack.database_url("supabase_admin")).await;
            superuser.query_one(INVENTORY, &[]).await.unwrap().get(0)
        })
    }

    /// REST and Auth still answer plain requests.
    pub fn answers_as_ever(&self) {
        for path in ["/rest/v1/sandbox?select=id&limit=1", "/auth/v1/health"] {
            let plain = Attack {
                method: "GET",
                path: path.into(),
                headers: vec![("apikey", ANON_KEY.into())],
                body: vec![],
            };
            let status = self.send(&plain).unwrap().map(|answer| answer.status);
            assert_eq!(status, Some(200), "{path}");
        }
    }
}

/// Syntax errors that no text became SQL by: what PostgreSQL thinks of a text as tsquery or tsvector, and an empty
/// name, which PostgREST quotes as any other and PostgreSQL then refuses.
const HARMLESS: [&str; 3] = [
    "syntax error in ts",
    "there is no escaped character",
    "zero-length delimited identifier",
];

/// Any other syntax error says that a text became SQL.
fn is_harm(line: &str) -> bool {
    let sang = line.starts_with("CNARY");
    let became_sql = line
        .strip_prefix("42601 ERROR:  ")
        .is_some_and(|message| !HARMLESS.iter().any(|known| message.starts_with(known)));
    sang || became_sql || line.contains(" PANIC:  ") || line.contains(" FATAL:  ")
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// PostgreSQL's log from here on, each line of which starts with an SQLSTATE.
async fn log_with_sqlstates(stack: &Stack) -> File {
    let superuser = connect(&stack.database_url("supabase_admin")).await;
    let folder: String = superuser
        .query_one("show unix_socket_directories", &[])
        .await
        .unwrap()
        .get(0);
    let path = Path::new(&folder).join("postgres.log");
    superuser
        .batch_execute("alter system set log_line_prefix = '%e '")
        .await
        .unwrap();
    superuser
        .batch_execute("select pg_reload_conf()")
        .await
        .unwrap();
    // The new setting is in force once a syntax error is seen as one.
    while !std::fs::read_to_string(&path).unwrap().lines().any(is_harm) {
        assert!(superuser.batch_execute("not sql").await.is_err());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut log = File::open(path).unwrap();
    log.seek(SeekFrom::End(0)).unwrap();
    log
}
