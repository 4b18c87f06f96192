//! Which project and service, for the commands that are told.

use anyhow::Context;
use casebase_supabase::AnonKey;
use url::Url;

use crate::session;

/// They are read as text: clap would repeat a secret that was given in their place.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The project, as its users reach it: `https://<ref>.supabase.co`
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
    /// The service, as its users reach it: `https://casebase.example.com`
    #[arg(long, env = "CASEBASE_URL", hide_env_values = true, value_name = "URL")]
    service_url: String,
}

impl Place {
    /// Which they are, or which of them is none.
    pub fn read(&self) -> anyhow::Result<session::Place> {
        Ok(session::Place {
            supabase: web(&self.supabase_url).context("--supabase-url (SUPABASE_URL)")?,
            anon_key: AnonKey::new(self.anon_key.trim())
                .context("--anon-key (SUPABASE_ANON_KEY)")?,
            service: web(&self.service_url).context("--service-url (CASEBASE_URL)")?,
        })
    }
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
