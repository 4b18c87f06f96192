//! `casebase dev`: a local Supabase with Casebase in it.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context;
use casebase_local::{Options, Stack, jwt::SigningAlgorithm, postgres::PASSWORD};
use casebase_server::Config;
use sqlx::{Connection, Executor, PgConnection};
use tokio::net::TcpListener;

use super::serve::{Running, WORKER};
use crate::{migrations, terminal};

/// The custom access token hook that the migrations make, as Supabase's configuration names it.
pub const ACCESS_TOKEN_HOOK: &str = "pg-functions://postgres/casebase/custom_access_token_hook";

/// Where the service listens by default.
const SERVICE_PORT: u16 = 8787;

/// The options of `casebase dev`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The API's port
    #[arg(long, default_value_t = 54321)]
    port: u16,
    /// PostgreSQL's port
    #[arg(long, default_value_t = 54322)]
    db_port: u16,
    /// Keep data here between runs [default: thrown away]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write the settings here as dotenv lines once everything answers
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// What users' tokens are signed with: hs256, or es256 with its public key at /auth/v1/.well-known/jwks.json
    #[arg(long, value_name = "ALGORITHM", default_value_t)]
    jwt_algorithm: SigningAlgorithm,
    /// A bare Supabase: no migrations, no sample data
    #[arg(long)]
    empty: bool,
}

/// Runs the stack until Ctrl-C or a termination signal.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let stack = Stack::start(Options {
        port: Some(args.port),
        db_port: Some(args.db_port),
        data: args.data.clone(),
        access_token_hook: (!args.empty).then(|| ACCESS_TOKEN_HOOK.to_owned()),
        jwt_algorithm: args.jwt_algorithm,
    })
    .await?;
    let result = run_started(&args, &stack).await;
    stack.stop().await;
    result
}

async fn run_started(args: &Args, stack: &Stack) -> anyhow::Result<()> {
    if !args.empty {
        migrate(stack).await?;
        if stack.fresh {
            add_sample_data(stack)
                .await
                .context("the sample data (supabase/seed.sql)")?;
        }
    }
    let mut environment = stack.environment();
    let service = if args.empty {
        None
    } else {
        Some(start_service(stack, service_address(args)).await?)
    };
    if let Some(service) = &service {
        environment.push(("CASEBASE_DATABASE_URL", stack.database_url(WORKER)));
        environment.push(("CASEBASE_URL", service.url().to_owned()));
    }
    print_table(&environment)?;
    if let Some(file) = &args.ready_file {
        write_ready_file(file, &environment)
            .with_context(|| format!("--ready-file {}", file.display()))?;
    }
    super::stop_signal().await?;
    if let Some(file) = &args.ready_file {
        // Whoever waits for this file must not find it when nothing answers.
        let _ = std::fs::remove_file(file);
    }
    match service {
        Some(service) => service.stop().await,
        None => Ok(()),
    }
}

/// The service has its own default port; whoever lets the system choose the API's gets a free one here too.
fn service_address(args: &Args) -> SocketAddr {
    let port = if args.port == 0 { 0 } else { SERVICE_PORT };
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The service for a local stack. The worker's role gets the stack's password, as an operator would give it one.
pub async fn start_service(stack: &Stack, address: SocketAddr) -> anyhow::Result<Running> {
    let mut owner = PgConnection::connect(&stack.database_url("postgres")).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "alter role {WORKER} password '{PASSWORD}'"
    )))
    .execute(&mut owner)
    .await?;
    owner.close().await?;

    let settings = stack.environment();
    let config = Config::from_variables(|name| match name {
        "CASEBASE_DATABASE_URL" => Some(stack.database_url(WORKER)),
        // Receivers that are tried locally are on this machine.
        "CASEBASE_WEBHOOKS_ALLOW_PRIVATE" => Some("true".into()),
        _ => settings
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone()),
    })?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("the service's address {address} can't be used"))?;
    Running::start(listener, config)
}

/// Applies the migrations as the project's owner and returns how many there were to apply.
pub async fn migrate(stack: &Stack) -> anyhow::Result<usize> {
    let mut connection = PgConnection::connect(&stack.database_url("postgres")).await?;
    let mut applied = 0;
    migrations::apply(&mut connection, |_| applied += 1).await?;
    connection.close().await?;
    Ok(applied)
}

/// `supabase start` adds the same.
async fn add_sample_data(stack: &Stack) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(&stack.database_url("postgres")).await?;
    let mut transaction = connection.begin().await?;
    let seed = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../supabase/seed.sql"
    ));
    transaction.execute(sqlx::raw_sql(seed)).await?;
    transaction.commit().await?;
    connection.close().await
}

fn print_table(environment: &[(&str, String)]) -> std::io::Result<()> {
    let mut out = terminal::stdout();
    writeln!(
        out,
        "A local Supabase with Casebase is running, for development and tests only.\n"
    )?;
    let width = environment
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    for (name, value) in environment {
        writeln!(out, "  {name:width$}  {value}")?;
    }
    writeln!(out, "\nCtrl-C stops it.")
}

/// Written beside and renamed, so that a reader never sees half of it.
fn write_ready_file(file: &std::path::Path, environment: &[(&str, String)]) -> std::io::Result<()> {
    let mut text = String::new();
    for (name, value) in environment {
        text.push_str(&format!("{name}={value}\n"));
    }
    let beside = file.with_extension("tmp");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, file)
}
