//! The listeners.

use std::net::SocketAddr;

/// Who is at the other end of the connection, among a request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);
