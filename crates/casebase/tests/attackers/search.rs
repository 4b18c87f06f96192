//! What a search finds, lists and counts, held to what the policies let the same person read in the same statement.

mod acts;
mod walk;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, query_scalar, raw_sql};

use crate::{model::Id, support::project};

/// Something that is looked for.
pub enum Search {
    /// All of these words, none of which has a near one.
    Words(BTreeSet<&'static str>),
    /// A word, whose hits are also turned over page by page, and whose list is counted page by page.
    Pages(&'static str),
    /// A word with two of its letters in each other's place, which no text has: titles alone are found.
    Near(&'static str),
    /// A case by its number.
    Number(Id),
}

impl Search {
    pub fn word(word: &'static str) -> Self {
        Self::Words(BTreeSet::from([word]))
    }

    /// As `oracle.sql` takes it.
    fn sought(&self) -> Value {
        match self {
            Self::Words(words) => {
                let written: Vec<_> = words.iter().copied().collect();
                let query: Vec<_> = words.iter().map(|word| as_query(word)).collect();
                let pattern: Vec<_> = words.iter().map(|word| as_pattern(word)).collect();
                json!({
                    "kind": "words", "search": written.join(" "), "query": query.join(" & "),
                    "pattern": pattern.join("|"),
                })
            }
            Self::Pages(word) => {
                let mut sought = Self::word(word).sought();
                sought["by_pages"] = json!(true);
                sought
            }
            Self::Near(word) => {
                let (first, rest) = word.split_at(1);
                let (second, rest) = rest.split_at(1);
                let (third, rest) = rest.split_at(1);
                let search = format!("{first}{third}{second}{rest}");
                json!({"kind": "near", "search": search, "query": as_query(word)})
            }
            Self::Number(id) => {
                json!({"kind": "number", "search": format!("CASE-{id:04}"), "number": id})
            }
        }
    }
}

/// From its third letter on a word is also the beginning of another.
fn as_query(word: &str) -> String {
    if word.len() < 3 {
        word.to_owned()
    } else {
        format!("{word}:*")
    }
}

fn as_pattern(word: &str) -> String {
    if word.len() < 3 {
        format!(r"\m{word}\M")
    } else {
        format!(r"\m{word}")
    }
}

/// A session that becomes whoever it asks about.
pub struct Oracle {
    session: PgConnection,
}

impl Oracle {
    pub async fn new() -> Self {
        let url = project().setting("DATABASE_ADMIN_URL");
        let session = PgConnection::connect(url).await;
        let mut session = session.expect("a superuser's connection");
        raw_sql(include_str!("search/oracle.sql"))
            .execute(&mut session)
            .await
            .expect("its functions are made");
        Self { session }
    }

    /// Fails where somebody finds more or less than they may read, or otherwise.
    pub async fn compare(&mut self, who: &str, claims: &Value, searches: &[Search]) {
        let complaints = self.complaints(who, claims, searches).await;
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    async fn complaints(&mut self, who: &str, claims: &Value, searches: &[Search]) -> Vec<String> {
        let sought: Vec<_> = searches.iter().map(Search::sought).collect();
        query_scalar("select pg_temp.complaints($1, $2, $3)")
            .bind(who)
            .bind(claims)
            .bind(Value::Array(sought))
            .fetch_all(&mut self.session)
            .await
            .unwrap_or_else(|e| panic!("{who}: {e}"))
    }

    /// Of this kind of search, what these people found anything in.
    async fn found_in(&mut self, who: &[&str], kind: &str) -> BTreeSet<String> {
        let sources: Vec<String> =
            query_scalar("select distinct source from finds where who = any ($1) and kind = $2")
                .bind(who)
                .bind(kind)
                .fetch_all(&mut self.session)
                .await
                .expect("it was counted");
        sources.into_iter().collect()
    }
}
