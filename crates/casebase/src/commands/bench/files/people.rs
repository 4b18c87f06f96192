//! Who uploads, and where to.

use std::{fmt, sync::Arc};

use casebase_local::{ANON_KEY, Stack};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::commands::demo::person::{Person, Place};

/// How the service writes objects.
#[derive(Debug, Clone, Copy)]
pub enum Storage {
    /// Over the S3 protocol.
    S3,
    /// Over Storage's REST interface.
    Rest,
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::S3 => "s3",
            Self::Rest => "rest",
        })
    }
}

/// A client with a case, and a bucket beside it that any user may write to.
pub struct Desk {
    pub client: Person,
    /// Who may delete what the client sent.
    pub staff: Person,
    /// The case's number.
    pub case: String,
}

/// The bucket for what goes to Storage directly.
pub const BUCKET: &str = "bench";

const BESIDE: &str = "
    insert into storage.buckets (id, name) values ('bench', 'bench');
    create policy bench_write on storage.objects for insert to authenticated with check (bucket_id = 'bench');
    create policy bench_read on storage.objects for select to authenticated using (bucket_id = 'bench');
    create policy bench_delete on storage.objects for delete to authenticated using (bucket_id = 'bench');
    update storage.buckets set file_size_limit = null";

/// Makes the bucket.
pub async fn prepare(stack: &Stack) -> anyhow::Result<()> {
    let mut owner = PgConnection::connect(&stack.database_url("postgres")).await?;
    sqlx::raw_sql(BESIDE).execute(&mut owner).await?;
    Ok(owner.close().await?)
}

impl Desk {
    /// Of people with addresses in this domain, who reach the project at `url`.
    pub async fn new(stack: &Stack, url: &str, domain: &str) -> anyhow::Result<Self> {
        let mut owner = PgConnection::connect(&stack.database_url("postgres")).await?;
        let place = Arc::new(Place::new(url, ANON_KEY)?);
        let client = Person::sign_up(&place, &format!("carla@{domain}")).await?;
        let mut staff = Person::sign_up(&place, &format!("alan@{domain}")).await?;
        let client_id: Value = sqlx::query_scalar(
            "with acme as (insert into public.clients (name) values ('Acme') returning id)
             insert into public.client_members (client_id, user_id, display_name)
             select acme.id, $1, 'Carla' from acme returning to_jsonb(client_id)",
        )
        .bind(client.id())
        .fetch_one(&mut owner)
        .await?;
        sqlx::query("insert into public.staff_members (user_id, display_name, scope) values ($1, 'Alan', 'all')")
            .bind(staff.id())
            .execute(&mut owner)
            .await?;
        owner.close().await?;
        staff.refresh().await?;
        let case = json!({"client_id": client_id, "title": "Files"});
        let case = client.insert("cases", case).await?;
        Ok(Self {
            client,
            staff,
            case: case["case_id"].as_str().unwrap_or_default().to_owned(),
        })
    }
}
