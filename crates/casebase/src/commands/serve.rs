//! `casebase serve`: the HTTP service and, in the same process, the webhook worker.

use std::time::Duration;

use anyhow::Context;
use casebase_server::{Config, GRACE, Service};
use sqlx::PgPool;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::StopSignals;
use crate::{
    migrations::{self, Migration},
    schema::{self, Answer},
    terminal,
};

/// One connection listens, the others lease and report.
const OUTBOX_CONNECTIONS: u32 = 3;

/// The role that the migrations make for the service, which runs as nobody else.
pub const WORKER: &str = "casebase_worker";

/// How long a connection may take to say goodbye.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// `casebase serve` has no options: everything is in the environment.
#[derive(Debug, clap::Args)]
#[command(after_help = casebase_server::config::table())]
pub struct Args {}

/// Serves until Ctrl-C or a termination signal.
pub async fn run(_: Args) -> anyhow::Result<()> {
    let config = Config::from_environment()
        .map_err(|e| anyhow::anyhow!("{e}\nhint: `casebase serve --help` lists every variable"))?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("CASEBASE_LISTEN {} can't be used", config.listen))?;
    let mut stop = StopSignals::listen()?;
    let running = Running::start(listener, config)?;
    terminal::say(format_args!(
        "casebase serves at {}; Ctrl-C stops it",
        running.url
    ));
    let service = running.service.clone();
    let probe = tokio::spawn(async move { service.probe().await });
    let served = running.until(&mut stop).await;
    probe.abort();
    served
}

/// The service and the worker while they run.
pub struct Running {
    url: String,
    service: Service,
    shutdown: CancellationToken,
    http: JoinHandle<anyhow::Result<()>>,
    webhooks: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts both; they connect to the project when they first need it.
    pub fn start(listener: TcpListener, config: Config) -> anyhow::Result<Self> {
        let url = format!("http://{}", listener.local_addr()?);
        let shutdown = CancellationToken::new();
        let worker = casebase_webhooks::Config {
            egress: casebase_webhooks::Egress {
                allow_private: config.webhooks_allow_private,
                allow: config.webhooks_allow.clone(),
                ports: config.webhooks_ports.clone(),
                proxy: config.webhooks_proxy.clone(),
            },
            ..casebase_webhooks::Config::default()
        };
        let outbox = config.database.pool(OUTBOX_CONNECTIONS);
        let webhooks = tokio::spawn(send_webhooks(outbox, worker, shutdown.clone()));
        let service = Service::new(&config)?;
        let serving = service.clone().serve(listener, shutdown.clone());
        let http = tokio::spawn(async move { Ok(serving.await?) });
        Ok(Self {
            url,
            service,
            shutdown,
            http,
            webhooks,
        })
    }

    /// Where the service answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until one of the two ends by itself, which only a failure makes it do.
    async fn ended(&mut self) -> anyhow::Result<()> {
        tokio::select! {
            ended = &mut self.http => ended?,
            ended = &mut self.webhooks => ended?,
        }
    }

    /// Serves until the first of these signals, or until one of the two ends by itself. What is under way is then finished,
    /// or, at the second signal, cut off.
    pub async fn until(mut self, signals: &mut StopSignals) -> anyhow::Result<()> {
        tokio::select! {
            () = signals.next() => {}
            ended = self.ended() => return ended,
        }
        let service = self.service.clone();
        if let Some(requests) = requests(service.under_way()) {
            terminal::say(format_args!(
                "casebase waits for {requests} under way, {} s at most; Ctrl-C again ends it at once",
                GRACE.as_secs()
            ));
        }
        let tasks = [self.http.abort_handle(), self.webhooks.abort_handle()];
        tokio::select! {
            stopped = self.stop() => stopped,
            () = signals.next() => {
                // Counted first: the tasks end on other threads.
                let cut_off = requests(service.under_way());
                for task in tasks {
                    task.abort();
                }
                match cut_off {
                    Some(requests) => anyhow::bail!("stopped at once: {requests} cut off"),
                    None => Ok(()),
                }
            }
        }
    }

    /// Finishes what is under way, then ends both.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.http.await??;
        self.webhooks.await?
    }
}

/// So many in words, if there are any.
fn requests(number: usize) -> Option<String> {
    match number {
        0 => None,
        1 => Some("1 request".into()),
        number => Some(format!("{number} requests")),
    }
}

async fn send_webhooks(
    outbox: PgPool,
    config: casebase_webhooks::Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    tokio::select! {
        () = stop.cancelled() => {}
        checked = check(&outbox) => {
            checked?;
            casebase_webhooks::run(outbox.clone(), config, stop.clone()).await?;
        }
    }
    // A connection that waits for an answer is closed with the process.
    let _ = tokio::time::timeout(CLOSE_WITHIN, outbox.close()).await;
    Ok(())
}

/// Waits for the database until it has said who the service is there and which schema it has. Refuses to be anybody but
/// the worker, for everything would work for the owner too, who may do far more than the service needs; and a schema that
/// it wasn't built with.
async fn check(database: &PgPool) -> anyhow::Result<()> {
    let known = migrations::all();
    let mut retry = casebase_webhooks::Retry::default();
    loop {
        match ask(database, &known).await {
            Ok((role, _)) if role != WORKER => anyhow::bail!(
                "CASEBASE_DATABASE_URL connects as `{role}`; the service runs as {WORKER}, which may do no more than it needs\n\
                 hint: as the project's owner, `alter role {WORKER} password '…'`; then put {WORKER} and that password \
                 into CASEBASE_DATABASE_URL"
            ),
            Ok((_, Answer::Fits)) => return Ok(()),
            Ok((_, Answer::Misfit(misfit))) => return Err(misfit.into()),
            Ok((_, Answer::Withheld)) => {
                tracing::info!(
                    "which release the schema is of was not told: {WORKER} may not call casebase.schema_version()"
                );
                return Ok(());
            }
            Err(error) => {
                let pause = retry.pause();
                // Why is said by the probe, and by `/readyz`.
                tracing::debug!(%error, ?pause, "webhooks wait for the database");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Who the service is in the database, and whether the schema fits.
async fn ask(database: &PgPool, known: &[Migration]) -> Result<(String, Answer), sqlx::Error> {
    let role = sqlx::query_scalar("select current_user::text");
    let role = role.fetch_one(database).await?;
    Ok((role, schema::check(database, known).await?))
}
