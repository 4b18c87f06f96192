//! The upload's story, step by step: what is asked of PostgREST and Storage, and what is taken back.
#![expect(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use casebase_files::{
    Error, Fields, Files, InCase, NewFile,
    check::Rules,
    digest::Claim,
    ledger::{Candidate, Finished, Ledger, LedgerError, Sent, Verified},
    storage::{self, Bytestream, ObjectStore, RestStore, StreamError},
};
use casebase_supabase::{
    AnonKey,
    jwt::{TokenError, UserToken},
    postgrest::{self, PostgrestClient},
    rows::{CaseFile, FileId, FileKey, FileKind, FileState, InteractionId},
};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use url::Url;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, path_regex},
};

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3ZjBjOWQwZS0yZjdlLTRjNTMtOWE0ZS02ZjBhM2E0YTdhMTAiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln";
const TEXT: &[u8] = b"a note";
const TEXT_SHA256: &str = "f63e34a034f19a24438f2d74b242bc96682abd843ecc4ea63fefed4006d860a3";

/// A verifying database that remembers what it was told.
#[derive(Default)]
struct Notes {
    finished: Mutex<Vec<Verified>>,
    sent: Mutex<Vec<Sent>>,
    rejected: Mutex<Vec<String>>,
    withdrawn: Mutex<Vec<FileKey>>,
    /// The object was replaced between reading and finishing.
    replaced: bool,
    /// Storage's record proves nothing.
    unproven: bool,
}

#[async_trait::async_trait]
impl Ledger for Notes {
    async fn begin(&self, _: FileKey) -> Result<Candidate, LedgerError> {
        let object_version = "v1".into();
        Ok(Candidate { object_version })
    }

    async fn finish(&self, _: FileKey, verified: Verified) -> Result<Value, LedgerError> {
        if self.replaced {
            return Err(LedgerError::WrongState("replaced".into()));
        }
        let mut row = row("available");
        row["sha256"] = json!(verified.sha256);
        self.finished.lock().unwrap().push(verified);
        Ok(row)
    }

    async fn withdraw(&self, file: FileKey) -> Result<bool, LedgerError> {
        self.withdrawn.lock().unwrap().push(file);
        Ok(true)
    }

    async fn finish_sent(&self, _: FileKey, sent: Sent) -> Result<Finished, LedgerError> {
        self.sent.lock().unwrap().push(sent);
        Ok(Finished {
            file: Some(row("available")).filter(|_| !self.unproven),
            etag: None,
        })
    }

    async fn reject(&self, _: FileKey, reason: &str) -> Result<(), LedgerError> {
        self.rejected.lock().unwrap().push(reason.to_owned());
        Ok(())
    }

    async fn move_copied(&self, _: FileId) -> Result<String, LedgerError> {
        Err(LedgerError::WrongState("nothing moves".into()))
    }

    async fn move_finish(&self, _: FileId, _: &str, _: &str) -> Result<CaseFile, LedgerError> {
        Err(LedgerError::WrongState("nothing moves".into()))
    }

    async fn move_give_up(&self, _: FileId) -> Result<(), LedgerError> {
        Ok(())
    }

    async fn move_end(&self, _: FileId) -> Result<CaseFile, LedgerError> {
        Err(LedgerError::WrongState("nothing moves".into()))
    }
}

fn row(state: &str) -> Value {
    json!({
        "id": 7, "case_id": 1, "interaction_id": null, "file_name": "CASE-0001-1-note.txt",
        "original_name": "note.txt", "file_url": "s3://client-bucket/c/cases/CASE-0001/CASE-0001-1-note.txt",
        "bucket_id": "client-bucket", "object_path": "c/cases/CASE-0001/CASE-0001-1-note.txt",
        "content_type": "text/plain", "file_size": 6, "sha256": null, "object_version": null,
        "state": state, "rejection": null, "notes": [], "visible_to_client": true,
        "uploaded_by": "7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10", "uploaded_at": "2026-01-01T00:00:00Z",
    })
}

fn in_case(interaction: Option<i64>) -> InCase {
    InCase {
        case_number: "CASE-0001".parse().unwrap(),
        fields: Fields {
            interaction_id: interaction.map(InteractionId),
            visible_to_client: None,
        },
    }
}

/// A Supabase that a test's mocks make.
struct World {
    server: MockServer,
    notes: Arc<Notes>,
    files: Files,
}

impl World {
    /// The happy world; what a test mounts before takes precedence.
    async fn new(notes: Notes, exceptions: Vec<Mock>) -> Self {
        let server = MockServer::start().await;
        let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
        let rows = || path("/rest/v1/case_files");
        let object = || path_regex("^/storage/v1/object/.*");
        let usual = vec![
            reserving(ok(reserved(None))),
            Mock::given(rows()).respond_with(ok(json!([row("uploaded")]))),
            Mock::given(method("POST"))
                .and(object())
                .respond_with(ok(json!({}))),
            Mock::given(method("DELETE"))
                .and(object())
                .respond_with(ok(json!({}))),
            Mock::given(method("GET"))
                .and(object())
                .respond_with(ResponseTemplate::new(200).set_body_raw(TEXT, "text/plain")),
        ];
        for mock in exceptions.into_iter().chain(usual) {
            mock.mount(&server).await;
        }
        let url = Url::parse(&server.uri()).unwrap();
        let key = AnonKey::new("sb_publishable_x").unwrap();
        let db = PostgrestClient::new(&url, &key).unwrap();
        let store = ObjectStore::Rest(RestStore::new(&url, key).unwrap());
        let notes = Arc::new(notes);
        let files = Files::new(db, store, notes.clone(), 1_000_000, Rules::default());
        Self {
            server,
            notes,
            files,
        }
    }

    async fn upload_as(&self, user: &UserToken, body: Bytestream) -> Result<CaseFile, Error> {
        let file = NewFile {
            home: in_case(None),
            name: "note.txt".to_owned(),
            length: None,
            claims: Vec::new(),
            claim: None,
        };
        self.files.upload(user, file, body).await
    }

    async fn upload(
        &self,
        name: &str,
        interaction: Option<i64>,
        body: Bytestream,
    ) -> Result<CaseFile, Error> {
        let user = UserToken::issued(TOKEN).unwrap();
        let file = NewFile {
            home: in_case(interaction),
            name: name.to_owned(),
            length: None,
            claims: Vec::new(),
            claim: None,
        };
        self.files.upload(&user, file, body).await
    }

    async fn verify(&self) -> Result<CaseFile, Error> {
        let user = UserToken::issued(TOKEN).unwrap();
        let row = self.files.find(&user, FileId(7)).await?;
        self.files.verify(&user, row).await
    }

    async fn delete(&self) -> Result<(), Error> {
        let user = UserToken::issued(TOKEN).unwrap();
        let row = self.files.find(&user, FileId(7)).await?;
        self.files.delete(&user, &row).await
    }

    /// `POST case_files`, `PATCH case_files deleting`, `DELETE object` …: what changed anything.
    async fn changes(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        requests
            .iter()
            .filter(|r| r.method.as_str() != "GET")
            .map(change)
            .collect()
    }
}

fn reserving(answer: ResponseTemplate) -> Mock {
    let reserving = Mock::given(method("POST")).and(path("/rest/v1/rpc/reserve_case_file"));
    reserving.respond_with(answer)
}

fn reserved(size_limit: Option<u64>) -> Value {
    json!({"file": row("pending"), "size_limit": size_limit})
}

fn change(request: &Request) -> String {
    let what = if request.url.path().starts_with("/storage") {
        "object"
    } else {
        "row"
    };
    let state = request.body_json::<Value>().ok();
    let state = state.and_then(|v| v["state"].as_str().map(|s| format!(" {s}")));
    format!("{} {what}{}", request.method, state.unwrap_or_default())
}

fn bytes(bytes: &'static [u8]) -> Bytestream {
    stream::iter([Ok(bytes.into())]).boxed()
}

fn answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

const TAKEN_BACK: [&str; 3] = ["PATCH row deleting", "DELETE object", "DELETE row"];

#[tokio::test]
async fn a_file_is_reserved_written_and_made_available_in_three_round_trips() {
    let world = World::new(Notes::default(), vec![]).await;
    let row = world.upload("note.txt", None, bytes(TEXT)).await.unwrap();
    assert_eq!(row.file.state, FileState::Available);
    let requests = world.server.received_requests().await.unwrap();
    let asked: Vec<_> = requests.iter().map(change).collect();
    assert_eq!(asked, ["POST row", "POST object"]);
    let sent = world.notes.sent.lock().unwrap();
    assert_eq!(sent[0].file_size, 6);
    assert_eq!(sent[0].sha256, TEXT_SHA256);
    assert_eq!(sent[0].etags[0], "3403af8117ebb858a392014b80cb3833");
    assert!(world.notes.finished.lock().unwrap().is_empty());
}

fn unproven() -> Notes {
    Notes {
        unproven: true,
        ..Notes::default()
    }
}

#[tokio::test]
async fn what_storages_record_does_not_prove_is_read_back() {
    let world = World::new(unproven(), vec![]).await;
    let row = world.upload("note.txt", None, bytes(TEXT)).await.unwrap();
    assert_eq!(row.file.state, FileState::Available);
    assert_eq!(
        world.changes().await,
        ["POST row", "POST object", "PATCH row uploaded"]
    );
    let finished = world.notes.finished.lock().unwrap();
    assert_eq!(finished[0].object_version, "v1");
    assert_eq!(finished[0].file_size, 6);
    assert_eq!(finished[0].sha256, TEXT_SHA256);
}

#[tokio::test]
async fn a_file_of_an_interaction_says_so_in_its_name() {
    let world = World::new(Notes::default(), vec![]).await;
    world
        .upload("note.txt", Some(5), bytes(TEXT))
        .await
        .unwrap();
    let requests = world.server.received_requests().await.unwrap();
    let reserved = requests.iter().find(|r| change(r) == "POST row").unwrap();
    let reserved: Value = reserved.body_json().unwrap();
    assert_eq!(reserved["interaction_id"], 5);
    let name = reserved["file_name"].as_str().unwrap();
    assert!(
        name.starts_with("CASE-0001-interaction-5-") && name.ends_with("-note.txt"),
        "{name}"
    );
}

#[tokio::test]
async fn what_need_not_be_tried_reserves_nothing() {
    let world = World::new(Notes::default(), vec![]).await;
    let empty = world
        .upload(
            "note.txt",
            None,
            stream::iter([Ok(Default::default())]).boxed(),
        )
        .await;
    assert!(matches!(empty, Err(Error::Empty)));
    let program = world
        .upload("report.pdf", None, bytes(b"MZ\x90\0\x03\0\0\0"))
        .await;
    assert!(matches!(program, Err(Error::Content(_))));
    let cut_off = stream::iter([Ok(TEXT.into()), Err(StreamError::broken("cut off"))]);
    let cut_off = world.upload("note.txt", None, cut_off.boxed()).await;
    assert!(matches!(cut_off, Err(Error::Interrupted(_))));
    assert_eq!(world.changes().await, [""; 0]);
}

#[tokio::test]
async fn a_case_or_an_interaction_that_is_not_there_reserves_nothing() {
    let no_such = |what: &str| {
        let refusal = json!({"code": "PT404", "message": "none", "details": what});
        vec![reserving(answer(404, refusal))]
    };
    let world = World::new(Notes::default(), no_such("case_number")).await;
    let error = world
        .upload("note.txt", None, bytes(TEXT))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::CaseNotFound(_)), "{error}");
    let world = World::new(Notes::default(), no_such("interaction_id")).await;
    let error = world
        .upload("note.txt", Some(9), bytes(TEXT))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::InteractionNotFound(InteractionId(9))),
        "{error}"
    );
    assert_eq!(world.changes().await, ["POST row"]);
}

#[tokio::test]
async fn what_the_database_refuses_is_not_tried_again() {
    let refused = answer(
        403,
        json!({"code": "42501", "message": "new row violates row-level security policy"}),
    );
    let world = World::new(Notes::default(), vec![reserving(refused)]).await;
    let error = world
        .upload("note.txt", None, bytes(TEXT))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Database(_)), "{error}");
    assert_eq!(world.changes().await, ["POST row"]);
}

#[tokio::test]
async fn an_upload_that_storage_does_not_take_is_taken_back() {
    let away = Mock::given(method("POST")).and(path_regex("^/storage/v1/object/.*"));
    let world = World::new(
        Notes::default(),
        vec![away.respond_with(ResponseTemplate::new(503))],
    )
    .await;
    let error = world
        .upload("note.txt", None, bytes(TEXT))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Storage(_)), "{error}");
    let changes = world.changes().await;
    assert_eq!(changes[..2], ["POST row", "POST object"]);
    assert_eq!(changes[2..], TAKEN_BACK);
}

#[tokio::test]
async fn a_body_cut_off_behind_its_beginning_is_taken_back() {
    let world = World::new(Notes::default(), vec![]).await;
    let beginning: &'static [u8] = &[b'a'; 100_000];
    let chunks = [Ok(beginning.into()), Err(StreamError::broken("cut off"))];
    let error = world
        .upload("note.txt", None, stream::iter(chunks).boxed())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Interrupted(_)), "{error}");
    let changes = world.changes().await;
    assert_eq!(changes[0], "POST row");
    assert_eq!(changes[changes.len() - 3..], TAKEN_BACK);
    assert!(world.notes.finished.lock().unwrap().is_empty());
}

/// A token that ends in so many seconds.
fn token(lives: i64) -> UserToken {
    let claims = json!({"role": "authenticated", "exp": chrono::Utc::now().timestamp() + lives});
    let claims = BASE64.encode(claims.to_string());
    UserToken::issued(&format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln")).unwrap()
}

#[tokio::test]
async fn a_token_that_ends_before_its_file_does_ends_the_upload_while_it_can_be_taken_back() {
    let world = World::new(Notes::default(), vec![]).await;
    let beginning: &'static [u8] = &[b'a'; 100_000];
    let slow = stream::iter([Ok(beginning.into())]).chain(stream::pending());
    // Half of it is for the work.
    let error = world.upload_as(&token(4), slow.boxed()).await.unwrap_err();
    assert!(
        matches!(error, Error::Interrupted(StreamError::TokenEnds)),
        "{error}"
    );
    let changes = world.changes().await;
    assert_eq!(changes[0], "POST row");
    assert_eq!(changes[changes.len() - 3..], TAKEN_BACK);
}

#[tokio::test]
async fn what_the_callers_token_cannot_take_back_is_withdrawn() {
    let over = || answer(401, json!({"code": "PGRST303", "message": "JWT expired"}));
    let rows = |verb: &str| Mock::given(method(verb)).and(path("/rest/v1/case_files"));
    let over = ["PATCH", "DELETE"].map(|verb| rows(verb).respond_with(over()));
    let world = World::new(unproven(), over.into()).await;
    let error = world.upload("note.txt", None, bytes(TEXT)).await;
    let error = error.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Database(postgrest::Error::Token(TokenError::Expired))
        ),
        "{error}"
    );
    let seven = FileKey {
        kind: FileKind::CaseFile,
        id: 7,
    };
    assert_eq!(*world.notes.withdrawn.lock().unwrap(), [seven]);
}

#[tokio::test]
async fn storage_that_takes_the_token_no_more_is_no_refusal_of_the_file() {
    let said = [
        (
            400,
            "403",
            "AccessDenied",
            "\"exp\" claim timestamp check failed",
        ),
        (400, "400", "InvalidJWT", "jwt expired"),
        (403, "403", "AccessDenied", "new words for an old token"),
    ];
    for (status, hidden, code, message) in said {
        let body = json!({"statusCode": hidden, "error": "Unauthorized", "code": code, "message": message});
        let over = Mock::given(method("POST")).and(path_regex("^/storage/v1/object/.*"));
        let over = over.respond_with(answer(status, body));
        let world = World::new(Notes::default(), vec![over]).await;
        let error = world.upload_as(&token(-1), bytes(TEXT)).await.unwrap_err();
        let expired = storage::Error::Token(TokenError::Expired);
        assert_eq!(error.to_string(), expired.to_string(), "{message}");
        assert_eq!(world.changes().await[2..], TAKEN_BACK);
    }
}

#[tokio::test]
async fn a_file_above_the_limit_is_taken_back_though_its_length_was_unknown() {
    for (bucket_limit, expected) in [
        (None, 1_000_000),
        (Some(2_000_000), 1_000_000),
        (Some(500_000), 500_000),
    ] {
        let reserving = reserving(answer(200, reserved(bucket_limit)));
        let world = World::new(Notes::default(), vec![reserving]).await;
        let chunk: &'static [u8] = &[b'a'; 300_000];
        let chunks = std::iter::repeat_n(chunk, 4).map(|c| Ok(c.into()));
        let chunks = stream::iter(chunks).boxed();
        let error = world.upload("note.txt", None, chunks).await.unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit } if limit == expected),
            "{error}"
        );
        let changes = world.changes().await;
        assert_eq!(changes[changes.len() - 3..], TAKEN_BACK);
    }
}

#[tokio::test]
async fn bytes_that_changed_on_their_way_are_rejected() {
    let other = ResponseTemplate::new(200).set_body_raw("b note", "text/plain");
    let other = Mock::given(method("GET"))
        .and(path_regex("^/storage/v1/object/.*"))
        .respond_with(other);
    let world = World::new(unproven(), vec![other]).await;
    let error = world
        .upload("note.txt", None, bytes(TEXT))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Corrupted), "{error}");
    assert_eq!(world.notes.rejected.lock().unwrap().len(), 1);
    assert_eq!(world.changes().await[3..], TAKEN_BACK);
}

#[tokio::test]
async fn an_object_replaced_during_verification_never_becomes_available() {
    let notes = Notes {
        replaced: true,
        ..unproven()
    };
    let world = World::new(notes, vec![]).await;
    let error = world
        .upload("note.txt", None, bytes(TEXT))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::WrongState(_)), "{error}");
    assert_eq!(world.changes().await[3..], TAKEN_BACK);
}

#[tokio::test]
async fn a_page_that_a_frontend_stored_as_html_is_rejected_with_the_reason() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>", "text/html");
    let page = Mock::given(method("GET"))
        .and(path_regex("^/storage/v1/object/.*"))
        .respond_with(page);
    let world = World::new(Notes::default(), vec![page]).await;
    let error = world.verify().await.unwrap_err();
    assert!(matches!(error, Error::Content(_)), "{error}");
    assert!(world.notes.rejected.lock().unwrap()[0].contains("text/html"));
    assert_eq!(world.changes().await, TAKEN_BACK);
}

#[tokio::test]
async fn an_object_stored_as_no_content_type_is_rejected_and_not_left_waiting() {
    let odd = ResponseTemplate::new(200).set_body_raw(TEXT, "text");
    let odd = Mock::given(method("GET"))
        .and(path_regex("^/storage/v1/object/.*"))
        .respond_with(odd);
    let world = World::new(Notes::default(), vec![odd]).await;
    let error = world.verify().await.unwrap_err();
    assert!(matches!(error, Error::Content(_)), "{error}");
    assert!(world.notes.rejected.lock().unwrap()[0].contains("`text`"));
    assert_eq!(world.changes().await, TAKEN_BACK);
}

#[tokio::test]
async fn an_object_above_the_limit_that_a_frontend_wrote_is_rejected() {
    let large = "a".repeat(1_000_001);
    let length_known = ResponseTemplate::new(200).set_body_raw(large.clone(), "text/plain");
    let length_unknown = length_known
        .clone()
        .insert_header("transfer-encoding", "chunked");
    for answer in [length_known, length_unknown] {
        let large = Mock::given(method("GET"))
            .and(path_regex("^/storage/v1/object/.*"))
            .respond_with(answer);
        let world = World::new(Notes::default(), vec![large]).await;
        let error = world.verify().await.unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit: 1_000_000 }),
            "{error}"
        );
        assert!(world.notes.rejected.lock().unwrap()[0].contains("1000000 bytes"));
        assert_eq!(world.changes().await, TAKEN_BACK);
    }
}

#[tokio::test]
async fn deleting_marks_the_row_first_and_removes_it_last() {
    let world = World::new(Notes::default(), vec![]).await;
    world.delete().await.unwrap();
    assert_eq!(world.changes().await, TAKEN_BACK);
}

#[tokio::test]
async fn a_file_that_one_sees_and_may_not_delete_is_left_alone() {
    let passed_over = Mock::given(method("PATCH")).respond_with(answer(200, json!([])));
    let world = World::new(Notes::default(), vec![passed_over]).await;
    let error = world.delete().await.unwrap_err();
    assert!(matches!(error, Error::NotAllowed), "{error}");
    assert_eq!(world.changes().await, ["PATCH row deleting"]);
}

/// The file's row when it is looked for, one time after the other.
fn seen(states: &[&str]) -> Vec<Mock> {
    let rows = |state: &str| match state {
        "gone" => json!([]),
        state => json!([row(state)]),
    };
    let looks = states.iter().map(|state| {
        let look = Mock::given(method("GET")).and(path("/rest/v1/case_files"));
        look.respond_with(answer(200, rows(state))).up_to_n_times(1)
    });
    looks.collect()
}

#[tokio::test]
async fn a_file_that_another_call_deletes_at_the_same_time_is_deleted() {
    let passed_over = |verb: &str| Mock::given(method(verb)).and(path("/rest/v1/case_files"));
    let nothing = || answer(200, json!([]));
    // Gone before it was marked; marked by the other call; gone before its row was removed.
    for (states, method, changes) in [
        (vec!["available", "gone", "gone"], "PATCH", &TAKEN_BACK[..1]),
        (vec!["available", "deleting"], "PATCH", &TAKEN_BACK),
        (vec!["available", "gone"], "DELETE", &TAKEN_BACK),
    ] {
        let mut mocks = seen(&states);
        mocks.push(passed_over(method).respond_with(nothing()));
        let world = World::new(Notes::default(), mocks).await;
        world.delete().await.unwrap();
        assert_eq!(world.changes().await, changes, "{states:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_the_one_its_digest_is_of_is_taken_back() {
    let world = World::new(Notes::default(), vec![]).await;
    let user = UserToken::issued(TOKEN).unwrap();
    let upload = |digest: &str| {
        let claim = Claim::new("content-md5", "md5", digest).unwrap();
        let file = NewFile {
            home: in_case(None),
            name: "note.txt".to_owned(),
            length: None,
            claim: None,
            claims: Vec::from_iter(claim),
        };
        world.files.upload(&user, file, bytes(TEXT))
    };
    let error = upload("AAAAAAAAAAAAAAAAAAAAAA==").await.unwrap_err();
    assert!(matches!(error, Error::Digest(_)), "{error}");
    assert_eq!(world.changes().await[2..], TAKEN_BACK);
    assert!(world.notes.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_only_the_end_of_a_file_says_is_rejected_before_it_is_available() {
    // A ZIP archive with one entry, `a.txt`, and named as a document.
    let archive = [
        &b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt"[..],
        b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a.txt",
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x33\0\0\0\x23\0\0\0\0\0",
    ];
    let archive = stream::iter([Ok(archive.concat().into())]).boxed();
    let mut named: CaseFile = serde_json::from_value(row("pending")).unwrap();
    named.file.original_name = "a.docx".into();
    let reserved = json!({"file": named, "size_limit": null});
    let world = World::new(Notes::default(), vec![reserving(answer(200, reserved))]).await;
    let error = world.upload("a.docx", None, archive).await.unwrap_err();
    assert!(matches!(error, Error::Content(_)), "{error}");
    assert!(world.notes.rejected.lock().unwrap()[0].contains("ZIP archive"));
    assert_eq!(world.changes().await[2..], TAKEN_BACK);
    assert!(world.notes.sent.lock().unwrap().is_empty());
}
