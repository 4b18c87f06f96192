//! The project's interfaces, asked with the service's settings: nothing of it needs anybody's rights but the public key's, and
//! those of whoever is signed in.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use casebase_files::storage::{self, ObjectPath, ObjectStore, RestStore, S3Store};
use casebase_server::{
    Config, Problem, Service,
    config::{self, Storage},
    database_url::DatabaseUrl,
};
use casebase_supabase::{
    below,
    jwt::{UserToken, Verifier},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use url::Url;

use super::report::{Finding, Report, Severity};
use crate::{commands::serve::WORKER, session::Session, terminal::describe};

const SETTINGS: &str = "the service's settings";
const S3: &str = "Storage over S3";
const REST: &str = "Storage over REST";
const EXPOSED: &str = "the schemas of the API";
const TOKEN: &str = "a user's token";
const WORKER_DATABASE: &str = "the service's database";
const RUNNING: &str = "the running service";

/// Whoever does not answer in this time is taken for gone.
const WITHIN: Duration = Duration::from_secs(15);
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Stands for the service's database where it was not given: nobody is asked there.
const NOWHERE: &str = "postgresql://casebase_worker@127.0.0.1:9/none";
/// The pooler's transaction mode, in which nobody can listen.
const TRANSACTION_MODE: u16 = 6543;
/// No object of anybody's is called so.
const NO_OBJECT: (&str, &str) = ("client-bucket", "casebase-doctor/no-such-object");

/// Asks everything that was given.
pub async fn examine(read: &impl Fn(&'static str) -> Option<String>, report: &mut Report) {
    worker_database(read("CASEBASE_DATABASE_URL"), report).await;
    running(read("CASEBASE_URL"), report).await;
    let given = ["SUPABASE_URL", "SUPABASE_ANON_KEY"].map(read);
    if given.contains(&None) {
        for check in [SETTINGS, S3, REST, EXPOSED, TOKEN] {
            let reason = "there is no address of the project, or no key";
            report.lacks(check, reason, "SUPABASE_URL and SUPABASE_ANON_KEY");
        }
        return;
    }
    let Some(config) = settings(read, report) else {
        for check in [S3, REST, EXPOSED, TOKEN] {
            report.lacks(check, "the service's settings are wrong", "right ones");
        }
        return;
    };
    service(&config, report).await;
    let stores = storage(&config, read, report).await;
    exposed(&config, report).await;
    token(&config, &stores, report).await;
}

fn found(check: &'static str, thing: &str, problem: impl Into<String>, mend: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        check,
        thing: thing.to_owned(),
        problem: problem.into(),
        mend: Some(mend.to_owned()),
        fixable: false,
    }
}

/// With a way into Storage of its own, whatever the service has.
fn over(
    storage: &str,
    read: &impl Fn(&'static str) -> Option<String>,
) -> Result<Config, config::Error> {
    Config::from_variables(|name| match name {
        "CASEBASE_STORAGE" => Some(storage.to_owned()),
        "CASEBASE_DATABASE_URL" => Some(NOWHERE.to_owned()),
        _ => read(name),
    })
}

/// As `casebase serve` reads them: of which kind the keys are, among them.
fn settings(read: &impl Fn(&'static str) -> Option<String>, report: &mut Report) -> Option<Config> {
    let config = Config::from_variables(|name| match (name, read(name)) {
        // It has a check of its own.
        ("CASEBASE_DATABASE_URL", _) => Some(NOWHERE.to_owned()),
        (_, value) => value,
    });
    report.made.push(SETTINGS);
    match config {
        Ok(config) => Some(config),
        Err(error) => {
            let (config::Error::Missing { name, .. } | config::Error::Malformed { name, .. }) =
                &error;
            let told = error.to_string();
            let problem = told.strip_prefix(name).unwrap_or(&told).trim_start();
            report
                .findings
                .push(found(SETTINGS, name, problem, &format!("{name}='…'")));
            None
        }
    }
}

/// What Auth and PostgREST say to them, as `/readyz` asks.
async fn service(config: &Config, report: &mut Report) {
    let problems = match Service::new(config) {
        Ok(service) => service.problems(WITHIN).await,
        Err(error) => return report.failed(SETTINGS, error.to_string()),
    };
    for problem in problems {
        match problem {
            Problem::Away { .. } => report.failed(SETTINGS, problem.to_string()),
            Problem::Setting { variable, reason } => {
                let problem = format!("is wrong: {reason}");
                let mend = format!("{variable}='…'");
                report
                    .findings
                    .push(found(SETTINGS, variable, problem, &mend));
            }
        }
    }
}

/// Both ways, whichever the service goes: the other one is what is left when this one fails. Those that take the settings.
async fn storage(
    config: &Config,
    read: &impl Fn(&'static str) -> Option<String>,
    report: &mut Report,
) -> Vec<(&'static str, ObjectStore)> {
    let mut stores = Vec::new();
    match RestStore::new(&config.supabase_url, config.anon_key.clone()) {
        Ok(rest) => stores.push((REST, ObjectStore::Rest(rest))),
        Err(error) => report.failed(REST, error.to_string()),
    }
    match over("s3", read).map(|config| config.storage) {
        Ok(Storage::S3(settings)) => stores.push((S3, ObjectStore::S3(S3Store::new(settings)))),
        Ok(Storage::Rest) => {
            let reason = "a session is made from the legacy anon key";
            report.lacks(S3, reason, "a legacy SUPABASE_ANON_KEY");
        }
        Err(error) => report.lacks(S3, error.to_string(), "that setting"),
    }
    let mut taken = Vec::new();
    for (check, store) in stores {
        if is_reachable(check, &store, report).await {
            taken.push((check, store));
        }
    }
    taken
}

async fn is_reachable(check: &'static str, store: &ObjectStore, report: &mut Report) -> bool {
    let reached = store.is_reachable().await;
    let taken = reached.is_ok();
    match reached {
        Ok(()) => report.made.push(check),
        Err(storage::Error::WrongSetting { setting, reason }) => {
            report.made.push(check);
            let thing = format!("{setting} of the S3 sessions");
            let problem = format!("is not what Storage takes: {reason}");
            let mend = "SUPABASE_S3_ENDPOINT, SUPABASE_S3_REGION, SUPABASE_PROJECT_REF and the legacy SUPABASE_ANON_KEY as the \
                        project's settings show them, or CASEBASE_STORAGE=rest";
            report.findings.push(found(check, &thing, problem, mend));
        }
        Err(error) => report.failed(check, error.to_string()),
    }
    taken
}

/// PostgREST's answer to whoever asks for another schema than it shows.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: String,
}

const NOT_EXPOSED: &str = "PGRST106";

async fn exposed(config: &Config, report: &mut Report) {
    match ask_for_casebase(config).await {
        Ok((_, NOT_EXPOSED)) => report.made.push(EXPOSED),
        Ok((200..=299 | 404, _) | (_, "42501")) => {
            report.made.push(EXPOSED);
            let problem = "is exposed by the API: what it holds is guarded by grants alone";
            let mend = "dashboard: Project Settings > Data API > Exposed schemas: without casebase";
            report
                .findings
                .push(found(EXPOSED, "the schema casebase", problem, mend));
        }
        Ok((status, _)) => report.failed(EXPOSED, format!("PostgREST answered {status}")),
        Err(error) => report.failed(EXPOSED, describe(&error)),
    }
}

async fn ask_for_casebase(config: &Config) -> anyhow::Result<(u16, &'static str)> {
    let url = below(&config.supabase_url, "rest/v1/cases")?;
    let request = client()?.get(url).query(&[("limit", "0")]);
    let request = request.header("apikey", config.anon_key.as_str());
    let request = match config.anon_key.is_jwt() {
        true => request.bearer_auth(config.anon_key.as_str()),
        false => request,
    };
    let answer = request.header("Accept-Profile", "casebase").send().await;
    let answer = answer.map_err(|error| anyhow::anyhow!(casebase_supabase::failure(error)))?;
    let status = answer.status().as_u16();
    let refusal: Refusal = answer.json().await.unwrap_or_default();
    let known = [NOT_EXPOSED, "42501"];
    let code = known.into_iter().find(|code| *code == refusal.code);
    Ok((status, code.unwrap_or_default()))
}

fn client() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder().timeout(WITHIN);
    client.build().context("the HTTP client can't be set up")
}

/// Who is signed in with `casebase login`: whether the service takes their token, whether it says what they are, and
/// whether Storage takes it both ways.
async fn token(config: &Config, stores: &[(&str, ObjectStore)], report: &mut Report) {
    let session = match Session::open() {
        Ok(session) => session,
        Err(error) => {
            let said = describe(&error);
            let reason = said.lines().next().unwrap_or_default();
            return report.lacks(TOKEN, reason, "`casebase login`");
        }
    };
    match judge(&session, config, stores).await {
        Ok(problems) => {
            report.made.push(TOKEN);
            let thing = "the token of whoever is signed in";
            let mend = "casebase login";
            let all = problems
                .into_iter()
                .map(|problem| found(TOKEN, thing, problem, mend));
            report.findings.extend(all);
        }
        Err(error) => report.failed(TOKEN, describe(&error)),
    }
}

async fn judge(
    session: &Session,
    config: &Config,
    stores: &[(&str, ObjectStore)],
) -> anyhow::Result<Vec<String>> {
    let token = session.token().await?;
    let verifier = Verifier::new(&config.supabase_url, config.jwt_secret.as_deref())?;
    let mut problems = Vec::new();
    if let Err(error) = verifier.verify(token.as_str()).await {
        problems.push(format!("is not taken by the service: {error} (SUPABASE_JWT_SECRET, or the project's published keys)"));
    }
    let access: Value = session.call("my_access", &json!({})).await?;
    problems.extend(
        access["problem"]
            .as_str()
            .map(|problem| format!("does not make them what they are: {problem}")),
    );
    for (check, store) in stores {
        problems.extend(reads(store, &token, check).await);
    }
    Ok(problems)
}

/// Whoever is let in is told that there is no such object.
async fn reads(store: &ObjectStore, token: &UserToken, check: &str) -> Option<String> {
    let path = ObjectPath::new(NO_OBJECT.0, NO_OBJECT.1).ok()?;
    match store.get(token, &path, None).await {
        Ok(_) | Err(storage::Error::NotFound) => None,
        Err(error) => Some(format!("is not taken by {check}: {error}")),
    }
}

/// Who the service is there, and whether it could listen.
async fn worker_database(url: Option<String>, report: &mut Report) {
    let name = "CASEBASE_DATABASE_URL";
    let Some(url) = url else {
        return report.lacks(WORKER_DATABASE, "there is no address of it", name);
    };
    let options = match url.trim().parse() {
        Ok(DatabaseUrl(options)) => options,
        Err(error) => {
            let problem = format!("is malformed: {error}");
            let mend = format!("{name}='postgresql://{WORKER}:…@…:5432/postgres'");
            report.made.push(WORKER_DATABASE);
            return report
                .findings
                .push(found(WORKER_DATABASE, name, problem, &mend));
        }
    };
    let connected = async {
        let mut connection = PgConnection::connect_with(&options).await?;
        let role: String = sqlx::query_scalar("select current_user::text")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(role)
    };
    let role = match tokio::time::timeout(WITHIN, connected).await {
        Ok(Ok(role)) => role,
        Ok(Err(error)) => {
            return report.failed(
                WORKER_DATABASE,
                format!("{name}: {}", casebase_postgres::said(&error)),
            );
        }
        Err(_) => {
            return report.failed(
                WORKER_DATABASE,
                format!("{name}: the database does not answer"),
            );
        }
    };
    report.made.push(WORKER_DATABASE);
    if role != WORKER {
        let problem =
            format!("connects as {role}: the service runs as {WORKER} and as nobody else");
        let mend = format!(
            "alter role {WORKER} password '…'; -- and {name}='postgresql://{WORKER}:…@…:5432/postgres'"
        );
        report
            .findings
            .push(found(WORKER_DATABASE, name, problem, &mend));
    }
    if options.get_port() == TRANSACTION_MODE {
        let problem =
            "is the pooler's transaction mode, in which the service can't listen for webhooks";
        let mend = format!("{name}='…:5432/postgres'");
        report
            .findings
            .push(found(WORKER_DATABASE, name, problem, &mend));
    }
}

/// `/readyz` of a service.
#[derive(Deserialize)]
struct Ready {
    auth: String,
    postgrest: String,
    storage: String,
    database: String,
    #[serde(default)]
    settings: Vec<String>,
}

impl Ready {
    /// The parts that are not well, and how they are.
    fn unwell(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parts = [
            ("Auth", &self.auth),
            ("PostgREST", &self.postgrest),
            ("Storage", &self.storage),
            ("the database", &self.database),
        ];
        let parts = parts.map(|(part, state)| (part, state.as_str()));
        parts.into_iter().filter(|(_, state)| *state != "ok")
    }
}

async fn running(url: Option<String>, report: &mut Report) {
    let Some(url) = url else {
        return report.lacks(RUNNING, "there is no address of it", "CASEBASE_URL");
    };
    let ready = match once_it_answers(&url).await {
        Ok(ready) => ready,
        Err(error) => {
            return report.failed(RUNNING, format!("CASEBASE_URL: {}", describe(&error)));
        }
    };
    report.made.push(RUNNING);
    let settings = match ready.settings.as_slice() {
        [] => String::new(),
        settings => format!(" ({})", settings.join(", ")),
    };
    for (part, state) in ready.unwell() {
        let problem = format!("says that {part} is {state}{settings}: why is in its log");
        let mend = "casebase serve, with other settings";
        report
            .findings
            .push(found(RUNNING, url.trim(), problem, mend));
    }
}

/// The service has no time to wait for a busy project: what it says is away is asked for again.
async fn once_it_answers(url: &str) -> anyhow::Result<Ready> {
    let given_up = Instant::now() + WITHIN;
    loop {
        let ready = ask_ready(url).await?;
        let away = ready.unwell().any(|(_, state)| state == "unavailable");
        if !away || Instant::now() > given_up {
            return Ok(ready);
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn ask_ready(url: &str) -> anyhow::Result<Ready> {
    let url: Url = url.trim().parse().context("it is no URL")?;
    let answer = client()?.get(below(&url, "readyz")?).send().await;
    let answer = answer.map_err(|error| anyhow::anyhow!(casebase_supabase::failure(error)))?;
    let ready = answer.json().await;
    ready.map_err(|_| anyhow::anyhow!("there is no Casebase at this address"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{header, path},
    };

    use super::*;

    async fn answering(at: &str, status: u16, body: Value) -> MockServer {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_json(body);
        let mock = Mock::given(path(at));
        let mock = match at {
            "/rest/v1/cases" => mock.and(header("Accept-Profile", "casebase")),
            _ => mock,
        };
        mock.respond_with(answer).mount(&server).await;
        server
    }

    fn config(url: &str) -> Config {
        let read = |name: &str| match name {
            "SUPABASE_URL" => Some(url.to_owned()),
            "SUPABASE_ANON_KEY" => Some("sb_publishable_abc".to_owned()),
            _ => None,
        };
        over("rest", &read).unwrap()
    }

    #[tokio::test]
    async fn a_schema_that_the_api_shows_is_found_and_one_that_it_hides_is_not() {
        for (status, code, findings, made) in [
            (406, "PGRST106", 0, true),
            (404, "PGRST205", 1, true),
            (401, "42501", 1, true),
            (200, "", 1, true),
            (401, "", 0, false),
            (503, "PGRST002", 0, false),
        ] {
            let server = answering("/rest/v1/cases", status, json!({"code": code})).await;
            let mut report = Report::default();
            exposed(&config(&server.uri()), &mut report).await;
            assert_eq!(report.findings.len(), findings, "{status} {code}");
            assert_eq!(
                report.made == [EXPOSED],
                made,
                "{status} {code}: {report:?}"
            );
            assert_eq!(report.not_made.len(), usize::from(!made));
        }
    }

    #[tokio::test]
    async fn what_a_running_service_says_of_its_settings_is_a_finding() {
        let body = json!({
            "status": "not ready", "auth": "ok", "postgrest": "ok", "storage": "misconfigured", "database": "ok",
            "settings": ["SUPABASE_S3_REGION"],
        });
        let server = answering("/readyz", 503, body).await;
        let mut report = Report::default();
        running(Some(server.uri()), &mut report).await;
        let problem = "says that Storage is misconfigured (SUPABASE_S3_REGION): why is in its log";
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].problem, problem);
    }
}
