//! The project's interfaces, with the settings of a service that runs.

use std::collections::HashMap;

use super::{Said, dev_stack::Dev, doctor};

/// A running project with its service, and somebody signed in.
struct Running {
    dev: Dev,
    home: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let dev = Dev::start(home.path(), &[]);
        let running = Self { dev, home };
        let mut login = super::dev_stack::casebase(&["login", "ada@example.com"]);
        let signed_in = login
            .envs(running.settings())
            .env("CASEBASE_PASSWORD", "casebase")
            .output()
            .expect("it runs");
        assert!(signed_in.status.success(), "{signed_in:?}");
        running
    }

    fn settings(&self) -> HashMap<String, String> {
        let mut settings = self.dev.settings.clone();
        let home = self.home.path().to_string_lossy().into_owned();
        settings.insert("XDG_CONFIG_HOME".into(), home);
        settings
    }

    fn examine(&self, changes: &[(&str, &str)]) -> Said {
        let mut settings = self.settings();
        for (name, value) in changes {
            settings.insert((*name).into(), (*value).into());
        }
        Said::of(
            &doctor(&["--json"])
                .envs(settings)
                .output()
                .expect("it runs"),
        )
    }
}

#[test]
fn each_setting_that_is_not_the_projects_is_found() {
    let running = Running::start();
    let healthy = running.examine(&[]);
    assert_eq!(
        healthy.things(),
        Vec::<String>::new(),
        "{:#?}",
        healthy.findings
    );
    assert_eq!(healthy.status, Some(0), "{:#?}", healthy.report);
    let made = healthy.report["made"].to_string();
    for check in [
        "Storage over S3",
        "Storage over REST",
        "a user's token",
        "the access token hook",
        "the schemas of the API",
        "the running service",
        "the service's database",
    ] {
        assert!(made.contains(check), "{check}: {:#?}", healthy.report);
    }

    let service_role = running.dev.settings["SUPABASE_SERVICE_ROLE_KEY"].clone();
    let anon = running.dev.settings["SUPABASE_ANON_KEY"].clone();
    let owner = running.dev.settings["DATABASE_URL"].clone();
    for (changes, thing, words) in [
        (
            &[("SUPABASE_ANON_KEY", service_role.as_str())][..],
            "error SUPABASE_ANON_KEY",
            "a token of the role `service_role`, not of the role `anon`",
        ),
        (
            &[("SUPABASE_ANON_KEY", "sb_secret_abc")],
            "error SUPABASE_ANON_KEY",
            "the key is a secret one (`sb_secret_…`)",
        ),
        (
            &[("CASEBASE_SECRET_KEY", anon.as_str())],
            "error CASEBASE_SECRET_KEY",
            "nor is a token of the role `service_role`",
        ),
        (
            &[("SUPABASE_URL", "ftp://127.0.0.1/")],
            "error SUPABASE_URL",
            "begins with http:// or https://",
        ),
        (
            &[("SUPABASE_S3_REGION", "eu-west-1")],
            "error the region of the S3 sessions",
            "is not what Storage takes",
        ),
        (
            &[("SUPABASE_PROJECT_REF", "another")],
            "error the project's reference of the S3 sessions",
            "is not what Storage takes",
        ),
        (
            &[("CASEBASE_DATABASE_URL", owner.as_str())],
            "error CASEBASE_DATABASE_URL",
            "connects as postgres",
        ),
    ] {
        let said = running.examine(changes);
        assert_eq!(said.things(), [thing], "{changes:?}: {:#?}", said.report);
        let problem = said.findings[0]["problem"].as_str().expect("a text");
        assert!(problem.contains(words), "{changes:?}: {problem}");
        assert_eq!(said.status, Some(1), "{changes:?}");
        assert!(!said.report.to_string().contains("sb_secret_abc"));
    }
    // Neither PostgREST takes what is signed with another secret, nor the service what Ada's token is signed with.
    let secret = "another-jwt-secret-with-at-least-32-characters";
    let said = running.examine(&[("SUPABASE_JWT_SECRET", secret)]);
    assert_eq!(
        said.things(),
        [
            "error SUPABASE_JWT_SECRET",
            "error the token of whoever is signed in"
        ],
        "{:#?}",
        said.report
    );
}

#[test]
fn whoever_does_not_answer_is_said_in_one_sentence() {
    let running = Running::start();
    let nowhere = "http://127.0.0.1:9";
    for (changes, check, words) in [
        (
            &[("SUPABASE_URL", nowhere)][..],
            "Storage over REST",
            "Storage is unavailable",
        ),
        (
            &[("CASEBASE_URL", nowhere)],
            "the running service",
            "CASEBASE_URL: ",
        ),
        (
            &[(
                "CASEBASE_DATABASE_URL",
                "postgresql://casebase_worker:x@127.0.0.1:9/postgres",
            )],
            "the service's database",
            "CASEBASE_DATABASE_URL: ",
        ),
    ] {
        let said = running.examine(changes);
        assert_eq!(
            said.things(),
            Vec::<String>::new(),
            "{changes:?}: {:#?}",
            said.report
        );
        assert_eq!(said.status, Some(2), "{changes:?}");
        let not_made = said.not_made(check).expect("not made");
        assert_eq!(not_made["failed"], true);
        let reason = not_made["reason"].as_str().expect("a text");
        assert!(reason.contains(words), "{reason}");
    }
    // Another server than the service's is none.
    let project = running.dev.settings["SUPABASE_URL"].clone();
    let said = running.examine(&[("CASEBASE_URL", &project)]);
    let reason = said.not_made("the running service").expect("not made")["reason"].to_string();
    assert!(
        reason.contains("there is no Casebase at this address"),
        "{reason}"
    );
}
