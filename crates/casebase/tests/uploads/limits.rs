//! How much one user may ask for at a time, and what their answers say of it.

use std::convert::Infallible;

use futures::{SinkExt as _, StreamExt as _, channel::mpsc};
use reqwest::{Body, Method, Response};

use crate::desk::{Desk, Files, created, refusal, refused};

fn header(answer: &Response, name: &str) -> String {
    let header = answer.headers().get(name);
    header.map_or("none".into(), |value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_when_to_ask_again_and_nobody_else_is() {
    let desk = Desk::with(&[("CASEBASE_REQUESTS_PER_MINUTE", "1")]).await;
    let path = format!("/v1/cases/{}", desk.case);
    let ask = async || {
        let request = desk.client.service(Method::GET, &path);
        request.send().await.unwrap()
    };
    let answer = ask().await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "ratelimit-policy"), "\"requests\";q=1;w=60");
    assert_eq!(header(&answer, "ratelimit"), "\"requests\";r=0;t=60");
    let answer = ask().await;
    assert!(header(&answer, "ratelimit").starts_with("\"requests\";r=0;"));
    let wait: u64 = header(&answer, "retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(refusal(answer).await, refused(429, "too_many_requests", ""));
    let staff = desk.staff.service(Method::GET, &path).send().await.unwrap();
    assert_eq!(staff.status(), 200);
    // Who is nobody has no limit of their own, and is told of none.
    let nobody = reqwest::get(format!("http://{}{path}", desk.service)).await;
    let nobody = nobody.unwrap();
    assert_eq!(nobody.status(), 401);
    assert_eq!(header(&nobody, "ratelimit"), "none");
}

#[tokio::test]
async fn bytes_on_their_way_are_limited_and_then_there_is_room_again() {
    let mut desk = Desk::with(&[("CASEBASE_BYTES_IN_FLIGHT", "100")]).await;
    // Nobody knows how long it will be.
    let (mut send, bytes) = mpsc::channel(1);
    let body = Body::wrap_stream(bytes.map(Ok::<String, Infallible>));
    let mut other = desk.another_connection().await;
    let slow = desk.client.upload_raw(&desk.case, "name=slow.txt", body);
    let meanwhile = async {
        send.send("a slow note".repeat(10_000)).await.unwrap();
        let reserved = "select exists (select from public.case_files where case_id = $1)";
        loop {
            let is_there = sqlx::query_scalar(reserved).bind(desk.case_id);
            if is_there.fetch_one(&mut other).await.unwrap() {
                break;
            }
        }
        let second = desk.client.upload_raw(&desk.case, "name=b.txt", "a note");
        let second = second.await;
        assert_eq!(header(&second, "retry-after"), "5");
        assert_eq!(refusal(second).await, refused(429, "too_many_bytes", ""));
        let staff = desk.staff.upload_raw(&desk.case, "name=c.txt", "a note");
        created(staff.await).await;
        drop(send);
    };
    let (slow, ()) = tokio::join!(slow, meanwhile);
    created(slow).await;
    let after = desk.client.upload_raw(&desk.case, "name=d.txt", "a note");
    created(after.await).await;
    assert_eq!(desk.left_behind().await, (3, 3));
}
