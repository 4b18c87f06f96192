//! The HTTP service: uploads, downloads, health.
