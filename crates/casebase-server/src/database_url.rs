//! The URL of a PostgreSQL database, read with care: sqlx takes any scheme, and a password that is
//! not percent-encoded moves the host to where nobody meant it.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// Where a database is, and who connects.
#[derive(Clone)]
pub struct DatabaseUrl(pub PgConnectOptions);

/// A text that is no such URL. It never repeats the text, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no `scheme://`.
    #[error("it is no URL")]
    NoUrl,
    /// Another database's, or none's.
    #[error("it begins with `{scheme}:`")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// A character that means something in a URL.
    #[error(
        "the user's name or the password has a `{character}` that ends it; in a URL that is written {encoded} \
         (p%40ss%23w%2Frd for p@ss#w/rd)"
    )]
    NotEncoded {
        /// The character.
        character: char,
        /// How it is written.
        encoded: &'static str,
    },
    /// The project's settings show a URL with this in the password's place.
    #[error("it still has `[YOUR-PASSWORD]` where the password goes")]
    Placeholder,
    /// What sqlx says.
    #[error(transparent)]
    Other(#[from] sqlx::Error),
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (scheme, rest) = text.split_once("://").ok_or(Error::NoUrl)?;
        if !["postgres", "postgresql"].contains(&scheme.to_ascii_lowercase().as_str()) {
            let scheme = scheme.chars().filter(char::is_ascii_alphanumeric).take(20);
            let scheme = scheme.collect();
            return Err(Error::Scheme { scheme });
        }
        if rest.contains("[YOUR-PASSWORD]") {
            return Err(Error::Placeholder);
        }
        match not_encoded(rest) {
            Some((character, encoded)) => Err(Error::NotEncoded { character, encoded }),
            None => Ok(Self(text.parse()?)),
        }
    }
}

/// A URL of PostgreSQL has no fragment, and nothing of it but the user and the password has an `@` behind it.
fn not_encoded(rest: &str) -> Option<(char, &'static str)> {
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (before, after) = rest.split_at(authority);
    if after.contains('@') || after.contains('#') {
        let ends = if after.contains('@') {
            after.chars().next()
        } else {
            Some('#')
        };
        return match ends? {
            '/' => Some(('/', "%2F")),
            '?' => Some(('?', "%3F")),
            _ => Some(('#', "%23")),
        };
    }
    let user = before.rsplit_once('@').map_or("", |(user, _)| user);
    let mut encoded = user.split('%').skip(1);
    let hex = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    encoded.any(|part| !hex(part)).then_some(('%', "%25"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<DatabaseUrl>()
            .map(drop)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_url_of_postgresql_is_taken() {
        for text in [
            "postgresql://casebase_worker:p%40ss%23w%2Frd@localhost:5432/postgres",
            "postgres://casebase_worker.abc:x@pooler.example.com:5432/postgres?sslmode=require",
            "postgresql://casebase_worker@localhost",
            "postgresql:///postgres?host=/var/run/postgresql",
            "POSTGRESQL://u:a:b@[::1]:1/postgres?application_name=a%40b",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_ok(), "{text}");
        }
        let read: DatabaseUrl = "postgresql://u:p%40s%2525@localhost/x".parse().unwrap();
        assert_eq!(read.0.get_host(), "localhost");
        assert_eq!(read.0.get_database(), Some("x"));
    }

    #[test]
    fn another_scheme_is_named_and_nothing_else_of_the_text() {
        let said = error("mysql://root:secret@localhost/x");
        assert!(
            said.contains("`mysql:`") && !said.contains("secret"),
            "{said}"
        );
        for text in [
            "secret",
            "postgresql:secret@localhost",
            "localhost:5432/secret",
        ] {
            assert_eq!(error(text), "it is no URL");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_told_which_character_and_how() {
        for (password, character, encoded) in [
            ("p@ss#w/rd", '#', "%23"),
            ("secret#", '#', "%23"),
            ("p/rd", '/', "%2F"),
            ("p?rd", '?', "%3F"),
            ("5432/rd", '/', "%2F"),
            ("p@ss/rd", '/', "%2F"),
            ("100%", '%', "%25"),
            ("50%zz", '%', "%25"),
        ] {
            let said = error(&format!(
                "postgresql://u:{password}@localhost:5432/postgres"
            ));
            assert!(
                said.contains(&format!("`{character}`")),
                "{password}: {said}"
            );
            assert!(said.contains(encoded), "{password}: {said}");
            assert!(!said.contains("localhost"), "{said}");
        }
        let said = error("postgresql://u:p@localhost/postgres#secret");
        assert!(said.contains("`#`") && !said.contains("secret"), "{said}");
    }
}
