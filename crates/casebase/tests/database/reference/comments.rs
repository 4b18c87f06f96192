//! What a comment says, in its parts.
//!
//! Paragraphs, of which the first is a summary. Of a function, one begins with "For" and says who may use it, one with
//! "Returns"; lists say what each argument and column of the answer is ("- name: meaning") and which SQLSTATE is raised
//! when ("- PT404: reason").

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::catalogue::Catalogue;

#[derive(Default)]
pub struct Comment<'a> {
    pub text: Vec<&'a str>,
    pub whom: Option<&'a str>,
    pub returns: Option<&'a str>,
    pub names: Vec<(&'a str, &'a str)>,
    pub refusals: Vec<(&'a str, &'a str)>,
}

impl<'a> Comment<'a> {
    pub fn read(comment: &'a str) -> Self {
        let mut read = Self::default();
        for paragraph in comment.split("\n\n").filter(|p| !p.is_empty()) {
            if paragraph.starts_with("- ") {
                for line in paragraph.lines() {
                    read.note(line.trim_start_matches("- "));
                }
            } else if paragraph.starts_with("For ") {
                read.whom = Some(paragraph);
            } else if paragraph.starts_with("Returns ") {
                read.returns = Some(paragraph);
            } else {
                read.text.push(paragraph);
            }
        }
        read
    }

    fn note(&mut self, line: &'a str) {
        let (name, meaning) = line.split_once(": ").unwrap_or((line, ""));
        match is_sqlstate(name) {
            true => self.refusals.push((name, meaning)),
            false => self.names.push((name, meaning)),
        }
    }

    pub fn meaning_of(&self, name: &str) -> &'a str {
        let found = self.names.iter().find(|(said, _)| *said == name);
        found.map_or("", |(_, meaning)| meaning)
    }
}

fn is_sqlstate(name: &str) -> bool {
    name.len() == 5
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    let names = r"docs/(?P<page>[a-z-]+)\.md|rpc/(?P<rpc>\w+)|[a-z]\w*(?:\.[a-z]\w*)?";
    Regex::new(names).expect("an expression")
});

/// Text as Markdown, with links to what it names on the page; not to where it stands itself.
pub fn linked(text: &str, catalogue: &Catalogue, here: &str) -> String {
    let plain = text
        .replace('<', "&lt;")
        .replace('*', "\\*")
        .replace('|', "\\|");
    let replaced = NAMES.replace_all(&plain, |found: &Captures<'_>| {
        let word = &found[0];
        let target = match (found.name("page"), found.name("rpc")) {
            (Some(page), _) => Some(format!("{}.md", page.as_str())),
            (_, Some(rpc)) => anchor_of_function(rpc.as_str(), catalogue),
            _ => anchor_of_relation(word, catalogue),
        };
        match target.filter(|target| target != here) {
            Some(target) => format!("[{word}]({target})"),
            None => word.to_owned(),
        }
    });
    replaced.into_owned()
}

fn anchor_of_function(name: &str, catalogue: &Catalogue) -> Option<String> {
    let mut public = catalogue.functions.iter().filter(|f| f.schema == "public");
    public
        .any(|f| f.name == name)
        .then(|| format!("#rpc-{name}"))
}

/// Of `case_files`, `cases.id` and `casebase.webhook_limits`; a single word such as "cases" may be just that.
fn anchor_of_relation(word: &str, catalogue: &Catalogue) -> Option<String> {
    let (first, second) = word.split_once('.').unwrap_or((word, ""));
    let relation = catalogue.relations.iter().find(|relation| {
        let has = |column: &str| {
            let columns = catalogue.columns_of(relation);
            columns.iter().any(|c| c.name == column)
        };
        match second {
            "" => relation.name == first && first.contains('_'),
            _ => {
                relation.name == first && has(second)
                    || relation.schema == first && relation.name == second
            }
        }
    })?;
    Some(format!("#{}-{}", kind_of(&relation.kind), relation.name))
}

pub fn kind_of(kind: &str) -> &'static str {
    match kind {
        "v" | "m" => "view",
        "c" => "type",
        _ => "table",
    }
}
