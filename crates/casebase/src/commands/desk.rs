//! `casebase desk`: the case desk as files, for any host that serves files.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use casebase_desk::{AnonKey, Settings};
use url::Url;

use crate::terminal;

/// The options of `casebase desk`. They are read as text: clap would repeat a secret that was given in their place.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the files into this folder, which is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The project, as browsers reach it: `https://<ref>.supabase.co`
    #[arg(long, env = "SUPABASE_URL", hide_env_values = true, value_name = "URL")]
    supabase_url: String,
    /// The project's public key: the legacy anon key, or `sb_publishable_…`
    #[arg(
        long,
        env = "SUPABASE_ANON_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    anon_key: String,
    /// The service, as browsers reach it: `https://casebase.example.com`
    #[arg(long, env = "CASEBASE_URL", hide_env_values = true, value_name = "URL")]
    service_url: String,
}

/// Writes the files and says where their headers are told.
pub fn run(args: Args) -> anyhow::Result<()> {
    let settings = Settings {
        supabase_url: web(&args.supabase_url).context("--supabase-url (SUPABASE_URL)")?,
        anon_key: AnonKey::new(args.anon_key.trim()).context("--anon-key (SUPABASE_ANON_KEY)")?,
        service_url: web(&args.service_url)
            .context("--service-url (CASEBASE_URL)")?
            .into(),
    };
    casebase_desk::write(&args.out, &settings)
        .with_context(|| format!("--out {}", args.out.display()))?;
    let folder = args.out.display();
    writeln!(
        terminal::stdout(),
        "The case desk is in {folder}; its config.json says whom its pages ask.\n\
         Its answers should have the headers in {folder}/_headers, which some hosts read by themselves."
    )?;
    Ok(())
}

/// Where browsers can go.
fn web(text: &str) -> anyhow::Result<Url> {
    let url = text
        .trim()
        .parse()
        .ok()
        .filter(|url: &Url| matches!(url.scheme(), "http" | "https"));
    url.context("it takes a URL that begins with http:// or https://")
}
