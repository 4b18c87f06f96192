//! The project that end-to-end tests run against: a stack of this process's own, or the one that
//! `CASEBASE_TEST_SUPABASE_URL` and its keys name (the variables of `casebase dev --ready-file`).
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    collections::HashMap,
    sync::{OnceLock, mpsc},
};

use casebase::commands::dev;
use casebase_local::{Options, Stack};

/// How tests reach the project.
pub struct Project {
    settings: HashMap<String, String>,
}

impl Project {
    /// A setting under its name in the ready file, e.g. `SUPABASE_URL`.
    pub fn setting(&self, name: &str) -> &str {
        self.settings
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not set for the tests' project"))
    }
}

/// The project, started at the first call and shared by all tests of this binary.
pub fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| match std::env::var("CASEBASE_TEST_SUPABASE_URL") {
        Ok(url) => from_environment(url),
        Err(_) => start_stack(),
    })
}

fn from_environment(url: String) -> Project {
    let mut settings: HashMap<_, _> = std::env::vars().collect();
    settings.insert("SUPABASE_URL".into(), url);
    Project { settings }
}

/// The stack lives on a runtime of its own: each test's runtime ends with the test.
fn start_stack() -> Project {
    let (ready, started) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async move {
            let options = Options {
                access_token_hook: Some(dev::ACCESS_TOKEN_HOOK.into()),
                ..Options::default()
            };
            let stack = Stack::start(options).await.expect("the stack starts");
            dev::migrate(&stack).await.expect("the migrations apply");
            let settings = stack
                .environment()
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect();
            ready.send(Project { settings }).expect("the test waits");
            std::future::pending::<()>().await;
        });
    });
    started.recv().expect("the stack starts")
}
