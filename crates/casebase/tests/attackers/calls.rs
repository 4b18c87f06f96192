//! The calls that people make, and what comes of them.

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use casebase::commands::demo::person::Place;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::model::Id;

/// What a call comes to, as far as the model can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// These rows were read or changed.
    Rows(BTreeSet<Id>),
    /// Refused with this status.
    Refused(u16),
}

impl Outcome {
    pub fn nothing() -> Self {
        Self::Rows(BTreeSet::new())
    }

    pub fn row(id: Id) -> Self {
        Self::Rows([id].into())
    }

    /// The row where `holds`, else nothing: what a filter does.
    pub fn row_if(holds: bool, id: Id) -> Self {
        if holds {
            Self::row(id)
        } else {
            Self::nothing()
        }
    }

    pub fn into_rows(self) -> BTreeSet<Id> {
        match self {
            Self::Rows(rows) => rows,
            Self::Refused(_) => BTreeSet::new(),
        }
    }

    pub fn is_success(&self) -> bool {
        matches!(self, Self::Rows(rows) if !rows.is_empty())
    }
}

/// Whoever holds a token: somebody signed in, or a key's.
pub struct Caller {
    place: Arc<Place>,
    token: String,
}

impl Caller {
    pub fn new(place: &Arc<Place>, token: &str) -> Self {
        Self {
            place: Arc::clone(place),
            token: token.to_owned(),
        }
    }

    /// What the token says.
    pub fn claims(&self) -> Value {
        let payload = self.token.split('.').nth(1).expect("a JWT");
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64");
        serde_json::from_slice(&payload).expect("claims")
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.place.supabase(&self.token, method, path)
    }

    /// Status, headers and body, but for what differs between any two answers.
    pub async fn answer(
        &self,
        method: Method,
        query: &str,
        prefer: &str,
        body: Option<String>,
    ) -> String {
        let request = self.request(method, &format!("/rest/v1/{query}"));
        let request = request
            .header("prefer", prefer)
            .header("content-type", "application/json");
        let answer = request.body(body.unwrap_or_default()).send().await.unwrap();
        let mut headers = answer.headers().clone();
        for of_the_moment in ["date", "x-request-id"] {
            headers.remove(of_the_moment);
        }
        let status = answer.status();
        format!("{status} {headers:?} {}", answer.text().await.unwrap())
    }

    /// The rows that a query sees; `key` is their id. The exact count must say the same.
    pub async fn read(&self, query: &str, key: &str) -> Outcome {
        let request = self.request(Method::GET, &format!("/rest/v1/{query}"));
        let answer = request
            .header("prefer", "count=exact")
            .send()
            .await
            .unwrap();
        let range = answer.headers().get("content-range").cloned();
        let outcome = rows(answer, key).await;
        if let Outcome::Rows(rows) = &outcome {
            let range = range.expect("a range");
            let total = range.to_str().unwrap().rsplit('/').next().unwrap();
            assert_eq!(
                total,
                rows.len().to_string(),
                "{query}: the count tells another story"
            );
        }
        outcome
    }

    /// The sum of the rows' counts, or the status that refused them.
    pub async fn counted(&self, query: &str) -> Result<i64, u16> {
        let request = self.request(Method::GET, &format!("/rest/v1/{query}"));
        let answer = request.send().await.unwrap();
        if !answer.status().is_success() {
            return Err(answer.status().as_u16());
        }
        let rows: Vec<Value> = answer.json().await.expect("rows");
        Ok(rows.iter().map(|row| row["count"].as_i64().unwrap()).sum())
    }

    /// The cases on the only page of `rpc/list_cases`; its total must say the same.
    pub async fn listed(&self, arguments: &str) -> Outcome {
        let path = format!("/rest/v1/rpc/list_cases?page_size=1000&{arguments}");
        let answer = self.request(Method::GET, &path).send().await.unwrap();
        if !answer.status().is_success() {
            return Outcome::Refused(answer.status().as_u16());
        }
        let page: Value = answer.json().await.expect("a page");
        let ids = page["cases"].as_array().unwrap().iter();
        let ids: BTreeSet<Id> = ids.map(|case| case["id"].as_i64().unwrap()).collect();
        assert_eq!(page["total"], ids.len());
        assert_eq!(page["next_cursor"], Value::Null);
        Outcome::Rows(ids)
    }

    /// POST, PATCH or DELETE, and the rows it made or changed.
    pub async fn write(&self, method: Method, query: &str, row: Option<Value>) -> Outcome {
        let request = self.request(method, &format!("/rest/v1/{query}"));
        let request = request.header("prefer", "return=representation");
        let request = match row {
            Some(row) => request.json(&row),
            None => request,
        };
        rows(request.send().await.unwrap(), "id").await
    }

    /// The row that a POST made, or the status that refused it.
    pub async fn insert(&self, table: &str, row: Value) -> Result<Value, u16> {
        self.post(table, row, "return=representation").await
    }

    /// The same, over a row that may be there already.
    pub async fn upsert(&self, table: &str, row: Value) -> Result<Value, u16> {
        let prefer = "return=representation,resolution=merge-duplicates";
        self.post(table, row, prefer).await
    }

    async fn post(&self, table: &str, row: Value, prefer: &str) -> Result<Value, u16> {
        let request = self.request(Method::POST, &format!("/rest/v1/{table}"));
        let request = request.header("prefer", prefer).json(&row);
        let answer = request.send().await.unwrap();
        if !answer.status().is_success() {
            return Err(answer.status().as_u16());
        }
        let rows: Value = answer.json().await.unwrap();
        Ok(rows[0].clone())
    }

    /// The status of an rpc.
    pub async fn rpc(&self, function: &str, arguments: Value) -> u16 {
        let request = self.request(Method::POST, &format!("/rest/v1/rpc/{function}"));
        let answer = request.json(&arguments).send().await.unwrap();
        answer.status().as_u16()
    }

    /// Whether Storage took the bytes.
    pub async fn put(&self, object: &str, bytes: usize, upsert: bool) -> bool {
        let request = self.request(Method::POST, &format!("/storage/v1/object/{object}"));
        let request = request
            .header("content-type", "text/plain")
            .header("x-upsert", upsert.to_string());
        let answer = request.body(bytes.to_string()).send().await.unwrap();
        answer.status().is_success()
    }

    /// The bytes that Storage serves.
    pub async fn get(&self, object: &str) -> Option<usize> {
        let path = format!("/storage/v1/object/authenticated/{object}");
        let answer = self.request(Method::GET, &path).send().await.unwrap();
        if !answer.status().is_success() {
            return None;
        }
        Some(answer.text().await.unwrap().parse().expect("our bytes"))
    }

    /// Whether Storage did it: signing, moving, copying.
    pub async fn ask(&self, path: &str, body: Value) -> bool {
        let request = self.request(Method::POST, &format!("/storage/v1/object/{path}"));
        let answer = request.json(&body).send().await.unwrap();
        answer.status().is_success()
    }

    pub async fn remove(&self, object: &str) -> bool {
        let path = format!("/storage/v1/object/{object}");
        let answer = self.request(Method::DELETE, &path).send().await.unwrap();
        answer.status().is_success()
    }

    /// The names in a folder.
    pub async fn list(&self, bucket: &str, folder: &str) -> BTreeSet<String> {
        let request = self.request(Method::POST, &format!("/storage/v1/object/list/{bucket}"));
        let body = json!({"prefix": folder, "limit": 1000, "offset": 0});
        let answer = request.json(&body).send().await.unwrap();
        if !answer.status().is_success() {
            return BTreeSet::new();
        }
        let found: Vec<Value> = answer.json().await.unwrap();
        let name = |o: &Value| o["name"].as_str().expect("a name").to_owned();
        found.iter().map(name).collect()
    }
}

async fn rows(answer: Response, key: &str) -> Outcome {
    let status = answer.status();
    if !status.is_success() {
        return Outcome::Refused(status.as_u16());
    }
    let rows: Vec<Value> = answer.json().await.expect("rows");
    // Rows of tables whose key is no number count as one.
    let id = |row: &Value| row[key].as_i64().unwrap_or_default();
    Outcome::Rows(rows.iter().map(id).collect())
}
