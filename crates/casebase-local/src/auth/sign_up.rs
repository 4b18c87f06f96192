//! `POST /signup`: a new user with an e-mail address and a password, signed in at once or, where addresses are confirmed,
//! when the mail is answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use tokio_postgres::Transaction;
use tokio_postgres::types::Json as Jsonb;
use uuid::Uuid;

use super::by_mail::refuse_pkce;
use super::error::AuthError;
use super::letter::Letter;
use super::redirect::RedirectTo;
use super::request::{Params, filled, user_agent};
use super::session;
use super::users::{Changes, DEFAULT_ROLE, Metadata, NewUser, User, json_object, merge};
use super::{Auth, commit, contact, password};

#[derive(Deserialize)]
pub(super) struct SignUp {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    phone: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    password: Option<String>,
    data: Option<Metadata>,
    #[serde(default, deserialize_with = "filled")]
    code_challenge: Option<String>,
}

/// What a sign-up must come down to.
pub(super) struct Applicant {
    pub email: String,
    pub password: String,
    pub data: Metadata,
}

pub(super) async fn sign_up(
    State(auth): State<Arc<Auth>>,
    RedirectTo(target): RedirectTo,
    headers: HeaderMap,
    Params(params): Params<SignUp>,
) -> Result<Response, AuthError> {
    let code_challenge = params.code_challenge.clone();
    let applicant = params.checked()?;
    let mut client = auth.connect().await?;
    let tx = auth.begin(&mut client).await?;
    let known = User::find_owner_of_email(&tx, &applicant.email, None)
        .await
        .map_err(AuthError::database("Database error finding user"))?;
    let user = match known {
        Some(user) if user.email_confirmed_at.is_some() => {
            return already_registered(&auth, user, applicant.data);
        }
        // Somebody whom an administrator created, or who has not answered the first mail yet.
        Some(user) => user,
        None => register(&tx, applicant).await?,
    };
    if auth.confirm_email {
        refuse_pkce(code_challenge.as_deref())?;
        let letter = Letter::Confirmation;
        let written = letter.write(&auth, &tx, &user, &target).await?;
        commit(tx).await?;
        auth.mailbox.deliver(written.mail);
        return Ok(Json(written.user.shown_to_applicant()).into_response());
    }
    confirm(&tx, &user).await?;
    commit(tx).await?;
    // A transaction of its own, as Auth does it: a hook that fails leaves a user who can sign in later.
    let tx = auth.begin(&mut client).await?;
    let user_agent = user_agent(&headers);
    let tokens = session::start(&auth, &tx, user.id, "password", user_agent.as_deref()).await?;
    commit(tx).await?;
    Ok(Json(tokens).into_response())
}

fn already_registered(auth: &Auth, user: User, data: Metadata) -> Result<Response, AuthError> {
    if auth.confirm_email {
        return Ok(Json(user.disguised_as_new(data)).into_response());
    }
    Err(AuthError::unprocessable(
        "user_already_exists",
        "User already registered",
    ))
}

impl SignUp {
    fn checked(self) -> Result<Applicant, AuthError> {
        if self.email.is_none() && self.phone.is_none() {
            let message = "Anonymous sign-ins are disabled";
            return Err(AuthError::unprocessable(
                "anonymous_provider_disabled",
                message,
            ));
        }
        let Some(password) = self.password else {
            return Err(AuthError::invalid("Signup requires a valid password"));
        };
        password::check(&password)?;
        let email = match (self.email, self.phone) {
            (Some(email), None) => contact::email(&email)?,
            (Some(_), Some(_)) => {
                return Err(AuthError::invalid(
                    "Only an email address or phone number should be provided on signup.",
                ));
            }
            (None, _) => {
                let message = "Phone signups are disabled";
                return Err(AuthError::bad_request("phone_provider_disabled", message));
            }
        };
        Ok(Applicant {
            email,
            password,
            data: self.data.unwrap_or_default(),
        })
    }
}

/// A user whose address is not confirmed yet.
pub(super) async fn register(
    tx: &Transaction<'_>,
    applicant: Applicant,
) -> Result<User, AuthError> {
    let hash = password::hash(applicant.password).await?;
    insert(tx, applicant.email, hash, applicant.data).await
}

async fn insert(
    tx: &Transaction<'_>,
    email: String,
    encrypted_password: String,
    data: Metadata,
) -> Result<User, AuthError> {
    let new = NewUser {
        id: Uuid::new_v4(),
        email: Some(email),
        phone: None,
        role: DEFAULT_ROLE.to_owned(),
        encrypted_password,
        app_metadata: json_object(json!({ "provider": "email", "providers": ["email"] })),
        user_metadata: data.clone(),
    };
    new.insert(tx, &data)
        .await
        .map_err(AuthError::database("Database error saving new user"))
}

/// A user who was invited, and has no password before the invitation is accepted.
pub(super) async fn register_invited(
    tx: &Transaction<'_>,
    email: String,
    data: Metadata,
) -> Result<User, AuthError> {
    insert(tx, email, String::new(), data).await
}

/// Two steps, as Auth does it: a host's trigger on confirmation sees an update.
pub(super) async fn confirm(tx: &Transaction<'_>, user: &User) -> Result<(), AuthError> {
    let mut metadata = user.user_metadata.clone();
    if let Some(identity) = user.identity("email") {
        merge(&mut metadata, identity.identity_data.clone());
    }
    metadata.insert("email_verified".into(), true.into());
    let mut changes = Changes::default();
    changes.set("email_confirmed_at", Utc::now());
    changes.set("raw_user_meta_data", Jsonb(metadata));
    changes
        .apply(tx, user.id)
        .await
        .map(drop)
        .map_err(AuthError::database("Database error updating user"))
}
