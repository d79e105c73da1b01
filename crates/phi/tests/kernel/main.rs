//! The kernel's laws, through its public face.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod archive;
mod arrival;
mod billing;
mod door;
mod glass;
mod kept;
mod renewal;
mod search;
mod support;
mod swap;
