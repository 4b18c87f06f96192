//! Callers who hold connections and don't use them.
#![expect(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{Server, limits};

const SOON: Duration = Duration::from_secs(1);

#[tokio::test]
async fn callers_who_hold_all_connections_shut_nobody_out() {
    let server = Server::new(limits()).await;
    for held in [
        "",
        "GET / HTTP/1.1\r\nhos",
        "POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf",
        "POST /refuse HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhalf",
        "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut callers = Vec::new();
        for _ in 0..50 {
            callers.push(server.written(held).await);
        }
        server.answers().await;
    }
}

#[tokio::test]
async fn a_request_under_way_makes_room_for_nobody() {
    let server = Server::new(limits()).await;
    let half = "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\nhalf";
    let mut early = server.written(half).await;
    while server.seen() == 0 {
        tokio::task::yield_now().await;
    }
    let mut callers = Vec::new();
    for _ in 0..50 {
        callers.push(server.written("").await);
    }
    server.answers().await;
    early.write("half").await;
    assert!(early.until("\r\n\r\n8").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_head_that_does_not_come_and_an_unused_connection_are_given_up() {
    let mut limits = limits();
    limits.head = SOON;
    let server = Server::new(limits).await;
    for held in ["", "GET / HTTP/1.1\r\nhos"] {
        assert_eq!(server.written(held).await.rest().await, "");
    }
    let mut used = server.written("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(used.rest().await.ends_with("well"));
}

#[tokio::test]
async fn a_body_that_stands_still_or_trickles_is_given_up() {
    let mut limits = limits();
    limits.progress = SOON;
    let server = Server::new(limits).await;
    let head = "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n";
    let mut still = server.written(head).await;
    assert!(still.rest().await.starts_with("HTTP/1.1 408"));

    let mut trickling = server.written(head).await;
    let trickle = async {
        while trickling.can_write("x").await {
            tokio::time::sleep(SOON / 10).await;
            if trickling.has_answer() {
                return trickling.rest().await;
            }
        }
        String::new()
    };
    assert!(trickle.await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let mut limits = limits();
    limits.progress = SOON;
    let server = Server::new(limits).await;
    let _silent = server
        .written("GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let given_up = server.given_up.notified();
    tokio::time::timeout(Duration::from_secs(60), given_up)
        .await
        .unwrap();
}
