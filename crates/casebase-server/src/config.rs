//! The service's settings: every environment variable, what it means, and its default.

use std::{
    fmt, fmt::Write as _, net::SocketAddr, ops::RangeInclusive, str::FromStr, time::Duration,
};

use casebase_files::{
    check::{Family, Risky, Rules},
    scan::Clamd,
    storage::S3Settings,
};
use casebase_supabase::{AnonKey, SecretKey, below};
use ipnet::IpNet;
use sqlx::{Connection as _, PgPool, postgres::PgPoolOptions};
use url::Url;

use crate::database_url::{self, DatabaseUrl};

/// One environment variable.
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Which values it takes.
    pub takes: &'static str,
    /// What holds without it.
    pub default: Fallback,
}

/// What holds while a variable is not set, or empty.
#[derive(Clone, Copy)]
pub enum Fallback {
    /// Nothing: it has to be set.
    None,
    /// This value, read as if it had been set.
    Value(&'static str),
    /// What other settings say; the text is for people.
    Otherwise(&'static str),
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "required",
            Self::Value(text) | Self::Otherwise(text) => text,
        })
    }
}

/// Every variable that the service reads, with its default, which stands nowhere else. (clap's `env`
/// would take an empty variable for a value, and repeat a secret that can't be read.)
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "SUPABASE_URL",
        meaning: "the project's URL, e.g. https://<ref>.supabase.co",
        takes: "a URL that begins with http:// or https://, e.g. https://abcdefghijklmnopqrst.supabase.co",
        default: Fallback::None,
    },
    Variable {
        name: "SUPABASE_ANON_KEY",
        meaning: "the project's public key: the legacy anon key, or sb_publishable_…",
        takes: "the project's public key: the legacy anon key (a JWT of the role anon), or sb_publishable_…",
        default: Fallback::None,
    },
    Variable {
        name: "SUPABASE_PUBLIC_URL",
        meaning: "the project's URL as browsers reach it, for the case desk",
        takes: "a URL that begins with http:// or https://",
        default: Fallback::Otherwise("SUPABASE_URL"),
    },
    Variable {
        name: "CASEBASE_DATABASE_URL",
        meaning: "the project's database as the role casebase_worker, for verification and webhooks only: \
            a direct connection or the pooler's session mode (its transaction mode can't listen)",
        takes: "postgresql://casebase_worker:<password>@<host>:5432/postgres",
        default: Fallback::None,
    },
    Variable {
        name: "SUPABASE_JWT_SECRET",
        meaning: "the secret that HS256 tokens are signed with; asymmetric keys are read from SUPABASE_URL",
        takes: "the secret as the project's settings show it, of 32 characters at least",
        default: Fallback::Otherwise("none: HS256 tokens are refused"),
    },
    Variable {
        name: "CASEBASE_STORAGE",
        meaning: "how objects are written: s3 or rest; s3 needs the legacy anon key",
        takes: "s3 or rest",
        default: Fallback::Otherwise("s3 with a legacy anon key, otherwise rest"),
    },
    Variable {
        name: "SUPABASE_S3_ENDPOINT",
        meaning: "Storage's S3 endpoint",
        takes: "a URL that begins with http:// or https://",
        default: Fallback::Otherwise("SUPABASE_URL/storage/v1/s3"),
    },
    Variable {
        name: "SUPABASE_S3_REGION",
        meaning: "the project's region, e.g. eu-central-1; `local` for a local project; Storage takes us-east-1 for every region",
        takes: "a region, e.g. eu-central-1",
        default: Fallback::Value("us-east-1"),
    },
    Variable {
        name: "SUPABASE_PROJECT_REF",
        meaning: "the project's reference: the access key of its users' S3 sessions",
        takes: "the project's reference, e.g. abcdefghijklmnopqrst",
        default: Fallback::Otherwise("the first part of a *.supabase.co host"),
    },
    Variable {
        name: "CASEBASE_LISTEN",
        meaning: "the address the service listens on",
        takes: "an address and a port, e.g. 127.0.0.1:8787 or [::1]:8787",
        default: Fallback::Value("127.0.0.1:8787"),
    },
    Variable {
        name: "CASEBASE_METRICS",
        meaning: "true: /metrics answers whoever reaches the service, in Prometheus' format",
        takes: "true or false",
        default: Fallback::Value("false"),
    },
    Variable {
        name: "CASEBASE_MAX_FILE_BYTES",
        meaning: "the largest file taken, in bytes, at most 5 GiB; the limits of the project and its buckets (50 MiB as \
            migrated) hold as well",
        takes: "a whole number of bytes from 1 to 5368709120 (5 GiB)",
        default: Fallback::Value("52428800"),
    },
    Variable {
        name: "CASEBASE_FILE_FAMILIES",
        meaning: "which families of files are taken: pdf, image, document, text, mail, audio, video, archive, data (CAD, \
            databases, fonts, keys …), disk (images of disks), other (bytes of no known format); programs never are",
        takes: "families with commas between them, e.g. pdf,image,document,text",
        default: Fallback::Value("pdf,image,document,text,mail,audio,video,archive,data,other"),
    },
    Variable {
        name: "CASEBASE_RISKY_CONTENT",
        meaning: "mark: macros, embedded objects, and archives with programs in them or that can't be measured are \
            taken with a note in the row; refuse: they are not taken",
        takes: "mark or refuse",
        default: Fallback::Value("mark"),
    },
    Variable {
        name: "CASEBASE_CLAMD",
        meaning: "where clamd listens: with it, no file becomes available that it has not scanned; its StreamMaxLength has \
            to be CASEBASE_MAX_FILE_BYTES at least",
        takes: "the path of its socket, e.g. /run/clamav/clamd.ctl, or a host and a port, e.g. 127.0.0.1:3310",
        default: Fallback::Otherwise("none: files are not scanned"),
    },
    Variable {
        name: "CASEBASE_SECRET_KEY",
        meaning: "a secret key of the project, for jobs that run without anybody: files that were uploaded and never \
            completed, that are to move between the buckets, or whose bytes are to go; never used in anybody's request",
        takes: "sb_secret_…, or the legacy service_role key",
        default: Fallback::Otherwise(
            "none: these wait for whoever may do them, or for `casebase files sweep`",
        ),
    },
    Variable {
        name: "CASEBASE_REQUESTS_PER_MINUTE",
        meaning: "how many requests one user may make in a minute; 0: as many as they like",
        takes: "a whole number, e.g. 1200",
        default: Fallback::Value("1200"),
    },
    Variable {
        name: "CASEBASE_BYTES_IN_FLIGHT",
        meaning: "how many bytes of uploads one user may have on their way at a time, beyond a single one; 0: as many as \
            they like",
        takes: "a whole number of bytes, e.g. 1073741824 (1 GiB)",
        default: Fallback::Value("1073741824"),
    },
    Variable {
        name: "CASEBASE_WEBHOOKS_ALLOW_PRIVATE",
        meaning: "true: webhooks also go to private and loopback addresses and over plain HTTP",
        takes: "true or false",
        default: Fallback::Value("false"),
    },
    Variable {
        name: "CASEBASE_WEBHOOKS_ALLOW",
        meaning: "private networks that webhooks go to all the same, over HTTPS, e.g. 10.1.2.0/24,fd12::/64",
        takes: "networks as address/length, separated by commas, e.g. 10.1.2.0/24,fd12::/64",
        default: Fallback::Otherwise("none"),
    },
    Variable {
        name: "CASEBASE_WEBHOOKS_PORTS",
        meaning: "the ports that webhooks go to",
        takes: "ports and ranges of them, separated by commas, e.g. 443,8443 or 1-65535",
        default: Fallback::Value("80,443,1024-65535"),
    },
    Variable {
        name: "CASEBASE_WEBHOOKS_PROXY",
        meaning: "an HTTP proxy that every webhook goes through; it resolves names, so it has to keep private addresses out",
        takes: "a URL that begins with http:// or https://, e.g. http://proxy.internal:3128",
        default: Fallback::Otherwise("none"),
    },
];

/// What the column `case_files.file_size` and Storage's single uploads end at: 5 GiB.
const MOST_FILE_BYTES: u64 = 5 << 30;

/// The variables as a table for a person, e.g. below `casebase serve --help`.
pub fn table() -> String {
    let mut text = String::from("Environment (also read from .env):\n");
    for variable in VARIABLES {
        let _ = writeln!(text, "  {:<32} {}", variable.name, variable.meaning);
        let _ = writeln!(text, "  {:<32} [{}]", "", variable.default);
    }
    text
}

/// The service's settings.
#[derive(Clone)]
pub struct Config {
    /// The project.
    pub supabase_url: Url,
    /// The project as browsers reach it.
    pub public_url: Url,
    /// Its public key.
    pub anon_key: AnonKey,
    /// What HS256 tokens are verified with.
    pub jwt_secret: Option<String>,
    /// The database as `casebase_worker`.
    pub database: WorkerDatabase,
    /// How objects are written.
    pub storage: Storage,
    /// Where the service listens.
    pub listen: SocketAddr,
    /// Whether `/metrics` answers.
    pub metrics: bool,
    /// The largest file in bytes.
    pub max_file_bytes: u64,
    /// What is taken.
    pub rules: Rules,
    /// The virus scanner that files have to pass, if there is one.
    pub scanner: Option<Clamd>,
    /// How many requests one user may make in a minute; 0: no limit.
    pub requests_per_minute: u32,
    /// How many bytes one user may have on their way at a time; 0: no limit.
    pub bytes_in_flight: u64,
    /// For what the service does by itself; never for a user.
    pub secret_key: Option<SecretKey>,
    /// Whether webhooks go to private addresses: for development and closed networks.
    pub webhooks_allow_private: bool,
    /// Private networks that they go to all the same.
    pub webhooks_allow: Vec<IpNet>,
    /// The ports that they go to.
    pub webhooks_ports: Vec<RangeInclusive<u16>>,
    /// What they go through.
    pub webhooks_proxy: Option<Url>,
    /// What the operator should hear at start.
    pub notices: Vec<String>,
}

/// The database as the service sees it.
#[derive(Clone)]
pub struct WorkerDatabase(DatabaseUrl);

/// How long a caller waits for a free connection, or for the database to be there at all. On a
/// machine that is busy with uploads, the steps of a new connection alone have taken 5 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection that was given back so lately needs no round trip to show that it is alive: it was asked then.
const JUST_USED: Duration = Duration::from_secs(1);

impl WorkerDatabase {
    /// A pool that connects when it is first needed, so that the service starts before its database does.
    pub fn pool(&self, connections: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > JUST_USED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(self.0.0.clone())
    }
}

impl FromStr for WorkerDatabase {
    type Err = database_url::Error;

    fn from_str(url: &str) -> Result<Self, database_url::Error> {
        url.parse().map(Self)
    }
}

/// How objects are written.
#[derive(Debug, Clone)]
pub enum Storage {
    /// Over the S3 protocol, the user's token as session token.
    S3(S3Settings),
    /// Over Storage's own interface.
    Rest,
}

/// A setting that is missing or wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A required variable is not set, or empty.
    #[error("{name} is not set: {meaning}")]
    Missing {
        /// Which.
        name: &'static str,
        /// What it is for.
        meaning: String,
    },
    /// A variable has a value that it can't have.
    #[error("{name} is malformed: {reason}; it takes {takes}")]
    Malformed {
        /// Which.
        name: &'static str,
        /// Why. Never the value: it may be a secret.
        reason: String,
        /// What would be right.
        takes: &'static str,
    },
}

impl Config {
    /// Reads the environment.
    pub fn from_environment() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads the variables from wherever they are; empty ones count as not set.
    pub fn from_variables(read: impl Fn(&'static str) -> Option<String>) -> Result<Self, Error> {
        let variables = Variables(|name| read(name).filter(|value| !value.trim().is_empty()));
        let supabase_url: Url = variables.required("SUPABASE_URL")?;
        project_url(&supabase_url)?;
        let public_url = variables.optional("SUPABASE_PUBLIC_URL")?;
        let public_url = public_url.unwrap_or_else(|| supabase_url.clone());
        below(&public_url, "").map_err(malformed("SUPABASE_PUBLIC_URL"))?;
        let anon_key = AnonKey::new(variables.required::<String>("SUPABASE_ANON_KEY")?)
            .map_err(malformed("SUPABASE_ANON_KEY"))?;
        let (storage, mut notices) = variables.storage(&supabase_url, &anon_key)?;
        let secret_key = variables.optional("CASEBASE_SECRET_KEY")?;
        if secret_key.is_none() {
            notices.push(NO_SECRET_KEY.to_owned());
        }
        Ok(Self {
            jwt_secret: variables.jwt_secret()?,
            database: variables.required("CASEBASE_DATABASE_URL")?,
            listen: variables.required("CASEBASE_LISTEN")?,
            metrics: variables.required("CASEBASE_METRICS")?,
            max_file_bytes: variables.max_file_bytes()?,
            rules: variables.rules()?,
            scanner: variables.optional("CASEBASE_CLAMD")?,
            requests_per_minute: variables.required("CASEBASE_REQUESTS_PER_MINUTE")?,
            bytes_in_flight: variables.required("CASEBASE_BYTES_IN_FLIGHT")?,
            secret_key,
            webhooks_allow_private: variables.required("CASEBASE_WEBHOOKS_ALLOW_PRIVATE")?,
            webhooks_allow: variables.list("CASEBASE_WEBHOOKS_ALLOW", str::parse::<IpNet>)?,
            webhooks_ports: variables.list("CASEBASE_WEBHOOKS_PORTS", ports)?,
            webhooks_proxy: variables.proxy()?,
            supabase_url,
            public_url,
            anon_key,
            storage,
            notices,
        })
    }
}

struct Variables<F>(F);

impl<F: Fn(&'static str) -> Option<String>> Variables<F> {
    fn optional<T: FromStr<Err: ToString>>(&self, name: &'static str) -> Result<Option<T>, Error> {
        let Some(value) = (self.0)(name).or_else(|| default(name)) else {
            return Ok(None);
        };
        value.trim().parse().map(Some).map_err(malformed(name))
    }

    fn required<T: FromStr<Err: ToString>>(&self, name: &'static str) -> Result<T, Error> {
        self.optional(name)?.ok_or_else(|| missing(name))
    }

    /// What stands between commas; nothing where the variable isn't set.
    fn list<T, E: ToString>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Error> {
        let text: String = self.optional(name)?.unwrap_or_default();
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts
            .map(|part| read(part).map_err(malformed(name)))
            .collect()
    }

    fn proxy(&self) -> Result<Option<Url>, Error> {
        let name = "CASEBASE_WEBHOOKS_PROXY";
        match self.optional::<Url>(name)? {
            Some(proxy) if !matches!(proxy.scheme(), "http" | "https") => {
                Err(malformed(name)("it is of another kind"))
            }
            proxy => Ok(proxy),
        }
    }

    fn max_file_bytes(&self) -> Result<u64, Error> {
        let name = "CASEBASE_MAX_FILE_BYTES";
        let bytes: u64 = self.required(name)?;
        match bytes {
            1..=MOST_FILE_BYTES => Ok(bytes),
            0 => Err(malformed(name)("with 0 no file would be taken")),
            _ => Err(malformed(name)("it is more than any file has")),
        }
    }

    /// PostgREST takes none that is shorter: a project can't have such a secret.
    fn jwt_secret(&self) -> Result<Option<String>, Error> {
        let name = "SUPABASE_JWT_SECRET";
        match self.optional::<String>(name)? {
            Some(secret) if secret.len() < SHORTEST_SECRET => Err(malformed(name)(format_args!(
                "it has {} characters",
                secret.len()
            ))),
            secret => Ok(secret),
        }
    }

    fn region(&self) -> Result<String, Error> {
        let name = "SUPABASE_S3_REGION";
        let region: String = self.required(name)?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        match region.bytes().all(plain) {
            true => Ok(region),
            false => Err(malformed(name)(
                "a region has lower-case letters, digits and hyphens only",
            )),
        }
    }

    fn rules(&self) -> Result<Rules, Error> {
        let name = "CASEBASE_FILE_FAMILIES";
        let list: String = self.required(name)?;
        let families = list.split(',').map(|family| family.trim().parse());
        let families: Result<Vec<Family>, _> = families.collect();
        let risky: String = self.required("CASEBASE_RISKY_CONTENT")?;
        Ok(Rules {
            families: families.map_err(|_| malformed(name)("one of them is no family"))?,
            risky: match risky.as_str() {
                "mark" => Risky::Mark,
                "refuse" => Risky::Refuse,
                _ => return Err(malformed("CASEBASE_RISKY_CONTENT")("it is neither")),
            },
        })
    }

    fn storage(&self, project: &Url, anon_key: &AnonKey) -> Result<(Storage, Vec<String>), Error> {
        let wanted: Option<String> = self.optional("CASEBASE_STORAGE")?;
        match (wanted.as_deref(), anon_key.is_jwt()) {
            (Some("rest"), _) => Ok((Storage::Rest, Vec::new())),
            (None | Some("s3"), true) => Ok((Storage::S3(self.s3(project, anon_key)?), Vec::new())),
            (None | Some("s3"), false) => Ok((Storage::Rest, vec![NO_LEGACY_KEY.to_owned()])),
            (Some(_), _) => Err(malformed("CASEBASE_STORAGE")("it is something else")),
        }
    }

    fn s3(&self, project: &Url, anon_key: &AnonKey) -> Result<S3Settings, Error> {
        let endpoint = self.optional("SUPABASE_S3_ENDPOINT")?;
        let project_ref = self.optional("SUPABASE_PROJECT_REF")?;
        Ok(S3Settings {
            endpoint: match endpoint {
                Some(endpoint) => below(&endpoint, "").map(|_| endpoint),
                None => below(project, "storage/v1/s3"),
            }
            .map_err(malformed("SUPABASE_S3_ENDPOINT"))?,
            region: self.region()?,
            project_ref: project_ref
                .or_else(|| hosted_ref(project))
                .ok_or_else(|| missing("SUPABASE_PROJECT_REF"))?,
            anon_key: anon_key.clone(),
        })
    }
}

/// `443`, or `1024-65535`.
fn ports(text: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(first..=last),
        _ => Err("there is something that is no port and no range of ports"),
    }
}

const NO_LEGACY_KEY: &str = "SUPABASE_ANON_KEY is not a legacy anon key, which users' S3 sessions are made from: \
    files are written over Storage's REST interface (CASEBASE_STORAGE=rest)";

const NO_SECRET_KEY: &str = "CASEBASE_SECRET_KEY is not set: files that were uploaded and never completed are not checked by \
    themselves, none is moved without somebody who asks for it, and the bytes of what nobody ends stay";

const SHORTEST_SECRET: usize = 32;

/// What Supabase's interfaces are below. A path may stand before them, as proxies have it.
fn project_url(url: &Url) -> Result<(), Error> {
    let wrong = |reason: &str| Err(malformed("SUPABASE_URL")(reason));
    below(url, "").map_err(malformed("SUPABASE_URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("it has a user's name or password in it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("it has something behind a `?` or `#`");
    }
    let path = url.path().trim_end_matches('/');
    match [
        "/rest/v1",
        "/auth/v1",
        "/storage/v1",
        "/graphql/v1",
        "/functions/v1",
    ]
    .into_iter()
    .find(|own| path.ends_with(own))
    {
        Some(own) => Err(malformed("SUPABASE_URL")(format_args!(
            "it ends with `{own}`, which is one of the project's interfaces"
        ))),
        None => Ok(()),
    }
}

/// `abcdefghijklmnopqrst` of `https://abcdefghijklmnopqrst.supabase.co`.
fn hosted_ref(project: &Url) -> Option<String> {
    let host = project.host_str()?;
    host.strip_suffix(".supabase.co").map(str::to_owned)
}

fn variable(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

fn default(name: &str) -> Option<String> {
    match variable(name)?.default {
        Fallback::Value(value) => Some(value.to_owned()),
        Fallback::None | Fallback::Otherwise(_) => None,
    }
}

fn missing(name: &'static str) -> Error {
    let meaning = variable(name).map(|v| v.meaning);
    Error::Missing {
        name,
        meaning: meaning.unwrap_or_default().to_owned(),
    }
}

fn malformed<E: ToString>(name: &'static str) -> impl FnOnce(E) -> Error {
    move |error| Error::Malformed {
        name,
        reason: error.to_string(),
        takes: variable(name).map_or("", |variable| variable.takes),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LEGACY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln";

    fn config(changes: &[(&str, &str)]) -> Result<Config, Error> {
        let mut set = vec![
            ("SUPABASE_URL", "http://127.0.0.1:54321"),
            ("SUPABASE_ANON_KEY", LEGACY),
            (
                "CASEBASE_DATABASE_URL",
                "postgresql://casebase_worker:x@127.0.0.1:54322/postgres",
            ),
            ("SUPABASE_PROJECT_REF", "stub"),
        ];
        set.extend(changes);
        Config::from_variables(|name| {
            let value = set.iter().rev().find(|(n, _)| *n == name);
            value.map(|(_, v)| (*v).to_owned())
        })
    }

    fn error(changes: &[(&str, &str)]) -> String {
        config(changes).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn the_required_variables_are_enough() {
        let config = config(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8787");
        assert_eq!(config.max_file_bytes, 50 << 20);
        assert_eq!(config.rules, Rules::default());
        assert_eq!(config.scanner, None);
        assert!(!config.webhooks_allow_private);
        let Storage::S3(s3) = config.storage else {
            panic!("not S3")
        };
        assert_eq!(s3.endpoint.as_str(), "http://127.0.0.1:54321/storage/v1/s3");
        assert_eq!(s3.region, "us-east-1");
        // What it won't do without a secret key it says.
        assert_eq!(config.notices, [NO_SECRET_KEY]);
    }

    #[test]
    fn a_secret_key_is_one_and_what_it_is_never_shown() {
        let config = config(&[("CASEBASE_SECRET_KEY", "sb_secret_abc")]).unwrap();
        assert!(config.notices.is_empty() && config.secret_key.is_some());
        assert_eq!(format!("{:?}", config.secret_key), "Some(SecretKey(…))");
        for public in [LEGACY, "sb_publishable_abc", "sb_secret_", "abc"] {
            let error = error(&[("CASEBASE_SECRET_KEY", public)]);
            assert!(
                error.starts_with("CASEBASE_SECRET_KEY is malformed"),
                "{error}"
            );
            assert!(!error.contains(public) || public == "sb_secret_", "{error}");
        }
    }

    #[test]
    fn a_missing_or_malformed_variable_is_named_and_its_value_is_not() {
        for name in [
            "SUPABASE_URL",
            "SUPABASE_ANON_KEY",
            "CASEBASE_DATABASE_URL",
            "SUPABASE_PROJECT_REF",
        ] {
            let error = error(&[(name, " ")]);
            assert!(error.starts_with(&format!("{name} is not set")), "{error}");
        }
        for (name, value) in [
            ("SUPABASE_URL", "ftp://secret"),
            ("SUPABASE_URL", "postgresql://postgres:secret@db/postgres"),
            ("SUPABASE_URL", "secret"),
            ("SUPABASE_PUBLIC_URL", "ftp://secret"),
            ("SUPABASE_ANON_KEY", "secret\nkey"),
            ("CASEBASE_DATABASE_URL", "mysql-secret"),
            ("CASEBASE_STORAGE", "disk-secret"),
            ("SUPABASE_S3_ENDPOINT", "secret"),
            ("CASEBASE_LISTEN", "secret"),
            ("CASEBASE_MAX_FILE_BYTES", "-1secret"),
            ("CASEBASE_FILE_FAMILIES", "pdf,secret"),
            ("CASEBASE_RISKY_CONTENT", "secret"),
            ("CASEBASE_CLAMD", "secret"),
            ("CASEBASE_WEBHOOKS_ALLOW_PRIVATE", "secret"),
            ("SUPABASE_URL", "http://secret:secret@localhost"),
            ("SUPABASE_URL", "http://localhost?secret"),
            ("SUPABASE_URL", "http://localhost/#secret"),
            ("SUPABASE_URL", "https://localhost/proxy/rest/v1/"),
            ("SUPABASE_ANON_KEY", "secret"),
            ("SUPABASE_ANON_KEY", "sb_publishable_"),
            ("SUPABASE_ANON_KEY", "eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0"),
            ("SUPABASE_JWT_SECRET", "secret"),
            ("SUPABASE_S3_REGION", "the secret"),
            (
                "CASEBASE_DATABASE_URL",
                "postgresql://u:[YOUR-PASSWORD]@localhost/secret",
            ),
        ] {
            let error = error(&[(name, value)]);
            let takes = variable(name).unwrap().takes;
            assert!(error.ends_with(&format!("; it takes {takes}")), "{error}");
            let error = error.replace(takes, "");
            assert!(
                error.starts_with(&format!("{name} is malformed")),
                "{error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_key_that_is_not_public_is_refused_and_what_it_is_is_said() {
        // {"role":"service_role"}, {"role":"authenticated"}
        for (key, told) in [
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln",
                "`service_role`",
            ),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYXV0aGVudGljYXRlZCJ9.c2ln",
                "`authenticated`",
            ),
            ("sb_secret_abc", "`sb_secret_…`"),
            ("sbp_abc", "`sbp_…`"),
        ] {
            let error = error(&[("SUPABASE_ANON_KEY", key)]);
            assert!(error.contains(told) && !error.contains(key), "{error}");
        }
    }

    #[test]
    fn where_webhooks_may_go_is_read_as_lists() {
        let plain = config(&[]).unwrap();
        assert_eq!(plain.webhooks_ports, [80..=80, 443..=443, 1024..=65535]);
        assert_eq!(plain.webhooks_allow, []);
        let set = config(&[
            ("CASEBASE_WEBHOOKS_PORTS", "443, 8000-8999"),
            ("CASEBASE_WEBHOOKS_ALLOW", "10.1.2.0/24, fd12::/64"),
        ]);
        let set = set.unwrap();
        assert_eq!(set.webhooks_ports, [443..=443, 8000..=8999]);
        assert_eq!(set.webhooks_allow.len(), 2);
        for (name, value) in [
            ("CASEBASE_WEBHOOKS_PORTS", "0"),
            ("CASEBASE_WEBHOOKS_PORTS", "9-8"),
            ("CASEBASE_WEBHOOKS_PORTS", "https"),
            ("CASEBASE_WEBHOOKS_PORTS", "65536"),
            ("CASEBASE_WEBHOOKS_ALLOW", "10.1.2.3/33"),
            ("CASEBASE_WEBHOOKS_ALLOW", "internal"),
            ("CASEBASE_WEBHOOKS_PROXY", "socks5://localhost"),
            ("CASEBASE_WEBHOOKS_PROXY", "proxy"),
        ] {
            let error = error(&[(name, value)]);
            assert!(error.contains(&format!("{name} is malformed")), "{error}");
        }
    }

    #[test]
    fn the_largest_file_has_a_byte_at_least_and_5_gib_at_most() {
        for bad in [
            "0",
            "5368709121",
            "5GB",
            "1e9",
            "-1",
            "18446744073709551616",
        ] {
            let error = error(&[("CASEBASE_MAX_FILE_BYTES", bad)]);
            assert!(error.contains("from 1 to 5368709120"), "{error}");
        }
        for good in ["1", "5368709120"] {
            let config = config(&[("CASEBASE_MAX_FILE_BYTES", good)]).unwrap();
            assert_eq!(config.max_file_bytes.to_string(), good);
        }
    }

    #[test]
    fn a_project_without_a_legacy_key_gets_rest_and_is_told() {
        for wanted in ["", "s3"] {
            let key = ("SUPABASE_ANON_KEY", "sb_publishable_abc");
            let config = config(&[key, ("CASEBASE_STORAGE", wanted)]).unwrap();
            assert!(matches!(config.storage, Storage::Rest));
            assert!(config.notices[0].contains("CASEBASE_STORAGE=rest"));
        }
    }

    #[test]
    fn a_hosted_project_needs_no_reference() {
        let url = ("SUPABASE_URL", "https://abcdefghijklmnopqrst.supabase.co");
        let config = config(&[url, ("SUPABASE_PROJECT_REF", "")]).unwrap();
        let Storage::S3(s3) = config.storage else {
            panic!("not S3")
        };
        assert_eq!(s3.project_ref, "abcdefghijklmnopqrst");
    }

    #[test]
    fn every_variable_that_is_read_is_documented() {
        let read = std::cell::RefCell::new(Vec::new());
        let values = |name: &'static str| {
            read.borrow_mut().push(name);
            Some(match name {
                "SUPABASE_URL" | "SUPABASE_PUBLIC_URL" | "SUPABASE_S3_ENDPOINT" => {
                    "http://localhost".to_owned()
                }
                "SUPABASE_ANON_KEY" => LEGACY.to_owned(),
                "CASEBASE_DATABASE_URL" => "postgresql://localhost".to_owned(),
                "CASEBASE_STORAGE" => "s3".to_owned(),
                "SUPABASE_JWT_SECRET" => "x".repeat(SHORTEST_SECRET),
                "CASEBASE_LISTEN" => "127.0.0.1:1".to_owned(),
                "CASEBASE_WEBHOOKS_ALLOW_PRIVATE" | "CASEBASE_METRICS" => "true".to_owned(),
                "CASEBASE_FILE_FAMILIES" => "pdf, image".to_owned(),
                "CASEBASE_RISKY_CONTENT" => "refuse".to_owned(),
                "CASEBASE_CLAMD" => "127.0.0.1:3310".to_owned(),
                "CASEBASE_SECRET_KEY" => "sb_secret_abc".to_owned(),
                "CASEBASE_WEBHOOKS_ALLOW" => "10.0.0.0/8".to_owned(),
                "CASEBASE_WEBHOOKS_PROXY" => "http://localhost".to_owned(),
                _ => "1".to_owned(),
            })
        };
        Config::from_variables(values).map(drop).unwrap();
        let mut read = read.into_inner();
        let mut documented: Vec<_> = VARIABLES.iter().map(|v| v.name).collect();
        read.sort_unstable();
        documented.sort_unstable();
        assert_eq!(read, documented);
    }
}
