//! A folder of the owner's alone, whose files have their names once they are whole; and objects as such files.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::Context as _;
use casebase_files::storage::{self, ObjectPath, OwnerStore};
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

/// How the names of files begin that are not whole yet.
pub const UNFINISHED: &str = ".casebase-";

/// Makes it, and those above it, where they are not there.
pub fn make(folder: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    made.with_context(|| folder.display().to_string())
}

/// Takes it away with what is in it, where it is there.
pub fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| folder.display().to_string())
        }
        _ => Ok(()),
    }
}

/// A file that has no name yet.
pub fn unfinished(folder: &Path) -> anyhow::Result<NamedTempFile> {
    let file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .suffix(".part")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder);
    file.with_context(|| folder.display().to_string())
}

/// Gives it its name, in the place of what had it.
pub fn finished(mut file: NamedTempFile, to: &Path) -> anyhow::Result<()> {
    file.flush()?;
    file.as_file().sync_all()?;
    let named = file.persist(to).map_err(|error| error.error);
    named.map(drop).with_context(|| to.display().to_string())
}

/// The same, for JSON.
pub fn write_json(to: &Path, value: &impl serde::Serialize) -> anyhow::Result<()> {
    let folder = to.parent().filter(|folder| *folder != Path::new(""));
    let mut file = unfinished(folder.unwrap_or(Path::new(".")))?;
    serde_json::to_writer_pretty(&mut file, value)?;
    writeln!(file)?;
    finished(file, to)
}

/// The SHA-256 of a file and how many bytes it has; none: it is not there.
pub fn hash_of(file: &Path) -> anyhow::Result<Option<(String, u64)>> {
    let mut open = match File::open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    let mut sha256 = Sha256::new();
    let bytes = io::copy(&mut open, &mut sha256)?;
    Ok(Some((hex::encode(sha256.finalize()), bytes)))
}

/// The SHA-256 of an object, as it is read; none: it is not there.
pub async fn hash_of_object(
    storage: &OwnerStore,
    path: &ObjectPath,
) -> anyhow::Result<Option<String>> {
    read(storage, path, &mut io::sink())
        .await
        .map(|read| read.map(|(sha256, _)| sha256))
}

/// What came of getting an object.
pub enum Got {
    /// The file is there.
    Whole { sha256: String, bytes: u64 },
    /// Its bytes have another hash than they should, so the file is not there.
    Other,
    /// There is no such object.
    Nothing,
}

/// Gets an object, unless the file with the hash that is wanted is there already.
pub async fn download(
    storage: &OwnerStore,
    path: &ObjectPath,
    wanted: Option<&str>,
    to: &Path,
) -> anyhow::Result<Got> {
    if let (Some(wanted), Some((sha256, bytes))) = (wanted, hash_of(to)?)
        && sha256 == wanted
    {
        return Ok(Got::Whole { sha256, bytes });
    }
    let folder = to.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let mut file = unfinished(folder)?;
    let Some((sha256, bytes)) = read(storage, path, &mut file).await? else {
        return Ok(Got::Nothing);
    };
    if wanted.is_some_and(|wanted| wanted != sha256) {
        return Ok(Got::Other);
    }
    finished(file, to)?;
    Ok(Got::Whole { sha256, bytes })
}

async fn read(
    storage: &OwnerStore,
    path: &ObjectPath,
    to: &mut impl io::Write,
) -> anyhow::Result<Option<(String, u64)>> {
    let mut body = match storage.get(path).await {
        Ok(object) => object.body,
        Err(storage::Error::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (mut sha256, mut bytes) = (Sha256::new(), 0);
    while let Some(piece) = body.next().await {
        let piece = piece?;
        sha256.update(&piece);
        bytes += piece.len() as u64;
        to.write_all(&piece)?;
    }
    Ok(Some((hex::encode(sha256.finalize()), bytes)))
}
