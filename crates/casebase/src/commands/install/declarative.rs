//! Casebase among a project's declarative schemas, so that `supabase db schema declarative sync` doesn't take for gone what
//! nobody declares.
//!
//! That command loads the whole folder into an empty project, file after file in the order of their names, and compares
//! what comes of it with what the migrations made. It takes neither rows nor, outside of a block, roles.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::migrations::Migration;

/// Behind whatever the project declares: only where its own `public.clients` is there already is none made.
const NAME: &str = "zz_casebase.sql";

const HEAD: &str = "\
-- Casebase for this project's declarative schemas: what its migrations make, without their rows. It is written by
-- `casebase install`, anew with each release, and is not to be changed. Checksum of what follows:
-- ";

/// The migrations' blocks write this row, and nothing may be left in a table.
const TAIL: &str = "\ndelete from casebase.client_source;\n";

/// The file, where a project has declarative schemas.
#[derive(Debug)]
pub struct Declaration {
    /// Where it lies.
    pub path: PathBuf,
    /// What is to stand in it.
    text: String,
    /// Whether it does.
    pub is_there: bool,
    /// What to add to the paths in the project's configuration, if they leave it out.
    pub unlisted: Option<String>,
}

/// The parts of `supabase/config.toml` that say where schemas are declared.
#[derive(Debug, Default, Deserialize)]
struct Config {
    #[serde(default)]
    db: Db,
    #[serde(default)]
    experimental: Experimental,
}

#[derive(Debug, Default, Deserialize)]
struct Db {
    #[serde(default)]
    migrations: Migrations,
}

#[derive(Debug, Default, Deserialize)]
struct Migrations {
    #[serde(default)]
    schema_paths: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Experimental {
    #[serde(default)]
    pgdelta: PgDelta,
}

#[derive(Debug, Default, Deserialize)]
struct PgDelta {
    declarative_schema_path: Option<String>,
}

impl Declaration {
    /// What the project in this folder needs; nothing where it declares no schemas. Refuses a file of ours that was changed.
    pub fn of(supabase: &Path, known: &[Migration]) -> anyhow::Result<Option<Self>> {
        let config = supabase.join("config.toml");
        let config = match fs::read_to_string(&config) {
            Ok(text) => toml::from_str::<Config>(&text)
                .with_context(|| format!("{} can't be understood", config.display()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Config::default(),
            Err(error) => {
                return Err(error).context(format!("{} can't be read", config.display()));
            }
        };
        let folder = config.experimental.pgdelta.declarative_schema_path;
        let folder = folder.unwrap_or_else(|| "./schemas".to_owned());
        let inside = folder.trim_start_matches("./").trim_end_matches('/');
        let path = supabase.join(inside).join(NAME);
        let text = declared(known);
        let there = match fs::read_to_string(&path) {
            Ok(there) => Some(there.replace("\r\n", "\n")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).context(format!("{} can't be read", path.display())),
        };
        if there.as_deref().is_some_and(|there| !is_as_written(there)) {
            bail!(
                "{} is not as casebase install wrote it\n\
                 hint: Put it back as it was, or move it away: it is then written anew.",
                path.display()
            );
        }
        if there.is_none() && !declares(&supabase.join(inside))? {
            return Ok(None);
        }
        let entry = format!("./{inside}/{NAME}");
        let paths = config.db.migrations.schema_paths;
        let is_listed = paths.is_empty() || paths.iter().any(|path| covers(path, &entry));
        Ok(Some(Self {
            path,
            is_there: there.as_ref() == Some(&text),
            text,
            unlisted: (!is_listed).then_some(entry),
        }))
    }

    /// Writes it, in the place of an older one.
    pub fn write(&self) -> anyhow::Result<()> {
        let written = super::beside(&self.path, &self.text)
            .and_then(|file| file.persist(&self.path).map_err(|error| error.error));
        written
            .map(drop)
            .with_context(|| format!("{} can't be written", self.path.display()))
    }
}

/// Whether a folder or one within it has SQL.
fn declares(folder: &Path) -> anyhow::Result<bool> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).context(format!("{} can't be read", folder.display())),
    };
    for entry in entries {
        let path = entry?.path();
        let is_sql = path.extension().is_some_and(|extension| extension == "sql");
        if is_sql || (path.is_dir() && declares(&path)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a path with stars takes the file in; those that are none of ours to read take it in rather than not.
fn covers(path: &str, entry: &str) -> bool {
    let (path, entry) = (
        path.trim_start_matches("./"),
        entry.trim_start_matches("./"),
    );
    match path.split_once('*') {
        None => path == entry,
        Some((folder, rest)) => entry.starts_with(folder) && rest.ends_with(".sql"),
    }
}

fn is_as_written(text: &str) -> bool {
    let rest = text
        .strip_prefix(HEAD)
        .and_then(|rest| rest.split_once('\n'));
    rest.is_some_and(|(said, rest)| said == checksum(rest))
}

fn checksum(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// What the migrations make, without what they write into it.
fn declared(known: &[Migration]) -> String {
    let mut text = String::new();
    for migration in known {
        for statement in statements(migration.text()) {
            let said = without_comments(statement);
            let begins = |with: &str| {
                said.get(..with.len())
                    .is_some_and(|s| s.eq_ignore_ascii_case(with))
            };
            if ["insert ", "update ", "delete "].into_iter().any(begins) {
                continue;
            }
            match begins("alter role ") {
                true => text += &format!("\n\ndo $$\nbegin\n  {said}\nend\n$$;"),
                false => text += statement,
            }
        }
    }
    text += TAIL;
    format!("{HEAD}{}\n{text}", checksum(&text))
}

/// A statement without the comments before it.
fn without_comments(statement: &str) -> &str {
    let mut said = statement.trim_start();
    while said.starts_with("--") {
        said = said
            .split_once('\n')
            .map_or("", |(_, rest)| rest)
            .trim_start();
    }
    said
}

/// The statements of a text, each with what stands before it and with its semicolon.
fn statements(text: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(found) = text[at..].find([';', '\'', '"', '$', '-']) {
        at += found;
        let rest = &text[at..];
        at += match rest.as_bytes()[0] {
            b';' => {
                statements.push(&text[begin..=at]);
                begin = at + 1;
                1
            }
            // A doubled one ends a text, and begins the next.
            b'\'' => length_until(rest, 1, "'"),
            b'"' => length_until(rest, 1, "\""),
            b'$' => match dollar_quote(rest) {
                Some(quote) => length_until(rest, quote.len(), quote),
                None => 1,
            },
            _ if rest.starts_with("--") => length_until(rest, 2, "\n"),
            _ => 1,
        };
    }
    statements
}

/// How much of `text` there is up to the end of what `end` ends, looked for behind its beginning.
fn length_until(text: &str, beginning: usize, end: &str) -> usize {
    let found = text[beginning..].find(end);
    found.map_or(text.len(), |found| beginning + found + end.len())
}

/// `$$` or `$tag$`, where the text begins with one.
fn dollar_quote(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 2;
    let is_tag = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text[1..end - 1].chars().all(is_tag).then(|| &text[..end])
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn known(text: &str) -> Vec<Migration> {
        vec![Migration::recording(
            "20261128000000",
            "casebase",
            "0.2.0",
            text,
        )]
    }

    const TEXT: &str = "\
-- Rows; and more.
insert into t values ('a;b', $$c;$$);
create function f() returns text language sql as $body$ select 'x'; insert into t $body$;
comment on function f() is 'It''s; so.';
create table \"a;b\" (n int default 1-1);
-- For a while.
alter role r set statement_timeout = '1s';
Update t set a = 1;
do $$ begin insert into t values (1); end $$;
";

    #[test]
    fn rows_are_left_out_and_roles_stand_in_a_block() {
        let declared = declared(&known(TEXT));
        let (_, text) = declared
            .strip_prefix(HEAD)
            .unwrap()
            .split_once('\n')
            .unwrap();
        assert_eq!(
            text,
            "\ncreate function f() returns text language sql as $body$ select 'x'; insert into t $body$;\n\
             comment on function f() is 'It''s; so.';\ncreate table \"a;b\" (n int default 1-1);\n\n\
             do $$\nbegin\n  alter role r set statement_timeout = '1s';\nend\n$$;\n\
             do $$ begin insert into t values (1); end $$;\ndelete from casebase.client_source;\n"
        );
    }

    #[test]
    fn a_project_that_declares_nothing_gets_no_file() {
        let supabase = tempfile::tempdir().unwrap();
        assert!(
            Declaration::of(supabase.path(), &known(TEXT))
                .unwrap()
                .is_none()
        );
        fs::create_dir(supabase.path().join("schemas")).unwrap();
        assert!(
            Declaration::of(supabase.path(), &known(TEXT))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn the_file_is_written_once_anew_with_a_release_and_never_over_a_change() {
        let supabase = tempfile::tempdir().unwrap();
        let supabase = supabase.path();
        fs::create_dir_all(supabase.join("schemas/tables")).unwrap();
        fs::write(supabase.join("schemas/tables/orders.sql"), "").unwrap();
        let first = Declaration::of(supabase, &known(TEXT)).unwrap().unwrap();
        assert_eq!(first.path, supabase.join("schemas/zz_casebase.sql"));
        assert!(!first.is_there && first.unlisted.is_none());
        first.write().unwrap();
        assert!(
            Declaration::of(supabase, &known(TEXT))
                .unwrap()
                .unwrap()
                .is_there
        );
        let next = Declaration::of(supabase, &known("select 1;\n"))
            .unwrap()
            .unwrap();
        assert!(!next.is_there);
        next.write().unwrap();
        let changed = fs::read_to_string(&next.path).unwrap() + "-- mine\n";
        fs::write(&next.path, &changed).unwrap();
        let refused = Declaration::of(supabase, &known(TEXT))
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("zz_casebase.sql is not as casebase install wrote it"),
            "{refused}"
        );
        assert_eq!(fs::read_to_string(&next.path).unwrap(), changed);
    }

    #[test]
    fn the_projects_configuration_says_where_it_goes() {
        let supabase = tempfile::tempdir().unwrap();
        let supabase = supabase.path();
        fs::create_dir(supabase.join("database")).unwrap();
        fs::write(supabase.join("database/orders.sql"), "").unwrap();
        let pgdelta = "[experimental.pgdelta]\ndeclarative_schema_path = \"./database\"\n";
        for (paths, unlisted) in [
            ("", None),
            ("[]", None),
            ("[\"./database/*.sql\"]", None),
            ("[\"./database/**/*.sql\"]", None),
            (
                "[\"./database/orders.sql\", \"database/zz_casebase.sql\"]",
                None,
            ),
            (
                "[\"./database/orders.sql\"]",
                Some("./database/zz_casebase.sql"),
            ),
            (
                "[\"./database/tables/*.sql\"]",
                Some("./database/zz_casebase.sql"),
            ),
        ] {
            let paths = match paths {
                "" => String::new(),
                paths => format!("[db.migrations]\nschema_paths = {paths}\n"),
            };
            fs::write(supabase.join("config.toml"), format!("{pgdelta}{paths}")).unwrap();
            let found = Declaration::of(supabase, &known(TEXT)).unwrap().unwrap();
            assert_eq!(found.path, supabase.join("database/zz_casebase.sql"));
            assert_eq!(found.unlisted.as_deref(), unlisted, "{paths}");
        }
        fs::write(supabase.join("config.toml"), "[db").unwrap();
        let refused = Declaration::of(supabase, &known(TEXT))
            .unwrap_err()
            .to_string();
        assert!(
            refused.ends_with("config.toml can't be understood"),
            "{refused}"
        );
    }
}
