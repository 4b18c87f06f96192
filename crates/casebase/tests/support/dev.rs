//! `casebase dev` as a process of its own.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::{
    collections::HashMap,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// The command line with these arguments and nothing of the caller's databases.
pub fn casebase(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casebase"));
    command
        .args(args)
        .stdin(Stdio::null())
        .env_remove("CASEBASE_DATABASE_URL")
        .env_remove("DATABASE_URL");
    command
}

/// A `casebase dev` that has written its ready file; interrupted when dropped.
pub struct Dev {
    /// The process.
    pub child: Child,
    /// What its ready file says.
    pub settings: HashMap<String, String>,
}

impl Dev {
    /// Starts it with these arguments on free ports; `folder` gets the ready file.
    pub fn start(folder: &Path, args: &[&str]) -> Self {
        Self::start_with_stderr(folder, args, Stdio::inherit())
    }

    /// The same, with its standard error there.
    pub fn start_with_stderr(folder: &Path, args: &[&str], stderr: impl Into<Stdio>) -> Self {
        let ready = folder.join("ready.env");
        let ready_file = ready.to_str().expect("UTF-8");
        let mut all = vec![
            "dev",
            "--port",
            "0",
            "--db-port",
            "0",
            "--ready-file",
            ready_file,
        ];
        all.extend(args);
        let mut child = casebase(&all)
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("it starts");
        let patience = Instant::now() + Duration::from_secs(180);
        while !ready.exists() {
            assert!(
                child.try_wait().expect("a child").is_none(),
                "it ended before it was ready"
            );
            assert!(
                Instant::now() < patience,
                "it is not ready after three minutes"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let settings = dotenvy::from_path_iter(&ready)
            .expect("readable")
            .map(|line| line.expect("a dotenv line"));
        Self {
            child,
            settings: settings.collect(),
        }
    }

    /// Ctrl-C, once.
    pub fn interrupt(&mut self) -> ExitStatus {
        if let Some(ended) = self.child.try_wait().expect("a child") {
            return ended;
        }
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGINT).expect("it runs");
        self.child.wait().expect("it ends")
    }

    /// `casebase migrate` on its database.
    pub fn migrate(&self, args: &[&str]) -> Output {
        let mut all = vec!["migrate", "--database-url", &self.settings["DATABASE_URL"]];
        all.extend(args);
        casebase(&all).output().expect("it runs")
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.interrupt();
    }
}
