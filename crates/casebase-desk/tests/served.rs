//! How the desk is served, and written for other hosts.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{fs, path::Path};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use casebase_desk::{AnonKey, Settings, router, write};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

fn settings(service: &str) -> Settings {
    Settings {
        supabase_url: "https://abc.supabase.co".parse().expect("a URL"),
        anon_key: AnonKey::new("sb_publishable_x").expect("a public key"),
        service_url: service.into(),
    }
}

struct Given {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Given {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("ASCII"))
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("UTF-8")
    }
}

async fn ask(path: &str, encoding: &str) -> Given {
    let request = Request::get(path)
        .header(header::ACCEPT_ENCODING, encoding)
        .body(Body::empty())
        .expect("a request");
    let given = router(settings("..")).oneshot(request).await;
    let (parts, body) = given.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Given {
        status: parts.status,
        headers: parts.headers,
        body: body.into(),
    }
}

/// What the entry page loads at once, with paths as they are served.
async fn loaded_at_once(ending: &str) -> Vec<String> {
    let entry = ask("/desk/", "identity").await;
    let parts = entry.text().split('"');
    let links = parts.filter_map(|part| part.strip_prefix("./"));
    let links = links.filter(|link| link.ends_with(ending));
    links.map(|link| format!("/desk/{link}")).collect()
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let script = loaded_at_once(".js").await.remove(0);
    for path in [
        "/desk",
        "/desk/",
        "/desk/config.json",
        &script,
        "/desk/none",
        "/desk/../x",
    ] {
        let given = ask(path, "identity").await;
        assert_eq!(given.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(given.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(given.header("referrer-policy"), "no-referrer", "{path}");
        let policy = given.header("content-security-policy");
        let strict = "default-src 'none'; script-src 'self'; style-src 'self';";
        assert!(policy.starts_with(strict), "{path}: {policy}");
        let asked = "connect-src 'self' https://abc.supabase.co wss://abc.supabase.co;";
        assert!(policy.contains(asked), "{path}: {policy}");
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{path}: {policy}"
        );
    }
}

#[tokio::test]
async fn hashed_files_stay_for_good_and_what_names_them_is_never_kept() {
    for path in ["/desk/", "/desk/index.html", "/desk/config.json"] {
        let given = ask(path, "identity").await;
        let told = (given.status, given.header("cache-control"));
        assert_eq!(told, (StatusCode::OK, "no-store"), "{path}");
    }
    for (ending, kind) in [
        (".js", "text/javascript"),
        (".css", "text/css"),
        (".svg", "image/svg+xml"),
    ] {
        let paths = loaded_at_once(ending).await;
        assert!(!paths.is_empty(), "{ending}");
        for path in paths {
            let given = ask(&path, "identity").await;
            let told = (given.status, given.header("cache-control"));
            let for_good = "public, max-age=31536000, immutable";
            assert_eq!(told, (StatusCode::OK, for_good), "{path}");
            assert_eq!(given.header("content-type"), kind, "{path}");
        }
    }
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found_and_one_without_its_slash_gets_it() {
    for path in [
        "/desk/none",
        "/desk/assets/",
        "/desk/assets/..%2findex.html",
        "/desk/Cargo.toml",
    ] {
        let given = ask(path, "identity").await;
        assert_eq!(given.status, StatusCode::NOT_FOUND, "{path}");
    }
    let given = ask("/desk", "identity").await;
    let told = (given.status, given.header("location"));
    assert_eq!(told, (StatusCode::PERMANENT_REDIRECT, "desk/"));
}

#[tokio::test]
async fn the_pages_are_told_whom_to_ask_at_run_time() {
    let given = ask("/desk/config.json", "identity").await;
    assert_eq!(
        given.text(),
        r#"{"supabaseUrl":"https://abc.supabase.co/","anonKey":"sb_publishable_x","serviceUrl":".."}"#
    );
}

/// What a phone has to load before it shows anything: at most 300 kB of script, compressed as it is sent.
#[tokio::test]
async fn the_first_load_is_at_most_300_kb_of_script() {
    let mut sent = 0;
    for path in loaded_at_once(".js").await {
        let given = ask(&path, "gzip").await;
        assert_eq!(given.header("content-encoding"), "gzip", "{path}");
        sent += given.body.len();
    }
    assert!((50_000..=300_000).contains(&sent), "{sent} bytes");
}

#[tokio::test]
async fn written_files_are_the_served_ones_and_say_whom_to_ask() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("new/desk");
    let kept = out.join("assets/of-before.js");
    for service in ["https://old.example.com", "https://casebase.example.com/x/"] {
        write(&out, &settings(service)).expect("written");
        fs::write(&kept, "open pages ask for it").expect("written");
    }
    let read = |path: &Path| fs::read_to_string(path).expect("readable");
    let entry = ask("/desk/", "identity").await;
    assert_eq!(read(&out.join("index.html")), entry.text());
    for path in loaded_at_once(".js").await {
        let file = out.join(path.strip_prefix("/desk/").expect("below"));
        assert_eq!(read(&file), ask(&path, "identity").await.text());
    }
    let config = read(&out.join("config.json"));
    let told = "\"serviceUrl\": \"https://casebase.example.com/x/\"";
    assert!(config.contains(told), "{config}");
    assert!(kept.exists(), "what open pages still ask for is gone");
    let headers = read(&out.join("_headers"));
    for told in [
        "/*\n  ",
        "connect-src 'self' https://abc.supabase.co wss://abc.supabase.co https://casebase.example.com;",
        "\n/config.json\n  cache-control: no-store\n",
        "\n/assets/*\n  cache-control: public, max-age=31536000, immutable\n",
    ] {
        assert!(headers.contains(told), "{headers}");
    }
}
