//! Rows of `auth.users` and `auth.identities`, and how clients see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Error, Row, Transaction};
use uuid::Uuid;

/// The audience of every user and access token.
pub(super) const AUDIENCE: &str = "authenticated";
/// The database role of a user who was given no other.
pub(super) const DEFAULT_ROLE: &str = "authenticated";

/// `raw_app_meta_data`, `raw_user_meta_data` or `identity_data`.
pub(super) type Metadata = Map<String, Value>;
type Time = Option<DateTime<Utc>>;

/// The last line holds what nobody is shown but must not be null: see [`User::from_row`].
const COLUMNS: &str = "
    id, aud, role, email, encrypted_password, email_confirmed_at, invited_at, phone, phone_confirmed_at,
    confirmation_sent_at, confirmed_at, recovery_sent_at, email_change, email_change_sent_at, phone_change,
    phone_change_sent_at, reauthentication_sent_at, last_sign_in_at,
    coalesce(raw_app_meta_data, '{}') as app_metadata, coalesce(raw_user_meta_data, '{}') as user_metadata,
    created_at, updated_at, banned_until, deleted_at, is_anonymous,
    confirmation_token, recovery_token, email_change_token_new";

/// A user, serialized as clients get it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct User {
    pub id: Uuid,
    pub aud: String,
    pub role: String,
    pub email: String,
    #[serde(skip)]
    pub encrypted_password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_confirmed_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_at: Time,
    pub phone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_confirmed_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_sent_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_sent_at: Time,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub new_email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_change_sent_at: Time,
    #[serde(skip_serializing_if = "String::is_empty")]
    new_phone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_change_sent_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    reauthentication_sent_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Time,
    pub app_metadata: Metadata,
    pub user_metadata: Metadata,
    /// Null in lists, as Auth leaves them out there.
    pub identities: Option<Vec<Identity>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    banned_until: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Time,
    pub is_anonymous: bool,
}

/// A way in which a user signs in.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Identity {
    identity_id: Uuid,
    /// The user's id at the provider; for e-mail and phone that is the user's own id.
    id: String,
    user_id: Uuid,
    pub identity_data: Metadata,
    pub provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Time,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "String::is_empty")]
    email: String,
}

/// What a new row of `auth.users` starts with.
pub(super) struct NewUser {
    pub id: Uuid,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub role: String,
    pub encrypted_password: String,
    pub app_metadata: Metadata,
    pub user_metadata: Metadata,
}

impl User {
    /// The user with that id, as long as Auth would find it (`instance_id` must be the nil UUID).
    pub async fn find(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Self>, Error> {
        Self::find_where(tx, "id = $1", &id).await
    }

    /// The user who signs in with that address.
    pub async fn find_by_email(tx: &Transaction<'_>, email: &str) -> Result<Option<Self>, Error> {
        let condition = "lower(email) = lower($1) and aud = 'authenticated' and not is_sso_user";
        Self::find_where(tx, condition, &email).await
    }

    /// The user who has that phone number.
    pub async fn find_by_phone(tx: &Transaction<'_>, phone: &str) -> Result<Option<Self>, Error> {
        let condition = "phone = $1 and aud = 'authenticated' and not is_sso_user";
        Self::find_where(tx, condition, &phone).await
    }

    /// Someone to whom that address belongs already, by an identity or by the user row; never `except`.
    pub async fn find_owner_of_email(
        tx: &Transaction<'_>,
        email: &str,
        except: Option<Uuid>,
    ) -> Result<Option<Self>, Error> {
        let by_identity = "id in (select user_id from auth.identities where email = lower($1))
            and aud = 'authenticated' and not is_sso_user";
        let owner = match Self::find_where(tx, by_identity, &email).await? {
            Some(owner) => Some(owner),
            None => Self::find_by_email(tx, email).await?,
        };
        Ok(owner.filter(|user| Some(user.id) != except))
    }

    async fn find_where(
        tx: &Transaction<'_>,
        condition: &'static str,
        value: &(dyn ToSql + Sync),
    ) -> Result<Option<Self>, Error> {
        let sql = format!(
            "select {COLUMNS} from auth.users where instance_id = '{}' and {condition} limit 1",
            Uuid::nil()
        );
        match tx.query_opt(&sql, &[value]).await? {
            Some(row) => Self::with_identities(tx, &row).await.map(Some),
            None => Ok(None),
        }
    }

    /// A page of users, newest first or as `descending` says, and how many there are in all.
    pub async fn list(
        tx: &Transaction<'_>,
        filter: Option<&str>,
        descending: bool,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Self>, i64), Error> {
        let condition = format!(
            "instance_id = '{}' and aud = 'authenticated'
             and ($1::text is null or email like '%' || $1 || '%' or raw_user_meta_data ->> 'full_name' ilike '%' || $1 || '%')",
            Uuid::nil()
        );
        let count = format!("select count(*) from auth.users where {condition}");
        let total = tx.query_one(&count, &[&filter]).await?.try_get(0)?;
        let direction = if descending { "desc" } else { "asc" };
        let page = format!(
            "select {COLUMNS} from auth.users where {condition}
             order by created_at {direction}, id {direction} limit $2 offset $3"
        );
        let rows = tx.query(&page, &[&filter, &limit, &offset]).await?;
        let users = rows.iter().map(Self::from_row).collect::<Result<_, _>>()?;
        Ok((users, total))
    }

    async fn with_identities(tx: &Transaction<'_>, row: &Row) -> Result<Self, Error> {
        let mut user = Self::from_row(row)?;
        user.identities = Some(Identity::of_user(tx, user.id).await?);
        Ok(user)
    }

    /// Auth reads `role`, the tokens and `email_change` into strings that take no null. A seed that leaves
    /// them null makes a user who cannot sign in ("Database error querying schema"), so here too.
    fn from_row(row: &Row) -> Result<Self, Error> {
        for column in [
            "confirmation_token",
            "recovery_token",
            "email_change_token_new",
        ] {
            row.try_get::<_, &str>(column)?;
        }
        let text = |column| {
            row.try_get::<_, Option<String>>(column)
                .map(Option::unwrap_or_default)
        };
        let metadata = |column| row.try_get::<_, Json<Metadata>>(column).map(|json| json.0);
        Ok(Self {
            id: row.try_get("id")?,
            aud: row.try_get("aud")?,
            role: row.try_get("role")?,
            email: text("email")?,
            encrypted_password: row.try_get("encrypted_password")?,
            email_confirmed_at: row.try_get("email_confirmed_at")?,
            invited_at: row.try_get("invited_at")?,
            phone: text("phone")?,
            phone_confirmed_at: row.try_get("phone_confirmed_at")?,
            confirmation_sent_at: row.try_get("confirmation_sent_at")?,
            confirmed_at: row.try_get("confirmed_at")?,
            recovery_sent_at: row.try_get("recovery_sent_at")?,
            new_email: row.try_get("email_change")?,
            email_change_sent_at: row.try_get("email_change_sent_at")?,
            new_phone: text("phone_change")?,
            phone_change_sent_at: row.try_get("phone_change_sent_at")?,
            reauthentication_sent_at: row.try_get("reauthentication_sent_at")?,
            last_sign_in_at: row.try_get("last_sign_in_at")?,
            app_metadata: metadata("app_metadata")?,
            user_metadata: metadata("user_metadata")?,
            identities: None,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            banned_until: row.try_get("banned_until")?,
            deleted_at: row.try_get("deleted_at")?,
            is_anonymous: row.try_get("is_anonymous")?,
        })
    }

    /// What whoever signs up with an address that is taken gets to see, where addresses are confirmed by mail: a user
    /// like any new one, so that nobody learns who has an account.
    pub fn disguised_as_new(self, data: Metadata) -> Self {
        let now = Utc::now();
        Self {
            id: Uuid::new_v4(),
            role: String::new(),
            email_confirmed_at: None,
            invited_at: None,
            phone: String::new(),
            phone_confirmed_at: None,
            confirmation_sent_at: Some(now),
            confirmed_at: None,
            recovery_sent_at: None,
            new_email: String::new(),
            email_change_sent_at: None,
            new_phone: String::new(),
            phone_change_sent_at: None,
            reauthentication_sent_at: None,
            last_sign_in_at: None,
            app_metadata: json_object(json!({ "provider": "email", "providers": ["email"] })),
            user_metadata: data,
            identities: Some(Vec::new()),
            created_at: now,
            updated_at: now,
            banned_until: None,
            deleted_at: None,
            ..self
        }
    }

    /// As whoever signs up gets to see it: what an invitation noted of somebody is not theirs to read yet.
    pub fn shown_to_applicant(mut self) -> Self {
        if self.invited_at.is_some() {
            self.user_metadata = Metadata::new();
            self.identities = Some(Vec::new());
        }
        self
    }

    /// The password hash, if the user has a password.
    pub fn password_hash(&self) -> Option<&str> {
        self.encrypted_password
            .as_deref()
            .filter(|hash| !hash.is_empty())
    }

    pub fn is_banned(&self) -> bool {
        self.banned_until.is_some_and(|until| Utc::now() < until)
    }

    /// The user's identity at that provider (`email`, `phone`).
    pub fn identity(&self, provider: &str) -> Option<&Identity> {
        self.identities
            .iter()
            .flatten()
            .find(|identity| identity.provider == provider)
    }
}

impl NewUser {
    /// Writes the row and an identity for each of e-mail and phone; `data` goes into the identities too.
    pub async fn insert(self, tx: &Transaction<'_>, data: &Metadata) -> Result<User, Error> {
        tx.execute(
            "insert into auth.users
               (instance_id, id, aud, role, email, phone, encrypted_password, raw_app_meta_data, raw_user_meta_data,
                confirmation_token, recovery_token, email_change, email_change_token_new, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', '', '', now(), now())",
            &[
                &Uuid::nil(),
                &self.id,
                &AUDIENCE,
                &self.role,
                &self.email,
                &self.phone,
                &self.encrypted_password,
                &Json(&self.app_metadata),
                &Json(&self.user_metadata),
            ],
        )
        .await?;
        for (provider, contact) in [("email", &self.email), ("phone", &self.phone)] {
            if let Some(contact) = contact {
                Identity::insert(tx, self.id, provider, contact, false, data).await?;
            }
        }
        let sql = format!("select {COLUMNS} from auth.users where id = $1");
        User::with_identities(tx, &tx.query_one(&sql, &[&self.id]).await?).await
    }
}

impl Identity {
    async fn of_user(tx: &Transaction<'_>, user: Uuid) -> Result<Vec<Self>, Error> {
        let rows = tx
            .query(
                "select id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at, email
                 from auth.identities where user_id = $1 order by created_at, provider",
                &[&user],
            )
            .await?;
        rows.iter().map(Self::from_row).collect()
    }

    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            identity_id: row.try_get("id")?,
            id: row.try_get("provider_id")?,
            user_id: row.try_get("user_id")?,
            identity_data: row.try_get::<_, Json<Metadata>>("identity_data")?.0,
            provider: row.try_get("provider")?,
            last_sign_in_at: row.try_get("last_sign_in_at")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            email: row
                .try_get::<_, Option<String>>("email")?
                .unwrap_or_default(),
        })
    }

    /// `provider` is `email` or `phone`, `contact` the address or number.
    pub async fn insert(
        tx: &Transaction<'_>,
        user: Uuid,
        provider: &str,
        contact: &str,
        verified: bool,
        data: &Metadata,
    ) -> Result<(), Error> {
        let mut identity_data = data.clone();
        merge(
            &mut identity_data,
            json_object(json!({
                "sub": user,
                "email_verified": verified && provider == "email",
                "phone_verified": verified && provider == "phone",
                provider: contact,
            })),
        );
        tx.execute(
            "insert into auth.identities
               (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
             values ($1, $2, $3, $4, now(), now(), now())",
            &[&user.to_string(), &user, &Json(&identity_data), &provider],
        )
        .await?;
        Ok(())
    }

    /// Moves the identity to another address or number.
    pub async fn set_contact(
        tx: &Transaction<'_>,
        user: Uuid,
        provider: &str,
        contact: &str,
        verified: bool,
    ) -> Result<(), Error> {
        let update = json!({ provider: contact, format!("{provider}_verified"): verified });
        tx.execute(
            "update auth.identities set identity_data = identity_data || $3, updated_at = now()
             where user_id = $1 and provider = $2",
            &[&user, &provider, &Json(&update)],
        )
        .await?;
        Ok(())
    }
}

/// Columns of one user to change. Only these are named in the statement, so that a host's
/// `after update of email` trigger fires when the e-mail changes and not otherwise.
#[derive(Default)]
pub(super) struct Changes {
    assignments: Vec<(&'static str, Box<dyn ToSql + Sync + Send>)>,
}

impl Changes {
    pub fn set(&mut self, column: &'static str, value: impl ToSql + Sync + Send + 'static) {
        self.assignments.push((column, Box::new(value)));
    }

    /// Writes the changes and reads the user again, with whatever triggers made of them.
    pub async fn apply(self, tx: &Transaction<'_>, id: Uuid) -> Result<User, Error> {
        let columns: Vec<String> = self
            .assignments
            .iter()
            .enumerate()
            .map(|(index, (column, _))| format!("{column} = ${}, ", index + 2))
            .collect();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&id];
        values.extend(
            self.assignments
                .iter()
                .map(|(_, value)| &**value as &(dyn ToSql + Sync)),
        );
        let sql = format!(
            "update auth.users set {}updated_at = now() where id = $1 returning {COLUMNS}",
            columns.concat()
        );
        User::with_identities(tx, &tx.query_one(&sql, &values).await?).await
    }
}

/// Top-level keys are replaced, and removed by null, as Auth merges metadata.
pub(super) fn merge(metadata: &mut Metadata, updates: Metadata) {
    for (key, value) in updates {
        if value.is_null() {
            metadata.remove(&key);
        } else {
            metadata.insert(key, value);
        }
    }
}

/// The object in a `json!({…})`.
pub(super) fn json_object(value: Value) -> Metadata {
    match value {
        Value::Object(object) => object,
        _ => Metadata::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_merges_at_the_top_level_and_null_removes() {
        let mut metadata = json_object(json!({"a": 1, "b": {"x": 1, "y": 2}, "c": 3}));
        merge(
            &mut metadata,
            json_object(json!({"b": {"x": 9}, "c": null, "d": 4})),
        );
        assert_eq!(
            Value::Object(metadata),
            json!({"a": 1, "b": {"x": 9}, "d": 4})
        );
    }
}
