//! A file that has its name once it is whole.

use std::{
    fs::{File, Permissions},
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use tempfile::NamedTempFile;

/// Until it is finished it has another name in the same folder, and goes if that never happens.
pub struct Part {
    file: NamedTempFile,
    to: PathBuf,
    force: bool,
}

impl Part {
    /// What will be there; in the place of another file only by `force`.
    pub fn begin(to: &Path, force: bool) -> anyhow::Result<Self> {
        if !force && to.symlink_metadata().is_ok() {
            return Err(there(to));
        }
        let folder = to.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".casebase-")
            .suffix(".part")
            // As any new file: what the umask leaves.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder);
        Ok(Self {
            file: file.with_context(|| folder.display().to_string())?,
            to: to.to_owned(),
            force,
        })
    }

    /// What is written to.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// It is whole.
    pub fn finish(self) -> anyhow::Result<()> {
        self.file.as_file().sync_all()?;
        let persisted = match self.force {
            true => self.file.persist(&self.to),
            false => self.file.persist_noclobber(&self.to),
        };
        match persisted {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(there(&self.to)),
            Err(error) => Err(error.error).with_context(|| self.to.display().to_string()),
        }
    }
}

fn there(to: &Path) -> anyhow::Error {
    anyhow!(
        "{} is there already\nhint: --force overwrites it; or say where else",
        to.display()
    )
}
