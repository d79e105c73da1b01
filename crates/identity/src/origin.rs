//! Where a request came from.

use domain::RequestId;
use std::net::IpAddr;

/// Where the request came from that a session serves, for the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The client's address; none for the command line.
    pub address: Option<IpAddr>,
    /// The request.
    pub request: RequestId,
}
