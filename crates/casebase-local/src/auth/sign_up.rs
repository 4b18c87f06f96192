//! `POST /signup`: a new user with an e-mail address and a password, confirmed and signed in at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::Utc;
use deadpool_postgres::Object;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use tokio_postgres::Transaction;
use tokio_postgres::types::Json as Jsonb;
use uuid::Uuid;

use super::error::AuthError;
use super::request::{Params, filled, user_agent};
use super::session::{self, Tokens};
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
}

/// What a sign-up must come down to.
struct Applicant {
    email: String,
    password: String,
    data: Metadata,
}

pub(super) async fn sign_up(
    State(auth): State<Arc<Auth>>,
    headers: HeaderMap,
    Params(params): Params<SignUp>,
) -> Result<Json<Tokens>, AuthError> {
    let applicant = params.checked()?;
    let mut client = auth.connect().await?;
    let user = confirmed_user(&auth, &mut client, applicant).await?;
    // A transaction of its own, as Auth does it: a hook that fails leaves a user who can sign in later.
    let tx = auth.begin(&mut client).await?;
    let user_agent = user_agent(&headers);
    let tokens = session::start(&auth, &tx, user, "password", user_agent.as_deref()).await?;
    commit(tx).await?;
    Ok(Json(tokens))
}

async fn confirmed_user(
    auth: &Auth,
    client: &mut Object,
    applicant: Applicant,
) -> Result<Uuid, AuthError> {
    let tx = auth.begin(client).await?;
    let user = match known_user(&tx, &applicant.email).await? {
        Some(user) => user,
        None => register(&tx, applicant).await?,
    };
    confirm(&tx, &user).await?;
    commit(tx).await?;
    Ok(user.id)
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

/// Someone whom an administrator created without confirming the address; whoever is confirmed is refused.
async fn known_user(tx: &Transaction<'_>, email: &str) -> Result<Option<User>, AuthError> {
    let known = User::find_owner_of_email(tx, email, None)
        .await
        .map_err(AuthError::database("Database error finding user"))?;
    match known {
        Some(user) if user.email_confirmed_at.is_some() => Err(AuthError::unprocessable(
            "user_already_exists",
            "User already registered",
        )),
        known => Ok(known),
    }
}

async fn register(tx: &Transaction<'_>, applicant: Applicant) -> Result<User, AuthError> {
    let new = NewUser {
        id: Uuid::new_v4(),
        email: Some(applicant.email),
        phone: None,
        role: DEFAULT_ROLE.to_owned(),
        encrypted_password: password::hash(applicant.password).await?,
        app_metadata: json_object(json!({ "provider": "email", "providers": ["email"] })),
        user_metadata: applicant.data.clone(),
    };
    new.insert(tx, &applicant.data)
        .await
        .map_err(AuthError::database("Database error saving new user"))
}

/// Two steps, as Auth does it: a host's trigger on confirmation sees an update.
async fn confirm(tx: &Transaction<'_>, user: &User) -> Result<(), AuthError> {
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
