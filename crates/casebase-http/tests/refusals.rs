//! Answers that are sent while the request is still being written, and requests that are none.
#![expect(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{GET_AND_CLOSE, Server, limits};

fn refused(length: usize) -> String {
    format!("POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n")
}

#[tokio::test]
async fn a_caller_who_goes_on_writing_hears_the_refusal_whole() {
    let server = Server::new(limits()).await;
    for length in [2, 100_000, 20_000_000] {
        let mut caller = server.written(&refused(length)).await;
        let answer = caller.until("\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(caller.can_write(&"x".repeat(length)).await, "{length}");
        assert_eq!(caller.rest().await, "");

        // And who reads only when all is written.
        let mut caller = server.written(&refused(length)).await;
        assert!(caller.can_write(&"x".repeat(length)).await, "{length}");
        assert!(caller.rest().await.starts_with("HTTP/1.1 401"));
    }
}

#[tokio::test]
async fn a_refusal_of_hypers_own_arrives_too() {
    let server = Server::new(limits()).await;
    let mut caller = server.written("NO HTTP\r\n\r\n").await;
    assert!(caller.can_write(&"x".repeat(20_000_000)).await);
    assert!(caller.rest().await.starts_with("HTTP/1.1 400"));

    let long = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n",
        "x".repeat(200_000)
    );
    let mut caller = server.written("").await;
    assert!(caller.can_write(&long).await);
    assert!(caller.rest().await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn what_is_unread_is_taken_only_within_its_bounds() {
    let mut size = limits();
    size.unread_bytes = 1_000_000;
    let mut time = limits();
    time.unread_time = Duration::from_millis(200);
    for limits in [size, time] {
        let server = Server::new(limits).await;
        let mut caller = server.written(&refused(usize::MAX)).await;
        caller.until("\r\n\r\n").await;
        let endless = async { while caller.can_write(&"x".repeat(1000)).await {} };
        tokio::time::timeout(Duration::from_secs(60), endless)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_message_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed() {
    let server = Server::new(limits()).await;
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 5",
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5, 5",
        "content-length: +5",
        "content-length : 5",
        "transfer-encoding : chunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: xchunked",
        "transfer-encoding: gzip, chunked",
        "x: y\n content-length: 5",
        "x: y\r\n folded: z",
        "x: y\rcontent-length: 5",
        "x: y\ncontent-length: 5",
        "host: y",
    ] {
        let head = format!("POST /read HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n");
        let mut caller = server.written(&head).await;
        caller.can_write(&format!("0\r\n\r\n{GET_AND_CLOSE}")).await;
        let answer = caller.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{headers:?}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1").count(),
            1,
            "{headers:?}: {answer}"
        );
    }
    assert_eq!(server.seen(), 0);
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let server = Server::new(limits()).await;
    let get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let post = "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nbytes";
    let chunks =
        "POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let mut caller = server
        .written(&format!("{get}{post}{get}{post}{chunks}"))
        .await;
    let answers = caller.rest().await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 5, "{answers}");
    assert!(answers.ends_with("\r\n\r\n3"), "{answers}");
}
