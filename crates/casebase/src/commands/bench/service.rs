//! The service in a process of its own.

use std::process::Stdio;

use anyhow::Context;
use casebase_local::{Stack, postgres::PASSWORD};
use sqlx::{Connection, PgConnection};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use super::memory::{self, Memory};
use crate::commands::serve::WORKER;

/// `casebase serve`, until it is stopped or dropped.
pub struct Service {
    process: Child,
    id: u32,
    url: String,
}

impl Service {
    /// With these settings before those of the stack.
    pub async fn start(
        stack: &Stack,
        settings: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Self> {
        let mut owner = PgConnection::connect(&stack.database_url("postgres")).await?;
        let password = format!("alter role {WORKER} password '{PASSWORD}'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(password))
            .execute(&mut owner)
            .await?;
        owner.close().await?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .envs(stack.environment())
            .env("CASEBASE_DATABASE_URL", stack.database_url(WORKER))
            .env("CASEBASE_REQUESTS_PER_MINUTE", "0")
            .env("CASEBASE_BYTES_IN_FLIGHT", "0")
            .envs(settings)
            .env("CASEBASE_LISTEN", "127.0.0.1:0")
            .env("CASEBASE_LOG", "error")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = process.stderr.take().context("its standard error")?;
        let mut lines = BufReader::new(said).lines();
        let url = loop {
            let line = lines.next_line().await?;
            let line = line.context("the service ended at once")?;
            if let Some((_, rest)) = line.split_once("casebase serves at ") {
                break rest.split(';').next().unwrap_or_default().to_owned();
            }
        };
        // It would stop at a pipe that nobody reads.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            id: process.id().context("the service's process")?,
            process,
            url,
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn memory(&self) -> anyhow::Result<Memory> {
        memory::of(self.id)
    }

    pub fn forget_peak(&self) -> anyhow::Result<()> {
        memory::forget_peak(self.id)
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }
}
