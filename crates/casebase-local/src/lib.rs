#![doc = include_str!("../README.md")]

pub mod auth;
mod gateway_cors;
pub mod jwt;
pub mod mail;
pub mod postgres;
pub mod rest;
mod signing_key;
mod stack;
pub mod storage;

pub use jwt::JWT_SECRET;
pub use signing_key::Error as SigningKeyError;
pub use stack::{
    ANON_KEY, Error, FILE_SIZE_LIMIT, Options, PROJECT_REF, S3_REGION, S3_STATIC_KEY,
    SERVICE_ROLE_KEY, SITE_URL, Stack,
};
