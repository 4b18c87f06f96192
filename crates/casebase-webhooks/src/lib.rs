//! Webhooks: what happened in a case is sent to the endpoints that admins registered.
//!
//! The database holds everything that must survive: a trigger writes a delivery in the transaction of the change
//! (`supabase/schemas/webhooks/outbox.sql` says how a delivery lives). [`run`] is the worker that empties this outbox:
//! it leases deliveries ([`outbox`]; `looks` and `under_way` say from where on and how many), signs them by the Standard
//! Webhooks specification (`sign`), sends those of a lane one after another (`lane`), to public addresses only (`deliver`,
//! `resolve`), decides what the answer means (`verdict`, `schedule`) and reports it. Delivery is at least once; receivers
//! tell repetitions by the `webhook-id` header.

mod attempt;
mod config;
mod deliver;
mod failure;
mod lane;
mod looks;
pub mod outbox;
mod resolve;
mod retry;
mod schedule;
pub mod sign;
mod under_way;
mod verdict;
mod worker;

pub use attempt::{Attempt, Outcome};
pub use config::Config;
pub use deliver::Sender;
pub use resolve::Egress;
pub use retry::Retry;
pub use schedule::Schedule;
pub use worker::{Error, run};
