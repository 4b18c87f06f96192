//! Whether what was given is of one project: a hosted project's reference stands in its URLs, its database's host or user,
//! and its legacy keys.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use casebase_server::database_url::DatabaseUrl;
use serde_json::Value;
use url::Url;

use super::report::{Finding, Report, Severity};

const CHECK: &str = "one project";
const EXPIRY: &str = "the keys' time";

/// How the database's pooler is called: `aws-0-<region>.pooler.supabase.com`.
const POOLER: &str = ".pooler.supabase.com";

/// Where a reference was found.
struct Reference {
    variable: &'static str,
    project: String,
}

/// Compares them.
pub fn examine(read: &impl Fn(&'static str) -> Option<String>, report: &mut Report) {
    let found: Vec<_> = VARIABLES
        .iter()
        .filter_map(|(variable, reference)| {
            let project = reference(read(variable)?.trim())?;
            Some(Reference { variable, project })
        })
        .collect();
    match found.split_first() {
        Some((first, others)) if !others.is_empty() => {
            report.made.push(CHECK);
            let others = others.iter().filter(|other| other.project != first.project);
            report
                .findings
                .extend(others.map(|other| is_of_another(other, first)));
        }
        _ => report.lacks(
            CHECK,
            "fewer than two of the settings name a project",
            "the URLs and legacy keys of a hosted project",
        ),
    }
    let region = read("DATABASE_URL").or_else(|| read("CASEBASE_DATABASE_URL"));
    let region = region.and_then(|url| pooler_region(&url));
    report
        .findings
        .extend(is_of_another_region(read("SUPABASE_S3_REGION"), region));
    for key in ["SUPABASE_ANON_KEY", "CASEBASE_SECRET_KEY"] {
        report.findings.extend(has_expired(key, read(key)));
    }
}

type Reader = fn(&str) -> Option<String>;

/// The project's URL first: what differs from it is of another project.
const VARIABLES: &[(&str, Reader)] = &[
    ("SUPABASE_URL", of_url),
    ("SUPABASE_PROJECT_REF", |text| {
        is_reference(text).then(|| text.to_owned())
    }),
    ("SUPABASE_ANON_KEY", of_key),
    ("CASEBASE_SECRET_KEY", of_key),
    ("SUPABASE_S3_ENDPOINT", of_url),
    ("DATABASE_URL", of_database),
    ("CASEBASE_DATABASE_URL", of_database),
];

/// Twenty lower-case letters. A local project has a name, or none.
fn is_reference(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|b| b.is_ascii_lowercase())
}

fn of_host(host: &str) -> Option<String> {
    let host = host.strip_suffix(".supabase.co")?;
    let host = host.strip_prefix("db.").unwrap_or(host);
    let host = host.strip_suffix(".storage").unwrap_or(host);
    is_reference(host).then(|| host.to_owned())
}

fn of_url(text: &str) -> Option<String> {
    of_host(text.parse::<Url>().ok()?.host_str()?)
}

fn of_key(text: &str) -> Option<String> {
    claims(text)?["ref"].as_str().map(str::to_owned)
}

/// The pooler knows projects by the user's name: `postgres.<ref>`.
fn of_database(text: &str) -> Option<String> {
    let DatabaseUrl(options) = text.parse().ok()?;
    match options.get_host().ends_with(POOLER) {
        true => Some(options.get_username().rsplit_once('.')?.1.to_owned()),
        false => of_host(options.get_host()),
    }
}

fn pooler_region(text: &str) -> Option<String> {
    let DatabaseUrl(options) = text.trim().parse().ok()?;
    let host = options.get_host().strip_suffix(POOLER)?;
    // aws-0-eu-central-1
    let (_, region) = host.split_once('-')?.1.split_once('-')?;
    Some(region.to_owned())
}

fn claims(token: &str) -> Option<Value> {
    let payload = token.trim().split('.').nth(1)?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn error(check: &'static str, thing: &str, problem: String, mend: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        check,
        thing: thing.to_owned(),
        problem,
        mend: Some(mend.to_owned()),
        fixable: false,
    }
}

fn is_of_another(other: &Reference, first: &Reference) -> Finding {
    let problem = format!(
        "is of the project {}, and {} of {}",
        other.project, first.variable, first.project
    );
    let mend = format!("{}='… of the project {}'", other.variable, first.project);
    error(CHECK, other.variable, problem, &mend)
}

/// Storage takes us-east-1 for every region, and auto.
fn is_of_another_region(said: Option<String>, of_pooler: Option<String>) -> Option<Finding> {
    let (said, there) = (said?, of_pooler?);
    let said = said.trim();
    let taken = [there.as_str(), "us-east-1", "auto"];
    let problem = format!("is {said}, and the database's pooler is in {there}");
    (!taken.contains(&said)).then(|| {
        let mend = format!("SUPABASE_S3_REGION={there}");
        error(CHECK, "SUPABASE_S3_REGION", problem, &mend)
    })
}

fn has_expired(variable: &str, key: Option<String>) -> Option<Finding> {
    let exp = claims(&key?)?["exp"].as_i64()?;
    let ended = chrono::DateTime::from_timestamp(exp, 0)?;
    (ended < chrono::Utc::now()).then(|| {
        let problem = format!("has ended at {ended}");
        let mend = format!("{variable}='… as the project's settings show it'");
        error(EXPIRY, variable, problem, &mend)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "abcdefghijklmnopqrst";
    const OTHER: &str = "zyxwvutsrqponmlkjihg";

    fn key(claims: &Value) -> String {
        format!(
            "e30.{}.sig",
            BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
        )
    }

    fn report(settings: &[(&str, String)]) -> Report {
        let mut report = Report::default();
        let read = |name: &str| {
            let found = settings.iter().rev().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        examine(&read, &mut report);
        report
    }

    fn consistent(project: &str) -> Vec<(&'static str, String)> {
        vec![
            ("SUPABASE_URL", format!("https://{project}.supabase.co")),
            ("SUPABASE_PROJECT_REF", project.to_owned()),
            (
                "SUPABASE_ANON_KEY",
                key(&serde_json::json!({"ref": project, "role": "anon"})),
            ),
            (
                "CASEBASE_SECRET_KEY",
                key(&serde_json::json!({"ref": project, "exp": 4_102_444_800_i64})),
            ),
            (
                "SUPABASE_S3_ENDPOINT",
                format!("https://{project}.storage.supabase.co/storage/v1/s3"),
            ),
            ("SUPABASE_S3_REGION", "eu-central-1".to_owned()),
            (
                "DATABASE_URL",
                format!(
                    "postgresql://postgres.{project}:x@aws-0-eu-central-1.pooler.supabase.com:5432/postgres"
                ),
            ),
            (
                "CASEBASE_DATABASE_URL",
                format!("postgresql://casebase_worker:x@db.{project}.supabase.co:5432/postgres"),
            ),
        ]
    }

    #[test]
    fn settings_of_one_project_are_at_one() {
        let report = report(&consistent(OURS));
        assert_eq!((report.findings, report.made), (vec![], vec![CHECK]));
    }

    #[test]
    fn each_setting_of_another_project_is_named() {
        let others = consistent(OTHER);
        for (variable, value) in &others {
            let mut settings = consistent(OURS);
            settings.push((variable, value.clone()));
            let found = report(&settings).findings;
            let named: Vec<_> = found.iter().map(|finding| finding.thing.as_str()).collect();
            match *variable {
                // Then it is the others that are of another project than it.
                "SUPABASE_URL" => assert_eq!(named.len(), 6, "{named:?}"),
                "SUPABASE_S3_REGION" => assert!(named.is_empty(), "{named:?}"),
                _ => {
                    assert_eq!(named, [*variable]);
                    let problem = format!("is of the project {OTHER}, and SUPABASE_URL of {OURS}");
                    assert_eq!(found[0].problem, problem);
                }
            }
        }
    }

    #[test]
    fn another_region_than_the_poolers_is_named_unless_storage_takes_it() {
        for (region, named) in [("eu-west-1", true), ("us-east-1", false), ("auto", false)] {
            let mut settings = consistent(OURS);
            settings.push(("SUPABASE_S3_REGION", region.to_owned()));
            let found = report(&settings).findings;
            assert_eq!(found.len(), usize::from(named), "{region}: {found:?}");
            assert!(found.iter().all(|f| f.thing == "SUPABASE_S3_REGION"
                && f.mend.as_deref() == Some("SUPABASE_S3_REGION=eu-central-1")));
        }
    }

    #[test]
    fn a_key_that_has_ended_is_named() {
        let mut settings = consistent(OURS);
        settings.push((
            "SUPABASE_ANON_KEY",
            key(&serde_json::json!({"ref": OURS, "exp": 1_000_000_000})),
        ));
        let found = report(&settings).findings;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].problem, "has ended at 2001-09-09 01:46:40 UTC");
    }

    #[test]
    fn a_local_projects_settings_name_no_project() {
        let report = report(&[
            ("SUPABASE_URL", "http://127.0.0.1:54321".to_owned()),
            ("SUPABASE_PROJECT_REF", "stub".to_owned()),
            (
                "SUPABASE_ANON_KEY",
                key(&serde_json::json!({"iss": "supabase-demo", "role": "anon"})),
            ),
        ]);
        assert!(report.findings.is_empty() && report.made.is_empty());
        assert_eq!(
            report.not_made.first().map(|n| (n.check, n.failed)),
            Some((CHECK, false))
        );
    }
}
