//! What people write for people to read, as the API's document says it. The rule is the database's:
//! `casebase.is_line` and `casebase.is_text` in `supabase/schemas/human_text.sql`, and a test holds the
//! two equal for every character.

use utoipa::openapi::{
    Object, ObjectBuilder,
    schema::{SchemaType, Type},
};

/// Control characters but tab and line breaks, what reorders or hides the text beside it, and
/// noncharacters. As themselves: no notation for them is the same in every language's expressions.
const REFUSED: &str = "\0-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{206f}\
    \u{fff9}-\u{fffb}\u{e0001}\u{fdd0}-\u{fdef}\u{fffe}\u{ffff}\u{1fffe}\u{1ffff}\u{2fffe}\u{2ffff}\
    \u{3fffe}\u{3ffff}\u{4fffe}\u{4ffff}\u{5fffe}\u{5ffff}\u{6fffe}\u{6ffff}\u{7fffe}\u{7ffff}\
    \u{8fffe}\u{8ffff}\u{9fffe}\u{9ffff}\u{afffe}\u{affff}\u{bfffe}\u{bffff}\u{cfffe}\u{cffff}\
    \u{dfffe}\u{dffff}\u{efffe}\u{effff}\u{ffffe}\u{fffff}\u{10fffe}\u{10ffff}";

const LINE_BREAKS: &str = "\t\n\r\u{2028}\u{2029}";

/// The white space of one line.
const SPACES: &str = " \u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}";

/// What is taken beside something that can be seen, and not alone.
const INVISIBLE: &str = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\
    \u{200b}-\u{200f}\u{2060}-\u{2065}\u{2800}\u{3164}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\
    \u{fff0}-\u{fff8}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}\u{e0002}-\u{e0fff}";

/// One line, not blank, of up to `longest` characters.
pub(crate) fn line(longest: usize) -> Object {
    let any = format!("[^{REFUSED}{LINE_BREAKS}]*");
    let end = format!("[^{REFUSED}{LINE_BREAKS}{SPACES}]");
    let seen = format!("[^{REFUSED}{LINE_BREAKS}{SPACES}{INVISIBLE}]");
    let pattern = format!("^([{INVISIBLE}]{any})?{seen}({any}{end})?$");
    let meaning = "One line, not blank, without white space at its ends.";
    object(Type::String.into(), longest, pattern, meaning)
}

/// Lines that are not all blank, of up to `longest` characters.
pub(crate) fn text(longest: usize) -> Object {
    let pattern = format!("^{}$", some_text());
    object(Type::String.into(), longest, pattern, "Text, not blank.")
}

/// The same, or empty.
pub(crate) fn text_or_empty(longest: usize) -> Object {
    let pattern = format!("^({})?$", some_text());
    object(
        Type::String.into(),
        longest,
        pattern,
        "Text, not blank; or empty.",
    )
}

/// The same, or null.
pub(crate) fn text_or_nothing(longest: usize) -> Object {
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    let pattern = format!("^({})?$", some_text());
    object(types, longest, pattern, "Text, not blank; or empty.")
}

fn some_text() -> String {
    let any = format!("([^{REFUSED}\r]|\r\n)*");
    let seen = format!("[^{REFUSED}{LINE_BREAKS}{SPACES}{INVISIBLE}]");
    format!("{any}{seen}{any}")
}

fn object(types: SchemaType, longest: usize, pattern: String, description: &str) -> Object {
    let also = "No control characters, none that reorder the text beside them (U+202A–202E, U+2066–2069), and no \
        noncharacters.";
    ObjectBuilder::new()
        .schema_type(types)
        .max_length(Some(longest))
        .pattern(Some(pattern))
        .description(Some(format!("{description} {also}")))
        .build()
}
