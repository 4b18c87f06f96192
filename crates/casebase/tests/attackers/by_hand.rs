//! What a walk by chance doesn't look at: the whole answer, status, headers and body.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    desk::Desk,
    model::{Id, Who},
};

const PREFER: [&str; 4] = [
    "count=exact",
    "return=representation,count=exact",
    "resolution=merge-duplicates",
    "resolution=ignore-duplicates",
];

/// A case of Other Ltd's that is open, one that is resolved, and one that isn't there: ids of one length, so that
/// lengths may be compared.
async fn unseen(desk: &mut Desk) -> [Id; 3] {
    let client = desk.clients[1];
    let ids = [900_000_001, 900_000_002, 900_000_003];
    for (id, status) in [(ids[0], "open"), (ids[1], "resolved")] {
        let sql = format!(
            "insert into cases (id, client_id, title, status) overriding system value
             values ({id}, '{client}', 'A secret', '{status}') on conflict (id) do nothing"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut desk.owner)
            .await
            .expect("the owner may");
    }
    ids
}

/// Calls about the case `{}`, as method, path and body.
fn attempts() -> Vec<(Method, &'static str, Option<Value>)> {
    let file = json!({
        "case_id": "{}", "file_name": "CASE-1-1634567890-x.txt", "original_name": "x", "content_type": "text/plain",
        "file_size": 1,
    });
    vec![
        (Method::GET, "cases?id=eq.{}", None),
        (Method::GET, "cases?case_id=eq.CASE-{}", None),
        (
            Method::GET,
            "cases?or=(id.eq.{},title.eq.A secret)&select=*,clients(*),departments(*)",
            None,
        ),
        (
            Method::GET,
            "clients?select=id,cases!inner(id)&cases.id=eq.{}",
            None,
        ),
        (
            Method::GET,
            "party_types?select=code,interactions!interactions_party1_type_fkey!inner(id)&interactions.case_id=eq.{}",
            None,
        ),
        (
            Method::GET,
            "interactions?case_id=eq.{}&order=cases(title)&select=*,cases(*)",
            None,
        ),
        (
            Method::PATCH,
            "cases?id=eq.{}",
            Some(json!({"status": "no such status"})),
        ),
        (Method::DELETE, "cases?id=eq.{}", None),
        (
            Method::POST,
            "cases?on_conflict=id",
            Some(json!({"id": "{}", "title": "mine"})),
        ),
        (
            Method::POST,
            "interactions",
            Some(json!({"case_id": "{}", "content": ""})),
        ),
        (
            Method::POST,
            "interactions",
            Some(json!({"case_id": "{}", "content": "c", "party1_type": "NOBODY"})),
        ),
        (
            Method::POST,
            "internal_notes",
            Some(json!({"case_id": "{}", "content": "c"})),
        ),
        (
            Method::POST,
            "case_internal?on_conflict=case_id",
            Some(json!({"case_id": "{}", "tags": ["x"]})),
        ),
        (
            Method::PUT,
            "case_internal?case_id=eq.{}",
            Some(json!({"case_id": "{}", "tags": ["x"], "metadata": {}})),
        ),
        (Method::POST, "case_files", Some(file)),
        (
            Method::POST,
            "rpc/reopen_case",
            Some(json!({"case_id": "{}"})),
        ),
        (
            Method::POST,
            "rpc/escalate_case",
            Some(json!({"case_id": "{}", "reason": "r"})),
        ),
        (
            Method::POST,
            "rpc/take_case",
            Some(json!({"case_id": "{}"})),
        ),
        (
            Method::PATCH,
            "cases?id=in.(1,{})",
            Some(json!({"title": " "})),
        ),
        (
            Method::POST,
            "rpc/hand_over_case",
            Some(json!({"case_id": "{}", "to_department": null})),
        ),
        (
            Method::POST,
            "rpc/case_people",
            Some(json!({"case_id": "{}"})),
        ),
        (Method::GET, "rpc/case_timeline?case_id={}", None),
        (Method::GET, "rpc/list_interactions?case_id={}", None),
        (Method::GET, "rpc/reopen_case?case_id={}", None),
    ]
}

/// The different answers to a call about each of the cases, their ids aside.
async fn answers(
    desk: &Desk,
    who: Who,
    (method, path, body): &(Method, &'static str, Option<Value>),
    prefer: &str,
    ids: [Id; 3],
) -> BTreeSet<String> {
    let mut answers = BTreeSet::new();
    for id in ids {
        let id = id.to_string();
        let fill = |text: &str| text.replace("\"{}\"", &id).replace("{}", &id);
        let body = body.as_ref().map(|body| fill(&body.to_string()));
        let caller = &desk.callers[&who];
        let answer = caller
            .answer(method.clone(), &fill(path), prefer, body)
            .await;
        answers.insert(answer.replace(&id, "…"));
    }
    answers
}

#[tokio::test]
async fn a_case_that_is_not_theirs_answers_like_one_that_is_not_there() {
    let mut desk = Desk::new().await;
    let ids = unseen(&mut desk).await;
    for attempt in attempts() {
        for prefer in PREFER {
            for who in [Who::Carla, Who::Dora, Who::Asta, Who::Nemo, Who::Anon] {
                let answers = answers(&desk, who, &attempt, prefer, ids).await;
                assert_eq!(
                    answers.len(),
                    1,
                    "{who:?} {attempt:?} ({prefer}): {answers:#?}"
                );
            }
        }
    }
    // The same calls do tell something to who may know.
    let mut telling = 0;
    for attempt in attempts() {
        telling += usize::from(
            answers(&desk, Who::Otto, &attempt, PREFER[0], ids)
                .await
                .len()
                > 1,
        );
    }
    assert!(
        telling > attempts().len() / 2,
        "{telling} calls tell a case's own client something"
    );
}
