//! `casebase documents`: documents of clients, put and got as whoever is signed in.

use clap::{Subcommand, error::ErrorKind};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    table::{self, Told},
    transfer::{self, Kind, Target},
    usage,
};
use crate::service::Service;

/// The options of `casebase documents`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
They work as whoever signed in with `casebase login`: what they may not do, these can't.
Exit codes: 0 done; 1 failed, also if one of several documents did; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add documents to a client's, several at once, or a new version of one
    Put(Put),
    /// Get a document back, under its own name or another
    Get(Get),
    /// List the documents of a client, the newest first
    Ls(Ls),
    /// Delete documents with all their versions
    Rm(transfer::Rm),
}

/// The options of `casebase documents put`.
#[derive(Debug, clap::Args)]
#[command(after_help = transfer::AFTER_HELP)]
struct Put {
    #[command(flatten)]
    files: transfer::Uploads,
    /// Of this client
    #[arg(
        long,
        value_name = "ID",
        requires = "category",
        required_unless_present = "replaces"
    )]
    client: Option<Uuid>,
    /// What they are, e.g. policies or handbooks
    #[arg(long, value_name = "CODE", requires = "client")]
    category: Option<String>,
    /// In the place of this document, as `ls` shows it
    #[arg(long, value_name = "ID", conflicts_with = "client")]
    replaces: Option<i64>,
}

/// The options of `casebase documents get`.
#[derive(Debug, clap::Args)]
struct Get {
    #[command(flatten)]
    get: transfer::Download,
    /// Another version than the current one, for whoever may write documents
    #[arg(long, value_name = "ID")]
    version_id: Option<i64>,
}

/// The options of `casebase documents ls`.
#[derive(Debug, clap::Args)]
struct Ls {
    /// Of this client
    #[arg(long, value_name = "ID")]
    client: Uuid,
    /// Of this category alone
    #[arg(long, value_name = "CODE")]
    category: Option<String>,
    #[command(flatten)]
    told: Told,
}

const SHOWN: &[&str] = &[
    "document_id",
    "category",
    "original_name",
    "file_size",
    "content_type",
    "state",
    "uploaded_at",
];

/// Runs one.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Put(put) => put.run().await,
        Command::Get(get) => match get.version_id {
            Some(version) => get.get.version(Kind::Document, version).await,
            None => get.get.run(Kind::Document).await,
        },
        Command::Ls(ls) => ls.run().await,
        Command::Rm(rm) => rm.run(Kind::Document).await,
    }
}

impl Put {
    async fn run(self) -> anyhow::Result<()> {
        let mut fields = Map::new();
        let path = match (self.replaces, self.client, self.category) {
            (Some(document), ..) => {
                if self.files.files.len() > 1 {
                    let message = "--replaces takes a single file";
                    return Err(usage(ErrorKind::ArgumentConflict, message));
                }
                Kind::Document.path(document)
            }
            (None, Some(client), Some(category)) => {
                fields.insert("category".into(), category.into());
                format!("/v1/clients/{client}/documents")
            }
            // clap asks for both.
            (None, ..) => {
                let message = "--client and --category, or --replaces, say where they go";
                return Err(usage(ErrorKind::MissingRequiredArgument, message));
            }
        };
        let target = Target {
            kind: Kind::Document,
            adds: self.replaces.is_none(),
            path,
            fields,
            shown: SHOWN,
        };
        self.files.run(target).await
    }
}

/// A page of the service's.
#[derive(Deserialize)]
struct Page {
    documents: Vec<Value>,
    next_cursor: Option<String>,
}

impl Ls {
    async fn run(self) -> anyhow::Result<()> {
        let service = Service::open()?;
        let (mut documents, mut cursor) = (Vec::new(), None);
        loop {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("page_size", "1000");
            let said = [("category", &self.category), ("cursor", &cursor)];
            for (name, value) in said {
                query.extend_pairs(value.iter().map(|value| (name, value)));
            }
            let path = format!("/v1/clients/{}/documents?{}", self.client, query.finish());
            let page = service.ask(Method::GET, &path, async |it| Ok(it)).await?;
            let page: Page = page.json().await?;
            documents.extend(page.documents);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(table::print(&documents, SHOWN, self.told.form())?)
    }
}
