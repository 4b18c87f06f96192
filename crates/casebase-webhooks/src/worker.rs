//! The loop that empties the outbox.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc};
use tokio::task::{self, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::Config;
use crate::deliver::Sender;
use crate::lane::{self, Until};
use crate::looks::Looks;
use crate::outbox::{self, Leased, Limits, Outbox, Report};
use crate::retry::Retry;
use crate::schedule::Schedule;
use crate::under_way::{SILENT_AFTER, UnderWay};

/// The first wait after the outbox was found empty. A transaction that wrote before somebody listened sends no
/// notification, so the worker looks again soon, then less and less often.
const FIRST_NAP: Duration = Duration::from_millis(10);

/// How long to wait for more when one of several requests is finished: reporting them together costs one commit.
const GATHER: Duration = Duration::from_millis(1);

/// How long a notification may take to come through before the log says that none does.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// How often old deliveries are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Why the worker could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A delivery would be given away while it is being sent.
    #[error("the lease ({lease:?}) must be longer than the timeout ({timeout:?})")]
    LeaseTooShort {
        /// [`Config::lease`].
        lease: Duration,
        /// [`Config::timeout`].
        timeout: Duration,
    },
    /// The HTTP client could not be built.
    #[error("the webhook client could not be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Sends webhooks until `shutdown`, whatever the database and the receivers do meanwhile.
///
/// The pool connects as `casebase_worker` and needs two connections, one of them to listen. No transaction is open
/// while a request is under way. Killed at any point, nothing is lost: what was leased is sent again by whoever works
/// next, with the same `webhook-id`.
///
/// # Errors
/// Only at the start, for a configuration that can't work.
pub async fn run(pool: PgPool, config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    if config.lease <= config.timeout {
        return Err(Error::LeaseTooShort {
            lease: config.lease,
            timeout: config.timeout,
        });
    }
    let (grace, poll) = (config.grace, config.poll);
    let outbox = Outbox::new(pool);
    let wake = Arc::new(Notify::new());
    let (report, reported) = mpsc::unbounded_channel();
    let mut worker = Worker {
        sender: Sender::new(config.timeout, config.egress.clone())?,
        outbox: outbox.clone(),
        schedule: Arc::new(config.schedule.clone()),
        under_way: UnderWay::new(config.concurrency),
        looks: Looks::new(),
        config,
        shutdown: shutdown.clone(),
        sending: JoinSet::new(),
        lanes: HashMap::new(),
        report,
        reported,
        reports: Vec::new(),
        tidy_at: Instant::now(),
    };

    // A call that hangs ends with the grace: its lease, if it got one, ends by itself.
    let patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    let work = async {
        tokio::select! {
            () = worker.work(&wake, &shutdown) => {}
            () = listen(&outbox, &wake, poll) => {}
        }
        worker.finish().await;
    };
    tokio::select! {
        () = work => {}
        () = patience => tracing::warn!("the database kept the webhook worker waiting; what is under way is sent again later"),
    }
    Ok(())
}

struct Worker {
    outbox: Outbox,
    sender: Sender,
    schedule: Arc<Schedule>,
    config: Config,
    shutdown: CancellationToken,
    under_way: UnderWay,
    looks: Looks,
    /// The lanes under way.
    sending: JoinSet<()>,
    /// What each of them began with.
    lanes: HashMap<task::Id, Began>,
    /// Where they say what became of each request.
    report: mpsc::UnboundedSender<Report>,
    reported: mpsc::UnboundedReceiver<Report>,
    /// What has not yet been reported to the database.
    reports: Vec<Report>,
    tidy_at: Instant,
}

/// A lane, when it began to be sent.
struct Began {
    endpoint: Uuid,
    /// Since when its first was due.
    due: DateTime<Utc>,
    /// Whether there was more than one.
    more: bool,
}

impl Worker {
    /// Takes turns until `shutdown`, which ends the waiting but not a turn: what is leased should be known here.
    async fn work(&mut self, wake: &Notify, shutdown: &CancellationToken) {
        let mut nap = FIRST_NAP;
        let mut retry = Retry::default();
        loop {
            let turn = self.turn().await;
            if turn.is_ok() && retry.recovered() {
                tracing::info!("webhooks are sent again");
            }
            let wait = match turn {
                Ok(any) => {
                    nap = if any {
                        FIRST_NAP
                    } else {
                        (nap * 2).min(self.config.poll)
                    };
                    self.rest(nap)
                }
                Err(error) => {
                    nap = retry.pause();
                    match retry.is_news() {
                        true => tracing::warn!(%error, "webhooks wait until the database answers"),
                        false => tracing::debug!(%error, pause = ?nap, "webhooks wait"),
                    }
                    nap
                }
            };
            tokio::select! {
                Some(report) = self.reported.recv() => {
                    self.collect(report);
                    if self.sending.len() > 1 || self.lanes.values().any(|began| began.more) {
                        tokio::time::sleep(GATHER).await;
                    }
                }
                Some(lane) = self.sending.join_next_with_id() => self.end(lane),
                () = wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// How much of a nap it is until something may be found that nothing wakes it for.
    fn rest(&self, nap: Duration) -> Duration {
        match self.under_way.free(Instant::now()) {
            0 => nap.min(SILENT_AFTER),
            _ => nap.min(self.looks.rest()),
        }
    }

    /// Reports what is finished and takes what is due. Answers whether anything was.
    async fn turn(&mut self) -> Result<bool, outbox::Error> {
        let reported = self.report().await?;
        let leased = self.lease().await?;
        if Instant::now() >= self.tidy_at {
            // First: when it fails, the next turns do without it.
            self.tidy_at = Instant::now() + TIDY_EVERY;
            self.outbox.tidy(self.config.keep).await?;
        }
        Ok(reported || leased)
    }

    async fn report(&mut self) -> Result<bool, outbox::Error> {
        self.take_in();
        if self.reports.is_empty() {
            return Ok(false);
        }
        let settled = self.outbox.acknowledge(&self.reports).await?;
        if settled < self.reports.len() {
            let late = self.reports.len() - settled;
            tracing::warn!(late, "webhooks were reported too late");
        }
        self.reports.clear();
        Ok(true)
    }

    async fn lease(&mut self) -> Result<bool, outbox::Error> {
        let now = Instant::now();
        let free = self.under_way.free(now);
        if free == 0 {
            return Ok(false);
        }
        let since = self.looks.since(now);
        let everything = since.is_none();
        let config = &self.config;
        let limits = Limits {
            lanes: free,
            per_endpoint: config.concurrency_per_endpoint,
            in_lane: config.in_lane,
            under_way: self
                .under_way
                .by_endpoint(config.concurrency_per_endpoint, now),
        };
        let leased = self
            .outbox
            .lease(
                limits,
                since,
                config.lease,
                // The next look comes before this is over, or there is no worker any more.
                2 * config.poll,
            )
            .await?;
        let lanes = lane::lanes(leased);
        let firsts = lanes.iter().filter_map(|lane| lane.first());
        let too_early = self
            .looks
            .found(firsts.map(|first| (first.delivery.endpoint_id, first.due_at)));
        match everything {
            true => self
                .looks
                .at_everything(Instant::now(), now.elapsed(), too_early),
            false => self.looks.at_a_part(),
        }
        let any = !lanes.is_empty();
        let until = Until {
            instant: now + (self.config.lease - self.config.timeout),
            shutdown: self.shutdown.clone(),
        };
        for lane in lanes {
            self.begin(lane, until.clone());
        }
        Ok(any)
    }

    fn begin(&mut self, lane: Vec<Leased>, until: Until) {
        let Some(first) = lane.first() else {
            return;
        };
        let began_with = Began {
            endpoint: first.delivery.endpoint_id,
            due: first.due_at,
            more: lane.len() > 1,
        };
        self.under_way
            .begins(first.delivery.endpoint_id, Instant::now());
        let sender = self.sender.clone();
        let schedule = Arc::clone(&self.schedule);
        let report = self.report.clone();
        let sending = self
            .sending
            .spawn(async move { lane::send(lane, sender, &schedule, until, report).await });
        self.lanes.insert(sending.id(), began_with);
    }

    /// Lanes first: what an ended one reported last has come then.
    fn take_in(&mut self) {
        while let Some(lane) = self.sending.try_join_next_with_id() {
            self.end(lane);
        }
        while let Ok(report) = self.reported.try_recv() {
            self.collect(report);
        }
    }

    fn collect(&mut self, report: Report) {
        if report.status.is_some() {
            self.under_way.answered(report.endpoint_id, Instant::now());
        }
        self.reports.push(report);
    }

    fn end(&mut self, lane: Result<(task::Id, ()), task::JoinError>) {
        let id = match lane {
            Ok((id, ())) => id,
            // Its leases end by themselves, and the deliveries are tried again.
            Err(error) => {
                tracing::error!(%error, "sending a webhook failed unexpectedly");
                error.id()
            }
        };
        if let Some(began) = self.lanes.remove(&id) {
            self.under_way.ends(began.endpoint);
            self.looks.goes_on(began.endpoint, began.due, began.more);
        }
    }

    /// Lets requests under way finish, for most of the grace, and reports them in the rest of it.
    async fn finish(&mut self) {
        let grace = self.config.grace.mul_f64(0.8);
        let webhooks = self.sending.len();
        if webhooks > 0 {
            tracing::info!(
                webhooks,
                "waiting for webhooks under way, {} s at most",
                grace.as_secs()
            );
        }
        let all = async {
            while let Some(lane) = self.sending.join_next_with_id().await {
                self.end(lane);
            }
        };
        if tokio::time::timeout(grace, all).await.is_err() {
            tracing::info!("webhooks under way are sent again later");
        }
        if let Err(error) = self.report().await {
            tracing::warn!(%error, "the last webhooks could not be reported and are sent again later");
        }
    }
}

/// Wakes the worker when the database says so, for ever. Without it polling does the same, more slowly.
async fn listen(outbox: &Outbox, wake: &Notify, poll: Duration) {
    let mut retry = Retry::default();
    let mut told = None;
    loop {
        let listening = outbox.listen().await;
        if listening.is_ok() {
            retry.recovered();
        }
        let pause = retry.pause();
        match listening {
            Ok(mut listener) => {
                if let Ok(heard) = outbox.is_heard_by(&mut listener, HEARD_WITHIN).await
                    && told.replace(heard) != Some(heard)
                {
                    tell_whether_heard(heard, poll);
                }
                // Others may have come meanwhile.
                wake.notify_one();
                // None: the connection was lost and is made anew; a notification may have been missed.
                while let Ok(_notified) = listener.try_recv().await {
                    wake.notify_one();
                }
            }
            // Of a database that lets nobody in, the turns say so.
            Err(error) if retry.is_news() && !keeps_out(&error) => {
                let error = casebase_postgres::said(&error);
                tracing::warn!(error, "can't listen for webhooks, polling instead");
            }
            Err(error) => {
                let error = casebase_postgres::said(&error);
                tracing::debug!(error, ?pause, "still can't listen for webhooks");
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Says how the worker learns of what is to be sent.
fn tell_whether_heard(heard: bool, poll: Duration) {
    match heard {
        true => tracing::info!("the database notifies of webhooks as they are written"),
        false => tracing::warn!(
            "no notification of the database's comes through, as behind a pooler in transaction mode: webhooks are \
             looked for every {poll:?} instead; hint: connect directly, or through a pooler in session mode"
        ),
    }
}

/// Whether the database can't be reached, or refuses who comes: SQLSTATE classes 28, 3D and 57.
fn keeps_out(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    let class = code.as_deref().and_then(|code| code.get(..2));
    matches!(class, Some("28" | "3D" | "57")) || class.is_none()
}
