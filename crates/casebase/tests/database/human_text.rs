//! The rule for human text against Unicode's own properties, character by character.

use regex::Regex;

use super::*;

/// Every character of the planes in which properties differ, and the last of each other: noncharacters. Without NUL,
/// which no text of PostgreSQL's holds.
const CHARACTERS: &str = "c between 1 and 131071 and c not between 55296 and 57343
    or c between 917504 and 983039
    or c % 65536 >= 65280";

fn is_one(c: char) -> bool {
    let code = u32::from(c);
    (1..0x20000).contains(&code) || (0xe0000..0xf0000).contains(&code) || code & 0xffff >= 0xff00
}

/// Those that `judge` refuses.
async fn refused(connection: &mut PgConnection, judge: &'static str) -> BTreeSet<char> {
    let sql = format!(
        "select c from generate_series(1, 1114111) c
         where case when {CHARACTERS} then not {judge} else false end"
    );
    let codes: Vec<i32> = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await
        .expect("the query runs");
    let character = |code: i32| u32::try_from(code).ok().and_then(char::from_u32);
    codes.into_iter().filter_map(character).collect()
}

/// The characters that a class of Unicode's has.
fn class(class: &str) -> BTreeSet<char> {
    let class = Regex::new(&format!("^[{class}]$")).expect("a class");
    let is = |c: &char| class.is_match(c.encode_utf8(&mut [0; 4]));
    ('\u{1}'..=char::MAX)
        .filter(|c| is_one(*c))
        .filter(is)
        .collect()
}

fn assert_same(judged: &BTreeSet<char>, unicode: &BTreeSet<char>, what: &str) {
    let differ: Vec<_> = judged.symmetric_difference(unicode).collect();
    assert!(differ.is_empty(), "{what}: {differ:x?}");
}

#[tokio::test]
async fn refuses_what_unicode_calls_so_and_nothing_else() {
    let _alone = ALONE.lock().await;
    let mut owner = connect("DATABASE_URL").await;
    // Directional marks order their neighbours only, and languages need them.
    let unsafe_anywhere =
        r"\p{Cc}\p{Noncharacter_Code_Point}\p{Deprecated}\u{fff9}-\u{fffb}\p{Bidi_Control}";
    let taken =
        r"[\u{200e}\u{200f}\u{61c}\u{149}\u{673}\u{f77}\u{f79}\u{17a3}\u{17a4}\u{2329}\u{232a}]";
    let within = refused(&mut owner, "casebase.is_text('a' || chr(c) || E'\\nb')").await;
    let expected = class(&format!("{unsafe_anywhere}--{taken}--[\\t\\n\\r]"));
    assert_same(&within, &expected, "within a text");

    let alone = refused(&mut owner, "casebase.is_text(chr(c))").await;
    let blank = r"\p{White_Space}\p{Default_Ignorable_Code_Point}\u{2800}";
    let expected = &class(blank) | &expected;
    assert_same(&alone, &expected, "alone in a text");

    let first = refused(&mut owner, "casebase.is_line(chr(c) || 'a')").await;
    let last = refused(&mut owner, "casebase.is_line('a' || chr(c))").await;
    let expected = &class(r"\p{White_Space}") | &within;
    assert_same(&first, &expected, "at the beginning of a line");
    assert_same(&last, &expected, "at the end of a line");

    let inside = refused(&mut owner, "casebase.is_line('a' || chr(c) || 'a')").await;
    let breaks = class(r"\t\n\r\u{2028}\u{2029}");
    assert_same(&inside, &(&within | &breaks), "within a line");
}
