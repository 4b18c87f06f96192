//! Media types: what `Accept` and `Content-Type` name, and what an answer is labelled with.

/// A media type that has a meaning here, or another one kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaType {
    Json,
    GeoJson,
    Csv,
    Text,
    Xml,
    OpenApi,
    UrlEncoded,
    OctetStream,
    Any,
    /// `application/vnd.pgrst.array+json;nulls=stripped`
    ArrayStripped,
    /// `application/vnd.pgrst.object+json`
    Object {
        strip_nulls: bool,
    },
    /// `application/vnd.pgrst.plan`: execution plans are never given; kept to name it in the refusal.
    Plan(String),
    Other(String),
}

impl MediaType {
    /// Reads one media type with its parameters.
    pub fn parse(text: &str) -> Self {
        let Some(parts) = Parts::parse(text) else {
            return Self::Other(text.to_owned());
        };
        let strip_nulls = parts.param("nulls") == Some("stripped");
        match (parts.main.as_str(), parts.sub.as_str()) {
            ("application", "json") => Self::Json,
            ("application", "geo+json") => Self::GeoJson,
            ("text", "csv") => Self::Csv,
            ("text", "plain") => Self::Text,
            ("text", "xml") => Self::Xml,
            ("application", "openapi+json") => Self::OpenApi,
            ("application", "x-www-form-urlencoded") => Self::UrlEncoded,
            ("application", "octet-stream") => Self::OctetStream,
            ("*", "*") => Self::Any,
            ("application", "vnd.pgrst.object+json" | "vnd.pgrst.object") => {
                Self::Object { strip_nulls }
            }
            ("application", "vnd.pgrst.array+json" | "vnd.pgrst.array") if strip_nulls => {
                Self::ArrayStripped
            }
            ("application", "vnd.pgrst.array+json" | "vnd.pgrst.array") => Self::Json,
            ("application", "vnd.pgrst.plan" | "vnd.pgrst.plan+text") => {
                Self::Plan(parts.plan_name("text"))
            }
            ("application", "vnd.pgrst.plan+json") => Self::Plan(parts.plan_name("json")),
            _ => Self::Other(text.to_owned()),
        }
    }

    /// The types of an `Accept` header, the most wanted first.
    pub fn parse_accept(header: &str) -> Vec<Self> {
        let mut wanted: Vec<(f64, i64, String)> = header
            .split(',')
            .filter(|_| !header.is_empty())
            .map(|item| {
                let item: String = item.chars().filter(|c| *c != ' ').collect();
                let (name, quality) = match item.split_once(";q=") {
                    Some((name, q)) => {
                        let q = q.split(';').next().unwrap_or_default();
                        (name.to_owned(), q.parse().unwrap_or(1.0))
                    }
                    None => (item, 1.0),
                };
                let count = |c: char| name.matches(c).count() as i64;
                (quality, count(';') - count('*'), name)
            })
            .collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        wanted.iter().map(|(.., name)| Self::parse(name)).collect()
    }

    /// The bare name, as error messages give it.
    pub fn name(&self) -> &str {
        match self {
            Self::Json => "application/json",
            Self::GeoJson => "application/geo+json",
            Self::Csv => "text/csv",
            Self::Text => "text/plain",
            Self::Xml => "text/xml",
            Self::OpenApi => "application/openapi+json",
            Self::UrlEncoded => "application/x-www-form-urlencoded",
            Self::OctetStream => "application/octet-stream",
            Self::Any => "*/*",
            Self::ArrayStripped => "application/vnd.pgrst.array+json;nulls=stripped",
            Self::Object { strip_nulls: true } => {
                "application/vnd.pgrst.object+json;nulls=stripped"
            }
            Self::Object { strip_nulls: false } => "application/vnd.pgrst.object+json",
            Self::Plan(name) | Self::Other(name) => name,
        }
    }

    /// The value of a `Content-Type` header.
    pub fn content_type(&self) -> String {
        match self {
            Self::OctetStream | Self::Other(_) => self.name().to_owned(),
            _ => format!("{}; charset=utf-8", self.name()),
        }
    }
}

/// A media type's text taken apart; names are lower case.
struct Parts {
    main: String,
    sub: String,
    params: Vec<(String, String)>,
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        let (main, rest) = take_while(text, |c| c.is_alphanumeric() || ".*".contains(c))?;
        let rest = rest.strip_prefix('/')?;
        let (sub, mut rest) = take_while(rest, |c| c.is_alphanumeric() || ".*+-".contains(c))?;
        let mut params = Vec::new();
        while let Some((param, after)) = Self::param_at(rest) {
            params.push(param);
            rest = after;
        }
        Some(Self {
            main: main.to_lowercase(),
            sub: sub.to_lowercase(),
            params,
        })
    }

    fn param_at(text: &str) -> Option<((String, String), &str)> {
        let text = text.trim_start().strip_prefix(';')?.trim_start();
        let (key, text) = take_while(text, |c| c.is_alphanumeric() || c == '-')?;
        let text = text.trim_start().strip_prefix('=')?.trim_start();
        let (value, text) = match text.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => take_while(text, |c| c.is_alphanumeric() || "|-".contains(c))?,
        };
        Some(((key.to_lowercase(), value.to_owned()), text))
    }

    fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn plan_name(&self, format: &str) -> String {
        let target = MediaType::parse(self.param("for").unwrap_or("application/json"));
        let asked: Vec<&str> = self
            .param("options")
            .unwrap_or_default()
            .split('|')
            .collect();
        let options: Vec<&str> = ["analyze", "verbose", "settings", "buffers", "wal"]
            .into_iter()
            .filter(|option| asked.contains(option))
            .collect();
        let mut name = format!(
            "application/vnd.pgrst.plan+{format}; for=\"{}\"",
            target.name()
        );
        if !options.is_empty() {
            name = format!("{name}; options={}", options.join("|"));
        }
        name
    }
}

/// The longest non-empty start of `text` whose characters all pass, and what follows it.
fn take_while(text: &str, pass: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|c| !pass(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::MediaType;

    #[test]
    fn accept_is_ordered_by_quality_then_specificity() {
        let order = |header| {
            MediaType::parse_accept(header)
                .iter()
                .map(|m| m.name().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            order("application/json;q=0.5, text/csv;q=0.9"),
            ["text/csv", "application/json"]
        );
        assert_eq!(
            order("*/*, text/csv, application/vnd.pgrst.object;nulls=stripped"),
            [
                "application/vnd.pgrst.object+json;nulls=stripped",
                "text/csv",
                "*/*"
            ]
        );
        assert!(order("").is_empty());
    }

    #[test]
    fn a_plan_is_named_in_full() {
        let plan = MediaType::parse(
            "application/vnd.pgrst.plan+json; for=\"text/csv\"; options=wal|analyze|x",
        );
        assert_eq!(
            plan.name(),
            "application/vnd.pgrst.plan+json; for=\"text/csv\"; options=analyze|wal"
        );
    }
}
