//! A request's way: who asks, what for, the plan, the transaction, the answer.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tokio::sync::{Mutex, OnceCell};

use super::api_request::media_type::MediaType;
use super::api_request::preferences::Preferences;
use super::api_request::{self, Action, ApiRequest, HttpRequest, Mutation, query_params};
use super::auth::Caller;
use super::config::Config;
use super::cors;
use super::error::Error;
use super::openapi;
use super::plan::{self, CrudPlan, Operation};
use super::pool::Pool;
use super::query::{settings, statement};
use super::response;
use super::schema_cache::{self, SchemaCache};
use super::transaction::{self, ResultSet, Work};

/// The largest body that is read.
const MAX_BODY: usize = 256 * 1024 * 1024;

/// What all requests share.
pub struct App {
    pub config: Config,
    pool: Arc<Pool>,
    cache: RwLock<Arc<SchemaCache>>,
    /// Held while the schema is read, so that what was read last is also what is kept.
    reloading: Mutex<()>,
    /// Read when the first request names a time zone.
    timezones: OnceCell<HashSet<String>>,
}

/// A request that was read, with its head still at hand.
struct Incoming {
    parts: http::request::Parts,
    query: Vec<(String, Option<String>)>,
    body: bytes::Bytes,
}

impl App {
    /// Connects and reads the schema.
    pub async fn start(config: Config) -> Result<Arc<Self>, tokio_postgres::Error> {
        let app = Arc::new(Self {
            pool: Pool::new(config.database.clone()),
            cache: RwLock::default(),
            reloading: Mutex::default(),
            timezones: OnceCell::new(),
            config,
        });
        app.reload().await?;
        Ok(app)
    }

    /// Reads the schema again.
    pub async fn reload(&self) -> Result<(), tokio_postgres::Error> {
        let _alone = self.reloading.lock().await;
        let lease = self.pool.get().await?;
        let loaded = SchemaCache::load(
            &lease.client,
            &self.config.schemas,
            &self.config.extra_search_path,
        )
        .await?;
        *self.cache.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        self.pool.forget_statements();
        Ok(())
    }

    fn cache(&self) -> Arc<SchemaCache> {
        Arc::clone(&self.cache.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the schema is another than the one `known`; sees to it that the new one is read. Somebody else
    /// may have read it meanwhile.
    async fn reload_if_changed(&self, known: &SchemaCache) -> Result<bool, tokio_postgres::Error> {
        let lease = self.pool.get().await?;
        let current = schema_cache::fingerprint(&lease.client).await?;
        drop(lease);
        if current != self.cache().fingerprint {
            self.reload().await?;
        }
        Ok(current != known.fingerprint)
    }

    /// Answers a request.
    pub async fn respond(&self, request: Request) -> Response {
        if let Some(preflight) = cors::preflight(request.method(), request.headers()) {
            return preflight;
        }
        let (parts, body) = request.into_parts();
        let (method, headers) = (parts.method.clone(), parts.headers.clone());
        let answer = self.answer(parts, body).await;
        let mut response = answer.unwrap_or_else(IntoResponse::into_response);
        cors::expose(&method, &headers, &mut response);
        response
    }

    async fn answer(&self, parts: http::request::Parts, body: Body) -> Result<Response, Error> {
        let config = &self.config;
        let caller = Caller::identify(&parts.headers, &config.keys, &config.anon_role)?;
        let body = to_bytes(body, MAX_BODY)
            .await
            .map_err(|_| Error::invalid_body("The body could not be read".to_owned()))?;
        let query = match query_params::decode(parts.uri.query().unwrap_or_default()) {
            Ok(query) => query,
            Err(unreadable) => {
                return match unreadable.refusal() {
                    Some(refusal) => Err(refusal),
                    None => Ok(something_went_wrong()),
                };
            }
        };
        let incoming = Incoming { parts, query, body };
        let request = self.interpret(&incoming).await?;
        let known = self.cache();
        match self.repeat(&incoming, &caller, &request).await {
            Err(error) if error.may_be_stale() => match self.reload_if_changed(&known).await {
                Ok(true) => self.repeat(&incoming, &caller, &request).await,
                _ => Err(error),
            },
            answer => answer,
        }
    }

    /// As often as the transaction loses to another one.
    async fn repeat(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        request: &ApiRequest,
    ) -> Result<Response, Error> {
        loop {
            match self.execute(incoming, caller, request).await {
                Err(error) if error.is_lost_race() => {}
                answer => return answer,
            }
        }
    }

    async fn interpret(&self, incoming: &Incoming) -> Result<ApiRequest, Error> {
        let headers = &incoming.parts.headers;
        let no_timezones = HashSet::new();
        let wanted = api_request::prefer_headers(headers).any(Preferences::names_timezone);
        let timezones = match wanted {
            true => {
                self.timezones
                    .get_or_try_init(|| self.load_timezones())
                    .await?
            }
            false => &no_timezones,
        };
        let http = HttpRequest {
            method: &incoming.parts.method,
            path: incoming.parts.uri.path(),
            query: &incoming.query,
            headers,
            body: incoming.body.clone(),
        };
        ApiRequest::interpret(http, &self.config.schemas, timezones)
    }

    async fn load_timezones(&self) -> Result<HashSet<String>, Error> {
        let lease = self
            .pool
            .get()
            .await
            .map_err(|e| Error::no_connection(&e))?;
        let timezones = schema_cache::timezones(&lease.client).await;
        timezones.map_err(|e| Error::postgres(&e, false))
    }

    async fn execute(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        request: &ApiRequest,
    ) -> Result<Response, Error> {
        let cache = self.cache();
        let max_rows = self.config.max_rows;
        let plan = match &request.action {
            Action::Read { relation, head } => {
                CrudPlan::read(request, &cache, relation, *head, max_rows)?
            }
            Action::Mutate { relation, mutation } => {
                CrudPlan::mutate(request, &cache, relation, *mutation)?
            }
            Action::Call {
                function,
                invocation,
            } => CrudPlan::call(request, &cache, function, *invocation, max_rows)?,
            Action::FunctionInfo(function) => {
                let none = Default::default();
                let read = api_request::Invocation::Read { head: true };
                let found = plan::call::find_routine(&cache, function, &none, request, read)?;
                return Ok(response::function_info(found));
            }
            Action::RelationInfo(relation) => {
                return Ok(response::relation_info(plan::find_table(&cache, relation)?));
            }
            Action::SchemaInfo => return Ok(response::schema_info()),
            Action::Inspect { head } => {
                return self
                    .describe(incoming, caller, request, &cache, *head)
                    .await;
            }
        };
        caller.require_known_role()?;
        let work = self.work(incoming, caller, request, &cache, &plan);
        let mut lease = self
            .pool
            .get()
            .await
            .map_err(|e| Error::no_connection(&e))?;
        let check = needs_check(request, &plan)
            .then_some(|result: &ResultSet| check(request, &plan, result));
        let authenticated = caller.role != self.config.anon_role;
        let result = transaction::run(&mut lease, &work, authenticated, check).await?;
        drop(lease);
        response::crud(request, &plan, result, max_rows)
    }

    fn work(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        request: &ApiRequest,
        cache: &SchemaCache,
        plan: &CrudPlan,
    ) -> Work {
        let isolation = plan.routine().and_then(|r| r.isolation_level.as_deref());
        let level = match isolation {
            Some("serializable") => "SERIALIZABLE",
            Some("repeatable read") => "REPEATABLE READ",
            _ => "READ COMMITTED",
        };
        let mode = if plan.is_read_only() {
            "READ ONLY"
        } else {
            "READ WRITE"
        };
        let explains = matches!(plan.operation, Operation::Read { .. })
            && request.preferences.explains_count();
        let function_settings = plan.routine().map(|r| r.settings.as_slice());
        Work {
            begin: format!("BEGIN ISOLATION LEVEL {level} {mode}"),
            settings: self.settings(
                incoming,
                caller,
                request,
                cache,
                function_settings.unwrap_or_default(),
            ),
            main: statement::main(plan, &request.preferences, self.config.max_rows),
            explain: explains.then(|| statement::explain(plan)),
        }
    }

    fn settings(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        request: &ApiRequest,
        cache: &SchemaCache,
        function_settings: &[(String, String)],
    ) -> super::query::sql::Sql {
        let role_settings = cache.role_settings.get(&caller.role).map(Vec::as_slice);
        let extra = self.config.extra_search_path.iter().map(String::as_str);
        settings::statement(&settings::Request {
            caller,
            method: incoming.parts.method.as_str(),
            path: incoming.parts.uri.path(),
            headers: &incoming.parts.headers,
            search_path: std::iter::once(request.schema.as_str())
                .chain(extra)
                .collect(),
            timezone: request.preferences.timezone.as_deref(),
            more: role_settings
                .unwrap_or_default()
                .iter()
                .chain(function_settings)
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
        })
    }

    /// The description of what the caller may use.
    async fn describe(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        request: &ApiRequest,
        cache: &SchemaCache,
        head: bool,
    ) -> Result<Response, Error> {
        if !plan::negotiate::accepts_openapi(&request.accept) {
            return Err(Error::media_type(&request.accept));
        }
        caller.require_known_role()?;
        let settings = self.settings(incoming, caller, request, cache, &[]);
        let mut lease = self
            .pool
            .get()
            .await
            .map_err(|e| Error::no_connection(&e))?;
        let authenticated = caller.role != self.config.anon_role;
        let usable = openapi::usable_names(&mut lease, &settings, &request.schema)
            .await
            .map_err(|e| Error::postgres(&e, authenticated))?;
        let document = openapi::document(cache, &request.schema, &usable);
        let body = if head {
            Body::empty()
        } else {
            Body::from(document.to_string())
        };
        let mut response = Response::new(body);
        let content_type = MediaType::OpenApi.content_type();
        if let Ok(value) = HeaderValue::try_from(content_type) {
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        Ok(response)
    }
}

/// PostgREST's web server answers so where its application fails.
fn something_went_wrong() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        headers,
        "Something went wrong",
    )
        .into_response()
}

/// Whether the result may be refused, so that it must be seen before it is committed.
fn needs_check(request: &ApiRequest, plan: &CrudPlan) -> bool {
    matches!(plan.media, MediaType::Object { .. })
        || request.preferences.enforced_max_affected().is_some()
        || matches!(
            plan.operation,
            Operation::Mutate {
                mutation: Mutation::SingleUpsert,
                ..
            }
        )
}

fn check(request: &ApiRequest, plan: &CrudPlan, result: &ResultSet) -> Result<(), Error> {
    let is_single = result.rows == 1;
    match &plan.operation {
        Operation::Mutate {
            mutation: Mutation::SingleUpsert,
            ..
        } => {
            return match is_single {
                true => Ok(()),
                false => Err(Error::put_mismatch()),
            };
        }
        _ if matches!(plan.media, MediaType::Object { .. }) && !is_single => {
            return Err(Error::not_singular(result.rows));
        }
        _ => {}
    }
    let limited = !matches!(
        plan.operation,
        Operation::Read { .. }
            | Operation::Mutate {
                mutation: Mutation::Create,
                ..
            }
    );
    match request.preferences.enforced_max_affected() {
        Some(max) if limited && result.rows > max => Err(Error::max_affected(result.rows)),
        _ => Ok(()),
    }
}
