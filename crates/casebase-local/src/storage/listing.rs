//! Pages of objects and folders, for list-v2 and the S3 lists.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    database::listing::{self, Entry, Page, TimeColumn},
    error::Error,
    request::{Request, encode_component},
    respond::iso,
    upload::decode_base64,
};

/// The most entries that a page has.
pub const LARGEST_PAGE: usize = 1000;

/// What to list.
#[derive(Debug, Default)]
pub struct Query<'a> {
    /// What keys begin with.
    pub prefix: &'a str,
    /// What separates folders; every object is listed without one.
    pub delimiter: Option<&'a str>,
    /// How many entries at most; 0 for the most there can be.
    pub limit: usize,
    /// Where a page before ended.
    pub cursor: Option<&'a str>,
    /// Keys after this one.
    pub start_after: Option<&'a str>,
    /// Sorted by a time instead of the name.
    pub column: Option<TimeColumn>,
    /// From the end.
    pub descending: bool,
    /// Whether names are to be percent-encoded.
    pub url_encoded: bool,
}

/// One page.
#[derive(Debug)]
pub struct Listed {
    /// The folders on it.
    pub folders: Vec<Entry>,
    /// The objects on it.
    pub objects: Vec<Entry>,
    /// Where the next one begins.
    pub next: Option<Next>,
}

/// Where the next page begins.
#[derive(Debug)]
pub struct Next {
    /// For [`Query::cursor`].
    pub cursor: String,
    /// The last name of this page.
    pub key: String,
}

/// Where a page ended: `l` the last name, `o` the order, `c` the column and `a` its value, a line each, in base64.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cursor {
    start_after: String,
    descending: bool,
    column: Option<TimeColumn>,
    after_time: String,
}

impl Cursor {
    fn encode(&self) -> String {
        let mut lines = vec![format!("l:{}", self.start_after)];
        if self.descending {
            lines.push("o:desc".into());
        }
        if let Some(column) = self.column {
            lines.push(format!("c:{}", column.name()));
            lines.push(format!("a:{}", self.after_time));
        }
        STANDARD.encode(lines.join("\n"))
    }

    fn decode(token: &str) -> Option<Self> {
        let decoded = String::from_utf8(decode_base64(token)?).ok()?;
        let mut cursor = Self::default();
        for line in decoded.split('\n') {
            let (name, value) = line.split_once(':')?;
            match name {
                "l" => cursor.start_after = value.to_owned(),
                "o" => cursor.descending = value == "desc",
                "c" => cursor.column = column_named(value),
                "a" => cursor.after_time = value.to_owned(),
                _ => return None,
            }
        }
        Some(cursor)
    }
}

/// The time column of a name; names sort by themselves.
pub fn column_named(name: &str) -> Option<TimeColumn> {
    [TimeColumn::CreatedAt, TimeColumn::UpdatedAt]
        .into_iter()
        .find(|column| column.name() == name)
}

/// The page that the caller may see.
pub async fn page(request: &Request, bucket: &str, query: &Query<'_>) -> Result<Listed, Error> {
    let limit = match query.limit {
        0 => LARGEST_PAGE,
        limit => limit.min(LARGEST_PAGE),
    };
    let cursor = match query.cursor {
        Some(token) => Some(
            Cursor::decode(token).ok_or_else(|| Error::invalid_parameter("continuation token"))?,
        ),
        None => None,
    };
    let continues = cursor.is_some();
    let position = cursor.unwrap_or_else(|| Cursor {
        start_after: query.start_after.unwrap_or_default().to_owned(),
        descending: query.descending,
        column: query.column,
        after_time: String::new(),
    });
    let rows = rows(request, bucket, query, &position, continues, limit).await?;
    Ok(split(rows, limit, query, &position))
}

async fn rows(
    request: &Request,
    bucket: &str,
    query: &Query<'_>,
    position: &Cursor,
    continues: bool,
    limit: usize,
) -> Result<Vec<Entry>, Error> {
    let page = Page {
        prefix: query.prefix,
        delimiter: query.delimiter.filter(|d| !d.is_empty()),
        limit: i32::try_from(limit + 1).unwrap_or(i32::MAX),
        start_after: &position.start_after,
        continues,
        column: position.column,
        descending: position.descending,
        after_time: &position.after_time,
    };
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let rows = listing::page(&tx, bucket, &page).await?;
    tx.commit().await?;
    Ok(rows)
}

/// The rows of one page and, if there is one more, where the next page begins.
fn split(mut rows: Vec<Entry>, limit: usize, query: &Query<'_>, position: &Cursor) -> Listed {
    let has_next = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_next);
    let next = last.map(|last| Next {
        key: last.name.clone(),
        cursor: Cursor {
            start_after: last.name.clone(),
            descending: position.descending,
            column: position.column,
            after_time: position
                .column
                .and_then(|column| column.of(last))
                .map(iso)
                .unwrap_or_default(),
        }
        .encode(),
    });
    let (mut folders, mut objects): (Vec<Entry>, Vec<Entry>) =
        rows.into_iter().partition(|entry| entry.id.is_none());
    // Storage ends a folder with a slash, whatever the delimiter was.
    for folder in folders.iter_mut().filter(|f| !f.name.ends_with('/')) {
        folder.name.push('/');
    }
    if query.url_encoded {
        for entry in folders.iter_mut().chain(&mut objects) {
            entry.name = encode_component(&entry.name);
        }
    }
    Listed {
        folders,
        objects,
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_journey() {
        let cursor = Cursor {
            start_after: "a:b/c d".into(),
            descending: true,
            column: Some(TimeColumn::UpdatedAt),
            after_time: "2026-11-21T10:00:00.123Z".into(),
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        for garbage in ["garbage", "", "!!", "eDp5"] {
            assert_eq!(Cursor::decode(garbage), None, "{garbage}");
        }
    }
}
