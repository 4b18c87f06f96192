//! Hostile names, tokens, queries and bodies at every endpoint: nothing becomes SQL, a path or a crash.
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use std::time::Duration;

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use reqwest::{Client, Method};

use super::support::{ALICE, connect, server, session};

/// Text that means something somewhere: to SQL, LIKE, paths, XML, JSON, headers, format strings.
fn hostile() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        Just("'; drop table storage.objects; --".to_owned()),
        Just("\" or 1=1 --".to_owned()),
        Just("$1::text".to_owned()),
        Just("%_\\".to_owned()),
        Just("../../etc/passwd".to_owned()),
        Just("\u{0}\u{1}".to_owned()),
        Just("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>".to_owned()),
        Just("{\"prefix\": [[[[".to_owned()),
        Just("9".repeat(400)),
        Just("{}{:?}%s%n".to_owned()),
        Just("public".to_owned()),
        Just("sign".to_owned()),
        Just("/".to_owned()),
        "\\PC{0,12}",
        any::<String>(),
    ];
    vec(fragment, 1..4).prop_map(|parts| parts.concat())
}

/// Every route, with `{}` where something may stand.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/bucket/{}"),
    ("GET", "/bucket?search={}&sortColumn={}&limit={}"),
    ("POST", "/bucket"),
    ("PUT", "/bucket/{}"),
    ("DELETE", "/bucket/{}"),
    ("POST", "/bucket/{}/empty"),
    ("POST", "/object/{}/{}"),
    ("PUT", "/object/own/{}"),
    ("GET", "/object/own/{}"),
    ("HEAD", "/object/{}/{}"),
    ("GET", "/object/public/{}/{}"),
    ("GET", "/object/info/own/{}"),
    ("GET", "/object/sign/own/{}?token={}"),
    ("PUT", "/object/upload/sign/own/{}?token={}"),
    ("POST", "/object/upload/sign/own/{}"),
    ("POST", "/object/sign/own/{}"),
    ("POST", "/object/sign/own"),
    ("POST", "/object/list/{}"),
    ("POST", "/object/list-v2/{}"),
    ("POST", "/object/move"),
    ("POST", "/object/copy"),
    ("DELETE", "/object/own/{}"),
    ("DELETE", "/object/{}"),
    ("POST", "/upload/resumable"),
    ("PATCH", "/upload/resumable/{}"),
    ("HEAD", "/upload/resumable/{}"),
    ("DELETE", "/upload/resumable/sign/{}"),
    ("GET", "/s3/{}?list-type=2&prefix={}&continuation-token={}"),
    ("PUT", "/s3/{}/{}?partNumber={}&uploadId={}"),
    ("POST", "/s3/own/{}?uploadId={}"),
    ("POST", "/s3/own?delete={}"),
    (
        "GET",
        "/s3/own/{}?X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-Signature={}",
    ),
    ("GET", "/{}"),
];

/// JSON whose every value is hostile.
fn body(text: &str) -> String {
    let text = serde_json::Value::from(text);
    serde_json::json!({
        "name": text, "id": text, "prefix": text, "search": text, "cursor": text, "prefixes": [text, text],
        "paths": [text], "expiresIn": 60, "bucketId": "own", "sourceKey": text, "destinationKey": text,
        "destinationBucket": text, "sortBy": { "column": "name", "order": "asc" }, "public": false,
        "allowed_mime_types": [text], "file_size_limit": text, "metadata": { "mimetype": text },
    })
    .to_string()
}

fn fill(template: &str, values: &[String]) -> String {
    let mut values = values.iter().cycle();
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut path = String::new();
    for part in template.split("{}") {
        if !path.is_empty() {
            path.push_str(
                &values
                    .next()
                    .map(|v| encode(v).replace('+', "%20"))
                    .unwrap_or_default(),
            );
        }
        path.push_str(part);
    }
    path
}

async fn attack(client: &Client, method: &str, path: &str, body: Vec<u8>, text: &str) -> u16 {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client
        .request(method, format!("{}{path}", server().base))
        .bearer_auth(session(ALICE))
        .header("tus-resumable", "1.0.0")
        .timeout(Duration::from_secs(20))
        .body(body);
    let value: String = text.chars().filter(|c| (' '..='~').contains(c)).collect();
    for name in [
        "x-metadata",
        "upload-metadata",
        "upload-length",
        "upload-offset",
        "range",
        "if-none-match",
        "x-robots-tag",
        "x-amz-copy-source",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-signature",
    ] {
        request = request.header(name, value.trim());
    }
    request
        .send()
        .await
        .map_or(0, |answer| answer.status().as_u16())
}

async fn sentinels() -> (i64, i64) {
    let sql = "select (select count(*) from storage.buckets where id in ('own', 'free', 'open')),
                      (select count(*) from pg_policies where schemaname = 'storage' and policyname like 'own\\_%')";
    let row = connect(&server().superuser)
        .await
        .query_one(sql, &[])
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

#[test]
fn nothing_becomes_sql_a_path_or_a_crash() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = Client::new();
    let before = runtime.block_on(sentinels());
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let strategy = (vec(hostile(), 1..4), any::<Vec<u8>>(), any::<bool>());
    let result = TestRunner::new(config).run(&strategy, |(texts, bytes, json)| {
        for (method, template) in ROUTES {
            let path = fill(template, &texts);
            let body = if json {
                body(&texts[0]).into_bytes()
            } else {
                bytes.clone()
            };
            let status = runtime.block_on(attack(&client, method, &path, body, &texts[0]));
            prop_assert!((200..500).contains(&status), "{method} {path}: {status}");
        }
        Ok(())
    });
    result.unwrap();
    assert_eq!(runtime.block_on(sentinels()), before);
}
