//! The objects' bytes on disk.
//!
//! An object's bytes are a file named for its version, a fresh UUID each time they are written, so nothing a
//! caller chooses becomes a path and bytes are never changed in place. They are there before the row that
//! names them, and go after it: a crash leaves at most a file that no row names.

use std::{
    io::SeekFrom,
    path::{Path, PathBuf},
    pin::pin,
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt};
use md5::{Digest, Md5};
use tempfile::{NamedTempFile, TempPath};
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::{error::Error, range::ByteRange};

/// A request's body as it comes in.
pub type Incoming = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// How much is written to (and read from) a file at once.
const BLOCK: usize = 256 * 1024;

/// The folder that holds everything.
#[derive(Debug, Clone)]
pub struct Files {
    root: PathBuf,
}

/// Bytes that have been received, but are nobody's yet: dropped, they are gone.
#[derive(Debug)]
pub struct Received {
    path: TempPath,
    /// How many.
    pub size: u64,
    /// Their MD5 in hex.
    pub md5: String,
}

/// Bytes that a version names.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The version.
    pub version: String,
    /// How many.
    pub size: u64,
    /// Their MD5 in hex.
    pub md5: String,
    /// Written when.
    pub modified: DateTime<Utc>,
}

/// A name for bytes to be written.
pub fn new_version() -> String {
    Uuid::new_v4().to_string()
}

impl Files {
    /// Below `root`, which is made when it is needed.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn object(&self, version: &str) -> Result<PathBuf, Error> {
        // Versions come from rows, and rows may be written by others.
        let id = Uuid::try_parse(version).map_err(|_| Error::no_bytes())?;
        let name = id.to_string();
        Ok(self.root.join("objects").join(&name[..2]).join(name))
    }

    fn resumable(&self, version: &str) -> Result<PathBuf, Error> {
        let id = Uuid::try_parse(version).map_err(|_| Error::invalid_upload_id())?;
        Ok(self.root.join("resumable").join(id.to_string()))
    }

    fn parts(&self, upload: &str) -> Result<PathBuf, Error> {
        let id = Uuid::try_parse(upload).map_err(|_| Error::no_such_upload())?;
        Ok(self.root.join("parts").join(id.to_string()))
    }

    /// Forgets what a server before this one was receiving when it ended.
    pub async fn clear_incoming(&self) {
        let _ = fs::remove_dir_all(self.root.join("incoming")).await;
    }

    async fn temporary(&self) -> Result<(File, TempPath), Error> {
        let dir = self.root.join("incoming");
        fs::create_dir_all(&dir).await?;
        let (file, path) = NamedTempFile::new_in(&dir)?.into_parts();
        Ok((File::from_std(file), path))
    }

    /// Takes a body in, up to `limit` bytes.
    pub async fn receive(&self, body: &mut Incoming, limit: u64) -> Result<Received, Error> {
        let (mut file, path) = self.temporary().await?;
        let mut writer = Writer::new(&mut file, limit);
        while let Some(chunk) = body.next().await {
            writer.write(&chunk?).await?;
        }
        let (size, md5) = writer.finish().await?;
        Ok(Received { path, size, md5 })
    }

    /// Puts several files' bytes after another.
    async fn concatenate(&self, sources: &[PathBuf]) -> Result<Received, Error> {
        let (mut file, path) = self.temporary().await?;
        let mut writer = Writer::new(&mut file, u64::MAX);
        for source in sources {
            let mut stream = ReaderStream::with_capacity(File::open(source).await?, BLOCK);
            while let Some(chunk) = stream.next().await {
                writer.write(&chunk?).await?;
            }
        }
        let (size, md5) = writer.finish().await?;
        Ok(Received { path, size, md5 })
    }

    /// Makes received bytes a version's.
    pub async fn keep(&self, received: Received, version: &str) -> Result<Stored, Error> {
        let Received { path, size, md5 } = received;
        persist(path, &self.object(version)?).await?;
        Ok(Stored {
            version: version.to_owned(),
            size,
            md5,
            modified: Utc::now(),
        })
    }

    /// Copies a version's bytes to a new version.
    pub async fn copy(&self, from: Option<&str>, to: &str) -> Result<DateTime<Utc>, Error> {
        let source = self.object(from.ok_or_else(Error::no_bytes)?)?;
        let (file, path) = self.temporary().await?;
        drop(file);
        fs::copy(&source, &path).await.map_err(missing_bytes)?;
        persist(path, &self.object(to)?).await?;
        Ok(Utc::now())
    }

    /// A version's bytes, or some of them, as a body.
    pub async fn read(
        &self,
        version: Option<&str>,
        range: Option<&ByteRange>,
    ) -> Result<Body, Error> {
        let path = self.object(version.ok_or_else(Error::no_bytes)?)?;
        let mut file = File::open(path).await.map_err(missing_bytes)?;
        Ok(match range {
            None => Body::from_stream(ReaderStream::with_capacity(file, BLOCK)),
            Some(range) => {
                file.seek(SeekFrom::Start(range.first)).await?;
                Body::from_stream(ReaderStream::with_capacity(file.take(range.size()), BLOCK))
            }
        })
    }

    /// How many bytes a version has.
    pub async fn size(&self, version: Option<&str>) -> Result<u64, Error> {
        let path = self.object(version.ok_or_else(Error::no_bytes)?)?;
        Ok(fs::metadata(path).await.map_err(missing_bytes)?.len())
    }

    /// Forgets versions' bytes. What can't be removed is only space.
    pub async fn remove(&self, versions: Vec<String>) {
        for version in versions {
            let Ok(path) = self.object(&version) else {
                continue;
            };
            if let Err(e) = fs::remove_file(&path).await {
                tracing::debug!(path = %path.display(), error = %e, "bytes were not removed");
            }
        }
    }

    /// Begins a resumable upload, which may stay empty.
    pub async fn begin_resumable(&self, version: &str) -> Result<(), Error> {
        let path = self.resumable(version)?;
        create_parent(&path).await?;
        File::create_new(&path).await?;
        Ok(())
    }

    /// Appends to a resumable upload at `offset`. Returns how many bytes there are now, also when the sender
    /// stopped half-way: those that came are not to be sent again.
    pub async fn append(
        &self,
        version: &str,
        offset: u64,
        body: &mut Incoming,
        limit: u64,
    ) -> Result<(u64, Result<(), Error>), Error> {
        let path = self.resumable(version)?;
        let mut file = OpenOptions::new().write(true).open(&path).await?;
        // After a crash the file may be longer than what was recorded.
        file.set_len(offset).await?;
        file.seek(SeekFrom::Start(offset)).await?;
        let mut writer = Writer::new(&mut file, limit);
        let outcome = loop {
            match body.next().await {
                None => break Ok(()),
                Some(Err(e)) => break Err(e),
                Some(Ok(chunk)) => {
                    if let Err(e) = writer.write(&chunk).await {
                        break Err(e);
                    }
                }
            }
        };
        let (size, _) = writer.finish().await?;
        Ok((offset + size, outcome))
    }

    /// Makes a complete resumable upload a version's bytes. The upload keeps its own until it is forgotten:
    /// without a row for the version, finishing can be tried again.
    pub async fn keep_resumable(&self, version: &str) -> Result<Stored, Error> {
        let source = self.resumable(version)?;
        let mut hash = Md5::new();
        let mut size = 0;
        let file = File::open(&source).await.map_err(missing_bytes)?;
        let mut stream = ReaderStream::with_capacity(file, BLOCK);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            size += chunk.len() as u64;
            hash.update(&chunk);
        }
        let target = self.object(version)?;
        create_parent(&target).await?;
        match fs::hard_link(&source, &target).await {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(e.into()),
            _ => {}
        }
        Ok(Stored {
            version: version.to_owned(),
            size,
            md5: hex::encode(hash.finalize()),
            modified: Utc::now(),
        })
    }

    /// Forgets a resumable upload's bytes.
    pub async fn remove_resumable(&self, version: &str) {
        if let Ok(path) = self.resumable(version) {
            let _ = fs::remove_file(path).await;
        }
    }

    /// Makes received bytes a part of an upload, in the place of one sent before.
    pub async fn keep_part(
        &self,
        received: Received,
        upload: &str,
        part: i32,
    ) -> Result<(), Error> {
        persist(received.path, &self.parts(upload)?.join(part.to_string())).await?;
        Ok(())
    }

    /// Makes a range of a version's bytes a part of an upload; returns their MD5.
    pub async fn copy_part(
        &self,
        from: Option<&str>,
        range: &ByteRange,
        upload: &str,
        part: i32,
    ) -> Result<String, Error> {
        let body = self.read(from, Some(range)).await?;
        let mut incoming: Incoming = Box::pin(
            body.into_data_stream()
                .map(|chunk| chunk.map_err(|e| Error::internal(&e))),
        );
        let received = self.receive(&mut incoming, u64::MAX).await?;
        let md5 = received.md5.clone();
        self.keep_part(received, upload, part).await?;
        Ok(md5)
    }

    /// Puts parts after another as a version's bytes.
    pub async fn assemble(
        &self,
        upload: &str,
        parts: &[i32],
        version: &str,
    ) -> Result<Stored, Error> {
        let dir = self.parts(upload)?;
        let sources: Vec<PathBuf> = parts
            .iter()
            .map(|part| dir.join(part.to_string()))
            .collect();
        let received = self.concatenate(&sources).await?;
        self.keep(received, version).await
    }

    /// Forgets an upload's parts.
    pub async fn remove_parts(&self, upload: &str) {
        if let Ok(dir) = self.parts(upload) {
            let _ = fs::remove_dir_all(dir).await;
        }
    }
}

/// Reads on, for a while, so that a sender who can't stop half-way hears why it was refused.
pub async fn drain(body: &mut Incoming) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
    let read = async { while let Some(Ok(_)) = body.next().await {} };
    let _ = tokio::time::timeout(PATIENCE, pin!(read)).await;
}

fn missing_bytes(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::no_bytes(),
        _ => Error::internal(&error),
    }
}

async fn create_parent(path: &Path) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).await?;
    }
    Ok(())
}

async fn persist(from: TempPath, to: &Path) -> Result<(), Error> {
    create_parent(to).await?;
    from.persist(to).map_err(|e| Error::internal(&e))
}

/// Writes in blocks, counts and hashes.
struct Writer<'a> {
    file: &'a mut File,
    block: BytesMut,
    hash: Md5,
    size: u64,
    limit: u64,
}

impl<'a> Writer<'a> {
    fn new(file: &'a mut File, limit: u64) -> Self {
        Self {
            file,
            block: BytesMut::new(),
            hash: Md5::new(),
            size: 0,
            limit,
        }
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        if self.size + chunk.len() as u64 > self.limit {
            return Err(Error::too_large());
        }
        self.size += chunk.len() as u64;
        self.hash.update(chunk);
        self.block.extend_from_slice(chunk);
        if self.block.len() >= BLOCK {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.file.write_all(&self.block).await?;
        self.block.clear();
        Ok(())
    }

    async fn finish(mut self) -> Result<(u64, String), Error> {
        self.flush().await?;
        self.file.flush().await?;
        Ok((self.size, hex::encode(self.hash.finalize())))
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;
    use futures::stream;

    fn body(chunks: &[Result<&'static str, ()>]) -> Incoming {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|c| c.map(Bytes::from).map_err(|()| Error::broken_body("gone")))
            .collect();
        Box::pin(stream::iter(chunks))
    }

    fn files() -> (tempfile::TempDir, Files) {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::new(dir.path().to_owned());
        (dir, files)
    }

    async fn text(files: &Files, version: &str, range: Option<&ByteRange>) -> String {
        let body = files.read(Some(version), range).await.expect("bytes");
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("bytes");
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    fn left_in(dir: &Path) -> usize {
        std::fs::read_dir(dir.join("incoming")).map_or(0, Iterator::count)
    }

    #[tokio::test]
    async fn bytes_are_kept_hashed_and_read_back() {
        let (_dir, files) = files();
        let version = new_version();
        let received = files
            .receive(&mut body(&[Ok("hello "), Ok("world")]), 11)
            .await;
        let stored = files
            .keep(received.expect("received"), &version)
            .await
            .expect("kept");
        assert_eq!(
            (stored.size, stored.md5.as_str()),
            (11, "5eb63bbbe01eeed093cb22bb8f5acdc3")
        );
        assert_eq!(text(&files, &version, None).await, "hello world");
        let range = ByteRange { first: 4, last: 6 };
        assert_eq!(text(&files, &version, Some(&range)).await, "o w");
    }

    #[tokio::test]
    async fn what_is_too_large_or_breaks_off_leaves_nothing() {
        let (dir, files) = files();
        let large = files
            .receive(&mut body(&[Ok("hello "), Ok("world")]), 10)
            .await;
        assert_eq!(large.expect_err("too large").code, "EntityTooLarge");
        assert!(
            files
                .receive(&mut body(&[Ok("hello"), Err(())]), 100)
                .await
                .is_err()
        );
        assert_eq!(left_in(dir.path()), 0);
    }

    #[tokio::test]
    async fn a_resumable_upload_keeps_what_came_before_the_break() {
        let (_dir, files) = files();
        let version = new_version();
        files.begin_resumable(&version).await.expect("begun");
        let (offset, outcome) = files
            .append(&version, 0, &mut body(&[Ok("abc"), Err(())]), 10)
            .await
            .expect("appended");
        assert_eq!((offset, outcome.is_err()), (3, true));
        // Bytes beyond the recorded offset are overwritten, never kept.
        let (offset, _) = files
            .append(&version, 2, &mut body(&[Ok("XYZ")]), 10)
            .await
            .expect("appended");
        assert_eq!(offset, 5);
        for _ in 0..2 {
            let stored = files.keep_resumable(&version).await.expect("kept");
            assert_eq!(stored.size, 5);
        }
        files.remove_resumable(&version).await;
        assert_eq!(text(&files, &version, None).await, "abXYZ");
    }

    #[tokio::test]
    async fn a_version_that_is_no_uuid_is_no_path() {
        let (_dir, files) = files();
        for version in ["../../etc/passwd", "", "1", "/etc/passwd"] {
            let error = files.read(Some(version), None).await.expect_err("no bytes");
            assert_eq!(error.code, "NoSuchKey", "{version}");
        }
    }
}
