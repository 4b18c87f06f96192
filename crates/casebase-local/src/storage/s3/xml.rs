//! XML, as little of it as S3 needs.

use std::fmt::Display;

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use quick_xml::{
    Reader,
    escape::{escape, resolve_predefined_entity},
    events::{BytesRef, Event},
};

use super::super::{error::Error, respond};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// A document that is being written.
pub struct Document {
    text: String,
    root: &'static str,
}

impl Document {
    /// An empty document with this root.
    pub fn new(root: &'static str) -> Self {
        Self::with_attributes(root, &format!(" xmlns=\"{NAMESPACE}\""))
    }

    /// An empty error. It has no namespace: botocore finds no code in one that has.
    pub fn error() -> Self {
        Self::with_attributes("Error", "")
    }

    fn with_attributes(root: &'static str, attributes: &str) -> Self {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root}{attributes}>");
        Self { text, root }
    }

    /// Text of the root itself.
    pub fn content(&mut self, text: &str) {
        self.text.push_str(&escape(text));
    }

    /// An element with a text.
    pub fn text(&mut self, name: &str, value: impl Display) {
        let value = value.to_string();
        self.text
            .push_str(&format!("<{name}>{}</{name}>", escape(&value)));
    }

    /// An element with a text, if there is one.
    pub fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An element with elements.
    pub fn nested(&mut self, name: &str, inner: impl FnOnce(&mut Self)) {
        self.text.push_str(&format!("<{name}>"));
        inner(self);
        self.text.push_str(&format!("</{name}>"));
    }

    /// The answer.
    pub fn respond(self, status: StatusCode) -> Response {
        let text = format!("{}</{}>", self.text, self.root);
        let content_type = HeaderValue::from_static("application/xml; charset=utf-8");
        respond::with_type(status, content_type, text)
    }
}

/// An element that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// Its own text.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
}

/// Deeper than anything S3 takes.
const DEEPEST: usize = 16;

impl Element {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed =
            |why: &dyn Display| Error::malformed_xml(format!("Invalid XML payload: {why}"));
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<Self> = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|e| malformed(&e))?;
            let top = open.last_mut().ok_or_else(|| malformed(&"unbalanced"))?;
            match event {
                Event::Start(tag) => open.push(Self::named(tag.local_name().as_ref())),
                Event::Empty(tag) => top.children.push(Self::named(tag.local_name().as_ref())),
                Event::End(_) => {
                    let element = open.pop().unwrap_or_default();
                    let parent = open.last_mut().ok_or_else(|| malformed(&"unbalanced"))?;
                    parent.children.push(element);
                }
                Event::Text(text) => top
                    .text
                    .push_str(&text.decode().map_err(|e| malformed(&e))?),
                Event::CData(text) => top
                    .text
                    .push_str(&text.decode().map_err(|e| malformed(&e))?),
                Event::GeneralRef(entity) => {
                    top.text
                        .push_str(&resolve(&entity).ok_or_else(|| malformed(&"unknown entity"))?);
                }
                Event::DocType(_) => return Err(malformed(&"DOCTYPE is not supported")),
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
            if open.len() > DEEPEST {
                return Err(malformed(&"too deep"));
            }
        }
        let [document] = &mut open[..] else {
            return Err(malformed(&"an element is not closed"));
        };
        match (document.children.len(), document.children.pop()) {
            (1, Some(root)) => Ok(root),
            _ => Err(malformed(&"XML payload must contain a single root element")),
        }
    }

    fn named(name: &[u8]) -> Self {
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            ..Self::default()
        }
    }

    /// The first element of a name in it.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    /// The text of the first element of a name in it.
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.as_str())
    }
}

fn resolve(entity: &BytesRef<'_>) -> Option<String> {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return Some(character.to_string());
    }
    let name = entity.decode().ok()?;
    resolve_predefined_entity(&name).map(str::to_owned)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read() {
        let root = Element::parse(
            "<?xml version=\"1.0\"?><Delete xmlns=\"x\"><Object><Key>a &amp; b&#x21;</Key></Object><Object/></Delete>",
        )
        .expect("a document");
        assert_eq!(root.name, "Delete");
        assert_eq!(root.children.len(), 2);
        assert_eq!(root.children[0].child_text("Key"), Some("a & b!"));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(100);
        for bad in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&x;</a>",
            deep.as_str(),
        ] {
            let error = Element::parse(bad).expect_err(bad);
            assert_eq!(error.code, "MalformedXML", "{bad}");
        }
    }
}
