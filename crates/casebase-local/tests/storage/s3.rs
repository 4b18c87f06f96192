//! The S3 endpoint with the AWS SDK for Rust, configured as Supabase documents it.
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use std::time::Duration;

use aws_sdk_s3::{
    Client, Config,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation,
    },
    error::{ProvideErrorMetadata, SdkError},
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier},
};
use aws_smithy_http_client::Builder;
use casebase_local::{ANON_KEY, PROJECT_REF, S3_STATIC_KEY};

use super::support::{ALICE, BOB, key, server, session};

fn client(credentials: Credentials) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(Builder::new().build_http())
        // For an address instead of a name the SDK joins the bucket to the path as it is.
        .endpoint_url(format!("{}/s3/", server().base))
        .region(Region::new("us-east-1"))
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .credentials_provider(credentials)
        .build();
    Client::from_conf(config)
}

fn user(id: &str) -> Client {
    client(Credentials::new(
        PROJECT_REF,
        ANON_KEY,
        Some(session(id)),
        None,
        "session",
    ))
}

fn project() -> Client {
    client(Credentials::new(
        S3_STATIC_KEY.0,
        S3_STATIC_KEY.1,
        None,
        None,
        "static",
    ))
}

async fn put(client: &Client, bucket: &str, key: &str, text: &str) -> Result<(), String> {
    let put = client
        .put_object()
        .bucket(bucket)
        .key(key)
        .content_type("text/plain");
    let sent = put
        .body(ByteStream::from(text.as_bytes().to_vec()))
        .send()
        .await;
    sent.map(|_| ()).map_err(|e| code(&e))
}

async fn text(client: &Client, bucket: &str, key: &str) -> Result<String, String> {
    let got = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(|e| code(&e))?;
    let bytes = got.body.collect().await.unwrap().into_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    error.code().unwrap_or("none").to_owned()
}

#[tokio::test]
async fn a_session_token_makes_the_policies_decide() {
    let (alice, bob, key) = (user(ALICE), user(BOB), key(ALICE));
    put(&alice, "own", &key, "hers").await.unwrap();
    assert_eq!(text(&alice, "own", &key).await.unwrap(), "hers");
    assert_eq!(text(&bob, "own", &key).await.unwrap_err(), "NoSuchKey");
    assert_eq!(
        put(&bob, "own", &key, "his").await.unwrap_err(),
        "AccessDenied"
    );
    assert_eq!(
        put(&alice, "own", &key, "again").await.unwrap_err(),
        "AccessDenied"
    );
    assert_eq!(
        put(&alice, "nope", &key, "x").await.unwrap_err(),
        "NoSuchBucket"
    );
    assert_eq!(text(&project(), "own", &key).await.unwrap(), "hers");
}

#[tokio::test]
async fn wrong_credentials_say_what_is_wrong() {
    let wrong_secret = Credentials::new(PROJECT_REF, "wrong", Some(session(ALICE)), None, "test");
    let wrong_key = Credentials::new("nobody", S3_STATIC_KEY.1, None, None, "test");
    let no_token = Credentials::new(PROJECT_REF, ANON_KEY, Some("garbage".into()), None, "test");
    for (credentials, expected) in [
        (wrong_secret, "SignatureDoesNotMatch"),
        (wrong_key, "AccessDenied"),
        (no_token, "AccessDenied"),
    ] {
        let refused = client(credentials)
            .list_objects_v2()
            .bucket("own")
            .send()
            .await
            .unwrap_err();
        assert_eq!(code(&refused), expected);
    }
}

#[tokio::test]
async fn objects_are_read_in_ranges_copied_listed_and_deleted() {
    let (alice, folder) = (user(ALICE), format!("{ALICE}/{}", uuid::Uuid::new_v4()));
    let at = |name: &str| format!("{folder}/{name}");
    put(&alice, "free", &at("a b.txt"), "0123456789")
        .await
        .unwrap();
    let got = alice
        .get_object()
        .bucket("free")
        .key(at("a b.txt"))
        .range("bytes=2-4")
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_range(), Some("bytes 2-4/10"));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"234");

    put(&alice, "free", &at("source.txt"), "copied")
        .await
        .unwrap();
    let copy = alice.copy_object().bucket("free").key(at("dir/copy.txt"));
    copy.copy_source(format!("free/{}", at("source.txt")))
        .send()
        .await
        .unwrap();
    let listed = alice
        .list_objects_v2()
        .bucket("free")
        .prefix(at(""))
        .delimiter("/")
        .send()
        .await
        .unwrap();
    let keys: Vec<&str> = listed.contents().iter().filter_map(|o| o.key()).collect();
    assert_eq!(keys, [at("a b.txt"), at("source.txt")]);
    assert_eq!(
        listed.common_prefixes()[0].prefix(),
        Some(at("dir/").as_str())
    );

    let objects = ["a b.txt", "dir/copy.txt", "absent.txt"]
        .map(|name| ObjectIdentifier::builder().key(at(name)).build().unwrap());
    let delete = Delete::builder()
        .set_objects(Some(objects.to_vec()))
        .build()
        .unwrap();
    let deleted = alice
        .delete_objects()
        .bucket("free")
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (3, 0));
    let head = alice
        .head_object()
        .bucket("free")
        .key(at("a b.txt"))
        .send()
        .await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
}

#[tokio::test]
async fn parts_are_one_object_when_they_are_complete() {
    let (alice, key) = (user(ALICE), key(ALICE));
    let created = alice
        .create_multipart_upload()
        .bucket("free")
        .key(&key)
        .content_type("text/plain");
    let id = created
        .send()
        .await
        .unwrap()
        .upload_id()
        .unwrap()
        .to_owned();
    let mut parts = CompletedMultipartUpload::builder();
    for (number, byte) in [(1, b'a'), (2, b'b')] {
        let body = ByteStream::from(vec![byte; 5 * 1024 * 1024]);
        let part = alice
            .upload_part()
            .bucket("free")
            .key(&key)
            .upload_id(&id)
            .part_number(number)
            .body(body);
        let etag = part.send().await.unwrap().e_tag().map(str::to_owned);
        parts = parts.parts(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(etag)
                .build(),
        );
    }
    let denied = user(BOB)
        .abort_multipart_upload()
        .bucket("free")
        .key(&key)
        .upload_id(&id)
        .send()
        .await;
    assert_eq!(code(&denied.unwrap_err()), "AccessDenied");
    let complete = alice
        .complete_multipart_upload()
        .bucket("free")
        .key(&key)
        .upload_id(&id);
    complete
        .multipart_upload(parts.build())
        .send()
        .await
        .unwrap();
    let whole = text(&alice, "free", &key).await.unwrap();
    assert_eq!(
        (whole.len(), &whole[5 * 1024 * 1024 - 1..][..2]),
        (10 * 1024 * 1024, "ab")
    );
    let late = alice
        .abort_multipart_upload()
        .bucket("free")
        .key(&key)
        .upload_id(&id)
        .send()
        .await;
    assert_eq!(code(&late.unwrap_err()), "NoSuchUpload");
}

#[tokio::test]
async fn a_presigned_url_is_good_for_what_it_was_signed_for() {
    let (alice, key) = (user(ALICE), key(ALICE));
    let valid = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let put = alice
        .put_object()
        .bucket("own")
        .key(&key)
        .presigned(valid.clone())
        .await
        .unwrap();
    let sent = reqwest::Client::new()
        .put(put.uri())
        .body("by URL")
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200);
    let get = alice
        .get_object()
        .bucket("own")
        .key(&key)
        .presigned(valid)
        .await
        .unwrap();
    let read = reqwest::get(get.uri()).await.unwrap().text().await.unwrap();
    assert_eq!(read, "by URL");
    let deleted = reqwest::Client::new()
        .delete(get.uri())
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 403);
}
