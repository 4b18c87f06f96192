//! Who is signed in on this machine: the session that `casebase login` keeps, and that every command works with which
//! somebody's own rights are enough for.
//!
//! It is one file, for its owner alone to read, and replaced as a whole. A refresh token works once, so whoever refreshes
//! holds a lock: of two processes one asks Auth, and the other finds what it got. Dies between Auth's answer and the file:
//! the session can't go on, and `casebase login` begins another.

use std::{
    env,
    fs::{DirBuilder, File},
    io::{ErrorKind, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use casebase_supabase::{
    AnonKey,
    auth::{self, AuthClient, User},
    jwt::UserToken,
    postgrest::{PostgrestClient, Query},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

/// A token that ends within so many seconds is replaced before it is used: what it begins may take a while.
const SOON: f64 = 300.0;

/// A project, and the service beside it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The project.
    pub supabase: Url,
    /// Its public key.
    pub anon_key: AnonKey,
    /// The service.
    pub service: Url,
}

/// Somebody signed in.
pub struct Session {
    folder: Folder,
    place: Place,
    auth: AuthClient,
    db: PostgrestClient,
    user_id: Uuid,
    kept: Mutex<Kept>,
}

/// What the file says.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    supabase_url: String,
    anon_key: String,
    service_url: String,
    user_id: Uuid,
    access_token: String,
    refresh_token: String,
}

impl Kept {
    fn of(place: &Place, session: &auth::Session) -> Self {
        Self {
            supabase_url: place.supabase.to_string(),
            anon_key: place.anon_key.as_str().to_owned(),
            service_url: place.service.to_string(),
            user_id: session.user_id,
            access_token: session.token.as_str().to_owned(),
            refresh_token: session.refresh_token.clone(),
        }
    }

    fn place(&self) -> anyhow::Result<Place> {
        Ok(Place {
            supabase: self.supabase_url.parse()?,
            anon_key: AnonKey::new(self.anon_key.as_str())?,
            service: self.service_url.parse()?,
        })
    }

    /// The token, unless it ends soon.
    fn lasting_token(&self) -> anyhow::Result<Option<UserToken>> {
        let token = UserToken::issued(&self.access_token)?;
        Ok((token.time_to_work().as_secs_f64() > SOON).then_some(token))
    }
}

impl Session {
    /// Signs in, and keeps the session in the place of the one there was.
    pub async fn begin(place: Place, email: &str, password: &str) -> anyhow::Result<Self> {
        let folder = Folder::of_user()?;
        let auth = AuthClient::new(&place.supabase, &place.anon_key)?;
        let session = auth.sign_in(email, password).await;
        let session = session.with_context(|| format!("{email} can't sign in"))?;
        let kept = Kept::of(&place, &session);
        let _lock = folder.lock().await?;
        folder.write(&kept)?;
        Self::of(folder, place, kept)
    }

    /// The session that is kept.
    pub fn open() -> anyhow::Result<Self> {
        let folder = Folder::of_user()?;
        let kept = folder.read()?.ok_or_else(nobody)?;
        let place = kept.place().with_context(|| folder.unreadable())?;
        is_meant(&place)?;
        Self::of(folder, place, kept)
    }

    fn of(folder: Folder, place: Place, kept: Kept) -> anyhow::Result<Self> {
        Ok(Self {
            auth: AuthClient::new(&place.supabase, &place.anon_key)?,
            db: PostgrestClient::new(&place.supabase, &place.anon_key)?,
            folder,
            place,
            user_id: kept.user_id,
            kept: Mutex::new(kept),
        })
    }

    /// Where.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whose it is: `auth.users.id`.
    pub fn user_id(&self) -> Uuid {
        self.user_id
    }

    /// A folder beside the session, for its owner alone: made where it is missing.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        self.folder.below(name)
    }

    /// Who, as Auth has them now.
    pub async fn user(&self) -> anyhow::Result<User> {
        let token = self.token().await?;
        self.auth.user(&token).await.map_err(ended)
    }

    /// Their token, with time left to work.
    pub async fn token(&self) -> anyhow::Result<UserToken> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept.lasting_token()? {
            return Ok(token);
        }
        self.refresh(&mut kept).await
    }

    /// Another token than this one, whose time is over by somebody else's clock.
    pub async fn token_after(&self, refused: &UserToken) -> anyhow::Result<UserToken> {
        let mut kept = self.kept.lock().await;
        if kept.access_token != refused.as_str() {
            return Ok(UserToken::issued(&kept.access_token)?);
        }
        self.refresh(&mut kept).await
    }

    async fn refresh(&self, mine: &mut Kept) -> anyhow::Result<UserToken> {
        let _lock = self.folder.lock().await?;
        let now = self.folder.read()?.ok_or_else(nobody)?;
        if (now.user_id, &now.supabase_url) != (mine.user_id, &mine.supabase_url) {
            bail!("somebody else signed in meanwhile\nhint: begin again, as them");
        }
        // Another process was here first.
        let another = now.access_token != mine.access_token;
        *mine = now;
        if another && let Some(token) = mine.lasting_token()? {
            return Ok(token);
        }
        let session = self.auth.refresh(&mine.refresh_token).await;
        let session = session.map_err(ended)?;
        *mine = Kept::of(&self.place, &session);
        self.folder.write(mine)?;
        Ok(session.token)
    }

    /// A query on a table, as them.
    pub async fn from(&self, table: &str) -> anyhow::Result<Query> {
        Ok(self.db.from(table, &self.token().await?))
    }

    /// A call of a function, as them.
    pub async fn rpc(&self, function: &str) -> anyhow::Result<Query> {
        Ok(self.db.rpc(function, &self.token().await?))
    }

    /// Forgets the session, then ends it at Auth: what is on this machine goes first.
    pub async fn end(self) -> anyhow::Result<()> {
        let token = self.token().await;
        {
            let _lock = self.folder.lock().await?;
            self.folder.forget()?;
        }
        let token = match token {
            // It has ended by itself.
            Err(error) if error.is::<Ended>() => return Ok(()),
            token => token,
        };
        let ended = async { anyhow::Ok(self.auth.sign_out(&token?).await?) };
        ended.await.context(
            "the session is forgotten here, but Auth was not told, so its token works until it ends",
        )
    }
}

/// Auth does not go on with the session.
#[derive(Debug, thiserror::Error)]
#[error("the session has ended ({0})\nhint: `casebase login` begins another")]
struct Ended(String);

fn ended(error: auth::Error) -> anyhow::Error {
    match error {
        auth::Error::Refused {
            status: 400..=404,
            message,
        } => Ended(message).into(),
        other => anyhow::Error::new(other).context("the session can't go on"),
    }
}

fn nobody() -> anyhow::Error {
    anyhow!("nobody is signed in\nhint: casebase login you@example.com")
}

/// A folder's `.env` may be of another project: nothing goes to the one when the other is meant.
fn is_meant(place: &Place) -> anyhow::Result<()> {
    let Ok(meant) = env::var("SUPABASE_URL") else {
        return Ok(());
    };
    match meant.trim().parse::<Url>() {
        Ok(meant) if meant != place.supabase => bail!(
            "you are signed in at {}, and SUPABASE_URL is {meant}\nhint: `casebase login` signs in there",
            place.supabase
        ),
        _ => Ok(()),
    }
}

/// `casebase` in the user's configuration folder.
struct Folder(PathBuf);

impl Folder {
    /// Where the XDG Base Directory Specification has it.
    fn of_user() -> anyhow::Result<Self> {
        let absolute = |name| {
            let path = env::var_os(name).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        let of_user = || Some(absolute("HOME")?.join(".config"));
        let config = absolute("XDG_CONFIG_HOME").or_else(of_user);
        let config = config.context("there is no folder to keep a session in: HOME is not set")?;
        Ok(Self(config.join("casebase")))
    }

    fn file(&self) -> PathBuf {
        self.0.join("session.json")
    }

    fn unreadable(&self) -> String {
        let file = self.file();
        format!(
            "{} is not what `casebase login` writes\nhint: `casebase login` writes it anew",
            file.display()
        )
    }

    fn below(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.0.join(name);
        make(&folder)?;
        Ok(folder)
    }

    /// Held as long as the file is.
    async fn lock(&self) -> anyhow::Result<File> {
        make(&self.0)?;
        let path = self.0.join("session.lock");
        let locked = aside(move || {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)?;
            file.lock()?;
            Ok(file)
        });
        locked
            .await
            .with_context(|| format!("{} can't be locked", self.0.display()))
    }

    fn read(&self) -> anyhow::Result<Option<Kept>> {
        match std::fs::read(self.file()) {
            Ok(text) => {
                let kept = serde_json::from_slice(&text);
                // Not the error, which may repeat a token.
                Ok(Some(kept.map_err(|_| anyhow!(self.unreadable()))?))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| self.file().display().to_string()),
        }
    }

    /// All of it or nothing. Files made so are their owner's alone (0600).
    fn write(&self, kept: &Kept) -> anyhow::Result<()> {
        let write = || -> anyhow::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
            file.write_all(&serde_json::to_vec_pretty(kept)?)?;
            file.as_file().sync_all()?;
            file.persist(self.file())?;
            Ok(())
        };
        write().with_context(|| format!("{} can't be written", self.file().display()))
    }

    fn forget(&self) -> anyhow::Result<()> {
        match std::fs::remove_file(self.file()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} is left", self.file().display()))
            }
            _ => Ok(()),
        }
    }
}

fn make(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("{} can't be made", folder.display()))
}

/// What may wait for somebody else, in a thread that ends with the process: one of the runtime's would hold it back after
/// Ctrl-C.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    let (done, waits) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().spawn(move || done.send(work()))?;
    waits
        .await
        .unwrap_or_else(|_| Err(std::io::Error::other("the thread ended early")))
}
