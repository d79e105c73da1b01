//! What holds on PostgreSQL alone: roles, the way to the server, and the ledger.

#[path = "postgres/access.rs"]
mod access;
#[path = "contract/houses.rs"]
#[allow(dead_code, reason = "each test file takes what it needs")]
mod houses;
#[path = "postgres/ledger.rs"]
mod ledger;
#[path = "postgres/outage.rs"]
mod outage;
