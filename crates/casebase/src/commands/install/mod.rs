//! `casebase install`: the migrations, into the project folder that the Supabase CLI reads.
//!
//! A file is known by the statement that ends it and not by its name, because the CLI takes no migration that is older than
//! the newest one: where the host's are newer than ours, ours are named after them.

mod declarative;

use std::{
    ffi::OsStr,
    fs, io,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use declarative::Declaration;
use tempfile::NamedTempFile;

use crate::{
    migrations::{self, Migration},
    terminal,
};

/// The options of `casebase install`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is written is applied by `supabase db push`. Files that are there are never changed; with a newer casebase, the same
command writes what is new.")]
pub struct Args {
    /// The project's folder: the one that has the folder supabase, or supabase itself
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
}

/// Writes the migrations that the project lacks, and says what applies them.
pub fn run(args: Args) -> anyhow::Result<()> {
    let supabase = supabase_folder(&args.into)?;
    let folder = supabase.join("migrations");
    let known = migrations::all();
    let declaration = Declaration::of(&supabase, &known)?;
    let written = install(&folder, &known, Utc::now())?;
    let mut out = terminal::stdout();
    for file in &written {
        writeln!(out, "wrote {}", folder.join(file.name()).display())?;
    }
    let unlisted = declaration.as_ref().and_then(|it| it.unlisted.as_ref());
    let declaration = declaration.as_ref().filter(|it| !it.is_there);
    if let Some(declaration) = declaration {
        declaration.write()?;
        writeln!(out, "wrote {}", declaration.path.display())?;
    }
    if written.is_empty() && declaration.is_none() {
        let folder = folder.display();
        writeln!(
            out,
            "nothing to write: {folder} has all of Casebase's migrations"
        )?;
    }
    if let Some(path) = unlisted {
        terminal::say(format!(
            "schema_paths in config.toml leaves {path} out: add it at the end"
        ));
    }
    if !written.is_empty() {
        let versions: Vec<_> = written.iter().map(|file| file.version.as_str()).collect();
        terminal::say(format!(
            "next: supabase db push\n\
             where `casebase migrate` applied them already: supabase migration repair --status applied {}",
            versions.join(" ")
        ));
    }
    Ok(())
}

/// Where the CLI's configuration lies.
fn supabase_folder(project: &Path) -> anyhow::Result<PathBuf> {
    let found = fs::metadata(project).map(|data| data.is_dir());
    let shown = project.display();
    match found {
        Ok(true) => {}
        Ok(false) => bail!("--into {shown} is no folder"),
        Err(error) => bail!("--into {shown} can't be read: {error}"),
    }
    let inside = project.join("supabase");
    if inside.is_dir() {
        return Ok(inside);
    }
    let is_itself = project
        .canonicalize()
        .is_ok_and(|path| path.file_name() == Some(OsStr::new("supabase")));
    if is_itself || project.join("config.toml").is_file() {
        return Ok(project.to_owned());
    }
    bail!(
        "--into {shown} is no Supabase project: it has no folder supabase\n\
         hint: `supabase init` makes one."
    )
}

/// A migration of the host's folder, by the version under which its CLI knows it.
#[derive(Debug, PartialEq, Eq)]
struct File {
    version: String,
    rest: String,
}

impl File {
    /// `<digits>_<name>.sql`; the CLI passes over everything else.
    fn named(name: &str) -> Option<Self> {
        let (version, rest) = name.strip_suffix(".sql")?.split_once('_')?;
        let is_version = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
        is_version.then(|| Self {
            version: version.to_owned(),
            rest: rest.to_owned(),
        })
    }

    fn name(&self) -> String {
        format!("{}_{}.sql", self.version, self.rest)
    }
}

/// Writes those of `known` (oldest first) that `folder` lacks, each whole or not at all; makes the folder if need be.
fn install(folder: &Path, known: &[Migration], now: DateTime<Utc>) -> anyhow::Result<Vec<File>> {
    let there = files_of(folder)?;
    let missing = missing(folder, &there, known)?;
    let mut newest = there
        .into_iter()
        .map(|file| file.version)
        .max_by(|a, b| by_order(a, b));
    let mut files = Vec::new();
    for migration in &missing {
        let version = version_after(newest.as_deref(), &migration.version, now)?;
        newest = Some(version.clone());
        let rest = migration.name.clone();
        files.push(File { version, rest });
    }
    if !missing.is_empty() {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} can't be made", folder.display()))?;
    }
    for (file, migration) in files.iter().zip(missing) {
        let path = folder.join(file.name());
        write_whole(&path, &migration.sql)
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(files)
}

fn files_of(folder: &Path) -> anyhow::Result<Vec<File>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries,
    };
    let names = entries.and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()
    });
    let names = names.with_context(|| format!("{} can't be read", folder.display()))?;
    let files = names.iter().filter_map(|name| File::named(name.to_str()?));
    Ok(files.collect())
}

/// Those of `known` that no file is. Refuses, by name, what is ours and was changed, or is newer than this casebase.
fn missing<'a>(
    folder: &Path,
    there: &[File],
    known: &'a [Migration],
) -> anyhow::Result<Vec<&'a Migration>> {
    let mut found = Vec::new();
    for file in there {
        let path = folder.join(file.name());
        let text = fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
        let path = path.display();
        // A text that is not UTF-8 is none of ours.
        let recorded = String::from_utf8(text).ok().and_then(Migration::read);
        let Some(recorded) = recorded else {
            if known.iter().any(|migration| migration.name == file.rest) {
                bail!(
                    "{path} is named as a migration of Casebase's and does not end as one, with its row in \
                     casebase.migrations\n\
                     hint: Put the file back as it was written, or, if it is yours, give it another name."
                );
            }
            continue;
        };
        let Some(ours) = known.iter().find(|m| m.version == recorded.version) else {
            bail!(
                "{path} is migration {}_{} of release {}, which this casebase doesn't know\n\
                 hint: Use casebase {} or a newer one.",
                recorded.version,
                recorded.name,
                recorded.release,
                recorded.release
            );
        };
        if recorded != *ours {
            bail!(
                "{path} is another text of migration {}_{} than this casebase ({}) has\n\
                 hint: Put the file back as it was written; changes of your own go into a migration of your own.",
                ours.version,
                ours.name,
                ours.release
            );
        }
        if found.contains(&&ours.version) {
            bail!(
                "{path} is migration {}_{}, which another file in the folder is, too\nhint: Remove one of the two.",
                ours.version,
                ours.name
            );
        }
        found.push(&ours.version);
    }
    let missing: Vec<_> = known
        .iter()
        .filter(|m| !found.contains(&&m.version))
        .collect();
    let later = found.iter().max();
    if let (Some(first), Some(later)) = (missing.first(), later)
        && first.version < **later
    {
        bail!(
            "{} lacks migration {}_{}, though it has {later}, which comes after it\n\
             hint: Put the file back under the name that it had.",
            folder.display(),
            first.version,
            first.name
        );
    }
    Ok(missing)
}

/// As numbers: the CLI's versions are digits of any length.
fn by_order(a: &str, b: &str) -> std::cmp::Ordering {
    let digits = |version: &str| version.trim_start_matches('0').len();
    (digits(a), a.trim_start_matches('0')).cmp(&(digits(b), b.trim_start_matches('0')))
}

/// Its own version where that comes after the newest in the folder; otherwise now, as `supabase migration new` names
/// files, or a second after the newest where that is yet to come.
fn version_after(newest: Option<&str>, own: &str, now: DateTime<Utc>) -> anyhow::Result<String> {
    const TIME: &str = "%Y%m%d%H%M%S";
    let now = now.format(TIME).to_string();
    let Some(newest) = newest else {
        return Ok(own.to_owned());
    };
    let comes_after = |version: &&str| *version > newest && version.len() >= newest.len();
    if let Some(version) = [own, &now].into_iter().find(comes_after) {
        return Ok(version.to_owned());
    }
    let time = NaiveDateTime::parse_from_str(newest, TIME).ok();
    let later = time.and_then(|time| time.checked_add_signed(TimeDelta::seconds(1)));
    if let Some(later) = later.filter(|_| newest.len() == own.len()) {
        return Ok(later.format(TIME).to_string());
    }
    bail!(
        "no version comes after {newest}, the newest migration of the folder: it is no time as `supabase migration new` \
         writes it (YYYYMMDDhhmmss)\nhint: Rename it, and repair its record: supabase migration repair."
    )
}

/// Beside its place first: whoever looks sees the whole file or none. Never in the place of another.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    beside(path, text)?.persist_noclobber(path)?;
    Ok(())
}

/// The whole text in a file of its own beside `path`, which goes unless it is put there.
fn beside(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".casebase-")
        // As any file is made: the process's umask takes from it.
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn migration(version: &str, name: &str) -> Migration {
        Migration::recording(version, name, "0.2.0", "select 1;\n")
    }

    fn known() -> Vec<Migration> {
        vec![
            migration("20261128000000", "casebase"),
            migration("20270101000000", "more"),
        ]
    }

    fn now() -> DateTime<Utc> {
        "2027-02-03T04:05:06Z".parse().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn refusal(folder: &Path) -> String {
        let before = names(folder);
        let said = install(folder, &known(), now()).unwrap_err().to_string();
        assert_eq!(names(folder), before);
        said
    }

    #[test]
    fn an_empty_project_gets_them_under_their_own_versions_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("migrations");
        install(&folder, &known()[..1], now()).unwrap();
        assert_eq!(names(&folder), ["20261128000000_casebase.sql"]);
        install(&folder, &known(), now()).unwrap();
        assert_eq!(
            names(&folder),
            ["20261128000000_casebase.sql", "20270101000000_more.sql"]
        );
        assert_eq!(install(&folder, &known(), now()).unwrap(), []);
        let text = fs::read_to_string(folder.join("20270101000000_more.sql")).unwrap();
        assert_eq!(text, known()[1].sql);
    }

    #[test]
    fn they_come_after_the_newest_of_the_hosts_and_are_found_again_under_that_name() {
        let host = tempfile::tempdir().unwrap();
        let folder = host.path();
        for newer in [
            "20270101120000_orders.sql",
            "0001_old.sql",
            "notes.sql",
            "seed_x.sql",
        ] {
            fs::write(folder.join(newer), "select 1;").unwrap();
        }
        let written = install(folder, &known(), now()).unwrap();
        let versions: Vec<_> = written.iter().map(|file| file.version.as_str()).collect();
        assert_eq!(versions, ["20270203040506", "20270203040507"]);
        assert_eq!(install(folder, &known(), now()).unwrap(), []);
        // Git under Windows ended its lines in its own way, and somebody renamed it.
        let text = fs::read_to_string(folder.join(written[0].name())).unwrap();
        fs::remove_file(folder.join(written[0].name())).unwrap();
        fs::write(
            folder.join("20270203040500_cases.sql"),
            text.replace('\n', "\r\n"),
        )
        .unwrap();
        assert_eq!(install(folder, &known(), now()).unwrap(), []);
    }

    #[test]
    fn a_version_comes_after_the_newest_whatever_that_is() {
        let after = |newest| version_after(newest, "20261128000000", now());
        assert_eq!(after(None).unwrap(), "20261128000000");
        assert_eq!(after(Some("0042")).unwrap(), "20261128000000");
        assert_eq!(after(Some("20261128000000")).unwrap(), "20270203040506");
        assert_eq!(after(Some("20991231235959")).unwrap(), "21000101000000");
        for newest in ["20279999999999", "9", "202702030405060"] {
            let said = after(Some(newest)).unwrap_err().to_string();
            assert!(
                said.contains(&format!("no version comes after {newest}")),
                "{said}"
            );
        }
    }

    #[test]
    fn what_is_ours_and_changed_is_refused_by_name_and_left_as_it_is() {
        let host = tempfile::tempdir().unwrap();
        let folder = host.path();
        let ours = known().remove(0).sql;
        let file = folder.join("20270101000001_x.sql");
        for (text, said) in [
            (
                ours.replace("select 1", "select 2"),
                "is another text of migration 20261128000000_casebase",
            ),
            (
                ours.replace("0.2.0", "0.1.9"),
                "is another text of migration",
            ),
            (
                migration("20990101000000", "later").sql.to_string(),
                "20990101000000_later of release 0.2.0, which this casebase",
            ),
            (
                known().remove(1).sql.to_string(),
                "lacks migration 20261128000000_casebase",
            ),
        ] {
            fs::write(&file, &text).unwrap();
            let refused = refusal(folder);
            assert!(refused.contains(said), "{refused}");
            assert!(refused.contains(folder.to_str().unwrap()), "{refused}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        fs::write(&file, &*ours).unwrap();
        fs::write(folder.join("20270101000002_y.sql"), &*ours).unwrap();
        assert!(refusal(folder).contains("another file in the folder is, too"));
    }

    #[test]
    fn a_file_of_our_name_that_is_not_ours_is_refused() {
        let host = tempfile::tempdir().unwrap();
        fs::write(host.path().join("20260101000000_casebase.sql"), "select 1;").unwrap();
        let refused = refusal(host.path());
        assert!(
            refused.contains("20260101000000_casebase.sql is named as a migration of Casebase's"),
            "{refused}"
        );
    }

    #[test]
    fn nothing_takes_the_place_of_another_file() {
        let host = tempfile::tempdir().unwrap();
        let file = host.path().join("a.sql");
        fs::write(&file, "theirs").unwrap();
        assert!(write_whole(&file, "ours").is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(names(host.path()), ["a.sql"]);
    }

    #[test]
    fn the_project_is_the_folder_with_supabase_or_supabase_itself() {
        let project = tempfile::tempdir().unwrap();
        let said = supabase_folder(project.path()).unwrap_err().to_string();
        assert!(said.contains("is no Supabase project"), "{said}");
        let inside = project.path().join("supabase");
        let said = supabase_folder(&inside).unwrap_err().to_string();
        assert!(said.contains("can't be read"), "{said}");
        fs::create_dir(&inside).unwrap();
        for into in [project.path(), &inside] {
            assert_eq!(supabase_folder(into).unwrap(), inside);
        }
        let other = project.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("config.toml"), "").unwrap();
        assert_eq!(supabase_folder(&other).unwrap(), other);
        let said = supabase_folder(&other.join("config.toml"))
            .unwrap_err()
            .to_string();
        assert!(said.ends_with("is no folder"), "{said}");
    }
}
