//! The gaps of the crate underneath, each with the request that would fall into it.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, header, method, path, query_param},
};

use crate::jwt::TokenError;

use super::*;

/// `{"sub":…,"role":"authenticated","exp":…}`, signed by nobody.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3ZjBjOWQwZS0yZjdlLTRjNTMtOWE0ZS02ZjBhM2E0YTdhMTAiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln";

fn user() -> UserToken {
    UserToken::issued(TOKEN).unwrap()
}

fn client(server: &MockServer) -> PostgrestClient {
    client_that_waits(server, Duration::from_secs(60))
}

fn client_that_waits(server: &MockServer, timeout: Duration) -> PostgrestClient {
    let url = Url::parse(&server.uri()).unwrap();
    let key = AnonKey::new("sb_publishable_x").unwrap();
    PostgrestClient::with_timeout(&url, &key, timeout).unwrap()
}

async fn answering(answer: ResponseTemplate) -> (MockServer, PostgrestClient) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server);
    (server, client)
}

async fn only_request(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn query_of(request: &Request) -> Vec<(String, String)> {
    request.url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn a_select_carries_the_callers_token_and_the_projects_key() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/rest/v1/cases"))
        .and(query_param("select", "id,case_id"))
        .and(query_param("case_id", "eq.CASE-0001"))
        .and(header("authorization", format!("Bearer {TOKEN}")))
        .and(header("apikey", "sb_publishable_x"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([{"id": 1}])))
        .mount(&server)
        .await;
    let query = client(&server).from("cases", &user());
    let row: Option<Value> = query
        .select("id,case_id")
        .eq("case_id", "CASE-0001")
        .one()
        .await
        .unwrap();
    assert_eq!(row, Some(json!({"id": 1})));
}

#[tokio::test]
async fn names_that_would_leave_their_place_are_refused_and_nothing_is_sent() {
    let (server, db) = answering(ResponseTemplate::new(200)).await;
    for name in ["../auth/v1?x=", "cases?select=*", "", "a,b", "ünï"] {
        let table = db.from(name, &user()).rows::<Value>().await;
        assert!(matches!(table, Err(Error::InvalidName(n)) if n == name));
        let column = db.from("cases", &user()).eq(name, 1).rows::<Value>().await;
        assert!(matches!(column, Err(Error::InvalidName(n)) if n == name));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn values_stay_values_whatever_they_hold() {
    let (server, db) = answering(ResponseTemplate::new(200).set_body_json(json!([]))).await;
    let hostile = "a,b)&id=gt.0\"\\";
    let query = db.from("cases", &user()).eq("title", hostile);
    query.rows::<Value>().await.unwrap();
    assert_eq!(
        query_of(&only_request(&server).await),
        [("title".into(), format!("eq.{hostile}"))]
    );
}

#[tokio::test]
async fn a_page_begins_behind_the_last_row_of_the_one_before() {
    for (after, expected) in [
        (None, vec![("order", "id.asc")]),
        (
            Some("7&id=gt.0"),
            vec![("order", "id.asc"), ("id", "gt.7&id=gt.0")],
        ),
    ] {
        let (server, db) = answering(ResponseTemplate::new(200).set_body_json(json!([]))).await;
        let page = db.from("cases", &user()).page("id", after, 2);
        page.rows::<Value>().await.unwrap();
        let request = only_request(&server).await;
        assert_eq!(request.headers["range"], "0-1");
        let asked = query_of(&request);
        let expected = expected.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        assert_eq!(asked, expected.collect::<Vec<(String, String)>>());
    }
}

#[test]
fn a_refusal_in_a_row_has_the_status_that_postgrest_would_have_given_it() {
    for (code, status) in [
        ("PT409", 409),
        ("42501", 403),
        ("23503", 409),
        ("23514", 400),
        ("P0001", 400),
    ] {
        let row = json!({"code": code, "message": "no", "details": "d", "hint": null});
        let refused: Refused = serde_json::from_value(row).unwrap();
        let error = Error::from(refused);
        let refusal = error.api().unwrap();
        assert_eq!((refusal.status, &*refusal.code), (status, code));
        assert_eq!(
            (&*refusal.message, refusal.details.as_deref()),
            ("no", Some("d"))
        );
    }
}

#[tokio::test]
async fn an_insert_gives_the_row_back() {
    let answer = ResponseTemplate::new(201).set_body_json(json!([{"id": 7}]));
    let (server, db) = answering(answer).await;
    let row: Value = db
        .from("cases", &user())
        .insert(&json!({"title": "x"}))
        .await
        .unwrap();
    assert_eq!(row["id"], 7);
    let request = only_request(&server).await;
    assert_eq!(request.headers["prefer"], "return=representation");
    assert_eq!(request.body_json::<Value>().unwrap(), json!({"title": "x"}));
}

#[tokio::test]
async fn a_refusal_is_an_error_with_postgrests_words() {
    let body = json!({
        "code": "23505", "hint": null, "details": "Key (object_path)=(x) already exists.",
        "message": "duplicate key value violates unique constraint \"case_files_object_path_key\"",
    });
    let (_server, db) = answering(ResponseTemplate::new(409).set_body_json(body)).await;
    let insert = db
        .from("case_files", &user())
        .insert::<Value>(&json!({}))
        .await;
    let error = insert.unwrap_err();
    let refusal = error.api().unwrap();
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "23505"));
    assert!(refusal.details.as_ref().unwrap().contains("object_path"));
}

#[tokio::test]
async fn a_token_that_is_not_taken_any_more_is_told_from_other_refusals() {
    let gone = "insert or update on table \"case_files\" violates foreign key constraint \"case_files_uploaded_by_fkey\"";
    let no_user = "Key (uploaded_by)=(x) is not present in table \"users\".";
    for (status, code, message, details, expected) in [
        (
            401,
            "PGRST303",
            "JWT expired",
            "",
            Some(TokenError::Expired),
        ),
        (401, "42501", "permission denied for table cases", "", None),
        (401, "", "Invalid API key", "", None),
        (409, "23503", gone, no_user, Some(TokenError::Ended)),
        (
            409,
            "23503",
            gone,
            "Key (case_id)=(1) is not present in table \"cases\".",
            None,
        ),
    ] {
        let body = json!({"code": code, "message": message, "details": details, "hint": null});
        let answer = ResponseTemplate::new(status).set_body_json(body);
        let (_server, db) = answering(answer).await;
        let refused = db.from("cases", &user()).rows::<Value>().await.unwrap_err();
        let told = match refused {
            Error::Token(token) => Some(token),
            Error::Api(_) => None,
            other => panic!("{other}"),
        };
        assert_eq!(told, expected, "{code}: {message}");
    }
}

#[tokio::test]
async fn a_gateways_error_page_is_not_taken_for_an_answer() {
    let (_server, db) = answering(ResponseTemplate::new(502).set_body_string("<html>")).await;
    let rows = db.from("cases", &user()).rows::<Value>().await;
    assert!(matches!(
        rows,
        Err(Error::UnexpectedAnswer { status: 502, .. })
    ));
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let silence = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    let (server, _) = answering(silence).await;
    let db = client_that_waits(&server, Duration::from_millis(300));
    let rows = db.from("cases", &user()).rows::<Value>().await;
    assert!(matches!(rows, Err(Error::Timeout)));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let key = AnonKey::new("sb_publishable_x").unwrap();
    let url = Url::parse("http://127.0.0.1:9").unwrap();
    let db = PostgrestClient::new(&url, &key).unwrap();
    let rows = db.from("cases", &user()).rows::<Value>().await;
    let public = db.from_public("cases").rows::<Value>().await;
    for error in [rows.unwrap_err(), public.unwrap_err()] {
        let said = error.to_string();
        assert!(matches!(error, Error::Unreachable(_)), "{said}");
        assert!(said.contains("refused"), "why is left out: {said}");
        assert!(!said.contains("127.0.0.1:9"), "the URL is said: {said}");
    }
}

/// Every other test here is over `http:`, so none of them would pass if it were this client that sends.
#[tokio::test]
async fn the_client_in_the_crates_builder_can_send_nothing() {
    let (server, db) = answering(ResponseTemplate::new(200)).await;
    let sent = db.transport.builder(&server.uri()).execute().await;
    assert!(sent.is_err());
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_change_is_sent_as_the_crate_built_it() {
    let answer = ResponseTemplate::new(200).set_body_json(json!([]));
    let (server, db) = answering(answer).await;
    let query = db.from("cases", &user()).eq("case_id", "CASE-0001");
    let changed: Vec<Value> = query.update(&json!({"title": "Größe"})).await.unwrap();
    assert_eq!(changed, Vec::<Value>::new());
    let request = only_request(&server).await;
    assert_eq!(request.method.as_str(), "PATCH");
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["prefer"], "return=representation");
    assert_eq!(request.headers["apikey"], "sb_publishable_x");
    assert_eq!(request.body, r#"{"title":"Größe"}"#.as_bytes());
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let elsewhere = MockServer::start().await;
    let answer = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    let (_server, db) = answering(answer).await;
    let rows = db.from("cases", &user()).rows::<Value>().await;
    assert!(matches!(
        rows,
        Err(Error::UnexpectedAnswer { status: 307, .. })
    ));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_function_without_a_result_answers_nothing() {
    let (server, db) = answering(ResponseTemplate::new(204)).await;
    let call = db.rpc("escalate_case", &user());
    call.call::<()>(&json!({"case_id": 1})).await.unwrap();
    let request = only_request(&server).await;
    assert_eq!(request.url.path(), "/rest/v1/rpc/escalate_case");
}

#[test]
fn a_key_with_a_line_break_is_refused() {
    assert_eq!(AnonKey::new("a\nb"), Err(SettingError::Key));
}
