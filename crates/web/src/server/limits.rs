//! Time-outs and counts of the listeners.

use std::time::Duration;

/// Time-outs and counts of the listeners.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections at most; more wait in the system's queue.
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// How long the TLS handshake may take.
    pub handshake: Duration,
    /// How long the head of a request may take, and the pause between two on one connection before HTTP/2.
    pub header_read: Duration,
    /// How long a connection may be silent in both directions before it is closed. Longer than any request may take
    /// without sending or receiving a byte.
    pub idle: Duration,
    /// How long running requests may take to finish when the server stops.
    pub shutdown: Duration,
    /// How often the certificate's files are looked at.
    pub certificate_poll: Duration,
}

impl Default for Limits {
    /// 1024 connections, 100 streams, 10 s for a handshake or a head, 75 s of silence, 30 s to stop, every 5 s a look at
    /// the certificate.
    fn default() -> Self {
        Self {
            connections: 1024,
            streams: 100,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            shutdown: Duration::from_secs(30),
            certificate_poll: Duration::from_secs(5),
        }
    }
}
