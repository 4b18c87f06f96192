//! Names of files are made in Rust and judged in SQL: the two say the same of every name, however hostile.
//!
//! `CASEBASE_TEST_NAMES=100000 cargo test -p casebase --test database hostile` tries more hostile names than the usual run,
//! `CASEBASE_TEST_SEED` others, or the same again.

use casebase_files::name::{FileName, PROGRAM_EXTENSIONS, extension};

use super::*;
use crate::chance::Chance;

const HOSTILE: usize = 10_000;
const SEED: u64 = 12;
const UNIX_SECONDS: i64 = 1_634_567_890;

/// What hostile names are made of, beside characters by chance.
const PIECES: &[&str] = &[
    "a",
    "x",
    "Run",
    "note",
    "Größe",
    "отчёт",
    "北京",
    "한글",
    "ﬁle",
    "İ",
    "ſ",
    "K",
    "ª",
    "㎏",
    "⒈",
    "𝐞𝐱𝐞",
    "😀",
    "\u{1f468}\u{200d}\u{1f469}",
    "aux",
    "con",
    "nul",
    "com1",
    "COM\u{b9}",
    "lpt9",
    "..",
    "…",
    ".",
    ".",
    ".",
    "\u{ff0e}",
    "\u{2024}",
    "\u{3002}",
    " ",
    "  ",
    "\u{a0}",
    "\u{3000}",
    "-",
    "_",
    ",",
    ";",
    "'",
    "\"",
    "%",
    "%2e",
    "%00",
    "(2)",
    " (2)",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#",
    "&",
    "+",
    "~",
    "^",
    "`",
    "|",
    "*",
    "?",
    "<",
    ">",
    "$",
    "@",
    ":",
    "::$DATA",
    "/",
    "\\",
    "../",
    "C:\\",
    "\n",
    "\r\n",
    "\t",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{fffe}",
    "\u{fdd0}",
    "\u{fffd}",
    "\u{202e}",
    "\u{202a}",
    "\u{2066}",
    "\u{200e}",
    "\u{61c}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{3164}",
    "\u{2800}",
    "\u{301}",
    "\u{308}",
    "\u{fe0f}",
    "\u{e0061}",
    "\u{10ffff}",
    "pdf",
    "PDF",
    "txt",
    "tar.gz",
    "docx",
    "exe",
    "EXE",
    "bat",
    "ｂａｔ",
    "js",
    "Lnk",
    "scr",
    "appref-ms",
    "command",
    "CASE-0001-1634567890-",
    "interaction-5-",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

fn hostile(chance: &mut Chance) -> String {
    let mut name = String::new();
    for _ in 0..1 + chance.below(8) {
        if chance.one_in(5) {
            let plane = if chance.one_in(4) { 0x11_0000 } else { 0x3000 };
            let any = u32::try_from(chance.below(plane)).ok();
            // PostgreSQL's text holds every character but NUL.
            name.extend(any.and_then(char::from_u32).filter(|c| *c != '\0'));
        } else {
            name += chance.pick(PIECES);
        }
    }
    if chance.one_in(2) {
        name.push('.');
        name += chance.pick(&[
            "pdf", "txt", "PDF", "docx", "jpg", "exe", "vbs", "html", "png",
        ]);
        name += chance.pick(&["", "", "", ".", " ", ",", "..", "\u{200b}"]);
    }
    name
}

/// The names of which the two think differently, at most ten.
async fn differences(owner: &mut PgConnection, names: &[String]) -> Vec<(String, Option<String>)> {
    let extensions: Vec<_> = names.iter().map(|name| extension(name)).collect();
    sqlx::query_as(
        "select name, casebase.file_extension(name) from unnest($1::text[], $2::text[]) n (name, extension)
         where casebase.file_extension(name) is distinct from extension limit 10",
    )
    .bind(names)
    .bind(extensions)
    .fetch_all(owner)
    .await
    .expect("extensions")
}

#[tokio::test]
async fn an_extension_is_one_to_rust_and_to_the_database_whatever_the_letter() {
    let mut owner = connect("DATABASE_URL").await;
    let letters =
        || ('\u{1}'..=char::MAX).filter(|c| (*c as u32) < 0x2_0000 || (*c as u32) > 0xe_0000);
    for around in [
        ("x.", ""),
        ("run", "bat"),
        ("run.ba", "t"),
        ("run.bat", ""),
        ("x.b", "t."),
    ] {
        let names: Vec<_> = letters()
            .map(|c| format!("{}{c}{}", around.0, around.1))
            .take(150_000)
            .collect();
        assert_eq!(differences(&mut owner, &names).await, [], "{around:?}");
    }
}

#[tokio::test]
async fn what_runs_on_a_double_click_is_one_list() {
    let mut owner = connect("DATABASE_URL").await;
    let there = texts(&mut owner, "select unnest(casebase.program_extensions())").await;
    let here: Vec<_> = there.iter().map(String::as_str).collect();
    assert_eq!(here, PROGRAM_EXTENSIONS);
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "it says how to fail again")]
async fn of_hostile_names_each_is_refused_or_gets_an_object_of_its_own() {
    let number = |variable: &str| {
        let text = std::env::var(variable).ok()?;
        Some(text.parse::<u64>().expect("a number"))
    };
    let seed = number("CASEBASE_TEST_SEED").unwrap_or(SEED);
    let hostile_names = number("CASEBASE_TEST_NAMES").map_or(HOSTILE, |n| n as usize);
    eprintln!("again: CASEBASE_TEST_NAMES={hostile_names} CASEBASE_TEST_SEED={seed}");
    let mut chance = Chance::new(seed);
    let names: Vec<_> = (0..hostile_names).map(|_| hostile(&mut chance)).collect();
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    assert_eq!(differences(&mut admin, &names).await, []);

    let mut transaction = admin.begin().await.expect("a transaction");
    let (case, number): (i64, String) = sqlx::query_as(
        "with client as (insert into public.clients (name) values ('Names') returning id)
         insert into public.cases (client_id, title) select id, 'Names' from client returning id, case_id",
    )
    .fetch_one(&mut *transaction)
    .await
    .expect("a case");
    let number = number.parse().expect("its number");
    let made: Vec<_> = names
        .iter()
        .map(|name| FileName::new(number, None, UNIX_SECONDS, name))
        .collect();
    let kept: Vec<(i64, String, String)> = sqlx::query_as(
        "with judged as materialized (
           select n.* from unnest($2::text[], $3::text[]) with ordinality n (name, file_name, place)
           where casebase.name_fault(casebase.kept_name(n.name)) is null
         ), kept as (
           insert into public.case_files (id, case_id, original_name, file_name, content_type, file_size)
           overriding system value select -place, $1, name, file_name, 'a/b', 1 from judged
           returning id, original_name, file_name
         )
         select -id, original_name, file_name from kept",
    )
    .bind(case)
    .bind(&names)
    .bind(made.iter().map(ToString::to_string).collect::<Vec<_>>())
    .fetch_all(&mut *transaction)
    .await
    .expect("every name that is not refused is taken");
    transaction.rollback().await.expect("nothing stays");

    assert!(
        kept.len() > names.len() / 4 && kept.len() < names.len() * 3 / 4,
        "{} of {hostile_names} are taken",
        kept.len()
    );
    let mut objects = BTreeSet::new();
    for (place, original, object) in kept {
        let place = usize::try_from(place).expect("a place") - 1;
        let read: FileName = object.parse().unwrap_or_else(|e| panic!("{object}: {e}"));
        assert!(is_key(&object), "{object}");
        assert_eq!(
            FileName {
                number: None,
                ..read.clone()
            },
            made[place],
            "{object}"
        );
        assert_eq!(
            extension(&original),
            read.extension,
            "{original:?} beside {object}"
        );
        assert!(
            read.extension
                .is_none_or(|e| !PROGRAM_EXTENSIONS.contains(&e.as_str())),
            "{object}"
        );
        assert!(objects.insert(object), "two of one name");
    }
}

/// Storage's own rule, without its folders; and S3's length.
fn is_key(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_!.*'() &$=@;:+,?-".contains(c);
    (1..=200).contains(&name.len()) && name.chars().all(legal) && !name.contains("..")
}
