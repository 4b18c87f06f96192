//! Is the service alive, does it have what it needs, and are its settings the project's.

use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Json, extract, http::StatusCode};
use casebase_files::storage::{self, S3Setting};
use casebase_supabase::{jwt::UserToken, postgrest};
use serde::{Serialize, de::IgnoredAny};
use sqlx::error::DatabaseError;
use utoipa::ToSchema;

use crate::State;

/// Each part gets this long, all of them at once: longer is no answer to somebody who watches.
const WITHIN: Duration = Duration::from_millis(1500);
/// The start asks again after this long, while something is away that the settings can't be judged without.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The answer of `/healthz`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Live {
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = OK, body = Live)))]
pub(crate) async fn live() -> Json<Live> {
    Json(Live { status: "ok" })
}

/// The answer of `/readyz`: each part is `ok`, `unavailable`, or `misconfigured`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    status: &'static str,
    /// Whether users' tokens can be verified.
    auth: &'static str,
    postgrest: &'static str,
    storage: &'static str,
    database: &'static str,
    /// The environment variables of the service that are missing or not the project's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settings: Vec<&'static str>,
}

/// Supabase and the database answer, and take the service's settings. Answers within 2 s.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = OK, body = Ready), (status = SERVICE_UNAVAILABLE, body = Ready)))]
pub(crate) async fn ready(state: extract::State<State>) -> (StatusCode, Json<Ready>) {
    let findings = Findings::of(&state).await;
    // Why is for the log; an open endpoint does not tell.
    state.told.tell(&findings);
    let ready = findings.problems().next().is_none();
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut settings: Vec<_> = findings.problems().filter_map(Problem::variable).collect();
    settings.dedup();
    let body = Ready {
        status: if ready { "ready" } else { "not ready" },
        auth: part(&findings.auth),
        postgrest: part(&findings.postgrest),
        storage: part(&findings.storage),
        database: part(&findings.database),
        settings,
    };
    (status, Json(body))
}

fn part(found: &Result<(), Problem>) -> &'static str {
    match found {
        Ok(()) => "ok",
        Err(Problem::Away { .. }) => "unavailable",
        Err(Problem::Setting { .. }) => "misconfigured",
    }
}

/// What was said of problems that are still there. However often somebody asks, each is said once, and once that it is
/// over. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Option<BTreeSet<String>>>>);

impl Told {
    fn tell(&self, findings: &Findings) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.replace(findings.problems().map(ToString::to_string).collect());
        let known = |text: &str| before.as_ref().is_some_and(|before| before.contains(text));
        for problem in findings.problems() {
            let text = problem.to_string();
            match problem {
                _ if known(&text) => {}
                Problem::Setting { .. } => tracing::error!("not ready: {text}"),
                Problem::Away { .. } => tracing::warn!("not ready: {text}"),
            }
        }
        let ready = findings.problems().next().is_none();
        if ready && before.is_none_or(|before| !before.is_empty()) {
            tracing::info!("ready: the project answers and takes the settings");
        }
    }
}

/// Says what is wrong, and at last that nothing is. What is away may be about to start; a setting that is not the
/// project's stays so, and the operator is who has to hear it.
pub(crate) async fn tell_at_start(state: State) {
    loop {
        let findings = Findings::of(&state).await;
        state.told.tell(&findings);
        let away = |problem: &Problem| problem.variable().is_none();
        if !findings.problems().any(away) {
            return;
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// What Auth and PostgREST say to the settings now, for somebody who can wait for it.
pub(crate) async fn problems(state: &State, within: Duration) -> Vec<Problem> {
    let (auth, postgrest) = auth_and_postgrest(state, within).await;
    let found = [auth, postgrest].into_iter();
    found.filter_map(Result::err).collect()
}

/// Why a part is not ready.
#[derive(Debug)]
pub enum Problem {
    /// It does not answer, or not as it should.
    Away {
        /// Which part.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// It answers, and does not take a setting of the service.
    Setting {
        /// The environment variable.
        variable: &'static str,
        /// Why.
        reason: String,
    },
}

impl Problem {
    fn variable(&self) -> Option<&'static str> {
        match self {
            Self::Away { .. } => None,
            Self::Setting { variable, .. } => Some(variable),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away { what, reason } => write!(f, "{what} is unavailable: {reason}"),
            Self::Setting { variable, reason } => write!(f, "{variable} is wrong: {reason}"),
        }
    }
}

fn away(what: &'static str, reason: impl fmt::Display) -> Problem {
    let reason = reason.to_string();
    Problem::Away { what, reason }
}

fn setting(variable: &'static str, reason: impl fmt::Display) -> Problem {
    let reason = reason.to_string();
    Problem::Setting { variable, reason }
}

struct Findings {
    auth: Result<(), Problem>,
    postgrest: Result<(), Problem>,
    storage: Result<(), Problem>,
    database: Result<(), Problem>,
}

impl Findings {
    async fn of(state: &State) -> Self {
        let ((auth, postgrest), storage, database) = tokio::join!(
            auth_and_postgrest(state, WITHIN),
            in_time(WITHIN, STORAGE, storage(state)),
            in_time(WITHIN, DATABASE, database(state)),
        );
        Self {
            auth,
            postgrest,
            storage,
            database,
        }
    }

    fn problems(&self) -> impl Iterator<Item = &Problem> {
        let parts = [&self.auth, &self.postgrest, &self.storage, &self.database];
        parts.into_iter().filter_map(|found| found.as_ref().err())
    }
}

const AUTH: &str = "Auth";
const POSTGREST: &str = "PostgREST";
const STORAGE: &str = "Storage";
const DATABASE: &str = "the database";

const JWT_SECRET: &str = "SUPABASE_JWT_SECRET";
const ANON_KEY: &str = "SUPABASE_ANON_KEY";

async fn auth_and_postgrest(
    state: &State,
    within: Duration,
) -> (Result<(), Problem>, Result<(), Problem>) {
    let (auth, mut postgrest) = tokio::join!(
        in_time(within, AUTH, auth(state)),
        in_time(within, POSTGREST, postgrest(state)),
    );
    // PostgREST knows the secret, and it is tokens that can't be verified with another one.
    let secret = |p: &mut Problem| p.variable() == Some(JWT_SECRET);
    match postgrest.as_mut().err().is_some_and(secret) {
        true => (std::mem::replace(&mut postgrest, Ok(())), postgrest),
        false => (auth, postgrest),
    }
}

async fn in_time(
    within: Duration,
    what: &'static str,
    asked: impl Future<Output = Result<(), Problem>>,
) -> Result<(), Problem> {
    let answered = tokio::time::timeout(within, asked).await;
    answered.unwrap_or_else(|_| Err(away(what, "it did not answer in time")))
}

/// Without a secret, tokens are verified with what the project publishes.
async fn auth(state: &State) -> Result<(), Problem> {
    if state.verifier.of_nobody().is_some() {
        return Ok(());
    }
    match state.verifier.published_keys().await {
        Ok(0) => Err(setting(
            JWT_SECRET,
            "it is not set, and the project publishes no keys: no user's token can be verified",
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(away(AUTH, error)),
    }
}

/// Asks as nobody, who may see no case: that PostgreSQL says so shows that everything before it was right.
async fn postgrest(state: &State) -> Result<(), Problem> {
    let signed = state.verifier.of_nobody();
    let by_secret = signed.is_some();
    // A publishable key is no token: the gateway takes it, or doesn't, and asks as nobody.
    let legacy = || UserToken::issued(state.anon_key.as_str()).ok();
    let query = match signed.or_else(legacy) {
        Some(nobody) => state.db.from("cases", &nobody),
        None => state.db.from_public("cases"),
    };
    let asked = query.select("id").eq("id", 0).rows::<IgnoredAny>().await;
    asked
        .map(drop)
        .or_else(|error| postgrest_problem(error, by_secret))
}

fn postgrest_problem(error: postgrest::Error, by_secret: bool) -> Result<(), Problem> {
    use postgrest::Error as E;
    let (status, code) = match &error {
        E::Token(_) if by_secret => {
            let reason = format_args!("the project does not take what is signed with it ({error})");
            return Err(setting(JWT_SECRET, reason));
        }
        E::Token(_) => (401, ""),
        E::Api(refusal) => (refusal.status, refusal.code.as_str()),
        E::UnexpectedAnswer { status, .. } => (*status, ""),
        _ => return Err(away(POSTGREST, error)),
    };
    Err(match (status, code) {
        (_, "42501") => return Ok(()),
        (_, "PGRST205" | "42P01") => away(
            POSTGREST,
            "Casebase is not installed in the project (`casebase migrate`)",
        ),
        (401 | 403, _) => setting(
            ANON_KEY,
            format_args!("the project does not take it ({error})"),
        ),
        (404, _) => setting("SUPABASE_URL", "there is no PostgREST below it"),
        _ => away(POSTGREST, error),
    })
}

async fn storage(state: &State) -> Result<(), Problem> {
    let reached = state.store.is_reachable().await;
    reached.map_err(|error| match error {
        storage::Error::WrongSetting {
            setting: wrong,
            reason,
        } => setting(
            match wrong {
                S3Setting::Endpoint => "SUPABASE_S3_ENDPOINT",
                S3Setting::Region => "SUPABASE_S3_REGION",
                S3Setting::ProjectRef => "SUPABASE_PROJECT_REF",
                S3Setting::AnonKey => ANON_KEY,
            },
            format_args!("Storage does not take it ({reason})"),
        ),
        error => away(STORAGE, error),
    })
}

/// PostgreSQL's classes of what it doesn't let in: 28, who; 3D, into what.
async fn database(state: &State) -> Result<(), Problem> {
    let reached = state.ledger.is_reachable().await;
    reached.map_err(|error| {
        let refused = error.as_database_error();
        let code = refused.and_then(DatabaseError::code).unwrap_or_default();
        match (code.get(..2), refused) {
            (Some("28" | "3D"), Some(refused)) => {
                setting("CASEBASE_DATABASE_URL", refused.message())
            }
            _ => away(DATABASE, casebase_postgres::said(&error)),
        }
    })
}
