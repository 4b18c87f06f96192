//! Files past a virus scanner: a stand-in that speaks clamd's protocol.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
};

use super::desk::{Desk, Files, created, refusal, refused};

/// The test file of the anti-malware industry, in two parts, so that this file is none.
const VIRUS: [&str; 2] = [
    "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-",
    "ANTIVIRUS-TEST-FILE!$H+H*",
];
/// What the stand-in takes, as `StreamMaxLength`.
const MAX_LENGTH: usize = 1_000_000;

/// How many bytes it was sent of each file.
type Seen = Arc<Mutex<Vec<usize>>>;

/// What clamd does with a connection (clamd(8), `INSTREAM`).
async fn scan(mut socket: impl AsyncRead + AsyncWrite + Unpin, seen: Seen) -> std::io::Result<()> {
    let mut command = [0; 10];
    socket.read_exact(&mut command).await?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut file = Vec::new();
    loop {
        let length = socket.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        if file.len() + length > MAX_LENGTH {
            let refusal = b"INSTREAM size limit exceeded. ERROR\0";
            socket.write_all(refusal).await?;
            socket.shutdown().await?;
            // With bytes unread the connection would be reset, and the answer perhaps lost.
            return tokio::io::copy(&mut socket, &mut tokio::io::sink())
                .await
                .map(drop);
        }
        let start = file.len();
        file.resize(start + length, 0);
        socket.read_exact(&mut file[start..]).await?;
    }
    seen.lock().unwrap().push(file.len());
    let text = String::from_utf8_lossy(&file);
    let answer: &[u8] = if text.contains(&VIRUS.concat()) {
        b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
    } else if text.contains("break off") {
        b""
    } else {
        b"stream: OK\0"
    };
    socket.write_all(answer).await
}

async fn over_tcp() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Seen::default();
    let files = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(scan(socket, Arc::clone(&files)));
        }
    });
    (address, seen)
}

async fn desk(storage: &str, clamd: &str) -> Desk {
    Desk::with(&[("CASEBASE_STORAGE", storage), ("CASEBASE_CLAMD", clamd)]).await
}

/// What the desk's one file has become: its state and why, and how many objects there are.
async fn rejected(desk: &mut Desk) -> (String, String, i64) {
    let row = sqlx::query_as::<_, (String, String)>(
        "select state, coalesce(rejection, '') from public.case_files where case_id = $1",
    );
    let row = row.bind(desk.case_id).fetch_one(&mut desk.database).await;
    let (state, reason) = row.unwrap();
    (state, reason, desk.left_behind().await.1)
}

async fn events(desk: &Desk, as_client: bool) -> Vec<Value> {
    let person = if as_client { &desk.client } else { &desk.staff };
    let query = format!(
        "/rest/v1/case_events?case_id=eq.{}&type=eq.case_file.rejected",
        desk.case_id
    );
    let answer = person.supabase(Method::GET, &query).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test]
async fn an_infected_file_is_rejected_its_object_deleted_and_the_staff_hear_of_it() {
    let reason = "the virus scanner found Win.Test.EICAR_HDB-1 in the file";
    let is_rejected = ("deleting".to_owned(), reason.to_owned(), 0);
    for storage in ["s3", "rest"] {
        let (clamd, seen) = over_tcp().await;
        let mut desk = desk(storage, &clamd).await;
        let file = format!("a letter\n{}", VIRUS.concat());
        let length = file.len();
        let answer = desk.client.upload_raw(&desk.case, "name=a.txt", file).await;
        assert_eq!(refusal(answer).await, refused(422, "infected", "file"));
        assert_eq!(*seen.lock().unwrap(), [length]);
        assert_eq!(rejected(&mut desk).await, is_rejected);
        let told = events(&desk, false).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["data"]["reason"], reason);
        assert_eq!(told[0]["actor_id"], desk.client.id().to_string());
        assert_eq!(events(&desk, true).await, [json!(null); 0]);
    }
}

#[tokio::test]
async fn a_frontends_own_upload_is_scanned_when_it_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clamd.ctl");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(scan(socket, Seen::default()));
        }
    });
    let mut desk = desk("rest", path.to_str().unwrap()).await;
    let virus = desk.written_by_hand_as("a.txt", &VIRUS.concat()).await;
    let verify = |id: &Value| {
        let path = format!("/v1/files/{id}/verify");
        desk.client.service(Method::POST, &path).send()
    };
    let answer = verify(&virus).await.unwrap();
    assert_eq!(refusal(answer).await, refused(422, "infected", "file"));
    let clean = desk.written_by_hand_as("b.txt", "text").await;
    assert_eq!(verify(&clean).await.unwrap().status(), 200);
    assert_eq!(events(&desk, false).await.len(), 1);
    assert_eq!(desk.left_behind().await, (2, 1));
}

#[tokio::test]
async fn without_a_verdict_nothing_becomes_available() {
    let (clamd, _) = over_tcp().await;
    let away = "127.0.0.1:9";
    let large = "x".repeat(MAX_LENGTH + 1);
    for (clamd, file, expected) in [
        (away, "text", refused(503, "scanner_unavailable", "")),
        (&clamd, "break off", refused(503, "scanner_unavailable", "")),
        (&clamd, &large, refused(502, "scanner_error", "")),
    ] {
        let mut desk = desk("s3", clamd).await;
        let upload = desk
            .client
            .upload_raw(&desk.case, "name=a.txt", file.to_owned());
        assert_eq!(refusal(upload.await).await, expected);
        desk.nothing_is_left_behind().await;

        let id = desk.written_by_hand_as("a.txt", file).await;
        let path = format!("/v1/files/{id}/verify");
        let answer = desk
            .client
            .service(Method::POST, &path)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(answer).await, expected);
        let waits = ("uploaded".to_owned(), String::new(), 1);
        assert_eq!(rejected(&mut desk).await, waits);
    }
}

#[tokio::test]
async fn a_clean_file_of_any_length_is_seen_whole() {
    let (clamd, seen) = over_tcp().await;
    let desk = desk("s3", &clamd).await;
    let file = "x".repeat(900_000);
    let row = created(desk.client.upload_raw(&desk.case, "name=a.txt", file).await).await;
    assert_eq!(row["state"], "available");
    assert_eq!(*seen.lock().unwrap(), [900_000]);
}
