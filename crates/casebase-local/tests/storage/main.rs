//! Storage over HTTP against a running stack, as supabase-js, TUS clients and S3 clients use it.

mod bytes;
mod forms;
mod hostile;
mod policies;
mod recorded;
mod s3;
mod support;
mod tokens;
