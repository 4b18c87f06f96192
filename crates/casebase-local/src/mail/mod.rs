//! The mails that a project would send: caught here, read by people and tests, never sent.
//!
//! `supabase start` has Mailpit for this. The port and the paths are the same, as far as reading goes.

mod api;
mod page;

pub(crate) use page::escaped;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::Router;
use chrono::{DateTime, Utc};
use rand::{RngExt, distr::Alphanumeric};

/// How many mails are kept; the oldest goes when one more comes.
const CAPACITY: usize = 500;
const ID_LENGTH: usize = 22;

/// A mail on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    /// The address it is for.
    pub to: String,
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// A mail that was caught.
#[derive(Debug, Clone)]
struct Caught {
    id: String,
    at: DateTime<Utc>,
    read: bool,
    mail: Mail,
}

/// The mails of one stack, in memory.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Mutex<VecDeque<Caught>>>);

impl Mailbox {
    /// Catches a mail.
    pub(crate) fn deliver(&self, mail: Mail) {
        tracing::info!(to = mail.to, subject = mail.subject, "mail caught");
        let id = rand::rng().sample_iter(Alphanumeric).take(ID_LENGTH);
        let caught = Caught {
            id: id.map(char::from).collect(),
            at: Utc::now(),
            read: false,
            mail,
        };
        let mut mails = self.mails();
        mails.push_front(caught);
        mails.truncate(CAPACITY);
    }

    /// The newest first. Whoever panicked while holding it left whole mails.
    fn mails(&self) -> MutexGuard<'_, VecDeque<Caught>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mail with that id, or the newest for `latest`; it counts as read from now on.
    fn open(&self, id: &str) -> Option<Caught> {
        let mut mails = self.mails();
        let mail = match id {
            "latest" => mails.front_mut(),
            id => mails.iter_mut().find(|mail| mail.id == id),
        }?;
        mail.read = true;
        Some(mail.clone())
    }
}

/// The page and the JSON.
pub(crate) fn router(mailbox: Mailbox) -> Router {
    page::routes().merge(api::routes()).with_state(mailbox)
}
