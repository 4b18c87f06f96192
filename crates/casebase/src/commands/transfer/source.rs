//! Where the bytes of an upload come from.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom},
    path::Path,
    time::UNIX_EPOCH,
};

use anyhow::{Context, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::session::aside;

/// A file that is open, and can be read more than once.
pub struct Source {
    file: File,
    /// How many bytes it has.
    pub size: u64,
    /// Which file it is, and since when: none of a pipe, which nobody can send again.
    pub identity: Option<String>,
}

impl Source {
    /// The file at this path; `-` is standard input. A pipe is read to its end first, into a file that has no name.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Self::piped(|| Ok(io::stdin())).await;
        }
        let file = File::open(path)?;
        let data = file.metadata()?;
        if data.is_dir() {
            bail!("it is a folder");
        } else if !data.is_file() {
            return Self::piped(|| Ok(file)).await;
        }
        let changed = data.modified()?.duration_since(UNIX_EPOCH);
        let changed = changed.map_or(0, |since| since.as_nanos());
        let path = path.canonicalize()?;
        Ok(Self {
            file,
            size: data.len(),
            identity: Some(format!("{} {} {changed}", path.display(), data.len())),
        })
    }

    async fn piped<R: io::Read>(
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
    ) -> anyhow::Result<Self> {
        let spooled = aside(move || {
            let mut file = tempfile::tempfile()?;
            let size = io::copy(&mut open()?, &mut file)?;
            Ok((file, size))
        });
        let (file, size) = spooled.await.context("the pipe can't be read")?;
        Ok(Self {
            file,
            size,
            identity: None,
        })
    }

    /// So many bytes from there on. One reader at a time: they share a place in the file.
    pub async fn from(
        &self,
        offset: u64,
        most: u64,
    ) -> io::Result<impl AsyncRead + Send + Sync + use<>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(tokio::fs::File::from_std(file).take(most))
    }
}
