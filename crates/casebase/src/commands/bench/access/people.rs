//! Who asks: a client and staff of every scope, as the loaded data has them.

use anyhow::Context;
use serde_json::json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What decides which cases somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A member of one client.
    Client,
    /// Staff who see what is assigned to them.
    Assigned,
    /// Staff who see their departments' cases.
    Departments,
    /// Staff who see every case.
    All,
    /// An admin.
    Admin,
}

/// One of each.
const KINDS: [(Kind, &str, &str, &str); 5] = [
    (Kind::Client, "client", "client", "client"),
    (Kind::Assigned, "assigned", "staff, assigned", "staff"),
    (
        Kind::Departments,
        "departments",
        "staff, departments",
        "staff",
    ),
    (Kind::All, "all", "staff, all", "staff"),
    (Kind::Admin, "admin", "admin", "admin"),
];

/// Somebody whose questions are measured, and a case of theirs.
pub struct Asker {
    /// What decides what they see.
    pub kind: Kind,
    /// How the report calls them.
    pub name: &'static str,
    /// `request.jwt.claims`.
    pub claims: String,
    /// The condition on `cases c` that says which they may see.
    pub sees: String,
    /// Their newest open case.
    pub case: Case,
}

/// What the questions need of a case.
pub struct Case {
    /// Its key.
    pub id: i64,
    /// `case_id`, e.g. `CASE-0001`.
    pub number: String,
    /// Whose it is.
    pub client_id: Uuid,
    /// Where it is worked.
    pub department_id: Uuid,
    /// The bucket of its file.
    pub bucket_id: String,
    /// The file's object in it.
    pub object_path: String,
}

/// One person of each kind.
pub async fn everybody(connection: &mut PgConnection) -> anyhow::Result<Vec<Asker>> {
    let mut everybody = Vec::new();
    for (kind, loaded_as, name, claim) in KINDS {
        let ids: Vec<Uuid> =
            sqlx::query_scalar("select id from casebase_bench.people where kind = $1 order by n")
                .bind(loaded_as)
                .fetch_all(&mut *connection)
                .await?;
        let (id, sees, case) = first_with_open_case(connection, kind, &ids)
            .await?
            .with_context(|| {
                format!("nobody of the kind {name} has an open case: too few cases")
            })?;
        let claims = json!({
            "sub": id,
            "role": "authenticated",
            "app_metadata": {"case_role": claim},
        });
        everybody.push(Asker {
            kind,
            name,
            claims: claims.to_string(),
            sees,
            case,
        });
    }
    Ok(everybody)
}

async fn first_with_open_case(
    connection: &mut PgConnection,
    kind: Kind,
    ids: &[Uuid],
) -> Result<Option<(Uuid, String, Case)>, sqlx::Error> {
    for &id in ids {
        let sees = what_they_see(connection, kind, id).await?;
        if let Some(case) = newest_open_case(connection, kind, &sees).await? {
            return Ok(Some((id, sees, case)));
        }
    }
    Ok(None)
}

/// What the policies come to for this person, written with constants.
async fn what_they_see(
    connection: &mut PgConnection,
    kind: Kind,
    id: Uuid,
) -> Result<String, sqlx::Error> {
    Ok(match kind {
        Kind::All | Kind::Admin => "true".into(),
        Kind::Assigned => format!("c.assigned_to = '{id}'"),
        Kind::Client => {
            let client: Uuid = sqlx::query_scalar(
                "select client_id from public.client_members where user_id = $1",
            )
            .bind(id)
            .fetch_one(connection)
            .await?;
            format!("c.client_id = '{client}'")
        }
        Kind::Departments => {
            let theirs: String = sqlx::query_scalar(
                "select array_agg(department_id)::text from public.staff_departments where user_id = $1",
            )
            .bind(id)
            .fetch_one(connection)
            .await?;
            format!("(c.department_id = any ('{theirs}') or c.assigned_to = '{id}')")
        }
    })
}

async fn newest_open_case(
    connection: &mut PgConnection,
    kind: Kind,
    sees: &str,
) -> Result<Option<Case>, sqlx::Error> {
    let file_seen = if kind == Kind::Client {
        "f.visible_to_client"
    } else {
        "true"
    };
    let sql = format!(
        "select c.id, c.case_id, c.client_id, c.department_id, f.bucket_id, f.object_path
         from public.cases c
         join public.case_files f on f.case_id = c.id
         where {sees} and {file_seen} and c.status = 'open'
         order by c.created_at desc
         limit 1"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(Case {
            id: row.try_get(0)?,
            number: row.try_get(1)?,
            client_id: row.try_get(2)?,
            department_id: row.try_get(3)?,
            bucket_id: row.try_get(4)?,
            object_path: row.try_get(5)?,
        })
    })
    .transpose()
}
