//! How the ledger is doing, for readiness and for the operator.

use domain::Timestamp;
use std::path::PathBuf;

/// How the ledger is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerStatus {
    /// How many entries are durable.
    pub size: u64,
    /// How many entries the last checkpoint in the log itself covers.
    pub checkpoint_size: u64,
    /// Since when entries cannot be written; `None` when they can. While it is set, nothing that must be recorded can be done.
    pub broken_since: Option<Timestamp>,
    /// The places for checkpoints: the log itself (no path) and every second path.
    pub places: Vec<PlaceStatus>,
}

impl LedgerStatus {
    /// Whether entries can be written, as far as the last attempt tells.
    pub const fn is_ready(&self) -> bool {
        self.broken_since.is_none()
    }
}

impl LedgerStatus {
    /// Since when the head of the log does not arrive at a second path, although there are entries that its last one does not
    /// cover; `None` when all have it, and where there is no second path.
    pub fn unwitnessed_since(&self) -> Option<Timestamp> {
        let away = |place: &&PlaceStatus| place.path.is_some() && place.witnessed_size < self.size;
        self.places.iter().filter(away).filter_map(|place| place.failing_since).min()
    }
}

/// How one place for checkpoints is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceStatus {
    /// The second path; `None` for the log itself.
    pub path: Option<PathBuf>,
    /// Since when checkpoints could not be written there, or did not stand there when they were read again; `None` when they did.
    pub failing_since: Option<Timestamp>,
    /// How many entries the last checkpoint covers that was written there; of a second path, that was read again there too.
    pub witnessed_size: u64,
}
