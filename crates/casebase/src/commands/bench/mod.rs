//! `casebase bench`: what Casebase costs, measured against what it is compared with in the same run.

pub mod access;
mod files;
mod memory;
mod progress;
mod report;
mod rest;
mod service;
mod webhooks;

/// The options of `casebase bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Row level security at a million cases, against the same SQL as the tables' owner
    Access(access::Args),
    /// Files through the service, against the same client at Storage itself
    Files(files::Args),
    /// The local stack's REST interface, against the same SQL without HTTP
    Rest(rest::Args),
    /// Webhooks: deliveries, what they cost writers, and what a queue that is full or old costs
    Webhooks(webhooks::Args),
}

/// Measures and prints.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.what {
        What::Access(args) => access::run(args).await,
        What::Files(args) => files::run(args).await,
        What::Rest(args) => rest::run(args).await,
        What::Webhooks(args) => webhooks::run(args).await,
    }
}
