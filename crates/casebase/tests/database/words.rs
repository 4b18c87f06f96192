//! The words that Rust and the database share: neither side can move alone.

use std::{collections::BTreeSet, fmt::Debug, path::Path};

use casebase::commands::people::{clients, staff};
use casebase_supabase::rows::{CaseStatus, FileNote, FileState, Priority};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::PartialSchema;

use super::*;

/// The words that a CHECK of the form `column in (…)` or `column <@ array[…]` takes.
async fn taken_by(connection: &mut PgConnection, constraint: &str) -> BTreeSet<String> {
    let words: Vec<String> = sqlx::query_scalar(
        "select word[1]
         from pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''::text', 'g') word
         where c.contype = 'c' and c.connamespace = 'public'::regnamespace and c.conname = $1",
    )
    .bind(constraint)
    .fetch_all(connection)
    .await
    .expect("the query runs");
    assert!(!words.is_empty(), "{constraint} lists no words");
    words.into_iter().collect()
}

/// The words of a Rust type, as its schema in the API's documentation lists them.
fn documented<T: PartialSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(T::schema()).expect("a schema is JSON");
    let words = schema["enum"]
        .as_array()
        .expect("the type is a set of words");
    let words = words.iter().map(|word| word.as_str().expect("text"));
    words.map(str::to_owned).collect()
}

/// Both sides have the same words, and Rust reads and writes each as the database has it.
async fn are_the_same<T>(constraints: &[&str])
where
    T: PartialSchema + Serialize + DeserializeOwned + Debug,
{
    let mut owner = connect("DATABASE_URL").await;
    for constraint in constraints {
        let words = taken_by(&mut owner, constraint).await;
        assert_eq!(documented::<T>(), words, "{constraint}");
        for word in words {
            let word = Value::from(word);
            let read: T = serde_json::from_value(word.clone()).expect("Rust knows the word");
            assert_eq!(serde_json::to_value(&read).expect("JSON"), word);
        }
    }
}

#[tokio::test]
async fn a_status_is_one_to_rust_and_to_the_database() {
    are_the_same::<CaseStatus>(&[
        "cases_status_check",
        "case_stages_status_check",
        "status_transitions_from_status_check",
        "status_transitions_to_status_check",
    ])
    .await;
}

#[tokio::test]
async fn a_priority_is_one_to_rust_and_to_the_database() {
    are_the_same::<Priority>(&["cases_priority_check"]).await;
}

#[tokio::test]
async fn a_files_state_is_one_to_rust_and_to_the_database() {
    are_the_same::<FileState>(&["case_files_state_check", "client_documents_state_check"]).await;
}

#[tokio::test]
async fn a_files_note_is_one_to_rust_and_to_the_database() {
    are_the_same::<FileNote>(&["case_files_notes_check", "client_documents_notes_check"]).await;
}

/// Event types are rows, and no list of them stands in Rust: what is named there, and to readers, has to be one of them.
#[tokio::test]
async fn an_event_type_that_rust_or_a_page_names_is_one() {
    const TYPES: &str = "select type from casebase.event_types";
    let types = texts(&mut connect("DATABASE_ADMIN_URL").await, TYPES).await;
    let families: BTreeSet<&str> = types
        .iter()
        .filter_map(|t| Some(t.split_once('.')?.0))
        .collect();

    let mut files = vec![repository_path("README.md")];
    for folder in ["docs", "crates", "tests/clients"] {
        add_sources(&repository_path(folder), &mut files);
    }
    let mut named = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("UTF-8");
        for word in text.split(['"', '\'', '`']) {
            let Some((family, rest)) = word.split_once('.') else {
                continue;
            };
            let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
            if families.contains(family) && !rest.is_empty() && rest.chars().all(is_name) {
                assert!(types.contains(word), "{} names {word}", file.display());
                named.insert(word.to_owned());
            }
        }
    }
    assert!(named.contains("case.status_changed"), "{named:?}");
}

/// Rust's sources, the clients' and pages below `folder`, without what was installed there.
fn add_sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            add_sources(&path, files);
        } else if path
            .extension()
            .is_some_and(|e| ["rs", "md", "mjs", "py"].iter().any(|x| e == *x))
        {
            files.push(path);
        }
    }
}

#[tokio::test]
async fn the_command_line_takes_the_words_that_the_database_has() {
    let mut owner = connect("DATABASE_URL").await;
    for (constraint, words) in [
        ("staff_members_scope_check", &staff::SCOPES[..]),
        ("invitations_scope_check", &staff::SCOPES[..]),
        ("clients_kind_check", &clients::KINDS[..]),
    ] {
        let words: BTreeSet<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(
            words,
            taken_by(&mut owner, constraint).await,
            "{constraint}"
        );
    }
}
