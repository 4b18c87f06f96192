//! One request to PostgREST, built and sent.

use postgrest::Builder;
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{Error, transport::Transport};
use crate::SettingError;

/// What the trigger `note_what_was_made` reads (`supabase/schemas/idempotency_keys.sql`).
const CLAIM: HeaderName = HeaderName::from_static("casebase-claim");

/// A request in the making. The first thing wrong with it is reported when it is sent, and then
/// nothing is sent.
#[must_use = "a query does nothing until it is sent"]
pub struct Query {
    parts: Result<Parts, Error>,
}

struct Parts {
    url: String,
    headers: HeaderMap,
    transport: Transport,
    /// `select` and filters, in the words of the `postgrest` crate.
    steps: Vec<Box<dyn FnOnce(Builder) -> Builder + Send>>,
}

impl Query {
    pub(super) fn new(
        base: &str,
        prefix: &str,
        name: &str,
        headers: Result<HeaderMap, SettingError>,
        transport: Transport,
    ) -> Self {
        let parts = identifier(name).and_then(|name| {
            Ok(Parts {
                url: format!("{base}/{prefix}{name}"),
                headers: headers?,
                transport,
                steps: Vec::new(),
            })
        });
        Self { parts }
    }

    /// Under the claim of a request that may come again: what is inserted is noted beside it in the same transaction, or, where
    /// another request has taken over, refused (`PT409`).
    pub fn claimed(mut self, claim: Option<Uuid>) -> Self {
        if let (Ok(parts), Some(claim)) = (&mut self.parts, claim) {
            let claim = HeaderValue::try_from(claim.to_string());
            // A UUID is a header value.
            parts.headers.extend(claim.ok().map(|claim| (CLAIM, claim)));
        }
        self
    }

    /// Which columns, embeddings included, in PostgREST's own syntax. It is written in the source,
    /// never by a caller.
    pub fn select(self, columns: &'static str) -> Self {
        self.step(move |b| b.select(columns))
    }

    /// Rows whose column equals the value.
    pub fn eq(self, column: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        self.column_step(column, move |b, column| b.eq(column, value))
    }

    /// At most so many rows, in the order of a column whose values differ: those behind this one, or the first.
    pub fn page(self, column: &str, after: Option<impl ToString>, most: usize) -> Self {
        let after = after.map(|value| value.to_string());
        self.column_step(column, move |b, column| {
            let b = b.order(format!("{column}.asc")).limit(most);
            match after {
                Some(value) => b.gt(column, value),
                None => b,
            }
        })
    }

    /// The rows.
    pub async fn rows<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let answer = self.send().await?;
        parse(answer.status, &answer.body)
    }

    /// The only row there is, or none. More than one is an unexpected answer: the filter was meant
    /// to be a key.
    pub async fn one<T: DeserializeOwned>(self) -> Result<Option<T>, Error> {
        let mut rows = self.rows().await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            n => Err(Error::UnexpectedAnswer {
                status: StatusCode::OK.as_u16(),
                reason: format!("{n} rows where there should be one"),
            }),
        }
    }

    /// Writes a row; the row as the database completed it.
    pub async fn insert<T: DeserializeOwned>(self, row: &impl Serialize) -> Result<T, Error> {
        let body = json(row)?;
        let answer = self.step(|b| b.insert(body)).send().await?;
        let mut rows: Vec<T> = parse(answer.status, &answer.body)?;
        rows.pop().ok_or_else(|| Error::UnexpectedAnswer {
            status: answer.status.as_u16(),
            reason: "the new row was not given back".into(),
        })
    }

    /// Changes the rows that the filters name; those that were changed. Rows the caller may not
    /// change are passed over by PostgreSQL, so an empty answer means that, or that there are none.
    pub async fn update<T: DeserializeOwned>(self, to: &impl Serialize) -> Result<Vec<T>, Error> {
        let body = json(to)?;
        let answer = self.step(|b| b.update(body)).send().await?;
        parse(answer.status, &answer.body)
    }

    /// Deletes the rows that the filters name; those that were deleted, as for [`Query::update`].
    pub async fn delete<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let answer = self.step(Builder::delete).send().await?;
        parse(answer.status, &answer.body)
    }

    /// Calls the function with named arguments; what it returns.
    pub async fn call<T: DeserializeOwned>(self, arguments: &impl Serialize) -> Result<T, Error> {
        let body = json(arguments)?;
        let answer = self.step(|b| b.rpc(body)).send().await?;
        // A function returning void answers 204 without a body.
        let body = if answer.body.is_empty() {
            "null"
        } else {
            &answer.body
        };
        parse(answer.status, body)
    }

    fn step(mut self, step: impl FnOnce(Builder) -> Builder + Send + 'static) -> Self {
        if let Ok(parts) = &mut self.parts {
            parts.steps.push(Box::new(step));
        }
        self
    }

    fn column_step(
        self,
        column: &str,
        step: impl FnOnce(Builder, String) -> Builder + Send + 'static,
    ) -> Self {
        match identifier(column) {
            Ok(column) => {
                let column = column.to_owned();
                self.step(move |b| step(b, column))
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(mut self, error: Error) -> Self {
        if self.parts.is_ok() {
            self.parts = Err(error);
        }
        self
    }

    /// Sends; anything but success is an error.
    async fn send(self) -> Result<Answer, Error> {
        let parts = self.parts?;
        let start = parts.transport.builder(&parts.url);
        let built = parts.steps.into_iter().fold(start, |b, step| step(b));
        let answer = parts.transport.send(built, parts.headers).await?;
        let status = answer.status();
        let body = answer.text().await.map_err(Error::from_transport)?;
        match status.is_success() {
            true => Ok(Answer { status, body }),
            false => Err(Error::from_answer(status.as_u16(), &body)),
        }
    }
}

/// Names of this project are plain; anything else could leave its place in the URL.
fn identifier(name: &str) -> Result<&str, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let valid = !name.is_empty() && name.chars().all(plain);
    valid
        .then_some(name)
        .ok_or_else(|| Error::InvalidName(name.to_owned()))
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::NoJson(e.to_string()))
}

struct Answer {
    status: StatusCode,
    body: String,
}

fn parse<T: DeserializeOwned>(status: StatusCode, body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|e| Error::UnexpectedAnswer {
        status: status.as_u16(),
        reason: e.to_string(),
    })
}
