//! The service over HTTP, its Supabase played by a mock: who is let in, what is refused, and how.
#![expect(clippy::unwrap_used)]

use std::net::SocketAddr;

use casebase_server::{Config, Service};
use jsonwebtoken::{EncodingKey, Header, get_current_timestamp};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, multipart};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, path_regex},
};

const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";
const USER: &str = "7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10";

/// A running service and its mocked Supabase.
struct World {
    supabase: MockServer,
    address: SocketAddr,
    http: Client,
    _stop: DropGuard,
}

impl World {
    async fn new(mocks: Vec<Mock>) -> Self {
        Self::with(mocks, &[]).await
    }

    /// With other settings than usual; an empty one counts as not set.
    async fn with(mocks: Vec<Mock>, settings: &[(&str, &str)]) -> Self {
        let supabase = MockServer::start().await;
        for mock in mocks {
            mock.mount(&supabase).await;
        }
        let url = supabase.uri();
        let other = |name| settings.iter().find(|(other, _)| *other == name);
        let config = Config::from_variables(|name| match name {
            _ if other(name).is_some() => other(name).map(|(_, value)| (*value).to_owned()),
            "SUPABASE_URL" => Some(url.clone()),
            "SUPABASE_ANON_KEY" => Some("sb_publishable_x".into()),
            "SUPABASE_JWT_SECRET" => Some(SECRET.into()),
            // Nobody listens there: what these tests do needs no verification.
            "CASEBASE_DATABASE_URL" => {
                Some("postgresql://casebase_worker@127.0.0.1:9/postgres".into())
            }
            "CASEBASE_MAX_FILE_BYTES" => Some("1000000".into()),
            _ => None,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let service = Service::new(&config.unwrap()).unwrap();
        tokio::spawn(service.serve(listener, stop.clone()));
        Self {
            supabase,
            address,
            http: Client::new(),
            _stop: stop.drop_guard(),
        }
    }

    fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("http://{}{path}", self.address))
    }

    fn user(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(token(60, SECRET))
    }

    /// What reached Supabase and would change something there.
    async fn changes(&self) -> usize {
        let requests = self.supabase.received_requests().await.unwrap();
        requests
            .iter()
            .filter(|r| r.method.as_str() != "GET")
            .count()
    }
}

fn token(lives: i64, secret: &str) -> String {
    let now = get_current_timestamp().cast_signed();
    let claims = json!({"sub": USER, "role": "authenticated", "exp": now + lives});
    jsonwebtoken::encode(
        &Header::default(),
        &claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

async fn error(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["error"].clone())
}

fn rows(table: &str, rows: Value) -> Mock {
    let answer = ResponseTemplate::new(200).set_body_json(rows);
    Mock::given(method("GET"))
        .and(path(format!("/rest/v1/{table}")))
        .respond_with(answer)
}

/// What `rpc/find_case` answers to its number.
fn the_case(row: &Value) -> Mock {
    let asked = wiremock::matchers::body_json(json!({"case_id": row["case_id"]}));
    let found = ResponseTemplate::new(200).set_body_json(row);
    let find = Mock::given(path("/rest/v1/rpc/find_case")).and(asked);
    find.respond_with(found)
}

/// What `rpc/update_cases` says of one case.
fn outcome(of_one: Value) -> Mock {
    let outcomes = ResponseTemplate::new(200).set_body_json(json!([of_one]));
    Mock::given(path("/rest/v1/rpc/update_cases")).respond_with(outcomes)
}

/// A reservation that names a case or an interaction that is not there: the argument's name.
fn no_such(argument: &str) -> Mock {
    let refusal =
        json!({"code": "PT404", "message": "there is none", "details": argument, "hint": null});
    Mock::given(path("/rest/v1/rpc/reserve_case_file"))
        .respond_with(ResponseTemplate::new(404).set_body_json(refusal))
}

const UPLOAD: &str = "/v1/cases/CASE-0001/files";

#[tokio::test]
async fn a_request_without_a_good_token_is_challenged() {
    let world = World::new(vec![]).await;
    let get = || world.anonymous(Method::GET, "/v1/files/1");
    for (request, code, challenge) in [
        (get(), "missing_token", "Bearer realm=\"casebase\""),
        (
            get().header("authorization", "Basic eDp5"),
            "missing_token",
            "Bearer realm=\"casebase\"",
        ),
        (
            get().bearer_auth("abc"),
            "invalid_token",
            "error=\"invalid_token\"",
        ),
        (
            get().bearer_auth(token(60, "another project's")),
            "invalid_token",
            "does not match",
        ),
        (
            get().bearer_auth(token(-35, SECRET)),
            "expired_token",
            "the token has expired",
        ),
    ] {
        let answer = request.send().await.unwrap();
        let challenged = answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(challenged.contains(challenge), "{challenged}");
        let (status, error) = error(answer).await;
        assert_eq!((status, error["code"].as_str().unwrap()), (401, code));
    }
    assert!(world.supabase.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_that_postgrest_or_storage_takes_no_more_is_challenged_and_not_forbidden() {
    let over = json!({"code": "PGRST303", "message": "JWT expired", "details": null, "hint": null});
    let over = ResponseTemplate::new(401).set_body_json(over);
    let in_postgrest = Mock::given(path("/rest/v1/case_files")).respond_with(over);
    let over = json!({"statusCode": "403", "error": "Unauthorized", "code": "AccessDenied",
        "message": "\"exp\" claim timestamp check failed"});
    let over = ResponseTemplate::new(400).set_body_json(over);
    let over = Mock::given(path_regex("^/storage/v1/object/")).respond_with(over);
    let mut in_storage = vec![over];
    in_storage.extend(the_file(Value::Null));
    for mocks in [vec![in_postgrest], in_storage] {
        let world = World::new(mocks).await;
        let answer = world.user(Method::GET, "/v1/files/1").send().await.unwrap();
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        let (status, error) = error(answer).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            (401, "expired_token")
        );
    }
}

#[tokio::test]
async fn a_key_that_the_gateway_does_not_take_is_not_the_callers_fault() {
    let refused = ResponseTemplate::new(401).set_body_json(json!({"message": "Invalid API key"}));
    let world = World::new(vec![
        Mock::given(path("/rest/v1/rpc/list_cases")).respond_with(refused),
    ])
    .await;
    let answer = world.user(Method::GET, "/v1/cases").send().await.unwrap();
    assert_eq!(error(answer).await.0, 502);
}

#[tokio::test]
async fn the_callers_own_token_goes_to_postgrest() {
    let token = token(60, SECRET);
    let mine = Mock::given(path("/rest/v1/rpc/list_cases"))
        .and(header("authorization", format!("Bearer {token}")));
    let none = json!({"cases": [], "next_cursor": null, "total": 0, "total_is_exact": true});
    let page = ResponseTemplate::new(200).set_body_json(&none);
    let world = World::new(vec![mine.respond_with(page)]).await;
    let request = world.anonymous(Method::GET, "/v1/cases").bearer_auth(token);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer, none);
}

#[tokio::test]
async fn a_case_that_is_missing_invisible_or_misspelt_is_not_found() {
    let nothing = vec![no_such("case_number"), rows("case_files", json!([]))];
    let world = World::new(nothing).await;
    for case in ["CASE-0001", "1", "CASE1", "nonsense", "..%2F..%2Fx"] {
        let request = world.user(Method::POST, &format!("/v1/cases/{case}/files?name=a.txt"));
        let (status, error) = error(request.body("text").send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            (404, "case_not_found")
        );
    }
    for file in ["1", "x", "99999999999999999999"] {
        let request = world.user(Method::GET, &format!("/v1/files/{file}"));
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::NOT_FOUND
        );
    }
    // The two that are spelt like cases were asked for.
    assert_eq!(world.changes().await, 2);
}

#[tokio::test]
async fn a_case_is_the_same_under_both_prefixes_and_however_it_is_written() {
    let row = json!({"id": 6, "case_id": "CASE-0006", "version": 1});
    let open = Mock::given(method("POST")).and(path("/rest/v1/cases"));
    let open = open.respond_with(ResponseTemplate::new(201).set_body_json(json!([row])));
    let mut mocks = vec![open, rows("cases", json!([row]))];
    mocks.push(the_case(&row));
    mocks.push(outcome(json!({"id": 6, "result": "done", "error": null})));
    let world = World::new(mocks).await;
    let status = json!({"status": "resolved"});
    for prefix in ["/v1/cases", "/api/cases"] {
        for case in ["CASE-0006", "case-6", "6"] {
            let path = format!("{prefix}/{case}");
            let get = world.user(Method::GET, &path).send().await.unwrap();
            assert_eq!(get.json::<Value>().await.unwrap(), row, "{path}");
            let patch = world.user(Method::PATCH, &path).json(&status);
            assert_eq!(patch.send().await.unwrap().status(), 200, "{path}");
        }
        let new = json!({"client_id": USER, "title": "t"});
        let new = world.user(Method::POST, prefix).json(&new).send();
        let new = new.await.unwrap();
        assert_eq!(new.status(), 201);
        assert_eq!(new.headers()["location"], format!("{prefix}/CASE-0006"));
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_upload_is_named_and_nothing_is_reserved() {
    let world = World::new(vec![no_such("interaction_id")]).await;
    for (path, body, expected) in [
        (UPLOAD, "text", (422, "missing_name", "name")),
        (
            &format!("{UPLOAD}?name=a%00.txt"),
            "text",
            (422, "invalid_name", "name"),
        ),
        (
            &format!("{UPLOAD}?name=Gr%F6%DFe.pdf"),
            "text",
            (422, "invalid_query", ""),
        ),
        (
            &format!("{UPLOAD}?name=a.txt"),
            "",
            (422, "empty_file", "file"),
        ),
        (
            &format!("{UPLOAD}?name=a.pdf"),
            "text",
            (422, "content_refused", "file"),
        ),
        (
            &format!("{UPLOAD}?name=a.txt&interaction_id=9"),
            "text",
            (422, "interaction_not_found", "interaction_id"),
        ),
        (
            &format!("{UPLOAD}?name=a.txt&interaction_id=x"),
            "text",
            (422, "invalid_field", "interaction_id"),
        ),
        (
            &format!("{UPLOAD}?name=a.txt&visible_to_client=maybe"),
            "text",
            (422, "invalid_field", "visible_to_client"),
        ),
        (
            &format!("{UPLOAD}?name=a.txt"),
            &"a".repeat(1_000_001),
            (413, "file_too_large", "file"),
        ),
    ] {
        let request = world.user(Method::POST, path).body(body.to_owned());
        let (status, error) = error(request.send().await.unwrap()).await;
        let got = (
            status,
            error["code"].as_str().unwrap(),
            error["field"].as_str().unwrap_or_default(),
        );
        assert_eq!(got, expected, "{error}");
    }
    // The interaction was asked for, with the reservation.
    assert_eq!(world.changes().await, 1);
}

#[tokio::test]
async fn a_misspelt_parameter_of_an_upload_is_refused_and_not_ignored() {
    let world = World::new(vec![]).await;
    let path = format!("{UPLOAD}?name=a.txt&visible_to_clients=false");
    let request = world.user(Method::POST, &path).body("text");
    let (status, error) = error(request.send().await.unwrap()).await;
    assert_eq!(
        (status, error["code"].as_str().unwrap()),
        (422, "invalid_query")
    );
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`visible_to_clients`") && message.contains("`visible_to_client`"),
        "{message}"
    );
    assert_eq!(world.changes().await, 0);
}

#[tokio::test]
async fn a_name_in_the_query_counts_for_a_form_too() {
    let world = World::new(vec![]).await;
    for part in [
        multipart::Part::text("text"),
        multipart::Part::text("text").file_name("a.txt"),
    ] {
        let form = multipart::Form::new().part("file", part);
        let request = world.user(Method::POST, &format!("{UPLOAD}?name=a.pdf"));
        let (status, error) = error(request.multipart(form).send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            (422, "content_refused"),
            "the text is taken for what its own name says: {error}"
        );
    }
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_in_the_shape_of_all_refusals() {
    let world = World::new(vec![]).await;
    for (method, path) in [
        (Method::GET, "/v1/files/%FF"),
        (Method::DELETE, "/v1/files/%FF"),
        (Method::POST, "/v1/files/%FF/verify"),
        (Method::POST, "/v1/cases/%FF/files"),
        (Method::GET, "/v1/cases/%FF"),
        (Method::PATCH, "/v1/cases/%FF"),
    ] {
        let (status, error) = error(world.user(method, path).send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            (400, "invalid_path"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_form_is_read_part_by_part_and_its_faults_are_named() {
    let world = World::new(vec![no_such("interaction_id")]).await;
    let file = || multipart::Part::text("text").file_name("a.txt");
    for (form, expected) in [
        (multipart::Form::new().text("x", "y"), (422, "missing_file")),
        (
            multipart::Form::new()
                .text("interaction_id", "x")
                .part("file", file()),
            (422, "invalid_field"),
        ),
        (
            multipart::Form::new()
                .text("interaction_id", "9")
                .part("file", file()),
            (422, "interaction_not_found"),
        ),
        (
            multipart::Form::new()
                .part("file", file())
                .text("interaction_id", "9"),
            (422, "file_not_last"),
        ),
        (
            multipart::Form::new().part("file", multipart::Part::text("").file_name("a.txt")),
            (422, "empty_file"),
        ),
        (
            multipart::Form::new().part("file", multipart::Part::text("text")),
            (422, "missing_name"),
        ),
        (
            multipart::Form::new()
                .part("file", file())
                .part("file", file()),
            (422, "second_file"),
        ),
        (
            multipart::Form::new()
                .part("other", file())
                .part("file", file()),
            (422, "second_file"),
        ),
        (
            multipart::Form::new().part("files[]", file()),
            (422, "missing_file"),
        ),
    ] {
        let request = world.user(Method::POST, UPLOAD).multipart(form);
        let (status, error) = error(request.send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            expected,
            "{error}"
        );
    }
    // The interaction was asked for, with the reservation.
    assert_eq!(world.changes().await, 1);
}

#[tokio::test]
async fn a_body_cut_off_half_way_is_an_error_and_reserves_nothing() {
    let world = World::new(vec![]).await;
    let mut connection = TcpStream::connect(world.address).await.unwrap();
    let token = token(60, SECRET);
    let head = format!(
        "POST {UPLOAD}?name=a.txt HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 100\r\n\r\nhalf"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("upload_interrupted"),
        "{answer}"
    );
    assert_eq!(world.changes().await, 0);
}

#[tokio::test]
async fn refusals_of_row_level_security_are_403_and_never_500() {
    let message = "new row violates row-level security policy for table \"cases\"";
    let refused =
        ResponseTemplate::new(403).set_body_json(json!({"code": "42501", "message": message}));
    let refused = Mock::given(method("POST"))
        .and(path("/rest/v1/cases"))
        .respond_with(refused);
    let world = World::new(vec![refused]).await;
    let new = json!({"client_id": USER, "title": "t"});
    let answer = world
        .user(Method::POST, "/v1/cases")
        .json(&new)
        .send()
        .await
        .unwrap();
    let (status, error) = error(answer).await;
    assert_eq!(
        (status, error),
        (
            403,
            json!({"code": "not_allowed", "message": "you may not do this"})
        )
    );
}

/// A world in which an upload is reserved, and Storage gives this answer to its bytes.
async fn storage_answers(answer: ResponseTemplate) -> World {
    let mut row = the_row(Value::Null);
    row["state"] = json!("pending");
    let rows = ResponseTemplate::new(200).set_body_json(json!([row]));
    let rows = Mock::given(path("/rest/v1/case_files")).respond_with(rows);
    let reserved = json!({"file": row, "size_limit": null});
    let reserved = ResponseTemplate::new(200).set_body_json(reserved);
    let reserved = Mock::given(path("/rest/v1/rpc/reserve_case_file")).respond_with(reserved);
    let object = Mock::given(path_regex("^/storage/v1/object/")).respond_with(answer);
    World::new(vec![reserved, rows, object]).await
}

#[tokio::test]
async fn what_storage_does_not_let_somebody_do_is_403_and_a_storage_that_is_away_503() {
    let denied = json!({"statusCode": "403", "error": "Unauthorized", "code": "AccessDenied",
        "message": "new row violates row-level security policy"});
    for (answer, status, code, retry) in [
        (
            ResponseTemplate::new(400).set_body_json(denied),
            403,
            "not_allowed",
            false,
        ),
        (ResponseTemplate::new(503), 503, "storage_unavailable", true),
        (ResponseTemplate::new(500), 503, "storage_unavailable", true),
        (ResponseTemplate::new(429), 503, "storage_unavailable", true),
    ] {
        let world = storage_answers(answer).await;
        let upload = world.user(Method::POST, &format!("{UPLOAD}?name=a.txt"));
        let answer = upload.body("text").send().await.unwrap();
        assert_eq!(answer.headers().contains_key("retry-after"), retry);
        let (got, error) = error(answer).await;
        assert_eq!((got, error["code"].as_str().unwrap()), (status, code));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("Storage"), "{message}");
        assert!(!message.contains("row-level"), "{message}");
    }
}

/// What the database says to whoever comes with a key.
fn turn(told: Value) -> Mock {
    let answer = ResponseTemplate::new(200).set_body_json(told);
    Mock::given(path("/rest/v1/rpc/claim_idempotency_key")).respond_with(answer)
}

const CLAIM: &str = "11111111-2222-4333-8444-555555555555";

/// What was called at last, and with what.
async fn last_call(world: &World) -> (String, Value) {
    let requests = world.supabase.received_requests().await.unwrap();
    let last = requests.last().unwrap();
    (last.url.path().to_owned(), last.body_json().unwrap())
}

#[tokio::test]
async fn a_request_with_a_key_is_done_under_its_claim_and_its_answer_is_kept() {
    let row = json!({"id": 6, "case_id": "CASE-0006"});
    let open = Mock::given(path("/rest/v1/cases")).and(header("casebase-claim", CLAIM));
    let open = open.respond_with(ResponseTemplate::new(201).set_body_json(json!([row])));
    let mine = turn(json!({"turn": "mine", "claim": CLAIM, "made_id": null}));
    let kept = ResponseTemplate::new(200).set_body_json(true);
    let kept = Mock::given(path("/rest/v1/rpc/answer_idempotency_key")).respond_with(kept);
    let world = World::new(vec![open, mine, kept]).await;
    let new = json!({"client_id": USER, "title": "t"});
    let request = world.user(Method::POST, "/v1/cases").json(&new);
    let answer = request.header("idempotency-key", "\"abc\"").send().await;
    assert_eq!(answer.unwrap().status(), 201);
    let (called, with) = last_call(&world).await;
    assert_eq!(called, "/rest/v1/rpc/answer_idempotency_key");
    let expected = json!({"claim": CLAIM, "status": 201, "location": "/v1/cases/CASE-0006",
        "body": row.to_string(), "content": null});
    assert_eq!(with, expected);
    let requests = world.supabase.received_requests().await.unwrap();
    let claimed: Value = requests[0].body_json().unwrap();
    assert_eq!(claimed["key"], "abc");
}

#[tokio::test]
async fn a_request_that_comes_again_hears_what_was_answered_or_why_not() {
    let new = json!({"client_id": USER, "title": "t"});
    let answered = json!({"turn": "answered", "status": 201, "location": "/api/cases/CASE-0006",
        "body": "{\"id\":6}", "content": null});
    let world = World::new(vec![turn(answered)]).await;
    let ask = || world.user(Method::POST, "/v1/cases").json(&new);
    let again = ask().header("idempotency-key", "abc").send().await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()["location"], "/api/cases/CASE-0006");
    assert_eq!(again.headers()["content-type"], "application/json");
    assert_eq!(again.text().await.unwrap(), "{\"id\":6}");
    for (told, status, code, retry) in [
        (json!({"turn": "running"}), 409, "request_running", true),
        (
            json!({"turn": "other"}),
            422,
            "idempotency_key_reused",
            false,
        ),
    ] {
        let world = World::new(vec![turn(told)]).await;
        let again = world.user(Method::POST, "/v1/cases").json(&new);
        let again = again.header("idempotency-key", "abc").send().await.unwrap();
        assert_eq!(again.headers().contains_key("retry-after"), retry);
        let (got, error) = error(again).await;
        assert_eq!((got, error["code"].as_str().unwrap()), (status, code));
    }
    for path in [
        "/v1/cases",
        &format!("{UPLOAD}?name=a.txt"),
        "/v1/files/1/verify",
    ] {
        let request = world
            .user(Method::POST, path)
            .header("idempotency-key", "a b");
        let (status, error) = error(request.json(&new).send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            (400, "invalid_idempotency_key"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_request_that_fails_lets_go_of_its_key() {
    let refused = json!({"code": "42501", "message": "new row violates row-level security policy"});
    let away = ResponseTemplate::new(503);
    for (answer, status) in [
        (ResponseTemplate::new(403).set_body_json(refused), 403),
        (away, 503),
    ] {
        let failing = Mock::given(path("/rest/v1/cases")).respond_with(answer);
        let mine = turn(json!({"turn": "mine", "claim": CLAIM, "made_id": null}));
        let world = World::new(vec![failing, mine]).await;
        let new = json!({"client_id": USER, "title": "t"});
        let request = world.user(Method::POST, "/v1/cases").json(&new);
        let answer = request
            .header("idempotency-key", "abc")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
        // Whatever was made, asking again is safe.
        assert_eq!(answer.headers().contains_key("retry-after"), status == 503);
        let (called, with) = last_call(&world).await;
        assert_eq!(called, "/rest/v1/rpc/release_idempotency_key");
        assert_eq!(with, json!({"claim": CLAIM}));
    }
}

#[tokio::test]
async fn refusals_of_the_database_keep_its_sentence_and_hint() {
    let refusal = json!({"code": "23514", "message": "a title has 1 to 200 characters", "hint": "Shorten it.", "details": null});
    let refused = ResponseTemplate::new(400).set_body_json(refusal);
    let refused = Mock::given(method("POST"))
        .and(path("/rest/v1/cases"))
        .respond_with(refused);
    let world = World::new(vec![refused]).await;
    let new = json!({"client_id": USER, "title": ""});
    let answer = world
        .user(Method::POST, "/v1/cases")
        .json(&new)
        .send()
        .await
        .unwrap();
    let (status, error) = error(answer).await;
    assert_eq!(status, 422);
    assert_eq!(error["message"], "a title has 1 to 200 characters");
    assert_eq!(error["hint"], "Shorten it.");
}

#[tokio::test]
async fn a_refusal_keeps_its_status_and_a_project_without_our_tables_is_no_missing_case() {
    for (status, code, expected) in [
        (404, "PGRST205", (502, "database_error")),
        (404, "PGRST202", (502, "database_error")),
        (404, "42P01", (502, "database_error")),
        (404, "42883", (502, "database_error")),
        (404, "PT404", (404, "case_not_found")),
        (403, "PT403", (403, "not_allowed")),
        (409, "PT409", (409, "conflict")),
        (429, "PT429", (429, "too_many")),
        (406, "PGRST116", (404, "not_found")),
    ] {
        let refusal = json!({"code": code, "message": "no"});
        let refused = Mock::given(path("/rest/v1/rpc/find_case"))
            .respond_with(ResponseTemplate::new(status).set_body_json(refusal));
        let world = World::new(vec![refused]).await;
        let request = world.user(Method::GET, "/v1/cases/CASE-0001");
        let (status, error) = error(request.send().await.unwrap()).await;
        let got = (status, error["code"].as_str().unwrap());
        assert_eq!(got, expected, "{code}");
    }
}

#[tokio::test]
async fn a_change_of_a_case_that_is_refused_says_why() {
    let row = json!({"id": 1, "case_id": "CASE-0001", "version": 7});
    let now = json!({"id": 1, "case_id": "CASE-0001", "version": 8, "title": "theirs"});
    let rls = "new row violates row-level security policy for table \"cases\"";
    let stage = "there is no stage x";
    for (error_of_one, expected, message) in [
        (
            json!({"code": "42501", "message": rls, "details": null, "hint": null}),
            (403, "not_allowed"),
            "you may not do this",
        ),
        (
            json!({"code": "PT409", "message": "a case that is closed can't become waiting",
                   "details": null, "hint": "Only an admin opens it again."}),
            (409, "conflict"),
            "a case that is closed can't become waiting",
        ),
        (
            json!({"code": "22023", "message": stage, "details": null, "hint": null}),
            (422, "refused_by_database"),
            stage,
        ),
        (
            json!({"code": "PT409", "message": "version 7 was changed meanwhile: it is version 8 now",
                   "details": now.to_string(), "hint": null}),
            (412, "changed_meanwhile"),
            "the case has changed since it was read: this is no change of what it is now",
        ),
    ] {
        let refused = json!({"id": 1, "result": "refused", "error": error_of_one, "events": null});
        let world = World::new(vec![the_case(&row), outcome(refused)]).await;
        let request = world.user(Method::PATCH, "/v1/cases/1");
        let request = request.header("if-match", "\"1.7\"");
        let answer = request.json(&json!({"stage": "x"})).send().await.unwrap();
        let etag = answer.headers().get("etag").cloned();
        let (status, error) = error(answer).await;
        assert_eq!((status, error["code"].as_str().unwrap()), expected);
        assert_eq!(error["message"], message);
        assert_eq!(status == 412, error["case"] == now, "{error}");
        assert_eq!(etag.is_some_and(|etag| etag == "\"1.8\""), status == 412);
    }
    let gone = json!({"id": 1, "result": "not_visible", "error": null, "events": null});
    let world = World::new(vec![the_case(&row), outcome(gone)]).await;
    let request = world.user(Method::PATCH, "/v1/cases/1").json(&json!({}));
    let (status, error) = error(request.send().await.unwrap()).await;
    assert_eq!(
        (status, error["code"].as_str().unwrap()),
        (404, "case_not_found")
    );
}

#[tokio::test]
async fn a_change_is_made_from_the_version_that_was_read() {
    let row = json!({"id": 1, "case_id": "CASE-0001", "version": 7});
    let changed = json!({"id": 1, "case_id": "CASE-0001", "version": 8});
    let done = json!({"id": 1, "result": "done", "error": null, "events": [3]});
    let mocks = vec![
        the_case(&row),
        outcome(done),
        rows("cases", json!([changed])),
    ];
    let world = World::new(mocks).await;
    let read = world.user(Method::GET, "/v1/cases/1").send().await.unwrap();
    assert_eq!(read.headers()["etag"], "\"1.7\"");
    let patch = |tag: Option<&str>| {
        let request = world.user(Method::PATCH, "/v1/cases/1");
        let request = request.json(&json!({"stage": null, "metadata": {"n": 1}}));
        tag.into_iter()
            .fold(request, |r, tag| r.header("if-match", tag))
            .send()
    };
    let sent = async || {
        let requests = world.supabase.received_requests().await.unwrap();
        let mut updates = requests
            .iter()
            .filter(|r| r.url.path().ends_with("update_cases"));
        updates.next_back().map(|r| r.body_json::<Value>().unwrap())
    };
    let (status, refused) = error(patch(Some("\"1.6\"")).await.unwrap()).await;
    assert_eq!((status, &refused["case"]), (412, &row));
    let (status, refused) = error(patch(Some("1.7")).await.unwrap()).await;
    assert_eq!((status, refused["field"].as_str()), (400, Some("If-Match")));
    assert_eq!(sent().await, None);
    for (tag, version) in [(Some("\"1.7\""), json!(7)), (None, Value::Null)] {
        let answer = patch(tag).await.unwrap();
        assert_eq!(answer.headers()["etag"], "\"1.8\"");
        assert_eq!(answer.json::<Value>().await.unwrap(), changed);
        let mut changes = json!({"stage": null, "metadata": {"n": 1}});
        if !version.is_null() {
            changes["version"] = version;
        }
        let expected = json!({"ids": [1], "changes": changes, "dry_run": false});
        assert_eq!(sent().await, Some(expected));
    }
}

#[tokio::test]
async fn many_cases_are_changed_as_one_is_with_an_answer_for_each() {
    let outcome_of_one = json!({"id": 1, "result": "done", "error": null, "events": [3]});
    let world = World::new(vec![outcome(outcome_of_one.clone())]).await;
    let many =
        json!({"ids": [1, -1], "changes": {"priority": "low", "add_tags": ["a"]}, "dry_run": true});
    for prefix in ["/v1/cases", "/api/cases"] {
        let answer = world.user(Method::PATCH, prefix).json(&many).send();
        let answer: Value = answer.await.unwrap().json().await.unwrap();
        assert_eq!(answer, json!([outcome_of_one]));
    }
    let sent = world.supabase.received_requests().await.unwrap();
    assert_eq!(sent[0].body_json::<Value>().unwrap(), many);
    for (body, field) in [
        (json!({"ids": [1, "x"], "changes": {}}), "ids[1]"),
        (
            json!({"ids": [1], "changes": {"status": "done"}}),
            "changes.status",
        ),
        (
            json!({"ids": [1], "changes": {"version": 1}}),
            "changes.version",
        ),
        (
            json!({"ids": [1], "changes": {"title": null}}),
            "changes.title",
        ),
    ] {
        let refused = world.user(Method::PATCH, "/v1/cases").json(&body);
        let (status, error) = error(refused.send().await.unwrap()).await;
        assert_eq!(
            (status, error["field"].as_str()),
            (422, Some(field)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_said_and_what_happened_in_a_case_comes_a_page_at_a_time() {
    let row = json!({"id": 6, "case_id": "CASE-0006", "version": 1});
    let page = |function: &str, arguments: Value| {
        Mock::given(path(format!("/rest/v1/rpc/{function}")))
            .and(wiremock::matchers::body_json(arguments))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"of": function})))
    };
    let world = World::new(vec![
        the_case(&row),
        page(
            "list_interactions",
            json!({"case_id": 6, "page_size": 2, "cursor": "c"}),
        ),
        page("case_timeline", json!({"case_id": 6})),
    ])
    .await;
    for prefix in ["/v1/cases", "/api/cases"] {
        for (path, function) in [
            ("6/interactions?page_size=2&cursor=c", "list_interactions"),
            ("case-6/timeline", "case_timeline"),
        ] {
            let asked = world.user(Method::GET, &format!("{prefix}/{path}")).send();
            let answer: Value = asked.await.unwrap().json().await.unwrap();
            assert_eq!(answer, json!({"of": function}));
        }
    }
    for query in ["page_size=0", "page_size=1001", "page_size=", "limit=2"] {
        let path = format!("/v1/cases/6/timeline?{query}");
        let (status, error) = error(world.user(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str()),
            (422, Some("invalid_query"))
        );
    }
}

#[tokio::test]
async fn a_reply_is_written_once_under_its_key() {
    let row = json!({"id": 6, "case_id": "CASE-0006", "version": 1});
    let said = json!({"id": 9, "case_id": 6, "content": "Hello"});
    let mine = ResponseTemplate::new(200)
        .set_body_json(json!({"turn": "mine", "claim": CLAIM, "made_id": null}));
    let insert = Mock::given(path("/rest/v1/interactions"))
        .and(header("casebase-claim", CLAIM))
        .and(wiremock::matchers::body_json(
            json!({"case_id": 6, "content": "Hello"}),
        ));
    let world = World::new(vec![
        the_case(&row),
        Mock::given(path("/rest/v1/rpc/claim_idempotency_key")).respond_with(mine),
        insert.respond_with(ResponseTemplate::new(201).set_body_json(json!([said]))),
        Mock::given(path("/rest/v1/rpc/answer_idempotency_key"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!(true))),
    ])
    .await;
    let reply = world.user(Method::POST, "/v1/cases/6/interactions");
    let reply = reply
        .header("idempotency-key", "k")
        .json(&json!({"content": "Hello"}));
    let answer = reply.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.json::<Value>().await.unwrap(), said);
}

#[tokio::test]
async fn too_much_is_to_be_tried_again_when_there_is_room() {
    let later = (chrono::Utc::now() + chrono::TimeDelta::minutes(30)).to_rfc3339();
    for (details, told) in [
        (json!(later), true),
        (json!(""), false),
        (Value::Null, false),
    ] {
        let refusal = json!({"code": "PT429", "message": "no", "details": details, "hint": null});
        let refused = Mock::given(path("/rest/v1/cases"))
            .respond_with(ResponseTemplate::new(429).set_body_json(refusal));
        let world = World::new(vec![refused]).await;
        let new = json!({"client_id": USER, "title": "t"});
        let answer = world
            .user(Method::POST, "/v1/cases")
            .json(&new)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 429);
        let wait = answer.headers().get("retry-after");
        let wait: Option<u64> = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
        assert_eq!(wait.is_some(), told);
        assert!(
            wait.is_none_or(|wait| (1..=1801).contains(&wait)),
            "{wait:?}"
        );
    }
}

#[tokio::test]
async fn json_that_is_none_or_has_unknown_fields_is_refused_in_the_usual_shape() {
    let world = World::new(vec![]).await;
    let post = || {
        world
            .user(Method::POST, "/v1/cases")
            .header("content-type", "application/json")
    };
    for (body, expected) in [
        ("{", 400),
        ("{}", 422),
        (
            r#"{"client_id":"7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10","title":"t","status":"resolved"}"#,
            422,
        ),
    ] {
        let (status, error) = error(post().body(body).send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            (expected, "invalid_body")
        );
    }
    let (status, error) = error(
        world
            .user(Method::GET, "/v1/cases?page_size=0")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status, error["code"].as_str().unwrap()),
        (422, "invalid_query")
    );
}

#[tokio::test]
async fn a_status_or_priority_that_is_none_is_refused_with_those_that_are() {
    let world = World::new(vec![]).await;
    let new = json!({"client_id": USER, "title": "t", "priority": "now"});
    let statuses = ["status", "`open`", "`in_progress`", "`resolved`"];
    let priorities = ["priority", "`low`", "`medium`", "`high`", "`urgent`"];
    for (request, value, told) in [
        (
            world.user(Method::GET, "/v1/cases?status=in-progress"),
            "`in-progress`",
            &statuses[..],
        ),
        (
            world.user(Method::GET, "/v1/cases?priority=High"),
            "`High`",
            &priorities,
        ),
        (
            world
                .user(Method::PATCH, "/v1/cases/CASE-0001")
                .json(&json!({"status": "done"})),
            "`done`",
            &statuses,
        ),
        (
            world.user(Method::POST, "/v1/cases").json(&new),
            "`now`",
            &priorities,
        ),
    ] {
        let (status, error) = error(request.send().await.unwrap()).await;
        let message = error["message"].as_str().unwrap();
        assert_eq!(status, 422, "{message}");
        assert!(message.contains(value), "{message}");
        for word in told {
            assert!(message.contains(word), "{word}: {message}");
        }
    }
    assert!(world.supabase.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_is_asked_for_in_the_words_of_the_database() {
    let none = json!({"cases": [], "next_cursor": null, "total": null, "total_is_exact": null});
    let asked = Mock::given(path("/rest/v1/rpc/list_cases"));
    let world = World::new(vec![
        asked.respond_with(ResponseTemplate::new(200).set_body_json(&none)),
    ])
    .await;
    let id = USER;
    for (query, expected) in [
        ("", json!({})),
        (
            "?status=open&status=in_progress&priority=urgent&stage=a%2Cb",
            json!({"status": ["open", "in_progress"], "priority": ["urgent"], "stage": ["a,b"]}),
        ),
        (
            "?unassigned=true&overdue=false&tags=a&tags=b&page_size=1&cursor=c&count_up_to=0&with_activity=true&order_by=due_at.asc",
            json!({"unassigned": true, "overdue": false, "tags": ["a", "b"], "page_size": 1, "cursor": "c",
                   "count_up_to": 0, "with_activity": true, "order_by": "due_at.asc"}),
        ),
        (
            "?search=%C3%85rhus%2C%20%22Randers%22%20%5C%20100%25_*%26",
            json!({"search": "Århus, \"Randers\" \\ 100%_*&"}),
        ),
        (
            &format!("?assigned_to={id}&department_id={id}&client_id={id}"),
            json!({"assigned_to": [id], "department_id": [id], "client_id": [id]}),
        ),
        (
            "?created_from=2026-01-01T00:00:00.123456%2B01:00&updated_before=2026-01-02T00:00:00Z&metadata=%7B%22n%22%3A%201.50%7D",
            json!({"created_from": "2025-12-31T23:00:00.123456Z", "updated_before": "2026-01-02T00:00:00Z",
                   "metadata": {"n": 1.5}}),
        ),
    ] {
        let answer = world
            .user(Method::GET, &format!("/api/cases{query}"))
            .send();
        let answer: Value = answer.await.unwrap().json().await.unwrap();
        assert_eq!(answer, none, "{query}");
        let requests = world.supabase.received_requests().await.unwrap();
        let sent: Value = requests.last().unwrap().body_json().unwrap();
        assert_eq!(sent, expected, "{query}");
    }
}

#[tokio::test]
async fn a_search_is_passed_on_as_it_is() {
    let none = json!({"hits": [], "next_cursor": null, "is_complete": true});
    let asked = Mock::given(path("/rest/v1/rpc/search_cases"));
    let world = World::new(vec![
        asked.respond_with(ResponseTemplate::new(200).set_body_json(&none)),
    ])
    .await;
    for (query, expected) in [
        (
            "search=%25zz%25%2Ctitle.ilike.%25a%25",
            json!({"search": "%zz%,title.ilike.%a%"}),
        ),
        (
            "search=%F0%9F%98%80&page_size=5&cursor=c",
            json!({"search": "😀", "page_size": 5, "cursor": "c"}),
        ),
    ] {
        let answer = world
            .user(Method::GET, &format!("/v1/search?{query}"))
            .send();
        let answer: Value = answer.await.unwrap().json().await.unwrap();
        assert_eq!(answer, none, "{query}");
        let requests = world.supabase.received_requests().await.unwrap();
        let sent: Value = requests.last().unwrap().body_json().unwrap();
        assert_eq!(sent, expected, "{query}");
    }
    let without = world.user(Method::GET, "/v1/search").send().await.unwrap();
    let (status, error) = error(without).await;
    assert_eq!(
        (status, error["field"].as_str()),
        (422, Some("search")),
        "{error}"
    );
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense_is_named_with_what_would() {
    let world = World::new(vec![]).await;
    for (query, field, told) in [
        ("limit=10", "limit", "expected one of `status`, `stage`,"),
        (
            "status=open&status=done",
            "status",
            "status is `done`; it has to be one of `open`,",
        ),
        (
            "order_by=title",
            "order_by",
            "order_by is `title`; it has to be one of `created_at.desc`,",
        ),
        (
            "page_size=1001",
            "page_size",
            "page_size is `1001`; it has to be a whole number from 1 to 1000",
        ),
        ("page_size=5&page_size=6", "page_size", "only one of them"),
        (
            "count_up_to=x",
            "count_up_to",
            "it has to be a whole number from 0 to 10000",
        ),
        (
            "overdue=yes",
            "overdue",
            "overdue is `yes`; it has to be true or false",
        ),
        (
            "created_from=yesterday",
            "created_from",
            "a time with its offset, like 2026-11-28T09:30:00Z",
        ),
        (
            "metadata=[]",
            "metadata",
            "metadata is `[]`; it has to be a JSON object",
        ),
        ("client_id=7", "client_id", "it has to be a UUID"),
    ] {
        let request = world.user(Method::GET, &format!("/v1/cases?{query}"));
        let (status, error) = error(request.send().await.unwrap()).await;
        let message = error["message"].as_str().unwrap();
        assert_eq!(
            (status, error["field"].as_str()),
            (422, Some(field)),
            "{message}"
        );
        assert!(message.contains(told), "{message}");
    }
    assert!(world.supabase.received_requests().await.unwrap().is_empty());
    for (message, field) in [
        ("there is no stage x", "stage"),
        ("cursor is none that this list gave", "cursor"),
        (
            "search is a text of at most 500 characters, not 501",
            "search",
        ),
    ] {
        let refusal =
            json!({"code": "22023", "message": message, "details": null, "hint": "There are y."});
        let refused = Mock::given(path("/rest/v1/rpc/list_cases"))
            .respond_with(ResponseTemplate::new(400).set_body_json(refusal));
        let world = World::new(vec![refused]).await;
        let (status, error) =
            error(world.user(Method::GET, "/v1/cases").send().await.unwrap()).await;
        let expected = json!({"code": "invalid_query", "message": message, "hint": "There are y.", "field": field});
        assert_eq!((status, error), (422, expected));
    }
}

#[tokio::test]
async fn a_supabase_that_is_away_is_503_and_says_nothing_of_where_it_is() {
    let world = World::new(vec![]).await;
    let away = Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(503).set_body_string("<html>"));
    away.mount(&world.supabase).await;
    let answer = world.user(Method::GET, "/v1/files/1").send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "5");
    let (status, error) = error(answer).await;
    assert_eq!(
        (status, error["code"].as_str().unwrap()),
        (503, "database_unavailable")
    );
    assert!(!error.to_string().contains("127.0.0.1"));
}

#[tokio::test]
async fn a_change_that_was_not_answered_may_have_been_made_and_a_look_changes_nothing() {
    let new = json!({"client_id": USER, "title": "t"});
    for answer in [
        ResponseTemplate::new(503).set_body_string("<html>"),
        ResponseTemplate::new(201).set_body_string("[{"),
    ] {
        let away = Mock::given(path_regex("^/rest/v1/")).respond_with(answer);
        let world = World::new(vec![away]).await;
        let create = world.user(Method::POST, "/v1/cases").json(&new);
        let look = world.user(Method::GET, "/v1/cases/CASE-0001");
        for (request, changes) in [(create, true), (look, false)] {
            let answer = request.send().await.unwrap();
            assert!(!changes || !answer.headers().contains_key("retry-after"));
            let (_, error) = error(answer).await;
            let text = error.to_string();
            assert_eq!(text.contains("may have been made"), changes, "{text}");
            assert_eq!(text.contains("look whether"), changes, "{text}");
            assert!(!text.contains("nothing was changed"), "{text}");
        }
    }
}

#[tokio::test]
async fn readiness_names_what_is_away_and_liveness_does_not_depend_on_it() {
    let world = World::new(vec![nobody_sees_cases()]).await;
    let live = world
        .anonymous(Method::GET, "/healthz")
        .send()
        .await
        .unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    let parts = readiness(&world, &["auth", "postgrest", "storage"]).await;
    let expected = json!({
        "status": "not ready", "auth": "ok", "postgrest": "ok", "storage": "ok", "database": "unavailable",
    });
    assert_eq!(parts, expected);
}

#[tokio::test]
async fn a_browser_may_call_from_any_origin_with_a_token() {
    let world = World::new(vec![]).await;
    let preflight = world
        .anonymous(Method::OPTIONS, UPLOAD)
        .header("origin", "https://desk.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let answer = preflight.send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let allowed = answer.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(allowed.contains("authorization"), "{allowed}");
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_the_usual_shape() {
    let world = World::new(vec![]).await;
    let (status, body) = error(world.user(Method::GET, "/nothing").send().await.unwrap()).await;
    assert_eq!(
        (status, body["code"].as_str().unwrap()),
        (404, "no_such_route")
    );
    let (status, body) = error(world.user(Method::PUT, "/v1/files/1").send().await.unwrap()).await;
    assert_eq!(
        (status, body["code"].as_str().unwrap()),
        (405, "method_not_allowed")
    );
}

#[tokio::test]
async fn the_openapi_document_has_every_route() {
    let world = World::new(vec![]).await;
    let api: Value = world
        .anonymous(Method::GET, "/openapi.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths: Vec<_> = api["paths"].as_object().unwrap().keys().cloned().collect();
    for path in [
        "/v1/cases/{case_id}/files",
        "/v1/files/{id}",
        "/v1/files/{id}/verify",
        "/v1/clients/{client_id}/documents",
        "/v1/documents/{id}",
        "/v1/documents/{id}/complete",
        "/v1/cases",
        "/v1/cases/{case_id}",
        "/healthz",
        "/readyz",
    ] {
        assert!(
            paths.iter().any(|p| p == path),
            "{path} is not in {paths:?}"
        );
    }
    let operations = api["paths"].as_object().unwrap().values();
    let operations = operations.flat_map(|path| path.as_object().unwrap().values());
    let mut ids: Vec<_> = operations
        .map(|one| one["operationId"].to_string())
        .collect();
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "an operationId is there twice");
    let schemas = &api["components"]["schemas"];
    assert_eq!(
        schemas["CaseStatus"]["enum"],
        json!(["open", "in_progress", "waiting", "resolved", "closed"])
    );
    assert_eq!(
        schemas["Priority"]["enum"],
        json!(["low", "medium", "high", "urgent"])
    );
    let parameters = api["paths"]["/v1/cases"]["get"]["parameters"].to_string();
    assert!(
        parameters.contains("#/components/schemas/CaseStatus"),
        "{parameters}"
    );
    assert_eq!(
        api["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
}

#[tokio::test]
async fn metrics_are_there_for_who_asks_for_them_also_while_the_database_is_away() {
    let world = World::new(vec![]).await;
    let off = world
        .anonymous(Method::GET, "/metrics")
        .send()
        .await
        .unwrap();
    assert_eq!(off.status(), 404);
    let world = World::with(vec![], &[("CASEBASE_METRICS", "true")]).await;
    let on = world
        .anonymous(Method::GET, "/metrics")
        .send()
        .await
        .unwrap();
    assert_eq!(on.status(), 200);
    let text = on.text().await.unwrap();
    assert!(text.contains("casebase_database_up 0"), "{text}");
}

#[tokio::test]
async fn polling_for_webhooks_is_a_call_of_the_callers_own() {
    let body = r#"{"type": "case.updated"}"#;
    let batch = json!({"cursor": USER, "events": [{"webhook_id": "msg_1", "previous_seq": 6, "body": body}]});
    let call = Mock::given(path("/rest/v1/rpc/poll_events"))
        .and(wiremock::matchers::body_json(
            json!({"endpoint_id": USER, "cursor": USER, "most": 7}),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(&batch));
    let refusal = json!({"code": "PT404", "message": "There is no webhook endpoint.", "details": null, "hint": null});
    let missing = Mock::given(path("/rest/v1/rpc/poll_events"))
        .respond_with(ResponseTemplate::new(404).set_body_json(&refusal));
    let world = World::new(vec![call, missing]).await;
    let poll = |query: &str| world.user(Method::GET, &format!("/v1/webhooks/{USER}/events{query}"));

    let answer = poll(&format!("?cursor={USER}&most=7"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap(), batch);
    let calls = world.supabase.received_requests().await.unwrap();
    let sent = calls.last().unwrap().headers["authorization"]
        .to_str()
        .unwrap();
    assert!(sent.starts_with("Bearer ey"), "{sent}");
    for (query, status) in [
        ("", 404),
        ("?most=0", 422),
        ("?most=1001", 422),
        ("?cursor=x", 422),
    ] {
        let (answered, error) = error(poll(query).send().await.unwrap()).await;
        assert_eq!(answered, status, "{query}: {error}");
    }
    let nowhere = world.user(Method::GET, "/v1/webhooks/x/events");
    assert_eq!(error(nowhere.send().await.unwrap()).await.0, 404);
}

#[tokio::test]
async fn the_openapi_document_describes_every_webhook() {
    let world = World::new(vec![]).await;
    let api = world.anonymous(Method::GET, "/openapi.json");
    let api: Value = api.send().await.unwrap().json().await.unwrap();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let webhooks = api["webhooks"].as_object().unwrap();
    assert!(webhooks.len() > 10, "{webhooks:?}");
    for (event, item) in webhooks {
        let body = &item["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["properties"]["type"]["const"], **event);
    }
    let changed = &webhooks["case.status_changed"]["post"];
    assert_eq!(changed["parameters"][0]["name"], "webhook-id");
}

#[tokio::test]
async fn a_row_that_rust_cannot_hold_is_passed_on_as_it_is() {
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let row = format!(
        r#"{{"id": 1, "case_id": "CASE-0001", "version": 1, "metadata": {{"f": 1e400, "deep": {deep}}},
            "action_required_by": "294276-12-31T23:59:59+00:00", "created_at": "infinity"}}"#
    );
    let answering = |at: &str, body: String| {
        let answer = ResponseTemplate::new(200).set_body_string(body);
        Mock::given(path(format!("/rest/v1/{at}"))).respond_with(answer)
    };
    let page = format!(r#"{{"cases":[{row}],"total":1}}"#);
    let world = World::new(vec![
        answering("cases", format!("[{row}]")),
        answering("rpc/find_case", row.clone()),
        answering("rpc/list_cases", page.clone()),
        outcome(json!({"id": 1, "result": "done", "error": null})),
    ])
    .await;
    let one = "/v1/cases/CASE-0001";
    let new = json!({"client_id": USER, "title": "t"});
    for (request, expected) in [
        (world.user(Method::GET, "/v1/cases"), page),
        (world.user(Method::GET, one), row.clone()),
        (
            world.user(Method::POST, "/v1/cases").json(&new),
            row.clone(),
        ),
        (
            world
                .user(Method::PATCH, one)
                .json(&json!({"status": "open"})),
            row.clone(),
        ),
    ] {
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        assert_eq!(answer.text().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn every_field_of_an_upload_is_taken_and_documented_in_query_and_form() {
    let world = World::new(vec![]).await;
    let api = world.anonymous(Method::GET, "/openapi.json");
    let api: Value = api.send().await.unwrap().json().await.unwrap();
    let upload = &api["paths"]["/v1/cases/{case_id}/files"]["post"];
    let query = upload["parameters"].as_array().unwrap().iter();
    let query = query.filter(|p| p["in"] == "query" && p["name"] != "name");
    let query: Vec<_> = query.map(|p| p["name"].as_str().unwrap()).collect();
    let form: Vec<_> = api["components"]["schemas"]["Fields"]["properties"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(query, form);
    assert!(
        api["components"]["schemas"]["UploadForm"]
            .to_string()
            .contains("#/components/schemas/Fields")
    );
    for field in query {
        let file = multipart::Part::text("text").file_name("a.txt");
        let form = multipart::Form::new().text(field.to_owned(), "?");
        let path = format!("{UPLOAD}?name=a.txt&{field}=%3F");
        for request in [
            world
                .user(Method::POST, UPLOAD)
                .multipart(form.part("file", file)),
            world.user(Method::POST, &path).body("text"),
        ] {
            let (status, error) = error(request.send().await.unwrap()).await;
            assert_eq!((status, error["field"].as_str()), (422, Some(field)));
        }
        let twice = format!("{path}&{field}=%3F");
        let request = world.user(Method::POST, &twice).body("text");
        let (status, error) = error(request.send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str()),
            (422, Some("invalid_query"))
        );
    }
}

#[tokio::test]
async fn an_encoded_body_is_refused_with_what_is_taken_and_nothing_is_read_of_it() {
    let world = World::new(vec![]).await;
    let paths = [
        (Method::POST, "/v1/cases/CASE-0001/files?name=a.txt"),
        (Method::POST, "/v1/cases"),
        (Method::PATCH, "/v1/cases/CASE-0001"),
    ];
    for (method, path) in paths {
        for coding in ["gzip", "br", "deflate", "zstd", "x-new", "identity, GZIP"] {
            let request = world.user(method.clone(), path).body("{}");
            let request = request.header("content-type", "application/json");
            let answer = request.header("content-encoding", coding);
            let answer = answer.send().await.unwrap();
            let accepted = answer.headers().get("accept-encoding");
            assert_eq!(accepted.unwrap(), "identity", "{path}");
            let (status, error) = error(answer).await;
            assert_eq!(
                (status, error["code"].as_str().unwrap()),
                (415, "encoding_not_taken")
            );
            let message = error["message"].as_str().unwrap();
            let named = coding.rsplit(' ').next().unwrap();
            assert!(
                message.contains(named) && message.contains("`identity`"),
                "{message}"
            );
        }
        let plain = world
            .user(method, path)
            .body("{}")
            .header("content-encoding", "Identity");
        let answer = plain
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        let (_, error) = error(answer).await;
        assert_ne!(error["code"], "encoding_not_taken", "{path}");
    }
    // What was not encoded asked for its place, or for its case.
    assert_eq!(world.changes().await, 2);
}

#[tokio::test]
async fn an_encoded_part_of_a_form_is_refused_too() {
    let world = World::new(vec![]).await;
    for (part, head, expected) in [
        ("file", "content-encoding: gzip", "encoding_not_taken"),
        (
            "file",
            "content-transfer-encoding: base64",
            "encoding_not_taken",
        ),
        (
            "interaction_id",
            "content-transfer-encoding: quoted-printable",
            "encoding_not_taken",
        ),
        // Taken, and then found to be no PDF.
        (
            "file",
            "content-transfer-encoding: binary",
            "content_refused",
        ),
    ] {
        let form = format!(
            "--x\r\ncontent-disposition: form-data; name=\"{part}\"; filename=\"a.pdf\"\r\n{head}\r\n\r\ntext\r\n--x--\r\n"
        );
        let request = world.user(Method::POST, UPLOAD).body(form);
        let request = request.header("content-type", "multipart/form-data; boundary=x");
        let (_, error) = error(request.send().await.unwrap()).await;
        assert_eq!(error["code"], expected, "{part}, {head}: {error}");
    }
    assert_eq!(world.changes().await, 0);
}

fn the_row(sha256: Value) -> Value {
    json!({
        "id": 1, "case_id": 1, "interaction_id": null, "file_name": "a.txt", "original_name": "a.txt",
        "file_url": "s3://case-files/1/a.txt", "bucket_id": "case-files", "object_path": "1/a.txt",
        "content_type": "text/plain", "file_size": 10, "sha256": sha256, "object_version": "v",
        "state": "available", "rejection": null, "notes": [], "visible_to_client": true, "uploaded_by": USER,
        "uploaded_at": "2026-01-01T00:00:00+00:00",
    })
}

/// A verified file whose bytes are `0123456789`, and whose object Storage gives whole or in part.
fn the_file(sha256: Value) -> Vec<Mock> {
    let object = || Mock::given(path("/storage/v1/object/authenticated/case-files/1/a.txt"));
    let part = |range, bytes: &str| {
        let answer = ResponseTemplate::new(206).set_body_string(bytes);
        let answer = answer.insert_header("content-range", format!("{range}/10"));
        let asked = object().and(header("range", str::replace(range, ' ', "=")));
        asked.respond_with(answer)
    };
    vec![
        rows("case_files", json!([the_row(sha256)])),
        part("bytes 2-4", "234"),
        part("bytes 0-0", "0"),
        object().respond_with(ResponseTemplate::new(200).set_body_string("0123456789")),
    ]
}

#[tokio::test]
async fn a_download_is_judged_by_what_the_caller_has() {
    let hash = "ab".repeat(32);
    let world = World::new(the_file(json!(hash))).await;
    let mine = format!("\"{hash}\"");
    let (weak, other) = (format!("W/{mine}"), "\"other\"".to_owned());
    let list = format!("\"a,b\", {mine}");
    let time = "Sat, 28 Nov 2026 12:00:00 GMT";
    for (name, value, range, status, body) in [
        ("if-none-match", &*mine, None, 304, ""),
        ("if-none-match", &weak, None, 304, ""),
        ("if-none-match", &list, Some("bytes=2-4"), 304, ""),
        ("if-none-match", "*", None, 304, ""),
        ("if-none-match", &other, None, 200, "0123456789"),
        ("if-none-match", &other, Some("bytes=2-4"), 206, "234"),
        ("if-range", &mine, Some("bytes=2-4"), 206, "234"),
        ("if-range", &other, Some("bytes=2-4"), 200, "0123456789"),
        ("if-range", &weak, Some("bytes=2-4"), 200, "0123456789"),
        ("if-range", time, Some("bytes=2-4"), 200, "0123456789"),
        ("if-range", "nonsense", Some("bytes=2-4"), 200, "0123456789"),
        ("if-match", &list, None, 200, "0123456789"),
        ("if-match", "*", None, 200, "0123456789"),
        ("if-match", &weak, None, 412, "file_changed"),
        ("if-match", &other, None, 412, "file_changed"),
    ] {
        let mut request = world.user(Method::GET, "/v1/files/1").header(name, value);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{name}: {value}");
        assert_eq!(answer.headers()["etag"], mine, "{name}: {value}");
        assert_eq!(answer.headers()["cache-control"], "private, no-cache");
        let got = answer.text().await.unwrap();
        let same = if status == 412 {
            got.contains(body)
        } else {
            got == body
        };
        assert!(same, "{name}: {value} gave {got}");
    }
}

/// The same file as something else, and under another name.
fn the_file_as(kind: &str, name: &str, state: &str) -> Vec<Mock> {
    let mut mocks = the_file(json!("ab".repeat(32)));
    let mut row = the_row(json!("ab".repeat(32)));
    row["content_type"] = json!(kind);
    row["original_name"] = json!(name);
    row["state"] = json!(state);
    mocks[0] = rows("case_files", json!([row]));
    mocks
}

#[tokio::test]
async fn a_browser_shows_in_place_what_it_does_not_run_and_only_when_asked() {
    let image = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    for (kind, state, query, disposition, policy) in [
        ("image/png", "available", "?inline=1", "inline", image),
        ("IMAGE/JPEG", "available", "?inline=true", "inline", image),
        (
            "application/pdf",
            "available",
            "?inline=1",
            "inline",
            "default-src 'none'",
        ),
        ("image/png", "available", "", "attachment", "sandbox"),
        (
            "image/png",
            "available",
            "?inline=0",
            "attachment",
            "sandbox",
        ),
        (
            "image/png",
            "uploaded",
            "?inline=1",
            "attachment",
            "sandbox",
        ),
        (
            "image/svg+xml",
            "available",
            "?inline=1",
            "attachment",
            "sandbox",
        ),
        (
            "text/html",
            "available",
            "?inline=1",
            "attachment",
            "sandbox",
        ),
        (
            "text/plain",
            "available",
            "?inline=1&mode=stream",
            "attachment",
            "sandbox",
        ),
        (
            "application/pdf+xml",
            "available",
            "?inline=1",
            "attachment",
            "sandbox",
        ),
    ] {
        let world = World::new(the_file_as(kind, "a.bin", state)).await;
        let path = format!("/v1/files/1{query}");
        let answer = world.user(Method::GET, &path).send().await.unwrap();
        let told = |name: &str| answer.headers()[name].to_str().unwrap();
        let got = told("content-disposition").split(';').next().unwrap();
        assert_eq!(got, disposition, "{kind} {state} {query}");
        assert_eq!(told("content-security-policy"), policy, "{kind} {query}");
        assert_eq!(told("x-content-type-options"), "nosniff");
        assert_eq!(answer.text().await.unwrap(), "0123456789");
    }
}

#[tokio::test]
async fn a_head_says_what_a_get_would_and_asks_storage_for_a_byte() {
    let world = World::new(the_file(json!("ab".repeat(32)))).await;
    let ask = |method| {
        world
            .user(method, "/v1/files/1")
            .header("range", "bytes=2-4")
    };
    let head = ask(Method::HEAD).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], "10");
    let mut told = head.headers().clone();
    assert_eq!(head.text().await.unwrap(), "");
    let asked = world.supabase.received_requests().await.unwrap();
    let asked = asked.iter().filter(|r| r.url.path().contains("/object/"));
    let ranges: Vec<_> = asked.map(|r| r.headers["range"].clone()).collect();
    assert_eq!(ranges, ["bytes=0-0"]);

    let get = world.user(Method::GET, "/v1/files/1").send().await.unwrap();
    let mut expected = get.headers().clone();
    for headers in [&mut told, &mut expected] {
        // Each is a request of its own.
        for own in ["date", "x-request-id", "ratelimit"] {
            headers.remove(own);
        }
    }
    assert_eq!(told, expected);

    let unseen = World::new(vec![rows("case_files", json!([]))]).await;
    let head = unseen.user(Method::HEAD, "/v1/files/1").send().await;
    assert_eq!(head.unwrap().status(), 404);
}

#[tokio::test]
async fn a_link_is_storages_own_and_an_attachment_under_the_original_name() {
    let sign = |status, body: Value| {
        let sign = Mock::given(path("/storage/v1/object/sign/case-files/1/a.txt"));
        let answer = ResponseTemplate::new(status).set_body_json(body);
        sign.respond_with(answer)
    };
    let signed = json!({"signedURL": "/object/sign/case-files/1/a.txt?token=t.o.k"});
    let name = format!("{}ö&.png", "a".repeat(300));
    let mut mocks = the_file_as("image/png", &name, "available");
    mocks.push(sign(200, signed));
    let public = ("SUPABASE_PUBLIC_URL", "https://example.test");
    let world = World::with(mocks, &[public]).await;
    let http = Client::builder().redirect(reqwest::redirect::Policy::none());
    let http = http.build().unwrap();
    let url = format!("http://{}/v1/files/1?mode=redirect&inline=1", world.address);
    let asked = http.get(url).bearer_auth(token(60, SECRET)).send();
    let answer = asked.await.unwrap();
    assert_eq!(answer.status(), 302);
    let cut = format!("{}%2Epng", "a".repeat(251));
    let link = format!(
        "https://example.test/storage/v1/object/sign/case-files/1/a.txt?token=t.o.k&download={cut}"
    );
    assert_eq!(answer.headers()["location"], link);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let requests = world.supabase.received_requests().await.unwrap();
    let asked = requests.iter().find(|r| r.url.path().contains("/sign/"));
    let body: Value = asked.unwrap().body_json().unwrap();
    assert_eq!(body, json!({"expiresIn": 60}));

    let gone = json!({"statusCode": "404", "error": "not_found", "message": "Object not found"});
    for (state, sign, expected) in [
        ("uploaded", None, (409, "wrong_state")),
        ("available", Some(sign(400, gone)), (404, "file_not_found")),
        (
            "available",
            Some(sign(503, json!({}))),
            (503, "storage_unavailable"),
        ),
    ] {
        let mut mocks = the_file_as("image/png", "a.png", state);
        mocks.extend(sign);
        let world = World::new(mocks).await;
        let asked = world.user(Method::GET, "/v1/files/1?mode=redirect").send();
        let (status, error) = error(asked.await.unwrap()).await;
        assert_eq!((status, error["code"].as_str().unwrap()), expected);
    }
}

#[tokio::test]
async fn a_way_to_hand_a_file_out_that_is_none_is_refused() {
    let world = World::new(the_file(Value::Null)).await;
    for (query, message) in [
        (
            "mode=link",
            "mode is `link`; it has to be `stream` or `redirect`",
        ),
        (
            "inline=yes",
            "inline is `yes`; it has to be 1, true, 0 or false",
        ),
        (
            "download=1",
            "unknown field `download`, expected `mode` or `inline`",
        ),
    ] {
        let asked = world.user(Method::GET, &format!("/v1/files/1?{query}"));
        let (status, error) = error(asked.send().await.unwrap()).await;
        assert_eq!((status, error["message"].as_str().unwrap()), (422, message));
    }
}

#[tokio::test]
async fn nothing_is_confirmed_of_a_file_that_storage_keeps_from_the_caller() {
    let mut mocks = the_file(json!("ab".repeat(32)));
    mocks.truncate(1);
    let hidden = json!({"statusCode": "404", "error": "not_found", "message": "Object not found"});
    let hidden = ResponseTemplate::new(400).set_body_json(hidden);
    mocks.push(
        Mock::given(path("/storage/v1/object/authenticated/case-files/1/a.txt"))
            .respond_with(hidden),
    );
    let world = World::new(mocks).await;
    for (name, value) in [("if-none-match", "*"), ("if-match", "\"other\"")] {
        let request = world.user(Method::GET, "/v1/files/1").header(name, value);
        let (status, error) = error(request.send().await.unwrap()).await;
        assert_eq!(
            (status, error["code"].as_str().unwrap()),
            (404, "file_not_found")
        );
    }
}

#[tokio::test]
async fn a_file_without_a_hash_is_unchanged_for_nobody_but_who_takes_any() {
    let world = World::new(the_file(Value::Null)).await;
    for (name, value, status) in [
        ("if-none-match", "\"other\"", 200),
        ("if-none-match", "*", 304),
        ("if-match", "\"other\"", 412),
        ("if-match", "*", 200),
    ] {
        let request = world.user(Method::GET, "/v1/files/1").header(name, value);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{name}: {value}");
        assert!(!answer.headers().contains_key("etag"));
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Mock {
    let body = json!({"code": code, "message": message});
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(path("/rest/v1/cases")).respond_with(answer)
}

fn nobody_sees_cases() -> Mock {
    refusal(401, "42501", "permission denied for table cases")
}

fn published(keys: Value) -> Mock {
    let answer = ResponseTemplate::new(200).set_body_json(json!({"keys": keys}));
    Mock::given(path("/auth/v1/.well-known/jwks.json")).respond_with(answer)
}

/// Once each of these parts has answered: on a machine that is busy one may be too late.
async fn readiness(world: &World, parts: &[&str]) -> Value {
    for _ in 0..30 {
        let asked = world.anonymous(Method::GET, "/readyz").send();
        let answer = asked.await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let ready: Value = answer.json().await.unwrap();
        if parts.iter().all(|part| ready[part] != "unavailable") {
            return ready;
        }
    }
    panic!("{parts:?} never answer");
}

#[tokio::test]
async fn readiness_names_the_setting_that_the_project_does_not_take() {
    let no_secret = ("SUPABASE_JWT_SECRET", "");
    let legacy = (
        "SUPABASE_ANON_KEY",
        "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln",
    );
    let by_rest = ("CASEBASE_STORAGE", "rest");
    for (mocks, settings, part, named) in [
        (
            vec![refusal(401, "PGRST301", "JWSInvalidSignature")],
            vec![],
            "auth",
            "SUPABASE_JWT_SECRET",
        ),
        (
            vec![published(json!([])), nobody_sees_cases()],
            vec![no_secret],
            "auth",
            "SUPABASE_JWT_SECRET",
        ),
        (
            vec![refusal(401, "", "Invalid API key")],
            vec![],
            "postgrest",
            "SUPABASE_ANON_KEY",
        ),
        (
            vec![refusal(401, "PGRST301", "JWSInvalidSignature")],
            vec![no_secret, legacy, by_rest],
            "postgrest",
            "SUPABASE_ANON_KEY",
        ),
        (
            vec![
                refusal(401, "", "Invalid API key"),
                published(json!([a_key()])),
            ],
            vec![no_secret],
            "postgrest",
            "SUPABASE_ANON_KEY",
        ),
        (vec![], vec![], "postgrest", "SUPABASE_URL"),
    ] {
        let ready = readiness(&World::with(mocks, &settings).await, &[part]).await;
        assert_eq!(ready[part], "misconfigured", "{named}: {ready}");
        assert_eq!(ready["settings"], json!([named]), "{ready}");
    }
}

/// That a project publishes.
fn a_key() -> Value {
    json!({"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})
}

#[tokio::test]
async fn readiness_asks_for_no_secret_of_a_project_that_publishes_its_keys() {
    let mocks = vec![nobody_sees_cases(), published(json!([a_key()]))];
    let world = World::with(mocks, &[("SUPABASE_JWT_SECRET", "")]).await;
    let ready = readiness(&world, &["auth"]).await;
    assert_eq!(ready["auth"], "ok", "{ready}");
    assert_eq!(ready.get("settings"), None, "{ready}");
}

#[tokio::test]
async fn readiness_tells_which_setting_of_an_s3_session_is_wrong() {
    let refused = |code: &str, message: &str| {
        let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        ResponseTemplate::new(403).set_body_string(body)
    };
    let mismatch = || {
        refused(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match",
        )
    };
    let any_region = |answer: ResponseTemplate| {
        Mock::given(path("/storage/v1/s3/"))
            .and(|request: &wiremock::Request| {
                let signed = request
                    .headers
                    .get("authorization")
                    .and_then(|v| v.to_str().ok());
                signed.is_some_and(|signed| signed.contains("/us-east-1/s3/"))
            })
            .respond_with(answer)
    };
    let every =
        |answer: ResponseTemplate| Mock::given(path("/storage/v1/s3/")).respond_with(answer);
    let settings = [
        (
            "SUPABASE_ANON_KEY",
            "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln",
        ),
        ("SUPABASE_PROJECT_REF", "abc"),
        ("SUPABASE_S3_REGION", "eu-central-1"),
    ];
    for (mocks, named) in [
        (
            vec![every(refused("AccessDenied", "Invalid Access Key"))],
            Some("SUPABASE_PROJECT_REF"),
        ),
        (
            vec![every(refused("AccessDenied", "Invalid Region"))],
            Some("SUPABASE_S3_REGION"),
        ),
        (
            vec![any_region(refused("AccessDenied", "no")), every(mismatch())],
            Some("SUPABASE_S3_REGION"),
        ),
        (vec![every(mismatch())], Some("SUPABASE_ANON_KEY")),
        (vec![], Some("SUPABASE_S3_ENDPOINT")),
        (
            vec![every(refused(
                "AccessDenied",
                "permission denied for table buckets",
            ))],
            None,
        ),
    ] {
        let mocks = mocks.into_iter().chain([nobody_sees_cases()]).collect();
        let ready = readiness(&World::with(mocks, &settings).await, &["storage"]).await;
        let storage = if named.is_some() {
            "misconfigured"
        } else {
            "ok"
        };
        assert_eq!(ready["storage"], storage, "{named:?}: {ready}");
        assert_eq!(ready["settings"][0].as_str(), named, "{ready}");
    }
}

/// Takes connections and never says a word.
async fn frozen() -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    (address, held)
}

#[tokio::test]
async fn readiness_is_answered_while_everything_is_frozen() {
    let (address, held) = frozen().await;
    let (url, database) = (
        format!("http://{address}"),
        format!("postgresql://casebase_worker@{address}/postgres"),
    );
    let settings = [
        ("SUPABASE_URL", &*url),
        ("CASEBASE_DATABASE_URL", &database),
        ("SUPABASE_JWT_SECRET", ""),
    ];
    let world = World::with(vec![], &settings).await;
    // Far from the 2 s that are promised, for a machine that is busy, and from the 15 s of a request.
    let asked = world
        .anonymous(Method::GET, "/readyz")
        .timeout(std::time::Duration::from_secs(10));
    let ready: Value = asked.send().await.unwrap().json().await.unwrap();
    let expected = json!({
        "status": "not ready", "auth": "unavailable", "postgrest": "unavailable", "storage": "unavailable",
        "database": "unavailable",
    });
    assert_eq!(ready, expected);
    held.abort();
}
