//! A Supabase stand-in over a real PostgreSQL, for development and tests only.
//!
//! REST, Auth, Storage and S3 at Supabase's own paths, in one process. HTTP becomes SQL under the
//! caller's role and claims, so PostgreSQL's own row level security decides.

pub mod auth;
mod gateway_cors;
pub mod jwt;
pub mod postgres;
pub mod rest;
mod signing_key;
mod stack;
pub mod storage;

pub use signing_key::Error as SigningKeyError;
pub use stack::{
    ANON_KEY, Error, FILE_SIZE_LIMIT, JWT_SECRET, Options, PROJECT_REF, S3_REGION, S3_STATIC_KEY,
    SERVICE_ROLE_KEY, Stack,
};
