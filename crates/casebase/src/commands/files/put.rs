//! `casebase files put`

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use casebase_supabase::rows::{CaseNumber, InteractionId};
use clap::error::ErrorKind;
use futures::{StreamExt as _, stream};
use reqwest::{Body, Method, header::CONTENT_LENGTH};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;
use url::form_urlencoded;

use super::{
    Told,
    begun::{Record, Reserved},
    pieces::{NoMore, Pieces},
    progress::Bars,
    source::Source,
};
use crate::{
    commands::{Stopped, fail_for_some, table, unless_stopped, usage},
    service::{Refusal, Service},
    terminal,
};

/// So many files are on their way at a time.
const AT_ONCE: usize = 4;

/// The options of `casebase files put`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file that stopped half-way goes on with the same command, within a day; one that arrived is not there twice.
Exit codes: 0 all of them are there; 1 one of them is not; 2 called in a way that makes no sense.")]
pub struct Put {
    /// The files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Of this case
    #[arg(long, value_name = "CASE")]
    case: CaseNumber,
    /// Of this interaction of the case
    #[arg(long, value_name = "ID")]
    interaction: Option<InteractionId>,
    /// Only staff may see them; without it the client may, too
    #[arg(long)]
    internal: bool,
    /// What a single file is called; standard input has no name of its own
    #[arg(long)]
    name: Option<String>,
    /// Larger files go to Storage directly, in pieces
    #[arg(long, value_name = "BYTES", default_value_t = 50_000_000)]
    pieces_above: u64,
    #[command(flatten)]
    told: Told,
}

const SHOWN: &[&str] = &[
    "id",
    "original_name",
    "file_size",
    "content_type",
    "state",
    "visible_to_client",
];

/// One file on its way.
struct Upload<'a> {
    service: &'a Service,
    bars: &'a Bars,
    put: &'a Put,
    name: String,
    source: Source,
}

impl Put {
    pub async fn run(self) -> anyhow::Result<()> {
        self.makes_sense()?;
        let service = Service::open()?;
        match unless_stopped(self.put(&service)).await {
            Err(error) if error.is::<Stopped>() => {
                bail!("{error}\nhint: the same command goes on with what has not arrived")
            }
            done => done,
        }
    }

    fn makes_sense(&self) -> anyhow::Result<()> {
        let alone = self.files.len() == 1;
        let piped = self.files.iter().any(|file| file == Path::new("-"));
        if self.name.is_some() && !alone {
            let message = "--name is of a single file";
            return Err(usage(ErrorKind::ArgumentConflict, message));
        }
        if piped && self.name.is_none() {
            let message = "`-` needs a --name, and comes alone";
            return Err(usage(ErrorKind::MissingRequiredArgument, message));
        }
        let different: HashSet<_> = self.files.iter().collect();
        if different.len() < self.files.len() {
            let message = "a file is named twice";
            return Err(usage(ErrorKind::ArgumentConflict, message));
        }
        Ok(())
    }

    /// In the order in which they are named; what fails stops no other.
    async fn put(&self, service: &Service) -> anyhow::Result<()> {
        let bars = Bars::new();
        let each = self.files.iter().map(|file| self.one(service, &bars, file));
        let mut done = stream::iter(each).buffered(AT_ONCE);
        let (mut rows, mut failed) = (Vec::new(), 0);
        while let Some(one) = done.next().await {
            match one {
                Ok(row) if self.told.json => {
                    bars.while_hidden(|| table::print(&[row], SHOWN, true))?;
                }
                Ok(row) => rows.push(row),
                Err(error) => {
                    failed += 1;
                    bars.while_hidden(|| terminal::say_error(&error));
                }
            }
        }
        if !rows.is_empty() {
            table::print(&rows, SHOWN, false)?;
        }
        fail_for_some(failed, self.files.len(), "uploaded")
    }

    async fn one(&self, service: &Service, bars: &Bars, file: &Path) -> anyhow::Result<Value> {
        let shown = || file.display().to_string();
        let name = self.name.clone().or_else(|| {
            let name = file.file_name()?;
            Some(name.to_str()?.to_owned())
        });
        let name = name.context("its name can't be read as UTF-8\nhint: --name");
        let upload = Upload {
            name: name.with_context(shown)?,
            source: Source::open(file).await.with_context(shown)?,
            service,
            bars,
            put: self,
        };
        upload.run().await.with_context(shown)
    }
}

impl Upload<'_> {
    async fn run(&self) -> anyhow::Result<Value> {
        let mut record = self.record()?;
        let bar = self.bars.add(&self.name, Some(self.source.size));
        let sent = match self.is_large() {
            true => self.past_the_service(&mut record, &bar).await,
            false => self.through_the_service(&record, &bar).await,
        };
        bar.finish_and_clear();
        match &sent {
            Err(error) if !is_final(error) => {}
            _ => record.forget(),
        }
        sent
    }

    fn is_large(&self) -> bool {
        self.source.size > self.put.pieces_above
    }

    /// What makes this upload this one, and no other.
    fn record(&self) -> anyhow::Result<Record> {
        let Some(identity) = &self.source.identity else {
            return Ok(Record::of_a_pipe());
        };
        let session = self.service.session();
        let what = json!([
            session.place().service.as_str(),
            session.user_id(),
            self.put.case,
            self.fields(),
            self.is_large(),
            identity,
        ]);
        Record::open(&session.folder("uploads")?, &what.to_string())
    }

    fn fields(&self) -> Value {
        json!({
            "name": self.name,
            "interaction_id": self.put.interaction,
            "visible_to_client": !self.put.internal,
        })
    }

    async fn through_the_service(
        &self,
        record: &Record,
        bar: &indicatif::ProgressBar,
    ) -> anyhow::Result<Value> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("name", &self.name);
        query.append_pair("visible_to_client", &(!self.put.internal).to_string());
        if let Some(interaction) = self.put.interaction {
            query.append_pair("interaction_id", &interaction.to_string());
        }
        let path = format!("/v1/cases/{}/files?{}", self.put.case, query.finish());
        let sent = self.service.ask(Method::POST, &path, async |request| {
            bar.reset();
            let bytes = self.source.from(0, self.source.size).await?;
            let bytes = ReaderStream::new(bar.wrap_async_read(bytes));
            Ok(request
                .header("idempotency-key", record.begun().key.to_string())
                .header(CONTENT_LENGTH, self.source.size)
                .body(Body::wrap_stream(bytes)))
        });
        Ok(sent.await?.json().await?)
    }

    async fn past_the_service(
        &self,
        record: &mut Record,
        bar: &indicatif::ProgressBar,
    ) -> anyhow::Result<Value> {
        let file = match &record.begun().reserved {
            Some(reserved) => reserved.file.id,
            None => {
                let reserved = self.reserve(record).await?;
                let id = reserved.file.id;
                record.change(|begun| begun.reserved = Some(reserved))?;
                id
            }
        };
        let mut pieces = Pieces {
            service: self.service,
            source: &self.source,
            record,
            bar,
            name: &self.name,
        };
        let sent = pieces.send().await;
        if sent.as_ref().is_err_and(|error| error.is::<NoMore>()) {
            let path = format!("/v1/files/{file}");
            let gone = self.service.ask(Method::DELETE, &path, async |it| Ok(it));
            // Who may not, or is too late, leaves it to the service's own sweeping.
            if let Err(error) = gone.await {
                tracing::debug!(file, %error, "what was reserved is left");
            }
        }
        sent?;
        let path = format!("/v1/files/{file}/complete");
        let done = self
            .service
            .ask(Method::POST, &path, async |it| Ok(it))
            .await;
        Ok(done?.json().await?)
    }

    async fn reserve(&self, record: &Record) -> anyhow::Result<Reserved> {
        let path = format!("/v1/cases/{}/files/direct", self.put.case);
        let mut announced = self.fields();
        announced["size"] = json!(self.source.size);
        let key = record.begun().key.to_string();
        let reserved = self.service.ask(Method::POST, &path, async |request| {
            Ok(request.header("idempotency-key", &key).json(&announced))
        });
        Ok(reserved.await?.json().await?)
    }
}

/// Whether the same upload would fail at every later time, too.
fn is_final(error: &anyhow::Error) -> bool {
    error.is::<NoMore>() || error.downcast_ref().is_some_and(Refusal::is_final)
}
