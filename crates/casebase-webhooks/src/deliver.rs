//! One signed request, and what came back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use url::Url;

use crate::attempt::{Attempt, Outcome};
use crate::failure;
use crate::outbox::Delivery;
use crate::resolve::{AllowedResolver, Egress};
use crate::schedule;
use crate::sign::SecretError;

/// How much of an answer is kept for admins to read, in bytes.
const KEPT_OF_ANSWER: usize = 1024;

/// How long to wait for that much once the status is known. The status decides; the body is a courtesy.
const PATIENCE_FOR_BODY: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the endpoint's URL can't be read: {0}")]
    Url(#[from] url::ParseError),
    #[error(transparent)]
    Refused(#[from] crate::resolve::Refusal),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("{}", failure::in_words(.error, .host))]
    Http { error: reqwest::Error, host: String },
}

/// Sends deliveries.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    egress: Egress,
}

impl Sender {
    /// A sender that gives receivers `timeout` to answer.
    ///
    /// # Errors
    /// When the TLS stack can't be set up.
    pub fn new(timeout: Duration, egress: Egress) -> Result<Self, reqwest::Error> {
        let builder = Client::builder()
            .user_agent(concat!("Casebase-Webhooks/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(timeout);
        let builder = match &egress.proxy {
            Some(proxy) => builder.proxy(Proxy::all(proxy.clone())?),
            // One that the environment names would resolve names itself, behind the filter's back.
            None if egress.allow_private => builder.no_proxy(),
            None => builder
                .no_proxy()
                .dns_resolver(Arc::new(AllowedResolver(egress.clone()))),
        };
        Ok(Self {
            client: builder.build()?,
            egress,
        })
    }

    /// Makes one attempt.
    pub async fn send(&self, delivery: &Delivery) -> Attempt {
        let started_at = Utc::now();
        let clock = Instant::now();
        let outcome = match self.post(delivery, started_at).await {
            Ok(response) => read(response).await,
            Err(error) => {
                let text = storable(&error.to_string());
                match error {
                    SendError::Http { error, .. } if !error.is_connect() => {
                        Outcome::NoAnswer { error: text }
                    }
                    _ => Outcome::NotSent { error: text },
                }
            }
        };
        Attempt {
            started_at,
            duration: clock.elapsed(),
            outcome,
        }
    }

    async fn post(
        &self,
        delivery: &Delivery,
        sent_at: DateTime<Utc>,
    ) -> Result<Response, SendError> {
        let url = Url::parse(&delivery.url)?;
        self.egress.check_url(&url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let secrets = &delivery.secrets;
        let signature = secrets.sign(&delivery.message_id, sent_at, &delivery.body)?;

        let mut request = self.client.post(url);
        for (name, value) in &delivery.headers.0 {
            request = request.header(name, value);
        }
        request
            .header(CONTENT_TYPE, "application/json")
            .header(HEADER_WEBHOOK_ID, &delivery.message_id)
            .header(HEADER_WEBHOOK_TIMESTAMP, sent_at.timestamp())
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(delivery.body.clone())
            .send()
            .await
            .map_err(|error| SendError::Http { error, host })
    }
}

async fn read(mut response: Response) -> Outcome {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|header| header.to_str().ok())
        .and_then(|header| schedule::retry_after(header, Utc::now()));

    let mut body = Vec::new();
    let reading = async {
        while body.len() < KEPT_OF_ANSWER
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
    };
    // Too late is fine: what has come so far is kept.
    let _ = tokio::time::timeout(PATIENCE_FOR_BODY, reading).await;
    body.truncate(KEPT_OF_ANSWER);

    Outcome::Answered {
        status,
        retry_after,
        body: storable(&String::from_utf8_lossy(&body)),
    }
}

/// PostgreSQL's text holds everything but NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use std::collections::BTreeMap;

    use sqlx::types::Json;
    use uuid::Uuid;
    use wiremock::matchers::{body_string, header, method};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const BODY: &str = r#"{"type":"case.updated","data":{"title":"Größe"}}"#;

    fn delivery_to(url: &str) -> Delivery {
        Delivery {
            delivery_id: 1,
            lease_token: Uuid::nil(),
            attempt: 1,
            endpoint_id: Uuid::nil(),
            url: url.to_owned(),
            message_id: "msg_1".to_owned(),
            body: BODY.to_owned(),
            secrets: vec![SECRET.to_owned()].into(),
            retry_waits: None,
            headers: Json(BTreeMap::from([("x-tenant".to_owned(), "7".to_owned())])),
        }
    }

    async fn send(url: &str, timeout: Duration, allow_private: bool) -> Outcome {
        let egress = Egress {
            allow_private,
            ..Egress::default()
        };
        let sender = Sender::new(timeout, egress).unwrap();
        sender.send(&delivery_to(url)).await.outcome
    }

    async fn receiver(response: ResponseTemplate) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(response)
            .mount(&server)
            .await;
        server
    }

    fn no_answer(outcome: Outcome) -> String {
        match outcome {
            Outcome::NoAnswer { error } => error,
            other => panic!("{other:?}"),
        }
    }

    fn not_sent(outcome: Outcome) -> String {
        match outcome {
            Outcome::NotSent { error } => error,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_receiver_can_verify_what_it_gets() {
        let server = MockServer::start().await;
        Mock::given(header("content-type", "application/json"))
            .and(header("webhook-id", "msg_1"))
            .and(header("x-tenant", "7"))
            .and(body_string(BODY))
            .respond_with(ResponseTemplate::new(204))
            .mount(&server)
            .await;

        let outcome = send(&server.uri(), Duration::from_secs(5), true).await;

        assert_eq!(
            outcome,
            Outcome::Answered {
                status: 204,
                retry_after: None,
                body: String::new()
            }
        );
        let request = server.received_requests().await.unwrap().remove(0);
        standardwebhooks::Webhook::new(SECRET)
            .unwrap()
            .verify(&request.body, &request.headers)
            .unwrap();
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = receiver(ResponseTemplate::new(200)).await;
        let server = receiver(
            ResponseTemplate::new(307).insert_header("location", elsewhere.uri().as_str()),
        )
        .await;

        let outcome = send(&server.uri(), Duration::from_secs(5), true).await;

        assert!(matches!(outcome, Outcome::Answered { status: 307, .. }));
        assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
    }

    #[tokio::test]
    async fn a_receiver_that_is_too_slow_gave_no_answer() {
        let server = receiver(ResponseTemplate::new(200).set_delay(Duration::from_secs(5))).await;

        let outcome = send(&server.uri(), Duration::from_millis(100), true).await;

        assert_eq!(no_answer(outcome), "no answer came in time");
    }

    #[tokio::test]
    async fn a_failures_answer_is_kept_without_nul_and_cut_off() {
        let long = format!("\0no{}", "!".repeat(5000));
        let server = receiver(
            ResponseTemplate::new(503)
                .insert_header("retry-after", "7")
                .set_body_string(long),
        )
        .await;

        let outcome = send(&server.uri(), Duration::from_secs(5), true).await;

        let Outcome::Answered {
            status,
            retry_after,
            body,
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!((status, retry_after), (503, Some(Duration::from_secs(7))));
        assert!(body.starts_with("\u{fffd}no!"), "{body}");
        assert_eq!(body.chars().count(), KEPT_OF_ANSWER);
    }

    #[tokio::test]
    async fn nothing_is_sent_to_a_private_address() {
        let server = receiver(ResponseTemplate::new(200)).await;
        let port = server.address().port();

        for (url, why) in [
            (format!("http://127.0.0.1:{port}/"), "only https"),
            (format!("https://127.0.0.1:{port}/"), "not a public address"),
            (format!("https://localhost:{port}/"), "not a public address"),
        ] {
            let error = not_sent(send(&url, Duration::from_secs(5), false).await);
            assert!(error.contains(why), "{url}: {error}");
        }
        assert_eq!(server.received_requests().await.unwrap().len(), 0);
    }

    #[tokio::test]
    async fn with_a_proxy_everything_goes_through_it_and_literal_addresses_are_still_refused() {
        let proxy = receiver(ResponseTemplate::new(200)).await;
        let mut egress = Egress {
            proxy: Some(proxy.uri().parse().unwrap()),
            ..Egress::default()
        };
        let send = async |egress: &Egress, url: &str| {
            let sender = Sender::new(Duration::from_secs(5), egress.clone()).unwrap();
            sender.send(&delivery_to(url)).await.outcome
        };
        let error = not_sent(send(&egress, "https://10.0.0.1/").await);
        assert!(error.contains("not a public address"), "{error}");
        egress.allow_private = true;
        let outcome = send(&egress, "http://receiver.invalid/hook").await;
        assert!(matches!(outcome, Outcome::Answered { status: 200, .. }));
        let request = proxy.received_requests().await.unwrap().remove(0);
        assert_eq!(request.headers["host"], "receiver.invalid");
    }

    #[tokio::test]
    async fn nothing_is_sent_unsigned() {
        let server = receiver(ResponseTemplate::new(200)).await;
        let egress = Egress {
            allow_private: true,
            ..Egress::default()
        };
        let sender = Sender::new(Duration::from_secs(5), egress).unwrap();
        for (secrets, why) in [
            (vec![], "no signing secret"),
            (vec!["whsec_not base64".to_owned()], "can't be used"),
            (
                vec![SECRET.to_owned(), "whsk_C2FVsBQI".to_owned()],
                "can't be used",
            ),
        ] {
            let delivery = Delivery {
                secrets: secrets.into(),
                ..delivery_to(&server.uri())
            };
            let error = not_sent(sender.send(&delivery).await.outcome);
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(server.received_requests().await.unwrap().len(), 0);
    }

    #[tokio::test]
    async fn an_error_does_not_repeat_the_endpoints_token() {
        let error = not_sent(
            send(
                "http://127.0.0.1:1/?token=hush",
                Duration::from_secs(5),
                true,
            )
            .await,
        );
        assert_eq!(
            error,
            "127.0.0.1 refused the connection: nothing listens there"
        );
        assert!(!error.contains("hush"), "{error}");
    }
}
