//! How a file is given to whoever has a link to it.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use casebase_supabase::{SettingError, below, jwt::UserToken, rows::FileRow};
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use crate::{
    error::Error,
    files::object_of,
    storage::{self, ObjectPath, RestStore},
};

/// Links to Storage, over its own interface however objects are written: an S3 link would carry the caller's token. Cheap
/// to clone.
#[derive(Clone)]
pub struct Links {
    storage: RestStore,
    /// Where readers reach Storage.
    public: Url,
}

/// What writes a row's object once: for its uploader's own program, which keeps it to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadLink {
    /// Takes the whole file in one `PUT` with its `Content-Type`.
    #[schema(
        example = "https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/upload/sign/client-bucket/…?token=…"
    )]
    pub signed_url: String,
    /// The same token by itself, as supabase-js' `uploadToSignedUrl` takes it.
    pub token: String,
    /// Until when Storage takes the token. For a file that is still pending, its uploader gets another with supabase-js'
    /// `createSignedUploadUrl`, and with it goes on where the upload stopped.
    pub expires_at: DateTime<Utc>,
    /// Takes the file in pieces, and goes on where it stopped.
    pub resumable: ResumableUpload,
}

/// What a client of the TUS protocol 1.0.0 needs, tus-js-client under the same names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResumableUpload {
    /// Where an upload is created. Storage takes tokens at this address only, and below it.
    #[schema(
        example = "https://abcdefghijklmnopqrst.supabase.co/storage/v1/upload/resumable/sign"
    )]
    pub endpoint: String,
    /// With every request.
    pub headers: BTreeMap<String, String>,
    /// `Upload-Metadata`, before it is encoded.
    pub metadata: BTreeMap<String, String>,
    /// The size in bytes of every piece but the last.
    #[schema(example = 6_291_456)]
    pub chunk_size: u64,
}

/// Storage takes no other.
const CHUNK: u64 = 6 * 1024 * 1024;

impl Links {
    /// Copies an object within Storage. Its policies let whoever reads the one and may write the other.
    pub(crate) async fn copy(
        &self,
        user: &UserToken,
        from: &ObjectPath,
        to: &ObjectPath,
    ) -> Result<(), storage::Error> {
        let copied = self.storage.copy_as(user.as_str(), from, to).await;
        copied.map_err(|error| error.under(user))
    }

    /// What writes the object of a pending row.
    pub async fn to_write(
        &self,
        user: &UserToken,
        row: &impl FileRow,
    ) -> Result<UploadLink, Error> {
        let file = row.stored();
        let path = object_of(row)?;
        let token = self.storage.sign_upload(user, &path).await?;
        let public = self.public.as_str().trim_end_matches('/');
        let metadata = [
            ("bucketName", &file.bucket_id),
            ("objectName", &file.object_path),
            ("contentType", &file.content_type),
        ];
        let owned = |(name, value): (&str, &String)| (name.to_owned(), value.clone());
        Ok(UploadLink {
            signed_url: format!(
                "{public}/object/upload/sign/{}?token={token}",
                path.in_url()
            ),
            expires_at: end_of(&token)?,
            resumable: ResumableUpload {
                endpoint: format!("{public}/upload/resumable/sign"),
                headers: [owned(("x-signature", &token))].into(),
                metadata: metadata.map(owned).into(),
                chunk_size: CHUNK,
            },
            token,
        })
    }

    /// For the project that its users reach at `public_url`.
    pub fn new(storage: RestStore, public_url: &Url) -> Result<Self, SettingError> {
        let public = below(public_url, "storage/v1")?;
        Ok(Self { storage, public })
    }

    /// A link to the row's file, which works for a while and for whoever has it: Storage's policies decide now and are not
    /// asked again. What it leads to is an attachment of this name.
    pub async fn to(
        &self,
        user: &UserToken,
        row: &impl FileRow,
        lifetime: Duration,
        name: &str,
    ) -> Result<Url, Error> {
        let path = object_of(row)?;
        let signed = match self.storage.sign(user, &path, lifetime).await {
            Err(storage::Error::NotFound) => return Err(Error::NotFound(row.key())),
            other => other?,
        };
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let link = format!("{}{signed}&download={name}", self.public);
        let odd = |e| storage::Error::Unexpected(format!("a signed URL that is none: {e}"));
        Ok(Url::parse(&link).map_err(odd)?)
    }
}

/// When a token of Storage's ends.
fn end_of(token: &str) -> Result<DateTime<Utc>, storage::Error> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = token.split('.').nth(1);
    let claims = claims.and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    let claims = claims.and_then(|json| serde_json::from_slice::<Claims>(&json).ok());
    claims
        .and_then(|claims| DateTime::from_timestamp(claims.exp, 0))
        .ok_or_else(|| storage::Error::Unexpected("a token that does not say when it ends".into()))
}
