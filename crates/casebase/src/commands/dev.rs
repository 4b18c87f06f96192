//! `casebase dev`: a local Supabase with Casebase in it.

use std::{
    io::Write,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use casebase_local::{Options, SITE_URL, Stack, jwt::SigningAlgorithm, postgres::PASSWORD};
use casebase_server::Config;
use sqlx::{Connection, Executor, PgConnection};
use tokio::net::TcpListener;

use super::{
    StopSignals,
    serve::{Running, WORKER},
};
use crate::{migrations, terminal};

/// The custom access token hook that the migrations make, as Supabase's configuration names it.
pub const ACCESS_TOKEN_HOOK: &str = "pg-functions://postgres/casebase/custom_access_token_hook";

/// Where the service listens by default.
const SERVICE_PORT: u16 = 8787;
/// Where `supabase start` shows its mails.
const MAIL_PORT: u16 = 54324;

/// The options of `casebase dev`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Environment (also read from .env):
  CASEBASE_LOCAL_POSTGRES          the major version of PostgreSQL's server: 15, 17 or 18; for demo and bench, too
                                   [what is there]")]
pub struct Args {
    /// The API's port
    #[arg(long, default_value_t = 54321)]
    port: u16,
    /// PostgreSQL's port
    #[arg(long, default_value_t = 54322)]
    db_port: u16,
    /// The service's port
    #[arg(long, default_value_t = SERVICE_PORT)]
    service_port: u16,
    /// The port of the page with the mails that the project would have sent
    #[arg(long, default_value_t = MAIL_PORT)]
    mail_port: u16,
    /// Keep data here between runs [default: thrown away]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write the settings here as dotenv lines once everything answers
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// What users' tokens are signed with: hs256, or es256 with its public key at /auth/v1/.well-known/jwks.json
    #[arg(long, value_name = "ALGORITHM", default_value_t)]
    jwt_algorithm: SigningAlgorithm,
    /// The custom access token hook [default: Casebase's; none with --empty]
    #[arg(long, value_name = "URI")]
    access_token_hook: Option<String>,
    /// Sign-ups and new addresses count once the mail to them was answered [default: sign-ups at once]
    #[arg(long)]
    confirm_email: bool,
    /// Where links in mails lead on to when the request names no other page
    #[arg(long, value_name = "URL", default_value = SITE_URL)]
    site_url: String,
    /// A bare Supabase: no migrations, no sample data, no service
    #[arg(long)]
    empty: bool,
}

impl Args {
    fn access_token_hook(&self) -> Option<String> {
        let casebase = (!self.empty).then(|| ACCESS_TOKEN_HOOK.to_owned());
        self.access_token_hook.clone().or(casebase)
    }

    /// Whoever lets the system choose the API's port gets free ones beside it too, unless others were chosen.
    fn beside(&self, port: u16, default: u16) -> u16 {
        if self.port == 0 && port == default {
            0
        } else {
            port
        }
    }
}

/// Runs the stack until Ctrl-C or a termination signal.
pub async fn run(args: Args) -> anyhow::Result<()> {
    // Before anything is made: a port that is taken is said at once.
    let listener = match args.empty {
        true => None,
        false => Some(listen(&args).await?),
    };
    let options = Options {
        port: Some(args.port),
        db_port: Some(args.db_port),
        data: args.data.clone(),
        access_token_hook: args.access_token_hook(),
        jwt_algorithm: args.jwt_algorithm,
        mail_port: Some(args.beside(args.mail_port, MAIL_PORT)),
        confirm_email: args.confirm_email,
        site_url: Some(args.site_url.clone()),
    };
    let mut stop = StopSignals::listen()?;
    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        () = stop.next() => return Ok(()),
    };
    let result = tokio::select! {
        result = run_started(&args, &stack, listener, &mut stop) => result,
        error = stack.ended() => Err(error.into()),
    };
    stack.stop().await;
    result
}

async fn run_started(
    args: &Args,
    stack: &Stack,
    listener: Option<TcpListener>,
    stop: &mut StopSignals,
) -> anyhow::Result<()> {
    tokio::select! {
        prepared = prepare(args, stack) => prepared?,
        () = stop.next() => return Ok(()),
    }
    let mut environment = stack.environment();
    let mut service = None;
    if let Some(listener) = listener {
        let started = start_service(stack, listener).await?;
        environment.push(("CASEBASE_DATABASE_URL", stack.database_url(WORKER)));
        environment.push(("CASEBASE_URL", started.url().to_owned()));
        service = Some(started);
    }
    print_table(args, &environment)?;
    let _ready = match &args.ready_file {
        Some(file) => Some(
            ReadyFile::write(file, &environment)
                .with_context(|| format!("--ready-file {}", file.display()))?,
        ),
        None => None,
    };
    match service {
        Some(service) => service.until(stop).await,
        None => {
            stop.next().await;
            Ok(())
        }
    }
}

/// The migrations, and the sample data where nobody has signed up yet: also where the start before this one ended between
/// the two.
async fn prepare(args: &Args, stack: &Stack) -> anyhow::Result<()> {
    if args.empty {
        return Ok(());
    }
    migrate(stack).await?;
    add_sample_data(stack)
        .await
        .context("the sample data (supabase/seed.sql)")
}

async fn listen(args: &Args) -> anyhow::Result<TcpListener> {
    let port = args.beside(args.service_port, SERVICE_PORT);
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| {
            anyhow::anyhow!(
                "port {port} on 127.0.0.1 can't be used for the service: {error}\n\
                 hint: choose another with --service-port"
            )
        })
}

/// The service for a local stack. The worker's role gets the stack's password, as an operator would give it one.
pub async fn start_service(stack: &Stack, listener: TcpListener) -> anyhow::Result<Running> {
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
        "CASEBASE_SECRET_KEY" => settings
            .iter()
            .find(|(known, _)| *known == "SUPABASE_SERVICE_ROLE_KEY")
            .map(|(_, value)| value.clone()),
        _ => settings
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone()),
    })?;
    Running::start(listener, config)
}

/// Applies the migrations as the project's owner and returns how many there were to apply.
pub async fn migrate(stack: &Stack) -> anyhow::Result<usize> {
    let mut connection = PgConnection::connect(&stack.database_url("postgres")).await?;
    let known = migrations::all();
    let applied = migrations::apply(&mut connection, &known, migrations::PATIENCE).await?;
    connection.close().await?;
    Ok(applied.len())
}

/// `supabase start` adds the same.
async fn add_sample_data(stack: &Stack) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(&stack.database_url("postgres")).await?;
    let in_use = sqlx::query_scalar("select exists (select from auth.users)");
    if in_use.fetch_one(&mut connection).await? {
        return connection.close().await;
    }
    let mut transaction = connection.begin().await?;
    let seed = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../supabase/seed.sql"
    ));
    transaction.execute(sqlx::raw_sql(seed)).await?;
    transaction.commit().await?;
    connection.close().await
}

fn print_table(args: &Args, environment: &[(&str, String)]) -> std::io::Result<()> {
    let mut out = terminal::stdout();
    let what = match args.empty {
        true => "A bare local Supabase, without Casebase,",
        false => "A local Supabase with Casebase",
    };
    writeln!(out, "{what} is running, for development and tests only.\n")?;
    let width = environment
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    for (name, value) in environment {
        writeln!(out, "  {name:width$}  {value}")?;
    }
    if let Some((_, service)) = environment.iter().find(|(name, _)| *name == "CASEBASE_URL") {
        writeln!(out, "\nThe case desk is at {service}/desk/")?;
        writeln!(
            out,
            "Sign in as ada, alan, dora, carla or otto @example.com; the password is casebase."
        )?;
    }
    writeln!(out, "\nCtrl-C stops it.")
}

/// Removed when dropped: whoever waits for this file must not find it when nothing answers.
struct ReadyFile<'a>(&'a Path);

impl<'a> ReadyFile<'a> {
    /// Written beside and renamed, so that a reader never sees half of it.
    fn write(file: &'a Path, environment: &[(&str, String)]) -> std::io::Result<Self> {
        let mut text = String::new();
        for (name, value) in environment {
            text.push_str(&format!("{name}={value}\n"));
        }
        let beside = file.with_extension("tmp");
        std::fs::write(&beside, text)?;
        std::fs::rename(&beside, file)?;
        Ok(Self(file))
    }
}

impl Drop for ReadyFile<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
    }
}
