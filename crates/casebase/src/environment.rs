//! What every command takes from the environment, and the `.env` file that may say it.

use std::{
    cell::Cell,
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use clap::ValueEnum as _;
use tracing_subscriber::EnvFilter;

use crate::terminal;

/// What is logged, in the notation of [`EnvFilter`].
const LOG: &str = "CASEBASE_LOG";
/// How: a [`LogFormat`].
const LOG_FORMAT: &str = "CASEBASE_LOG_FORMAT";

/// The variables of every command, for `casebase --help`. `.env.example` has these and each command's own.
pub const HELP: &str = "\
Environment (also read from .env, here or in a folder above; .env.example has every variable):
  CASEBASE_LOG                     what is logged, e.g. warn,casebase=debug
                                   [warn,casebase=info; `demo` and `bench`: warn]
  CASEBASE_LOG_FORMAT              how it is logged, as --log-format [text]
  NO_COLOR                         set and not empty: no colours";

/// A `.env` file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    /// A line is none. Never its text: it may hold a secret.
    #[error(
        "{file}, line {line}: this is not NAME=value in UTF-8\n\
         hint: a value with spaces, # or $ goes between single quotes, and a quote that opens must close"
    )]
    Line {
        /// The file's path.
        file: String,
        /// The line, counted from 1; of a value over several lines the first.
        line: usize,
    },
    /// The file can't be read.
    #[error("{file} can't be read")]
    File {
        /// The file's path.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Takes what the nearest `.env` says into the environment, where it isn't set already. No such file is the usual case.
pub fn load_dotenv() -> Result<(), DotenvError> {
    let Some(path) = nearest_dotenv() else {
        return Ok(());
    };
    let name = || path.display().to_string();
    let unreadable = |source| DotenvError::File {
        file: name(),
        source,
    };
    let file = File::open(&path).map_err(unreadable)?;
    let begun = Cell::new(0);
    let lines = LineByLine {
        file: BufReader::new(file),
        begun: &begun,
        inside: false,
    };
    let malformed = |lines: usize| DotenvError::Line {
        file: name(),
        line: begun.get() + 1 - lines,
    };
    dotenvy::from_read_iter(lines)
        .load()
        .map_err(|error| match error {
            dotenvy::Error::LineParse(text, _) => malformed(text.lines().count().max(1)),
            dotenvy::Error::Io(source) if source.kind() == ErrorKind::InvalidData => malformed(1),
            dotenvy::Error::Io(source) => unreadable(source),
            other => unreadable(std::io::Error::other(other)),
        })
}

fn nearest_dotenv() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors()
        .map(|folder: &Path| folder.join(".env"))
        .find(|path| path.exists())
}

/// Hands out no more than a line at a time, so that whoever fails over one has begun no other.
struct LineByLine<'a> {
    file: BufReader<File>,
    begun: &'a Cell<usize>,
    inside: bool,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let ahead = self.file.fill_buf()?;
        let end = ahead.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(ahead.len(), |end| end + 1).min(into.len());
        into[..length].copy_from_slice(&ahead[..length]);
        if length > 0 && !self.inside {
            self.begun.set(self.begun.get() + 1);
        }
        self.inside = length > 0 && into[length - 1] != b'\n';
        self.file.consume(length);
        Ok(length)
    }
}

/// How the log is written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line, for programs.
    Json,
}

/// What was decided at the start.
static CHOSEN: OnceLock<LogFormat> = OnceLock::new();

/// Begins to log on standard error: as the option says or, without it, `CASEBASE_LOG_FORMAT`; and what `CASEBASE_LOG`
/// says, or `default` without it.
pub fn start_log(option: Option<LogFormat>, default: &str) -> anyhow::Result<()> {
    let format = match option {
        Some(format) => format,
        None => format_of(&std::env::var(LOG_FORMAT).unwrap_or_default())?,
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(log_filter(default)?)
        .with_writer(terminal::stderr);
    match format {
        LogFormat::Text => log
            .with_ansi(terminal::has_color(&terminal::stderr()))
            .init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    let _ = CHOSEN.set(format);
    Ok(())
}

/// How the log is written; text until it has begun.
pub fn log_format() -> LogFormat {
    CHOSEN.get().copied().unwrap_or_default()
}

fn format_of(text: &str) -> anyhow::Result<LogFormat> {
    match text.trim() {
        "" => Ok(LogFormat::default()),
        text => LogFormat::from_str(text, true)
            .map_err(|_| anyhow::anyhow!("{LOG_FORMAT} is `{text}`; it takes text or json")),
    }
}

/// What is logged: what `CASEBASE_LOG` says, or `default` without it.
fn log_filter(default: &str) -> anyhow::Result<EnvFilter> {
    let wanted = std::env::var(LOG).unwrap_or_default();
    let filter = match wanted.trim() {
        "" => default,
        filter => filter,
    };
    EnvFilter::try_new(filter).map_err(|error| {
        anyhow::anyhow!("{LOG} is malformed: {error}\nhint: e.g. warn,casebase=debug")
    })
}
