//! The desk as files, for any host that serves files.

use std::{fs, io, iter, path::Path};

use crate::{BUILT, CONFIG, ENTRY, HASHED, Settings, headers};

/// Writes every file of the desk into the folder, which is made where it is missing: the pages, `config.json`, and
/// `_headers`, which says in the form that several hosts read which headers their answers should have. Other files
/// there are left alone, so that pages which are open still find the scripts of the version before.
///
/// The entry page is written last: until then the folder serves what it served before.
pub fn write(folder: &Path, settings: &Settings) -> io::Result<()> {
    fs::create_dir_all(folder.join(HASHED))?;
    let folders = BUILT.dirs().chain(iter::once(&BUILT));
    let (entry, others): (Vec<_>, Vec<_>) = folders
        .flat_map(include_dir::Dir::files)
        .partition(|file| file.path() == Path::new(ENTRY));
    for file in others {
        fs::write(folder.join(file.path()), file.contents())?;
    }
    let mut config = serde_json::to_string_pretty(settings)?;
    config.push('\n');
    fs::write(folder.join(CONFIG), config)?;
    fs::write(folder.join("_headers"), host_headers(settings))?;
    for file in entry {
        fs::write(folder.join(file.path()), file.contents())?;
    }
    Ok(())
}

/// Paths, and below each its headers; the later of two that match counts.
fn host_headers(settings: &Settings) -> String {
    let mut text = String::from("/*\n");
    for (name, value) in headers::security(settings) {
        let value = value.to_str().unwrap_or_default();
        text.push_str(&format!("  {name}: {value}\n"));
    }
    for path in ["", ENTRY, CONFIG] {
        let path_of_file = if path.is_empty() { ENTRY } else { path };
        let cached = headers::cache_control(path_of_file);
        text.push_str(&format!("/{path}\n  cache-control: {cached}\n"));
    }
    let cached = headers::cache_control(HASHED);
    text.push_str(&format!("/{HASHED}*\n  cache-control: {cached}\n"));
    text
}
