//! A file from the service.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use futures::StreamExt as _;
use percent_encoding::percent_decode_str;
use reqwest::{Method, Response, header::CONTENT_DISPOSITION};
use serde_json::json;

use super::{Kind, Part, Told, progress::Bars};
use crate::{commands::unless_stopped, service::Service, terminal};

/// Which file, and where it goes.
#[derive(Debug, clap::Args)]
pub struct Download {
    /// Its id, as `ls` shows it
    id: i64,
    /// Where it goes: a file, a folder, or `-` for standard output. Here, under its own name, without it
    #[arg(value_name = "PATH")]
    to: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    told: Told,
}

impl Download {
    /// Gets it.
    pub async fn run(self, kind: Kind) -> anyhow::Result<()> {
        let path = kind.path(self.id);
        unless_stopped(self.get(kind, &path)).await
    }

    /// Gets one of its versions.
    pub async fn version(self, kind: Kind, version: i64) -> anyhow::Result<()> {
        let path = format!("{}?version={version}", kind.path(self.id));
        unless_stopped(self.get(kind, &path)).await
    }

    async fn get(&self, kind: Kind, path: &str) -> anyhow::Result<()> {
        let service = Service::open()?;
        let answer = service.ask(Method::GET, path, async |it| Ok(it)).await?;
        let name = name_of(&answer).unwrap_or_else(|| format!("file-{}", self.id));
        if self.to.as_deref() == Some(Path::new("-")) {
            copy(answer, &name, &mut terminal::stdout()).await?;
            return Ok(());
        }
        let to = match &self.to {
            Some(path) if path.is_dir() => path.join(&name),
            Some(path) => path.clone(),
            None => PathBuf::from(&name),
        };
        let mut part = Part::begin(&to, self.force)?;
        let bytes = copy(answer, &name, part.file()).await?;
        part.finish()?;
        let mut out = terminal::stdout();
        match self.told.json {
            true => writeln!(
                out,
                "{}",
                json!({kind.id(): self.id, "path": to.to_string_lossy(), "bytes": bytes})
            )?,
            false => writeln!(out, "{}", to.display())?,
        }
        Ok(())
    }
}

/// All of the answer's bytes; how many there were.
async fn copy(answer: Response, name: &str, to: &mut impl std::io::Write) -> anyhow::Result<u64> {
    let length = answer.content_length();
    let bars = Bars::new();
    let bar = bars.add(name, length);
    let mut bytes = answer.bytes_stream();
    let mut had = 0;
    while let Some(piece) = bytes.next().await {
        let piece = piece.map_err(|error| anyhow!(casebase_supabase::failure(error)));
        let piece = piece.context("the file did not arrive completely")?;
        to.write_all(&piece)?;
        had += piece.len() as u64;
        bar.set_position(had);
    }
    if length.is_some_and(|length| length != had) {
        bail!("the file did not arrive completely: {had} bytes");
    }
    to.flush()?;
    Ok(had)
}

/// The name that the service gives it, as a name in a folder: others wrote it, and it must not lead anywhere else, nor
/// hide.
fn name_of(answer: &Response) -> Option<String> {
    let header = answer.headers().get(CONTENT_DISPOSITION)?.to_str().ok()?;
    let (_, encoded) = header.split_once("filename*=UTF-8''")?;
    let encoded = encoded.split(';').next()?.trim();
    let name = percent_decode_str(encoded).decode_utf8().ok()?;
    harmless(&name)
}

fn harmless(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next()?;
    let last = last.replace(char::is_control, "");
    let last = last.trim();
    match last.strip_prefix('.') {
        _ if last.trim_matches('.').is_empty() => None,
        Some(hidden) => Some(format!("_{hidden}")),
        None => Some(last.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_folder() {
        for (name, expected) in [
            ("Größe.pdf", Some("Größe.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\windows\\system.ini", Some("system.ini")),
            ("/root/.bashrc", Some("_bashrc")),
            ("a\r\n\u{1b}[31mb", Some("a[31mb")),
            ("..", None),
            ("a/..", None),
            ("a/", None),
            (" ", None),
        ] {
            assert_eq!(harmless(name).as_deref(), expected, "{name}");
        }
    }
}
