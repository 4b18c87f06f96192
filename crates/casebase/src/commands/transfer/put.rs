//! Files to the service, several at once.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::error::ErrorKind;
use futures::{StreamExt as _, stream};
use indicatif::ProgressBar;
use reqwest::{Body, Method, header::CONTENT_LENGTH};
use serde_json::{Map, Value, json};
use tokio_util::io::ReaderStream;
use url::form_urlencoded;

use super::{
    Target, Told,
    begun::{Record, Reserved},
    pieces::{NoMore, Pieces},
    progress::Bars,
    source::Source,
};
use crate::{
    commands::{
        Stopped, fail_for_some,
        table::{self, Form},
        unless_stopped, usage,
    },
    service::{Refusal, Service},
    terminal,
};

/// So many files are on their way at a time.
const AT_ONCE: usize = 4;

/// Which files, and how.
#[derive(Debug, clap::Args)]
pub struct Uploads {
    /// The files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What a single file is called; standard input has no name of its own
    #[arg(long)]
    name: Option<String>,
    /// Larger files go to Storage directly, in pieces
    #[arg(long, value_name = "BYTES", default_value_t = 50_000_000)]
    pieces_above: u64,
    #[command(flatten)]
    told: Told,
}

/// What is said below the options of every command that puts.
pub const AFTER_HELP: &str = "\
A file that stopped half-way goes on with the same command, within a day; one that arrived is not there twice.
Exit codes: 0 all of them are there; 1 one of them is not; 2 called in a way that makes no sense.";

/// By which way, and where.
#[derive(Clone, Copy)]
struct To<'a> {
    service: &'a Service,
    bars: &'a Bars,
    target: &'a Target,
}

/// One file on its way.
struct Upload<'a> {
    to: To<'a>,
    put: &'a Uploads,
    name: String,
    source: Source,
}

impl Uploads {
    /// Sends them there.
    pub async fn run(self, target: Target) -> anyhow::Result<()> {
        self.makes_sense()?;
        let service = Service::open()?;
        match unless_stopped(self.put(&service, &target)).await {
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
    async fn put(&self, service: &Service, target: &Target) -> anyhow::Result<()> {
        let bars = Bars::new();
        let to = To {
            service,
            bars: &bars,
            target,
        };
        let each = self.files.iter().map(|file| self.one(to, file));
        let mut done = stream::iter(each).buffered(AT_ONCE);
        let (mut rows, mut failed) = (Vec::new(), 0);
        while let Some(one) = done.next().await {
            match one {
                Ok(row) if self.told.json => {
                    bars.while_hidden(|| table::print(&[row], target.shown, Form::Json))?;
                }
                Ok(row) => rows.push(row),
                Err(error) if self.files.len() == 1 => return Err(error),
                Err(error) => {
                    failed += 1;
                    bars.while_hidden(|| terminal::say_error(&error));
                }
            }
        }
        if !rows.is_empty() {
            table::print(&rows, target.shown, Form::Table)?;
        }
        fail_for_some(failed, self.files.len(), "uploaded")
    }

    async fn one(&self, to: To<'_>, file: &Path) -> anyhow::Result<Value> {
        let shown = || file.display().to_string();
        let name = self.name.clone().or_else(|| {
            let name = file.file_name()?;
            Some(name.to_str()?.to_owned())
        });
        let name = name.context("its name can't be read as UTF-8\nhint: --name");
        let upload = Upload {
            name: name.with_context(shown)?,
            source: Source::open(file).await.with_context(shown)?,
            to,
            put: self,
        };
        upload.run().await.with_context(shown)
    }
}

impl Upload<'_> {
    async fn run(&self) -> anyhow::Result<Value> {
        let mut record = self.record()?;
        let bar = self.to.bars.add(&self.name, Some(self.source.size));
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
        let session = self.to.service.session();
        let what = json!([
            session.place().service.as_str(),
            session.user_id(),
            self.to.target.path,
            self.said(),
            self.is_large(),
            identity,
        ]);
        Record::open(&session.folder("uploads")?, &what.to_string())
    }

    /// What is said of the file.
    fn said(&self) -> Map<String, Value> {
        let mut said = self.to.target.fields.clone();
        said.insert("name".into(), self.name.as_str().into());
        said
    }

    async fn through_the_service(
        &self,
        record: &Record,
        bar: &ProgressBar,
    ) -> anyhow::Result<Value> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.said() {
            match value {
                Value::String(text) => query.append_pair(name, text),
                other => query.append_pair(name, &other.to_string()),
            };
        }
        let target = self.to.target;
        let method = match target.adds {
            true => Method::POST,
            false => Method::PUT,
        };
        let path = format!("{}?{}", target.path, query.finish());
        let sent = self.to.service.ask(method, &path, async |request| {
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
        bar: &ProgressBar,
    ) -> anyhow::Result<Value> {
        if record.begun().reserved.is_none() {
            let reserved = self.reserve(record).await?;
            record.change(|begun| begun.reserved = Some(reserved))?;
        }
        let reserved = record.begun().reserved.as_ref();
        let file =
            reserved.and_then(|reserved| reserved.file.get(self.to.target.kind.id())?.as_i64());
        let file = file.context("what the service reserved has no id")?;
        let mut pieces = Pieces {
            service: self.to.service,
            source: &self.source,
            record,
            bar,
            name: &self.name,
        };
        let sent = pieces.send().await;
        if sent.as_ref().is_err_and(|error| error.is::<NoMore>()) {
            self.let_go(file).await;
        }
        sent?;
        let path = format!("{}/complete", self.to.target.kind.path(file));
        let done = self.to.service.ask(Method::POST, &path, async |it| Ok(it));
        Ok(done.await?.json().await?)
    }

    async fn reserve(&self, record: &Record) -> anyhow::Result<Reserved> {
        let path = format!("{}/direct", self.to.target.path);
        let mut announced = self.said();
        announced.insert("size".into(), self.source.size.into());
        let key = record.begun().key.to_string();
        let reserved = self.to.service.ask(Method::POST, &path, async |request| {
            Ok(request.header("idempotency-key", &key).json(&announced))
        });
        Ok(reserved.await?.json().await?)
    }

    /// Of what was reserved in vain. A new version's document stays, and what can't be deleted is the service's to sweep.
    async fn let_go(&self, file: i64) {
        if !self.to.target.adds {
            return;
        }
        let path = self.to.target.kind.path(file);
        let gone = self
            .to
            .service
            .ask(Method::DELETE, &path, async |it| Ok(it));
        if let Err(error) = gone.await {
            tracing::debug!(file, %error, "what was reserved is left");
        }
    }
}

/// Whether the same upload would fail at every later time, too.
fn is_final(error: &anyhow::Error) -> bool {
    error.is::<NoMore>() || error.downcast_ref().is_some_and(Refusal::is_final)
}
