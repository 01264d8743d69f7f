//! What `cargo xtask codegen` writes. Each file says what it was made from.

#![allow(missing_docs, dead_code, unreachable_pub, clippy::all, unused_qualifications, rustdoc::all)]

pub(crate) mod tables;
pub(crate) mod types;
