//! `casebase demo`: the main job on real data, told step by step.
//!
//! Everything goes over HTTP as a frontend and a receiver would do it; only the first admin is made by the
//! project's owner in SQL, as in a real project.

mod narrator;
pub mod person;
pub mod receiver;

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use casebase_local::{ANON_KEY, Options, Stack};
use reqwest::{Method, Response, StatusCode, multipart};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;

use self::{
    narrator::Narrator,
    person::{Person, Place},
    receiver::Receiver,
};
use super::dev;

/// The options of `casebase demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files to upload [default: this project's README]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object a step
    #[arg(long)]
    json: bool,
}

/// A file to upload, under the name it has where it comes from.
#[derive(Clone)]
struct Upload {
    name: String,
    bytes: Vec<u8>,
}

/// The project's README, so that the demo needs nothing but itself.
const README: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));

/// How long the webhook may take; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Plays the story. The error names the step that failed.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let uploads = read_files(&args.files)?;
    let mut narrator = Narrator::new(args.json);
    let mut step = "stack";
    let Err(error) = play(&mut narrator, &mut step, uploads).await else {
        return Ok(());
    };
    narrator.tell_failure(step, &error)?;
    Err(error.context(format!("the step `{step}` failed")))
}

fn read_files(paths: &[PathBuf]) -> anyhow::Result<Vec<Upload>> {
    if paths.is_empty() {
        return Ok(vec![Upload {
            name: "README.md".into(),
            bytes: README.into(),
        }]);
    }
    paths
        .iter()
        .map(|path| {
            let bytes =
                std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
            ensure!(
                !bytes.is_empty(),
                "{} is empty: there is nothing to upload",
                path.display()
            );
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned();
            Ok(Upload { name, bytes })
        })
        .collect()
}

/// The people of the story.
struct Cast {
    admin: Person,
    staff: Person,
    client: Person,
    other_client: Person,
    client_id: Value,
}

async fn play(
    narrator: &mut Narrator,
    step: &mut &'static str,
    uploads: Vec<Upload>,
) -> anyhow::Result<()> {
    let stack = Stack::start(Options {
        access_token_hook: Some(dev::ACCESS_TOKEN_HOOK.into()),
        ..Options::default()
    })
    .await?;
    let url = stack.url();
    narrator.tell(
        "stack",
        &format!("A local Supabase answers at {url}"),
        json!({"supabase_url": url}),
    )?;

    *step = "migrate";
    let applied = dev::migrate(&stack).await?;
    narrator.tell(
        "migrate",
        &format!("Casebase's migrations are applied ({applied}), as the project's owner"),
        json!({"migrations": applied}),
    )?;

    *step = "service";
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let service = dev::start_service(&stack, free).await?;
    narrator.tell(
        "service",
        &format!("The service answers at {}", service.url()),
        json!({"casebase_url": service.url()}),
    )?;

    let place = Arc::new(Place::new(&url, ANON_KEY)?.with_service(service.url()));
    // Also when it is interrupted, what was started is stopped in order.
    let result = tokio::select! {
        told = tell_story(narrator, step, &stack, &place, uploads) => told,
        error = stack.ended() => Err(error.into()),
        signal = super::stop_signal() => signal
            .map_err(anyhow::Error::from)
            .and_then(|()| bail!("interrupted")),
    };
    let stopped = service.stop().await;
    stack.stop().await;
    result.and(stopped)
}

async fn tell_story(
    narrator: &mut Narrator,
    step: &mut &'static str,
    stack: &Stack,
    place: &Arc<Place>,
    uploads: Vec<Upload>,
) -> anyhow::Result<()> {
    *step = "people";
    let cast = gather(&stack.database_url("postgres"), place).await?;
    narrator.tell(
        "people",
        "Signed up: Ada (admin), Alan (staff), Carla (a client's member), Otto (another client's member)",
        json!({"client_id": cast.client_id}),
    )?;

    *step = "open_case";
    let case = open_case(&cast).await?;
    let number = text(&case, "case_id")?.to_owned();
    narrator.tell(
        "open_case",
        &format!("Carla opened {number} through PostgREST with her own JWT"),
        json!({"case": case}),
    )?;

    for upload in &uploads {
        *step = "upload_as_client";
        let file = upload_as_client(&cast.client, &number, upload).await?;
        narrator.tell(
            "upload_as_client",
            &format!("Carla uploaded {} to the case", upload.name),
            json!({"file": file}),
        )?;
        narrator.show(&location(&file)?)?;

        *step = "upload_as_staff";
        let internal = upload_as_staff(&cast.staff, &case, &number, upload).await?;
        narrator.tell(
            "upload_as_staff",
            &format!("Alan uploaded {} to an interaction, internal", upload.name),
            json!({"file": internal}),
        )?;
        narrator.show(&location(&internal)?)?;

        *step = "read_back";
        read_back(&cast.client, &file, upload).await?;
        narrator.tell(
            "read_back",
            &format!(
                "Carla read {} back: {} bytes, every one the same, under its own name",
                upload.name,
                upload.bytes.len()
            ),
            json!({"bytes": upload.bytes.len(), "sha256": file["sha256"]}),
        )?;

        *step = "internal_is_hidden";
        internal_is_hidden(&cast, &internal, upload).await?;
        narrator.tell(
            "internal_is_hidden",
            "Carla does not see the internal file (404, no row); Alan reads it",
            json!({"file_id": internal["id"]}),
        )?;

        *step = "other_client_sees_nothing";
        other_client_sees_nothing(&cast, &file).await?;
        narrator.tell(
            "other_client_sees_nothing",
            "Otto, of another client, sees nothing: no case, no interaction, no file (404)",
            json!({"cases": 0, "interactions": 0, "case_files": 0}),
        )?;
    }

    *step = "webhook";
    let (id, payload) = status_change_is_notified(&cast, &case).await?;
    narrator.tell(
        "webhook",
        "Alan set the case in progress; the webhook arrived and its Standard Webhooks signature holds",
        json!({"webhook_id": id, "payload": payload}),
    )?;
    narrator.show(&format!(
        "webhook-id: {id}\n{}",
        serde_json::to_string_pretty(&payload)?
    ))?;
    Ok(())
}

async fn gather(owner_url: &str, place: &Arc<Place>) -> anyhow::Result<Cast> {
    let mut admin = Person::sign_up(place, "ada@example.com").await?;
    let mut staff = Person::sign_up(place, "alan@example.com").await?;
    let mut client = Person::sign_up(place, "carla@example.com").await?;
    let mut other_client = Person::sign_up(place, "otto@example.com").await?;

    let mut owner = PgConnection::connect(owner_url).await?;
    sqlx::query("select casebase.make_admin($1)")
        .bind("ada@example.com")
        .execute(&mut owner)
        .await?;
    owner.close().await?;
    admin.refresh().await?;

    admin
        .insert(
            "staff_members",
            json!({"user_id": staff.id(), "display_name": "Alan", "scope": "all"}),
        )
        .await?;
    let acme = admin.insert("clients", json!({"name": "Acme"})).await?;
    admin
        .insert(
            "client_members",
            json!({"client_id": acme["id"], "user_id": client.id(), "display_name": "Carla"}),
        )
        .await?;
    let other = admin
        .insert("clients", json!({"name": "Other Ltd"}))
        .await?;
    admin
        .insert(
            "client_members",
            json!({"client_id": other["id"], "user_id": other_client.id(), "display_name": "Otto"}),
        )
        .await?;

    // The roles are written into the next tokens.
    for person in [&mut staff, &mut client, &mut other_client] {
        person.refresh().await?;
    }
    Ok(Cast {
        admin,
        staff,
        client,
        other_client,
        client_id: acme["id"].clone(),
    })
}

async fn open_case(cast: &Cast) -> anyhow::Result<Value> {
    let case = cast
        .client
        .insert(
            "cases",
            json!({
                "client_id": cast.client_id,
                "title": "Badge reader refuses the night shift",
                "description": "Since Monday the reader at **gate 2** turns red for everybody after 22:00.",
            }),
        )
        .await?;
    ensure!(
        case["case_id"] == "CASE-0001",
        "the first case is not CASE-0001: {case}"
    );
    Ok(case)
}

async fn upload_as_client(client: &Person, number: &str, upload: &Upload) -> anyhow::Result<Value> {
    let form = multipart::Form::new()
        .text("visible_to_client", "true")
        .part("file", part(upload));
    uploaded(client, number, form).await
}

async fn upload_as_staff(
    staff: &Person,
    case: &Value,
    number: &str,
    upload: &Upload,
) -> anyhow::Result<Value> {
    let interaction = staff
        .insert(
            "interactions",
            json!({
                "case_id": case["id"],
                "party1_name": "Alan", "party1_type": "ARGAN",
                "party2_name": "Gate 2 GmbH", "party2_type": "CONTRACTOR",
                "content": "Called the maintenance firm; they sent their log.",
                "visible_to_client": false,
            }),
        )
        .await?;
    let form = multipart::Form::new()
        .text("interaction_id", interaction["id"].to_string())
        .text("visible_to_client", "false")
        .part("file", part(upload));
    uploaded(staff, number, form).await
}

fn part(upload: &Upload) -> multipart::Part {
    multipart::Part::bytes(upload.bytes.clone()).file_name(upload.name.clone())
}

async fn uploaded(person: &Person, number: &str, form: multipart::Form) -> anyhow::Result<Value> {
    let request = person
        .service(Method::POST, &format!("/v1/cases/{number}/files"))
        .multipart(form);
    let file: Value = accepted(request.send().await?).await?.json().await?;
    ensure!(
        file["state"] == "available",
        "the file is not available: {file}"
    );
    Ok(file)
}

async fn read_back(person: &Person, file: &Value, upload: &Upload) -> anyhow::Result<()> {
    let response = accepted(
        person
            .service(Method::GET, &format!("/v1/files/{}", file["id"]))
            .send()
            .await?,
    )
    .await?;
    let disposition = response
        .headers()
        .get("content-disposition")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    // A name that needs quoting comes percent-encoded as well; plain ones are there as they are.
    let plain = upload
        .name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    ensure!(
        !plain || disposition.contains(&upload.name),
        "the original name is missing from `{disposition}`"
    );
    let bytes = response.bytes().await?;
    ensure!(
        bytes == upload.bytes,
        "{} bytes came back that are not those of {}",
        bytes.len(),
        upload.name
    );
    Ok(())
}

async fn internal_is_hidden(cast: &Cast, internal: &Value, upload: &Upload) -> anyhow::Result<()> {
    let id = &internal["id"];
    let response = cast
        .client
        .service(Method::GET, &format!("/v1/files/{id}"))
        .send()
        .await?;
    refused(&response, StatusCode::NOT_FOUND)?;
    let rows: Vec<Value> = cast
        .client
        .from("case_files")
        .select("id")
        .eq("id", id)
        .rows()
        .await?;
    ensure!(
        rows.is_empty(),
        "the client sees the internal file's row: {rows:?}"
    );
    read_back(&cast.staff, internal, upload).await
}

async fn other_client_sees_nothing(cast: &Cast, file: &Value) -> anyhow::Result<()> {
    for table in ["cases", "interactions", "case_files"] {
        let rows: Vec<Value> = cast.other_client.from(table).select("id").rows().await?;
        ensure!(rows.is_empty(), "another client sees {table}: {rows:?}");
    }
    let response = cast
        .other_client
        .service(Method::GET, &format!("/v1/files/{}", file["id"]))
        .send()
        .await?;
    refused(&response, StatusCode::NOT_FOUND)
}

/// What `create_webhook_endpoint` answers. Not a [`Value`]: the secret must not come into an error.
#[derive(serde::Deserialize)]
struct CreatedEndpoint {
    secret: String,
}

async fn status_change_is_notified(cast: &Cast, case: &Value) -> anyhow::Result<(String, Value)> {
    let mut receiver = Receiver::start().await?;
    let endpoint: [CreatedEndpoint; 1] = cast
        .admin
        .rpc("create_webhook_endpoint")
        .call(&json!({"url": receiver.url, "description": "the demo's receiver"}))
        .await?;
    let changed: Vec<Value> = cast
        .staff
        .from("cases")
        .eq("id", &case["id"])
        .update(&json!({"status": "in_progress"}))
        .await?;
    ensure!(
        changed.len() == 1 && changed[0]["status"] == "in_progress",
        "the status did not change: {changed:?}"
    );
    let notified = receiver.next(&endpoint[0].secret, "case.status_changed");
    tokio::time::timeout(PATIENCE, notified)
        .await
        .context("no webhook arrived")?
}

/// The answer itself where it is a success; else an error with what the server said.
async fn accepted(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let url = response.url().clone();
    bail!(
        "{url} answered {status}: {}",
        response.text().await.unwrap_or_default()
    )
}

/// Fails unless the answer is the refusal that the story is about.
fn refused(response: &Response, expected: StatusCode) -> anyhow::Result<()> {
    if response.status() == expected {
        return Ok(());
    }
    bail!(
        "{} answered {} where {expected} was due",
        response.url(),
        response.status()
    )
}

fn text<'a>(row: &'a Value, column: &str) -> anyhow::Result<&'a str> {
    row[column]
        .as_str()
        .with_context(|| format!("{column} is missing: {row}"))
}

fn location(file: &Value) -> anyhow::Result<String> {
    Ok(format!(
        "{}/{}",
        text(file, "bucket_id")?,
        text(file, "object_path")?
    ))
}
