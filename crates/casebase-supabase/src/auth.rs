//! Signing in, for the command line.
//!
//! Over `supabase-auth`, which has no timeouts, drops Auth's error codes, puts an answer it can't
//! read, tokens included, into its error message, and signs out everywhere whatever it is asked.
//! Here a request ends in time, errors say what to do, no message repeats an answer, and one session
//! is ended.

use std::{fmt, future::Future, time::Duration};

use chrono::{DateTime, Utc};
use supabase_auth::{
    error::Error as CrateError,
    models::{AuthClient as CrateClient, EmailSignUpResult, Session as CrateSession},
};
use url::Url;
use uuid::Uuid;

use crate::{
    AnonKey, SettingError,
    jwt::{TokenError, UserToken},
};

const TIMEOUT: Duration = Duration::from_secs(15);

/// Auth of one project.
pub struct AuthClient {
    inner: CrateClient,
    http: reqwest::Client,
    sign_out: Url,
    anon_key: AnonKey,
    timeout: Duration,
}

/// Someone signed in.
pub struct Session {
    /// What to call with, until it expires.
    pub token: UserToken,
    /// What gets the next session, once. A credential.
    pub refresh_token: String,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
    /// Who.
    pub user_id: Uuid,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user_id", &self.user_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The user that a token belongs to, as Auth has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: Uuid,
    /// The address.
    pub email: String,
}

/// No session.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Auth refused; its sentence.
    #[error("Auth refused ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Auth's sentence.
        message: String,
    },
    /// No answer in time.
    #[error("Auth did not answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("Auth cannot be reached: {0}")]
    Unreachable(String),
    /// An answer that is not Auth's, or a session without a readable token.
    #[error("Auth answered {status} with something that is not a session or an error")]
    UnexpectedAnswer {
        /// The HTTP status; 200 if only its content was odd.
        status: u16,
    },
    /// The token in the session is none.
    #[error("Auth handed out a token that cannot be read: {0}")]
    Token(#[from] TokenError),
}

impl AuthClient {
    /// For the project at `supabase_url`.
    pub fn new(supabase_url: &Url, anon_key: &AnonKey) -> Result<Self, SettingError> {
        let base = crate::below(supabase_url, "")?;
        let base = base.as_str().trim_end_matches('/');
        let http = reqwest::Client::builder().build();
        let mut sign_out = crate::below(supabase_url, "auth/v1/logout")?;
        sign_out.set_query(Some("scope=local"));
        Ok(Self {
            http: http.map_err(|error| SettingError::Client(crate::failure(error)))?,
            sign_out,
            anon_key: anon_key.clone(),
            // The third argument is a JWT secret, which this crate has no use for.
            inner: CrateClient::new(base, anon_key.as_str(), ""),
            timeout: TIMEOUT,
        })
    }

    /// Signs up with an address and a password. No session: the project wants the address confirmed
    /// first.
    pub async fn sign_up(&self, email: &str, password: &str) -> Result<Option<Session>, Error> {
        let request = self
            .inner
            .sign_up_with_email_and_password(email, password, None);
        match self.in_time(request).await? {
            EmailSignUpResult::SessionResult(session) => Ok(Some(session.try_into()?)),
            EmailSignUpResult::ConfirmationResult(_) => Ok(None),
        }
    }

    /// Signs in with an address and a password.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Session, Error> {
        let request = self.inner.login_with_email(email, password);
        self.in_time(request).await?.try_into()
    }

    /// A new session for an old one's refresh token, which is spent by it.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Session, Error> {
        let request = self.inner.refresh_session(refresh_token);
        self.in_time(request).await?.try_into()
    }

    /// The user as Auth has it now; refused when the token's session has ended.
    pub async fn user(&self, token: &UserToken) -> Result<User, Error> {
        let user = self.in_time(self.inner.get_user(token.as_str())).await?;
        Ok(User {
            id: user.id,
            email: user.email,
        })
    }

    /// Ends the session that the token is of: nobody gets another token with its refresh token. The user's other sessions
    /// go on. What has ended already is ended.
    pub async fn sign_out(&self, token: &UserToken) -> Result<(), Error> {
        // The crate says in the body which sessions are meant, where Auth doesn't look: it would end all of them.
        let request = self.http.post(self.sign_out.clone());
        let request = request.header("apikey", self.anon_key.as_str());
        let sent = request.bearer_auth(token.as_str()).send();
        let answer = tokio::time::timeout(self.timeout, sent).await;
        let answer = answer.map_err(|_| Error::Timeout)?;
        let answer = answer.map_err(|error| Error::Unreachable(crate::failure(error)))?;
        match answer.status().as_u16() {
            200..=299 | 401 | 403 | 404 => Ok(()),
            status => Err(Error::UnexpectedAnswer { status }),
        }
    }

    async fn in_time<T>(
        &self,
        request: impl Future<Output = Result<T, CrateError>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(self.timeout, request).await {
            Ok(answer) => answer.map_err(refusal),
            Err(_) => Err(Error::Timeout),
        }
    }
}

impl TryFrom<CrateSession> for Session {
    type Error = Error;

    fn try_from(session: CrateSession) -> Result<Self, Error> {
        let token = UserToken::issued(&session.access_token)?;
        let expires_at = DateTime::from_timestamp(token.claims().exp.seconds(), 0);
        Ok(Self {
            expires_at: expires_at.ok_or(TokenError::Malformed)?,
            user_id: session.user.id,
            refresh_token: session.refresh_token,
            token,
        })
    }
}

/// A sentence of Auth's is passed on; a raw body, which the crate puts in the same place when it
/// can't read it, is not: it may hold tokens.
fn refusal(error: CrateError) -> Error {
    match error {
        CrateError::AuthError { status, message } => {
            let raw = message.trim_start().starts_with(['{', '[', '<']);
            if raw || status.is_success() {
                Error::UnexpectedAnswer {
                    status: status.as_u16(),
                }
            } else {
                Error::Refused {
                    status: status.as_u16(),
                    message,
                }
            }
        }
        CrateError::NetworkError(error) => Error::Unreachable(crate::failure(error)),
        _ => Error::UnexpectedAnswer { status: 200 },
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{any, body_json, header, path, query_param},
    };

    use super::*;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3ZjBjOWQwZS0yZjdlLTRjNTMtOWE0ZS02ZjBhM2E0YTdhMTAiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln";

    fn client(server: &MockServer) -> AuthClient {
        let key = AnonKey::new("sb_publishable_x").unwrap();
        let mut client = AuthClient::new(&Url::parse(&server.uri()).unwrap(), &key).unwrap();
        client.timeout = Duration::from_secs(60);
        client
    }

    async fn answering(answer: ResponseTemplate) -> (MockServer, AuthClient) {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let client = client(&server);
        (server, client)
    }

    fn session(access_token: &str) -> Value {
        json!({
            "access_token": access_token, "token_type": "bearer", "expires_in": 3600,
            "expires_at": 4_102_444_800_u64, "refresh_token": "refresh-me",
            "user": {
                "id": "7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10", "aud": "authenticated",
                "role": "authenticated", "email": "ada@example.com", "phone": "",
                "app_metadata": {"provider": "email", "case_role": "staff"}, "user_metadata": {},
                "identities": [], "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z", "is_anonymous": false,
            },
        })
    }

    #[tokio::test]
    async fn signing_in_gives_a_token_and_hides_it_from_logs() {
        let server = MockServer::start().await;
        Mock::given(path("/auth/v1/token"))
            .and(query_param("grant_type", "password"))
            .and(header("apikey", "sb_publishable_x"))
            .and(body_json(
                json!({"email": "ada@example.com", "password": "correct horse"}),
            ))
            .respond_with(ResponseTemplate::new(200).set_body_json(session(TOKEN)))
            .mount(&server)
            .await;
        let signed_in = client(&server)
            .sign_in("ada@example.com", "correct horse")
            .await;
        let session = signed_in.unwrap();
        assert_eq!(session.token.as_str(), TOKEN);
        assert_eq!(session.expires_at.timestamp(), 4_102_444_800);
        let shown = format!("{session:?}");
        assert!(
            !shown.contains("refresh-me") && !shown.contains(TOKEN),
            "{shown}"
        );
    }

    #[tokio::test]
    async fn a_wrong_password_is_refused_in_auths_words() {
        let body = json!({"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"});
        let (_server, auth) = answering(ResponseTemplate::new(400).set_body_json(body)).await;
        let error = auth.sign_in("ada@example.com", "wrong").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Auth refused (400): Invalid login credentials"
        );
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_is_not_repeated_in_the_error() {
        let mut odd = session(TOKEN);
        odd["user"]["email"] = Value::Null;
        let (_server, auth) = answering(ResponseTemplate::new(200).set_body_json(odd)).await;
        let error = auth.refresh("refresh-me").await.unwrap_err();
        assert!(matches!(error, Error::UnexpectedAnswer { status: 200 }));
        assert!(!format!("{error} {error:?}").contains(TOKEN));
    }

    #[tokio::test]
    async fn a_session_with_a_broken_token_is_none() {
        let answer = ResponseTemplate::new(200).set_body_json(session("a\nb"));
        let (_server, auth) = answering(answer).await;
        let error = auth.sign_in("ada@example.com", "x").await.unwrap_err();
        assert!(matches!(error, Error::Token(TokenError::Malformed)));
    }

    #[tokio::test]
    async fn signing_out_ends_this_session_alone_and_one_that_has_ended_is_ended() {
        let token = UserToken::issued(TOKEN).unwrap();
        for (status, ends) in [(204, true), (403, true), (500, false)] {
            let server = MockServer::start().await;
            Mock::given(path("/auth/v1/logout"))
                .and(query_param("scope", "local"))
                .and(header("apikey", "sb_publishable_x"))
                .and(header("authorization", format!("Bearer {TOKEN}").as_str()))
                .respond_with(ResponseTemplate::new(status))
                .expect(1)
                .mount(&server)
                .await;
            let ended = client(&server).sign_out(&token).await;
            assert_eq!(ended.is_ok(), ends, "{status}: {ended:?}");
        }
    }

    #[tokio::test]
    async fn a_silent_auth_is_given_up() {
        let silence = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
        let (_server, mut auth) = answering(silence).await;
        auth.timeout = Duration::from_millis(300);
        let error = auth.sign_in("ada@example.com", "x").await.unwrap_err();
        assert!(matches!(error, Error::Timeout));
    }
}
